/* SPDX-License-Identifier: BSD-2-Clause */
/* After fork() the child makes only calls that are async-signal-safe (POSIX
 * 2.4.3) or plain system calls, because another thread may have held a lock of
 * malloc or stdio.  Everything that the child uses was prepared before the
 * fork. */
#include "config.h"

#include "quota/socket_guard.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/local_socket.h"
#include "util/xmalloc.h"

#define NAME "ximssd-guard" /* for ps */
/* Where close_range is not known to the kernel (before Linux 5.9). */
#define DESCRIPTORS_MOST 65536

struct socket_guard {
    pid_t pid;
    int line; /* our end; it is open as long as we live */
};

static void
close_all_but(int fd)
{
    if ((fd == 0 || close_range(0, (unsigned)fd - 1, 0) == 0) &&
        close_range((unsigned)fd + 1, ~0U, 0) == 0)
        return;
    for (int i = 0; i < DESCRIPTORS_MOST; i++)
        if (i != fd)
            close(i);
}

/* The child. */
static void
watch(int fd, const struct local_socket *sockets, size_t n)
{
    struct stat st;
    ssize_t got;
    char byte;

    close_all_but(fd);
    setsid();
    prctl(PR_SET_NAME, NAME);
    do {
        got = read(fd, &byte, 1);
    } while (got < 0 && errno == EINTR);
    for (size_t i = 0; got <= 0 && i < n; i++)
        if (lstat(sockets[i].path, &st) == 0 && st.st_dev == sockets[i].dev &&
            st.st_ino == sockets[i].ino)
            unlink(sockets[i].path);
    _exit(0);
}

/* Signals are blocked in the child from its first moment to its last: a handler
 * of the server must not run there. */
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

struct socket_guard *
socket_guard_start(const struct local_socket *const *list, size_t n,
                   struct errbuf *err)
{
    struct local_socket sockets[SOCKET_GUARD_MOST];
    struct socket_guard *g;
    int ends[2];
    pid_t pid;

    assert(n <= SOCKET_GUARD_MOST);
    for (size_t i = 0; i < n; i++)
        sockets[i] = *list[i];
    /* Not a pipe: writing to that may raise SIGPIPE. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        err_set(err, "making a line to the guard of sockets: %s",
                strerror(errno));
        return NULL;
    }
    pid = fork_blocked();
    if (pid == 0)
        watch(ends[0], sockets, n);
    close(ends[0]);
    if (pid < 0) {
        err_set(err, "starting the guard of sockets: %s", strerror(errno));
        close(ends[1]);
        return NULL;
    }
    g = xmalloc(sizeof *g);
    *g = (struct socket_guard){pid, ends[1]};
    return g;
}

pid_t
socket_guard_pid(const struct socket_guard *g)
{
    return g->pid;
}

void
socket_guard_stop(struct socket_guard **gp)
{
    struct socket_guard *g = *gp;

    if (g == NULL)
        return;
    /* A byte, not only the end: else a successor's socket with an inode that
     * was given out again could be taken for ours. */
    send(g->line, "", 1, MSG_NOSIGNAL);
    close(g->line);
    while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free(g);
    *gp = NULL;
}
