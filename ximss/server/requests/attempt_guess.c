/* SPDX-License-Identifier: BSD-2-Clause */
/* How many passwords of one name, and of one address, sources outside are asked
 * about at once.
 *
 * A source may take its time to refuse, and a failure counts only when it has.  Who
 * asks about many at once would have them all answered before the throttle sees the
 * first.  So each counts as a failure while it is asked about: no more are under way
 * than may fail before one has to wait, nor fewer than `login-checks-per-address`.
 * The others wait in order, and are let go, or held up, as what was asked turns out.
 *
 * Many users of one address get in at once as long as their passwords are right: a
 * right one makes room for the next, and leaves no failure.  Known users take none of
 * the address's.  A source that hangs lets nobody through, but each of its log-ins
 * ends by its deadline, which begins with the waiting: those before it in the queue
 * began before, and have ended by then. */
#include "config.h"

#include "ximss/server/requests/attempt.h"

#include <stddef.h>

#include "util/clock.h"
#include "util/log_event.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/login_private.h"

enum {
    OF_NAME,
    OF_ADDRESS
};

static struct attempt *
attempt_of(const struct login_slot *slot, unsigned i)
{
    return (struct attempt *)(void *)((char *)(uintptr_t)(slot - i) -
                                      offsetof(struct attempt, guess));
}

static unsigned
most_of_name(const struct login_slot *slot)
{
    const struct attempt *a = attempt_of(slot, OF_NAME);

    return throttle_free_tries(a->job.server->throttle, a->name, a->address,
                               clock_mono());
}

static unsigned
most_of_address(const struct login_slot *slot)
{
    const struct attempt *a = attempt_of(slot, OF_ADDRESS);

    return throttle_free_tries(a->job.server->throttle, NULL, a->address,
                               clock_mono());
}

static void go(struct attempt *a);

static void
has_guess(struct attempt *a)
{
    a->req->session->login->waiting = NULL;
    go(a);
}

static void
on_name_granted(struct login_slot *slot)
{
    attempt_send_home(attempt_of(slot, OF_NAME), has_guess);
}

static void
on_address_granted(struct login_slot *slot)
{
    attempt_send_home(attempt_of(slot, OF_ADDRESS), has_guess);
}

static void
log_waiting(const struct attempt *a)
{
    char user[ACCOUNT_NAME_SIZE];

    if (!log_wants(LOG_DEBUG_))
        return;
    attempt_log_name(a, user);
    log_event(LOG_DEBUG_, "login waits for others", LOG_WORD("user", user),
              LOG_WORD("address", a->address));
}

/* False: it waits. */
static bool
take(struct attempt *a, unsigned i, uint64_t key)
{
    struct login *l = a->req->session->login;
    struct login_slot *slot = &a->guess[i];

    if (slot->state == LOGIN_SLOT_HELD)
        return true;
    slot->most = i == OF_NAME ? most_of_name : most_of_address;
    a->waits = slot;
    l->waiting = a;
    if (!login_slot_take(a->job.server->guess_slots, key, slot,
                         i == OF_NAME ? on_name_granted : on_address_granted)) {
        log_waiting(a);
        return false;
    }
    l->waiting = NULL;
    return true;
}

/* If the throttle has held it up, it has lost them. */
static void
go_if_held(struct attempt *a)
{
    if (a->guess[OF_NAME].state == LOGIN_SLOT_HELD)
        a->guess_next(a);
    else
        go(a);
}

static void
go(struct attempt *a)
{
    struct throttle *t = a->job.server->throttle;

    if (a->guess[OF_NAME].state != LOGIN_SLOT_HELD)
        a->outside.deadline = clock_mono() + a->outside.timeout;
    if (take(a, OF_NAME, throttle_pair(t, a->name, a->address)) &&
        (throttle_is_known(t, a->name, a->address, clock_mono()) ||
         take(a, OF_ADDRESS, throttle_address(t, a->address)))) {
        a->first = go_if_held;
        attempt_wait(a); /* others may have failed meanwhile */
    }
}

void
attempt_guess(struct attempt *a, attempt_step *ask)
{
    a->guess_next = ask;
    go(a);
}

void
attempt_guess_release(struct attempt *a)
{
    login_slot_release(&a->guess[OF_ADDRESS]);
    login_slot_release(&a->guess[OF_NAME]);
}
