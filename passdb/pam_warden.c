/* SPDX-License-Identifier: BSD-2-Clause */
/* The warden is a subreaper: children of a check that lose their parent become
 * its own, however often they fork or begin a session.  So killing all children
 * until there are none leaves nothing of a check, and nothing else is hit.
 *
 * What it is to check comes by its line, so that the request of one check is not
 * in the memory of another. */
#include "config.h"

#include "passdb/pam_warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

#define NAME "ximss-pam-check" /* for ps */

struct watch {
    int line;   /* to the master */
    int ended;  /* signalfd: a child has ended */
    int result; /* pipe, from the check; -1: nothing comes there any more */
    bool told;  /* the result, to the master */
    pid_t check;
    int64_t deadline; /* of clock_mono */
    int64_t timeout;
};

/* --- the check --- */

/* Nothing of ours is open in it, nor any signal set as for us. */
static void
be_check(const struct pam_check_config *c, const struct pam_wire_message *ask,
         pid_t warden, int to)
{
    int null = open("/dev/null", O_RDWR);
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != warden || null < 0)
        _exit(1);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    to = dup2(to, STDERR_FILENO + 1);
    fcntl(to, F_SETFD, FD_CLOEXEC);
    close_range((unsigned)to + 1, ~0U, 0);
    for (int sig = 1; sig < SIGRTMIN; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    pam_check_run(c, ask, to);
}

static int
start_check(struct watch *w, const struct pam_check_config *c)
{
    uint8_t packet[PAM_WIRE_MOST];
    struct pam_wire_text text;
    struct pam_wire_message ask;
    pid_t self = getpid();
    int ends[2] = {-1, -1};
    ssize_t n = recv(w->line, packet, sizeof packet, 0);
    bool good = n > 0 && pam_wire_read(packet, (size_t)n, &ask, &text) == 0 &&
                ask.type == PAM_WIRE_ASK && pipe2(ends, O_CLOEXEC) == 0;

    explicit_bzero(packet, sizeof packet);
    w->check = good ? fork() : -1;
    if (w->check == 0)
        be_check(c, &ask, self, ends[1]);
    explicit_bzero(&text, sizeof text);
    close(ends[1]);
    w->result = ends[0];
    return w->check > 0 ? 0 : -1;
}

/* --- the result --- */

static void
tell(struct watch *w, struct pam_check_result *r)
{
    for (char *p = r->why; *p != '\0'; p++)
        if (*p < 0x20 || *p > 0x7e)
            *p = '?';
    send(w->line, r, sizeof *r, MSG_NOSIGNAL);
    w->told = true;
}

static void
close_result(struct watch *w)
{
    close(w->result);
    w->result = -1;
}

__attribute__((format(printf, 2, 3))) static void
tell_away(struct watch *w, const char *fmt, ...)
{
    struct pam_check_result r = {.answer = PAM_WIRE_AWAY};
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(r.why, sizeof r.why, fmt, ap);
    va_end(ap);
    tell(w, &r);
}

/* What a module wrote there by mistake is none. */
static bool
is_result(const struct pam_check_result *r, ssize_t n)
{
    return n == (ssize_t)sizeof *r &&
           memchr(r->why, '\0', sizeof r->why) != NULL &&
           (r->answer == PAM_WIRE_OK || r->answer == PAM_WIRE_WRONG ||
            r->answer == PAM_WIRE_UNKNOWN || r->answer == PAM_WIRE_DISABLED ||
            r->answer == PAM_WIRE_AWAY);
}

/* Something can be read.  It is one write of less than PIPE_BUF bytes. */
static void
take_result(struct watch *w)
{
    struct pam_check_result r;
    ssize_t n = read(w->result, &r, sizeof r);

    close_result(w);
    if (is_result(&r, n))
        tell(w, &r);
}

/* The check has ended, after its result or without one. */
static void
take_end(struct watch *w, int status)
{
    struct pollfd p = {.fd = w->result, .events = POLLIN};

    w->check = 0;
    if (w->result >= 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLIN) != 0)
        take_result(w);
    if (w->told)
        return;
    if (WIFSIGNALED(status))
        tell_away(w, "a module crashed: signal %d", WTERMSIG(status));
    else
        tell_away(w, "a module ended the process: status %d",
                  WEXITSTATUS(status));
}

