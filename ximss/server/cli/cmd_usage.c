/* SPDX-License-Identifier: BSD-2-Clause */
/* The storage of accounts by the CLI: reported by a script, or shown to an
 * administrator.  These are extensions: the documented CLI has only StorageUsed
 * in GETACCOUNTINFO. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quota/size.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/rules/usage.h"

/* Of one piece of a listing. */
#define PIECE_NAMES 200
#define PIECE_BYTES 32768

static void
add_text(struct admin_call *c, struct cli_value *dict, const char *key,
         const char *text)
{
    cli_data_add(c->arena, dict, key,
                 cli_data_string(c->arena, text, strlen(text)));
}

/* What is known, but for what is not: a limit that there is none of, the time
 * of a report that never came. */
static struct cli_value *
usage_value(struct admin_call *c, const struct usage *u)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    const struct quota_level *level = &u->level;

    cli_data_add(c->arena, dict, "Used", admin_count_value(c, u->rec.used));
    if (level->limit == 0) {
        add_text(c, dict, "Limit", "unlimited");
    } else {
        cli_data_add(c->arena, dict, "Limit",
                     admin_count_value(c, level->limit));
        cli_data_add(
            c->arena, dict, "Percent",
            admin_count_value(c, quota_percent(u->rec.used, level->limit)));
    }
    cli_data_add(c->arena, dict, "Level", admin_count_value(c, level->percent));
    add_text(c, dict, "Reached",
             quota_is_reached(u->rec.used, level) ? "YES" : "NO");
    if (u->rec.reported != 0) {
        add_text(c, dict, "Source",
                 quota_source_name((enum quota_source)u->rec.source));
        cli_data_add(c->arena, dict, "Reported",
                     admin_time_value(c, u->rec.reported));
    }
    if (u->rec.alerted != 0)
        cli_data_add(c->arena, dict, "Alerted",
                     admin_time_value(c, u->rec.alerted));
    return dict;
}

static enum store_result
get_usage(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct usage u = {0};
    enum store_result r =
        admin_only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        r = usage_of(c->x, &d, &a, &u, err);
    if (r == STORE_OK)
        admin_result(c, usage_value(c, &u));
    usage_clear(&u);
    admin_clear(&d, &a);
    return r;
}

/* account bytes: digits, or a size like 50M. */
static enum store_result
set_usage(struct admin_call *c, struct errbuf *err)
{
    struct quota_report report = {.source = QUOTA_SOURCE_ADMIN};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct usage u = {0};
    const char *name, *size = NULL;
    struct errbuf why;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_text(c, "storage used", &size);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK && size[0] == '#')
        size++;
    if (r == STORE_OK && ((size[0] < '0' || size[0] > '9') ||
                          quota_size_parse(size, &report.used, &why) < 0))
        r = admin_refuse(c, ANSWER(BAD_USAGE));
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_BASIC_SETTINGS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = usage_of(c->x, &d, &a, &u, err);
    if (r == STORE_OK)
        r = usage_report(c->x, &u, &report, err);
    usage_clear(&u);
    admin_clear(&d, &a);
    return r;
}

/* --- sources are asked --- */

static enum store_result
check_can_ask(struct admin_call *c)
{
    return c->x->settings->can_ask ? STORE_OK
                                   : admin_refuse(c, ANSWER(NO_SOURCE));
}

static enum store_result
refresh_one(struct admin_call *c, const char *name, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r =
        admin_call_account(c, name, RIGHT_BASIC_SETTINGS, &d, &a, err);

    if (r == STORE_OK)
        r = check_can_ask(c);
    if (r == STORE_OK)
        effect_add_account(c->x->effects, EFFECT_QUOTA_ASK, &d, &a);
    admin_clear(&d, &a);
    return r;
}

static enum store_result
refresh_all(struct admin_call *c)
{
    enum store_result r = admin_call_all_domains(c);

    if (r == STORE_OK)
        r = check_can_ask(c);
    if (r == STORE_OK)
        effect_add(c->x->effects, EFFECT_QUOTA_ASK);
    return r;
}

/* [account]: the answer does not wait for theirs. */
static enum store_result
refresh_usage(struct admin_call *c, struct errbuf *err)
{
    const char *name = admin_arg_optional_text(c);
    enum store_result r = admin_arg_end(c);

    if (r != STORE_OK)
        return r;
    return name != NULL ? refresh_one(c, name, err) : refresh_all(c);
}

/* --- the accounts of a domain that use the most ---
 *
 * Made in pieces, as all listings (cmd_lists.c): a piece goes on by the number
 * of the domain, how many were listed, and the name looked at last. */

