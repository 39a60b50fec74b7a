/* SPDX-License-Identifier: BSD-2-Clause */
/* Posting and removing alerts.
 *
 * A post is checked in this order: may he, is the text good, was the key used,
 * is the end to come.  The key goes before the end, so that a post that is
 * repeated by its sender is answered as the first time, however late.
 *
 * A key belongs to its alert for a day, also when that was delivered or has
 * ended; but whoever withdraws the alert sets the key free: a monitor whose
 * trouble comes back must be heard. */
#include "config.h"

#include "ximss/server/rules/alert_admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/server/rules/admin_target.h"

#define POST_KEY_BYTES 200
#define POST_KEY_LIFE  (24 * 3600 * CLOCK_SECOND)

/* --- targets --- */

void
alert_target_clear(struct alert_target *t)
{
    domain_rec_clear(&t->domain);
    account_rec_clear(&t->account);
}

static int
code_of_scope(const struct caller *c, enum alert_scope scope, unsigned need)
{
    bool may = rights_may_post(c, scope, 0) ||
               ((need & NEED_READ_ALL) != 0 && rights_may_read(c, 0)) ||
               ((need & NEED_LIST) != 0 && rights_may_list(c, scope, 0));

    return may ? ANSWER_OK : ANSWER_NO_RIGHTS;
}

enum store_result
alert_target_find(struct admin_context *x, enum alert_scope scope,
                  const char *name, unsigned need, struct alert_target *t_r,
                  int *code_r, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    *t_r = (struct alert_target){.scope = scope};
    switch (scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        *code_r = code_of_scope(x->caller, scope, need);
        break;
    case ALERT_DOMAIN:
        r = admin_find_domain(x, name, need, &t_r->domain, code_r, err);
        t_r->number = t_r->domain.number;
        break;
    case ALERT_ACCOUNT:
        if (name == NULL) {
            *code_r = ANSWER_MISSING;
            break;
        }
        r = admin_find_account(x, name, need, &t_r->domain, &t_r->account,
                               code_r, err);
        t_r->number = t_r->account.number;
        break;
    }
    return r;
}

enum store_result
alert_target_of(struct admin_context *x, const struct alert_rec *a,
                struct alert_target *t, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    *t = (struct alert_target){.scope = a->scope, .number = a->target};
    switch (a->scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        return STORE_OK;
    case ALERT_DOMAIN:
        return admin_must(domain_get(x->txn, a->target, &t->domain, err),
                          "an alert's domain", err);
    case ALERT_ACCOUNT:
        r = admin_must(account_get(x->txn, a->target, &t->account, err),
                       "an alert's account", err);
        if (r == STORE_OK)
            r = admin_must(
                domain_get(x->txn, t->account.domain, &t->domain, err),
                "an account's domain", err);
        break;
    }
    return r;
}

/* --- adding and removing --- */

