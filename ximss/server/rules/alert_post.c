/* SPDX-License-Identifier: BSD-2-Clause */
/* Posting alerts.  A post is checked in this order: the right, the text, the
 * key, the end.  The key comes before the end, so that a repeated post is
 * answered like the first one, however late it is.  A key belongs to its alert
 * as long as that is there, and for a day at least, even after the alert was
 * delivered or has ended.  But withdrawing the alert frees the key: when the
 * trouble that a monitor reports comes back, it must be heard.
 *
 * A post that replaces is another alert, with an id of its own, and the one that
 * had the key is withdrawn in the same transaction: whoever had seen that one sees
 * this one once, as everybody else does. */
#include "config.h"

#include "ximss/server/rules/alert_post.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "ximss/proto/answer.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/alert_admin.h"

#define POST_KEY_BYTES 200

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

static enum store_result
look_up(struct admin_context *x, const char *key, struct post_key_rec *rec_r,
        struct errbuf *err)
{
    const struct post_key_life life = {x->now, ALERT_KEY_LEAST};

    return post_key_find(x->txn, x->caller->account, key, &life, rec_r, err);
}

enum store_result
alert_post_find(struct admin_context *x, const char *key, uint64_t *id_r,
                struct errbuf *err)
{
    struct post_key_rec rec = {0};
    enum store_result r = STORE_NOTFOUND;

    if (key[0] != '\0' && strlen(key) <= POST_KEY_BYTES)
        r = look_up(x, key, &rec, err);
    *id_r = rec.alert;
    return r;
}

/* The alert that a post takes the place of, with whom it is for. */
struct replaced {
    struct alert_rec alert; /* id 0: none */
    struct alert_target target;
};

/* Finds it if it is still there, and the caller may withdraw it; else the result
 * says that. */
static enum store_result
find_replaced(struct admin_context *x, uint64_t id, struct replaced *old,
              struct post_result *result, struct errbuf *err)
{
    enum store_result r = alert_get(x->txn, id, &old->alert, err);

    if (r == STORE_NOTFOUND)
        old->alert.id = 0;
    if (r == STORE_OK)
        r = alert_target_of(x, &old->alert, &old->target, err);
    if (r == STORE_OK && !rights_may_post(x->caller, old->alert.scope,
                                          old->target.domain.number))
        refuse(result, ANSWER(NO_RIGHTS));
    result->replaced = old->alert.id;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* Looks the key up.  STORE_NOTFOUND: it is new, or is to be another alert's;
 * STORE_OK: result says the rest. */
static enum store_result
find_key(struct admin_context *x, const struct post *p,
         const uint8_t digest[POST_DIGEST_BYTES], struct replaced *old,
         struct post_result *result, struct errbuf *err)
{
    struct post_key_rec before;
    enum store_result r;

    if (p->key == NULL)
        return STORE_NOTFOUND;
    r = look_up(x, p->key, &before, err);
    if (r != STORE_OK)
        return r;
    if (memcmp(before.digest, digest, sizeof before.digest) != 0) {
        if (!p->replace)
            refuse(result, ANSWER(KEY_USED));
        else
            r = find_replaced(x, before.alert, old, result, err);
        return r == STORE_OK && result->code == 200 ? STORE_NOTFOUND : r;
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
          const struct replaced *old, struct post_result *result,
          struct errbuf *err)
{
    struct alert_rec a = alert_admin_new(x, t, x->now);
    enum store_result r;

    a.severity = p->severity;
    a.until = result->until != 0 ? result->until : alert_admin_end(x, p->scope);
    a.text = (char *)(uintptr_t)p->text;
    a.text_len = p->text_len;
    a.post_key = (char *)(uintptr_t)p->key;
    r = alert_admin_add(x, t, &a, err);
    if (r == STORE_OK && old->alert.id != 0)
        r = alert_admin_make_room(x, &old->target, &old->alert, err);
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
         const struct replaced *old, struct post_result *result,
         struct errbuf *err)
{
    bool in_its_place = old->alert.id != 0 && old->alert.scope == t->scope &&
                        old->alert.target == t->number;
    enum store_result r;

    if (result->until != 0 && result->until <= x->now) {
        refuse(result, ANSWER(UNTIL_PAST));
        return STORE_OK;
    }
    r = alert_admin_room(x, t, in_its_place ? 0 : 1, err);
    if (r == STORE_REFUSED) {
        refuse(result, ANSWER(TOO_MANY_ALERTS),
               x->settings->max_alerts[t->scope]);
        return STORE_OK;
    }
    if (r == STORE_OK && p->test)
        return count_audience(x, t, &result->accounts, err);
    return r == STORE_OK ? keep_post(x, p, t, digest, old, result, err) : r;
}

static enum store_result
post_to(struct admin_context *x, const struct post *p,
        const struct alert_target *t, struct post_result *result,
        struct errbuf *err)
{
    uint8_t digest[POST_DIGEST_BYTES] = {0};
    struct replaced old = {0};
    enum store_result r;

    result->target = t->number;
    if (check_post(x, p, result) != 0 ||
        check_end(x, p, &result->until, result) != 0)
        return STORE_OK;
    if (p->replace && p->key == NULL) {
        refuse(result, ANSWER(REPLACE_WITHOUT_KEY));
        return STORE_OK;
    }
    if (p->key != NULL) /* else nobody asks for it */
        digest_post(p, t, digest);
    r = find_key(x, p, digest, &old, result, err);
    if (r == STORE_NOTFOUND)
        r = post_new(x, p, t, digest, &old, result, err);
    alert_target_clear(&old.target);
    alert_rec_clear(&old.alert);
    return r;
}

enum store_result
alert_post(struct admin_context *x, const struct post *post,
           struct post_result *result, struct errbuf *err)
{
    struct alert_target t;
    int code = ANSWER_NO_RIGHTS;
    unsigned need = RIGHT_POST_ALERTS | (post->test ? 0 : NEED_OR_MAKE);
    enum store_result r =
        alert_target_find(x, post->scope, post->target, need, &t, &code, err);

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
