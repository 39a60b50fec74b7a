/* SPDX-License-Identifier: BSD-2-Clause */
/* The input is in a file in memory, so that nobody has to write while it reads.
 * A child that has ended keeps its number until it is reaped here, so a signal to
 * its group never hits another's. */
#include "config.h"

#include "notify/notify_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/log.h"
#include "util/text.h"

#define READ_ONCE  4096
#define READS_MOST 16 /* in one turn */
#define LOOK_MS    20

static const char *const environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL=C", NULL};

/* --- start --- */

static int
open_input(const char *input, size_t len)
{
    int fd = len == 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC)
                      : memfd_create("notice", MFD_CLOEXEC);

    if (fd < 0 || len == 0)
        return fd;
    if (write(fd, input, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    close(fd);
    return -1;
}

static void
set_attributes(posix_spawnattr_t *a)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(a, &none);
    posix_spawnattr_setsigdefault(a, &all);
    posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                    POSIX_SPAWN_SETSID);
}

static int
set_actions(posix_spawn_file_actions_t *f, int input, int null, int said)
{
    return posix_spawn_file_actions_adddup2(f, input, STDIN_FILENO) != 0 ||
                   posix_spawn_file_actions_adddup2(f, null, STDOUT_FILENO) !=
                       0 ||
                   posix_spawn_file_actions_adddup2(f, said, STDERR_FILENO) !=
                       0 ||
                   posix_spawn_file_actions_addclosefrom_np(f, STDERR_FILENO +
                                                                   1) != 0 ||
                   posix_spawn_file_actions_addchdir_np(f, "/") != 0
               ? -1
               : 0;
}

/* errno of what went wrong, or 0. */
static int
spawn(struct notify_child *c, const char *const *argv, int input, int null,
      int said)
{
    posix_spawn_file_actions_t f;
    posix_spawnattr_t a;
    int rc;

    if (posix_spawn_file_actions_init(&f) != 0 || posix_spawnattr_init(&a) != 0)
        log_fatal("out of memory starting a program");
    set_attributes(&a);
    rc = set_actions(&f, input, null, said) < 0
             ? ENOMEM
             : posix_spawn(&c->pid, argv[0], &f, &a,
                           (char *const *)(uintptr_t)argv,
                           (char *const *)(uintptr_t)environment);
    posix_spawnattr_destroy(&a);
    posix_spawn_file_actions_destroy(&f);
    return rc;
}

static int
start_with(struct notify_child *c, const char *const *argv, int input, int null)
{
    int ends[2], rc;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    rc = spawn(c, argv, input, null, ends[1]);
    close(ends[1]);
    if (rc != 0) {
        close(ends[0]);
        return rc;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    c->said = ends[0];
    c->ended = pidfd_open(c->pid, 0);
    return 0;
}

int
notify_child_start(struct notify_child *c, const char *const *argv,
                   const char *input, size_t len, struct errbuf *err)
{
    int in = open_input(input, len), rc = in < 0 ? errno : 0;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    *c = (struct notify_child){.ended = -1, .said = -1};
    if (rc == 0 && (null < 0 || access(argv[0], X_OK) < 0))
        rc = errno;
    if (rc == 0)
        rc = start_with(c, argv, in, null);
    if (in >= 0)
        close(in);
    if (null >= 0)
        close(null);
    if (rc == 0)
        return 0;
    *c = (struct notify_child){.ended = -1, .said = -1};
    return err_set(err, "%.160s: %s", argv[0], strerror(rc));
}

/* --- while it runs --- */

unsigned
notify_child_polls(const struct notify_child *c, struct pollfd p[2])
{
    unsigned n = 0;

    if (c->ended >= 0)
        p[n++] = (struct pollfd){.fd = c->ended, .events = POLLIN};
    if (c->said >= 0)
        p[n++] = (struct pollfd){.fd = c->said, .events = POLLIN};
    return n;
}

int
notify_child_wait_ms(const struct notify_child *c)
{
    return c->ended >= 0 ? INT_MAX : LOOK_MS;
}

static void
close_said(struct notify_child *c)
{
    if (c->said >= 0)
        close(c->said);
    c->said = -1;
}

/* More than fits is read all the same, or the child would wait for us. */
static void
hear(struct notify_child *c)
{
    char data[READ_ONCE];

    for (unsigned i = 0; i < READS_MOST && c->said >= 0; i++) {
        ssize_t n = read(c->said, data, sizeof data);
        size_t room = sizeof c->text - 1 - c->n_said;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            close_said(c);
            return;
        }
        if ((size_t)n < room)
            room = (size_t)n;
        memcpy(c->text + c->n_said, data, room);
        c->n_said += room;
    }
}

/* One line of printable ASCII is what is left of it. */
static const char *
said_line(struct notify_child *c)
{
    while (c->n_said > 0 && (unsigned char)c->text[c->n_said - 1] <= ' ')
        c->n_said--;
    for (size_t i = 0; i < c->n_said; i++)
        if (c->text[i] < ' ' || c->text[i] > '~')
            c->text[i] = c->text[i] == '\n' ? ' ' : '?';
    c->text[c->n_said] = '\0';
    return c->text;
}

static void
explain(struct notify_child *c, const siginfo_t *how, struct errbuf *err)
{
    const char *said = said_line(c);

    if (how->si_pid == 0) {
        err_set(err, "it ended, and nobody knows how%s%s",
                *said != '\0' ? ": " : "", said);
        return;
    }
    err_set(err, "%s %d%s%s",
            how->si_code == CLD_EXITED ? "it ended with status"
                                       : "it was ended by signal",
            how->si_status, *said != '\0' ? ": " : "", said);
}

bool
notify_child_has_ended(struct notify_child *c, bool *ok_r, struct errbuf *err)
{
    siginfo_t how = {.si_pid = 0};

    bool lost; /* reaped by somebody else: its number is another's by now */

    hear(c);
    lost = waitid(P_PID, (id_t)c->pid, &how, WEXITED | WNOHANG | WNOWAIT) < 0 &&
           errno == ECHILD;
    if (how.si_pid == 0 && !lost)
        return false;
    if (c->is_signalled && !lost)
        kill(-c->pid, SIGKILL);
    hear(c); /* what it said last */
    if (!lost)
        waitid(P_PID, (id_t)c->pid, &how, WEXITED | WNOHANG);
    *ok_r = how.si_code == CLD_EXITED && how.si_status == 0;
    if (!*ok_r)
        explain(c, &how, err);
    notify_child_abandon(c);
    return true;
}

void
notify_child_signal(struct notify_child *c, int sig)
{
    c->is_signalled = true;
    kill(-c->pid, sig);
}

void
notify_child_abandon(struct notify_child *c)
{
    close_said(c);
    if (c->ended >= 0)
        close(c->ended);
    *c = (struct notify_child){.ended = -1, .said = -1};
}
