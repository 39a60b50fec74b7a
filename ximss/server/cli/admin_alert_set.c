/* SPDX-License-Identifier: BSD-2-Clause */
/* SETxALERTS: the dictionary says what the set's alerts are to be.  It may take
 * many parts. */
#include "config.h"

#include "ximss/server/cli/admin_alert_set.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "ximss/server/cli/admin_alert.h"
#include "ximss/server/rules/alert_admin.h"

/* Most alerts that SETxALERTS takes. */
#define SET_MAX 10000

/* What the dictionary wants, in the order of keys. */
struct wanted {
    int64_t key;
    const char *text;
    size_t len;
};

static int
compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

static enum store_result
read_wanted(struct admin_call *c, const struct cli_value *v, struct wanted *w)
{
    size_t max = c->x->settings->alert_bytes;
    struct errbuf why;

    w->text = admin_value_text(c->arena, v);
    if (admin_alert_parse_key(v->key, &w->key) != 0)
        return admin_refuse(c, ANSWER(BAD_STAMP_KEY), v->key);
    if (w->text == NULL)
        return admin_refuse(c, ANSWER(MISSING), "alert text");
    w->len = strlen(w->text);
    if (text_check_alert(w->text, w->len, max > 0 ? max : 4096, &why) != 0)
        return admin_refuse(c, ANSWER_BAD_ALERT, "%s", why.text);
    return STORE_OK;
}

static enum store_result
read_all_wanted(struct admin_call *c, const struct cli_value *dict,
                struct wanted *w)
{
    enum store_result r = STORE_OK;
    size_t n = 0;

    for (const struct cli_value *v = dict->first; v != NULL; v = v->next) {
        r = read_wanted(c, v, &w[n++]);
        if (r != STORE_OK)
            return r;
    }
    qsort(w, n, sizeof *w, compare_wanted);
    for (size_t i = 1; i < n; i++) {
        if (w[i - 1].key == w[i].key)
            return admin_refuse(c, ANSWER(SAME_STAMP));
    }
    return r;
}

/* What a SET keeps from part to part. */
struct setting {
    struct wanted *w;
    size_t n;
};

static enum store_result
read_setting(struct admin_call *c, const struct cli_value *dict,
             struct setting **s_r)
{
    struct setting *s = c->parts->state;
    enum store_result r = STORE_OK;

    *s_r = s;
    if (s != NULL)
        return STORE_OK;
    *s_r = s = arena_alloc(c->arena, sizeof *s);
    s->n = dict->n;
    s->w = arena_alloc(c->arena, (dict->n + 1) * sizeof *s->w);
    r = read_all_wanted(c, dict, s->w);
    if (r == STORE_OK)
        c->parts->state = s;
    return r;
}

static enum store_result
check_size(struct admin_call *c, const struct cli_value *dict)
{
    unsigned max = c->x->settings->max_alerts[c->command->detail];

    if (max == 0 || max > SET_MAX)
        max = SET_MAX;
    if (dict->n > max)
        return admin_refuse(c, ANSWER(TOO_MANY_ALERTS), max);
    return STORE_OK;
}

/* Two changes of one set would mix, as both go on in parts: the second waits. */
static bool
may_begin(struct admin_call *c, const struct alert_target *t)
{
    struct alert_claim *mine = c->x->claim, *other;

    if (c->x->claims == NULL || mine->held)
        return true;
    LIST_FOREACH(other, c->x->claims, link)
        if (other->scope == t->scope && other->target == t->number)
            return false;
    mine->scope = t->scope;
    mine->target = t->number;
    mine->held = true;
    LIST_INSERT_HEAD(c->x->claims, mine, link);
    return true;
}

/* The alert that has the key stays if it is the one that is wanted; else it makes
 * room for that one. */
