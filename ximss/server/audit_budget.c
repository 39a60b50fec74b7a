/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/audit_budget.h"

#include <stdlib.h>

#include "util/clock.h"
#include "util/xmalloc.h"

#define SLOTS  1024
#define MINUTE (60 * CLOCK_SECOND)

struct audit_budget {
    struct slot {
        int64_t since; /* the minute's beginning */
        unsigned used, skipped;
    } slots[SLOTS];
};

struct audit_budget *
audit_budget_new(void)
{
    return xcalloc(1, sizeof(struct audit_budget));
}

void
audit_budget_free(struct audit_budget **b)
{
    free(*b);
    *b = NULL;
}

bool
audit_budget_take(struct audit_budget *b, uint64_t account, int64_t now,
                  unsigned *skipped_r)
{
    struct slot *s = &b->slots[account % SLOTS];

    if (now < s->since || now - s->since >= MINUTE) {
        s->since = now;
        s->used = 0;
    }
    *skipped_r = s->skipped;
    if (s->used == AUDIT_BUDGET_RECORDS) {
        s->skipped++;
        return false;
    }
    s->used++;
    s->skipped = 0;
    return true;
}
