/* SPDX-License-Identifier: BSD-2-Clause */
/* Dictionaries of settings, and the effective value if several of them have the
 * same key: they are merged, and the most specific one wins. */
#include "config.h"

#include "ximss/server/rules/settings.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* protocol.md C.8: the values of a real default file. */
static const char built_in_account[] =
    "{MaxAccountSize=unlimited;QuotaAlert=80;QuotaNotice=90;QuotaSuspend=100;}";
static const char built_in_domain[] = "{CRAMMD5=NO;}";

int
settings_read(struct arena *arena, const char *text, struct cli_value **dict_r,
              struct errbuf *err)
{
    if (text == NULL || text[0] == '\0') {
        *dict_r = cli_data_dictionary(arena);
        return 0;
    }
    if (cli_data_parse(text, strlen(text), NULL, arena, dict_r, err) != 0)
        return err_prefix(err, "reading settings");
    if ((*dict_r)->kind != CLI_DICTIONARY)
        return err_set(err, "reading settings: not a dictionary");
    return 0;
}

char *
settings_text(const struct cli_value *dict)
{
    struct buf b = {0};

    if (dict->n == 0)
        return xstrdup("");
    cli_data_write(&b, dict);
    return buf_take(&b);
}

/* Values are links of the list they stand in, so laying one dictionary over
 * another takes copies; texts are shared, they live in the same arena.  Nothing
 * within a dictionary is a key that is not there. */
static struct cli_value *
copy(struct arena *arena, const struct cli_value *v)
{
    struct cli_value *to = arena_alloc(arena, sizeof *to);

    *to = *v;
    to->key = NULL;
    to->first = to->last = to->next = NULL;
    to->n = 0;
    for (const struct cli_value *i = v->first; i != NULL; i = i->next) {
        if (v->kind != CLI_DICTIONARY)
            cli_data_append(to, copy(arena, i));
        else if (i->kind != CLI_NULL)
            cli_data_add(arena, to, i->key, copy(arena, i));
    }
    return to;
}

bool
settings_is_default(const struct cli_value *v)
{
    return v->kind == CLI_NULL ||
           (v->kind == CLI_STRING && text_equal_nocase(v->text, "default"));
}

void
settings_update(struct arena *arena, struct cli_value *dict,
                const struct cli_value *changes)
{
    for (const struct cli_value *i = changes->first; i != NULL; i = i->next)
        cli_data_set(arena, dict, i->key,
                     settings_is_default(i) ? NULL : copy(arena, i));
}

const char *
settings_string(const struct cli_value *dict, const char *key)
{
    const struct cli_value *v = cli_data_find(dict, key);

    if (v == NULL || (v->kind != CLI_STRING && v->kind != CLI_NUMBER))
        return NULL;
    return v->text;
}

/* --- what is in force --- */

/* Bytes that are read, and keys that are compared, in the time of one unit of
 * work. */
#define BYTES_READ    128
#define KEYS_COMPARED 256

static enum store_result
lay_over(struct store_txn *t, struct arena *arena, struct cli_value *dict,
         const char *text, struct errbuf *err)
{
    struct cli_value *over;

    if (settings_read(arena, text, &over, err) != 0)
        return STORE_ERROR;
    store_charge(t, (text != NULL ? strlen(text) : 0) / BYTES_READ +
                        (uint64_t)dict->n * over->n / KEYS_COMPARED);
    settings_update(arena, dict, over);
    return STORE_OK;
}

static enum store_result
lay_over_stored(struct store_txn *t, struct arena *arena,
                struct cli_value *dict, enum store_text which,
                struct errbuf *err)
{
    char *text = NULL;
    enum store_result r = meta_text_get(t, which, &text, err);

    if (r == STORE_OK)
        r = lay_over(t, arena, dict, text, err);
    free(text);
    return r;
}

