/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_TRIGGER_TELL_H
#define XIMSS_SERVER_RULES_TRIGGER_TELL_H

#include <stdbool.h>

#include "ximss/server/rules/admin_context.h"
#include "ximss/server/rules/trigger_state.h"

/* Telling by account alerts, in the store: the alerts and the state of the trigger
 * are written in one transaction, so that an alert is there exactly once whatever
 * happens.  For bodies of jobs. */

/* How many accounts one job does; the rest is left to the next one. */
#define TRIGGER_TELL_MOST 50

/* What a pair of a trigger and a handler has to tell. */
struct trigger_telling {
    const char *handler;
    enum trigger_due due; /* TELL_BEGIN or TELL_OVER */
    int64_t since;        /* the state that is told */
    enum alert_severity severity;
    const char *text;
    const char *const *accounts; /* of a begin: names */
    size_t n_accounts;
    bool says_over; /* of an end: whoever was shown the begin hears of it */
};

struct trigger_told_result {
    bool more;         /* not all is done; state has what is */
    unsigned failed;   /* alerts that could not be posted */
    struct errbuf why; /* of the last of them */
};

/* Tells, and stores the state of the trigger as it is then.  x->caller is the
 * server's, from "trigger:NAME".  STORE_AGAIN: nothing was written. */
enum store_result trigger_tell(struct admin_context *x, const char *name,
                               struct trigger_state *state,
                               const struct trigger_telling *tell, size_t n,
                               struct trigger_told_result *result,
                               struct errbuf *err) WARN_UNUSED;

/* Posts one alert to the account, which ends by itself after a day: tests of
 * handlers, and what says that a trigger is over.  *code_r: 200, or why not, with
 * why. */
enum store_result trigger_tell_once(struct admin_context *x,
                                    const char *account,
                                    enum alert_severity severity,
                                    const char *text, uint64_t *alert_r,
                                    int *code_r, struct errbuf *why,
                                    struct errbuf *err) WARN_UNUSED;

/* Adds the names of accounts that hold Master, from the one after *after on, by
 * the rights in their records: all of them are in the main domain.  STORE_AGAIN:
 * the job is tired; *after has its progress (owned by the caller). */
typedef void trigger_master_fn(const char *name, void *arg);
enum store_result trigger_masters(struct store_txn *t, char **after,
                                  trigger_master_fn *fn, void *arg,
                                  struct errbuf *err) WARN_UNUSED;

#endif
