/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to alerts, in the log.  The text of an alert is not in it: it is
 * for its recipients, and the audit log has it. */
#include "config.h"

#include "ximss/server/live/alert_log.h"

#include <stdio.h>

#include "util/clock.h"
#include "util/log_budget.h"
#include "util/log_event.h"
#include "util/text.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/rules/alert_names.h"
#include "ximss/server/rules/effect.h"

static struct log_budget budget = LOG_BUDGET_INIT;

static bool
may_log(struct server *server)
{
    unsigned most =
        atomic_load_explicit(&server->log_alerts, memory_order_relaxed);
    unsigned left_out;
    bool may;

    if (!log_wants(LOG_INFO_))
        return false;
    may = log_budget_take(&budget, most, &left_out);
    if (left_out > 0)
        log_event(LOG_INFO_, "alerts left out", LOG_NUMBER("count", left_out));
    return may;
}

/* The end, in RFC 3339; NULL: there is none. */
static const char *
until_text(int64_t until, char out[CLOCK_RFC3339_SIZE])
{
    if (until == 0)
        return NULL;
    clock_format_rfc3339(until, out);
    return out;
}

static void
log_posted(const struct effect *e, const struct alert_rec *a, unsigned sessions)
{
    const char *by = a->author_name != NULL ? a->author_name : "";
    char who[TEXT_WHO_SIZE], until[CLOCK_RFC3339_SIZE];

    log_event(LOG_INFO_, "alert posted", LOG_NUMBER("id", a->id),
              LOG_WORD("scope", alert_scope_name(a->scope)),
              LOG_WORD("target", e->target),
              LOG_WORD("severity", alert_severity_name(a->severity)),
              LOG_WORD("until", until_text(a->until, until)),
              LOG_WORD("user", text_who(by, who)),
              LOG_QUOTED("from", a->origin), LOG_NUMBER("sessions", sessions));
}

static void
log_removed(const struct effect *e, const struct alert_rec *a,
            unsigned sessions)
{
    char who[TEXT_WHO_SIZE];

    log_event(LOG_INFO_, e->by != NULL ? "alert removed" : "alert expired",
              LOG_NUMBER("id", a->id),
              LOG_WORD("scope", alert_scope_name(a->scope)),
              LOG_WORD("target", e->target),
              LOG_WORD("user", e->by != NULL ? text_who(e->by, who) : NULL),
              LOG_NUMBER("sessions", sessions));
}

void
alert_log(struct server *server, const struct effect *e,
          const struct alert_rec *a, unsigned sessions)
{
    if (e->kind != EFFECT_ALERT_ADDED && e->kind != EFFECT_ALERT_REMOVED)
        return;
    if (!may_log(server))
        return;
    if (e->kind == EFFECT_ALERT_ADDED)
        log_posted(e, a, sessions);
    else
        log_removed(e, a, sessions);
}
