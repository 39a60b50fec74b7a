/* SPDX-License-Identifier: BSD-2-Clause */
/* Account alerts of triggers.  Each account of a begin is noted with the id of its
 * alert: an alert that is still there when the trigger is over is withdrawn, and
 * one that is not was delivered, so that its reader hears that it is over. */
#include "config.h"

#include "ximss/server/rules/trigger_tell.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/alert_post.h"

#define OVER_LIFETIME "1d"

struct telling {
    struct admin_context *x;
    const struct trigger_telling *tell;
    struct trigger_pair *pair;
    unsigned *left; /* accounts that this job may do */
    struct trigger_told_result *result;
};

/* --- posting and withdrawing --- */

static enum store_result
post(struct admin_context *x, const char *account, enum alert_severity severity,
     const char *text, const char *lifetime, struct post_result *result,
     struct errbuf *err)
{
    const struct post p = {.scope = ALERT_ACCOUNT,
                           .target = account,
                           .severity = severity,
                           .lifetime = lifetime,
                           .text = text,
                           .text_len = strlen(text)};

    return alert_post(x, &p, result, err);
}

enum store_result
trigger_tell_once(struct admin_context *x, const char *account,
                  enum alert_severity severity, const char *text,
                  uint64_t *alert_r, int *code_r, struct errbuf *why,
                  struct errbuf *err)
{
    struct post_result result;
    enum store_result r =
        post(x, account, severity, text, OVER_LIFETIME, &result, err);

    if (r != STORE_OK)
        return r;
    *alert_r = result.code == 200 ? result.id : 0;
    *code_r = result.code;
    err_set(why, "%s: %s", account, result.text);
    return STORE_OK;
}

/* *was_r: it was there. */
static enum store_result
withdraw(struct admin_context *x, uint64_t alert, bool *was_r,
         struct errbuf *err)
{
    struct alert_rec a = {0};
    struct alert_target t = {0};
    enum store_result r =
        alert != 0 ? alert_get(x->txn, alert, &a, err) : STORE_NOTFOUND;

