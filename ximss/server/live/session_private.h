/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_SESSION_PRIVATE_H
#define XIMSS_SERVER_LIVE_SESSION_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/conn.h"
#include "util/errbuf.h"
#include "util/queue_safe.h"
#include "ximss/server/base/peer.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/session.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/rights.h"

struct dialect;
struct lasting;
struct login;
struct req;
struct lobby_guest;

enum session_state {
    SESSION_NEW,    /* connected, not logged in */
    SESSION_LOGIN,  /* a log-in is being checked */
    SESSION_OPEN,   /* logged in */
    SESSION_ENDING, /* the last answers are on their way out */
    SESSION_CLOSED  /* freed at the end of the turn */
};

/* Reasons why input waits (conn_pause). */
enum {
    PAUSE_BUSY = 1,    /* a request that others must not overtake */
    PAUSE_OUTPUT = 2,  /* the client does not read its answers */
    PAUSE_PENDING = 4, /* alerts of the log-in go first */
    PAUSE_EOF = 8,     /* the client has closed its side; answers go out */
    PAUSE_DRAIN = 16   /* the server ends */
};

/* Whether a header of the PROXY protocol may come first (proxy_door.h). */
enum session_proxy {
    SESSION_PROXY_OVER, /* not, or not any more */
    SESSION_PROXY_FORBIDDEN,
    SESSION_PROXY_MAY,
    SESSION_PROXY_MUST
};

/* In which audiences it is counted (push_audience.c). */
enum session_counted {
    COUNTED_NOT,
    COUNTED_ALERTS, /* it gets alerts */
    COUNTED_CHANGES /* ... and is told what changes */
};

struct session_token {
    uint64_t id;
    int64_t expires; /* 0: never */
    char name[TOKEN_NAME_MOST + 1];
};

/* What session.c asks of a log-in that is under way: a pointer to this is the
 * first member of struct login (login_private.h). */
struct session_login_ops {
    /* Wipes what is secret, and frees. */
    void (*free)(struct login **l);
    /* Held up by the throttle: nothing else is under way for it. */
    bool (*is_held_up)(const struct login *l);
};

struct session {
    struct conn conn; /* first */
    struct conn_deferred deferred;
    const struct dialect *dialect;
    struct account *account;  /* borrowed while open; NULL: local administrator,
                                or not logged in */
    TAILQ_ENTRY(session) all; /* worker->sessions */
    TAILQ_ENTRY(session) of_account; /* user->sessions */
    TAILQ_ENTRY(session) push;       /* of push_queue.c, if push_queued */
    LIST_ENTRY(session) look;        /* of session_time.c, if is_timed */
    TAILQ_ENTRY(session) flight;     /* worker->in_flight, if in_flight */
    TAILQ_HEAD(req_queue, req) reqs; /* in the order of their answers; owned */
    struct login *login;             /* owned; until logged in */
    struct buf *held;                /* owned; waits for the end of a message;
                                        NULL: nothing does */
    struct lobby_guest *guest;       /* owned; NULL: logged in (admission.h) */
    struct peer *client;             /* owned; clientAddress, NULL: peer */
    struct session_token *token;     /* owned; by which it came; NULL: none */
    struct lasting *lasting;         /* owned; NULL: it ends with its
                                        connection */
    struct peer peer;
    const char *end_reason; /* constant; NULL: it does not end yet */

    uint64_t number;       /* from log-in on */
    uint64_t lane;         /* of its jobs (lane.h); from log-in on */
    uint64_t cursor;       /* alerts up to here were sent, or need not be */
    uint64_t login_id;     /* the newest alert when it logged in */
    uint64_t plain_id;     /* the cursor when alerts were last sent that need no
                            confirmation */
    uint64_t attended_id;  /* the cursor when somebody began to look; 0: nobody
                              was to be waited for */
    uint64_t acked_id;     /* plain_id when TCP had acknowledged; 0: not yet */
    uint64_t removal[2];   /* numbers of the next removals to be told: of
                              alerts to all, of the domain's */
    uint64_t ticket;       /* ticket_number of its newest; see ticket_since */
    uint64_t device;       /* device_number of what it came by; 0: of none */
    uint32_t acked_at;     /* milliseconds (clock_mono) */
    uint32_t last_input;   /* seconds (clock_mono) */
    uint32_t idle_timeout; /* seconds; 0: never */
    uint32_t login_since;  /* seconds: when it connected */
    uint32_t uid; /* of the process at the other end of a UNIX socket */
    uint32_t n_reqs;
    uint32_t ticket_since; /* seconds: when it got its ticket; 0: it has none */
    LIST_HEAD(, watch) watches; /* what it watches (watch.c) */
    uint32_t n_watches;
    uint8_t state;        /* enum session_state */
    uint8_t door;         /* enum session_door */
    uint8_t ticket_bound; /* as in struct ticket_rec */
    uint8_t counted;      /* enum session_counted */
    uint16_t malformed;
    uint8_t proxy;      /* enum session_proxy */
    bool proxied : 1;   /* a proxy has said who it is: never local */
    bool proxy_tls : 1; /* ... and that TLS is spoken with it */
    bool local_admin : 1;
    bool unlogged : 1;    /* the log does not say that it began */
    bool opt_alerts : 1;  /* gets alerts */
    bool opt_confirm : 1; /* delivered only when confirmed */
    bool opt_changes : 1; /* wants alertRemoved */
    bool is_timed : 1;
    bool push_queued : 1;
    bool push_more : 1; /* ... to go on, not because something has come */
    bool in_flight : 1;
    bool gave_place : 1;  /* ends, and is not counted in its account any more */
    bool for_many : 1;    /* of trusted-addresses, when it was counted */
    bool spoke : 1;       /* a message has come from it */
    bool tls_started : 1; /* in this turn: what followed in clear is dropped */
    bool turn_over : 1;   /* a request took long: others are next */
    bool mid_message : 1; /* a piece of one was sent, and its end was not */
    bool unattended : 1;  /* at the mail door: nobody looks (door_told.h) */
    bool resumed : 1;     /* ... it goes on after it slept */
    bool stat_open : 1;   /* session_stat.c has counted it as logged in */
    bool stat_lasting : 1;
    bool stat_shared : 1;
    bool may_sleep : 1;  /* its account has a file to wake it (door_wake.h) */
    bool end_logged : 1; /* the log says that it ended */
    bool quota_wait : 1; /* its storage is being looked at since the log-in */
};

