/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_TABLES_H
#define STORAGE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/store.h"

/* What the tables hold.  All functions are for bodies of jobs (store.h).
 *
 * Records that come back are filled into caller-owned structs whose pointers
 * belong to the struct: *_clear frees them; a zeroed struct is empty.  In
 * records that go in, pointers are borrowed for the call; NULL strings mean "".
 * Names are given in any case and compared without regard to the case of ASCII
 * letters; they come back in lower case.  Names and keys of posts have 1 to 255
 * bytes, else STORE_REFUSED (STORE_NOTFOUND where a name is looked up).  Times
 * are microseconds UTC.
 *
 * A function that a walk calls may read and change anything in the same
 * transaction.
 *
 * `settings`, `rights`, `defaults`, `prefs` are texts in the CLI's data format
 * that storage does not look into ("" where nothing was set). */

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

/* A secret made with the store, for stable dummy salts and the like. */
enum store_result meta_secret(struct store_txn *t,
                              uint8_t out[STORE_SECRET_BYTES],
                              struct errbuf *err) WARN_UNUSED;
/* Never NULL with STORE_OK; the caller frees. */
enum store_result meta_text_get(struct store_txn *t, enum store_text which,
                                char **text_r, struct errbuf *err) WARN_UNUSED;
enum store_result meta_text_put(struct store_txn *t, enum store_text which,
                                const char *text,
                                struct errbuf *err) WARN_UNUSED;
/* The next alert id: growing, in commit order, never given twice, also not
 * after a crash or a removal.  Also for generated alerts that are not kept. */
enum store_result meta_next_alert_id(struct store_txn *t, uint64_t *id_r,
                                     struct errbuf *err) WARN_UNUSED;
/* The newest alert id given out, 0 if none. */
enum store_result meta_last_alert_id(struct store_txn *t, uint64_t *id_r,
                                     struct errbuf *err) WARN_UNUSED;

/* --- domains (domain_table.c) --- */

struct domain_rec {
    uint64_t number; /* never used again */
    char *name;
    int64_t created;
    bool shared; /* of a cluster; false: local */
    bool suspended;
    char *settings;         /* what was set explicitly */
    char *defaults;         /* account defaults */
    char *account_template; /* settings that new accounts begin with */
};

void domain_rec_clear(struct domain_rec *d);

/* Names and aliases of domains are names of one kind: none is given twice, and
 * domain_find finds by both. */

/* Gives the record a number (also in *number_r).  STORE_EXISTS. */
enum store_result domain_add(struct store_txn *t, const struct domain_rec *d,
                             uint64_t *number_r,
                             struct errbuf *err) WARN_UNUSED;
enum store_result domain_get(struct store_txn *t, uint64_t number,
                             struct domain_rec *d_r,
                             struct errbuf *err) WARN_UNUSED;
enum store_result domain_find(struct store_txn *t, const char *name,
                              struct domain_rec *d_r,
                              struct errbuf *err) WARN_UNUSED;
/* Replaces the record of d->number; a changed name is a renaming
 * (STORE_EXISTS if taken, also by an alias of its own).  Aliases stay. */
enum store_result domain_put(struct store_txn *t, const struct domain_rec *d,
                             struct errbuf *err) WARN_UNUSED;
/* Removes the domain's record, aliases and alerts.  Its accounts, groups and
 * forwarders must be gone (STORE_REFUSED). */
enum store_result domain_remove(struct store_txn *t, uint64_t number,
                                struct errbuf *err) WARN_UNUSED;

/* For listings: called in the order of names; the record is borrowed for the
 * call; returning false ends the walk (still STORE_OK). */
typedef bool domain_walk_fn(const struct domain_rec *d, void *arg);
/* after: the last name seen before, NULL from the start. */
enum store_result domain_walk(struct store_txn *t, const char *after,
                              domain_walk_fn *fn, void *arg,
                              struct errbuf *err) WARN_UNUSED;

/* Other names, in order.  A zeroed list is empty. */
struct alias_list {
    char **name; /* owned, and each of them */
    size_t n;
};

void alias_list_clear(struct alias_list *l);
/* Takes a copy of the name, at the end. */
void alias_list_add(struct alias_list *l, const char *name);

