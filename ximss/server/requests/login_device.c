/* SPDX-License-Identifier: BSD-2-Clause */
/* Log-in by the token of a device that stays logged in.  It opens a lasting
 * session of the device. */
#include "config.h"

#include "ximss/server/requests/login_private.h"

#include <string.h>

#include "util/clock.h"
#include "util/log_event.h"
#include "ximss/server/live/device_sessions.h"
#include "ximss/server/requests/attempt.h"

/* On the writer thread: also if whoever showed the token has gone. */
static void
tell_stolen(struct job *j)
{
    const struct attempt *a = (const struct attempt *)j;

    if (j->result != STORE_OK || !a->device_wish.stolen)
        return;
    log_event(LOG_WARN_,
              "a device's token came again that had been given up: it was "
              "copied; the device is ended",
              LOG_NUMBER("account", a->device_wish.account),
              LOG_WORD("address", a->address));
    device_sessions_end(j->server, a->device_wish.account,
                        a->device_wish.device);
}

static enum store_result
find_device(struct attempt *a, struct store_txn *t, struct ticket_rec *k_r,
            struct errbuf *err)
{
    enum store_result r = device_find(t, &a->device_wish, k_r, err);

    a->known = false;
    if (r == STORE_OK)
        r = attempt_admit_owner(a, t, k_r, err);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
find_device_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0};

    return find_device(a, t, &k, err);
}

static enum store_result
use_device_body(struct attempt *a, struct store_txn *t, struct errbuf *err)
{
    struct ticket_rec k = {0}, next;
    enum store_result r = find_device(a, t, &k, err);

    if (r != STORE_OK || !a->known)
        return r;
    next = attempt_new_ticket(a);
    r = device_use(t, &a->device_wish, &a->device_rules, attempt_client(a), &k,
                   err);
    if (r == STORE_OK)
        r = lasting_put(t, &a->lasting, &next, err);
    return r == STORE_OK ? ticket_put(t, &next, err) : r;
}

static const struct attempt_way by_device = {find_device_body, use_device_body,
                                             attempt_refuse_shown};

enum req_result
login_with_device(struct req *r)
{
    struct attempt *a = attempt_new(r, NULL, "device");

    attempt_begin(a);
    if (!device_is_token(a->device_wish.shown)) {
        attempt_refuse_shown(a);
        return REQ_PENDING;
    }
    attempt_make_ticket(a);
    attempt_make_session(a);
    a->grows = true;
    a->way = &by_device;
    a->job.ended = tell_stolen;
    attempt_find(a);
    return REQ_PENDING;
}