static enum store_result
set_one(struct admin_call *c, const struct alert_target *t,
        const struct wanted *w, struct errbuf *err)
{
    struct alert_rec old = {0}, a;
    enum store_result r =
        alert_find_key(c->x->txn, t->scope, t->number, w->key, &old, err);
    bool stays = r == STORE_OK && !alert_admin_ended(c->x, &old) &&
                 old.text_len == w->len &&
                 memcmp(old.text, w->text, w->len) == 0;

    if (r == STORE_OK && !stays)
        r = alert_admin_withdraw(c->x, t, &old, err);
    alert_rec_clear(&old);
    if (stays || (r != STORE_OK && r != STORE_NOTFOUND))
        return r;
    a = alert_admin_new(c->x, t, w->key * CLOCK_SECOND);
    a.until = alert_admin_end(c->x, t->scope);
    a.text = (char *)(uintptr_t)w->text;
    a.text_len = w->len;
    return alert_admin_add(c->x, t, &a, err);
}

static enum store_result
remove_id(struct admin_call *c, const struct alert_target *t, uint64_t id,
          struct errbuf *err)
{
    struct alert_rec a = {0};
    enum store_result r =
        admin_must(alert_get(c->x->txn, id, &a, err), "an alert", err);

    if (r == STORE_OK)
        r = alert_admin_withdraw(c->x, t, &a, err);
    alert_rec_clear(&a);
    return r;
}

/* What was there when the change began, and is not wanted. */
static enum store_result
remove_rest(struct admin_call *c, const struct alert_target *t,
            const struct setting *s, uint64_t upto, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    int64_t key = INT64_MIN;
    uint64_t id;

    while (r == STORE_OK && !store_tired(c->x->txn)) {
        struct wanted like;

        r = alert_next_key(c->x->txn, t->scope, t->number, key, &key, &id, err);
        if (r != STORE_OK)
            break;
        like.key = key++;
        if (id <= upto &&
            bsearch(&like, s->w, s->n, sizeof like, compare_wanted) == NULL)
            r = remove_id(c, t, id, err);
    }
    if (r == STORE_OK)
        return STORE_AGAIN;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* What is wanted comes before the rest goes: whatever happens between two parts,
 * no alert is missing that was there and is to be there.  at: 1 more than the
 * number of those that have come; sum: the last id when it began. */
static enum store_result
change_set(struct admin_call *c, const struct alert_target *t,
           const struct setting *s, struct errbuf *err)
{
    struct admin_progress p = admin_parts_begin(c->parts, c->x->txn);
    enum store_result r = STORE_OK;

    p.target = t->number;
    if (p.at == 0) {
        r = meta_last_alert_id(c->x->txn, &p.sum, err);
        p.at = 1;
    }
    for (; r == STORE_OK && p.at <= s->n; p.at++) {
        if (store_tired(c->x->txn))
            r = STORE_AGAIN;
        else
            r = set_one(c, t, &s->w[p.at - 1], err);
        if (r == STORE_AGAIN)
            break;
    }
    if (r == STORE_OK)
        r = remove_rest(c, t, s, p.sum, err);
    if (r == STORE_AGAIN)
        admin_parts_set(c->parts, c->x->txn, &p);
    return r;
}

enum store_result
admin_alert_set(struct admin_call *c, struct errbuf *err)
{
    struct alert_target t = {0};
    const struct cli_value *dict = NULL;
    struct setting *s = NULL;
    const char *name;
    enum store_result r = admin_alert_arg_target(c, true, &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &dict);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_alert_find_target(c, name, RIGHT_POST_ALERTS | NEED_OR_MAKE,
                                    &t, err);
    if (r == STORE_OK)
        r = admin_call_same(c, t.number,
                            t.scope == ALERT_ACCOUNT ? ANSWER_NO_ACCOUNT
                                                     : ANSWER_NO_DOMAIN);
    if (r == STORE_OK)
        r = check_size(c, dict);
    if (r == STORE_OK)
        r = read_setting(c, dict, &s);
    if (r == STORE_OK && !may_begin(c, &t))
        r = STORE_AGAIN;
    if (r == STORE_OK)
        r = change_set(c, &t, s, err);
    alert_target_clear(&t);
    return r;
}
