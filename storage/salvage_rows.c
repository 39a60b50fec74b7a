/* SPDX-License-Identifier: BSD-2-Clause */

/* Reads damaged tables into a new store, and rebuilds what can be derived from
 * them. */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "storage/alert_set.h"
#include "storage/alert_table.h"
#include "storage/env.h"
#include "storage/page_rows.h"
#include "storage/salvage.h"
#include "storage/txn_commit.h"
#include "util/xmalloc.h"

#define BATCH_RECORDS 1000

/* What may have been given out and is not known any more is never given out
 * again: nobody gives out so many in the time of a lost log. */
#define NUMBERS_SPARED 1000000

static const char doing[] = "salvaging";

static int
commit(struct salvage *s, struct errbuf *err)
{
    s->waiting = 0;
    if (txn_commit(s->t, err) != STORE_OK ||
        env_checkpoint(s->t->env, 32768) != 0)
        return -1;
    return txn_begin(s->t, err) == STORE_OK ? 0 : -1;
}

struct reading {
    struct salvage *s;
    salvage_keep_fn *keep;
};

static int
take_row(const struct slice *key, const struct slice *value, void *arg,
         struct errbuf *err)
{
    struct reading *reading = arg;
    struct salvage *s = reading->s;
    struct salvage_count *count = &s->count[s->table];

    switch (reading->keep(s, key, value, err)) {
    case STORE_OK:
        count->kept++;
        break;
    case STORE_REFUSED:
        count->dropped++;
        break;
    case STORE_AGAIN:
    case STORE_NOTFOUND:
    case STORE_EXISTS:
    case STORE_FULL:
    case STORE_ERROR:
        return -1;
    }
    return ++s->waiting < BATCH_RECORDS ? 0 : commit(s, err);
}

static int
read_table(struct salvage *s, size_t i, struct errbuf *err)
{
    struct reading reading = {s, salvage_sources[i].keep};
    char *path;
    int ret;

    s->table = salvage_sources[i].table;
    path = xasprintf("%s/%s", s->from, table_file[s->table]);
    if (access(path, R_OK) != 0) {
        /* An older store has not all of them; who should is noted already. */
        s->count[s->table].bad = s->table < TABLE_FORMAT_1;
        ret = 0;
    } else {
        ret = page_rows(path, take_row, &reading, &s->count[s->table].bad, err);
    }
    free(path);
    return ret;
}

/* --- how many names a domain has --- */

struct domain_count {
    uint64_t domain;
    struct name_count count;
};

static enum store_result
count_names(struct salvage *s, struct domain_count **list_r, size_t *n_r,
            struct errbuf *err)
{
    struct key from = salvage_number_key(1);
    struct domain_count *list = NULL;
    struct cursor c;
    size_t n = 0;
    enum store_result r =
        cursor_open(&c, s->t, TABLE_ACCOUNT_NAME, &from, doing, err);

    for (; r == STORE_OK; r = cursor_next(&c, err)) {
        struct name_rec name;

        if (n == 0 || list[n - 1].domain != key_get_u64(c.key.data)) {
            list = xrealloc(list, (n + 1) * sizeof *list);
            list[n++] =
                (struct domain_count){.domain = key_get_u64(c.key.data)};
        }
        if (c.key.len <= 8 || /* numbers, which are made anew */
            name_rec_decode(c.value.data, c.value.len, &name, err) != 0)
            continue;
        list[n - 1].count.accounts += !name.alias && name.object == OBJECT_NONE;
        list[n - 1].count.aliases += name.alias;
        list[n - 1].count.groups += name.object == OBJECT_GROUP;
        list[n - 1].count.forwarders += name.object == OBJECT_FORWARDER;
    }
    if (n > 0)
        cursor_close(&c);
    *list_r = list;
    *n_r = n;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static int
make_counts(struct salvage *s, struct errbuf *err)
{
    struct domain_count *list;
    size_t n;
    enum store_result r = count_names(s, &list, &n, err);

    for (size_t i = 0; r == STORE_OK && i < n; i++) {
        struct key k = salvage_number_key(list[i].domain);

        name_count_encode(txn_record(s->t), &list[i].count);
        r = txn_put(s->t, TABLE_ACCOUNT_NAME, &k, doing, err);
    }
    free(list);
    return r == STORE_OK ? commit(s, err) : -1;
}

/* --- alerts that others came in the place of --- */

/* Of two alerts of a set with one CLI key, the first was removed before the
 * second was posted: it is in a page that was not written since. */
static enum store_result
drop_replaced(struct salvage *s, struct alert_set **set, const struct cursor *c,
              struct errbuf *err)
{
    struct alert_rec a = {0};
    struct alert_ref ref;
    enum store_result r = alert_decode_at(c, &a, err);
    uint64_t older;

