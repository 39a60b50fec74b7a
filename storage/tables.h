/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_TABLES_H
#define STORAGE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/store.h"

/* The tables of the store.  All functions are for bodies of jobs (store.h).
 *
 * Results.  Every function can return STORE_ERROR, with err.  A function that
 * writes can also return STORE_FULL.  STORE_NOTFOUND means that the record, or
 * the account or domain it belongs to, does not exist.  The comments name only
 * other results, and what is special.
 *
 * Ownership.  A record is returned in a struct of the caller, which must be
 * zeroed (empty) or hold an older record, which is freed.  Its pointers belong
 * to the struct; *_clear frees them.  Use a record only after STORE_OK, but
 * clear it in any case.  Pointers of a record that is passed in are borrowed
 * for the call; NULL strings mean "".
 *
 * Names can be given in upper or lower case (ASCII), and are returned in lower
 * case.  Names and post keys have 1 to 255 bytes.  Otherwise a function that
 * stores returns STORE_REFUSED, and one that looks up STORE_NOTFOUND.  Times
 * are microseconds UTC.
 *
 * A function that a walk calls may read and change anything in the same
 * transaction.
 *
 * `settings`, `rights`, `defaults` and `prefs` are texts in the data format of
 * the CLI, "" if nothing was set.  Storage does not interpret them. */

/* --- meta: one of each per store (meta_table.c) --- */

#define STORE_SECRET_BYTES 32

enum store_text {
    STORE_TEXT_MAIN_DOMAIN,     /* name of the main domain */
    STORE_TEXT_SERVER_SETTINGS, /* server-wide settings */
    STORE_TEXT_SERVER_ACCOUNT_DEFAULTS,
    STORE_TEXT_SERVER_DOMAIN_DEFAULTS,
    STORE_TEXT_CLUSTER_ACCOUNT_DEFAULTS,
    STORE_TEXT_CLUSTER_DOMAIN_DEFAULTS
};

/* Copies the secret that was created with the store.  It is for salts of
 * unknown names, which must not change, and the like. */
enum store_result meta_secret(struct store_txn *t,
                              uint8_t out[STORE_SECRET_BYTES],
                              struct errbuf *err) WARN_UNUSED;
/* *text_r is "" if it was never set; the caller frees it. */
enum store_result meta_text_get(struct store_txn *t, enum store_text which,
                                char **text_r, struct errbuf *err) WARN_UNUSED;
/* Replaces the text. */
enum store_result meta_text_put(struct store_txn *t, enum store_text which,
                                const char *text,
                                struct errbuf *err) WARN_UNUSED;

/* Which store this is, and its backups: of two stores of which one is a copy
 * of the other, each has its own if the copy was made by --restore. */
#define STORE_INSTANCE_BYTES 16
struct instance_rec {
    uint8_t id[STORE_INSTANCE_BYTES]; /* random */
    int64_t created;
    uint64_t serial;  /* of the last backup; 0: there was none */
    int64_t last;     /* when the last good one began; 0: none */
    uint64_t last_id; /* by which who asked for it knows it */
};
/* Fills id and created for a new instance.  0, or -1 with err. */
int instance_new(struct instance_rec *rec, int64_t now,
                 struct errbuf *err) WARN_UNUSED;
/* STORE_NOTFOUND if there is none yet.  Programs that do not know this record
 * pass over it. */
enum store_result meta_instance_get(struct store_txn *t,
                                    struct instance_rec *rec_r,
                                    struct errbuf *err) WARN_UNUSED;
enum store_result meta_instance_put(struct store_txn *t,
                                    const struct instance_rec *rec,
                                    struct errbuf *err) WARN_UNUSED;

/* Assigns the next alert id.  Ids grow in commit order and are never assigned
 * twice, even after a crash or a removal.  Generated alerts, which are not
 * stored, also get their ids here. */
enum store_result meta_next_alert_id(struct store_txn *t, uint64_t *id_r,
                                     struct errbuf *err) WARN_UNUSED;
/* The last alert id that was assigned; 0 if none was. */
enum store_result meta_last_alert_id(struct store_txn *t, uint64_t *id_r,
                                     struct errbuf *err) WARN_UNUSED;

/* --- domains (domain_table.c) --- */

struct domain_rec {
    uint64_t number; /* never used again */
    char *name;
    int64_t created;
    bool shared; /* of a cluster; false: local */
    bool suspended;
    char *settings;         /* those that were set explicitly */
    char *defaults;         /* account defaults */
    char *account_template; /* settings given to new accounts */
};

/* Frees what the record holds, and zeroes it. */
void domain_rec_clear(struct domain_rec *d);

/* A name can be used only once, as the name or an alias of a domain.
 * domain_find finds a domain by both. */