/* Reaps who has ended.  Returns how many; -1: there is no child. */
static int
reap(struct watch *w)
{
    int n = 0, status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        n++;
        if (pid == w->check)
            take_end(w, status);
    }
    return pid < 0 && errno == ECHILD ? -1 : n;
}

/* --- the end of all that a check has started --- */

/* Those that are there now; false: the system does not tell. */
static bool
kill_children(void)
{
    char path[64];
    FILE *f;
    int pid;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    while (fscanf(f, "%d", &pid) == 1)
        kill(pid, SIGKILL);
    fclose(f);
    return true;
}

/* One that is killed leaves its children to us.  A process that cannot be killed
 * (it waits for a disk) keeps this one, so that its place is not given to
 * another that would wait for the same. */
static void
end_all(struct watch *w)
{
    struct pollfd p = {.fd = w->ended, .events = POLLIN};
    struct signalfd_siginfo info;

    while (reap(w) >= 0) {
        if (!kill_children() && w->check > 0)
            kill(-w->check, SIGKILL);
        poll(&p, 1, 100);
        if ((p.revents & POLLIN) != 0 && read(w->ended, &info, sizeof info) < 0)
            continue;
    }
}

/* --- the warden --- */

/* Waits for what is next.  False: the check is to end. */
static bool
turn(struct watch *w)
{
    struct pollfd p[] = {{.fd = w->line, .events = POLLIN},
                         {.fd = w->ended, .events = POLLIN},
                         {.fd = w->result, .events = POLLIN}};
    int64_t left = w->deadline - clock_mono();
    struct signalfd_siginfo info;
    int n = left > 0 ? poll(p, 3, (int)((left + 999) / 1000)) : 0;

    if (n == 0) {
        if (!w->told)
            tell_away(w, "no module answered within %lld ms",
                      (long long)w->timeout / 1000);
        return false;
    }
    if (n < 0)
        return errno == EINTR;
    if (p[0].revents != 0) { /* nothing comes there but the end */
        w->told = true;      /* there is nobody to tell */
        return false;
    }
    if ((p[2].revents & POLLIN) != 0)
        take_result(w);
    else if (p[2].revents != 0)
        close_result(w); /* nobody can write there: the end is to come */
    if ((p[1].revents & POLLIN) != 0 && read(w->ended, &info, sizeof info) > 0)
        reap(w);
    return w->check > 0;
}

static void
be_warden(int line, const struct pam_check_config *c, int64_t timeout)
{
    struct watch w = {.line = line, .timeout = timeout};
    sigset_t child;

    prctl(PR_SET_NAME, NAME);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    w.ended = signalfd(-1, &child, SFD_CLOEXEC);
    w.deadline = clock_mono() + timeout;
    if (w.ended < 0 || start_check(&w, c) < 0)
        _exit(1);
    while (turn(&w))
        ;
    end_all(&w);
    _exit(0);
}

/* --- for the master --- */

int
pam_warden_start(struct pam_warden *w, const struct pam_check_config *c,
                 int64_t timeout, const uint8_t *packet, size_t len)
{
    int ends[2], reason;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    w->pid =
        send(ends[0], packet, len, MSG_NOSIGNAL) == (ssize_t)len ? fork() : -1;
    if (w->pid == 0) {
        /* Neither the server's socket nor the lines of other checks. */
        int line = dup2(ends[1], STDIN_FILENO);

        close_range(STDERR_FILENO + 1, ~0U, 0);
        be_warden(line, c, timeout);
    }
    reason = errno;
    close(ends[1]);
    w->line = ends[0];
    if (w->pid < 0) {
        close(ends[0]);
        *w = (struct pam_warden){0, -1};
        errno = reason;
        return -1;
    }
    return 0;
}

void
pam_warden_stop(struct pam_warden *w)
{
    shutdown(w->line, SHUT_WR);
}

void
pam_warden_clear(struct pam_warden *w)
{
    close(w->line);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *w = (struct pam_warden){0, -1};
}
