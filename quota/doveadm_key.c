/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/doveadm_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bom.h"
#include "util/xmalloc.h"

#define MOST_BYTES 1024

char *
doveadm_key_read(const char *file, struct errbuf *err)
{
    int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char text[MOST_BYTES + 1], *key = NULL;
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    size_t from, len;

    if (n < 0) {
        err_set(err, "%s: %s", file, strerror(errno));
    } else if (bom_fault(text, (size_t)n) != NULL) {
        err_set(err, "%s: %s", file, bom_fault(text, (size_t)n));
    } else if ((size_t)n == sizeof text) {
        err_set(err, "%s: a key has at most %d bytes", file, MOST_BYTES);
    } else {
        text[n] = '\0';
        from = bom_length(text, (size_t)n);
        len = strcspn(text + from, "\r\n");
        if (len == 0 ||
            strspn(text + from + len, "\r\n") != (size_t)n - from - len)
            err_set(err, "%s: the file must have one line, the key", file);
        else
            key = xstrndup(text + from, len);
    }
    explicit_bzero(text, sizeof text);
    if (fd >= 0)
        close(fd);
    return key;
}

void
doveadm_key_free(char **key)
{
    if (*key == NULL)
        return;
    explicit_bzero(*key, strlen(*key));
    free(*key);
    *key = NULL;
}
