/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts by the CLI (protocol.md C.4): get, set, post and remove for each
 * scope. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_alert.h"
#include "ximss/server/cli/admin_alert_set.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/alert_names.h"
#include "ximss/server/rules/alert_post.h"

/* --- arguments --- */

/* POST and REMOVE: [target ALERT] text. */
static enum store_result
read_target_and_text(struct admin_call *c, const char *what,
                     const char **name_r, const char **text_r)
{
    enum store_result r = admin_alert_arg_target(c, false, name_r);

    if (r == STORE_OK && *name_r != NULL)
        r = admin_arg_keyword(c, "ALERT");
    if (r == STORE_OK)
        r = admin_arg_text(c, what, text_r);
    return r;
}

/* --- get --- */

/* Text of one piece, but for the last alert; the answer goes on as listings do
 * (cmd_lists.c). */
#define PIECE_BYTES 32768

struct listing {
    struct admin_call *call;
    uint64_t target, last; /* id */
    bool more;
};

static bool
list_alert(const struct alert_rec *a, void *arg)
{
    struct listing *l = arg;
    struct buf *out = &l->call->answer->data;
    char key[ADMIN_ALERT_KEY_SIZE];

    l->last = a->id;
    if (!alert_admin_ended(l->call->x, a)) {
        admin_alert_format_key(a->key, key);
        cli_data_write_string(out, key, strlen(key));
        buf_append_char(out, '=');
        cli_data_write_string(out, a->text, a->text_len);
        buf_append_char(out, ';');
    }
    l->more = out->len >= PIECE_BYTES || store_tired(l->call->x->txn);
    return !l->more;
}

static enum store_result
list_alerts(struct listing *l, struct errbuf *err)
{
    struct admin_answer *a = l->call->answer;
    enum store_result r =
        alert_walk(l->call->x->txn, (enum alert_scope)l->call->command->detail,
                   l->target, l->last, list_alert, l, err);

    if (r != STORE_OK)
        return r;
    a->more = l->more;
    if (l->more)
        a->next = xasprintf("%llu %llu", (unsigned long long)l->target,
                            (unsigned long long)l->last);
    else
        buf_append_char(&a->data, '}');
    return r;
}

static enum store_result
begin_listing(struct listing *l, const char *name, struct errbuf *err)
{
    struct alert_target t = {0};
    enum store_result r = admin_alert_find_target(
        l->call, name, RIGHT_POST_ALERTS | NEED_READ_ALL | NEED_OWN, &t, err);

    l->target = t.number;
    if (r == STORE_OK)
        buf_append_char(&l->call->answer->data, '{');
    alert_target_clear(&t);
    return r;
}

static enum store_result
get_alerts(struct admin_call *c, struct errbuf *err)
{
    struct listing l = {.call = c};
    const char *name, *from = c->x->from;
    char *end;
    enum store_result r = admin_alert_arg_target(c, true, &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r != STORE_OK)
        return r;
    if (from == NULL) {
        r = begin_listing(&l, name, err);
    } else {
        l.target = strtoull(from, &end, 10);
        l.last = strtoull(end, NULL, 10);
    }
    return r == STORE_OK ? list_alerts(&l, err) : r;
}

/* --- post --- */

static enum store_result
read_severity(struct admin_call *c, struct post *p)
{
    const char *text;
    enum store_result r = admin_arg_text(c, "severity", &text);

    if (r == STORE_OK && alert_severity_parse(text, &p->severity) != 0)
        r = admin_refuse(c, ANSWER(BAD_SEVERITY));
    return r;
}

static enum store_result
read_until(struct admin_call *c, struct post *p)
{
    const char *text;
    int64_t seconds;
    enum store_result r = admin_arg_text(c, "time stamp", &text);

    if (r == STORE_OK && admin_alert_parse_key(text, &seconds) != 0)
        return admin_refuse(c, ANSWER(BAD_STAMP));
    if (r == STORE_OK)
        p->until = seconds * CLOCK_SECOND;
    return r;
}

/* What alertPost has as attributes, in any order. */
static enum store_result
read_options(struct admin_call *c, struct post *p)
{
    enum store_result r = STORE_OK;

    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        if (admin_arg_word(c, "SEVERITY"))
            r = read_severity(c, p);
        else if (admin_arg_word(c, "UNTIL"))
            r = read_until(c, p);
        else if (admin_arg_word(c, "LIFETIME"))
            r = admin_arg_text(c, "lifetime", &p->lifetime);
        else if (admin_arg_word(c, "KEY"))
            r = admin_arg_text(c, "key", &p->key);
        else if (admin_arg_word(c, "REPLACE"))
            p->replace = true;
        else
            break;
    }
    return r;
}