/* Stores a new domain and assigns its number (*number_r); d->number is ignored.
 * STORE_EXISTS if the name is in use. */
enum store_result domain_add(struct store_txn *t, const struct domain_rec *d,
                             uint64_t *number_r,
                             struct errbuf *err) WARN_UNUSED;
/* The domain with this number. */
enum store_result domain_get(struct store_txn *t, uint64_t number,
                             struct domain_rec *d_r,
                             struct errbuf *err) WARN_UNUSED;
/* The domain with this name or alias. */
enum store_result domain_find(struct store_txn *t, const char *name,
                              struct domain_rec *d_r,
                              struct errbuf *err) WARN_UNUSED;
/* Replaces the record of d->number.  Another name renames the domain:
 * STORE_EXISTS if that name is in use, even as an alias of this domain.
 * Aliases stay. */
enum store_result domain_put(struct store_txn *t, const struct domain_rec *d,
                             struct errbuf *err) WARN_UNUSED;
/* Removes the record, the aliases and the alerts of a domain.  STORE_REFUSED if
 * it has accounts, groups or forwarders. */
enum store_result domain_remove(struct store_txn *t, uint64_t number,
                                struct errbuf *err) WARN_UNUSED;

/* Called for each domain, in the order of names.  The record is borrowed for
 * the call.  Returning false ends the walk, with STORE_OK. */
typedef bool domain_walk_fn(const struct domain_rec *d, void *arg);
/* Walks over the domains after the name `after` (NULL: all).  STORE_OK also if
 * there is none. */
enum store_result domain_walk(struct store_txn *t, const char *after,
                              domain_walk_fn *fn, void *arg,
                              struct errbuf *err) WARN_UNUSED;

/* Aliases, in order.  A zeroed list is empty. */
struct alias_list {
    char **name; /* owned, as is each name */
    size_t n;
};

/* Frees the names, and empties the list. */
void alias_list_clear(struct alias_list *l);
/* Appends a copy of the name. */
void alias_list_add(struct alias_list *l, const char *name);

/* The aliases of a domain. */
enum store_result domain_aliases_get(struct store_txn *t, uint64_t domain,
                                     struct alias_list *l_r,
                                     struct errbuf *err) WARN_UNUSED;
/* Replaces the aliases of a domain; old ones become free.  The order does not
 * matter, and a name given twice counts once.  STORE_EXISTS: a name is in use,
 * and err says which.  STORE_REFUSED: one is not a valid name.  In these cases,
 * and with STORE_NOTFOUND, nothing was changed. */
enum store_result domain_aliases_set(struct store_txn *t, uint64_t domain,
                                     const struct alias_list *l,
                                     struct errbuf *err) WARN_UNUSED;

/* --- accounts (account_table.c, names in account_name.c) --- */

#define CRED_SALT_BYTES 16
#define CRED_KEY_BYTES  32
#define CRED_CRAM_BYTES 32

/* The longest foreign hash, with its 0. */
#define CRED_HASH_BYTES 256

/* A SCRAM-SHA-256 verifier (RFC 5802, 7677), and on request the HMAC-MD5
 * state for CRAM-MD5 (inner and outer MD5 state, 16 bytes each).  Or, of a
 * password that was brought along, a foreign hash (auth/foreign_hash.h): then
 * iterations are 0, and the salt is that of the verifier it will become. */
struct credential {
    uint32_t iterations;        /* 0: no verifier */
    char hash[CRED_HASH_BYTES]; /* "{SCHEME}..."; "": none */
    uint8_t salt[CRED_SALT_BYTES];
    uint8_t stored_key[CRED_KEY_BYTES];
    uint8_t server_key[CRED_KEY_BYTES];
    bool has_cram;
    uint8_t cram[CRED_CRAM_BYTES];
};

/* Whether there is a password; without one nobody can log in. */
static inline bool
credential_is_set(const struct credential *c)
{
    return c->iterations > 0 || c->hash[0] != '\0';
}

struct account_rec {
    uint64_t number; /* never used again */
    uint64_t domain; /* number */
    char *name;      /* without domain */
    char *real_name;
    int64_t created;
    /* Grows when remembered log-ins and tickets must become void: at a new
     * password, or when sessions are killed. */
    uint32_t cred_serial;
    struct credential cred;
    char *type;     /* "MultiMailbox" etc., as given */
    char *settings; /* those that were set explicitly */
    char *rights;   /* array of codes; "": none */
};

/* Frees what the record holds, and zeroes it. */
void account_rec_clear(struct account_rec *a);

/* In a domain, a name can be used only once, for an account, an alias, a group
 * or a forwarder.  account_find finds an account by its name and its
 * aliases. */

