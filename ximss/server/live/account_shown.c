/* SPDX-License-Identifier: BSD-2-Clause */
/* What an account has been shown: everything up to its position, and single
 * alerts beyond it. */
#include "config.h"

#include "ximss/server/live/account_private.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"
#include "ximss/server/live/alert_cache.h"
#include "ximss/server/live/quota_shown.h"
#include "ximss/server/live/worker.h"

/* --- sorted arrays of ids --- */

static uint32_t
ids_after(const uint64_t *v, uint32_t n, uint64_t id)
{
    uint32_t low = 0, high = n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (v[mid] <= id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool
ids_have(const uint64_t *v, uint32_t n, uint64_t id)
{
    uint32_t after = ids_after(v, n, id);

    return after > 0 && v[after - 1] == id;
}

static void
ids_add(uint64_t **v, uint32_t *n, uint64_t id)
{
    uint32_t after = ids_after(*v, *n, id);

    if (after > 0 && (*v)[after - 1] == id)
        return;
    *v = xrealloc(*v, (*n + 1) * sizeof(**v));
    memmove(*v + after + 1, *v + after, (*n - after) * sizeof(**v));
    (*v)[after] = id;
    ++*n;
}

static void
ids_drop_up_to(uint64_t **v, uint32_t *n, uint64_t id)
{
    uint32_t after = ids_after(*v, *n, id);

    if (after == 0)
        return;
    *n -= after;
    memmove(*v, *v + after, *n * sizeof(**v));
    if (*n == 0) {
        free(*v);
        *v = NULL;
    }
}

/* --- shown and dismissed --- */

void
account_mark_delivered(struct worker *w, struct account *a, struct alert *al)
{
    if (al->delivered)
        return;
    al->delivered = true;
    a->has_delivered = true;
    if (al->generated)
        quota_shown(w, a, al->rec.id);
    else
        g_array_append_val(w->delivered, al->rec.id);
}

bool
account_was_shown(const struct account *a, uint64_t id)
{
    return id <= a->position || ids_have(a->shown, a->n_shown, id);
}

bool
account_has_dismissed(const struct account *a, uint64_t id)
{
    return ids_have(a->dismissed, a->n_dismissed, id);
}

void
account_touch(struct worker *w, struct account *a)
{
    if (a->dirty)
        return;
    a->dirty = true;
    g_array_append_val(w->dirty, a->number);
}

static void
set_position(struct worker *w, struct account *a, uint64_t id)
{
    if (id > a->position)
        a->position = id;
    ids_drop_up_to(&a->shown, &a->n_shown, a->position);
    account_touch(w, a);
}

void
account_shown_up_to(struct worker *w, struct account *a, uint64_t id)
{
    if (id <= a->position)
        return;
    for (uint32_t i = alert_array_after(&a->alerts, a->position);
         i < a->alerts.n && a->alerts.v[i]->rec.id <= id; i++)
        account_mark_delivered(w, a, a->alerts.v[i]);
    set_position(w, a, id);
    account_drop_delivered(w, a);
}

static const struct alert_array *
broad_set(const struct worker *w, const struct account *a)
{
    return a->domain->shared ? &w->board.cluster : &w->board.server;
}

struct alert *
account_next_alert(struct worker *w, const struct account *a, uint64_t id)
{
    const struct alert_array *sets[] = {broad_set(w, a), &a->domain->alerts,
                                        &a->alerts};
    struct alert *best = NULL;

    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        uint32_t at = alert_array_after(sets[i], id);

        if (at < sets[i]->n &&
            (best == NULL || sets[i]->v[at]->rec.id < best->rec.id))
            best = sets[i]->v[at];
    }
    return best;
}

struct alert *
account_prev_alert(struct worker *w, const struct account *a, uint64_t id)
{
    const struct alert_array *sets[] = {broad_set(w, a), &a->domain->alerts,
                                        &a->alerts};
    struct alert *best = NULL;

    if (id == 0)
        return NULL;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        uint32_t at = alert_array_after(sets[i], id - 1);

        if (at > 0 &&
            (best == NULL || sets[i]->v[at - 1]->rec.id > best->rec.id))
            best = sets[i]->v[at - 1];
    }
    return best;
}

