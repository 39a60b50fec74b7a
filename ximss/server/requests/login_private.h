/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_LOGIN_PRIVATE_H
#define XIMSS_SERVER_REQUESTS_LOGIN_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "passdb/passdb.h"
#include "ximss/server/auth/sasl.h"
#include "ximss/server/base/auth_list.h"
#include "ximss/server/base/peer.h"
#include "ximss/server/live/request.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/requests/login.h"
#include "ximss/server/rules/device.h"
#include "ximss/server/rules/lasting.h"

/* What a session keeps until it is logged in, for the files of the log-in. */

struct attempt;
struct throttle;
struct token;

struct login_options {
    bool confirm;     /* alertConfirm */
    bool changes;     /* alertChanges */
    bool alerts;      /* alerts */
    bool ticket;      /* a new one is wanted */
    bool keep_ticket; /* the ticket that is shown stays good */
};

struct login {
    const struct session_login_ops *ops; /* first */
    char *domain; /* owned; target domain, NULL: the main domain */
    struct login_options options;
    struct lasting_wish lasting;
    struct device_wish device_wish;
    struct sasl *sasl; /* owned; an exchange is under way; NULL: none is */

    /* Whom the exchange is about, once the credential was looked up, as in
     * struct attempt.  The name does not change with the target domain. */
    char *name; /* owned */
    uint64_t account;
    uint32_t serial;
    bool known;
    struct token *cli_token; /* owned, wiped */
    unsigned revocations;

    /* The exchange is with a source outside. */
    struct {
        struct passdb_call *call; /* owned; NULL: it is not */
        enum auth_source by;
        char *user; /* owned; who was asked about */
    } outside;

    struct attempt *waiting; /* owned; for the throttle, or a slot */

    /* A salt was given out and no proof has come.  To leave it at that is a
     * failure too, or one could ask for as many as one likes. */
    struct throttle *throttle; /* NULL: nothing was given out */
    char address[PEER_TEXT_SIZE];
};

/* --- login.c --- */

/* That of a session which is not logged in; made if there is none. */
struct login *login_of(struct session *s);
/* Wipes and frees, with an attempt that is held up. */
void login_free(struct login **l);
/* Ends an exchange, if there is one. */
void login_drop_exchange(struct login *l);
/* Wipes and frees cli_token. */
void login_forget_token(struct login *l);
/* Clear passwords are allowed on this connection. */
bool login_clear_is_allowed(const struct session *s);
/* EXTERNAL is: a local administrator. */
bool login_external_is_allowed(const struct session *s);

/* --- the ways in; they answer, at once or later --- */

enum req_result login_external(struct req *r);
/* By login->lasting, ->device_wish and ->options as they are. */
enum req_result login_with_ticket(struct req *r, const char *ticket);
enum req_result login_with_session(struct req *r);
enum req_result login_with_device(struct req *r);

/* --- login_sasl.c --- */

/* A proxy gave the challenge out itself (its clients come back on another
 * connection), and vouches that it is fresh.  The answer to it, by CRAM-MD5. */
enum req_result login_answer_sasl(struct req *r, const char *challenge,
                                  const char *name, const char *value);
/* Hands the challenge of a source outside on, and keeps what the next message
 * needs.  The attempt is taken. */
void login_hand_on(struct attempt *a);
/* What a step of SASL, by a message or by a credential, leads to.  challenge is
 * taken.  a: the attempt under way, which is taken; NULL in a message. */
enum req_result login_after_step(struct req *r, enum sasl_result result,
                                 char *challenge, struct attempt *a);

#endif
