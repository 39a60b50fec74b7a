/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts by the CLI (protocol.md C.4): get, set, post and remove for each
 * scope.  Here an alert is named by its key, a second of GMT that is unique in
 * its set. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "ximss/server/admin_call.h"
#include "ximss/server/alert_admin.h"

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
    if (r == STORE_OK)
        r = admin_arg_end(c);
    return r;
}

static enum store_result
find_target(struct admin_call *c, const char *name, unsigned need,
            struct alert_target *t_r, struct errbuf *err)
{
    enum alert_scope scope = (enum alert_scope)c->command->detail;
    int code = 510;
    enum store_result r =
        alert_target_find(c->x, scope, name, need, t_r, &code, err);

    if (r == STORE_OK)
        r = admin_refuse_code(c, code);
    if (r == STORE_OK && scope == ALERT_CLUSTER)
        r = admin_refuse(c, 501, "available in the Dynamic Cluster only");
    return r;
}

/* --- get --- */

static enum store_result
list_alerts(struct admin_call *c, const struct alert_target *t,
            struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    struct alert_set set;
    char key[KEY_SIZE];
    enum store_result r = alert_set_load(c->x, t, &set, err);

    for (size_t i = 0; i < set.n && r == STORE_OK; i++) {
        const struct alert_rec *a = &set.alert[i];

        if (alert_admin_ended(c->x, a))
            continue;
        format_key(a->key, key);
        cli_data_add(c->arena, dict, key,
                     cli_data_string(c->arena, a->text, a->text_len));
    }
    admin_result(c, dict);
    alert_set_clear(&set);
    return r;
}

static enum store_result
get_alerts(struct admin_call *c, struct errbuf *err)
{
    struct alert_target t = {0};
    const char *name;
    enum store_result r = read_target(c, true, &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = find_target(c, name, RIGHT_POST_ALERTS | NEED_READ_ALL | NEED_OWN,
                        &t, err);
    if (r == STORE_OK)
        r = list_alerts(c, &t, err);
    alert_target_clear(&t);
    return r;
}

/* --- set --- */

/* What the dictionary wants, in the order of keys. */
struct wanted {
    int64_t key;
    const char *text;
    size_t len;
    bool there; /* the set has it already */
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
    w->there = false;
    if (parse_key(v->key, &w->key) != 0)
        return admin_refuse(c, 501, "not a time stamp %s", v->key);
    if (w->text == NULL)
        return admin_refuse(c, 501, "alert text is missing");
    w->len = strlen(w->text);
    if (text_check_alert(w->text, w->len, max > 0 ? max : 4096, &why) != 0)
        return admin_refuse(c, 522, "%s", why.text);
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
            return admin_refuse(c, 501, "the same time stamp again");
    }
    return r;
}

static bool
is_wanted(const struct admin_call *c, const struct alert_rec *a,
          struct wanted *w, size_t n)
{
    struct wanted key = {.key = a->key};
    struct wanted *found = bsearch(&key, w, n, sizeof *w, compare_wanted);

    if (found == NULL || alert_admin_ended(c->x, a) ||
        found->len != a->text_len ||
        memcmp(found->text, a->text, a->text_len) != 0)
        return false;
    found->there = true;
    return true;
}

/* Removes first, so that the keys of what goes are free for what comes. */
static enum store_result
change_set(struct admin_call *c, const struct alert_target *t, struct wanted *w,
           size_t n, struct errbuf *err)
{
    struct alert_set set;
    struct alert_rec a;
    enum store_result r = alert_set_load(c->x, t, &set, err);

    for (size_t i = 0; i < set.n && r == STORE_OK; i++) {
        if (!is_wanted(c, &set.alert[i], w, n))
            r = alert_admin_drop(c->x, t, &set.alert[i], err);
    }
    for (size_t i = 0; i < n && r == STORE_OK; i++) {
        if (w[i].there)
            continue;
        a = alert_admin_new(c->x, t, w[i].key * CLOCK_SECOND);
        a.until = alert_admin_end(c->x, t->scope);
        a.text = (char *)(uintptr_t)w[i].text;
        a.text_len = w[i].len;
        r = alert_admin_add(c->x, t, &a, err);
    }
    alert_set_clear(&set);
    return r;
}

static enum store_result
set_alerts(struct admin_call *c, struct errbuf *err)
{
    struct alert_target t = {0};
    const struct cli_value *dict = NULL;
    struct wanted *w;
    const char *name;
    enum store_result r = read_target(c, true, &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &dict);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = find_target(c, name, RIGHT_POST_ALERTS, &t, err);
    if (r == STORE_OK && dict->n > SET_MAX)
        r = admin_refuse(c, 501, "too many alerts");
    if (r == STORE_OK) {
        w = arena_alloc(c->arena, (dict->n + 1) * sizeof *w);
        r = read_all_wanted(c, dict, w);
        if (r == STORE_OK)
            r = change_set(c, &t, w, dict->n, err);
    }
    alert_target_clear(&t);
    return r;
}

/* --- post --- */

static enum store_result
post_alert(struct admin_call *c, struct errbuf *err)
{
    struct post p = {.scope = (enum alert_scope)c->command->detail,
                     .severity = ALERT_WARNING};
    struct post_result result;
    enum store_result r =
        read_target_and_text(c, "alert text", &p.target, &p.text);

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
        r = admin_refuse_code(c, 514);
    if (r == STORE_OK)
        r = alert_admin_drop(c->x, t, &a, err);
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
        r = find_target(c, name, RIGHT_POST_ALERTS, &t, err);
    if (r == STORE_OK && parse_key(stamp, &key) != 0)
        r = admin_refuse(c, 501, "not a time stamp");
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
