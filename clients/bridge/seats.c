/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/seats.h"

#include <limits.h>
#include <sys/resource.h>

#include "clients/bridge/bridge.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/waiting_room.h"

#define LEAST 16 /* to share out, or there is no use in starting */

static unsigned
descriptors(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l) < 0)
        return 1024;
    return l.rlim_cur < INT_MAX ? (unsigned)l.rlim_cur : INT_MAX;
}

int
seats_set(struct bridge *b, struct errbuf *err)
{
    unsigned all = descriptors();
    unsigned kept = b->cfg->descriptor_reserve + ROOM_CLOSING;
    struct room_limits l = {0};

    if (all < kept + LEAST)
        return err_set(err,
                       "the limit of open files is %u, and %u must be left "
                       "(descriptor-reserve): raise it to %u at least "
                       "(LimitNOFILE of the unit, ulimit -n)",
                       all, kept, kept + LEAST);
    l.descriptors = (all - kept) / 2;
    if (b->cfg->trusted_proxies.count > 0)
        l.local = l.descriptors / 2;
    if (b->seats.room == NULL)
        b->seats.room = room_new();
    room_set_limits(b->seats.room, &l);
    b->seats.most_sessions = (all - kept) / 4;
    b->seats.most_links = (all - kept) / 4;
    return 0;
}

void
seats_free(struct bridge *b)
{
    room_free(&b->seats.room);
}

/* A proxy's connections are many people's: they are counted like those of the
 * machine itself, for which a share is kept. */
static void
set_key(const struct bridge *b, const struct http_conn *h, struct room_key *key)
{
    static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    const struct sockaddr *peer = (const struct sockaddr *)h->peer;

    room_key_set(
        key, config_nets_hold(&b->cfg->trusted_proxies, peer) ? &nowhere : peer,
        0);
}

static void
send_away(struct bridge *b)
{
    struct http_conn *h;

    while ((h = room_next_sent_away(b->seats.room, b)) != NULL) {
        b->counts.crowded_out++;
        seats_leave(h);
        http_conn_end(h);
    }
}

static void
tell(struct bridge *b)
{
    char from[ROOM_KEY_TEXT_SIZE];
    struct room_news news;

    if (!room_tell(b->seats.room, clock_mono(), &news))
        return;
    room_key_format(&news.from, from);
    log_warn("too many connections: %u that waited gave way, %u were refused, "
             "the last of %s (more of this is told in a minute)",
             news.sent_away, news.refused, from);
}

bool
seats_take(struct bridge *b, struct http_conn *h)
{
    struct room_key key;
    void *away;

    set_key(b, h, &key);
    h->guest = room_enter(b->seats.room, &key, b, h, clock_mono(), &away);
    if (away != NULL)
        send_away(b);
    tell(b);
    return h->guest != NULL;
}

static struct room *
room_of(const struct http_conn *h)
{
    const struct bridge *b = h->owner->arg;

    return b->seats.room;
}

void
seats_busy(struct http_conn *h)
{
    if (h->guest != NULL)
        room_busy(room_of(h), h->guest);
}

void
seats_idle(struct http_conn *h)
{
    if (h->guest != NULL)
        room_idle(room_of(h), h->guest, clock_mono());
}

void
seats_leave(struct http_conn *h)
{
    room_leave(room_of(h), &h->guest);
}

bool
seats_has_session(const struct bridge *b)
{
    return b->n_sessions < b->cfg->max_sessions &&
           b->n_sessions < b->seats.most_sessions;
}

bool
seats_take_link(struct bridge *b)
{
    if (b->seats.links >= b->seats.most_links)
        return false;
    b->seats.links++;
    return true;
}

void
seats_leave_link(struct bridge *b)
{
    b->seats.links--;
}
