/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands have in common: arguments taken one after the other, answers,
 * names looked up for the caller, settings changed with the checks they need. */
#include "config.h"

#include "ximss/server/cli/admin_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quota/size.h"
#include "quota/template.h"
#include "util/blank.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/names.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/settings.h"

/* Bounds of one dictionary of settings. */
#define SETTINGS_BYTES   65536
#define SETTINGS_ENTRIES 1000

/* To look for what a name was meant to be. */
#define NAMES_COST 10

/* --- answers --- */

enum store_result
admin_refuse(struct admin_call *c, int code, const char *fmt, ...)
{
    va_list ap;

    c->answer->code = code;
    va_start(ap, fmt);
    vsnprintf(c->answer->text, sizeof c->answer->text, fmt, ap);
    va_end(ap);
    cli_plain_text(c->answer->text);
    return STORE_REFUSED;
}

enum store_result
admin_refuse_code(struct admin_call *c, int code)
{
    if (code == 200)
        return STORE_OK;
    return admin_refuse(c, code, "%s", answer_text(code));
}

void
admin_result(struct admin_call *c, const struct cli_value *v)
{
    buf_clear(&c->answer->data);
    cli_data_write(&c->answer->data, v);
}

void
admin_result_string(struct admin_call *c, const char *s)
{
    admin_result(c, cli_data_string(c->arena, s, strlen(s)));
}

/* --- arguments --- */

const struct cli_value *
admin_arg_peek(const struct admin_call *c)
{
    return c->next < c->line->n ? c->line->arg[c->next] : NULL;
}

bool
admin_arg_word(struct admin_call *c, const char *word)
{
    const struct cli_value *v = admin_arg_peek(c);

    if (v == NULL || v->kind != CLI_STRING || !text_equal_nocase(v->text, word))
        return false;
    c->next++;
    return true;
}

enum store_result
admin_arg_keyword(struct admin_call *c, const char *word)
{
    if (admin_arg_word(c, word))
        return STORE_OK;
    return admin_refuse(c, ANSWER(KEYWORD_MISSING), word);
}

const char *
admin_arg_optional_text(struct admin_call *c)
{
    const struct cli_value *v = admin_arg_peek(c);
    const char *text = v != NULL ? admin_value_text(c->arena, v) : NULL;

    if (text != NULL || (v != NULL && v->kind == CLI_NULL))
        c->next++;
    return text;
}

enum store_result
admin_arg_text(struct admin_call *c, const char *what, const char **text_r)
{
    *text_r = admin_arg_optional_text(c);
    return *text_r != NULL ? STORE_OK : admin_refuse(c, ANSWER(MISSING), what);
}

const char *
admin_bare_name(struct admin_call *c, const char *name)
{
    size_t len;
    const char *from = blank_trim(name, &len);

    return arena_strndup(c->arena, from, len);
}

enum store_result
admin_arg_name(struct admin_call *c, const char *what, const char **name_r)
{
    enum store_result r = admin_arg_text(c, what, name_r);

    if (r == STORE_OK)
        *name_r = admin_bare_name(c, *name_r);
    return r;
}

enum store_result
admin_arg_number(struct admin_call *c, const char *what, unsigned long long max,
                 unsigned long long *n_r)
{
    const struct cli_value *v = admin_arg_peek(c);

    if (v == NULL || (v->kind != CLI_NUMBER && v->kind != CLI_STRING) ||
        text_parse_u64(v->text, max, n_r) != 0)
        return admin_refuse(c, ANSWER(MISSING), what);
    c->next++;
    return STORE_OK;
}

enum store_result
admin_arg_value(struct admin_call *c, enum cli_kind kind, const char *what,
                const struct cli_value **v_r)
{
    const struct cli_value *v = admin_arg_peek(c);

    if (v == NULL || v->kind != kind)
        return admin_refuse(c, ANSWER(MISSING), what);
    c->next++;
    *v_r = v;
    return STORE_OK;
}

enum store_result
admin_arg_end(struct admin_call *c)
{
    if (c->next == c->line->n)
        return STORE_OK;
    return admin_refuse(c, ANSWER(TOO_MANY_ARGUMENTS));
}

enum store_result
admin_arg_force_and_end(struct admin_call *c)
{
    c->force = admin_arg_word(c, "FORCE");
    return admin_arg_end(c);
}

enum store_result
admin_arg_path_and_end(struct admin_call *c)
{
    const char *path;
    enum store_result r = STORE_OK;

    if (admin_arg_word(c, "PATH"))
        r = admin_arg_text(c, "path", &path);
    return r == STORE_OK ? admin_arg_end(c) : r;
}

/* --- names --- */

enum store_result
admin_call_domain(struct admin_call *c, const char *name, unsigned need,
                  struct domain_rec *d_r, struct errbuf *err)
{
    int code;
    enum store_result r = admin_find_domain(c->x, name, need, d_r, &code, err);

    return r == STORE_OK ? admin_refuse_code(c, code) : r;
}

