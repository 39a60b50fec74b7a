/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_SHARED_H
#define XIMSS_SERVER_LIVE_SHARED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/store.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/rules/admin_context.h"
#include "ximss/server/rules/token.h"

struct audit_budget;
struct quota_sources;
struct usage_feed;
struct hash_pool;
struct alias_renew;
struct login_slots;
struct passdb;
struct door;
struct auth_cache;
struct bridge_door;
struct lobby;
struct newcomers;
struct status;
struct passdb;
struct stat_sampler;
struct throttle;
struct trigger_loop;
struct userdb;
struct wake_files;
struct worker;

/* What all threads share.  Members are constant once the workers run, or know
 * themselves how to be shared, but for those under `lock`. */
struct server {
    struct alert_claims alert_claims;    /* the writer thread's */
    struct store *store;                 /* owned */
    struct backups *backups;             /* owned; of the store */
    struct hash_pool *hash_pool;         /* owned */
    struct auth_cache *auth_cache;       /* owned */
    struct throttle *throttle;           /* owned */
    struct login_slots *login_slots;     /* owned */
    struct login_slots *guess_slots;     /* owned; attempt_guess.c */
    struct alias_renew *alias_renew;     /* owned */
    struct passdb *passdb;               /* owned: passwords outside */
    struct lobby *lobby;                 /* owned; see admission.h */
    struct door *door;                   /* owned */
    struct bridge_door *bridge_door;     /* owned */
    struct wake_files *wake_files;       /* owned; NULL: no mail door */
    struct hash_pool *name_pool;         /* owned; asks the system for names of
                                            users; NULL: no mail door */
    unsigned descriptors;                /* that the process may open */
    unsigned own_descriptors;            /* open, but for connections */
    struct audit_budget *audit_budget;   /* owned; the writer thread's */
    struct usage_feed *usage_feed;       /* owned */
    struct quota_sources *quota_sources; /* owned; NULL behind their end */
    struct trigger_loop *trigger_loop;   /* owned; NULL: none, in tests */
    struct userdb *userdb;               /* owned; NULL: none */
    struct newcomers *newcomers;         /* owned */
    struct stat_sampler *stat_sampler;   /* owned */
    struct notify *notify;               /* owned: notices to the outside */
    struct worker **workers;             /* owned */
    unsigned n_workers;
    uint8_t secret[STORE_SECRET_BYTES]; /* of the store, for dummy salts */
    struct admin_settings admin;        /* for bodies of jobs */
    bool test_hooks;

    atomic_uint_least64_t next_session; /* number of the next log-in */
    atomic_uint_least64_t next_expiry;  /* microseconds UTC of the earliest end
                                           of an alert; 0: none */

    struct token_key token_key; /* the writer thread's */

    uint64_t main_domain_number;

    atomic_uint log_alerts, log_failures; /* lines a minute */

    pthread_mutex_t lock;
    char *main_domain;      /* owned; see server_main_domain */
    struct config *config;  /* owned; workers see it by their mail */
    struct ssl_ctx_st *tls; /* counted; NULL: none */
    unsigned undrained;     /* workers that are not done yet, with `drained` */
    pthread_cond_t drained;
    _Atomic int64_t next_upkeep; /* clock_mono */
    atomic_bool stopping;        /* upkeep is left to the next start */
    char *ports_file;            /* owned */
    struct status *status;       /* owned; the main thread's */
    _Atomic int64_t hang;        /* TESTHANG main: microseconds */
};

/* A worker has nothing left to do (worker_drain). */
void server_worker_drained(struct server *s);

/* Asks the main thread to end the server; any thread. */
void server_ask_stop(struct server *s);

/* A copy of the main domain's name, for the caller to free. */
char *server_main_domain(struct server *s);

/* An alert ends at `when` (0: never): upkeep comes then at the latest. */
void server_lower_expiry(struct server *s, int64_t when);

/* What all threads share follows an effect, once, before the workers do
 * (publish.c). */
void server_follow(struct server *s, const struct effect *e);

#endif
