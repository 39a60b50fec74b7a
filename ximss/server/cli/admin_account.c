/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands about accounts have in common. */
#include "config.h"

#include "ximss/server/cli/admin_account.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_password.h"
#include "ximss/server/cli/admin_setting.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/settings.h"

#define REAL_NAME_MAX 1024

/* Reads "name" and no more, and finds the account. */
enum store_result
admin_only_account(struct admin_call *c, unsigned need, struct domain_rec *d,
                   struct account_rec *a, struct errbuf *err)
{
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, need, d, a, err);
    return r;
}

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool
same_account(const struct account_rec *a, const struct account_rec *b)
{
    return a->domain == b->domain && a->cred_serial == b->cred_serial &&
           same_text(a->name, b->name) &&
           same_text(a->real_name, b->real_name) &&
           same_text(a->type, b->type) && same_text(a->rights, b->rights) &&
           same_text(a->settings, b->settings);
}

enum store_result
admin_put_account(struct admin_call *c, const struct domain_rec *d,
                  const struct account_rec *a, struct errbuf *err)
{
    struct account_rec old = {0};
    enum store_result r = account_get(c->x->txn, a->number, &old, err);
    bool same = r == STORE_OK && same_account(a, &old);

    account_rec_clear(&old);
    if (r == STORE_OK && !same)
        r = account_put(c->x->txn, a, err);
    if (r == STORE_OK && !same)
        effect_add_account(c->x->effects, EFFECT_ACCOUNT_CHANGED, d, a);
    return r;
}

/* The postmaster of the main domain is who cannot be lost. */
enum store_result
admin_is_postmaster(struct admin_call *c, const struct domain_rec *d,
                    const struct account_rec *a, bool *is_r, struct errbuf *err)
{
    *is_r = false;
    if (strcmp(a->name, "postmaster") != 0)
        return STORE_OK;
    return admin_is_main(c->x->txn, d, is_r, err);
}

/* The name goes into attributes of XML and on screens: one line of text. */
static bool
is_real_name(const char *s)
{
    return s[0] == '\0' ||
           (text_check_alert(s, strlen(s), REAL_NAME_MAX, NULL) == 0 &&
            !text_has_controls(s));
}

static enum store_result
check_real_name(struct admin_call *c, const struct cli_value *settings)
{
    const char *real = settings_string(settings, "RealName");

    if (real != NULL && !is_real_name(real))
        return admin_refuse(c, ANSWER(UNUSABLE), "RealName");
    return STORE_OK;
}

enum store_result
admin_check_template(struct admin_call *c, const struct cli_value *settings)
{
    if (admin_password_strip(c, settings) != settings)
        return admin_refuse(c, ANSWER(TEMPLATE_PASSWORD));
    return check_real_name(c, settings);
}

/* What the account's settings become, without the password they may carry;
 * the real name is kept in the record too. */
enum store_result
admin_make_settings(struct admin_call *c, const struct cli_value *changes,
                    bool replace, struct account_rec *a, struct errbuf *err)
{
    struct cli_value *dict;
    const char *real;
    char *text;
    enum store_result r = check_real_name(c, changes);

    if (r == STORE_OK)
        r = admin_setting_change(c, a->settings,
                                 admin_password_strip(c, changes), replace,
                                 &text, err);
    if (r != STORE_OK)
        return r;
    free(a->settings);
    a->settings = text;
    if (settings_read(c->arena, text, &dict, err) != 0)
        return STORE_ERROR;
    real = settings_string(dict, "RealName");
    free(a->real_name);
    a->real_name = xstrdup(real != NULL ? real : "");
    return STORE_OK;
}

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
        effect_add_account(x->effects, EFFECT_ACCOUNT_REMOVED, d, a);
    alert_target_clear(&t);
    return r;
}
