/* SPDX-License-Identifier: BSD-2-Clause */
/* Passwords that lines of the CLI carry: which one a line carries, which a caller
 * asks beforehand; a credential in its place; whose may be checked. */
#include "config.h"

#include "ximss/server/cli/admin_password.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/rules/settings.h"

/* --- which password a line carries --- */

enum store_result
admin_password_read(struct admin_call *c, struct admin_password *p)
{
    const char *method;
    enum store_result r = admin_arg_text(c, "account name", &p->account);

    if (r == STORE_OK && !admin_arg_word(c, "TO"))
        r = admin_arg_keyword(c, "PASSWORD");
    if (r == STORE_OK)
        r = admin_arg_text(c, "password", &p->password);
    if (r == STORE_OK && admin_arg_word(c, "METHOD"))
        r = admin_arg_text(c, "method", &method);
    if (r == STORE_OK)
        admin_arg_word(c, "CHECK");
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK &&
        (p->password[0] == '\0' || strlen(p->password) > PASSWORD_MOST))
        r = admin_refuse(c, ANSWER(BAD_PASSWORD_LENGTH));
    return r;
}

/* In any case of letters: a clear password must not be kept as a setting. */
static bool
is_password(const struct cli_value *v)
{
    return v->kind != CLI_NULL && text_equal_nocase(v->key, "Password");
}

static const struct cli_value *
password_in(const struct cli_value *settings)
{
    const struct cli_value *v = settings->first;

    while (v != NULL && !is_password(v))
        v = v->next;
    return v;
}

/* NULL, and why, if it cannot be a password. */
static const char *
password_text(struct arena *arena, const struct cli_value *v,
              const char **why_r)
{
    const char *text = admin_value_text(arena, v);

    *why_r = "password can not be used";
    if (text == NULL || text_equal_nocase(text, "default"))
        return NULL;
    *why_r = password_fault(text);
    return *why_r == NULL ? text : NULL;
}

/* CREATEACCOUNT and the commands that change settings: an account's name
 * first, and a dictionary last, but for FORCE. */
static bool
carries_settings(const char *verb)
{
    static const char *const verbs[] = {
        "CREATEACCOUNT", "UPDATEACCOUNTSETTINGS", "SETACCOUNTSETTINGS",
        "UPDATEACCOUNT", "SETACCOUNT"};

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i], verb) == 0)
            return true;
    }
    return false;
}

static const struct cli_value *
last_but_force(const struct admin_line *l)
{
    const struct cli_value *last = l->arg[l->n - 1];

    if (l->n > 1 && last->kind == CLI_STRING &&
        text_equal_nocase(last->text, "FORCE"))
        last = l->arg[l->n - 2];
    return last;
}

static enum admin_hash_kind
look_at_settings(struct admin_call *c, struct admin_password *p)
{
    const struct cli_value *last = last_but_force(c->line), *v;
    const char *why;

    p->account = admin_value_text(c->arena, c->line->arg[0]);
    if (p->account == NULL || last->kind != CLI_DICTIONARY)
        return ADMIN_HASH_NONE;
    v = password_in(last);
    p->password = v != NULL ? password_text(c->arena, v, &why) : NULL;
    return p->password != NULL ? ADMIN_HASH_NEW : ADMIN_HASH_NONE;
}

/* Most lines carry none, and are not read for that, however long they are. */
static bool
may_carry_password(const char *line, size_t len)
{
    char verb[ADMIN_VERB_SIZE];

    admin_line_verb(line, len, verb);
    return carries_settings(verb) || strcmp(verb, "SETACCOUNTPASSWORD") == 0 ||
           strcmp(verb, "VERIFYACCOUNTPASSWORD") == 0;
}

