/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_INPUT_H
#define CLIENTS_CTL_INPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a file or a pipe that may hold passwords: there is one copy of them,
 * which input_close wipes, and one can ask whether reading would wait. */

struct input {
    int fd;
    unsigned long line;  /* of the next byte, from 1 */
    unsigned long lines; /* in the whole file; 0: not known (a pipe) */
    int error;           /* errno of a read that failed; it counts as the end */
    const char *fault;   /* NULL, or why it is no text; it counts as the end */
    bool started, at_end;
    size_t pos, len;
    unsigned char data[8192];
};

/* "-" is standard input, which is not closed afterwards.  0, or -1 with errno
 * set.  A byte order mark at the beginning is skipped. */
int input_open(struct input *in, const char *path)
    __attribute__((warn_unused_result));
/* The same for a descriptor that is there; it is closed by input_close. */
void input_init(struct input *in, int fd);
void input_close(struct input *in);

/* The next byte, EOF at the end; peek leaves it there. */
int input_get(struct input *in);
int input_peek(struct input *in);

/* True if input_get would wait for somebody to write. */
bool input_would_wait(const struct input *in);

#endif