static enum store_result
post_alert(struct admin_call *c, struct errbuf *err)
{
    struct post p = {.scope = (enum alert_scope)c->command->detail,
                     .severity = ALERT_WARNING};
    struct post_result result;
    enum store_result r =
        read_target_and_text(c, "alert text", &p.target, &p.text);

    if (r == STORE_OK)
        r = read_options(c, &p);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r != STORE_OK)
        return r;
    p.text_len = strlen(p.text);
    r = alert_post(c->x, &p, &result, err);
    if (r == STORE_OK && result.code != 200)
        r = admin_refuse(c, result.code, "%s", result.text);
    return r;
}

/* --- remove --- */

static enum store_result
remove_key(struct admin_call *c, const struct alert_target *t, int64_t key,
           struct errbuf *err)
{
    struct alert_rec a = {0};
    enum store_result r =
        alert_find_key(c->x->txn, t->scope, t->number, key, &a, err);

    if (r == STORE_NOTFOUND || (r == STORE_OK && alert_admin_ended(c->x, &a)))
        r = admin_refuse(c, ANSWER(NO_ALERT));
    if (r == STORE_OK)
        r = alert_admin_withdraw(c->x, t, &a, err);
    alert_rec_clear(&a);
    return r;
}

/* One that the caller posted with the key, if it is in that set. */
static enum store_result
remove_posted(struct admin_call *c, const struct alert_target *t,
              const char *key, struct errbuf *err)
{
    struct alert_rec a = {0};
    uint64_t id;
    enum store_result r = alert_post_find(c->x, key, &id, err);

    if (r == STORE_OK)
        r = alert_get(c->x->txn, id, &a, err);
    if (r == STORE_NOTFOUND ||
        (r == STORE_OK && (alert_admin_ended(c->x, &a) || a.scope != t->scope ||
                           a.target != t->number)))
        r = admin_refuse(c, ANSWER(NO_ALERT));
    if (r == STORE_OK)
        r = alert_admin_withdraw(c->x, t, &a, err);
    alert_rec_clear(&a);
    return r;
}

/* REMOVE: [target ALERT] stamp | KEY key. */
static enum store_result
remove_alert(struct admin_call *c, struct errbuf *err)
{
    struct alert_target t = {0};
    const char *name, *stamp, *posted = NULL;
    int64_t key = 0;
    enum store_result r = read_target_and_text(c, "time stamp", &name, &stamp);

    if (r == STORE_OK && text_equal_nocase(stamp, "KEY") &&
        admin_arg_peek(c) != NULL)
        r = admin_arg_text(c, "key", &posted);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_alert_find_target(c, name, RIGHT_POST_ALERTS, &t, err);
    if (r == STORE_OK && posted == NULL &&
        admin_alert_parse_key(stamp, &key) != 0)
        r = admin_refuse(c, ANSWER(BAD_STAMP));
    if (r == STORE_OK && posted != NULL)
        r = remove_posted(c, &t, posted, err);
    else if (r == STORE_OK)
        r = remove_key(c, &t, key, err);
    alert_target_clear(&t);
    return r;
}

#define FAMILY(NAME, scope)                                 \
    {.name = "GET" NAME "ALERTS",                           \
     .run = get_alerts,                                     \
     .flags = ADMIN_ALONE,                                  \
     .detail = scope},                                      \
        {.name = "SET" NAME "ALERTS",                       \
         .run = admin_alert_set,                            \
         .flags = ADMIN_CHANGES,                            \
         .detail = scope},                                  \
        {.name = "POST" NAME "ALERT",                       \
         .run = post_alert,                                 \
         .flags = ADMIN_CHANGES,                            \
         .detail = scope},                                  \
    {                                                       \
        .name = "REMOVE" NAME "ALERT", .run = remove_alert, \
        .flags = ADMIN_CHANGES, .detail = scope             \
    }

static const struct admin_command commands[] = {
    FAMILY("SERVER", ALERT_SERVER),
    FAMILY("CLUSTER", ALERT_CLUSTER),
    FAMILY("DOMAIN", ALERT_DOMAIN),
    FAMILY("ACCOUNT", ALERT_ACCOUNT),
};

const struct admin_family admin_alert_family = {
    commands, sizeof commands / sizeof commands[0]};
