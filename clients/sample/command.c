/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/sample/command.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients/lib/ximss.h"

/* There is no shell between: nothing in an alert can have a meaning to one. */

#define COMMAND_MOST 16

/* How much of a text goes into the environment.  The system takes 128 KiB of one
 * variable, and of all of them, with the arguments, what the limit of the stack
 * leaves; if it is too much, less is tried: all of it is on standard input. */
static const size_t text_bytes[] = {(size_t)64 << 10, (size_t)4 << 10, 0};

static unsigned running;

/* With `wait`, waits for one first. */
static void
reap(int wait)
{
    pid_t pid;

    while (running > 0) {
        pid = waitpid(-1, NULL, wait ? 0 : WNOHANG);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid <= 0)
            break;
        running--;
        wait = 0;
    }
}

unsigned
command_reap(void)
{
    reap(0);
    return running;
}

void
command_wait(void)
{
    for (unsigned n = running; n > 0; n--)
        reap(1);
}

static void
set_time(const char *name, int64_t seconds)
{
    time_t t = (time_t)seconds;
    char when[64] = "";
    struct tm tm;

    if (seconds != 0 && localtime_r(&t, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S%z", &tm);
    setenv(name, when, 1);
}

static void
set_environment(const struct ximss_alert *a)
{
    char length[24];

    setenv("ALERT_ID", a->id, 1);
    setenv("ALERT_SCOPE", ximss_scope_name(a->scope), 1);
    setenv("ALERT_SEVERITY", ximss_severity_name(a->severity), 1);
    set_time("ALERT_TIME", a->gmt_time);
    set_time("ALERT_UNTIL", a->until);
    snprintf(length, sizeof length, "%zu", a->text_len);
    setenv("ALERT_BYTES", length, 1);
}

/* At most that much of it, in whole characters. */
static int
set_text(const struct ximss_alert *a, size_t most)
{
    size_t n = a->text_len < most ? a->text_len : most;
    char *text;

    while (n < a->text_len && n > 0 &&
           ((unsigned char)a->text[n] & 0xc0) == 0x80)
        n--;
    text = strndup(a->text, n);
    if (text == NULL || setenv("ALERT_TEXT", text, 1) != 0) {
        free(text);
        return ENOMEM;
    }
    free(text);
    return 0;
}

static int
write_all(int fd, const char *s, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, s, len);

        if (n < 0)
            return -1;
        s += n;
        len -= (size_t)n;
    }
    return 0;
}

/* A descriptor from which the text can be read; unlike a pipe, never full. */
static int
open_text(const struct ximss_alert *a)
{
    int fd = memfd_create("alert", MFD_CLOEXEC), e;

    if (fd < 0 || (write_all(fd, a->text, a->text_len) == 0 &&
                   write_all(fd, "\n", 1) == 0 && lseek(fd, 0, SEEK_SET) == 0))
        return fd;
    e = errno;
    close(fd);
    errno = e;
    return -1;
}

/* The words of a command, which is cut for it; the array is the caller's. */
static char **
split(char *command)
{
    char **argv = calloc(strlen(command) / 2 + 2, sizeof *argv), *save, *word;
    size_t n = 0;

    if (argv == NULL)
        return NULL;
    for (word = strtok_r(command, " \t", &save); word != NULL;
         word = strtok_r(NULL, " \t", &save))
        argv[n++] = word;
    return argv;
}

static int
spawn(char **argv, int input)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int r;

    if (argv[0] == NULL)
        return EINVAL;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return r;
}

/* With as much of the text in its environment as the system takes. */
static int
spawn_with_text(char **argv, int input, const struct ximss_alert *a)
{
    int r = E2BIG;

    for (size_t i = 0;
         r == E2BIG && i < sizeof text_bytes / sizeof text_bytes[0]; i++) {
        r = set_text(a, text_bytes[i]);
        if (r == 0)
            r = spawn(argv, input);
    }
    unsetenv("ALERT_TEXT");
    return r;
}

int
command_run(const char *command, const struct ximss_alert *a)
{
    char *copy = strdup(command);
    char **argv = copy != NULL ? split(copy) : NULL;
    int input = open_text(a), r = input < 0 ? errno : ENOMEM;

    reap(running >= COMMAND_MOST);
    set_environment(a);
    if (input >= 0 && argv != NULL)
        r = spawn_with_text(argv, input, a);
    if (r == 0)
        running++;
    if (input >= 0)
        close(input);
    free(argv);
    free(copy);
    return r;
}
