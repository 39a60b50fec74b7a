/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/store.h"
#include "storage/tables.h"
#include "tests/unit/long_time.h"

/* An empty store in a directory of its own for each test.  It does nothing by
 * the clock: no checkpoint, no transaction that ends because it took long. */

extern char fixture_dir[];
extern struct store *fixture_store;

void fixture_setup(void);
void fixture_teardown(void);

/* Closes the store and opens it again. */
void fixture_reopen(void);
void fixture_close(void);
void fixture_open(void);

/* Runs a body; the test fails if the result is another. */
void fixture_run(store_body_fn *body, void *arg, enum store_result expected);
/* The text of the last error of fixture_run. */
extern struct errbuf fixture_err;

void fixture_checkpoint(void);

/* Fails the test unless the store verifies; leaves it open. */
void fixture_verify(void);

/* A domain and an account, for what needs one.  Each call in a transaction of
 * its own; the number. */
uint64_t fixture_domain(const char *name);
uint64_t fixture_account(uint64_t domain, const char *name);

/* An alert as posted at `posted`; the text is borrowed. */
struct alert_rec fixture_alert(enum alert_scope scope, uint64_t target,
                               int64_t posted, const char *text);
/* Adds it; the id. */
uint64_t fixture_post(enum alert_scope scope, uint64_t target, int64_t posted,
                      const char *text);

#define SECOND INT64_C(1000000)

#endif
