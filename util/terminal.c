/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/terminal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int
terminal_hide(struct terminal *t, int fd)
{
    struct termios quiet;
    sigset_t block;

    t->fd = fd;
    if (tcgetattr(fd, &t->saved) != 0)
        return -1;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTSTP);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &t->signals);
    quiet = t->saved;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &quiet);
    return 0;
}

static void
say(const struct terminal *t, const char *text)
{
    if (write(t->fd, text, strlen(text)) < 0)
        (void)!write(STDERR_FILENO, text, strlen(text));
}

ssize_t
terminal_ask(const struct terminal *t, const char *prompt, char *line,
             size_t size)
{
    size_t n = 0;
    ssize_t r;

    say(t, prompt);
    while ((r = read(t->fd, line + n, 1)) == 1 || (r < 0 && errno == EINTR)) {
        if (r == 1 && (line[n++] == '\n' || n == size))
            break;
    }
    say(t, "\n");
    return r < 0 ? -1 : (ssize_t)n;
}

void
terminal_show(const struct terminal *t)
{
    tcsetattr(t->fd, TCSAFLUSH, &t->saved);
    sigprocmask(SIG_SETMASK, &t->signals, NULL);
}
