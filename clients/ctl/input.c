/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/bom.h"

/* stdio would do but for two things: nobody can say whether its buffer is
 * empty, and it leaves what it has read in memory. */

static size_t
read_some(struct input *in, void *data, size_t size)
{
    ssize_t n;

    do
        n = read(in->fd, data, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        in->error = errno;
    if (n <= 0)
        in->at_end = true;
    return n > 0 ? (size_t)n : 0;
}

/* Skips a mark.  One may come in pieces: nothing else begins with these bytes. */
static void
take_mark(struct input *in)
{
    static const unsigned char begin[] = {0xef, 0xff, 0xfe, 0};

    while (!in->at_end && in->len > 0 && in->len < 4 &&
           memchr(begin, in->data[0], sizeof begin) != NULL &&
           (in->len < BOM_LENGTH || in->data[0] != begin[0]))
        in->len += read_some(in, in->data + in->len, sizeof in->data - in->len);
    in->fault = bom_fault(in->data, in->len);
    in->pos = bom_length(in->data, in->len);
    if (in->fault == NULL)
        return;
    in->at_end = true;
    in->pos = in->len = 0;
}

static bool
fill(struct input *in)
{
    if (in->at_end)
        return false;
    in->pos = 0;
    in->len = read_some(in, in->data, sizeof in->data);
    if (!in->started)
        take_mark(in);
    in->started = true;
    return in->pos < in->len || fill(in);
}

int
input_peek(struct input *in)
{
    return in->pos < in->len || fill(in) ? in->data[in->pos] : EOF;
}

int
input_get(struct input *in)
{
    int ch = input_peek(in);

    if (ch == EOF)
        return EOF;
    in->pos++;
    if (ch == '\n')
        in->line++;
    return ch;
}

bool
input_would_wait(const struct input *in)
{
    struct pollfd p = {.fd = in->fd, .events = POLLIN};

    return in->pos == in->len && !in->at_end && poll(&p, 1, 0) == 0;
}

/* --- opening --- */

/* Reads the file beside its own position.  0 if that does not go. */
static unsigned long
count_lines(struct input *in)
{
    unsigned long lines = 0;
    unsigned char last = '\n';
    off_t at = lseek(in->fd, 0, SEEK_CUR);
    ssize_t n = 0;

    while (at >= 0 && (n = pread(in->fd, in->data, sizeof in->data, at)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            lines += in->data[i] == '\n';
        last = in->data[n - 1];
        at += n;
    }
    return n < 0 ? 0 : lines + (last != '\n');
}

void
input_init(struct input *in, int fd)
{
    struct stat st;

    in->fd = fd;
    in->line = 1;
    in->lines = 0;
    in->error = 0;
    in->fault = NULL;
    in->started = in->at_end = false;
    in->pos = in->len = 0;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        in->lines = count_lines(in);
}

int
input_open(struct input *in, const char *path)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO
                                    : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    input_init(in, fd);
    return 0;
}

void
input_close(struct input *in)
{
    if (in->fd != STDIN_FILENO)
        close(in->fd);
    explicit_bzero(in->data, sizeof in->data);
    in->pos = in->len = 0;
}
