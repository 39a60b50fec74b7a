/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts posted and removed by requests of XIMSS: alert_post.c does the work;
 * this file writes the audit records. */
#include "config.h"

#include "ximss/server/rules/alert_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/proto/cli_data.h"
#include "ximss/server/rules/admin_audit.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/alert_names.h"

/* What of a text goes into the audit log. */
#define AUDIT_TEXT_BYTES 200

static size_t
cut_text(const char *text, size_t len)
{
    if (len <= AUDIT_TEXT_BYTES)
        return len;
    len = AUDIT_TEXT_BYTES;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static enum store_result
audit_post(struct admin_context *x, const struct post *p,
           const struct post_result *result, struct errbuf *err)
{
    struct buf b = {0};
    enum store_result r;

    buf_append_str(&b, "alertPost ");
    buf_append_str(&b, alert_scope_name(p->scope));
    buf_append_char(&b, ' ');
    buf_append_str(&b, alert_severity_name(p->severity));
    if (p->target != NULL) {
        buf_append_str(&b, " target=");
        cli_data_write_string(&b, p->target,
                              cut_text(p->target, strlen(p->target)));
    }
    if (p->key != NULL) {
        buf_append_str(&b, " key=");
        cli_data_write_string(&b, p->key, cut_text(p->key, strlen(p->key)));
    }
    if (result->code == 200) {
        buf_append_str(&b, " alertID=");
        buf_append_u64(&b, result->id);
    }
    if (result->code == 200 && result->replaced != 0) {
        buf_append_str(&b, " replaced=");
        buf_append_u64(&b, result->replaced);
    }
    /* A text that was refused may hold anything. */
    if (result->code != ANSWER_BAD_ALERT) {
        buf_append_char(&b, ' ');
        cli_data_write_string(&b, p->text, cut_text(p->text, p->text_len));
    }
    r = admin_audit(x, buf_cstr(&b), result->code == 200 ? "ok" : result->text,
                    err);
    buf_clear(&b);
    return r;
}

enum store_result
alert_request_post(struct admin_context *x, const struct post *post,
                   struct post_result *result, struct errbuf *err)
{
    enum store_result r = alert_post(x, post, result, err);

    /* What changed nothing and was allowed to is not worth a line. */
    if (r != STORE_OK ||
        (result->code == 200 && (post->test || result->repeated)))
        return r;
    /* It is run once more, when it is known whether there is such a user. */
    if (x->newcomer != NULL && *x->newcomer != NULL)
        return r;
    return audit_post(x, post, result, err);
}

/* STORE_OK: t is the alert's and the caller may remove it.  STORE_REFUSED:
 * they may not. */
static enum store_result
may_remove(struct admin_context *x, const struct alert_rec *a,
           struct alert_target *t, struct errbuf *err)
{
    enum store_result r = alert_target_of(x, a, t, err);

    if (r == STORE_OK)
        admin_note_target(x, &t->domain, &t->account,
                          alert_scope_name(t->scope));
    if (r == STORE_OK &&
        !rights_may_post(x->caller, a->scope, t->domain.number))
        r = STORE_REFUSED;
    return r;
}

static enum store_result
audit_remove(struct admin_context *x, const char *key, uint64_t id,
             const char *outcome, struct errbuf *err)
{
    struct buf b = {0};
    enum store_result r;

    buf_append_str(&b, "alertRemove");
    if (key != NULL) {
        buf_append_str(&b, " key=");
        cli_data_write_string(&b, key, cut_text(key, strlen(key)));
    }
    if (key == NULL || id != 0) {
        buf_append_str(&b, " alertID=");
        buf_append_u64(&b, id);
    }
    r = admin_audit(x, buf_cstr(&b), outcome, err);
    buf_clear(&b);
    return r;
}

/* What the store says of an alert that is there, or is not, or is not theirs. */
static bool
is_outcome(enum store_result r)
{
    return r == STORE_OK || r == STORE_NOTFOUND || r == STORE_REFUSED;
}

void
withdrawn_clear(struct withdrawn *r)
{
    free(r->target);
    *r = (struct withdrawn){0};
}

static void
describe(const struct alert_target *t, uint64_t id, struct withdrawn *r)
{
    r->id = id;
    r->scope = t->scope;
    if (t->scope == ALERT_DOMAIN)
        r->target = xstrdup(t->domain.name);
    else if (t->scope == ALERT_ACCOUNT)
        r->target = xasprintf("%s@%s", t->account.name, t->domain.name);
}

enum store_result
alert_request_remove(struct admin_context *x, const struct withdrawal *what,
                     struct withdrawn *withdrawn_r, int *code_r,
                     struct errbuf *err)
{
    struct alert_rec a = {0};
    struct alert_target t = {0};
    uint64_t id = what->id;
    const char *outcome = "ok";
    enum store_result r = STORE_OK;

    if (what->key != NULL)
        r = alert_post_find(x, what->key, &id, err);
    if (r == STORE_OK)
        r = alert_get(x->txn, id, &a, err);
    if (r == STORE_OK)
        r = may_remove(x, &a, &t, err);
    if (r == STORE_OK && !what->test)
        r = alert_admin_withdraw(x, &t, &a, err);
    if (r == STORE_OK)
        describe(&t, id, withdrawn_r);
    *code_r = r == STORE_OK ? 200 : ANSWER_NO_ALERT;
    if (r == STORE_REFUSED && what->key != NULL)
        *code_r = ANSWER_NO_RIGHTS; /* their own: there is nothing to hide */
    if (r == STORE_NOTFOUND)
        outcome = answer_text_NO_ALERT;
    else if (r == STORE_REFUSED)
        outcome = answer_text_NO_RIGHTS;
    if (r == STORE_REFUSED || (!what->test && is_outcome(r)))
        r = audit_remove(x, what->key, id, outcome, err);
    else if (is_outcome(r))
        r = STORE_OK;
    alert_target_clear(&t);
    alert_rec_clear(&a);
    return r;
}

enum store_result
alert_request_check(struct admin_context *x, enum alert_scope scope,
                    const char *target, uint64_t *target_r, bool *may_post_r,
                    int *code_r, struct errbuf *err)
{
    struct alert_target t;
    enum store_result r = alert_target_find(
        x, scope, target, RIGHT_POST_ALERTS | NEED_READ_ALL | NEED_LIST, &t,
        code_r, err);

    if (r == STORE_OK && *code_r == ANSWER_MISSING)
        *code_r = ANSWER_NO_ACCOUNT;
    *target_r = t.number;
    *may_post_r = r == STORE_OK && *code_r == 200 &&
                  rights_may_post(x->caller, scope, t.domain.number);
    alert_target_clear(&t);
    return r;
}