/* STORE_NOTFOUND if there is no such domain. */
enum store_result domain_aliases_get(struct store_txn *t, uint64_t domain,
                                     struct alias_list *l_r,
                                     struct errbuf *err) WARN_UNUSED;
/* Makes these its aliases, in whatever order; those that it had besides are
 * free then.  A name that stands twice counts once.  STORE_EXISTS with err
 * saying which of them is taken, STORE_REFUSED for what cannot be a name,
 * STORE_NOTFOUND: nothing was changed. */
enum store_result domain_aliases_set(struct store_txn *t, uint64_t domain,
                                     const struct alias_list *l,
                                     struct errbuf *err) WARN_UNUSED;

/* --- accounts (account_table.c, names in account_name.c) --- */

#define CRED_SALT_BYTES 16
#define CRED_KEY_BYTES  32
#define CRED_CRAM_BYTES 32

/* A SCRAM-SHA-256 verifier (RFC 5802, 7677), and on request the HMAC-MD5
 * state for CRAM-MD5 (inner and outer MD5 state, 16 bytes each). */
struct credential {
    uint32_t iterations; /* 0: no password, nobody gets in */
    uint8_t salt[CRED_SALT_BYTES];
    uint8_t stored_key[CRED_KEY_BYTES];
    uint8_t server_key[CRED_KEY_BYTES];
    bool has_cram;
    uint8_t cram[CRED_CRAM_BYTES];
};

struct account_rec {
    uint64_t number; /* never used again */
    uint64_t domain; /* number */
    char *name;      /* without domain */
    char *real_name;
    int64_t created;
    /* Grows whenever log-ins that were remembered and tickets that were given
     * out must become void: new password, killed sessions. */
    uint32_t cred_serial;
    struct credential cred;
    char *type;     /* "MultiMailbox" etc., as given */
    char *settings; /* what was set explicitly */
    char *rights;   /* array of codes, "" none */
};

void account_rec_clear(struct account_rec *a);

/* Within a domain, names and aliases of accounts are names of one kind: none is
 * given twice, and account_find finds by both. */

/* STORE_EXISTS; STORE_REFUSED if there is no such domain. */
enum store_result account_add(struct store_txn *t, const struct account_rec *a,
                              uint64_t *number_r,
                              struct errbuf *err) WARN_UNUSED;
enum store_result account_get(struct store_txn *t, uint64_t number,
                              struct account_rec *a_r,
                              struct errbuf *err) WARN_UNUSED;
enum store_result account_find(struct store_txn *t, uint64_t domain,
                               const char *name, struct account_rec *a_r,
                               struct errbuf *err) WARN_UNUSED;
/* How many iterations the password of one of the accounts has; which of them,
 * `point` says: for the same number it is the same one, as far as accounts stay,
 * and over many numbers all come equally often.  0: those there have none. */
enum store_result account_sample_iterations(struct store_txn *t, uint64_t point,
                                            uint32_t *iterations_r,
                                            struct errbuf *err) WARN_UNUSED;
/* Replaces; a changed name or domain is a renaming.  Into another domain the
 * aliases come along.  STORE_EXISTS with err saying which name is taken (also
 * by an alias of its own): nothing was changed. */
enum store_result account_put(struct store_txn *t, const struct account_rec *a,
                              struct errbuf *err) WARN_UNUSED;
/* Removes the account with its aliases, alerts, state, usage, preferences and
 * tickets. */
enum store_result account_remove(struct store_txn *t, uint64_t number,
                                 struct errbuf *err) WARN_UNUSED;
/* What a domain has besides accounts (below). */
enum object_kind {
    OBJECT_NONE,
    OBJECT_GROUP,
    OBJECT_FORWARDER
};

/* A name of a domain, and the account that it leads to. */
struct account_name {
    const char *name; /* borrowed for the call */
    uint64_t number;
    bool alias;
    enum object_kind object; /* of no account: a group's, for example, which
                                whoever looks for accounts passes over */
};
typedef bool account_walk_fn(const struct account_name *n, void *arg);
/* The names of a domain's accounts, of their aliases and of its objects, in one
 * order, after `after` (or NULL). */
enum store_result account_walk(struct store_txn *t, uint64_t domain,
                               const char *after, account_walk_fn *fn,
                               void *arg, struct errbuf *err) WARN_UNUSED;