/* The address that limits and log lines speak of. */
const struct peer *session_address(const struct session *s);
/* TLS, to us or to the proxy that hands it on. */
bool session_is_encrypted(const struct session *s);
/* From this machine, and not handed on by a proxy. */
bool session_is_local(const struct session *s);
/* It came by the mail door. */
bool session_is_at_door(const struct session *s);
/* How it came in, as lists and log lines call that: "ximss", "imap". */
const char *session_door_name(const struct session *s);
/* Seconds of clock_mono. */
uint32_t session_seconds(void);
struct worker *session_worker(const struct session *s);
/* How one speaks with it. */
const struct dialect *session_dialect(const struct session *s);

/* "user@domain", "local:UID", or "" before log-in. */
void session_user(const struct session *s, char out[ACCOUNT_NAME_SIZE]);
/* Whose turn its jobs of the store take. */
uint64_t session_lane(const struct session *s);
/* Who asks, for the administration engine; texts live in the struct. */
struct session_caller {
    struct caller caller;
    char name[ACCOUNT_NAME_SIZE];
    char from[PEER_TEXT_SIZE + 32 + TOKEN_NAME_MOST];
};
void session_caller(const struct session *s, struct session_caller *c);

/* Begins TLS, or greets, as its door wants. */
void session_begin(struct session *s);

/* The only function that writes `state`; logs the change. */
void session_set_state(struct session *s, enum session_state state);

/* Ends now; the reason goes into the log, if it has no other yet.  It is constant, here
 * and below.  Frees at the end of the turn. */
void session_close(struct session *s, const char *reason);
/* The same because the client does not read. */
void session_cut(struct session *s, const char *reason);
/* Ends when its output is out. */
void session_finish(struct session *s, const char *reason);
/* The same, and it is told that it ends. */
void session_say_bye(struct session *s, const char *reason);
/* The same, and it is taken out of its account at once: it must not count any
 * more when whoever asked for its end is answered. */
void session_kill_now(struct session *s, const char *reason);
/* The same, and whoever kept it alive from connection to connection is not to
 * come back. */
void session_end_for_good(struct session *s, const char *reason);

/* A session that ends has said all: what is left is that the client closes. */
void session_said_all(struct session *s);

/* For how many seconds the client has taken nothing of what waits for it; 0:
 * nothing waits. */
uint32_t session_blocked(const struct session *s);
/* So many, and it is as good as dead. */
#define SESSION_BLOCKED_SECONDS 60

/* Wipes and frees what a log-in that is under way keeps. */
void session_free_login(struct session *s);

/* The same session on another worker: takes it off this one.  Only while it
 * logs in, with no request but the log-in. */
void session_detach(struct session *s);
void session_attach(struct session *s, struct worker *w);

/* It is logged in as the account (NULL: local administrator): links it, gives
 * it a number, unless it has one.  Alerts are not sent before
 * session_start_alerts. */
void session_open(struct session *s, struct account *a);
/* Begins to send what is pending; what is sent later is live. */
void session_start_alerts(struct session *s);

/* It is at the mail door, and somebody looks at it from now on: what was kept
 * back is sent (door_told.h).  True: there is more of that than the socket takes,
 * or its storage is being looked at; input waits until all was sent. */
bool session_attend(struct session *s);

/* What it is to see of its storage was sent: its input goes on. */
void session_quota_known(struct session *s);

/* Sends a message that is no answer; while a long one is on its way in pieces,
 * behind that. */
void session_tell(struct session *s, const void *data, size_t len);
/* A long message has ended: sends what had to wait for that. */
void session_tell_held(struct session *s);

/* Frees what had to wait for that. */
void session_free_held(struct session *s);

/* Before a request is carried out: what this worker has heard of is sent first.
 * False: the session has ended. */
bool session_push_first(struct session *s);

/* Looks whether input may go on (answers out, alerts sent). */
void session_update_pauses(struct session *s);
/* What a session does about its connection. */
extern const struct conn_ops session_conn_ops;

#endif
