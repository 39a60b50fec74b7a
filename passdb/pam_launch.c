/* SPDX-License-Identifier: BSD-2-Clause */
/* Between fork() and exec() only calls are made that are safe then (POSIX 2.4.3):
 * what they need is prepared before. */
#include "config.h"

#include "passdb/pam_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "passdb/pam_source.h"
#include "passdb/pam_wire.h"
#include "util/clock.h"
#include "util/log.h"

#define START_MS 60000 /* libraries come from a disk that may be slow */
#define END_MS   5000
#define END_STEP 5 /* ms, between looks */

/* --- start --- */

struct words {
    char processes[16], timeout[24];
    const char *argv[10];
};

static void
fill_words(struct words *w, const struct passdb_pam_config *c)
{
    unsigned n = 0;

    snprintf(w->processes, sizeof w->processes, "%u", c->processes);
    snprintf(w->timeout, sizeof w->timeout, "%lld",
             (long long)(c->timeout / 1000));
    w->argv[n++] = "ximss-pam";
    w->argv[n++] = "--service";
    w->argv[n++] = c->service;
    w->argv[n++] = "--processes";
    w->argv[n++] = w->processes;
    w->argv[n++] = "--timeout";
    w->argv[n++] = w->timeout;
    if (c->user[0] != '\0') {
        w->argv[n++] = "--user";
        w->argv[n++] = c->user;
    }
    w->argv[n] = NULL;
}

/* The child.  Its signals are blocked till the program unblocks them. */
static void
exec_program(const char *program, const struct words *w, int socket, int null)
{
    static const char *const environment[] = {
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};

    if (dup2(socket, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        _exit(127);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    execve(program, (char *const *)(uintptr_t)w->argv,
           (char *const *)(uintptr_t)environment);
    _exit(127);
}

static pid_t
fork_blocked(void)
{
    sigset_t all, old;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid != 0)
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    return pid;
}

/* Its first message. */
static int
wait_for_hello(int socket, struct errbuf *err)
{
    struct pollfd p = {.fd = socket, .events = POLLIN};
    uint8_t packet[PAM_WIRE_MOST];
    struct pam_wire_text text;
    struct pam_wire_message m;
    ssize_t n;

    if (poll(&p, 1, START_MS) <= 0)
        return err_set(err, "it does not begin");
    n = recv(socket, packet, sizeof packet, 0);
    if (n <= 0)
        return err_set(err, "it ended at once; it has logged why");
    if (pam_wire_read(packet, (size_t)n, &m, &text) < 0 ||
        m.type != PAM_WIRE_HELLO || strcmp(m.u.version, PAM_WIRE_VERSION) != 0)
        return err_set(err, "it is of another version of ximssd");
    return 0;
}

static int
launch(struct pam_process *p, const struct passdb_pam_config *c, int null,
       struct errbuf *err)
{
    struct words w;
    int ends[2];

    fill_words(&w, c);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_set(err, "making a socket: %s", strerror(errno));
    p->pid = fork_blocked();
    if (p->pid == 0)
        exec_program(c->program, &w, ends[1], null);
    close(ends[1]);
    p->socket = ends[0];
    if (p->pid < 0) {
        p->pid = 0;
        return err_set(err, "fork: %s", strerror(errno));
    }
    fcntl(p->socket, F_SETFL, O_NONBLOCK);
    return wait_for_hello(p->socket, err);
}

int
pam_launch(struct pam_process *p, const struct passdb_pam_config *c,
           struct errbuf *err)
{
    int null, r;

    *p = (struct pam_process){0, -1};
    if (access(c->program, X_OK) < 0)
        return err_set(err, "%s: %s", c->program, strerror(errno));
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return err_set(err, "/dev/null: %s", strerror(errno));
    r = launch(p, c, null, err);
    close(null);
    if (r < 0) {
        pam_launch_end(p);
        return err_prefix(err, "%s", c->program);
    }
    return 0;
}

/* --- end --- */

static bool
has_ended(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) != 0;
}

void
pam_launch_end(struct pam_process *p)
{
    int64_t deadline = clock_mono() + END_MS * INT64_C(1000);

    if (p->socket >= 0)
        close(p->socket);
    while (p->pid > 0 && !has_ended(p->pid)) {
        if (clock_mono() > deadline) {
            kill(p->pid, SIGKILL); /* if we still may */
            log_warn("ximss-pam (process %d) does not end", (int)p->pid);
            break;
        }
        poll(NULL, 0, END_STEP);
    }
    *p = (struct pam_process){0, -1};
}
