/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_VERIFY_H
#define STORAGE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/alert_set.h"
#include "storage/env_state.h"
#include "storage/txn.h"

/* What the files verify*.c share.  Private to storage/. */

struct verify {
    struct env *env;
    struct store_txn *t;
    unsigned long findings;
    enum table table; /* being checked */

    /* Names of accounts: the domain being walked. */
    uint64_t domain;
    struct name_count count, counted;
    /* Alerts: the set being walked. */
    struct alert_set *set;
};

/* Checks all records of a store with open tables; what it finds goes to the
 * report.  0, or -1 with err if they could not be read. */
int verify_records(struct env *env, FILE *report, unsigned long *findings_r,
                   struct errbuf *err) WARN_UNUSED;

/* Checks the pages of all tables, opens them, and checks all records, as
 * verify_records does.  What it finds goes to env->report.  0, or -1 with err if
 * it could not, or was stopped (env_goes_on). */
int verify_env(struct env *env, unsigned long *findings_r,
               struct errbuf *err) WARN_UNUSED;

/* True for a table, or a file of the log: what a copy needs. */
bool verify_is_wanted(const char *name);

/* Checks one record; err is room for texts. */
typedef void verify_fn(struct verify *v, const struct slice *key,
                       const struct slice *value, struct errbuf *err);

verify_fn verify_meta;
verify_fn verify_domain;
verify_fn verify_domain_name;
verify_fn verify_account;
verify_fn verify_account_name;
verify_fn verify_prefs;
verify_fn verify_state;
verify_fn verify_alert;
verify_fn verify_alert_id;
verify_fn verify_alert_until;
verify_fn verify_post_key;
verify_fn verify_post_key_time;
verify_fn verify_ticket;
verify_fn verify_ticket_time;
verify_fn verify_ticket_account;
verify_fn verify_token;
verify_fn verify_object;
verify_fn verify_trigger; /* and handlers */
verify_fn verify_audit;
verify_fn verify_audit_chain;
verify_fn verify_trash;
verify_fn verify_usage;

/* The numbers of the domain whose names were walked last (verify_name.c). */
void verify_count(struct verify *v);

/* The chain of the audit log as a whole (verify_audit.c).  STORE_OK or a
 * failure. */
enum store_result verify_audit_whole(struct verify *v,
                                     struct errbuf *err) WARN_UNUSED;

/* Whether names are in normal form (verify_form.c): the text behind the key's first
 * `head` bytes, of which there are 8, the domain's number; the whole key. */
void verify_form_account(struct verify *v, const struct slice *key,
                         size_t head);
void verify_form_domain(struct verify *v, const struct slice *key);

/* --- verify_finding.c --- */

/* Reports what is wrong with the table being checked. */
void verify_finding(struct verify *v, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* True if there is a record with this key. */
bool verify_exists(struct verify *v, enum table table, const struct key *k);
/* The record, or NULL; in *value, borrowed until the next one. */
const struct slice *verify_get(struct verify *v, enum table table,
                               const struct key *k, struct slice *value);
/* True if the name is there, is an alias or is none, and leads to the
 * number. */
bool verify_leads_to(struct verify *v, enum table table, const struct key *k,
                     uint64_t number, bool alias);
/* A finding if the store's format is lower than what is in it needs. */
void verify_format(struct verify *v, uint64_t format);
/* True if the key is a number alone; else that is a finding. */
bool verify_key_number(struct verify *v, const struct slice *key,
                       uint64_t *number_r);
unsigned long long verify_llu(uint64_t n); /* for printing */

#endif