/* How many accounts a domain has, and how many aliases these have in all; kept,
 * not counted. */
enum store_result account_count(struct store_txn *t, uint64_t domain,
                                uint64_t *count_r,
                                struct errbuf *err) WARN_UNUSED;
enum store_result account_alias_count(struct store_txn *t, uint64_t domain,
                                      uint64_t *count_r,
                                      struct errbuf *err) WARN_UNUSED;

/* Adds to *sum the accounts of the domains beyond the number *after that are not
 * shared.  STORE_AGAIN: the job is tired; both say how far it has come. */
enum store_result account_count_all(struct store_txn *t, uint64_t *after,
                                    uint64_t *sum,
                                    struct errbuf *err) WARN_UNUSED;

/* As domain_aliases_get and domain_aliases_set. */
enum store_result account_aliases_get(struct store_txn *t, uint64_t account,
                                      struct alias_list *l_r,
                                      struct errbuf *err) WARN_UNUSED;
enum store_result account_aliases_set(struct store_txn *t, uint64_t account,
                                      const struct alias_list *l,
                                      struct errbuf *err) WARN_UNUSED;

/* An alias has a verifier of its own of the account's password, with another
 * salt: two names with one salt would be known to be one account's
 * (alias_verifier.c).  It can only be made where the clear password is at hand,
 * so it may be missing.  It is void as soon as the account has another password,
 * and lost with the alias, or when the account moves to another domain. */
struct alias_verifier {
    char name[256];
    struct credential cred; /* without CRAM; iterations 0: there is none */
};

/* Puts the verifier of that alias in the place of the account's own, of which
 * the CRAM state stays; nothing where there is none, or no such alias (account
 * 0: nobody's; it takes as long). */
enum store_result alias_verifier_find(struct store_txn *t, uint64_t account,
                                      const char *name, struct credential *cred,
                                      struct errbuf *err) WARN_UNUSED;
/* Those of the account's aliases, at most `most` of them, that have none of its
 * password, or one with another number of iterations than the account's. */
enum store_result alias_verifier_list(struct store_txn *t,
                                      const struct account_rec *a,
                                      struct alias_verifier *list_r,
                                      size_t most, size_t *n_r,
                                      struct errbuf *err) WARN_UNUSED;
/* It is one of the password that `account` has, the record as it is in the
 * store.  Nothing is done if that is no alias of it any more. */
enum store_result alias_verifier_put(struct store_txn *t,
                                     const struct account_rec *account,
                                     const struct alias_verifier *v,
                                     struct errbuf *err) WARN_UNUSED;

/* Preferences: a dictionary text per account; "" if none.  Caller frees.
 * prefs_put: STORE_NOTFOUND if there is no such account. */
enum store_result prefs_get(struct store_txn *t, uint64_t account,
                            char **text_r, struct errbuf *err) WARN_UNUSED;
enum store_result prefs_put(struct store_txn *t, uint64_t account,
                            const char *text, struct errbuf *err) WARN_UNUSED;

/* --- groups and forwarders of domains (object_table.c) ---
 *
 * Their names and those of accounts, with their aliases, are of one kind: none
 * is given twice.  But account_find does not find them: nobody logs in by one.
 * What their texts name need not be there. */

struct object_rec {
    uint64_t domain; /* number */
    enum object_kind kind;
    char *name; /* without domain */
    int64_t created;
    char *text; /* a group's settings; where a forwarder leads */
};

void object_rec_clear(struct object_rec *o);
bool object_kind_is_known(unsigned kind);

/* STORE_EXISTS, if the name is anybody's in the domain; STORE_REFUSED if there
 * is no such domain, or it cannot be a name. */
enum store_result object_add(struct store_txn *t, const struct object_rec *o,
                             struct errbuf *err) WARN_UNUSED;
enum store_result object_get(struct store_txn *t, uint64_t domain,
                             enum object_kind kind, const char *name,
                             struct object_rec *o_r,
                             struct errbuf *err) WARN_UNUSED;
/* Replaces the record of that name.  STORE_NOTFOUND. */
enum store_result object_put(struct store_txn *t, const struct object_rec *o,
                             struct errbuf *err) WARN_UNUSED;
