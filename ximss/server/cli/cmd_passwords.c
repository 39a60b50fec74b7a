/* SPDX-License-Identifier: BSD-2-Clause */
/* Passwords by the CLI: SETACCOUNTPASSWORD in its two spellings, the key
 * Password in an account's settings, VERIFYACCOUNTPASSWORD; and what a caller
 * asks beforehand, which password a line carries. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/rules/settings.h"

/* --- which password a line carries --- */

/* name PASSWORD pw [METHOD m] [CHECK], name TO pw, and nothing behind. */
struct password_line {
    const char *account, *password;
};

static enum store_result
read_password_line(struct admin_call *c, struct password_line *p)
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
look_at_settings(struct admin_call *c, struct password_line *p)
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
look_at_line(struct admin_call *c, struct password_line *p)
{
    bool verify = strcmp(c->line->verb, "VERIFYACCOUNTPASSWORD") == 0;

    if (c->line->n == 0)
        return ADMIN_HASH_NONE;
    if (carries_settings(c->line->verb))
        return look_at_settings(c, p);
    if (!verify && strcmp(c->line->verb, "SETACCOUNTPASSWORD") != 0)
        return ADMIN_HASH_NONE;
    if (read_password_line(c, p) != STORE_OK)
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
    struct password_line p = {0};
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

/* Puts the credential in its place; what was given out on the old one is
 * void. */
static enum store_result
take_credential(struct admin_call *c, const struct domain_rec *d,
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
    return take_credential(c, d, a, err);
}

static enum store_result
password_set(struct admin_call *c, struct errbuf *err)
{
    struct password_line p = {0};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = read_password_line(c, &p);
    const char *why = r == STORE_OK ? password_fault(p.password) : NULL;

    if (why != NULL)
        r = admin_refuse(c, ANSWER_ARGUMENTS, "%s", why);
    if (r == STORE_OK)
        r = admin_call_account(c, p.account, RIGHT_BASIC_SETTINGS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = take_credential(c, &d, &a, err);
    if (r == STORE_OK)
        r = account_put(c->x->txn, &a, err);
    if (r == STORE_OK)
        admin_effect_account(c->x, EFFECT_ACCOUNT_CHANGED, &d, &a);
    domain_rec_clear(&d);
    account_rec_clear(&a);
    return r;
}

/* --- checking --- */

/* Whoever administers the domain by some code may ask; but nobody may try the
 * passwords of those who can do more than the domain. */
static enum store_result
find_verified(struct admin_call *c, const char *name, struct domain_rec *d,
              struct account_rec *a, struct errbuf *err)
{
    enum store_result r =
        admin_call_account(c, name, RIGHTS_OF_DOMAIN, d, a, err);

    if (r == STORE_OK &&
        !rights_cover(c->x->caller, d->number,
                      rights_parse(a->rights) & RIGHTS_SERVER_WIDE))
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    return r;
}

static bool
may_set(const struct caller *by, const struct domain_rec *d,
        const struct account_rec *a)
{
    return rights_administers(by, d->number, RIGHT_BASIC_SETTINGS) &&
           rights_cover(by, d->number, rights_parse(a->rights));
}

static enum store_result
password_verify(struct admin_call *c, struct errbuf *err)
{
    struct password_line p = {0};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = read_password_line(c, &p);

    if (r == STORE_OK)
        r = find_verified(c, p.account, &d, &a, err);
    if (r == STORE_OK &&
        (c->hashed == NULL || !c->hashed->checked || !c->hashed->matches))
        r = admin_refuse(c, ANSWER(WRONG_PASSWORD));
    admin_clear(&d, &a);
    return r;
}

enum store_result
admin_verify_find(struct admin_context *x, const char *account,
                  struct credential *cred_r, bool *found_r, uint64_t *guessed_r,
                  struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct admin_answer answer = {0};
    struct admin_call c = {.x = x, .arena = arena, .answer = &answer};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = find_verified(&c, account, &d, &a, err);

    *cred_r = (struct credential){0};
    *guessed_r = 0;
    *found_r = r == STORE_OK;
    if (r == STORE_OK) {
        *cred_r = a.cred;
        *guessed_r = may_set(x->caller, &d, &a) ? 0 : a.number;
    } else if (r == STORE_REFUSED) {
        r = STORE_OK;
    }
    admin_clear(&d, &a);
    arena_free(&arena);
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
    ADMIN_CHANGE("SETACCOUNTPASSWORD", password_set, 0),
    {.name = "VERIFYACCOUNTPASSWORD", .run = password_verify},
    {.name = "GETACCOUNTPLAINPASSWORD", .run = password_plain},
};

const struct admin_family admin_password_family = {
    commands, sizeof commands / sizeof commands[0]};