    *was_r = r == STORE_OK;
    if (r == STORE_OK)
        r = alert_target_of(x, &a, &t, err);
    if (r == STORE_OK)
        r = alert_admin_withdraw(x, &t, &a, err);
    alert_target_clear(&t);
    alert_rec_clear(&a);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static void
drop_post(struct trigger_pair *p, size_t i)
{
    memmove(&p->post[i], &p->post[i + 1], (--p->n_posts - i) * sizeof *p->post);
}

static void
note_failure(struct telling *t, const char *account, const char *why)
{
    t->result->failed++;
    err_set(&t->result->why, "%s: %s", account, why);
}

/* --- a begin --- */

/* Those of the begin before, and those that said it was over. */
static enum store_result
take_back(struct telling *t, struct errbuf *err)
{
    struct trigger_pair *p = t->pair;
    enum store_result r = STORE_OK;
    bool was;

    if (p->posted == t->tell->since)
        return STORE_OK;
    while (r == STORE_OK && p->n_posts > 0 && *t->left > 0) {
        r = withdraw(t->x, p->post[p->n_posts - 1].alert, &was, err);
        if (r == STORE_OK) {
            p->n_posts--;
            --*t->left;
        }
    }
    if (p->n_posts == 0)
        p->posted = t->tell->since;
    return r;
}

static bool
has_post(const struct trigger_pair *p, uint64_t account)
{
    for (size_t i = 0; i < p->n_posts; i++)
        if (p->post[i].account == account)
            return true;
    return false;
}

static void
add_post(struct trigger_pair *p, uint64_t account, uint64_t alert)
{
    p->post = xrealloc(p->post, (p->n_posts + 1) * sizeof *p->post);
    p->post[p->n_posts++] =
        (struct trigger_post){.account = account, .alert = alert};
}

/* 0: there is none. */
static enum store_result
account_number(struct admin_context *x, const char *name, uint64_t *number_r,
               struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    bool domain_found;
    enum store_result r =
        admin_account_find(x->txn, name, NULL, &d, &a, &domain_found, err);

    *number_r = r == STORE_OK ? a.number : 0;
    admin_clear(&d, &a);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
begin_account(struct telling *t, const char *name, struct errbuf *err)
{
    struct post_result result;
    uint64_t account;
    enum store_result r = account_number(t->x, name, &account, err);

    if (r == STORE_OK && account == 0)
        note_failure(t, name, "there is no such account");
    if (r != STORE_OK || account == 0 || has_post(t->pair, account))
        return r;
    r = post(t->x, name, t->tell->severity, t->tell->text, NULL, &result, err);
    if (r != STORE_OK)
        return r;
    --*t->left;
    if (result.code != 200)
        note_failure(t, name, result.text);
    add_post(t->pair, account, result.code == 200 ? result.id : 0);
    return STORE_OK;
}

/* --- an end --- */

static enum store_result
name_of(struct admin_context *x, uint64_t number, char **name_r,
        struct errbuf *err)
{
    struct account_rec a = {0};
    struct domain_rec d = {0};
    enum store_result r = account_get(x->txn, number, &a, err);

    *name_r = NULL;
    if (r == STORE_OK)
        r = domain_get(x->txn, a.domain, &d, err);
    if (r == STORE_OK)
        *name_r = xasprintf("%s@%s", a.name, d.name);
    admin_clear(&d, &a);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* To whom the begin was delivered. */
static enum store_result
say_over(struct telling *t, struct trigger_post *p, struct errbuf *err)
{
    struct errbuf why;
    uint64_t alert = 0;
    char *name;
    int code = 200;
    enum store_result r = name_of(t->x, p->account, &name, err);

    if (r == STORE_OK && name != NULL)
        r = trigger_tell_once(t->x, name, ALERT_INFO, t->tell->text, &alert,
                              &code, &why, err);
    free(name);
    if (r != STORE_OK)
        return r;
    if (code != 200)
        note_failure(t, "it is over", why.text);
    p->alert = alert;
    p->over = alert != 0;
    return STORE_OK;
}

static enum store_result
end_post(struct telling *t, size_t i, struct errbuf *err)
{
    struct trigger_post *p = &t->pair->post[i];
    bool was, posted = p->alert != 0;
    enum store_result r = withdraw(t->x, p->alert, &was, err);

    if (r == STORE_OK && posted && !was && t->tell->says_over)
        r = say_over(t, p, err);
    if (r != STORE_OK)
        return r;
    --*t->left;
    if (!p->over)
        drop_post(t->pair, i);
    return STORE_OK;
}

/* --- the whole --- */

static enum store_result
tell_begin(struct telling *t, bool *done_r, struct errbuf *err)
{
    enum store_result r = take_back(t, err);
    size_t i = 0;

    while (r == STORE_OK && i<t->tell->n_accounts && * t->left> 0)
        r = begin_account(t, t->tell->accounts[i++], err);
    *done_r = *t->left > 0;
    return r;
}

static enum store_result
tell_over(struct telling *t, bool *done_r, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    size_t i = 0;

    while (r == STORE_OK && i<t->pair->n_posts && * t->left> 0)
        if (t->pair->post[i].over)
            i++;
        else
            r = end_post(t, i, err); /* it is gone, or says that it is over */
    *done_r = *t->left > 0;
    return r;
}

static enum store_result
tell_one(struct telling *t, struct errbuf *err)
{
    struct trigger_told *told = &t->pair->told[TRIGGER_ALERT];
    bool begins = t->tell->due == TRIGGER_TELL_BEGIN, done = false;
    enum store_result r =
        begins ? tell_begin(t, &done, err) : tell_over(t, &done, err);

    if (r == STORE_OK && done) {
        told->active = begins;
        told->since = t->tell->since;
        return r;
    }
    t->result->more = true;
    if (begins && t->pair->n_posts > 0) {
        told->active = true; /* there is something to take back */
        told->since = 0;     /* but not all have been told */
    }
    return r;
}

enum store_result
trigger_tell(struct admin_context *x, const char *name,
             struct trigger_state *state, const struct trigger_telling *tell,
             size_t n, struct trigger_told_result *result, struct errbuf *err)
{
    unsigned left = TRIGGER_TELL_MOST, before = store_changes(x->txn);
    enum store_result r = STORE_OK;
    char *text;

    *result = (struct trigger_told_result){0};
    for (size_t i = 0; r == STORE_OK && i < n; i++) {
        struct telling t = {.x = x,
                            .tell = &tell[i],
                            .pair = trigger_state_pair(state, tell[i].handler),
                            .left = &left,
                            .result = result};

        r = tell_one(&t, err);
    }
    /* What a tired job has written is kept, so it is noted now. */
    if (r == STORE_AGAIN && store_changes(x->txn) != before)
        r = STORE_OK;
    if (r != STORE_OK)
        return r;
    text = trigger_state_text(state);
    r = trigger_put(x->txn, TRIGGER_TRIGGERS, TRIGGER_STATE, name, text, err);
    free(text);
    return r;
}

/* --- who holds Master --- */

struct masters {
    struct store_txn *t;
    char **after;
    const char *domain;
    trigger_master_fn *fn;
    void *arg;
    bool tired;
    enum store_result result;
    struct errbuf *err;
};

static bool
look_at(const struct account_name *n, void *arg)
{
    struct masters *m = arg;
    struct account_rec a = {0};
    char *name;

    free(*m->after);
    *m->after = xstrdup(n->name);
    if (!n->alias && n->object == OBJECT_NONE) {
        m->result = account_get(m->t, n->number, &a, m->err);
        if (m->result == STORE_OK &&
            (rights_parse(a.rights) & RIGHT_MASTER) != 0) {
            name = xasprintf("%s@%s", n->name, m->domain);
            m->fn(name, m->arg);
            free(name);
        }
        account_rec_clear(&a);
    }
    m->tired = store_tired(m->t);
    return m->result == STORE_OK && !m->tired;
}

enum store_result
trigger_masters(struct store_txn *t, char **after, trigger_master_fn *fn,
                void *arg, struct errbuf *err)
{
    struct masters m = {
        .t = t, .after = after, .fn = fn, .arg = arg, .err = err};
    struct domain_rec d = {0};
    char *main_domain = NULL;
    enum store_result r =
        meta_text_get(t, STORE_TEXT_MAIN_DOMAIN, &main_domain, err);

    if (r == STORE_OK)
        r = domain_find(t, main_domain, &d, err);
    m.domain = main_domain;
    if (r == STORE_OK)
        r = account_walk(t, d.number, *after, look_at, &m, err);
    if (r == STORE_OK)
        r = m.result;
    domain_rec_clear(&d);
    free(main_domain);
    return r == STORE_OK && m.tired ? STORE_AGAIN : r;
}