/* Stores a new account and assigns its number (*number_r); a->number is
 * ignored.  STORE_EXISTS if the name is in use; STORE_REFUSED if the domain
 * does not exist. */
enum store_result account_add(struct store_txn *t, const struct account_rec *a,
                              uint64_t *number_r,
                              struct errbuf *err) WARN_UNUSED;
/* The account with this number. */
enum store_result account_get(struct store_txn *t, uint64_t number,
                              struct account_rec *a_r,
                              struct errbuf *err) WARN_UNUSED;
/* The account with this name or alias in the domain. */
enum store_result account_find(struct store_txn *t, uint64_t domain,
                               const char *name, struct account_rec *a_r,
                               struct errbuf *err) WARN_UNUSED;
/* The credential of one of the accounts, for the caller to wipe; zeros if no
 * password was found.  `point` chooses the account: the same number always
 * chooses the same one while accounts do not change, and over many numbers all
 * are chosen equally often. */
enum store_result account_sample_credential(struct store_txn *t, uint64_t point,
                                            struct credential *cred_r,
                                            struct errbuf *err) WARN_UNUSED;
/* Replaces the record of a->number.  Another name or domain renames the
 * account; its aliases move with it.  STORE_EXISTS: a name is in use, even if
 * only by an alias of this account; err says which, and nothing was changed. */
enum store_result account_put(struct store_txn *t, const struct account_rec *a,
                              struct errbuf *err) WARN_UNUSED;
/* Removes an account with its aliases, alerts, state, usage, preferences and
 * tickets. */
enum store_result account_remove(struct store_txn *t, uint64_t number,
                                 struct errbuf *err) WARN_UNUSED;
/* The objects of a domain that are not accounts (below). */
enum object_kind {
    OBJECT_NONE,
    OBJECT_GROUP,
    OBJECT_FORWARDER
};

/* A name in a domain, and the account that it leads to. */
struct account_name {
    const char *name; /* borrowed for the call */
    uint64_t number;
    bool alias;
    enum object_kind object; /* not OBJECT_NONE: the name of an object, not
                                of an account */
};
/* The name is borrowed for the call.  Returning false ends the walk, with
 * STORE_OK. */
typedef bool account_walk_fn(const struct account_name *n, void *arg);
/* Walks over the names of the accounts, aliases and objects of a domain, in one
 * order, after the name `after` (NULL: all). */
enum store_result account_walk(struct store_txn *t, uint64_t domain,
                               const char *after, account_walk_fn *fn,
                               void *arg, struct errbuf *err) WARN_UNUSED;
/* The number of accounts of a domain.  It is stored, so the cost is one
 * look-up. */
enum store_result account_count(struct store_txn *t, uint64_t domain,
                                uint64_t *count_r,
                                struct errbuf *err) WARN_UNUSED;
/* The same for all aliases of these accounts. */
enum store_result account_alias_count(struct store_txn *t, uint64_t domain,
                                      uint64_t *count_r,
                                      struct errbuf *err) WARN_UNUSED;

/* Adds to *sum the number of accounts in all domains with a number above *after
 * that are not shared.  STORE_AGAIN: the turn of the job is used up; *after and
 * *sum have its progress. */
enum store_result account_count_all(struct store_txn *t, uint64_t *after,
                                    uint64_t *sum,
                                    struct errbuf *err) WARN_UNUSED;

/* Like domain_aliases_get, for an account. */
enum store_result account_aliases_get(struct store_txn *t, uint64_t account,
                                      struct alias_list *l_r,
                                      struct errbuf *err) WARN_UNUSED;
/* Like domain_aliases_set, for an account. */
enum store_result account_aliases_set(struct store_txn *t, uint64_t account,
                                      const struct alias_list *l,
                                      struct errbuf *err) WARN_UNUSED;

/* An alias has its own verifier of the account's password, with another salt:
 * two names with the same salt would be known to belong to one account
 * (alias_verifier.c).  The verifier can be made only when the password is known
 * in clear text, so it may be missing.  It becomes void when the account gets
 * another password, and is lost with the alias, or when the account moves to
 * another domain. */
struct alias_verifier {
    char name[256];
    struct credential cred; /* without CRAM; iterations 0: there is none */
};

/* Replaces *cred, the account's own verifier, by that of the alias; its CRAM
 * state stays.  If the alias or its verifier does not exist, *cred stays as it
 * is (STORE_OK).  Account 0 means that there is no account; the call takes as
 * long as for others. */
enum store_result alias_verifier_find(struct store_txn *t, uint64_t account,
                                      const char *name, struct credential *cred,
                                      struct errbuf *err) WARN_UNUSED;
/* Lists up to `most` aliases of the account that have no verifier of its
 * password, or one with another number of iterations than the account's. */
