/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor: what telling every session costs if there is nothing to do but
 * to write(2) one prebuilt buffer to each socket.  It knows just as much of
 * XIMSS as the load generator says: a log-in gets a prebuilt answer, a post
 * the alert to everybody else and an answer, "bye" an answer and the end, and
 * anything else an answer.  No rights, no store, no queue for a slow reader
 * (it waits for them).
 *
 * Each thread has its own epoll and its own sessions; the first one accepts
 * and deals the sockets out in turn.  With --gather the posts that were read
 * at once leave in one write per socket. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/text.h"
#include "util/xmalloc.h"

#define EVENTS      256
#define DESCRIPTORS 65536
#define THREADS     16

struct worker {
    pthread_t thread;
    int epoll, wake;      /* wake: an eventfd, posts to tell of */
    pthread_mutex_t lock; /* of the list */
    int *told;            /* owned; sockets that get alerts */
    unsigned n_told;
};

static struct worker workers[THREADS];
static unsigned n_workers = 1, next_worker;
static bool gather;
static char *alert; /* with its 0 */
static size_t alert_len;

/* Place in its worker's list, plus one; 0: not in it. */
static unsigned place[DESCRIPTORS];

static void
die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else {
            return; /* gone; its own event tells */
        }
    }
}

/* --- the list of those who are told --- */

static void
list_add(struct worker *w, int fd)
{
    pthread_mutex_lock(&w->lock);
    w->told[w->n_told++] = fd;
    place[fd] = w->n_told;
    pthread_mutex_unlock(&w->lock);
}

static void
list_remove(struct worker *w, int fd)
{
    pthread_mutex_lock(&w->lock);
    if (place[fd] != 0) {
        int last = w->told[--w->n_told];

        w->told[place[fd] - 1] = last;
        place[last] = place[fd];
        place[fd] = 0;
    }
    pthread_mutex_unlock(&w->lock);
}

static void
tell(struct worker *w, unsigned posts)
{
    char *all = NULL;

    if (gather && posts > 1) {
        all = xmalloc(alert_len * posts);
        for (unsigned i = 0; i < posts; i++)
            memcpy(all + i * alert_len, alert, alert_len);
    }
    pthread_mutex_lock(&w->lock);
    for (unsigned round = 0; round < (all != NULL ? 1 : posts); round++)
        for (unsigned i = 0; i < w->n_told; i++)
            write_all(w->told[i], all != NULL ? all : alert,
                      all != NULL ? alert_len * posts : alert_len);
    pthread_mutex_unlock(&w->lock);
    free(all);
}

static void
tell_all(struct worker *self, unsigned posts)
{
    for (unsigned i = 0; i < n_workers; i++)
        if (&workers[i] != self)
            eventfd_write(workers[i].wake, posts);
    tell(self, posts);
}

/* --- requests --- */

static bool
begins(const char *msg, const char *with)
{
    return strncmp(msg, with, strlen(with)) == 0;
}

static void
answer(int fd, const char *text, size_t len)
{
    write_all(fd, text, len);
}

/* Returns 1 for a post, -1 for the end of the connection, else 0. */
static int
on_message(struct worker *w, int fd, const char *msg)
{
    static const char session[] =
        "<session id=\"L\" urlID=\"100000-Ab12Cd34Ef56Gh78Ij90\" "
        "userName=\"joe@example.test\" realName=\"Joe\" version=\"0.1.0\" "
        "random=\"0123456789ABCDEF\"/>\0<response id=\"L\"/>";
    static const char response[] = "<response id=\"R\"/>";

    if (begins(msg, "<alertPost "))
        return 1;
    if (!begins(msg, "<login ")) {
        answer(fd, response, sizeof(response));
        return begins(msg, "<bye ") ? -1 : 0;
    }
    if (strstr(msg, " alerts=\"no\"") == NULL)
        list_add(w, fd);
    answer(fd, session, sizeof(session));
    return 0;
}

static void
drop(struct worker *w, int fd)
{
    list_remove(w, fd);
    close(fd);
}

/* The load generator writes whole messages and the requests of one write are
 * below the buffer's size, but a read may still end within one: what begins a
 * message stays in the socket until the rest is there. */
