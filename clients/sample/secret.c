/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/sample/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char mark[] = "\xef\xbb\xbf";

/* The longest that a server may take, a mark in front, and one line end. */
#define SECRET_MAX 1024
#define LINE_MAX   (sizeof mark - 1 + SECRET_MAX + 2)

static int
is_utf16(const char *line, size_t n)
{
    if (n >= 2 &&
        (memcmp(line, "\xff\xfe", 2) == 0 || memcmp(line, "\xfe\xff", 2) == 0))
        return 1;
    /* Two characters of ASCII, in either order of bytes. */
    return n >= 4 && (line[0] == 0) == (line[2] == 0) &&
           (line[1] == 0) == (line[3] == 0) && (line[0] == 0) != (line[1] == 0);
}

/* Without one line end, LF or CR LF, and without the byte order mark that
 * editors put in front.  NULL: it is none, and why. */
static char *
take_line(char *line, size_t n, const char **why_r)
{
    if (n > 0 && line[n - 1] == '\n') {
        n--;
        n -= n > 0 && line[n - 1] == '\r';
    }
    if (n >= sizeof mark - 1 && memcmp(line, mark, sizeof mark - 1) == 0) {
        line += sizeof mark - 1;
        n -= sizeof mark - 1;
    }
    if (is_utf16(line, n))
        *why_r = "the password is UTF-16: save its file as UTF-8";
    else if (n > SECRET_MAX)
        *why_r = "the password is too long";
    else if (n == 0)
        *why_r = "the password is empty";
    else if (memchr(line, 0, n) != NULL)
        *why_r = "the password contains a zero byte";
    else
        return strndup(line, n);
    return NULL;
}

/* Reads up to the end of the line, byte by byte: what follows on the
 * descriptor is somebody else's. */
static char *
read_line(int fd, const char **why_r)
{
    char line[LINE_MAX + 1], *copy = NULL;
    size_t n = 0;
    ssize_t r;

    while ((r = read(fd, line + n, 1)) == 1 || (r < 0 && errno == EINTR)) {
        if (r == 1 && (line[n++] == '\n' || n == sizeof line))
            break;
    }
    if (r < 0)
        *why_r = strerror(errno);
    else if (n == 0)
        *why_r = "there is no password to read";
    else
        copy = take_line(line, n, why_r);
    explicit_bzero(line, sizeof line);
    return copy;
}

/* Signals wait while the echo is off, so that none leaves it so. */
static char *
ask_at(int fd, const char *prompt, const char **why_r)
{
    struct termios saved, quiet;
    sigset_t block, before;
    char *line = NULL;

    if (fd < 0 || tcgetattr(fd, &saved) != 0) {
        *why_r = "there is no terminal to ask for the password";
        return NULL;
    }
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTSTP);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &before);
    quiet = saved;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &quiet);
    if (write(fd, prompt, strlen(prompt)) < 0)
        (void)!write(STDERR_FILENO, prompt, strlen(prompt));
    line = read_line(fd, why_r);
    tcsetattr(fd, TCSAFLUSH, &saved);
    (void)!write(fd, "\n", 1);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return line;
}

static char *
ask(const char *prompt, const char **why_r)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    char *line = ask_at(fd, prompt, why_r);

    if (fd >= 0)
        close(fd);
    return line;
}

bool
secret_is_asked(int fd, const char *env)
{
    return fd >= 0 ? isatty(fd) != 0 : getenv(env) == NULL;
}

char *
secret_get(int fd, const char *env, const char *prompt, const char **why_r)
{
    char *value = getenv(env), *copy;

    *why_r = NULL;
    if (fd >= 0)
        return isatty(fd) ? ask_at(fd, prompt, why_r) : read_line(fd, why_r);
    if (value == NULL)
        return ask(prompt, why_r);
    copy = take_line(value, strlen(value), why_r);
    explicit_bzero(value, strlen(value));
    unsetenv(env);
    return copy;
}

void
secret_free(char **secret)
{
    if (*secret == NULL)
        return;
    explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}