enum store_result alias_verifier_list(struct store_txn *t,
                                      const struct account_rec *a,
                                      struct alias_verifier *list_r,
                                      size_t most, size_t *n_r,
                                      struct errbuf *err) WARN_UNUSED;
/* Stores a verifier of the password of `account`, which is the record as it is
 * in the store.  Does nothing if the name is no longer an alias of it. */
enum store_result alias_verifier_put(struct store_txn *t,
                                     const struct account_rec *account,
                                     const struct alias_verifier *v,
                                     struct errbuf *err) WARN_UNUSED;

/* The preferences of an account, a dictionary.  *text_r is "" if there are none
 * (STORE_OK); the caller frees it. */
enum store_result prefs_get(struct store_txn *t, uint64_t account,
                            char **text_r, struct errbuf *err) WARN_UNUSED;
/* Replaces the preferences. */
enum store_result prefs_put(struct store_txn *t, uint64_t account,
                            const char *text, struct errbuf *err) WARN_UNUSED;

/* --- groups and forwarders of domains (object_table.c) ---
 *
 * They share their names with accounts and aliases: each can be used only once.
 * But account_find does not find them, because nobody can log in as one.  The
 * addresses in their texts need not exist. */

struct object_rec {
    uint64_t domain; /* number */
    enum object_kind kind;
    char *name; /* without domain */
    int64_t created;
    char *text; /* a group's settings; where a forwarder leads */
};

/* Frees what the record holds, and zeroes it. */
void object_rec_clear(struct object_rec *o);
/* True for a group or a forwarder. */
bool object_kind_is_known(unsigned kind);

/* Stores a new object.  STORE_EXISTS if the name is in use in the domain;
 * STORE_REFUSED if the domain does not exist, or the name is not valid. */
enum store_result object_add(struct store_txn *t, const struct object_rec *o,
                             struct errbuf *err) WARN_UNUSED;
/* The object of this kind and name. */
enum store_result object_get(struct store_txn *t, uint64_t domain,
                             enum object_kind kind, const char *name,
                             struct object_rec *o_r,
                             struct errbuf *err) WARN_UNUSED;
/* Replaces the record of an object. */
enum store_result object_put(struct store_txn *t, const struct object_rec *o,
                             struct errbuf *err) WARN_UNUSED;
/* Renames an object, and moves it to the domain.  Other results as of
 * object_add. */
enum store_result object_rename(struct store_txn *t, const struct object_rec *o,
                                uint64_t domain, const char *name,
                                struct errbuf *err) WARN_UNUSED;
/* Removes an object and its name. */
enum store_result object_remove(struct store_txn *t, uint64_t domain,
                                enum object_kind kind, const char *name,
                                struct errbuf *err) WARN_UNUSED;
/* The record is borrowed for the call.  Returning false ends the walk, with
 * STORE_OK. */
typedef bool object_walk_fn(const struct object_rec *o, void *arg);
/* Walks over the objects of one kind in a domain, in the order of names, after
 * the name `after` (NULL: all). */
enum store_result object_walk(struct store_txn *t, uint64_t domain,
                              enum object_kind kind, const char *after,
                              object_walk_fn *fn, void *arg,
                              struct errbuf *err) WARN_UNUSED;
/* The number of objects of a kind in a domain; stored, not counted. */
enum store_result object_count(struct store_txn *t, uint64_t domain,
                               enum object_kind kind, uint64_t *count_r,
                               struct errbuf *err) WARN_UNUSED;
/* The kind of object that has this name.  OBJECT_NONE: an account has it, as
 * its name or an alias.  STORE_NOTFOUND: the name is free. */
enum store_result object_kind_of(struct store_txn *t, uint64_t domain,
                                 const char *name, enum object_kind *kind_r,
                                 struct errbuf *err) WARN_UNUSED;

/* --- what an account has been shown (state_table.c) --- */

struct account_state {
    uint64_t position; /* every alert up to this id was shown */
    uint64_t *shown;   /* higher ids that were shown, ascending */
    size_t n_shown;
    uint64_t *dismissed; /* ids of active alerts that were dismissed,
                            ascending */
    size_t n_dismissed;
    int64_t last_login; /* 0: never */
    char *last_address; /* of the last log-in */
};

/* Frees what the state holds, and zeroes it. */
void account_state_clear(struct account_state *s);
/* The state of an account; without a record it is all zero (STORE_OK). */
enum store_result state_get(struct store_txn *t, uint64_t account,
                            struct account_state *s_r,
                            struct errbuf *err) WARN_UNUSED;
