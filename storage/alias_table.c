/* SPDX-License-Identifier: BSD-2-Clause */

/* An alias is two records in a table of names.  One is the name, which leads to
 * its owner like the real name but is marked as an alias.  The other is an
 * entry under the number of the owner, so that its aliases can be listed.  Such
 * entries begin with a number or byte with which no key of a name begins. */
#include "config.h"

#include "storage/alias_table.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"

/* --- lists --- */

void
alias_list_clear(struct alias_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->name[i]);
    free(l->name);
    *l = (struct alias_list){0};
}

void
alias_list_add(struct alias_list *l, const char *name)
{
    l->name = xrealloc(l->name, (l->n + 1) * sizeof l->name[0]);
    l->name[l->n++] = xstrdup(name);
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A copy as names are kept: in lower case, in order, each once. */
static void
normalise(struct alias_list *to, const struct alias_list *from)
{
    size_t n = 0;

    for (size_t i = 0; i < from->n; i++) {
        alias_list_add(to, from->name[i]);
        text_lower(to->name[i]);
    }
    if (to->n > 0)
        qsort(to->name, to->n, sizeof to->name[0], compare);
    for (size_t i = 0; i < to->n; i++) {
        if (n > 0 && strcmp(to->name[n - 1], to->name[i]) == 0)
            free(to->name[i]);
        else
            to->name[n++] = to->name[i];
    }
    to->n = n;
}

/* Of a list that is in order. */
static bool
contains(const struct alias_list *l, const char *name)
{
    return l->n > 0 &&
           bsearch(&name, l->name, l->n, sizeof l->name[0], compare) != NULL;
}

/* --- keys --- */

static enum store_result
name_key(const struct alias_owner *o, const char *name, struct key *k_r,
         struct errbuf *err)
{
    *k_r = o->names;
    return key_text(k_r, name, true, err);
}

static enum store_result
entry_key(const struct alias_owner *o, const char *name, struct key *k_r,
          struct errbuf *err)
{
    *k_r = o->aliases;
    return key_text(k_r, name, true, err);
}

/* --- reading --- */

enum store_result
alias_list_get(struct store_txn *t, const struct alias_owner *o,
               struct alias_list *l_r, struct errbuf *err)
{
    struct cursor c;
    enum store_result r =
        cursor_open(&c, t, o->table, &o->aliases, "reading aliases", err);

    alias_list_clear(l_r);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK && cursor_at(&c, &o->aliases)) {
        char *name = xstrndup((const char *)c.key.data + o->aliases.len,
                              c.key.len - o->aliases.len);

        alias_list_add(l_r, name);
        free(name);
        r = cursor_next(&c, err);
    }
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
check_one(struct store_txn *t, const struct alias_owner *o, const char *name,
          struct errbuf *err)
{
    const char *const doing = "looking for a name";
    struct name_rec found;
    struct slice value;
    struct key k;
    enum store_result r = name_key(o, name, &k, err);

    if (r == STORE_OK)
        r = txn_get(t, o->table, &k, &value, doing, err);
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    if (name_rec_decode(value.data, value.len, &found, err) != 0)
        return txn_damaged(doing, err);
    if (found.alias && found.number == o->number)
        return STORE_OK;
    err_set(err, "the name %s is taken", name);
    return STORE_EXISTS;
}

enum store_result
alias_check(struct store_txn *t, const struct alias_owner *o,
            const struct alias_list *l, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    for (size_t i = 0; r == STORE_OK && i < l->n; i++)
        r = check_one(t, o, l->name[i], err);
    return r;
}

/* --- changing --- */

static enum store_result
add_one(struct store_txn *t, const struct alias_owner *o, const char *name,
        struct errbuf *err)
{
    const char *const doing = "storing an alias";
    const struct name_rec rec = {.number = o->number, .alias = true};
    struct key k;
    enum store_result r = name_key(o, name, &k, err);

    if (r == STORE_OK) {
        name_rec_encode(txn_record(t), &rec);
        r = txn_put(t, o->table, &k, doing, err);
    }
    if (r == STORE_OK)
        r = entry_key(o, name, &k, err);
    if (r == STORE_OK) {
        nothing_encode(txn_record(t));
        r = txn_put(t, o->table, &k, doing, err);
    }
    return r;
}

static enum store_result
remove_one(struct store_txn *t, const struct alias_owner *o, const char *name,
           struct errbuf *err)
{
    const char *const doing = "removing an alias";
    struct key k;
    enum store_result r = name_key(o, name, &k, err);

    if (r == STORE_OK)
        r = txn_del(t, o->table, &k, doing, err);
    if (r == STORE_OK)
        r = entry_key(o, name, &k, err);
    if (r == STORE_OK)
        r = txn_del(t, o->table, &k, doing, err);
    return txn_must_exist(r, doing, err);
}

enum store_result
alias_set(struct store_txn *t, const struct alias_owner *o,
          const struct alias_list *l, size_t *before_r, size_t *after_r,
          struct errbuf *err)
{
    struct alias_list old = {0}, new = {0};
    enum store_result r = alias_list_get(t, o, &old, err);

    normalise(&new, l);
    if (r == STORE_OK)
        r = alias_check(t, o, &new, err);
    for (size_t i = 0; r == STORE_OK && i < old.n; i++)
        if (!contains(&new, old.name[i]))
            r = remove_one(t, o, old.name[i], err);
    for (size_t i = 0; r == STORE_OK && i < new.n; i++)
        if (!contains(&old, new.name[i]))
            r = add_one(t, o, new.name[i], err);
    if (r == STORE_OK && new.n > 0)
        meta_need_format(t, FORMAT_ALIASES);
    *before_r = old.n;
    *after_r = new.n;
    alias_list_clear(&old);
    alias_list_clear(&new);
    return r;
}