/* Gives it the name, in that domain.  As object_add; STORE_NOTFOUND. */
enum store_result object_rename(struct store_txn *t, const struct object_rec *o,
                                uint64_t domain, const char *name,
                                struct errbuf *err) WARN_UNUSED;
enum store_result object_remove(struct store_txn *t, uint64_t domain,
                                enum object_kind kind, const char *name,
                                struct errbuf *err) WARN_UNUSED;
/* Those of one kind, in the order of names, after `after` (or NULL); the record
 * is borrowed for the call; false ends. */
typedef bool object_walk_fn(const struct object_rec *o, void *arg);
enum store_result object_walk(struct store_txn *t, uint64_t domain,
                              enum object_kind kind, const char *after,
                              object_walk_fn *fn, void *arg,
                              struct errbuf *err) WARN_UNUSED;
/* How many of a kind a domain has; kept, not counted. */
enum store_result object_count(struct store_txn *t, uint64_t domain,
                               enum object_kind kind, uint64_t *count_r,
                               struct errbuf *err) WARN_UNUSED;
/* What has a name of a domain: OBJECT_NONE: an account, or it is an alias.
 * STORE_NOTFOUND: nothing. */
enum store_result object_kind_of(struct store_txn *t, uint64_t domain,
                                 const char *name, enum object_kind *kind_r,
                                 struct errbuf *err) WARN_UNUSED;

/* --- what an account has been shown (state_table.c) --- */

struct account_state {
    uint64_t position; /* every alert up to it was shown */
    uint64_t *shown;   /* ids beyond it that were shown, ascending */
    size_t n_shown;
    uint64_t *dismissed; /* ids of active alerts taken off, ascending */
    size_t n_dismissed;
    int64_t last_login; /* 0: never */
    char *last_address; /* of the last log-in */
};

void account_state_clear(struct account_state *s);
/* An account without a record has a zeroed state (STORE_OK). */
enum store_result state_get(struct store_txn *t, uint64_t account,
                            struct account_state *s_r,
                            struct errbuf *err) WARN_UNUSED;
/* STORE_OK and nothing done if the account is gone. */
enum store_result state_put(struct store_txn *t, uint64_t account,
                            const struct account_state *s,
                            struct errbuf *err) WARN_UNUSED;

/* --- what an account's storage holds (usage_table.c) --- */

struct usage_rec {
    uint64_t used;    /* bytes */
    int64_t reported; /* when that was said; 0: never */
    uint8_t source;   /* by whom: a number that storage does not look into */
    bool has_limit;   /* the source also said what may be used: */
    uint64_t limit;   /* bytes, 0: as much as one likes */
    int64_t alerted;  /* when a quota alert was sent last; 0: never */
    uint64_t alert;   /* the id of that one */
    bool reached;     /* the level was reached when last looked at */
    bool told;        /* an alert was sent since it was reached */
};

/* An account without a record has a zeroed one (STORE_OK). */
enum store_result usage_get(struct store_txn *t, uint64_t account,
                            struct usage_rec *u_r,
                            struct errbuf *err) WARN_UNUSED;
/* STORE_NOTFOUND if there is no such account. */
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
    char *post_key; /* with which it was posted; NULL: none, or not known */
};

void alert_rec_clear(struct alert_rec *a);

/* Gives a->id = the next id and a->key = the first free second at or after
 * a->posted in its set, and keeps the alert.  STORE_NOTFOUND if its domain or
 * account does not exist.  STORE_AGAIN: the keys of the set were not in memory
 * and have been read in part; nothing was written, and the body is to end and
 * to be run again. */
enum store_result alert_add(struct store_txn *t, struct alert_rec *a,
                            struct errbuf *err) WARN_UNUSED;
enum store_result alert_get(struct store_txn *t, uint64_t id,
                            struct alert_rec *a_r,
                            struct errbuf *err) WARN_UNUSED;
/* STORE_NOTFOUND if it is gone already. */
enum store_result alert_remove(struct store_txn *t, uint64_t id,
                               struct errbuf *err) WARN_UNUSED;
typedef bool alert_walk_fn(const struct alert_rec *a, void *arg);
/* The alerts of one set, oldest (lowest id) first, with ids above `after`. */
enum store_result alert_walk(struct store_txn *t, enum alert_scope scope,
                             uint64_t target, uint64_t after, alert_walk_fn *fn,
                             void *arg, struct errbuf *err) WARN_UNUSED;
