/* SPDX-License-Identifier: BSD-2-Clause */
/* Passwords that lines of the CLI carry: which one a line carries, which a caller
 * asks beforehand; a credential in its place; whose may be checked. */
#include "config.h"

#include "ximss/server/cli/admin_password.h"

#include <string.h>

#include <openssl/crypto.h>

#include "util/text.h"
#include "ximss/server/auth/foreign_hash.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/rules/settings.h"

/* --- which password a line carries --- */

enum store_result
admin_password_read(struct admin_call *c, struct admin_password *p)
{
    const char *method = NULL;
    enum store_result r = admin_arg_text(c, "account name", &p->account);

    if (r == STORE_OK && !admin_arg_word(c, "TO"))
        r = admin_arg_keyword(c, "PASSWORD");
    if (r == STORE_OK)
        r = admin_arg_text(c, "password", &p->password);
    if (r == STORE_OK && admin_arg_word(c, "METHOD"))
        r = admin_arg_text(c, "method", &method);
    p->is_hash = method != NULL && text_equal_nocase(method, "hash");
    if (r == STORE_OK)
        admin_arg_word(c, "CHECK");
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK &&
        (p->password[0] == '\0' || strlen(p->password) > PASSWORD_MOST))
        r = admin_refuse(c, ANSWER(BAD_PASSWORD_LENGTH));
    return r;
}

#define KEY_PASSWORD "Password"
#define KEY_HASH     "PasswordHash"

/* In any case of letters: a clear password must not be kept as a setting. */
static bool
is_key(const struct cli_value *v, const char *key)
{
    return v->kind != CLI_NULL && text_equal_nocase(v->key, key);
}