static enum admin_hash_kind
look_at_line(struct admin_call *c, struct admin_password *p)
{
    bool verify = strcmp(c->line->verb, "VERIFYACCOUNTPASSWORD") == 0;

    if (c->line->n == 0)
        return ADMIN_HASH_NONE;
    if (carries_settings(c->line->verb))
        return look_at_settings(c, p);
    if (!verify && strcmp(c->line->verb, "SETACCOUNTPASSWORD") != 0)
        return ADMIN_HASH_NONE;
    if (admin_password_read(c, p) != STORE_OK)
        return ADMIN_HASH_NONE;
    if (verify)
        return ADMIN_HASH_VERIFY;
    return password_fault(p->password) == NULL ? ADMIN_HASH_NEW
                                               : ADMIN_HASH_NONE;
}

enum admin_hash_kind
admin_needs_hash(const char *line, size_t len, char **password_r,
                 char **account_r)
{
    struct arena *arena = arena_new();
    struct admin_line l;
    struct admin_answer answer = {0};
    struct admin_call c = {.line = &l, .arena = arena, .answer = &answer};
    struct admin_password p = {0};
    enum admin_hash_kind kind = ADMIN_HASH_NONE;

    *password_r = *account_r = NULL;
    if (may_carry_password(line, len) &&
        admin_line_read(line, len, arena, &l, NULL) == 0)
        kind = look_at_line(&c, &p);
    if (kind != ADMIN_HASH_NONE) {
        *password_r = xstrdup(p.password);
        *account_r = xstrdup(p.account);
        explicit_bzero((char *)(uintptr_t)p.password, strlen(p.password));
    }
    arena_free(&arena);
    return kind;
}

/* --- new passwords --- */

/* What was given out on the old one is void. */
enum store_result
admin_password_take(struct admin_call *c, const struct domain_rec *d,
                    struct account_rec *a, struct errbuf *err)
{
    bool cram = false;
    enum store_result r = admin_call_not_by_token(c, a);

    if (r != STORE_OK)
        return r;
    if (c->hash_wanted != NULL)
        *c->hash_wanted = true;
    if (c->hashed == NULL || c->hashed->made == NULL)
        return admin_refuse(c, ANSWER(UNUSABLE), "password");
    r = settings_domain_cram(c->x->txn, d, &cram, err);
    if (r != STORE_OK)
        return r;
    a->cred = *c->hashed->made;
    if (!cram) {
        a->cred.has_cram = false;
        memset(a->cred.cram, 0, sizeof a->cred.cram);
    }
    a->cred_serial++;
    return STORE_OK;
}

const struct cli_value *
admin_password_strip(struct admin_call *c, const struct cli_value *settings)
{
    struct cli_value *dict;

    if (password_in(settings) == NULL)
        return settings;
    /* Not by settings_update: the value `default` must stay. */
    dict = cli_data_dictionary(c->arena);
    for (const struct cli_value *i = settings->first; i != NULL; i = i->next) {
        struct cli_value *item = arena_alloc(c->arena, sizeof *item);

        if (is_password(i))
            continue;
        *item = *i;
        cli_data_add(c->arena, dict, i->key, item);
    }
    return dict;
}

enum store_result
admin_password_from_settings(struct admin_call *c,
                             const struct cli_value *settings,
                             const struct domain_rec *d, struct account_rec *a,
                             struct errbuf *err)
{
    const struct cli_value *v = password_in(settings);
    const char *why;

    if (v == NULL)
        return STORE_OK;
    if (password_text(c->arena, v, &why) == NULL)
        return admin_refuse(c, ANSWER_ARGUMENTS, "%s", why);
    return admin_password_take(c, d, a, err);
}

/* --- checking --- */

/* Whoever administers the domain by some code may ask; but nobody may try the
 * passwords of those who can do more than the domain. */
enum store_result
admin_password_find(struct admin_call *c, const char *name,
                    struct domain_rec *d, struct account_rec *a,
                    struct errbuf *err)
{
    enum store_result r =
        admin_call_account(c, name, RIGHTS_OF_DOMAIN, d, a, err);

    if (r == STORE_OK &&
        !rights_cover(c->x->caller, d->number,
                      rights_parse(a->rights) & RIGHTS_SERVER_WIDE))
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    return r;
}