/* Replaces the state.  Does nothing if the account is gone (STORE_OK). */
enum store_result state_put(struct store_txn *t, uint64_t account,
                            const struct account_state *s,
                            struct errbuf *err) WARN_UNUSED;

/* --- what an account's storage holds (usage_table.c) --- */

struct usage_rec {
    uint64_t used;    /* bytes */
    int64_t reported; /* time of the report; 0: never */
    uint8_t source;   /* who reported it; storage does not interpret it */
    bool has_limit;   /* the source also reported the limit: */
    uint64_t limit;   /* bytes; 0: unlimited */
    int64_t alerted; /* when the last quota alert was shown; if nobody was shown
                         it, when it was sent; 0: never */
    uint64_t alert;  /* its id; 0: it was withdrawn */
    bool reached;    /* the level was reached at the last check */
    bool told;       /* an alert was sent since then */
    bool unshown;    /* nobody was shown the last one */
};

/* The usage of an account; without a record it is all zero (STORE_OK). */
enum store_result usage_get(struct store_txn *t, uint64_t account,
                            struct usage_rec *u_r,
                            struct errbuf *err) WARN_UNUSED;
/* Replaces the usage of an account. */
enum store_result usage_put(struct store_txn *t, uint64_t account,
                            const struct usage_rec *u,
                            struct errbuf *err) WARN_UNUSED;

/* --- alerts (alert_table.c) --- */

enum alert_scope {
    ALERT_SERVER = 1,
    ALERT_CLUSTER,
    ALERT_DOMAIN,
    ALERT_ACCOUNT
};
enum alert_severity {
    ALERT_INFO = 1,
    ALERT_WARNING,
    ALERT_CRITICAL
};

struct alert_rec {
    uint64_t id;
    enum alert_scope scope;
    uint64_t target; /* number of domain or account; 0 for the others */
    enum alert_severity severity;
    int64_t posted;
    int64_t until;     /* 0: no end */
    int64_t key;       /* CLI key as seconds UTC, unique within scope+target */
    uint64_t author;   /* account number, 0: the local administrator's socket */
    char *author_name; /* user@domain at the time of the post */
    char *origin;      /* "ADDRESS DOOR", for example "192.0.2.1 ximss" */
    char *text;
    size_t text_len;
    char *post_key; /* the key of its post; NULL: none, or unknown */
};

/* Frees what the record holds, and zeroes it. */
void alert_rec_clear(struct alert_rec *a);

/* Stores a new alert.  Sets a->id to the next id, and a->key to the first free
 * second at or after a->posted in its set.  STORE_NOTFOUND if its domain or
 * account does not exist.  STORE_AGAIN: the keys of the set are not in memory,
 * and only a part of them was read.  Nothing was written; the body must return
 * STORE_AGAIN and will run again. */
enum store_result alert_add(struct store_txn *t, struct alert_rec *a,
                            struct errbuf *err) WARN_UNUSED;
/* The alert with this id. */
enum store_result alert_get(struct store_txn *t, uint64_t id,
                            struct alert_rec *a_r,
                            struct errbuf *err) WARN_UNUSED;
/* Removes an alert; STORE_NOTFOUND if it is already gone. */
enum store_result alert_remove(struct store_txn *t, uint64_t id,
                               struct errbuf *err) WARN_UNUSED;
/* The record is borrowed for the call.  Returning false ends the walk, with
 * STORE_OK. */
typedef bool alert_walk_fn(const struct alert_rec *a, void *arg);
/* Walks over the alerts of one scope and target (a set) with ids above `after`,
 * the oldest first. */
enum store_result alert_walk(struct store_txn *t, enum alert_scope scope,
                             uint64_t target, uint64_t after, alert_walk_fn *fn,
                             void *arg, struct errbuf *err) WARN_UNUSED;
/* The same with ids below `before`, the newest first. */
enum store_result alert_walk_back(struct store_txn *t, enum alert_scope scope,
                                  uint64_t target, uint64_t before,
                                  alert_walk_fn *fn, void *arg,
                                  struct errbuf *err) WARN_UNUSED;
/* Walks over all alerts to the server, the cluster and domains, for the board
 * at the start.  The cost does not depend on the number of alerts to
 * accounts. */
enum store_result alert_walk_broad(struct store_txn *t, alert_walk_fn *fn,
                                   void *arg, struct errbuf *err) WARN_UNUSED;
/* The alert of a set with this CLI key (seconds UTC).  STORE_AGAIN as of
 * alert_add. */
enum store_result alert_find_key(struct store_txn *t, enum alert_scope scope,
                                 uint64_t target, int64_t key,
                                 struct alert_rec *a_r,
                                 struct errbuf *err) WARN_UNUSED;
/* The lowest CLI key of a set that is not below `from`, and the id of its
 * alert.  STORE_NOTFOUND: there is none.  STORE_AGAIN as of alert_add. */