enum store_result
settings_account(struct store_txn *t, struct arena *arena,
                 const struct domain_rec *domain,
                 const struct account_rec *account, struct cli_value **dict_r,
                 struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(arena);
    enum store_result r = lay_over(t, arena, dict, built_in_account, err);

    if (r == STORE_OK)
        r = lay_over_stored(t, arena, dict,
                            domain->shared ? STORE_TEXT_CLUSTER_ACCOUNT_DEFAULTS
                                           : STORE_TEXT_SERVER_ACCOUNT_DEFAULTS,
                            err);
    if (r == STORE_OK)
        r = lay_over(t, arena, dict, domain->defaults, err);
    if (r == STORE_OK)
        r = lay_over(t, arena, dict, account->settings, err);
    *dict_r = dict;
    return r;
}

enum store_result
settings_domain(struct store_txn *t, struct arena *arena,
                const struct domain_rec *domain, struct cli_value **dict_r,
                struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(arena);
    enum store_result r = lay_over(t, arena, dict, built_in_domain, err);

    if (r == STORE_OK)
        r = lay_over_stored(t, arena, dict,
                            domain->shared ? STORE_TEXT_CLUSTER_DOMAIN_DEFAULTS
                                           : STORE_TEXT_SERVER_DOMAIN_DEFAULTS,
                            err);
    if (r == STORE_OK)
        r = lay_over(t, arena, dict, domain->settings, err);
    *dict_r = dict;
    return r;
}

/* A switch of a domain; `otherwise` if it is not set, or neither yes nor no. */
static bool
is_on(const struct cli_value *dict, const char *key, bool otherwise)
{
    const char *value = settings_string(dict, key);
    bool on;

    return value != NULL && text_parse_bool(value, &on) == 0 ? on : otherwise;
}

static enum store_result
domain_switch(struct store_txn *t, const struct domain_rec *domain,
              const char *key, bool otherwise, bool *on_r, struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct cli_value *dict;
    enum store_result r = settings_domain(t, arena, domain, &dict, err);

    *on_r = r == STORE_OK && is_on(dict, key, otherwise);
    arena_free(&arena);
    return r;
}

enum store_result
settings_domain_cram(struct store_txn *t, const struct domain_rec *domain,
                     bool *wants_r, struct errbuf *err)
{
    return domain_switch(t, domain, "CRAMMD5", false, wants_r, err);
}

enum store_result
settings_domain_auto_create(struct store_txn *t,
                            const struct domain_rec *domain, bool *wants_r,
                            struct errbuf *err)
{
    return domain_switch(t, domain, SETTINGS_AUTO_CREATE, true, wants_r, err);
}

enum store_result
settings_domain_detail(struct store_txn *t, const struct domain_rec *domain,
                       bool *wants_r, struct errbuf *err)
{
    return domain_switch(t, domain, SETTINGS_DETAIL, false, wants_r, err);
}

int
settings_auth_list(const struct cli_value *v, struct auth_list *l_r,
                   struct errbuf *err)
{
    *l_r = (struct auth_list){.n = 0};
    if (v->kind == CLI_STRING)
        return auth_list_parse(v->text, l_r, err);
    if (v->kind != CLI_ARRAY || v->n == 0)
        return err_set(err, "must name store or dovecot or pam");
    for (const struct cli_value *i = v->first; i != NULL; i = i->next)
        if (auth_list_add(l_r, i->kind == CLI_STRING ? i->text : "", err) < 0)
            return -1;
    return 0;
}

enum store_result
settings_domain_logins(struct store_txn *t, const struct domain_rec *domain,
                       const struct auth_list *server,
                       struct domain_logins *logins_r, struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct cli_value *dict = NULL, *auth;
    struct auth_list own;
    enum store_result r = STORE_OK;

    *logins_r = (struct domain_logins){.auth = *server};
    if (domain != NULL)
        r = settings_domain(t, arena, domain, &dict, err);
    if (r == STORE_OK && dict != NULL) {
        logins_r->cram = is_on(dict, "CRAMMD5", false);
        auth = cli_data_find(dict, SETTINGS_AUTH);
        if (auth != NULL && settings_auth_list(auth, &own, err) == 0)
            logins_r->auth = own;
    }
    arena_free(&arena);
    return r;
}
