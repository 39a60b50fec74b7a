/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/admin_audit.h"

#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "ximss/server/rules/audit_budget.h"

/* What changed something is recorded, whoever did it, unless they have no right
 * at all (then it was about themselves); what changed nothing, as far as the
 * budget of the account goes.  Those who may do everything could fill the disk
 * anyway. */
static bool
may_record(struct admin_context *x, bool changed)
{
    unsigned rights = x->caller->rights;

    if (x->budget == NULL || (rights & (RIGHT_MASTER | RIGHT_ALL_DOMAINS)) != 0)
        return true;
    if (changed && rights != 0)
        return true;
    return audit_budget_take(x->budget, x->caller->account, x->caller->name,
                             x->now);
}

enum store_result
admin_audit_record(struct admin_context *x, const char *what,
                   const char *outcome, bool changed, struct errbuf *err)
{
    const struct admin_about *about = &x->about;
    char made[sizeof about->name + sizeof about->fresh + 1];
    struct audit_rec a = {
        .time = x->now,
        .who = x->caller->name,
        .from = x->caller->from,
        .what = what,
        .outcome = outcome,
        .target = about->name,
        .who_domain = x->caller->domain,
        .domain = about->domain,
        .wide = (x->caller->rights & (unsigned)RIGHTS_SERVER_WIDE) != 0};

    if (about->fresh[0] != '\0' && strcmp(outcome, "ok") == 0) {
        snprintf(made, sizeof made, "%s@%s", about->fresh, about->name);
        a.target = made;
    }
    return may_record(x, changed) ? audit_add(x->txn, &a, err) : STORE_OK;
}

enum store_result
admin_audit(struct admin_context *x, const char *what, const char *outcome,
            struct errbuf *err)
{
    return admin_audit_record(x, what, outcome, strcmp(outcome, "ok") == 0,
                              err);
}

static enum store_result
tell_left_out(const char *who, unsigned n, int64_t since, void *arg,
              struct errbuf *err)
{
    struct admin_context *x = arg;
    char what[80], gmt[CLOCK_GMT_SIZE];
    struct audit_rec a = {.time = x->now,
                          .who = who,
                          .from = x->caller->from,
                          .what = what,
                          .outcome = "left out"};

    clock_format_gmt(since, gmt);
    snprintf(what, sizeof what, "%u more since %s that changed nothing", n,
             gmt);
    return audit_add(x->txn, &a, err);
}

enum store_result
admin_audit_left_out(struct admin_context *x, bool all, struct errbuf *err)
{
    if (x->budget == NULL)
        return STORE_OK;
    return audit_budget_tell(x->budget, x->now, all, tell_left_out, x, err);
}
