/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_DEVICE_H
#define XIMSS_SERVER_RULES_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "ximss/server/auth/ticket.h"
#include "ximss/server/base/peer.h"

/* Devices that stay logged in: a token that logs in instead of the password.
 *
 * A token is "ID.SECRET"; the store has hashes of both (struct ticket_rec,
 * is_device).  Each use gives a new secret, but for a minute the one before is as
 * good (tabs that come at once), and it stays good until the new one was used
 * (the reply may have been lost).  A secret that is neither was copied: the device
 * is ended, with all sessions that came by it, whoever holds them.
 * It ends as well when it is not used for long (device-time), by its user, by
 * administrators, and with the password. */

#define DEVICE_TOKEN_SIZE (2 * TICKET_TEXT_SIZE)

struct device_wish {               /* of a log-in; zeroed: nothing */
    bool wanted;                   /* a new one, by a password */
    char shown[DEVICE_TOKEN_SIZE]; /* "": none */
    char name[TICKET_NOTE_BYTES + 1];
    char given[DEVICE_TOKEN_SIZE]; /* what it gets; "": nothing (new) */
    bool found;                    /* what is shown was good once already */
    bool stolen;                   /* ... or was given up before */
    uint64_t account, device;      /* ... whose */
};

struct device_rules {
    int64_t life;  /* microseconds without use */
    unsigned most; /* of one account; 0: none at all */
};

/* For bodies of jobs.  A new device of the account that the ticket is for; the
 * one that was not used longest makes room.  The ticket becomes the device's. */
enum store_result device_make(struct store_txn *t, struct device_wish *w,
                              const struct device_rules *rules,
                              const struct peer *at, struct ticket_rec *ticket,
                              struct errbuf *err) WARN_UNUSED;
/* Whether the text looks like a token. */
bool device_is_token(const char *text);
/* STORE_OK: k_r is the device whose token is shown; the caller looks at
 * cred_serial.  STORE_NOTFOUND: it is none, or stolen: then the device is gone.
 * What was found is good at the next call, too, unless the device has ended:
 * others may have used it meanwhile. */
enum store_result device_find(struct store_txn *t, struct device_wish *w,
                              struct ticket_rec *k_r,
                              struct errbuf *err) WARN_UNUSED;
/* Uses what was just found; the wish gets the next token if it is time for
 * one. */
enum store_result device_use(struct store_txn *t, struct device_wish *w,
                             const struct device_rules *rules,
                             const struct peer *at, const struct ticket_rec *k,
                             struct errbuf *err) WARN_UNUSED;
/* Ends the device, or (0) all of the account's; *n_r: how many. */
enum store_result device_revoke(struct store_txn *t, uint64_t account,
                                uint64_t device, unsigned *n_r,
                                struct errbuf *err) WARN_UNUSED;

#endif