static const struct cli_value *
find_key(const struct cli_value *settings, const char *key)
{
    const struct cli_value *v = settings->first;

    while (v != NULL && !is_key(v, key))
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

/* A dictionary of settings comes last, but for FORCE. */
static const struct cli_value *
last_but_force(const struct admin_line *l)
{
    const struct cli_value *last = l->arg[l->n - 1];

    if (l->n > 1 && last->kind == CLI_STRING &&
        text_equal_nocase(last->text, "FORCE"))
        last = l->arg[l->n - 2];
    return last;
}

/* NULL if it is a hash. */
static const char *
clear_of_hash(struct arena *arena, const struct cli_value *v)
{
    const char *text = admin_value_text(arena, v);
    const char *clear = text == NULL ? NULL : foreign_hash_clear(text);

    return clear != NULL && password_fault(clear) == NULL ? clear : NULL;
}

/* The account's name comes first. */
static enum admin_hash_kind
look_at_settings(const struct admin_line *l, struct arena *arena,
                 struct admin_password *p)
{
    const struct cli_value *last, *v, *hash;
    const char *why;

    if (l->n == 0)
        return ADMIN_HASH_NONE;
    last = last_but_force(l);
    p->account = admin_value_text(arena, l->arg[0]);
    if (p->account == NULL || last->kind != CLI_DICTIONARY)
        return ADMIN_HASH_NONE;
    v = find_key(last, KEY_PASSWORD);
    hash = find_key(last, KEY_HASH);
    if ((v == NULL) == (hash == NULL))
        return ADMIN_HASH_NONE;
    p->is_hash = hash != NULL;
    p->password =
        v != NULL ? password_text(arena, v, &why) : clear_of_hash(arena, hash);
    return p->password != NULL ? ADMIN_HASH_NEW : ADMIN_HASH_NONE;
}

static enum admin_hash_kind
look_at_argument(struct admin_call *c, struct admin_password *p)
{
    if (admin_password_read(c, p) != STORE_OK)
        return ADMIN_HASH_NONE;
    if (p->is_hash)
        p->password = foreign_hash_clear(p->password);
    return p->password != NULL && password_fault(p->password) == NULL
               ? ADMIN_HASH_NEW
               : ADMIN_HASH_NONE;
}

enum admin_hash_kind
admin_password_look(const struct admin_command *k, const struct admin_line *l,
                    struct arena *arena, struct admin_password *p_r)
{
    struct admin_answer answer = {0};
    struct admin_call c = {.line = l, .arena = arena, .answer = &answer};

    *p_r = (struct admin_password){0};
    switch (k->password) {
    case ADMIN_NO_PASSWORD:
        break;
    case ADMIN_PASSWORD_SET:
        return look_at_argument(&c, p_r);
    case ADMIN_PASSWORD_CHECK:
        return admin_password_read(&c, p_r) == STORE_OK ? ADMIN_HASH_VERIFY
                                                        : ADMIN_HASH_NONE;
    case ADMIN_PASSWORD_SETTING:
        return look_at_settings(l, arena, p_r);
    }
    return ADMIN_HASH_NONE;
}

/* --- new passwords --- */

/* The credential that was made; refused if it was not.  What was given out on the
 * old one is void. */
static enum store_result
take_made(struct admin_call *c, const struct domain_rec *d,
          struct account_rec *a, struct errbuf *err)
{
    bool cram = false;
    enum store_result r = admin_call_not_by_token(c, a);

    if (r != STORE_OK)
        return r;
    if (c->hash_wanted != NULL)
        *c->hash_wanted = true;
    if (c->hashed->weak != NULL)
        return admin_refuse(c, ANSWER_ARGUMENTS, "%s", c->hashed->weak);
    if (c->hashed->made == NULL)
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

/* As the domain has it for all. */
static enum store_result
take_clear(struct admin_call *c, const char *clear, const struct domain_rec *d,
           struct account_rec *a, struct errbuf *err)
{
    const char *why = password_fault(clear);

    return why == NULL ? take_made(c, d, a, err)
                       : admin_refuse(c, ANSWER_ARGUMENTS, "%s", why);
}

enum store_result
admin_password_take_hash(struct admin_call *c, const char *hash,
                         const struct domain_rec *d, struct account_rec *a,
                         struct errbuf *err)
{
    enum store_result r = admin_call_not_by_token(c, a);
    struct credential cred;
    const char *clear = NULL;
    struct errbuf why;

    if (r != STORE_OK)
        return r;
    switch (foreign_hash_read(hash, &c->x->settings->hash_limits, &cred, &clear,
                              &why)) {
    case FOREIGN_BAD:
        r = admin_refuse(c, ANSWER_ARGUMENTS, "%s", why.text);
        break;
    case FOREIGN_CLEAR:
        r = take_clear(c, clear, d, a, err);
        break;
    case FOREIGN_VERIFIER:
    case FOREIGN_HASH:
        a->cred = cred;
        a->cred_serial++;
        break;
    }
    OPENSSL_cleanse(&cred, sizeof cred);
    return r;
}

enum store_result
admin_password_take_new(struct admin_call *c, const char *clear,
                        const struct domain_rec *d, struct account_rec *a,
                        struct errbuf *err)
{
    unsigned least = c->x->settings->min_length;

    if (password_is_short(clear, least))
        return admin_refuse(c, ANSWER(SHORT_PASSWORD), least);
    return take_clear(c, clear, d, a, err);
}

const struct cli_value *
admin_password_strip(struct admin_call *c, const struct cli_value *settings)
{
    struct cli_value *dict;

    if (find_key(settings, KEY_PASSWORD) == NULL &&
        find_key(settings, KEY_HASH) == NULL)
        return settings;
    /* Not by settings_update: the value `default` must stay. */
    dict = cli_data_dictionary(c->arena);
    for (const struct cli_value *i = settings->first; i != NULL; i = i->next) {
        struct cli_value *item = arena_alloc(c->arena, sizeof *item);

        if (is_key(i, KEY_PASSWORD) || is_key(i, KEY_HASH))
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
    const struct cli_value *v = find_key(settings, KEY_PASSWORD);
    const struct cli_value *hash = find_key(settings, KEY_HASH);
    const char *text, *why;

    if (v != NULL && hash != NULL)
        return admin_refuse(c, ANSWER(PASSWORD_AND_HASH));
    if (hash != NULL) {
        text = admin_value_text(c->arena, hash);
        return text == NULL ? admin_refuse(c, ANSWER(UNUSABLE), "password hash")
                            : admin_password_take_hash(c, text, d, a, err);
    }
    if (v == NULL)
        return STORE_OK;
    text = password_text(c->arena, v, &why);
    if (text == NULL)
        return admin_refuse(c, ANSWER_ARGUMENTS, "%s", why);
    return admin_password_take_new(c, text, d, a, err);
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