/* The same, newest first, with ids below `before`. */
enum store_result alert_walk_back(struct store_txn *t, enum alert_scope scope,
                                  uint64_t target, uint64_t before,
                                  alert_walk_fn *fn, void *arg,
                                  struct errbuf *err) WARN_UNUSED;
/* All alerts of scope server, cluster, and every domain (for the board at
 * start; its cost does not depend on the number of accounts' alerts). */
enum store_result alert_walk_broad(struct store_txn *t, alert_walk_fn *fn,
                                   void *arg, struct errbuf *err) WARN_UNUSED;
/* The alert of a set with that CLI key (seconds UTC).  STORE_AGAIN as above. */
enum store_result alert_find_key(struct store_txn *t, enum alert_scope scope,
                                 uint64_t target, int64_t key,
                                 struct alert_rec *a_r,
                                 struct errbuf *err) WARN_UNUSED;
/* The lowest key of a set from `from` on, and whose it is; STORE_NOTFOUND;
 * STORE_AGAIN as above. */
enum store_result alert_next_key(struct store_txn *t, enum alert_scope scope,
                                 uint64_t target, int64_t from, int64_t *key_r,
                                 uint64_t *id_r,
                                 struct errbuf *err) WARN_UNUSED;
/* How many alerts a set has.  STORE_AGAIN as above. */
enum store_result alert_count(struct store_txn *t, enum alert_scope scope,
                              uint64_t target, uint64_t *n_r,
                              struct errbuf *err) WARN_UNUSED;
/* Alerts whose end is at or before `now`, earliest end first, at most `max`;
 * and the earliest end beyond them, 0 if none. */
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
};

/* STORE_OK: the author used the key at or after `since`, for an alert whose
 * target is still there.  STORE_NOTFOUND otherwise. */
enum store_result post_key_find(struct store_txn *t, uint64_t author,
                                const char *key, int64_t since,
                                struct post_key_rec *rec_r,
                                struct errbuf *err) WARN_UNUSED;
enum store_result post_key_put(struct store_txn *t, uint64_t author,
                               const char *key, const struct post_key_rec *rec,
                               struct errbuf *err) WARN_UNUSED;
/* Forgets the key that the alert was posted with, if it has one and no other
 * alert has got it since. */
enum store_result post_key_release(struct store_txn *t,
                                   const struct alert_rec *a,
                                   struct errbuf *err) WARN_UNUSED;
/* Drops those used before `before`, at most `max`; *more_r: there are more. */
enum store_result post_key_expire(struct store_txn *t, int64_t before,
                                  unsigned max, bool *more_r,
                                  struct errbuf *err) WARN_UNUSED;

/* --- resume tickets (ticket_table.c) ---
 *
 * A lasting session (lasting.h) has a record of its own among them, with the
 * hash of its id, and its tickets name that record: they end with it. */

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

/* STORE_EXISTS. */
enum store_result ticket_put(struct store_txn *t, const struct ticket_rec *k,
                             struct errbuf *err) WARN_UNUSED;
/* Finds the ticket and removes it (good for one log-in).  STORE_NOTFOUND also
 * if its account is gone; the caller looks at cred_serial and expires. */
enum store_result ticket_take(struct store_txn *t,
                              const uint8_t hash[TICKET_HASH_BYTES],
                              struct ticket_rec *k_r,
                              struct errbuf *err) WARN_UNUSED;
/* Leaves it where it is. */
enum store_result ticket_find(struct store_txn *t,
                              const uint8_t hash[TICKET_HASH_BYTES],
                              struct ticket_rec *k_r,
                              struct errbuf *err) WARN_UNUSED;
/* k as it is in the store. */
enum store_result ticket_drop(struct store_txn *t, const struct ticket_rec *k,
                              struct errbuf *err) WARN_UNUSED;
/* Puts k in the place of `old`, which has the same hash. */
enum store_result ticket_change(struct store_txn *t,
                                const struct ticket_rec *old,
                                const struct ticket_rec *k,
                                struct errbuf *err) WARN_UNUSED;
