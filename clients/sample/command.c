/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/sample/command.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients/lib/ximss.h"

/* There is no shell between: nothing in an alert can have a meaning to one. */

#define COMMAND_MOST  16
#define COMMAND_WORDS 64

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
    setenv("ALERT_ID", a->id, 1);
    setenv("ALERT_SCOPE", ximss_scope_name(a->scope), 1);
    setenv("ALERT_SEVERITY", ximss_severity_name(a->severity), 1);
    set_time("ALERT_TIME", a->gmt_time);
    set_time("ALERT_UNTIL", a->until);
    setenv("ALERT_TEXT", a->text, 1);
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

static void
split(char *command, char **argv)
{
    char *save, *word = strtok_r(command, " \t", &save);
    int n = 0;

    for (; word != NULL && n + 1 < COMMAND_WORDS;
         word = strtok_r(NULL, " \t", &save))
        argv[n++] = word;
    argv[n] = NULL;
}

static int
spawn(char *command, int input)
{
    posix_spawn_file_actions_t actions;
    char *argv[COMMAND_WORDS];
    pid_t pid;
    int r;

    split(command, argv);
    if (argv[0] == NULL)
        return EINVAL;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return r;
}

int
command_run(const char *command, const struct ximss_alert *a)
{
    char *copy = strdup(command);
    int input = open_text(a), r = errno;

    reap(running >= COMMAND_MOST);
    set_environment(a);
    if (input >= 0 && copy != NULL)
        r = spawn(copy, input);
    if (r == 0)
        running++;
    if (input >= 0)
        close(input);
    free(copy);
    return r;
}
