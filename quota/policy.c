/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule for alerts.  An alert is due when a user logs in while the level is
 * reached, and when the level is reached while the user is logged in, but not
 * within ten minutes of the last alert.  An alert for a crossing that falls
 * into this pause is sent at its end (QUOTA_WAIT).  An alert for a log-in in
 * the pause is not: the user was told at most ten minutes ago. */
#include "config.h"

#include "quota/policy.h"

#include <limits.h>

bool
quota_is_reached(uint64_t used, const struct quota_level *level)
{
    __extension__ typedef unsigned __int128 wide;

    if (level->limit == 0 || level->percent == 0)
        return false;
    return (wide)used * 100 >= (wide)level->limit * level->percent;
}

unsigned
quota_percent(uint64_t used, uint64_t limit)
{
    __extension__ typedef unsigned __int128 wide;
    wide percent;

    if (limit == 0)
        return 0;
    percent = (wide)used * 100 / limit;
    return percent > UINT_MAX ? UINT_MAX : (unsigned)percent;
}

/* False too for times that are yet to come, and for never. */
static bool
is_pause(const struct quota_memory *memory, int64_t now)
{
    return memory->sent != 0 && memory->sent <= now &&
           now - memory->sent < QUOTA_PAUSE;
}

enum quota_verdict
quota_decide(struct quota_memory *memory, uint64_t used,
             const struct quota_level *level, enum quota_occasion occasion,
             int64_t now, int64_t *due_r)
{
    bool was_reached = memory->reached;

    memory->reached = quota_is_reached(used, level);
    if (!memory->reached) {
        memory->told = false;
        return was_reached ? QUOTA_OVER : QUOTA_NOTHING;
    }
    if (occasion == QUOTA_ABSENT || (memory->told && occasion != QUOTA_LOGIN))
        return QUOTA_NOTHING;
    if (!is_pause(memory, now)) {
        memory->sent = now;
        memory->told = true;
        return QUOTA_SEND;
    }
    if (memory->told)
        return QUOTA_NOTHING;
    *due_r = memory->sent + QUOTA_PAUSE;
    return QUOTA_WAIT;
}
