/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_SETTINGS_H
#define XIMSS_SERVER_RULES_SETTINGS_H

#include <stdbool.h>

#include "storage/tables.h"
#include "util/arena.h"
#include "util/errbuf.h"
#include "ximss/proto/cli_data.h"
#include "ximss/server/base/auth_list.h"

/* Settings of accounts, domains and the server: dictionaries of the CLI's data
 * format, kept as the text that storage stores.  Keys nobody here knows are
 * kept and given back as they came.  Values live in the arena. */

/* Keys that the server acts on, besides passwords and names. */
#define SETTINGS_MAX_SIZE    "MaxAccountSize"
#define SETTINGS_QUOTA_ALERT "QuotaAlert"
#define SETTINGS_QUOTA_TEXT  "QuotaAlertText" /* of domains */
#define SETTINGS_AUTH        "Auth"           /* of domains */
#define SETTINGS_AUTO_CREATE "AutoCreate"     /* of domains */
#define SETTINGS_DETAIL      "PlusDetail"     /* of domains */

/* Reads a stored text; "" and NULL give an empty dictionary. */
int settings_read(struct arena *arena, const char *text,
                  struct cli_value **dict_r, struct errbuf *err) WARN_UNUSED;

/* The text to store; "" for an empty dictionary.  The caller frees. */
char *settings_text(const struct cli_value *dict);

/* `default` (in any case) or #NULL#: what is in force without the setting. */
bool settings_is_default(const struct cli_value *v);

/* Puts copies of the entries of `changes` into dict (their texts are shared);
 * a default takes the key away. */
void settings_update(struct arena *arena, struct cli_value *dict,
                     const struct cli_value *changes);

/* The value as a string: strings as they are, numbers as their digits.  NULL
 * if the key is not there, or holds something else. */
const char *settings_string(const struct cli_value *dict, const char *key);

/* What is in force: account, its domain's account defaults, the server's (for
 * shared domains: the cluster's) account defaults, what is built in. */
enum store_result settings_account(struct store_txn *t, struct arena *arena,
                                   const struct domain_rec *domain,
                                   const struct account_rec *account,
                                   struct cli_value **dict_r,
                                   struct errbuf *err) WARN_UNUSED;

/* The same for a domain: its settings, the server's (the cluster's) domain
 * defaults, what is built in. */
enum store_result settings_domain(struct store_txn *t, struct arena *arena,
                                  const struct domain_rec *domain,
                                  struct cli_value **dict_r,
                                  struct errbuf *err) WARN_UNUSED;

/* What log-ins to a domain go by. */
struct domain_logins {
    bool cram; /* as settings_domain_cram */
    struct auth_list auth;
};

/* Where the domain's passwords are checked: Auth in force; else, or where that is no
 * list, `server`, which is the server's.  domain NULL: there is none of that
 * name, so it is the server's. */
enum store_result settings_domain_logins(struct store_txn *t,
                                         const struct domain_rec *domain,
                                         const struct auth_list *server,
                                         struct domain_logins *logins_r,
                                         struct errbuf *err) WARN_UNUSED;

/* Reads a value of Auth: a string or an array of words.  -1 with err: it is no
 * such list. */
int settings_auth_list(const struct cli_value *v, struct auth_list *l_r,
                       struct errbuf *err) WARN_UNUSED;

/* Whether accounts of the domain make themselves, where a source outside knows
 * the user (AutoCreate in force; YES unless it is set). */
enum store_result settings_domain_auto_create(struct store_txn *t,
                                              const struct domain_rec *domain,
                                              bool *wants_r,
                                              struct errbuf *err) WARN_UNUSED;

/* Whether name+detail is name there, for log-ins and reports (PlusDetail in force; NO
 * unless it is set). */
enum store_result settings_domain_detail(struct store_txn *t,
                                         const struct domain_rec *domain,
                                         bool *wants_r,
                                         struct errbuf *err) WARN_UNUSED;

/* Whether the domain wants CRAM-MD5 (CRAMMD5=YES in force): then new passwords
 * keep the HMAC-MD5 state, and the method is offered. */
enum store_result settings_domain_cram(struct store_txn *t,
                                       const struct domain_rec *domain,
                                       bool *wants_r,
                                       struct errbuf *err) WARN_UNUSED;

#endif