enum store_result alert_next_key(struct store_txn *t, enum alert_scope scope,
                                 uint64_t target, int64_t from, int64_t *key_r,
                                 uint64_t *id_r,
                                 struct errbuf *err) WARN_UNUSED;
/* The number of alerts in a set.  STORE_AGAIN as of alert_add. */
enum store_result alert_count(struct store_txn *t, enum alert_scope scope,
                              uint64_t target, uint64_t *n_r,
                              struct errbuf *err) WARN_UNUSED;
/* Walks over at most `max` alerts whose end is not after `now`, the earliest
 * end first.  *next_r is the earliest end after them, 0 if there is none. */
enum store_result alert_walk_ended(struct store_txn *t, int64_t now,
                                   unsigned max, alert_walk_fn *fn, void *arg,
                                   int64_t *next_r,
                                   struct errbuf *err) WARN_UNUSED;

/* --- keys of posts, so that a repeated post is one (post_key_table.c) --- */

#define POST_DIGEST_BYTES 32

struct post_key_rec {
    int64_t posted;
    uint64_t alert;
    uint8_t digest[POST_DIGEST_BYTES]; /* of the content */
    enum alert_scope scope;            /* of the alert; 0: not known */
    uint64_t target;
    int64_t entry; /* where it stands among those that expire; 0: at `posted` */
};

/* How long a key lives: so long from its post, and then as long as its alert. */
struct post_key_life {
    int64_t now, least;
};

/* The last use of a key by an author.  STORE_NOTFOUND if it lives no more, or if
 * the target of its alert is gone. */
enum store_result post_key_find(struct store_txn *t, uint64_t author,
                                const char *key,
                                const struct post_key_life *life,
                                struct post_key_rec *rec_r,
                                struct errbuf *err) WARN_UNUSED;
/* Records the use of a key; replaces an earlier one. */
enum store_result post_key_put(struct store_txn *t, uint64_t author,
                               const char *key, const struct post_key_rec *rec,
                               struct errbuf *err) WARN_UNUSED;
/* Frees the key of an alert, if the alert has one that was not used again
 * since. */
enum store_result post_key_release(struct store_txn *t,
                                   const struct alert_rec *a,
                                   struct errbuf *err) WARN_UNUSED;
/* Looks at no more than `max` keys whose time has come, and removes those that do
 * not live any more.  One whose alert is there comes again at the end of that
 * alert, or if it has none, in POST_KEY_AGAIN.  *more_r says whether there are
 * others. */
#define POST_KEY_AGAIN (INT64_C(30) * 86400 * 1000000)
enum store_result post_key_expire(struct store_txn *t,
                                  const struct post_key_life *life,
                                  unsigned max, bool *more_r,
                                  struct errbuf *err) WARN_UNUSED;

/* --- resume tickets (ticket_table.c) ---
 *
 * A lasting session (lasting.h) also has a record in this table, under the hash
 * of its id.  Its tickets name that record, and are removed with it. */

#define TICKET_HASH_BYTES    32
#define TICKET_ADDRESS_BYTES 16
#define TICKET_NOTE_BYTES    64

struct ticket_rec {
    uint8_t hash[TICKET_HASH_BYTES]; /* of the random ticket, or the id */
    uint64_t account;
    uint32_t cred_serial; /* void when the account's is another */
    int64_t expires;
    uint8_t bound; /* 0: good from anywhere; 1: from address; 2: from address
                      for origin */
    uint8_t address[TICKET_ADDRESS_BYTES]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t origin[TICKET_ADDRESS_BYTES];
    bool is_session;  /* no ticket: a lasting session */
    bool is_waiting;  /* ... that was made for somebody who has not come yet */
    bool has_key;     /* ... whose id is nothing without its key */
    uint64_t session; /* of a ticket: ticket_number of its session, 0: of none;
                         of a session: its number, from which its id is made */
    uint64_t device;  /* device_number of what it came by; 0: of none */
    uint8_t key[TICKET_HASH_BYTES];   /* of has_key: the hash */
    char note[TICKET_NOTE_BYTES + 1]; /* the session's client's; a device's
                                         name */
    bool is_device; /* no ticket: a device that stays logged in (device.h);
                         the hash is of its id, the key of its secret */
    bool is_used;   /* ... which was used since it was given out */
    uint8_t before[TICKET_HASH_BYTES]; /* ... hash of the secret before it */
    int64_t created, used, given;      /* ... times: of the device, of its last
                                     log-in, of the secret */
};

/* Stores a ticket; STORE_EXISTS if its hash is in use. */
enum store_result ticket_put(struct store_txn *t, const struct ticket_rec *k,
                             struct errbuf *err) WARN_UNUSED;
