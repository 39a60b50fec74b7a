/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_TERMINAL_H
#define UTIL_TERMINAL_H

#include <signal.h>
#include <sys/types.h>
#include <termios.h>

/* Questions at a terminal whose answers are not shown. */

struct terminal {
    int fd; /* borrowed */
    struct termios saved;
    sigset_t signals;
};

/* From here on nothing typed is shown, and signals that would end or stop the
 * process wait, so that none leaves it so.  -1 with errno: it is no terminal. */
int terminal_hide(struct terminal *t, int fd);

/* Writes the prompt there (on standard error if it cannot be written to), and
 * reads a line of at most size bytes, with its end.  Its length; 0: there is no
 * more; -1 with errno. */
ssize_t terminal_ask(const struct terminal *t, const char *prompt, char *line,
                     size_t size);

/* As it was before; what was typed and not read is thrown away. */
void terminal_show(const struct terminal *t);

#endif
