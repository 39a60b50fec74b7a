/* SPDX-License-Identifier: BSD-2-Clause */

/* In the CLI an alert is named by its second, and no two of a set have the
 * same one: a post takes the first free second from its own on.  An index for
 * this would double the cost of a post, and nothing but a listing ever wants
 * it in order.  So the taken seconds of the sets in use are kept in memory, in
 * order, read from the set (piece by piece if it is large) when it is first
 * posted to, and thrown away when a transaction that changed them is aborted:
 * what is in memory is always what the table says.
 *
 * In a run of seconds without a gap, key less place is the same, and else it
 * grows: so the end of a run is found by halving, however long a burst was. */
#include "config.h"

#include "storage/alert_set.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

struct alert_set *
alert_set_new(struct alert_ref ref)
{
    struct alert_set *set = xcalloc(1, sizeof *set);

    set->ref = ref;
    return set;
}

void
alert_set_free(struct alert_set **set)
{
    if (*set != NULL)
        free((*set)->entry);
    free(*set);
    *set = NULL;
}

/* The first place whose key is not below. */
static size_t
place_of(const struct alert_set *set, int64_t key)
{
    size_t low = 0, high = set->n;

    /* Nearly always it is a new one. */
    if (set->n == 0 || set->entry[set->n - 1].key < key)
        return set->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (set->entry[mid].key < key)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool
is_taken(const struct alert_set *set, size_t at, int64_t key)
{
    return at < set->n && set->entry[at].key == key;
}

int64_t
alert_set_first_free(const struct alert_set *set, int64_t from)
{
    size_t at = place_of(set, from), low = at, high = set->n;

    if (!is_taken(set, at, from))
        return from;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (set->entry[mid].key - from == (int64_t)(mid - at))
            low = mid + 1;
        else
            high = mid;
    }
    return set->entry[low - 1].key + 1;
}

void
alert_set_insert(struct alert_set *set, int64_t key, uint64_t id)
{
    size_t at = place_of(set, key);

    if (is_taken(set, at, key))
        return;
    if (set->n == set->cap) {
        set->cap = set->cap == 0 ? 4 : set->cap * 2;
        set->entry = xrealloc(set->entry, set->cap * sizeof *set->entry);
    }
    memmove(set->entry + at + 1, set->entry + at,
            (set->n - at) * sizeof *set->entry);
    set->entry[at] = (struct set_entry){key, id};
    set->n++;
}

void
alert_set_remove(struct alert_set *set, int64_t key)
{
    size_t at = place_of(set, key);

    if (!is_taken(set, at, key))
        return;
    set->n--;
    memmove(set->entry + at, set->entry + at + 1,
            (set->n - at) * sizeof *set->entry);
}

const struct set_entry *
alert_set_next(const struct alert_set *set, int64_t from)
{
    size_t at = place_of(set, from);

    return at < set->n ? &set->entry[at] : NULL;
}

uint64_t
alert_set_id(const struct alert_set *set, int64_t key)
{
    size_t at = place_of(set, key);

    return is_taken(set, at, key) ? set->entry[at].id : 0;
}

/* --- the sets of a transaction --- */

static struct alert_set **
slot_of(struct store_txn *t, struct alert_ref ref)
{
    for (unsigned i = 0; i < TXN_SETS; i++)
        if (t->sets[i] != NULL && t->sets[i]->ref.scope == ref.scope &&
            t->sets[i]->ref.target == ref.target)
            return &t->sets[i];
    return NULL;
}

struct alert_set *
alert_set_find(struct store_txn *t, struct alert_ref ref)
{
    struct alert_set **slot = slot_of(t, ref);

    return slot == NULL ? NULL : *slot;
}

/* The oldest one makes room; it can be read from the table again, also within
 * the transaction that changed it.  One that is still being read is left, if
 * there is another: who reads it would begin again and again. */
void
alert_set_keep(struct store_txn *t, struct alert_set *set)
{
    for (unsigned i = 0; i < TXN_SETS; i++) {
        const struct alert_set *old = t->sets[t->next_set];

        if (old == NULL || old->complete)
            break;
        t->next_set = (t->next_set + 1) % TXN_SETS;
    }
    alert_set_free(&t->sets[t->next_set]);
    t->sets[t->next_set] = set;
    t->next_set = (t->next_set + 1) % TXN_SETS;
}

void
alert_set_drop(struct store_txn *t, struct alert_ref ref)
{
    struct alert_set **slot = slot_of(t, ref);

    if (slot != NULL)
        alert_set_free(slot);
}

void
alert_sets_drop(struct store_txn *t, bool changed_only)
{
    for (unsigned i = 0; i < TXN_SETS; i++)
        if (t->sets[i] != NULL && (t->sets[i]->changed || !changed_only))
            alert_set_free(&t->sets[i]);
}

void
alert_sets_committed(struct store_txn *t)
{
    for (unsigned i = 0; i < TXN_SETS; i++)
        if (t->sets[i] != NULL)
            t->sets[i]->changed = false;
}