    if (r != STORE_OK)
        return r;
    ref = (struct alert_ref){a.scope, a.target};
    if (*set == NULL || (*set)->ref.scope != ref.scope ||
        (*set)->ref.target != ref.target) {
        alert_set_free(set);
        *set = alert_set_new(ref);
    }
    older = alert_set_id(*set, a.key);
    if (older != 0) {
        r = alert_remove(s->t, older, err);
        alert_set_remove(*set, a.key);
        s->count[TABLE_ALERT].kept--;
        s->count[TABLE_ALERT].dropped++;
    }
    alert_set_insert(*set, a.key, a.id);
    alert_rec_clear(&a);
    return r;
}

static int
drop_all_replaced(struct salvage *s, struct errbuf *err)
{
    struct alert_set *set = NULL;
    struct key from = {0};
    struct cursor c;
    enum store_result r = cursor_open(&c, s->t, TABLE_ALERT, &from, doing, err);

    while (r == STORE_OK) {
        r = drop_replaced(s, &set, &c, err);
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    alert_set_free(&set);
    return r == STORE_NOTFOUND ? commit(s, err) : -1;
}

static int
make_audit_chain(struct salvage *s, struct errbuf *err)
{
    enum store_result r;

    do
        r = salvage_audit_chain(s, err);
    while (r == STORE_AGAIN && commit(s, err) == 0);
    return r == STORE_OK ? commit(s, err) : -1;
}

static void
say(struct salvage *s, size_t i)
{
    const char *name = table_file[salvage_sources[i].table];
    const struct salvage_count *c = &s->count[salvage_sources[i].table];

    fprintf(s->report, "%s: %lu records brought back\n", name, c->kept);
    if (c->dropped > 0)
        fprintf(s->report,
                "%s: %lu records not: damaged, or what they belong to is "
                "lost\n",
                name, c->dropped);
    if (c->bad > 0)
        fprintf(s->report, "%s: %lu pages or records could not be read\n", name,
                c->bad);
    s->lacks |= c->dropped > 0 || c->bad > 0;
}

int
salvage_rows(struct salvage *s, struct errbuf *err)
{
    const size_t n = SALVAGE_SOURCES;
    int ret = txn_begin(s->t, err) == STORE_OK ? 0 : -1;

    for (size_t i = 0; ret == 0 && i < n; i++) {
        ret = read_table(s, i, err);
        s->unsure |= s->count[salvage_sources[i].table].bad > 0;
    }
    for (enum counter c = 0; s->unsure && c < COUNTER_FORMAT; c++)
        s->t->counter[c] += NUMBERS_SPARED;
    if (ret == 0)
        ret = commit(s, err);
    if (ret == 0)
        ret = make_counts(s, err);
    if (ret == 0)
        ret = drop_all_replaced(s, err);
    if (ret == 0)
        ret = make_audit_chain(s, err);
    if (s->t->handle != NULL)
        txn_abort(s->t);
    for (size_t i = 0; ret == 0 && i < n; i++)
        say(s, i);
    return ret;
}
