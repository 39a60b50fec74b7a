/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens of accounts by the CLI (token.h): creating, listing, revoking them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/rules/token.h"

/* Who may set its password may give it tokens; the account itself may, too. */
#define NEED_TOKENS (NEED_OWN | (unsigned)RIGHT_BASIC_SETTINGS)

/* --- arguments --- */

struct token_args {
    const char *account, *name; /* name NULL: one is found */
    int64_t expires;
};

/* Words that need no quotes anywhere. */
static bool
is_token_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= TOKEN_NAME_MOST &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789._@-") == len;
}

static enum store_result
arg_token_name(struct admin_call *c, const char **name_r)
{
    enum store_result r = admin_arg_text(c, "token name", name_r);

    if (r == STORE_OK && !is_token_name(*name_r))
        r = admin_refuse(c, ANSWER(BAD_TOKEN_NAME));
    return r;
}

/* never, a length of time from now, or a time. */
static enum store_result
arg_expires(struct admin_call *c, int64_t *expires_r)
{
    const char *text;
    int64_t span;
    enum store_result r = admin_arg_text(c, "end", &text);

    if (r != STORE_OK)
        return r;
    if (text_equal_nocase(text, "never"))
        *expires_r = 0;
    else if (clock_parse_span(text, &span) == 0)
        *expires_r = c->x->now + span;
    else if (clock_parse_gmt(text, expires_r) != 0)
        return admin_refuse(c, ANSWER(BAD_EXPIRES));
    if (*expires_r != 0 && *expires_r <= c->x->now)
        return admin_refuse(c, ANSWER(EXPIRES_PAST));
    return STORE_OK;
}

static enum store_result
read_args(struct admin_call *c, struct token_args *p)
{
    enum store_result r = admin_arg_text(c, "account name", &p->account);

    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        if (admin_arg_word(c, "NAME"))
            r = arg_token_name(c, &p->name);
        else if (admin_arg_word(c, "EXPIRES"))
            r = arg_expires(c, &p->expires);
        else
            r = admin_arg_end(c);
    }
    return r;
}

/* The account, if the caller may give it tokens and take them: nobody who has
 * come by a token could make others that outlive it. */
static enum store_result
find_account(struct admin_call *c, const char *name, struct domain_rec *d,
             struct account_rec *a, struct errbuf *err)
{
    enum store_result r = admin_call_account(c, name, NEED_TOKENS, d, a, err);

    if (r == STORE_OK && a->number != c->x->caller->account)
        r = admin_call_cover(c, d, a);
    return r == STORE_OK ? admin_call_not_by_token(c, a) : r;
}

/* --- making --- */

static void
count_one(const struct token_rec *k, void *arg)
{
    (void)k;
    ++*(size_t *)arg;
}

static enum store_result
check_number(struct admin_call *c, uint64_t account, struct errbuf *err)
{
    size_t n = 0;
    enum store_result r = token_walk(c->x->txn, account, count_one, &n, err);

    if (r == STORE_OK && n >= c->x->settings->max_tokens)
        r = admin_refuse(c, ANSWER(TOO_MANY_TOKENS), n);
    return r;
}

/* token-1, token-2, ... */
static enum store_result
find_name(struct admin_call *c, uint64_t account, const char **name_r,
          struct errbuf *err)
{
    enum store_result r = STORE_OK;
    char name[32];

    for (unsigned n = 1; r == STORE_OK; n++) {
        struct token_rec k = {0};

        snprintf(name, sizeof name, "token-%u", n);
        r = token_get(c->x->txn, account, name, &k, err);
        token_rec_clear(&k);
    }
    *name_r = arena_strndup(c->arena, name, strlen(name));
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static struct cli_value *
time_or_never(struct admin_call *c, int64_t us)
{
    return us != 0 ? admin_time_value(c, us)
                   : cli_data_string(c->arena, "never", 5);
}

static void
result_made(struct admin_call *c, const struct token_rec *k, const char *secret)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);

    cli_data_add(c->arena, dict, "Expires", time_or_never(c, k->expires));
    cli_data_add(c->arena, dict, "Name",
                 cli_data_string(c->arena, k->name, strlen(k->name)));
    cli_data_add(c->arena, dict, "Secret",
                 cli_data_string(c->arena, secret, strlen(secret)));
    admin_result(c, dict);
}

