/* SPDX-License-Identifier: BSD-2-Clause */
/* Rights of accounts by the CLI (protocol.md C.6 and C.7), and the end of their
 * sessions. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "ximss/proto/names.h"
#include "ximss/server/cli/admin_account.h"

#define RIGHTS_MAX     64
#define RIGHT_CODE_MAX 64

static enum store_result
get_rights(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_only_account(c, NEED_READ, &d, &a, err);

    if (r == STORE_OK)
        buf_append_str(&c->answer->data, a.rights[0] != '\0' ? a.rights : "()");
    admin_clear(&d, &a);
    return r;
}

static bool
has_code(const struct cli_value *codes, const char *code)
{
    const struct cli_value *v = codes != NULL ? codes->first : NULL;

    while (v != NULL && (v->kind != CLI_STRING || strcmp(v->text, code) != 0))
        v = v->next;
    return v != NULL;
}

/* Codes as they are kept; *rights_r: what they amount to. */
static enum store_result
read_codes(struct admin_call *c, const struct cli_value *codes,
           unsigned *rights_r)
{
    *rights_r = 0;
    if (codes->n > RIGHTS_MAX)
        return admin_refuse(c, ANSWER(TOO_MANY_RIGHTS));
    for (const struct cli_value *v = codes->first; v != NULL; v = v->next) {
        if (v->kind != CLI_STRING || v->text_len == 0 ||
            v->text_len > RIGHT_CODE_MAX)
            return admin_refuse(c, ANSWER(BAD_RIGHT));
        *rights_r |= rights_of_code(v->text);
    }
    return STORE_OK;
}

/* Codes that the account has already are kept, whatever they are. */
static enum store_result
check_codes(struct admin_call *c, const struct account_rec *a,
            const struct cli_value *codes)
{
    struct cli_value *old = NULL;
    const char *meant;

    if (a->rights[0] != '\0' && cli_data_parse(a->rights, strlen(a->rights),
                                               NULL, c->arena, &old, NULL) != 0)
        old = NULL;
    for (const struct cli_value *v = codes->first; v != NULL; v = v->next) {
        if (c->force || names_has_right(v->text) || has_code(old, v->text))
            continue;
        meant = names_meant_right(v->text);
        if (meant != NULL)
            return admin_refuse(c, ANSWER(MISSPELT_RIGHT), v->text, meant);
    }
    return STORE_OK;
}

/* Server-wide rights are given and taken by Master alone, in the main domain
 * alone.  Accounts of the main domain are Master's altogether; for those of
 * others, All Domains is enough. */
static enum store_result
check_rights(struct admin_call *c, const struct domain_rec *d,
             const struct account_rec *a, unsigned rights, struct errbuf *err)
{
    bool master = (c->x->caller->rights & RIGHT_MASTER) != 0;
    bool is_main = false, postmaster = false;
    enum store_result r = admin_is_main(c->x->txn, d, &is_main, err);

    if (r == STORE_OK && is_main && !master)
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    if (r == STORE_OK && !is_main && (rights & RIGHTS_SERVER_WIDE) != 0)
        r = admin_refuse(c, ANSWER(MAIN_DOMAIN_RIGHTS));
    if (r == STORE_OK)
        r = admin_is_postmaster(c, d, a, &postmaster, err);
    if (r == STORE_OK && postmaster && a->number == c->x->caller->account &&
        (rights & RIGHT_MASTER) == 0)
        r = admin_refuse(c, ANSWER(POSTMASTER_MASTER));
    return r;
}

static enum store_result
put_rights(struct admin_call *c, const struct domain_rec *d,
           struct account_rec *a, const struct cli_value *codes,
           struct errbuf *err)
{
    struct buf b = {0};

    if (codes->n > 0)
        cli_data_write(&b, codes);
    free(a->rights);
    a->rights = buf_take(&b);
    return admin_put_account(c, d, a, err);
}

static enum store_result
set_rights(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const struct cli_value *codes = NULL;
    const char *name;
    unsigned rights = 0;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_ARRAY, "array of rights", &codes);
    if (r == STORE_OK)
        r = admin_arg_force_and_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, 0, &d, &a, err);
    if (r == STORE_OK)
        r = read_codes(c, codes, &rights);
    if (r == STORE_OK)
        r = check_rights(c, &d, &a, rights, err);
    if (r == STORE_OK)
        r = check_codes(c, &a, codes);
    if (r == STORE_OK)
        r = put_rights(c, &d, &a, codes, err);
    admin_clear(&d, &a);
    return r;
}

/* Also voids what would let them in again without a password. */
static enum store_result
kill_sessions(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_only_account(c, RIGHT_SESSIONS, &d, &a, err);

    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK) {
        a.cred_serial++;
        r = admin_put_account(c, &d, &a, err);
    }
    if (r == STORE_OK)
        effect_add_account(c->x->effects, EFFECT_KILL_SESSIONS, &d, &a);
    admin_clear(&d, &a);
    return r;
}

/* Whoever is told that the account has changed forgets its log-ins. */
static enum store_result
forget_logins(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_only_account(c, RIGHT_SESSIONS, &d, &a, err);

    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        effect_add_account(c->x->effects, EFFECT_ACCOUNT_CHANGED, &d, &a);
    admin_clear(&d, &a);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "GETACCOUNTRIGHTS", .run = get_rights},
    ADMIN_CHANGE("SETACCOUNTRIGHTS", set_rights, 0),
    ADMIN_CHANGE("KILLACCOUNTSESSIONS", kill_sessions, 0),
    ADMIN_CHANGE("FORGETACCOUNTLOGINS", forget_logins, 0),
};

const struct admin_family admin_account_rights_family = {
    commands, sizeof commands / sizeof commands[0]};
