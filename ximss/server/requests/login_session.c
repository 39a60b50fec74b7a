/* SPDX-License-Identifier: BSD-2-Clause */
/* Log-in by the id of a lasting session. */
#include "config.h"

#include "ximss/server/requests/login_private.h"

#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "util/log_event.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/attempt.h"

/* known: the id that is shown is of a session, and so is one of the keys. */
static enum store_result
find_session(struct attempt *a, struct store_txn *t, struct ticket_rec *k_r,
             struct errbuf *err)
{
    enum store_result r = ticket_find(t, a->hash, k_r, err);

    a->known = false;
    if (r == STORE_OK && k_r->is_session && lasting_opens(k_r, a->lasting.keys))
        r = attempt_admit_owner(a, t, k_r, err);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
find_session_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0};

    return find_session(a, t, &k, err);
}

static enum store_result
resume_session_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0}, next;
    enum store_result r = find_session(a, t, &k, err);

    if (r != STORE_OK || !a->known)
        return r;
    next = attempt_next_ticket(a, &k);
    r = lasting_go_on(t, &a->lasting, &k, &next, err);
    return r == STORE_OK ? ticket_put(t, &next, err) : r;
}

/* Each morning, browsers come with ids whose time is over.  That is no guess at
 * a password: it holds up no log-in, and fail2ban need not know of it. */
static void
refuse_session(struct attempt *a)
{
    if (a->counted_as[0] != '\0')
        throttle_failed(a->job.server->throttle, NULL, a->counted_as,
                        clock_mono());
    log_event(LOG_DEBUG_, "no such session", LOG_WORD("address", a->address));
    attempt_answer(a, ANSWER(WRONG_LOGIN));
}

static const struct attempt_way by_session = {
    find_session_body, resume_session_body, refuse_session};

enum req_result
login_with_session(struct req *r)
{
    struct session *s = r->session;
    struct attempt *a = attempt_new(r, NULL, "session");

    /* A bridge on this machine which does not say for whom it asks has limits
     * of its own: those who are wrong must not keep all others waiting. */
    if (s->client != NULL || !session_is_local(s))
        snprintf(a->counted_as, sizeof a->counted_as, ATTEMPT_SESSIONS_OF "%s",
                 a->address);
    else
        a->counted_as[0] = '\0';
    if (lasting_hash(a->lasting.asked, a->hash) < 0)
        memset(a->hash, 0, sizeof a->hash); /* nobody's; found out later */
    attempt_make_ticket(a);
    attempt_make_session(a);
    a->grows = true;
    a->way = &by_session;
    return attempt_start(a, attempt_find);
}