static enum store_result
make_token(struct admin_call *c, const struct account_rec *a,
           const struct token_args *p, struct errbuf *err)
{
    struct token_rec k = {
        .account = a->number, .created = c->x->now, .expires = p->expires};
    char secret[TOKEN_SECRET_SIZE];
    struct errbuf why;
    enum store_result r;

    if (RAND_bytes((unsigned char *)&k.id, sizeof k.id) != 1)
        log_fatal("no random bytes from OpenSSL");
    k.name = xstrdup(p->name);
    k.author = xstrdup(c->x->caller->name);
    if (c->x->token_key == NULL ||
        token_seal(c->x->token_key, &k, secret, &why) != 0) {
        log_warn("a token was not made: %s", why.text);
        token_rec_clear(&k);
        return admin_refuse(c, ANSWER(NO_TOKEN_KEY));
    }
    r = token_put(c->x->txn, &k, err);
    if (r == STORE_EXISTS)
        r = admin_refuse(c, ANSWER(TOKEN_EXISTS));
    if (r == STORE_OK)
        result_made(c, &k, secret);
    token_rec_clear(&k);
    OPENSSL_cleanse(secret, sizeof secret);
    return r;
}

static enum store_result
create_token(struct admin_call *c, struct errbuf *err)
{
    struct token_args p = {0};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = read_args(c, &p);

    if (r == STORE_OK)
        r = find_account(c, p.account, &d, &a, err);
    if (r == STORE_OK)
        r = check_number(c, a.number, err);
    if (r == STORE_OK && p.name == NULL)
        r = find_name(c, a.number, &p.name, err);
    if (r == STORE_OK)
        r = make_token(c, &a, &p, err);
    admin_clear(&d, &a);
    return r;
}

/* --- those that are there --- */

struct listing {
    struct admin_call *c;
    struct cli_value *dict;
};

static void
list_one(const struct token_rec *k, void *arg)
{
    struct listing *l = arg;
    struct admin_call *c = l->c;
    struct cli_value *item = cli_data_dictionary(c->arena);
    char *name = arena_strndup(c->arena, k->name, strlen(k->name));

    cli_data_add(c->arena, item, "Author",
                 cli_data_string(c->arena, k->author, strlen(k->author)));
    cli_data_add(c->arena, item, "Created", admin_time_value(c, k->created));
    cli_data_add(c->arena, item, "Expires", time_or_never(c, k->expires));
    cli_data_add(c->arena, l->dict, name, item);
}

static enum store_result
list_tokens(struct admin_call *c, struct errbuf *err)
{
    struct listing l = {c, cli_data_dictionary(c->arena)};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r =
        admin_only_account(c, NEED_READ | NEED_OWN, &d, &a, err);

    if (r == STORE_OK)
        r = token_walk(c->x->txn, a.number, list_one, &l, err);
    if (r == STORE_OK)
        admin_result(c, l.dict);
    admin_clear(&d, &a);
    return r;
}

static enum store_result
drop_token(struct admin_call *c, const struct account_rec *a, const char *name,
           struct errbuf *err)
{
    struct token_rec k = {0};
    struct effect *e;
    enum store_result r = token_get(c->x->txn, a->number, name, &k, err);

    if (r == STORE_OK)
        r = token_remove(c->x->txn, a->number, name, err);
    if (r == STORE_NOTFOUND)
        r = admin_refuse(c, ANSWER(NO_TOKEN));
    if (r == STORE_OK) {
        e = effect_add(c->x->effects, EFFECT_TOKEN_REVOKED);
        e->account.number = a->number;
        e->token = k.id;
    }
    token_rec_clear(&k);
    return r;
}

static enum store_result
revoke_token(struct admin_call *c, struct errbuf *err)
{
    const char *account, *name = NULL;
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_arg_text(c, "account name", &account);

    if (r == STORE_OK)
        r = admin_arg_keyword(c, "NAME");
    if (r == STORE_OK)
        r = admin_arg_text(c, "token name", &name);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = find_account(c, account, &d, &a, err);
    if (r == STORE_OK)
        r = drop_token(c, &a, name, err);
    admin_clear(&d, &a);
    return r;
}

static const struct admin_command commands[] = {
    ADMIN_CHANGE("CREATEACCOUNTTOKEN", create_token, 0),
    {.name = "LISTACCOUNTTOKENS", .run = list_tokens},
    ADMIN_CHANGE("REVOKEACCOUNTTOKEN", revoke_token, 0),
};

const struct admin_family admin_token_family = {
    commands, sizeof commands / sizeof commands[0]};
