/* SPDX-License-Identifier: BSD-2-Clause */
/* The store cannot work without descriptors: one that is missing when the log
 * needs its next file ends the process.  So connections never have them all;
 * `descriptor-reserve` are left, beside those that are open once the server has
 * started.  A share is the UNIX socket's alone, for whoever is to help when
 * strangers have taken the rest. */
#include "config.h"

#include "ximss/server/admission.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"
#include "ximss/server/configuration.h"
#include "ximss/server/server.h"
#include "ximss/server/session_private.h"
#include "ximss/server/stat.h"

#define LEAST 8 /* connections, or there is no use in starting */

/* --- descriptors --- */

unsigned
admission_descriptors(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l) < 0)
        return 1024;
    if (l.rlim_cur != l.rlim_max) {
        rlim_t soft = l.rlim_cur;

        l.rlim_cur = l.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &l) < 0) {
            log_warn("raising the limit of open files: %s", strerror(errno));
            l.rlim_cur = soft;
        }
    }
    return l.rlim_cur < UINT32_MAX / 2 ? (unsigned)l.rlim_cur : UINT32_MAX / 2;
}

unsigned
admission_count_open(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    if (d == NULL)
        return 64; /* no /proc: more than a small server has */
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 3; /* ".", "..", and the directory itself */
}

int
admission_limits(const struct config *c, unsigned descriptors, unsigned open,
                 struct room_limits *l_r, struct errbuf *err)
{
    unsigned kept =
        open + c->descriptor_reserve + c->descriptors_local + ROOM_CLOSING;

    if (descriptors < kept + LEAST)
        return err_set(err,
                       "the limit of open files is %u, but %u are open, and "
                       "%u must be left (descriptor-reserve, "
                       "descriptors-local): raise it to %u at least "
                       "(LimitNOFILE of the unit, ulimit -n)",
                       descriptors, open, kept - open, kept + LEAST);
    *l_r = (struct room_limits){
        c->max_connections,     c->max_connections_per_address,
        c->max_unauthenticated, c->max_unauthenticated_per_address,
        descriptors - kept,     c->descriptors_local};
    return 0;
}

/* --- who was sent away --- */

void
admission_send_away(struct worker *w)
{
    struct session *s;

    while ((s = room_next_sent_away(w->server->room, w)) != NULL)
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
    struct room_news news;
    char from[ROOM_KEY_TEXT_SIZE];

    if (!let_in)
        stat_add(STAT_CONNECTIONS_REFUSED, 1);
    if (!room_tell(w->server->room, clock_mono(), &news))
        return;
    room_key_format(&news.from, from);
    log_warn("too many connections: %u that had not logged in gave way, %u "
             "were refused, the last of %s (more of this is told in a minute)",
             news.sent_away, news.refused, from);
}

/* away: the worker of one that is to go; NULL: none is. */
static void
tell_owner(struct worker *w, void *away)
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
set_key(const struct session *s, struct room_key *key)
{
    struct sockaddr_storage sa;

    peer_to_sockaddr(&s->peer, &sa);
    room_key_set(key, (const struct sockaddr *)&sa, s->uid);
}

bool
admission_enter(struct worker *w, struct session *s)
{
    struct room_key key;
    void *away;

    set_key(s, &key);
    s->guest = room_enter(w->server->room, &key, w, s, clock_mono(), &away);
    tell(w, s->guest != NULL);
    tell_owner(w, away);
    return s->guest != NULL;
}

bool
admission_moved(struct worker *w, struct session *s)
{
    struct room_key key;
    void *away;
    bool ok;

    set_key(s, &key);
    ok = room_move(w->server->room, s->guest, &key, clock_mono(), &away);
    tell(w, ok);
    tell_owner(w, away);
    return ok;
}

void
admission_spoke(struct worker *w, struct session *s)
{
    if (s->spoke || s->guest == NULL)
        return;
    s->spoke = true;
    room_spoke(w->server->room, s->guest);
}

void
admission_logged_in(struct worker *w, struct session *s)
{
    room_settle(w->server->room, &s->guest);
}

void
admission_leave(struct worker *w, struct session *s)
{
    struct room_key key;

    if (s->guest != NULL) {
        room_leave(w->server->room, &s->guest);
        return;
    }
    set_key(s, &key);
    room_leave_settled(w->server->room, &key);
}