static void
add_effect(struct admin_context *x, enum effect_kind kind,
           const struct alert_target *t, const struct alert_rec *a)
{
    struct effect *e = effect_add(x->effects, kind);

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

enum store_result
alert_admin_drop(struct admin_context *x, const struct alert_target *t,
                 const struct alert_rec *a, struct errbuf *err)
{
    bool before = store_removing(x->txn, true);
    enum store_result r =
        admin_must(alert_remove(x->txn, a->id, err), "an alert", err);

    store_removing(x->txn, before);
    if (r == STORE_OK)
        add_effect(x, EFFECT_ALERT_REMOVED, t, a);
    return r;
}

enum store_result
alert_admin_withdraw(struct admin_context *x, const struct alert_target *t,
                     const struct alert_rec *a, struct errbuf *err)
{
    bool before = store_removing(x->txn, true);
    enum store_result r = post_key_release(x->txn, a, err);

    store_removing(x->txn, before);
    return r == STORE_OK ? alert_admin_drop(x, t, a, err) : r;
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
            r = alert_admin_drop(x, t, &few.alert[i], err);
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

/* --- posting --- */

static int refuse(struct post_result *result, int code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static int
refuse(struct post_result *result, int code, const char *fmt, ...)
{
    va_list ap;

    result->code = code;
    va_start(ap, fmt);
    vsnprintf(result->text, sizeof result->text, fmt, ap);
    va_end(ap);
    return -1;
}

/* As the post wants it; 0: not at all. */
static int
check_end(const struct admin_context *x, const struct post *p, int64_t *until_r,
          struct post_result *result)
{
    int64_t life;

    *until_r = p->until;
    if (p->lifetime == NULL)
        return 0;
    if (p->until != 0)
        return refuse(result, ANSWER(UNTIL_AND_LIFETIME));
    if (clock_parse_span(p->lifetime, &life) != 0)
        return refuse(result, ANSWER(BAD_LIFETIME));
    *until_r = x->now + life;
    return 0;
}

/* What needs no store: text, severity, key. */
static int
check_post(const struct admin_context *x, const struct post *p,
           struct post_result *result)
{
    size_t max = x->settings->alert_bytes > 0 ? x->settings->alert_bytes : 4096;
    struct errbuf why;

    if (p->scope == ALERT_CLUSTER)
        return refuse(result, ANSWER(CLUSTER_ONLY));
    if (text_check_alert(p->text, p->text_len, max, &why) != 0)
        return refuse(result, ANSWER_BAD_ALERT, "%s", why.text);
    if (p->key != NULL &&
        (p->key[0] == '\0' || strlen(p->key) > POST_KEY_BYTES))
        return refuse(result, ANSWER(BAD_KEY), POST_KEY_BYTES);
    return 0;
}

/* What makes a post with the same key the same post.  A lifetime counts as it
 * is written: its end is another one at each try. */
static void
digest_post(const struct post *p, const struct alert_target *t,
            uint8_t digest[POST_DIGEST_BYTES])
{
    struct buf b = {0};

    buf_appendf(&b, "%d %llu %d ", (int)p->scope, (unsigned long long)t->number,
                (int)p->severity);
    if (p->lifetime != NULL)
        buf_appendf(&b, "+%s ", p->lifetime);
    else
        buf_appendf(&b, "%lld ", (long long)p->until);
    buf_append(&b, p->text, p->text_len);
    if (EVP_Digest(b.data, b.len, digest, NULL, EVP_sha256(), NULL) != 1)
        log_fatal("SHA-256 is not available");
    buf_clear(&b);
}

/* Whether the alert that has the key is over, by the store.  One that was just
 * delivered may still be there: the worker of its account knows. */
static enum store_result
is_over(struct admin_context *x, const struct post_key_rec *key,
        struct post_result *result, struct errbuf *err)
{
    struct alert_rec a = {0};
    struct effect *e;
    enum store_result r = alert_get(x->txn, key->alert, &a, err);

    result->over = r == STORE_NOTFOUND || alert_admin_ended(x, &a);
    result->until = a.until;
    if (r == STORE_OK && !result->over && a.scope == ALERT_ACCOUNT) {
        e = effect_add(x->effects, EFFECT_COUNT_DELIVERED);
        e->alert.id = a.id;
        e->alert.target = a.target;
    }
    alert_rec_clear(&a);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* Looks the key up.  STORE_NOTFOUND: it is new; STORE_OK: result says the
 * rest. */
static enum store_result
find_key(struct admin_context *x, const struct post *p,
         const uint8_t digest[POST_DIGEST_BYTES], struct post_result *result,
         struct errbuf *err)
{
    struct post_key_rec before;
    enum store_result r;

    if (p->key == NULL)
        return STORE_NOTFOUND;
    r = post_key_find(x->txn, x->caller->account, p->key,
                      x->now - POST_KEY_LIFE, &before, err);
    if (r != STORE_OK)
        return r;
    if (memcmp(before.digest, digest, sizeof before.digest) != 0) {
        refuse(result, ANSWER(KEY_USED));
        return STORE_OK;
    }
    result->id = before.alert;
    result->posted = before.posted;
    result->repeated = true;
    return is_over(x, &before, result, err);
}

/* Of all local domains, in as many parts as it takes. */
static enum store_result
count_all(struct admin_context *x, uint64_t *count_r, struct errbuf *err)
{
    struct admin_progress p = admin_parts_begin(x->parts, x->txn);
    enum store_result r = account_count_all(x->txn, &p.at, &p.sum, err);

    if (r == STORE_AGAIN)
        admin_parts_set(x->parts, x->txn, &p);
    *count_r = p.sum;
    return r;
}

static enum store_result
count_audience(struct admin_context *x, const struct alert_target *t,
               uint64_t *count_r, struct errbuf *err)
{
    *count_r = 0;
    switch (t->scope) {
    case ALERT_SERVER:
        return count_all(x, count_r, err);
    case ALERT_CLUSTER:
        return STORE_OK;
    case ALERT_DOMAIN:
        return account_count(x->txn, t->number, count_r, err);
    case ALERT_ACCOUNT:
        *count_r = 1;
        return STORE_OK;
    }
    return STORE_ERROR;
}

static enum store_result
keep_key(struct admin_context *x, const struct alert_rec *a,
         const uint8_t digest[POST_DIGEST_BYTES], struct errbuf *err)
{
    struct post_key_rec rec = {.posted = x->now,
                               .alert = a->id,
                               .scope = a->scope,
                               .target = a->target};

    memcpy(rec.digest, digest, sizeof rec.digest);
    return post_key_put(x->txn, x->caller->account, a->post_key, &rec, err);
}

/* All checks are behind us. */
static enum store_result
keep_post(struct admin_context *x, const struct post *p,
          const struct alert_target *t, const uint8_t digest[POST_DIGEST_BYTES],
          struct post_result *result, struct errbuf *err)
{
    struct alert_rec a = alert_admin_new(x, t, x->now);
    enum store_result r;

    a.severity = p->severity;
    a.until = result->until != 0 ? result->until : alert_admin_end(x, p->scope);
    a.text = (char *)(uintptr_t)p->text;
    a.text_len = p->text_len;
    a.post_key = (char *)(uintptr_t)p->key;
    r = alert_admin_add(x, t, &a, err);
    if (r == STORE_OK && p->key != NULL)
        r = keep_key(x, &a, digest, err);
    result->id = a.id;
    result->posted = a.posted;
    result->until = a.until;
    return r;
}

static enum store_result
post_new(struct admin_context *x, const struct post *p,
         const struct alert_target *t, const uint8_t digest[POST_DIGEST_BYTES],
         struct post_result *result, struct errbuf *err)
{
    enum store_result r;

    if (result->until != 0 && result->until <= x->now) {
        refuse(result, ANSWER(UNTIL_PAST));
        return STORE_OK;
    }
    r = alert_admin_room(x, t, 1, err);
    if (r == STORE_REFUSED) {
        refuse(result, ANSWER(TOO_MANY_ALERTS),
               x->settings->max_alerts[t->scope]);
        return STORE_OK;
    }
    if (r == STORE_OK && p->test)
        return count_audience(x, t, &result->accounts, err);
    return r == STORE_OK ? keep_post(x, p, t, digest, result, err) : r;
}

static enum store_result
post_to(struct admin_context *x, const struct post *p,
        const struct alert_target *t, struct post_result *result,
        struct errbuf *err)
{
    uint8_t digest[POST_DIGEST_BYTES] = {0};
    enum store_result r;

    result->target = t->number;
    if (check_post(x, p, result) != 0 ||
        check_end(x, p, &result->until, result) != 0)
        return STORE_OK;
    if (p->key != NULL) /* else nobody asks for it */
        digest_post(p, t, digest);
    r = find_key(x, p, digest, result, err);
    return r == STORE_NOTFOUND ? post_new(x, p, t, digest, result, err) : r;
}

enum store_result
alert_admin_post(struct admin_context *x, const struct post *post,
                 struct post_result *result, struct errbuf *err)
{
    struct alert_target t;
    int code = ANSWER_NO_RIGHTS;
    enum store_result r = alert_target_find(x, post->scope, post->target,
                                            RIGHT_POST_ALERTS, &t, &code, err);

    *result = (struct post_result){.code = 200, .text = "OK"};
    if (r == STORE_OK && code == ANSWER_MISSING)
        refuse(result, ANSWER(MISSING), "target");
    else if (r == STORE_OK && code != 200)
        refuse(result, code, "%s", answer_text(code));
    else if (r == STORE_OK)
        r = post_to(x, post, &t, result, err);
    alert_target_clear(&t);
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
            r = alert_admin_drop(x, &t, &ended.alert[i], err);
        alert_target_clear(&t);
    }
    few_clear(&ended);
    return r;
}