static void
on_readable(struct worker *w, int fd)
{
    static const char response[] = "<response id=\"R\"/>";
    static _Thread_local char buffer[65537];
    unsigned posts = 0;
    bool ended = false;
    ssize_t n = recv(fd, buffer, sizeof(buffer) - 1, MSG_PEEK);
    char *end, *last = n > 0 ? memrchr(buffer, '\0', (size_t)n) : NULL;

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            drop(w, fd);
        return;
    }
    if (last == NULL || recv(fd, buffer, (size_t)(last - buffer) + 1, 0) <= 0)
        return;
    for (char *msg = buffer; msg <= last && !ended; msg = end + 1) {
        int kind;

        end = msg + strlen(msg);
        kind = end == msg ? 0 : on_message(w, fd, msg);
        posts += kind > 0;
        ended = kind < 0;
    }
    if (posts > 0)
        tell_all(w, posts);
    for (unsigned i = 0; i < posts; i++)
        answer(fd, response, sizeof(response));
    if (ended)
        drop(w, fd);
}

/* --- threads --- */

static void
on_acceptable(int listener)
{
    const int on = 1;
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
           0) {
        struct worker *w = &workers[next_worker++ % n_workers];
        struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

        if (fd >= DESCRIPTORS) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
            die("epoll_ctl");
    }
}

static int listener = -1;

static void *
run(void *arg)
{
    struct worker *w = arg;
    struct epoll_event events[EVENTS];

    for (;;) {
        int n = epoll_wait(w->epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            eventfd_t posts;

            if (events[i].data.fd == listener)
                on_acceptable(listener);
            else if (events[i].data.fd != w->wake)
                on_readable(w, events[i].data.fd);
            else if (eventfd_read(w->wake, &posts) == 0)
                tell(w, (unsigned)posts);
        }
    }
    return NULL;
}

static void
add_to_epoll(struct worker *w, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
        die("epoll_ctl");
}

static void
init_worker(struct worker *w)
{
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->epoll < 0 || w->wake < 0)
        die("epoll_create1");
    pthread_mutex_init(&w->lock, NULL);
    w->told = xcalloc(DESCRIPTORS, sizeof(*w->told));
    add_to_epoll(w, w->wake);
}

/* --- start --- */

/* The socket's port goes to standard output, so that 0 can be asked for. */
static void
open_listener(unsigned port)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof(in);
    const int on = 1;

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 ||
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(listener, (struct sockaddr *)&in, sizeof(in)) != 0 ||
        listen(listener, 4096) != 0 ||
        getsockname(listener, (struct sockaddr *)&in, &len) != 0)
        die("listening");
    printf("listening %u\n", ntohs(in.sin_port));
    fflush(stdout);
}

static void
build_alert(size_t bytes)
{
    static const char head[] =
        "<alert gmtTime=\"20261122T133000Z\" localTime=\"20261122T133000\" "
        "alertID=\"1234\" scope=\"server\" severity=\"warning\">";
    static const char tail[] = "</alert>";
    size_t least = sizeof(head) - 1 + sizeof(tail);

    alert_len = bytes < least + 1 ? least + 1 : bytes;
    alert = xmalloc(alert_len);
    memset(alert, 'x', alert_len);
    memcpy(alert, head, sizeof(head) - 1);
    memcpy(alert + alert_len - sizeof(tail), tail, sizeof(tail));
}

static unsigned
number(const char *text, unsigned max)
{
    unsigned long long n;

    if (text_parse_u64(text, max, &n) != 0) {
        fprintf(stderr, "floor: \"%s\" is not a number up to %u\n", text, max);
        exit(2);
    }
    return (unsigned)n;
}

static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"threads", required_argument, NULL, 't'},
        {"bytes", required_argument, NULL, 'b'},
        {"gather", no_argument, NULL, 'g'},
        {NULL, 0, NULL, 0},
    };
    unsigned port = 0, bytes = 220;
    int code;

    while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (code == 'p') {
            port = number(optarg, 65535);
        } else if (code == 't') {
            n_workers = number(optarg, THREADS);
        } else if (code == 'b') {
            bytes = number(optarg, 65536);
        } else if (code == 'g') {
            gather = true;
        } else {
            fputs("usage: floor [--port N] [--threads N] [--bytes N] "
                  "[--gather]\n",
                  stderr);
            return 2;
        }
    }
    n_workers += n_workers == 0;
    raise_descriptor_limit();
    build_alert(bytes);
    open_listener(port);
    for (unsigned i = 0; i < n_workers; i++)
        init_worker(&workers[i]);
    add_to_epoll(&workers[0], listener);
    for (unsigned i = 1; i < n_workers; i++)
        if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0)
            die("pthread_create");
    run(&workers[0]);
    return 0;
}
