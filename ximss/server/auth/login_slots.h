/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_LOGIN_SLOTS_H
#define XIMSS_SERVER_AUTH_LOGIN_SLOTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "util/errbuf.h"

/* How many log-ins of one address may be in work at the same time.  The others
 * wait, and come in the order in which they asked: nobody is refused, and
 * whoever opens a thousand connections has no more password hashes in work than
 * the next one, nor more guesses than that before the first failure counts.
 *
 * Any thread. */

struct login_slots;
struct login_slots_address;

enum login_slot_state {
    LOGIN_SLOT_NONE,
    LOGIN_SLOT_WAITING,
    LOGIN_SLOT_HELD
};

/* A member of whatever logs in; zeroed, it is none. */
struct login_slot {
    TAILQ_ENTRY(login_slot) link;
    struct login_slots *slots;
    struct login_slots_address *address;
    void (*granted)(struct login_slot *slot);
    /* How many may be held of its address for this one to be granted, if that is
     * more than the limit of all.  Asked under the lock.  NULL: the limit. */
    unsigned (*most)(const struct login_slot *slot);
    enum login_slot_state state; /* under the lock of `slots` */
};

/* per_address: at least 1. */
struct login_slots *login_slots_new(unsigned per_address);
void login_slots_set(struct login_slots *l, unsigned per_address);
/* None may be held or waited for. */
void login_slots_free(struct login_slots **l);

/* address: throttle_address, or the number of an account whose sessions check
 * its password.  True: the slot is held now.  False: `granted`
 * will be called once, from any thread and perhaps before this returns, and
 * then it is held. */
bool login_slot_take(struct login_slots *l, uint64_t address,
                     struct login_slot *slot,
                     void (*granted)(struct login_slot *slot)) WARN_UNUSED;

/* Gives it up, or stops waiting.  False: `granted` has been or is being called
 * for one that was waiting, so it is held, and stays so. */
bool login_slot_cancel(struct login_slot *slot) WARN_UNUSED;

/* Gives it to the next; nothing if it is not held. */
void login_slot_release(struct login_slot *slot);

#endif
