/* SPDX-License-Identifier: BSD-2-Clause */
/* Storing, withdrawing, removing and ending alerts, each with its effect. */
#include "config.h"

#include "ximss/server/rules/alert_admin.h"

#include <string.h>

#include "util/xmalloc.h"
#include "ximss/server/rules/admin_target.h"

/* --- adding and removing --- */

/* As the log calls it; NULL for all of a server or cluster. */
static char *
target_name(const struct alert_target *t)
{
    const char *domain = t->domain.name != NULL ? t->domain.name : "";

    if (t->scope == ALERT_DOMAIN)
        return xstrdup(domain);
    if (t->scope != ALERT_ACCOUNT || t->account.name == NULL)
        return NULL;
    return xasprintf("%s@%s", t->account.name, domain);
}

/* Returns the effect. */
static struct effect *
add_effect(struct admin_context *x, enum effect_kind kind,
           const struct alert_target *t, const struct alert_rec *a)
{
    struct effect *e = effect_add(x->effects, kind);

    e->target = target_name(t);
    e->by_trigger = strncmp(x->caller->from, CALLER_TRIGGER,
                            sizeof CALLER_TRIGGER - 1) == 0;
    if (kind == EFFECT_ALERT_ADDED) {
        alert_rec_copy(&e->alert, a);
    } else {
        e->alert.id = a->id;
        e->alert.scope = a->scope;
        e->alert.target = a->target;
    }
    /* Not its settings, which may be long, for each of many alerts. */
    if (t->scope == ALERT_DOMAIN || t->scope == ALERT_ACCOUNT) {
        e->domain.number = t->domain.number;
        e->domain.shared = t->domain.shared;
        e->domain.name = xstrdup(t->domain.name != NULL ? t->domain.name : "");
    }
    return e;
}

struct alert_rec
alert_admin_new(const struct admin_context *x, const struct alert_target *t,
                int64_t posted)
{
    return (struct alert_rec){.scope = t->scope,
                              .target = t->number,
                              .severity = ALERT_WARNING,
                              .posted = posted,
                              .author = x->caller->account,
                              .author_name = (char *)(uintptr_t)x->caller->name,
                              .origin = (char *)(uintptr_t)x->caller->from};
}

enum store_result
alert_admin_add(struct admin_context *x, const struct alert_target *t,
                struct alert_rec *a, struct errbuf *err)
{
    enum store_result r = alert_add(x->txn, a, err);

    if (r == STORE_OK)
        add_effect(x, EFFECT_ALERT_ADDED, t, a);
    return r;
}

enum drop_why {
    DROP_REMOVED,
    DROP_REPLACED, /* by a newer one that is posted now */
    DROP_EXPIRED   /* its end has come */
};

static enum store_result
drop(struct admin_context *x, const struct alert_target *t,
     const struct alert_rec *a, enum drop_why why, struct errbuf *err)
{
    struct effect *e;
    bool before = store_removing(x->txn, true);
    enum store_result r =
        admin_must(alert_remove(x->txn, a->id, err), "an alert", err);

    store_removing(x->txn, before);
    if (r != STORE_OK)
        return r;
    e = add_effect(x, EFFECT_ALERT_REMOVED, t, a);
    e->expired = why == DROP_EXPIRED;
    e->is_replaced = why == DROP_REPLACED;
    if (why != DROP_EXPIRED && x->caller->name != NULL)
        e->by = xstrdup(x->caller->name);
    return STORE_OK;
}

static enum store_result
withdraw(struct admin_context *x, const struct alert_target *t,
         const struct alert_rec *a, enum drop_why why, struct errbuf *err)
{
    bool before = store_removing(x->txn, true);
    enum store_result r = post_key_release(x->txn, a, err);

    store_removing(x->txn, before);
    return r == STORE_OK ? drop(x, t, a, why, err) : r;
}

enum store_result
alert_admin_withdraw(struct admin_context *x, const struct alert_target *t,
                     const struct alert_rec *a, struct errbuf *err)
{
    return withdraw(x, t, a, DROP_REMOVED, err);
}

enum store_result
alert_admin_make_room(struct admin_context *x, const struct alert_target *t,
                      const struct alert_rec *a, struct errbuf *err)
{
    return withdraw(x, t, a, DROP_REPLACED, err);
}

int64_t
alert_admin_end(const struct admin_context *x, enum alert_scope scope)
{
    int64_t life = x->settings->lifetime[scope];

    return life > 0 ? x->now + life : 0;
}

bool
alert_admin_ended(const struct admin_context *x, const struct alert_rec *a)
{
    return a->until != 0 && a->until <= x->now;
}

/* --- sets --- */

/* So many are looked at before they are removed. */
#define DROP_AT_ONCE 32

struct few_alerts {
    struct alert_rec alert[DROP_AT_ONCE];
    size_t n;
};

static void
few_clear(struct few_alerts *f)
{
    for (size_t i = 0; i < f->n; i++)
        alert_rec_clear(&f->alert[i]);
    f->n = 0;
}

/* Its texts are of no use for what is to be removed. */
static bool
keep_head(const struct alert_rec *a, void *arg)
{
    struct few_alerts *f = arg;

    f->alert[f->n++] =
        (struct alert_rec){.id = a->id, .scope = a->scope, .target = a->target};
    return f->n < DROP_AT_ONCE;
}

enum store_result
alert_admin_drop_some(struct admin_context *x, const struct alert_target *t,
                      struct errbuf *err)
{
    struct few_alerts few = {.n = DROP_AT_ONCE};
    enum store_result r = STORE_OK;

    while (r == STORE_OK && few.n == DROP_AT_ONCE) {
        few.n = 0;
        r = alert_walk(x->txn, t->scope, t->number, 0, keep_head, &few, err);
        for (size_t i = 0; i < few.n && r == STORE_OK; i++)
            r = drop(x, t, &few.alert[i], DROP_REMOVED, err);
        if (r == STORE_OK && few.n == DROP_AT_ONCE && store_tired(x->txn))
            r = STORE_AGAIN;
    }
    few_clear(&few);
    return r;
}

enum store_result
alert_admin_room(struct admin_context *x, const struct alert_target *t,
                 size_t more, struct errbuf *err)
{
    unsigned max = x->settings->max_alerts[t->scope];
    uint64_t n = 0;
    enum store_result r = STORE_OK;

    if (max == 0)
        return STORE_OK;
    r = alert_count(x->txn, t->scope, t->number, &n, err);
    if (r == STORE_OK && (more > max || n > max - more))
        r = STORE_REFUSED;
    return r;
}

/* --- ends --- */

enum store_result
alert_admin_expire(struct admin_context *x, unsigned max, int64_t *next_r,
                   struct errbuf *err)
{
    struct few_alerts ended = {.n = 0};
    struct alert_target t;
    enum store_result r = alert_walk_ended(
        x->txn, x->now, max < DROP_AT_ONCE ? max : DROP_AT_ONCE, keep_head,
        &ended, next_r, err);

    for (size_t i = 0; i < ended.n && r == STORE_OK; i++) {
        r = alert_target_of(x, &ended.alert[i], &t, err);
        if (r == STORE_OK)
            r = drop(x, &t, &ended.alert[i], DROP_EXPIRED, err);
        alert_target_clear(&t);
    }
    few_clear(&ended);
    return r;
}