/* Finds a ticket and removes it, because it is valid for one log-in.
 * STORE_NOTFOUND also if its account is gone, or if this is not a ticket but a
 * session or a device.  The caller must check cred_serial and expires. */
enum store_result ticket_take(struct store_txn *t,
                              const uint8_t hash[TICKET_HASH_BYTES],
                              struct ticket_rec *k_r,
                              struct errbuf *err) WARN_UNUSED;
/* Finds a ticket, session or device, and leaves it in the store. */
enum store_result ticket_find(struct store_txn *t,
                              const uint8_t hash[TICKET_HASH_BYTES],
                              struct ticket_rec *k_r,
                              struct errbuf *err) WARN_UNUSED;
/* Removes a record; k must be as it is in the store. */
enum store_result ticket_drop(struct store_txn *t, const struct ticket_rec *k,
                              struct errbuf *err) WARN_UNUSED;
/* Replaces the record `old` by k, which has the same hash. */
enum store_result ticket_change(struct store_txn *t,
                                const struct ticket_rec *old,
                                const struct ticket_rec *k,
                                struct errbuf *err) WARN_UNUSED;
/* Removes a session of the account and its tickets, and everything that belongs
 * to a device (0: no session, no device).  Reads all tickets of the account. */
enum store_result ticket_drop_of(struct store_txn *t, uint64_t account,
                                 uint64_t session, uint64_t device,
                                 struct errbuf *err) WARN_UNUSED;
/* The lasting sessions of an account.  The caller frees *list_r, whatever the
 * result is. */
enum store_result ticket_sessions(struct store_txn *t, uint64_t account,
                                  struct ticket_rec **list_r, size_t *n_r,
                                  struct errbuf *err) WARN_UNUSED;
/* The same for its devices. */
enum store_result ticket_devices(struct store_txn *t, uint64_t account,
                                 struct ticket_rec **list_r, size_t *n_r,
                                 struct errbuf *err) WARN_UNUSED;
/* Removes at most `max` records that have expired.  *more_r says whether there
 * are more. */
enum store_result ticket_expire(struct store_txn *t, int64_t now, unsigned max,
                                bool *more_r, struct errbuf *err) WARN_UNUSED;

/* The first bytes of a hash, by which struct ticket_keep names a ticket. */
uint64_t ticket_number(const uint8_t hash[TICKET_HASH_BYTES]);
struct ticket_keep {
    uint64_t *number;
    size_t n;
};
/* If the account has more than `most` tickets, removes those that expire next,
 * except those in `keep`.  Devices are neither counted nor removed.  Reads all
 * tickets of the account. */
enum store_result ticket_trim(struct store_txn *t, uint64_t account,
                              size_t most, const struct ticket_keep *keep,
                              struct errbuf *err) WARN_UNUSED;
/* The same, but removes only sessions that wait for their user, and not the one
 * with the number keep_number. */
enum store_result ticket_trim_waiting(struct store_txn *t, uint64_t account,
                                      size_t most, uint64_t keep_number,
                                      struct errbuf *err) WARN_UNUSED;

/* --- tokens of accounts (token_table.c) --- */

#define TOKEN_NAME_MOST 64

struct token_rec {
    uint64_t account;
    uint64_t id; /* random: distinguishes it from a later token of that name */
    char *name;  /* as given; look-ups ignore the case */
    int64_t created;
    int64_t expires; /* 0: never */
    char *author;    /* user@domain who created it, or "local:UID" */
    char *sealed;    /* the encrypted secret; storage does not interpret it */
    size_t sealed_len;
};

/* Frees what the record holds, and zeroes it. */
void token_rec_clear(struct token_rec *k);
/* Stores a new token.  STORE_EXISTS if the account has one of this name;
 * STORE_REFUSED if the name is empty or has more than TOKEN_NAME_MOST bytes. */
enum store_result token_put(struct store_txn *t, const struct token_rec *k,
                            struct errbuf *err) WARN_UNUSED;
/* The token with this name. */
enum store_result token_get(struct store_txn *t, uint64_t account,
                            const char *name, struct token_rec *k_r,
                            struct errbuf *err) WARN_UNUSED;
/* Removes a token. */
enum store_result token_remove(struct store_txn *t, uint64_t account,
                               const char *name,
                               struct errbuf *err) WARN_UNUSED;
/* The record is borrowed for the call. */
typedef void token_walk_fn(const struct token_rec *k, void *arg);
/* Walks over the tokens of an account, in the order of names. */
enum store_result token_walk(struct store_txn *t, uint64_t account,
                             token_walk_fn *fn, void *arg,
                             struct errbuf *err) WARN_UNUSED;
