/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters.  Threads that count the same thing must not wait for each other's
 * cache lines, so each takes a set of its own (more threads than sets share),
 * and reading adds them up. */
#include "config.h"

#include "ximss/server/base/counters.h"

#include <stdatomic.h>
#include <stddef.h>

#include "util/text.h"

#define CACHE_LINE 64
#define SETS       16

static struct {
    _Alignas(CACHE_LINE) atomic_int_least64_t value[COUNTER_N];
} sets[SETS];
static atomic_uint next_set;
static _Thread_local unsigned own_set; /* counted from 1; 0: none yet */

static const char *const names[COUNTER_N] = {
    [COUNTER_CONNECTIONS] = "connections",
    [COUNTER_CONNECTIONS_OPEN] = "connectionsOpen",
    [COUNTER_CONNECTIONS_REFUSED] = "connectionsRefused",
    [COUNTER_CONNECTIONS_CROWDED_OUT] = "connectionsCrowdedOut",
    [COUNTER_SESSIONS_OPEN] = "sessionsOpen",
    [COUNTER_LOGINS] = "logins",
    [COUNTER_LOGINS_FAILED] = "loginsFailed",
    [COUNTER_OUTSIDE_ASKED] = "outsideAsked",
    [COUNTER_OUTSIDE_AWAY] = "outsideAway",
    [COUNTER_OUTSIDE_WAITING] = "outsideWaiting",
    [COUNTER_ALERTS_POSTED] = "alertsPosted",
    [COUNTER_ALERTS_REMOVED] = "alertsRemoved",
    [COUNTER_ALERTS_SENT] = "alertsSent",
    [COUNTER_QUOTA_ALERTS] = "quotaAlerts",
    [COUNTER_QUOTA_REPORTS] = "quotaReports",
    [COUNTER_QUOTA_CHECKED] = "quotaLooked",
    [COUNTER_QUOTA_ROUNDS_DUE] = "quotaRoundsDue",
    [COUNTER_HASHES] = "passwordHashes",
    [COUNTER_CLI_COMMANDS] = "cliCommands",
};

void
counter_add(enum counter s, int64_t n)
{
    if (own_set == 0)
        own_set = atomic_fetch_add(&next_set, 1) % SETS + 1;
    atomic_fetch_add_explicit(&sets[own_set - 1].value[s], n,
                              memory_order_relaxed);
}

int64_t
counter_get(enum counter s)
{
    int64_t n = 0;

    for (size_t i = 0; i < SETS; i++)
        n += atomic_load_explicit(&sets[i].value[s], memory_order_relaxed);
    return n;
}

const char *
counter_name(enum counter s)
{
    return names[s];
}

enum counter
counter_find(const char *name)
{
    enum counter s = 0;

    while (s < COUNTER_N && !text_equal_nocase(names[s], name))
        s++;
    return s;
}