struct listing {
    struct admin_call *call;
    struct buf *out;
    struct domain_rec domain; /* owned */
    uint64_t listed;
    char last[256];
    unsigned seen;
    bool more;
    unsigned long long over, limit;
    enum store_result result;
    struct errbuf *err;
};

/* [domain] [OVER percent] [LIMIT n] */
static enum store_result
read_query(struct admin_call *c, struct listing *l, const char **domain_r)
{
    enum store_result r = STORE_OK;

    *domain_r = NULL;
    l->limit = UINT64_MAX;
    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        if (admin_arg_word(c, "OVER"))
            r = admin_arg_number(c, "per cent", UINT32_MAX, &l->over);
        else if (admin_arg_word(c, "LIMIT"))
            r = admin_arg_number(c, "limit", UINT64_MAX, &l->limit);
        else if (*domain_r == NULL)
            r = admin_arg_text(c, "domain name", domain_r);
        else
            r = admin_arg_end(c);
    }
    return r;
}

/* Finds the domain for the first piece; the others go on by its number, and
 * one that is gone meanwhile has no more accounts. */
static enum store_result
find_domain(struct listing *l, const char *name, struct errbuf *err)
{
    struct admin_call *c = l->call;
    enum store_result r;
    char *end;

    if (c->x->from == NULL)
        return admin_call_domain(c, name, NEED_READ, &l->domain, err);
    l->domain.number = strtoull(c->x->from, &end, 10);
    l->listed = strtoull(end, &end, 10);
    snprintf(l->last, sizeof l->last, "%s", *end == ' ' ? end + 1 : end);
    r = domain_get(c->x->txn, l->domain.number, &l->domain, err);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static bool
is_wanted(const struct listing *l, const struct usage *u)
{
    return l->over == 0 ||
           (u->level.limit != 0 &&
            quota_percent(u->rec.used, u->level.limit) >= l->over);
}

static void
write_usage(struct listing *l, const char *name, const struct usage *u)
{
    cli_data_write_string(l->out, name, strlen(name));
    buf_append_char(l->out, '=');
    cli_data_write(l->out, usage_value(l->call, u));
    buf_append_char(l->out, ';');
    l->listed++;
}

static bool
list_usage(const struct account_name *n, void *arg)
{
    struct listing *l = arg;
    struct usage_rec rec;
    struct usage u = {0};

    if (l->listed >= l->limit)
        return false;
    if (l->seen == PIECE_NAMES || l->out->len >= PIECE_BYTES) {
        l->more = true;
        return false;
    }
    l->seen++;
    snprintf(l->last, sizeof l->last, "%s", n->name);
    if (n->alias || n->object != OBJECT_NONE)
        return true;
    /* Most accounts of most domains need no look at their settings. */
    l->result = usage_get(l->call->x->txn, n->number, &rec, l->err);
    if (l->result != STORE_OK || rec.reported == 0)
        return l->result == STORE_OK;
    l->result = usage_find(l->call->x, n->number, &u, l->err);
    if (l->result == STORE_OK && is_wanted(l, &u))
        write_usage(l, n->name, &u);
    usage_clear(&u);
    return l->result == STORE_OK;
}

static enum store_result
list_usages(struct admin_call *c, struct errbuf *err)
{
    struct listing l = {.call = c, .out = &c->answer->data, .err = err};
    const char *name;
    enum store_result r = read_query(c, &l, &name);

    if (r == STORE_OK)
        r = find_domain(&l, name, err);
    if (r == STORE_OK && c->x->from == NULL)
        buf_append_char(l.out, '{');
    if (r == STORE_OK)
        r = account_walk(c->x->txn, l.domain.number, l.last, list_usage, &l,
                         err);
    if (r == STORE_OK)
        r = l.result;
    if (r == STORE_OK && l.more) {
        c->answer->more = true;
        c->answer->next =
            xasprintf("%llu %llu %s", (unsigned long long)l.domain.number,
                      (unsigned long long)l.listed, l.last);
    } else if (r == STORE_OK) {
        buf_append_char(l.out, '}');
    }
    domain_rec_clear(&l.domain);
    return r;
}

/* A report is a measurement and no change of an administrator's: it is not
 * audited, or a script that reports every minute would fill the audit log.  The
 * record says that an administrator was its source. */
static const struct admin_command commands[] = {
    {.name = "GETSTORAGEUSED", .run = get_usage},
    {.name = "SETSTORAGEUSED", .run = set_usage, .flags = ADMIN_ACTS},
    {.name = "REFRESHSTORAGEUSED",
     .run = refresh_usage,
     .flags = ADMIN_CHANGES},
    {.name = "LISTSTORAGEUSED", .run = list_usages, .flags = ADMIN_ALONE},
};

const struct admin_family admin_usage_family = {
    commands, sizeof commands / sizeof commands[0]};
