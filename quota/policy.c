/* SPDX-License-Identifier: BSD-2-Clause */
/* The rule for alerts.  An alert is due when a user logs in while the level is
 * reached, and when the level is reached while the user is logged in, but not
 * within ten minutes of the last alert.  An alert for a crossing that falls
 * into this pause is sent at its end (QUOTA_WAIT).  An alert for a log-in in
 * the pause is not: the user was shown one at most ten minutes ago.
 *
 * An alert that nobody was shown waits for the next log-in, which gets it from
 * the server's memory.  If it is not there any more, another takes its place,
 * pause or not.  After the pause another takes its place in any case: the figures
 * are old. */
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

bool
quota_is_pause(int64_t sent, int64_t now)
{
    return sent != 0 && sent <= now && now - sent < QUOTA_PAUSE;
}

/* What nobody was shown does not count at a log-in.  It does count for sessions
 * that are there: usage that goes up and down would tell them again and again. */
static bool
is_due(const struct quota_memory *memory, enum quota_occasion occasion,
       int64_t now)
{
    if (occasion == QUOTA_LOGIN && memory->last == QUOTA_LOST)
        return true;
    return !quota_is_pause(memory->sent, now);
}

enum quota_verdict
quota_decide(struct quota_memory *memory, uint64_t used,
             const struct quota_level *level, enum quota_occasion occasion,
             int64_t now, int64_t *due_r)
{
    bool was_reached = memory->reached;
    bool told = memory->told && memory->last != QUOTA_LOST;

    memory->reached = quota_is_reached(used, level);
    if (!memory->reached) {
        memory->told = false;
        if (memory->last == QUOTA_KEPT)
            memory->last = QUOTA_LOST;
        return was_reached ? QUOTA_OVER : QUOTA_NOTHING;
    }
    if (occasion == QUOTA_ABSENT || (told && occasion != QUOTA_LOGIN))
        return QUOTA_NOTHING;
    if (is_due(memory, occasion, now)) {
        *memory = (struct quota_memory){now, true, true, QUOTA_KEPT};
        return QUOTA_SEND;
    }
    if (told)
        return QUOTA_NOTHING;
    *due_r = memory->sent + QUOTA_PAUSE;
    return QUOTA_WAIT;
}

void
quota_note_shown(struct quota_memory *memory, int64_t now)
{
    if (memory->last == QUOTA_SHOWN)
        return;
    memory->last = QUOTA_SHOWN;
    memory->sent = now;
}