enum store_result
admin_call_account(struct admin_call *c, const char *address, unsigned need,
                   struct domain_rec *d_r, struct account_rec *a_r,
                   struct errbuf *err)
{
    int code;
    enum store_result r =
        admin_find_account(c->x, address, need, d_r, a_r, &code, err);

    return r == STORE_OK ? admin_refuse_code(c, code) : r;
}

enum store_result
admin_call_name(struct admin_call *c, const char *address,
                const char *default_domain, unsigned need,
                struct domain_rec *d_r, const char **name_r, struct errbuf *err)
{
    const char *at = strrchr(address, '@');

    *name_r = at != NULL
                  ? arena_strndup(c->arena, address, (size_t)(at - address))
                  : address;
    return admin_call_domain(c, at != NULL ? at + 1 : default_domain, need, d_r,
                             err);
}

enum store_result
admin_call_master(struct admin_call *c)
{
    if ((c->x->caller->rights & RIGHT_MASTER) != 0)
        return STORE_OK;
    return admin_refuse(c, ANSWER(NO_RIGHTS));
}

enum store_result
admin_call_all_domains(struct admin_call *c)
{
    if (rights_administers(c->x->caller, 0, 0))
        return STORE_OK;
    return admin_refuse(c, ANSWER(NO_RIGHTS));
}

enum store_result
admin_call_cover(struct admin_call *c, const struct domain_rec *d,
                 const struct account_rec *a)
{
    if (rights_cover(c->x->caller, d->number, rights_parse(a->rights)))
        return STORE_OK;
    return admin_refuse(c, ANSWER(NO_RIGHTS));
}

enum store_result
admin_call_not_by_token(struct admin_call *c, const struct account_rec *a)
{
    if (c->x->caller->by_token && a->number == c->x->caller->account)
        return admin_refuse(c, ANSWER(NO_RIGHTS));
    return STORE_OK;
}

enum store_result
admin_call_monitor(struct admin_call *c)
{
    if ((c->x->caller->rights &
         (RIGHT_MASTER | RIGHT_ALL_DOMAINS | RIGHT_MONITOR)) != 0)
        return STORE_OK;
    return admin_refuse(c, ANSWER(NO_RIGHTS));
}

enum store_result
admin_call_same(struct admin_call *c, uint64_t number, int code)
{
    struct admin_progress p = admin_parts_begin(c->parts, c->x->txn);

    if (p.target != 0 && p.target != number)
        return admin_refuse_code(c, code);
    p.target = number;
    admin_parts_set(c->parts, c->x->txn, &p);
    return STORE_OK;
}

enum store_result
admin_refuse_cluster(struct admin_call *c)
{
    return admin_refuse(c, ANSWER(CLUSTER_ONLY));
}

/* --- settings --- */

/* Values that this server acts on; all others are kept as they come. */
static enum store_result
check_settings(struct admin_call *c, const struct cli_value *dict)
{
    const struct cli_value *cram = cli_data_find(dict, "CRAMMD5");
    bool yes;

    if (cram != NULL &&
        (cram->kind != CLI_STRING || text_parse_bool(cram->text, &yes) != 0))
        return admin_refuse(c, ANSWER(CRAMMD5_YES_OR_NO));
    return STORE_OK;
}

/* What an alert's text would be with this template must be one. */
static enum store_result
check_quota_text(struct admin_call *c, const char *text)
{
    struct errbuf err;

    if (quota_template_check(text, &err) != 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_QUOTA_TEXT,
                            err.text);
    if (text_check_alert(text, strlen(text), c->x->settings->alert_bytes,
                         &err) != 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_QUOTA_TEXT,
                            err.text);
    return STORE_OK;
}

/* What is to be set of a key; NULL: nothing, or what is in force without it. */
static enum store_result
changed_text(struct admin_call *c, const struct cli_value *changes,
             const char *key, const char **text_r)
{
    const struct cli_value *v = cli_data_find(changes, key);

    *text_r = NULL;
    if (v == NULL || settings_is_default(v))
        return STORE_OK;
    *text_r = settings_string(changes, key);
    return *text_r != NULL ? STORE_OK
                           : admin_refuse(c, ANSWER(MUST_BE_TEXT), key);
}

/* What is to be set of quotas; what older programs have stored does not stand
 * in the way of other changes. */
static enum store_result
check_quota(struct admin_call *c, const struct cli_value *changes)
{
    const char *size, *percent = NULL, *text = NULL;
    struct errbuf err;
    uint64_t bytes;
    unsigned level;
    enum store_result r = changed_text(c, changes, SETTINGS_MAX_SIZE, &size);

    if (r == STORE_OK)
        r = changed_text(c, changes, SETTINGS_QUOTA_ALERT, &percent);
    if (r == STORE_OK)
        r = changed_text(c, changes, SETTINGS_QUOTA_TEXT, &text);
    if (r != STORE_OK)
        return r;
    if (size != NULL && quota_size_parse(size, &bytes, &err) != 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_MAX_SIZE,
                            err.text);
    if (percent != NULL && quota_percent_parse(percent, &level, &err) != 0)
        return admin_refuse(c, ANSWER(BAD_SETTING), SETTINGS_QUOTA_ALERT,
                            err.text);
    return text != NULL ? check_quota_text(c, text) : STORE_OK;
}