/* Drops what the account has of the session, with the session itself, or (0:
 * not asked) of the device: it looks at each ticket of the account. */
enum store_result ticket_drop_of(struct store_txn *t, uint64_t account,
                                 uint64_t session, uint64_t device,
                                 struct errbuf *err) WARN_UNUSED;
/* The account's lasting sessions; the caller frees the list, whatever comes
 * back. */
enum store_result ticket_sessions(struct store_txn *t, uint64_t account,
                                  struct ticket_rec **list_r, size_t *n_r,
                                  struct errbuf *err) WARN_UNUSED;
/* The same of its devices. */
enum store_result ticket_devices(struct store_txn *t, uint64_t account,
                                 struct ticket_rec **list_r, size_t *n_r,
                                 struct errbuf *err) WARN_UNUSED;
/* Drops at most `max` of those whose end has come; *more_r: there are more. */
enum store_result ticket_expire(struct store_txn *t, int64_t now, unsigned max,
                                bool *more_r, struct errbuf *err) WARN_UNUSED;

/* A ticket that must not be dropped is named by the first bytes of its hash. */
uint64_t ticket_number(const uint8_t hash[TICKET_HASH_BYTES]);
struct ticket_keep {
    uint64_t *number;
    size_t n;
};
/* If the account has more than `most`, those go that would expire next, but
 * none of `keep`, and no devices, which do not count: it looks at each ticket of
 * the account. */
enum store_result ticket_trim(struct store_txn *t, uint64_t account,
                              size_t most, const struct ticket_keep *keep,
                              struct errbuf *err) WARN_UNUSED;
/* The same, but only sessions go that wait for somebody, never what somebody has;
 * and not the one of that number. */
enum store_result ticket_trim_waiting(struct store_txn *t, uint64_t account,
                                      size_t most, uint64_t keep_number,
                                      struct errbuf *err) WARN_UNUSED;

/* --- tokens of accounts (token_table.c) --- */

#define TOKEN_NAME_MOST 64

struct token_rec {
    uint64_t account;
    uint64_t id; /* random: tells it from a later one of its name */
    char *name;  /* as it was given; found without regard to case */
    int64_t created;
    int64_t expires; /* 0: never */
    char *author;    /* user@domain who made it, or "local:UID" */
    char *sealed;    /* the secret, encrypted; storage does not look into it */
    size_t sealed_len;
};

void token_rec_clear(struct token_rec *k);
/* STORE_EXISTS; STORE_NOTFOUND if there is no such account; STORE_REFUSED for
 * a name of no or more than TOKEN_NAME_MOST bytes. */
enum store_result token_put(struct store_txn *t, const struct token_rec *k,
                            struct errbuf *err) WARN_UNUSED;
enum store_result token_get(struct store_txn *t, uint64_t account,
                            const char *name, struct token_rec *k_r,
                            struct errbuf *err) WARN_UNUSED;
enum store_result token_remove(struct store_txn *t, uint64_t account,
                               const char *name,
                               struct errbuf *err) WARN_UNUSED;
/* Of one account, in the order of names; the record is borrowed. */
typedef void token_walk_fn(const struct token_rec *k, void *arg);
enum store_result token_walk(struct store_txn *t, uint64_t account,
                             token_walk_fn *fn, void *arg,
                             struct errbuf *err) WARN_UNUSED;
enum store_result token_remove_all(struct store_txn *t, uint64_t account,
                                   struct errbuf *err) WARN_UNUSED;

/* --- audit (audit_table.c) --- */

struct audit_rec {
    int64_t time;
    const char *who;     /* user@domain, or "local:UID" */
    const char *from;    /* address and door */
    const char *what;    /* the command or request, without secrets */
    const char *outcome; /* "ok", or the error text */
};

/* Adds a line to the batch's audit record; costs no lookup.  A job that fails
 * leaves no line. */
enum store_result audit_add(struct store_txn *t, const struct audit_rec *a,
                            struct errbuf *err) WARN_UNUSED;
typedef bool audit_walk_fn(const struct audit_rec *a, void *arg);
/* Oldest first, from `since` on. */
enum store_result audit_walk(struct store_txn *t, int64_t since,
                             audit_walk_fn *fn, void *arg,
                             struct errbuf *err) WARN_UNUSED;

#endif
