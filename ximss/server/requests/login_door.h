/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_LOGIN_DOOR_H
#define XIMSS_SERVER_REQUESTS_LOGIN_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "util/name.h"
#include "ximss/server/live/newcomers.h"
#include "ximss/server/live/request.h"

/* Logging in at the mail door: a mail process says whose mail it serves, and the
 * system says who the process is. */

struct attempt;
struct attrs;
struct session;

/* What such an attempt knows beside the name. */
struct login_door {
    uint32_t uid;
    uint8_t kind;     /* enum session_door */
    bool is_trusted;  /* it may name any account */
    bool is_attended; /* somebody looks at what it is told */
    bool is_resumed;  /* it goes on after it slept */
    bool may_sleep;   /* it asks for a file to wake it */
    bool is_own;      /* found out: the account is the user's */
    char *login;      /* owned; the user's name; NULL: none, or not known yet */
    char *own_account; /* owned; that door-user-format makes of it */
    /* No account, but perhaps a user of a source of passwords, which is asked
     * once. */
    char newcomer[NAME_ADDRESS_SIZE]; /* who; "": nobody */
    bool was_asked;
    struct newcomer_wait wait;
    struct attempt *attempt; /* borrowed, for `wait` */
};

/* NULL is allowed; sets *d to NULL. */
void login_door_free(struct login_door **d);

/* The request `login` of a session at the door; answers at once or later. */
enum req_result login_at_door(struct req *r, const struct attrs *in);

/* Finds the account (again), and attaches or refuses. */
void login_door_look_up(struct attempt *a);
/* What attempt_refuse does for it: 515, counted by the user of the machine. */
void login_door_refuse(struct attempt *a, const char *reason);
/* What the session is from the log-in on; before it is opened. */
void login_door_fill(struct session *s, const struct login_door *d);

#endif
