/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_LIVE_H
#define XIMSS_SERVER_CLI_ADMIN_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/log.h"
#include "ximss/server/base/peer.h"

/* Commands whose answer is not in the store.  The caller runs admin_live_begin
 * in a job instead of admin_execute; if it answers 200, the caller does what
 * `live` says, across the workers, and makes the answer. */
enum admin_live_command {
    ADMIN_LIVE_NONE,
    ADMIN_LIVE_LIST_SESSIONS, /* of `account`: an array of session names */
    ADMIN_LIVE_FIND_SESSION,  /* of `account`: the name of one; 501 if none */
    ADMIN_LIVE_LIST_ALL,      /* array of dictionaries, at most `limit` */
    ADMIN_LIVE_GET_SESSION,   /* `session`: a dictionary; restarts its idle
                                 timer */
    ADMIN_LIVE_KILL_SESSION,  /* `session` */
    ADMIN_LIVE_KILL_DEVICE,   /* sessions of `account` that came by `device` */
    ADMIN_LIVE_WRITE_LOG,     /* `text` at `level` */
    ADMIN_LIVE_LOG_ALL,       /* `on`: all of the log; else as configured */
    ADMIN_LIVE_TEST_LOOP,     /* measures; the result is a number */
    ADMIN_LIVE_TEST_CLOCK,    /* clock_advance(advance) */
    ADMIN_LIVE_TEST_HANG,     /* a worker hangs, or `on` the main thread */
    ADMIN_LIVE_START_BACKUP,  /* to `text`; `limit` of them stay, 0: all.  The
                                 result is its id */
    ADMIN_LIVE_LIST_USERS,    /* of `domains` */
    ADMIN_LIVE_CHECK_USERS    /* `names` in `domains` */
};

/* Whether the command does something, rather than answer only. */
bool admin_live_acts(enum admin_live_command command);

struct arena;
struct cli_value;

/* Which of an account's sessions are meant. */
struct admin_session_filter {
    struct peer address; /* PEER_NONE: any */
    struct peer proxied; /* behind the proxy `address`; PEER_NONE: any */
    char protocol[16];   /* "": any; the case of letters does not matter */
    char transport[16];  /* the same */
    bool nothing;        /* it asks for what no session has */
};

#define ADMIN_LOG_BYTES 1000 /* longest text of WRITELOG */

struct admin_live {
    enum admin_live_command command;
    uint64_t account;                   /* number */
    uint64_t device;                    /* KILL_DEVICE: its number; 0: any */
    struct admin_session_filter filter; /* LIST and FIND */
    /* For GET and KILL: the session must be one of this domain (0: of any), and
     * rights_cover must hold for its account, else it counts as unknown. */
    uint64_t domain;
    char session[64];
    bool lasts; /* GET and KILL: the store knew it (and, for KILL, does not any
                   more), whether it is connected or not.  The answer has what
                   the store knows for GET, LIST and FIND. */
    bool audit_later; /* whether it was done will be known when it was tried:
                         admin_live_audit is due then */
    unsigned limit;
    int64_t advance; /* microseconds, may be negative */
    enum log_level level;
    char text[ADMIN_LOG_BYTES + 1];
    bool on;
    bool is_trial; /* it is only to be tried: nothing is done or touched */
    struct arena *arena; /* owned; has what follows; NULL: nothing does */
    /* The array of all names of the domain; "": bare names are of it, too. */
    struct cli_value *domains;
    /* For each name an array: it, and the other names of its account. */
    struct cli_value *names;
};

#endif