struct alert *
account_find_alert(struct worker *w, const struct account *a, uint64_t id)
{
    struct alert *al = id > 0 ? account_next_alert(w, a, id - 1) : NULL;

    return al != NULL && al->rec.id == id ? al : NULL;
}

bool
account_has_delivered(struct worker *w, uint64_t account, uint64_t id)
{
    const struct account *a = account_lookup(w, account);
    uint32_t i;

    if (a == NULL)
        return false;
    i = alert_array_after(&a->alerts, id - 1);
    return i == a->alerts.n || a->alerts.v[i]->rec.id != id ||
           a->alerts.v[i]->delivered;
}

/* Moves the position over everything that was shown. */
static void
advance(struct worker *w, struct account *a)
{
    uint64_t position = a->position;
    struct alert *next;

    while ((next = account_next_alert(w, a, position)) != NULL &&
           ids_have(a->shown, a->n_shown, next->rec.id))
        position = next->rec.id;
    if (next != NULL)
        position = next->rec.id - 1;
    else if (w->board.last_id > position)
        position = w->board.last_id;
    set_position(w, a, position);
}

void
account_shown(struct worker *w, struct account *a, uint64_t id)
{
    struct alert *own = alert_array_find(&a->alerts, id);

    if (own != NULL)
        account_mark_delivered(w, a, own);
    if (!account_was_shown(a, id)) {
        ids_add(&a->shown, &a->n_shown, id);
        advance(w, a);
    }
    if (own != NULL)
        account_drop_delivered(w, a);
}

void
account_dismiss(struct worker *w, struct account *a, uint64_t id)
{
    struct alert *own = alert_array_find(&a->alerts, id);

    if (own == NULL)
        ids_add(&a->dismissed, &a->n_dismissed, id);
    else
        alert_cache_forget(w->alert_cache, id);
    account_shown(w, a, id);
    alert_array_remove(&a->alerts, id);
    account_touch(w, a);
}

/* Alerts that are taken out of memory in one turn. */
#define DROP_BATCH 1024

struct dropping {
    struct mail mail;
    uint64_t account;
};

static void
deliver_dropping(struct mail *m, void *owner)
{
    struct dropping *d = (struct dropping *)m;
    struct account *a = account_lookup(owner, d->account);

    free(d);
    if (a == NULL)
        return;
    a->dropping = false;
    account_drop_delivered(owner, a);
}

static void
drop_later(struct worker *w, struct account *a)
{
    struct dropping *d;

    if (a->dropping)
        return;
    a->dropping = true;
    d = xcalloc(1, sizeof *d);
    d->mail.deliver = deliver_dropping;
    d->mail.work = DROP_BATCH;
    d->account = a->number;
    mailbox_put(w->box, &d->mail);
}

void
account_drop_delivered(struct worker *w, struct account *a)
{
    struct alert_array *set = &a->alerts;
    uint64_t got = session_got(&a->sessions);
    uint32_t kept = 0, dropped = 0, i;

    if (!a->has_delivered)
        return;
    a->has_delivered = false;
    for (i = 0; i < set->n && dropped < DROP_BATCH; i++) {
        struct alert *al = set->v[i];

        if (al->delivered && al->rec.id <= got) {
            alert_cache_forget(w->alert_cache, al->rec.id);
            alert_unref(&al);
            dropped++;
            continue;
        }
        a->has_delivered = a->has_delivered || al->delivered;
        set->v[kept++] = al;
    }
    if (i < set->n) {
        memmove(set->v + kept, set->v + i, (set->n - i) * sizeof(set->v[0]));
        a->has_delivered = true;
        drop_later(w, a);
    }
    set->n = kept + set->n - i;
    if (set->n == 0)
        alert_array_clear(set);
}
