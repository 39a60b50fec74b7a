/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/push_gather.h"

#include <string.h>

#include "util/clock.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/alert_cache.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/door_told.h"
#include "ximss/server/live/session_private.h"

/* Alerts that are looked at in one gathering: one who has dismissed very many
 * gets none of them. */
#define LOOKS_MOST 2048

static bool
is_wanted(const struct session *s, const struct alert *a, int64_t now)
{
    if (alert_is_over(a, now))
        return false;
    if (account_has_dismissed(s->account, a->rec.id))
        return false;
    /* What was posted since the log-in goes to every session that is open,
     * whatever the account's other sessions have seen. */
    return a->rec.id > s->login_id || !account_was_shown(s->account, a->rec.id);
}

/* Programs that nobody looks at are told once a day, and those that somebody looks
 * at from then on are not told again.  Nor are POP3 programs, if that was in vain. */
static bool
is_kept_back(struct worker *w, const struct session *s, const struct alert *a)
{
    if (door_told_in_vain(w, s, a))
        return true;
    if (s->unattended)
        return door_told_lately(w, s->account->number, a);
    return a->rec.id <= s->attended_id && door_told_by(w, s, a);
}

/* What is being gathered. */
struct gathering {
    struct buf b;
    struct shared_buf *single; /* a reference to the only one; else NULL */
    bool timeless;             /* none of them ends by itself */
};

static void
add(struct gathering *x, struct shared_buf *msg, unsigned n_before)
{
    if (n_before == 0) {
        x->single = msg;
        return;
    }
    if (x->single != NULL)
        buf_append(&x->b, x->single->bytes, x->single->len);
    shared_buf_unref(&x->single);
    buf_append(&x->b, msg->bytes, msg->len);
    shared_buf_unref(&msg);
}

static void
gather(struct worker *w, struct session *s, struct gathering *x,
       struct gathered *g)
{
    int64_t now = clock_now();
    struct alert *a;
    unsigned n = 0;

    g->to = s->cursor;
    while ((a = account_next_alert(w, s->account, g->to)) != NULL) {
        if (x->b.len >= GATHER_BYTES || g->looked == LOOKS_MOST)
            return;
        g->looked++;
        g->to = a->rec.id;
        x->timeless = x->timeless && a->rec.until == 0;
        if (!is_wanted(s, a, now) || is_kept_back(w, s, a))
            continue;
        if (s->unattended)
            door_told_note(w, s, a);
        if (a->rec.id <= s->login_id)
            door_told_try(w, s, a);
        add(x, alert_cache_get(w->alert_cache, a, s->account->zone), n++);
        g->n[a->rec.scope - ALERT_SERVER]++;
    }
    /* Nothing is left: what is known to the worker is dealt with. */
    if (g->to < w->board.last_id)
        g->to = w->board.last_id;
}

/* True if what the session lacks depends on nothing of its own. */
static bool
is_ordinary(const struct session *s)
{
    const struct account *a = s->account;

    return s->cursor >= s->login_id && !s->unattended && a->n_dismissed == 0 &&
           alert_array_after(&a->alerts, s->cursor) == a->alerts.n;
}

static void
keep(struct worker *w, const struct session *s, const struct gathered *g)
{
    shared_buf_unref(&w->last_gather.bytes);
    w->last_gather.from = s->cursor;
    w->last_gather.to = g->to;
    memcpy(w->last_gather.n, g->n, sizeof g->n);
    w->last_gather.version = w->board.version;
    w->last_gather.zone = s->account->zone;
    w->last_gather.domain = s->account->domain->number;
    w->last_gather.bytes = shared_buf_ref(g->bytes);
}

static bool
is_kept(const struct worker *w, const struct session *s)
{
    return w->last_gather.bytes != NULL && w->last_gather.from == s->cursor &&
           w->last_gather.version == w->board.version &&
           w->last_gather.zone == s->account->zone &&
           w->last_gather.domain == s->account->domain->number;
}

void
push_gather(struct worker *w, struct session *s, struct gathered *g_r)
{
    struct gathering x = {.timeless = true};
    bool ordinary = is_ordinary(s);

    *g_r = (struct gathered){0};
    if (ordinary && is_kept(w, s)) {
        g_r->to = w->last_gather.to;
        memcpy(g_r->n, w->last_gather.n, sizeof g_r->n);
        g_r->bytes = shared_buf_ref(w->last_gather.bytes);
        return;
    }
    gather(w, s, &x, g_r);
    if (x.single != NULL)
        g_r->bytes = x.single;
    else if (x.b.len > 0)
        g_r->bytes = shared_buf_new(x.b.data, x.b.len);
    buf_clear(&x.b);
    if (g_r->bytes != NULL && ordinary && x.timeless)
        keep(w, s, g_r);
}

bool
push_has_everything(const struct worker *w, const struct session *s)
{
    return s->cursor >= w->board.last_id &&
           alert_array_after(&s->account->alerts, s->cursor) ==
               s->account->alerts.n;
}

size_t
push_bytes_behind(struct worker *w, const struct session *s, size_t enough)
{
    size_t n = 0;
    uint64_t at = s->cursor;
    struct alert *a;

    while (n <= enough && (a = account_next_alert(w, s->account, at)) != NULL) {
        at = a->rec.id;
        n += a->rec.text_len + 150; /* about what the markup takes */
    }
    return n;
}
