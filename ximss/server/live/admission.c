/* SPDX-License-Identifier: BSD-2-Clause */
/* The store cannot work without descriptors: if one is missing when the log
 * needs its next file, the process ends.  So connections never get all of them.
 * `descriptor-reserve` are left, in addition to those that are open once the
 * server has started.  A share is reserved for the control socket, for
 * administrators who have to help when strangers have taken the rest. */
#include "config.h"

#include "ximss/server/live/admission.h"

#include <stdlib.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/door.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"

#define LEAST 8 /* connections, or there is no use in starting */

/* --- descriptors --- */

int
admission_limits(const struct config *c, unsigned descriptors, unsigned open,
                 struct lobby_limits *l_r, struct errbuf *err)
{
    unsigned kept =
        open + c->descriptor_reserve + c->descriptors_local + LOBBY_CLOSING;

    if (descriptors < kept + LEAST)
        return err_set(err,
                       "the limit of open files is %u, but %u are open, and "
                       "%u must be left (descriptor-reserve, "
                       "descriptors-local): raise it to %u at least "
                       "(LimitNOFILE of the unit, ulimit -n)",
                       descriptors, open, kept - open, kept + LEAST);
    *l_r = (struct lobby_limits){c->max_connections,
                                 c->max_connections_per_address,
                                 c->max_unauthenticated,
                                 c->max_unauthenticated_per_address,
                                 descriptors - kept,
                                 c->descriptors_local,
                                 c->max_connections_per_network,
                                 c->max_unauthenticated_per_network};
    return 0;
}

/* --- who was sent away --- */

void
admission_send_away(struct worker *w)
{
    struct session *s;

    while ((s = lobby_next_sent_away(w->server->lobby, w)) != NULL)
        session_close(s, "it gives way to others, not logged in");
}

static void
deliver(struct mail *m, void *owner)
{
    free(m);
    admission_send_away(owner);
}

static void
tell(struct worker *w, bool let_in)
{
    struct lobby_news news;
    char from[LOBBY_KEY_TEXT_SIZE];

    if (!let_in)
        stat_add(STAT_CONNECTIONS_REFUSED, 1);
    if (!lobby_tell(w->server->lobby, clock_mono(), &news))
        return;
    lobby_key_format(&news.from, from);
    log_warn("too many connections: %u that had not logged in gave way, %u "
             "were refused, the last of %s (more of this is told in a minute)",
             news.sent_away, news.refused, from);
}

/* away: the worker of one that is to go; NULL: none is. */
void
admission_make_room(struct worker *w, void *away)
{
    struct worker *other = away;
    struct mail *m;

    if (other == NULL)
        return;
    stat_add(STAT_CONNECTIONS_CROWDED_OUT, 1);
    if (other == w) {
        admission_send_away(w);
        return;
    }
    m = xmalloc(sizeof *m);
    m->deliver = deliver;
    mailbox_put(other->box, m);
}

/* --- sessions --- */

static void
get_key(const struct session *s, struct lobby_key *key)
{
    struct sockaddr_storage sa;

    peer_to_sockaddr(&s->peer, &sa);
    lobby_key_set(key, (const struct sockaddr *)&sa, s->uid);
    if (session_is_at_door(s))
        lobby_key_set_door(key, s->uid);
    if (s->for_many)
        lobby_key_set_shared(key);
}

/* Before it is counted there. */
static void
set_key(const struct worker *w, struct session *s, struct lobby_key *key)
{
    struct sockaddr_storage sa;

    peer_to_sockaddr(&s->peer, &sa);
    s->for_many =
        !s->proxied && config_is_trusted(w->cfg, (const struct sockaddr *)&sa);
    get_key(s, key);
}

bool
admission_enter(struct worker *w, struct session *s, void **away_r)
{
    struct lobby_key key;

    *away_r = NULL;
    if (session_is_at_door(s) && !door_enter(w->server->door, s->uid)) {
        stat_add(STAT_CONNECTIONS_REFUSED, 1);
        return false;
    }
    set_key(w, s, &key);
    s->guest = lobby_enter(w->server->lobby, &key, w, s, clock_mono(), away_r);
    tell(w, s->guest != NULL);
    if (s->guest == NULL && session_is_at_door(s))
        door_leave(w->server->door, s->uid);
    return s->guest != NULL;
}

bool
admission_moved(struct worker *w, struct session *s)
{
    struct lobby_key key;
    void *away;
    bool ok;

    set_key(w, s, &key);
    ok = lobby_move(w->server->lobby, s->guest, &key, clock_mono(), &away);
    tell(w, ok);
    admission_make_room(w, away);
    return ok;
}

uint64_t
admission_crowd(const struct worker *w, const struct session *s)
{
    struct lobby_key key;

    get_key(s, &key);
    return lobby_crowd(w->server->lobby, &key);
}

void
admission_spoke(struct worker *w, struct session *s)
{
    if (s->spoke || s->guest == NULL)
        return;
    s->spoke = true;
    lobby_spoke(w->server->lobby, s->guest);
}

void
admission_logged_in(struct worker *w, struct session *s)
{
    lobby_settle(w->server->lobby, &s->guest);
}

void
admission_leave(struct worker *w, struct session *s)
{
    struct lobby_key key;

    if (session_is_at_door(s))
        door_leave(w->server->door, s->uid);
    if (s->guest != NULL) {
        lobby_leave(w->server->lobby, &s->guest);
        return;
    }
    get_key(s, &key);
    lobby_leave_settled(w->server->lobby, &key);
}
