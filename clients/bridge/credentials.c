/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/credentials.h"

#include <string.h>
#include <strings.h>

#include "clients/bridge/http_conn.h"
#include "util/base64.h"
#include "util/xmalloc.h"

#define BLANKS " \t"

char *
credentials_cut(const char *text, size_t most)
{
    size_t len = strlen(text);

    if (len > most + 4) {
        for (len = most + 1; ((unsigned char)text[len] & 0xc0) == 0x80;)
            len++;
    }
    return xstrndup(text, len);
}

const char *
credentials_basic(const struct http_conn *h)
{
    static const char scheme[] = "Basic";
    const size_t len = sizeof scheme - 1;
    const char *header = http_header(h, "Authorization");

    if (header == NULL || strncasecmp(header, scheme, len) != 0 ||
        (header[len] != '\0' && strchr(BLANKS, header[len]) == NULL))
        return NULL;
    header += len;
    return header + strspn(header, BLANKS);
}

bool
credentials_read(const char *text, char out[CREDENTIALS_BASIC_SIZE],
                 char **password_r)
{
    ssize_t len = -1;
    char *colon;

    if (strpbrk(text, BLANKS) == NULL)
        len = base64_decode(text, strlen(text), BASE64_UNPADDED, out,
                            CREDENTIALS_BASIC_SIZE - 1, NULL);
    if (len < 0 || memchr(out, '\0', (size_t)len) != NULL)
        return false;
    out[len] = '\0';
    colon = strchr(out, ':');
    if (colon == NULL || colon == out)
        return false;
    *colon = '\0';
    *password_r = colon + 1;
    return true;
}
