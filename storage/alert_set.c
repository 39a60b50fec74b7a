/* SPDX-License-Identifier: BSD-2-Clause */

/* In the CLI an alert is named by its second, and no two of a set have the
 * same one: a post takes the first free second from its own on.  An index for
 * this would double the cost of a post, and nothing but a listing ever wants
 * it in order.  So the taken seconds of the sets in use are kept in memory, as
 * runs (a burst of a thousand posts is one run), read from the set when it is
 * first posted to, and thrown away when a transaction that changed them is
 * aborted: what is in memory is always what the table says. */
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
        free((*set)->runs);
    free(*set);
    *set = NULL;
}

/* The number of runs that begin at or before the key: the last of them is the
 * one that may hold it. */
static size_t
runs_upto(const struct alert_set *set, int64_t key)
{
    size_t low = 0, high = set->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (set->runs[mid].first <= key)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int64_t
alert_set_first_free(const struct alert_set *set, int64_t from)
{
    size_t i = runs_upto(set, from);

    if (i == 0 || set->runs[i - 1].last < from)
        return from;
    return set->runs[i - 1].last + 1;
}

static void
insert_run(struct alert_set *set, size_t i, struct key_run run)
{
    if (set->n == set->cap) {
        set->cap = set->cap == 0 ? 4 : set->cap * 2;
        set->runs = xrealloc(set->runs, set->cap * sizeof *set->runs);
    }
    memmove(set->runs + i + 1, set->runs + i, (set->n - i) * sizeof *set->runs);
    set->runs[i] = run;
    set->n++;
}

static void
remove_run(struct alert_set *set, size_t i)
{
    set->n--;
    memmove(set->runs + i, set->runs + i + 1, (set->n - i) * sizeof *set->runs);
}

void
alert_set_insert(struct alert_set *set, int64_t key)
{
    size_t i = runs_upto(set, key);
    bool left = i > 0 && set->runs[i - 1].last >= key - 1;
    bool right = i < set->n && set->runs[i].first == key + 1;

    if (left && set->runs[i - 1].last >= key)
        return;
    if (left && right) {
        set->runs[i - 1].last = set->runs[i].last;
        remove_run(set, i);
    } else if (left) {
        set->runs[i - 1].last = key;
    } else if (right) {
        set->runs[i].first = key;
    } else {
        insert_run(set, i, (struct key_run){key, key});
    }
}

void
alert_set_remove(struct alert_set *set, int64_t key)
{
    size_t i = runs_upto(set, key);
    struct key_run *run;

    if (i == 0 || set->runs[i - 1].last < key)
        return;
    run = &set->runs[--i];
    if (run->first == key && run->last == key) {
        remove_run(set, i);
    } else if (run->first == key) {
        run->first++;
    } else if (run->last == key) {
        run->last--;
    } else {
        struct key_run behind = {key + 1, run->last};

        run->last = key - 1;
        insert_run(set, i + 1, behind);
    }
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
 * the transaction that changed it. */
void
alert_set_keep(struct store_txn *t, struct alert_set *set)
{
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