/* Removes all tokens of an account. */
enum store_result token_remove_all(struct store_txn *t, uint64_t account,
                                   struct errbuf *err) WARN_UNUSED;

/* --- triggers and handlers (trigger_table.c) --- */

#define TRIGGER_NAME_MOST 64

enum trigger_kind {
    TRIGGER_TRIGGERS,
    TRIGGER_HANDLERS
};
/* What is kept of each, in a record of its own. */
enum trigger_part {
    TRIGGER_DEFINITION = 1, /* as an administrator set it */
    TRIGGER_STATE           /* what has become of it, and what was told */
};

/* Texts are dictionaries, which storage does not interpret.  Names have 1 to
 * TRIGGER_NAME_MOST bytes. */

/* The text of that name, for the caller to free; NULL unless STORE_OK. */
enum store_result trigger_get(struct store_txn *t, enum trigger_kind kind,
                              enum trigger_part part, const char *name,
                              char **text_r, struct errbuf *err) WARN_UNUSED;
/* Stores or replaces the text.  STORE_REFUSED, with err: no such name is
 * possible. */
enum store_result trigger_put(struct store_txn *t, enum trigger_kind kind,
                              enum trigger_part part, const char *name,
                              const char *text, struct errbuf *err) WARN_UNUSED;
/* Removes that part; the other stays. */
enum store_result trigger_remove(struct store_txn *t, enum trigger_kind kind,
                                 enum trigger_part part, const char *name,
                                 struct errbuf *err) WARN_UNUSED;
/* Both are borrowed for the call. */
typedef void trigger_walk_fn(const char *name, const char *text, void *arg);
/* Walks over all of a kind that have the part, in the order of names. */
enum store_result trigger_walk(struct store_txn *t, enum trigger_kind kind,
                               enum trigger_part part, trigger_walk_fn *fn,
                               void *arg, struct errbuf *err) WARN_UNUSED;

/* --- audit (audit_table.c, audit_read.c, audit_check.c) --- */

struct audit_rec {
    int64_t time;
    const char *who;     /* user@domain, or "local:UID" */
    const char *from;    /* address and door */
    const char *what;    /* the command or request, without secrets */
    const char *outcome; /* "ok", or the error text */
    /* NULL or 0 also in lines that were written before format 8: */
    const char *target;  /* whom it is about: user@domain, a domain, or "" */
    uint64_t who_domain; /* number of the domain of who, 0: of none */
    uint64_t domain;     /* number of the domain of target, 0: of none */
    bool wide;           /* who holds a server-wide right */
};

/* Adds a line to the audit record of the transaction, without a look-up.  A job
 * that fails leaves no line. */
enum store_result audit_add(struct store_txn *t, const struct audit_rec *a,
                            struct errbuf *err) WARN_UNUSED;

/* A place between two lines.  Zeroed: before the first, or behind the last. */
struct audit_place {
    bool set;
    int64_t time; /* the key of a record */
    uint32_t serial;
    uint32_t line; /* of the record, from 0 on */
};

/* The record is borrowed for the call.  `at` is its place: a walk that begins
 * there begins with it.  Returning false ends the walk, with STORE_OK. */
typedef bool audit_see_fn(const struct audit_rec *a,
                          const struct audit_place *at, void *arg);
/* Walks over the lines from a place on, the oldest first, or back, the newest
 * first.  Lines are in the order of time, as far as the clock was right.  What
 * this transaction adds is not seen: reading writes nothing. */
enum store_result audit_walk(struct store_txn *t,
                             const struct audit_place *from, bool back,
                             audit_see_fn *fn, void *arg,
                             struct errbuf *err) WARN_UNUSED;
/* The place where lines since `time` begin (back: where those up to it do). */
struct audit_place audit_place_of(int64_t time, bool back);

#define AUDIT_HASH_BYTES 32

/* A number in the chain of hashes over the records, and the hash up to there. */
struct audit_link {
    uint64_t number; /* 0: none */
    uint8_t hash[AUDIT_HASH_BYTES];
};

/* The progress of a check of the whole chain.  Zeroed: the beginning. */
struct audit_check {
    bool begun, at_records, done;
    struct audit_link link;   /* checked up to here */
    uint64_t checked;         /* records */
    struct audit_place place; /* of the record that was looked at last */
};
/* A break: the text, borrowed for the call, says what and where.  noted: it is a
 * gap that --salvage found and noted. */
typedef void audit_break_fn(const char *text, bool noted, void *arg);
/* Checks a few records: until it is done, or the job is tired. */
enum store_result audit_check(struct store_txn *t, struct audit_check *k,
                              audit_break_fn *fn, void *arg,
                              struct errbuf *err) WARN_UNUSED;

#endif
