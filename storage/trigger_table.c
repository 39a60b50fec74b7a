/* SPDX-License-Identifier: BSD-2-Clause */

/* Triggers and handlers, by name.  Each has two records of its own: what an
 * administrator set, and what the server keeps of it meanwhile.  They are
 * written by different jobs, so neither overwrites the other.  One can be there
 * without the other: what is built in has no definition until it is changed, and
 * what was removed has a state until it has finished what it began. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"
#include "util/text.h"
#include "util/xmalloc.h"

static enum table
table_of(enum trigger_kind kind)
{
    return kind == TRIGGER_HANDLERS ? TABLE_HANDLER : TABLE_TRIGGER;
}

/* False: there is no such name. */
static bool
make_key(struct key *k, enum trigger_part part, const char *name)
{
    char lower[TRIGGER_NAME_MOST + 1];
    size_t len = strlen(name);

    if (len == 0 || len > TRIGGER_NAME_MOST)
        return false;
    memcpy(lower, name, len + 1);
    text_lower(lower);
    *k = (struct key){0};
    key_u8(k, (uint8_t)part);
    key_bytes(k, lower, len);
    return true;
}

bool
trigger_key_is_sound(const struct slice *key)
{
    return key->len > 1 && key->len <= 1 + TRIGGER_NAME_MOST &&
           (key->data[0] == TRIGGER_DEFINITION ||
            key->data[0] == TRIGGER_STATE);
}

enum store_result
trigger_get(struct store_txn *t, enum trigger_kind kind, enum trigger_part part,
            const char *name, char **text_r, struct errbuf *err)
{
    const char *const doing = "reading a trigger or handler";
    struct slice value;
    struct key k;
    enum store_result r;

    *text_r = NULL;
    if (!make_key(&k, part, name))
        return STORE_NOTFOUND;
    r = txn_get(t, table_of(kind), &k, &value, doing, err);
    if (r == STORE_OK && text_decode(value.data, value.len, text_r, err) != 0)
        return txn_damaged(doing, err);
    return r;
}

enum store_result
trigger_put(struct store_txn *t, enum trigger_kind kind, enum trigger_part part,
            const char *name, const char *text, struct errbuf *err)
{
    struct key k;
    enum store_result r;

    if (!make_key(&k, part, name)) {
        err_set(err, "a name has 1 to %d bytes", TRIGGER_NAME_MOST);
        return STORE_REFUSED;
    }
    text_encode(txn_record(t), text);
    r = txn_put(t, table_of(kind), &k, "storing a trigger or handler", err);
    if (r == STORE_OK)
        meta_need_format(t, FORMAT_TRIGGERS);
    return r;
}

enum store_result
trigger_remove(struct store_txn *t, enum trigger_kind kind,
               enum trigger_part part, const char *name, struct errbuf *err)
{
    struct key k;

    if (!make_key(&k, part, name))
        return STORE_NOTFOUND;
    return txn_del(t, table_of(kind), &k, "removing a trigger or handler", err);
}

/* Calls fn for the record that the cursor stands on. */
static enum store_result
walk_one(const struct cursor *c, trigger_walk_fn *fn, void *arg,
         struct errbuf *err)
{
    char *text, *name;

    if (text_decode(c->value.data, c->value.len, &text, err) != 0)
        return txn_damaged(c->doing, err);
    name = xstrndup((const char *)c->key.data + 1, c->key.len - 1);
    fn(name, text, arg);
    free(name);
    free(text);
    return STORE_OK;
}

enum store_result
trigger_walk(struct store_txn *t, enum trigger_kind kind,
             enum trigger_part part, trigger_walk_fn *fn, void *arg,
             struct errbuf *err)
{
    struct key prefix = {0};
    struct cursor c;
    enum store_result r;

    key_u8(&prefix, (uint8_t)part);
    r = cursor_open(&c, t, table_of(kind), &prefix, "listing triggers", err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && cursor_at(&c, &prefix)) {
        r = walk_one(&c, fn, arg, err);
        if (r == STORE_OK)
            r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}
