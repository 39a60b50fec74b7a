/* SPDX-License-Identifier: BSD-2-Clause */
/* What time does to sessions. */
#include "config.h"

#include "ximss/server/live/session_private.h"

#include "util/clock.h"
#include "ximss/server/live/admission.h"
#include "ximss/server/live/ticket_renew.h"

/* A client that does not close after our end is given so long. */
#define LINGER_SECONDS 3

/* Nothing is under way for it; an answer that it has left half read is not. */
static bool
is_idle(const struct session *s)
{
    return s->n_reqs == 0 || s->conn.out != NULL;
}

void
session_check_times(struct worker *w)
{
    uint32_t now = session_seconds();
    uint32_t login = (uint32_t)(w->cfg->login_timeout / CLOCK_SECOND);
    uint32_t proxy = (uint32_t)(w->cfg->proxy_timeout / CLOCK_SECOND);
    struct session *s, *next;

    admission_send_away(w); /* who came from another worker meanwhile */
    TAILQ_FOREACH_SAFE(s, &w->sessions, all, next) {
        uint32_t silent = now - s->last_input;

        if ((int32_t)silent < 0)
            continue;
        if (s->state == SESSION_OPEN && s->idle_timeout != 0 &&
            silent >= s->idle_timeout && is_idle(s))
            session_say_bye(s, "idle");
        else if (s->state == SESSION_OPEN && !w->draining &&
                 ticket_is_due(s, now))
            ticket_renew(s);
        else if (s->state == SESSION_ENDING && silent >= LINGER_SECONDS)
            session_close(s, "the client does not close");
        else if (s->proxy == SESSION_PROXY_MUST &&
                 now - s->login_since >= proxy)
            session_close(s, "no PROXY header in time");
        else if (s->state < SESSION_OPEN && now - s->login_since >= login)
            session_close(s, "no log-in in time");
    }
}