/* What is there already may be changed, however it is called, and anything be
 * taken away. */
static enum store_result
check_names(struct admin_call *c, const struct cli_value *old,
            const struct cli_value *changes)
{
    const char *meant;

    for (const struct cli_value *i = changes->first; i != NULL; i = i->next) {
        if (c->force || settings_is_default(i) || names_has_setting(i->key) ||
            cli_data_find(old, i->key) != NULL)
            continue;
        store_charge(c->x->txn, NAMES_COST);
        meant = names_meant_setting(i->key);
        if (meant != NULL)
            return admin_refuse(c, ANSWER(MISSPELT_SETTING), i->key, meant);
    }
    return STORE_OK;
}

enum store_result
admin_call_settings(struct admin_call *c, const char *text,
                    const struct cli_value *changes, bool replace,
                    char **text_r, struct errbuf *err)
{
    struct cli_value *old, *dict;
    enum store_result r;

    *text_r = NULL;
    if (changes->n > SETTINGS_ENTRIES)
        return admin_refuse(c, ANSWER(TOO_MANY_SETTINGS));
    if (settings_read(c->arena, text, &old, err) != 0 ||
        settings_read(c->arena, replace ? "" : text, &dict, err) != 0)
        return STORE_ERROR;
    r = check_names(c, old, changes);
    if (r != STORE_OK)
        return r;
    settings_update(c->arena, dict, changes);
    r = check_settings(c, dict);
    if (r == STORE_OK)
        r = check_quota(c, changes);
    if (r != STORE_OK)
        return r;
    *text_r = settings_text(dict);
    if (strlen(*text_r) <= SETTINGS_BYTES && dict->n <= SETTINGS_ENTRIES)
        return STORE_OK;
    free(*text_r);
    *text_r = NULL;
    return admin_refuse(c, ANSWER(TOO_MANY_SETTINGS));
}

enum store_result
admin_result_settings(struct admin_call *c, const char *text,
                      struct errbuf *err)
{
    struct cli_value *dict;

    if (settings_read(c->arena, text, &dict, err) != 0)
        return STORE_ERROR;
    admin_result(c, dict);
    return STORE_OK;
}

/* --- times and numbers --- */

struct cli_value *
admin_time_value(struct admin_call *c, int64_t us)
{
    char g[CLOCK_GMT_SIZE], text[32];
    struct cli_value *v;

    clock_format_gmt(us, g); /* YYYYMMDDTHHMMSSZ */
    snprintf(text, sizeof text, "%.2s-%.2s-%.4s_%.2s:%.2s:%.2s", g + 6, g + 4,
             g, g + 9, g + 11, g + 13);
    v = cli_data_string(c->arena, text, strlen(text));
    v->kind = CLI_TIME;
    return v;
}

struct cli_value *
admin_count_value(struct admin_call *c, uint64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)n);

    return cli_data_string(c->arena, text, (size_t)len);
}

/* --- one entry of a dictionary --- */

enum store_result
admin_arg_key(struct admin_call *c, const char **key_r)
{
    *key_r = NULL;
    return admin_arg_word(c, "KEY") ? admin_arg_text(c, "key", key_r)
                                    : STORE_OK;
}

void
admin_result_key(struct admin_call *c, const struct cli_value *dict,
                 const char *key)
{
    const struct cli_value *v = key != NULL ? cli_data_find(dict, key) : dict;

    if (v != NULL)
        admin_result(c, v);
    else
        admin_result_string(c, "");
}

/* --- effects --- */

enum store_result
admin_account_dispose(struct admin_context *x, const struct domain_rec *d,
                      const struct account_rec *a, struct errbuf *err)
{
    struct alert_target t = {.scope = ALERT_ACCOUNT, .number = a->number};
    bool before = store_removing(x->txn, true);
    enum store_result r;

    domain_rec_copy(&t.domain, d);
    account_rec_copy(&t.account, a);
    r = alert_admin_drop_some(x, &t, err);
    if (r == STORE_OK)
        r = admin_must(account_remove(x->txn, a->number, err), "an account",
                       err);
    store_removing(x->txn, before);
    if (r == STORE_OK)
        admin_effect_account(x, EFFECT_ACCOUNT_REMOVED, d, a);
    alert_target_clear(&t);
    return r;
}

void
admin_effect_account(struct admin_context *x, enum effect_kind kind,
                     const struct domain_rec *d, const struct account_rec *a)
{
    struct effect *e = effect_add(x->effects, kind);

    account_rec_copy(&e->account, a);
    domain_rec_copy(&e->domain, d);
}

void
admin_effect_domain(struct admin_context *x, enum effect_kind kind,
                    const struct domain_rec *d)
{
    domain_rec_copy(&effect_add(x->effects, kind)->domain, d);
}
