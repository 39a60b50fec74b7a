/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/pam_link.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "passdb/pam_launch.h"
#include "util/xmalloc.h"

#define PER_TURN 64 /* messages, before others on the thread have theirs */

struct pam_link {
    struct pam_process process;
    struct event *readable, *writable; /* owned */
    const struct pam_link_ops *ops;
    void *arg;
    atomic_bool is_there;
};

static void
end(struct pam_link *l, const char *how)
{
    atomic_store(&l->is_there, false);
    event_del(l->readable);
    event_del(l->writable);
    l->ops->ended(l->arg, how);
}

static void
take_packet(struct pam_link *l, const uint8_t *packet, size_t len)
{
    struct pam_wire_message m;
    struct pam_wire_text text;

    if (pam_wire_read(packet, len, &m, &text) < 0)
        end(l, "said what is no message");
    else
        l->ops->message(l->arg, &m);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct pam_link *l = arg;
    uint8_t packet[PAM_WIRE_MOST + 1];
    ssize_t n = 1;

    (void)what;
    for (int i = 0; i < PER_TURN && pam_link_is_there(l) && n > 0; i++) {
        n = recv(fd, packet, sizeof packet, 0);
        if (n > 0)
            take_packet(l, packet, (size_t)n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            end(l, "has ended");
    }
    if (pam_link_is_there(l))
        l->ops->room(l->arg);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct pam_link *l = arg;

    (void)fd;
    (void)what;
    l->ops->room(l->arg);
}

bool
pam_link_say(struct pam_link *l, const struct pam_wire_message *m)
{
    uint8_t packet[PAM_WIRE_MOST];
    size_t len = pam_wire_write(m, packet);
    ssize_t n;

    assert(len > 0);
    do {
        n = send(l->process.socket, packet, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    explicit_bzero(packet, len);
    if (n >= 0)
        return true;
    /* Whether it is gone is seen when reading. */
    if (pam_link_is_there(l) && (errno == EAGAIN || errno == EWOULDBLOCK))
        event_add(l->writable, NULL);
    return false;
}

bool
pam_link_is_there(const struct pam_link *l)
{
    return atomic_load(&l->is_there);
}

pid_t
pam_link_pid(const struct pam_link *l)
{
    return l->process.pid;
}

struct pam_link *
pam_link_new(struct event_base *base, const struct passdb_pam_config *c,
             const struct pam_link_ops *ops, void *arg, struct errbuf *err)
{
    struct pam_link *l = xcalloc(1, sizeof *l);

    if (pam_launch(&l->process, c, err) < 0) {
        free(l);
        return NULL;
    }
    l->ops = ops;
    l->arg = arg;
    atomic_init(&l->is_there, true);
    l->readable = event_new(base, l->process.socket, EV_READ | EV_PERSIST,
                            on_readable, l);
    l->writable = event_new(base, l->process.socket, EV_WRITE, on_writable, l);
    event_add(l->readable, NULL);
    return l;
}

void
pam_link_free(struct pam_link **lp)
{
    struct pam_link *l = *lp;

    if (l == NULL)
        return;
    event_free(l->readable);
    event_free(l->writable);
    pam_launch_end(&l->process);
    free(l);
    *lp = NULL;
}
