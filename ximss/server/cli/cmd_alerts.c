/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts by the CLI (protocol.md C.4): get, set, post and remove for each
 * scope.  Here an alert is named by its key, a second of GMT that is unique in
 * its set. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_call.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/alert_names.h"

/* Most alerts that SETxALERTS takes. */
#define SET_MAX 10000

#define KEY_SIZE 15 /* YYYYMMDDHHMMSS */

static void
format_key(int64_t seconds, char out[KEY_SIZE])
{
    char gmt[CLOCK_GMT_SIZE];

    clock_format_gmt(seconds * CLOCK_SECOND, gmt);
    memcpy(out, gmt, 8);
    memcpy(out + 8, gmt + 9, 6);
    out[KEY_SIZE - 1] = '\0';
}

/* Any of the forms that clients of the family know, with or without Z. */
static int
parse_key(const char *text, int64_t *seconds_r)
{
    char s[32];
    size_t len = strlen(text);
    int64_t us;

    if (len == 0 || len >= sizeof s)
        return -1;
    if (text[len - 1] == 'Z')
        len--;
    memcpy(s, text, len);
    s[len] = '\0';
    if (strchr(s, 'Z') != NULL || clock_parse_gmt(s, &us) != 0 || us <= 0)
        return -1;
    *seconds_r = us / CLOCK_SECOND;
    return 0;
}

/* --- arguments --- */

/* The scope's target, as far as it has one; `optional`: a domain that is not
 * named is the caller's. */
static enum store_result
read_target(struct admin_call *c, bool optional, const char **name_r)
{
    *name_r = NULL;
    switch ((enum alert_scope)c->command->detail) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        break;
    case ALERT_DOMAIN:
        if (!optional)
            return admin_arg_text(c, "domain name", name_r);
        *name_r = admin_arg_optional_text(c);
        break;
    case ALERT_ACCOUNT:
        return admin_arg_text(c, "account name", name_r);
    }
    return STORE_OK;
}

/* POST and REMOVE: [target ALERT] text. */
static enum store_result
read_target_and_text(struct admin_call *c, const char *what,
                     const char **name_r, const char **text_r)
{
    enum store_result r = read_target(c, false, name_r);

    if (r == STORE_OK && *name_r != NULL)
        r = admin_arg_keyword(c, "ALERT");
    if (r == STORE_OK)
        r = admin_arg_text(c, what, text_r);
    return r;
}

static enum store_result
find_target(struct admin_call *c, const char *name, unsigned need,
            struct alert_target *t_r, struct errbuf *err)
{
    enum alert_scope scope = (enum alert_scope)c->command->detail;
    int code = ANSWER_NO_RIGHTS;
    enum store_result r =
        alert_target_find(c->x, scope, name, need, t_r, &code, err);

    if (r == STORE_OK)
        r = admin_refuse_code(c, code);
    if (r == STORE_OK && scope == ALERT_CLUSTER)
        r = admin_refuse(c, ANSWER(CLUSTER_ONLY));
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
    char key[KEY_SIZE];

    l->last = a->id;
    if (!alert_admin_ended(l->call->x, a)) {
        format_key(a->key, key);
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
    enum store_result r = find_target(
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
    enum store_result r = read_target(c, true, &name);

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

/* --- set --- */

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
    if (parse_key(v->key, &w->key) != 0)
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

static enum store_result
set_alerts(struct admin_call *c, struct errbuf *err)
{
    struct alert_target t = {0};
    const struct cli_value *dict = NULL;
    struct setting *s = NULL;
    const char *name;
    enum store_result r = read_target(c, true, &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &dict);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = find_target(c, name, RIGHT_POST_ALERTS, &t, err);
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

    if (r == STORE_OK && parse_key(text, &seconds) != 0)
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
    r = alert_admin_post(c->x, &p, &result, err);
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

static enum store_result
remove_alert(struct admin_call *c, struct errbuf *err)
{
    struct alert_target t = {0};
    const char *name, *stamp;
    int64_t key = 0;
    enum store_result r = read_target_and_text(c, "time stamp", &name, &stamp);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = find_target(c, name, RIGHT_POST_ALERTS, &t, err);
    if (r == STORE_OK && parse_key(stamp, &key) != 0)
        r = admin_refuse(c, ANSWER(BAD_STAMP));
    if (r == STORE_OK)
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
         .run = set_alerts,                                 \
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
