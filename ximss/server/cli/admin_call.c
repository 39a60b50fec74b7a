/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands have in common: arguments taken one after the other, answers,
 * names looked up for the caller. */
#include "config.h"

#include "ximss/server/cli/admin_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/blank.h"
#include "util/clock.h"
#include "util/name.h"
#include "util/text.h"

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
    char form[NAME_LOCAL_SIZE];
    enum store_result r;
    bool new_target;

    *name_r = at != NULL
                  ? arena_strndup(c->arena, address, (size_t)(at - address))
                  : address;
    if (name_local(*name_r, form, NULL) == 0)
        *name_r = arena_strndup(c->arena, form, strlen(form));
    new_target = c->x->about.name[0] == '\0';
    r = admin_call_domain(c, at != NULL ? at + 1 : default_domain, need, d_r,
                          err);
    if (r == STORE_OK && new_target)
        snprintf(c->x->about.fresh, sizeof c->x->about.fresh, "%s", *name_r);
    return r;
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
