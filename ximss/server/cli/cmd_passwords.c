/* SPDX-License-Identifier: BSD-2-Clause */
/* Passwords by the CLI: SETACCOUNTPASSWORD in its two spellings, and
 * VERIFYACCOUNTPASSWORD.  The key Password in an account's settings is in
 * admin_password.c. */
#include "config.h"

#include "ximss/server/auth/password.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_password.h"

static enum store_result
password_set(struct admin_call *c, struct errbuf *err)
{
    struct admin_password p = {0};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_password_read(c, &p);
    const char *why =
        r == STORE_OK && !p.is_hash ? password_fault(p.password) : NULL;

    if (why != NULL)
        r = admin_refuse(c, ANSWER_ARGUMENTS, "%s", why);
    if (r == STORE_OK)
        r = admin_call_account(c, p.account, RIGHT_BASIC_SETTINGS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = p.is_hash ? admin_password_take_hash(c, p.password, &d, &a, err)
                      : admin_password_take_new(c, p.password, &d, &a, err);
    if (r == STORE_OK)
        r = account_put(c->x->txn, &a, err);
    if (r == STORE_OK)
        effect_add_account(c->x->effects, EFFECT_ACCOUNT_CHANGED, &d, &a);
    domain_rec_clear(&d);
    account_rec_clear(&a);
    return r;
}

static enum store_result
password_verify(struct admin_call *c, struct errbuf *err)
{
    struct admin_password p = {0};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_password_read(c, &p);

    if (r == STORE_OK)
        r = admin_password_find(c, p.account, &d, &a, err);
    if (r == STORE_OK && (!c->hashed->checked || !c->hashed->matches))
        r = admin_refuse(c, ANSWER(WRONG_PASSWORD));
    admin_clear(&d, &a);
    return r;
}

/* Clear texts are not kept; those who might have got one are told so. */
static enum store_result
password_plain(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_BASIC_SETTINGS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_refuse(c, ANSWER(NO_CLEAR_PASSWORDS));
    domain_rec_clear(&d);
    account_rec_clear(&a);
    return r;
}

static const struct admin_command commands[] = {
    ADMIN_CHANGE_WITH("SETACCOUNTPASSWORD", password_set, 0,
                      ADMIN_PASSWORD_SET),
    {.name = "VERIFYACCOUNTPASSWORD",
     .run = password_verify,
     .password = ADMIN_PASSWORD_CHECK},
    {.name = "GETACCOUNTPLAINPASSWORD", .run = password_plain},
};

const struct admin_family admin_password_family = {
    commands, sizeof commands / sizeof commands[0]};
