/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_WEB_SESSION_H
#define CLIENTS_BRIDGE_WEB_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/exec.h"
#include "clients/bridge/known.h"
#include "clients/bridge/push_log.h"
#include "clients/bridge/upstream.h"
#include "clients/bridge/web_account.h"
#include "clients/bridge/web_cookie.h"

/* One web session: a log-in of a user over HTTP, with its session on ximssd.
 *
 * Its id is what opens it: unguessable, in every path of its requests, and
 * ximssd's: its session there lasts (XIMSS_LASTING), so that it can be come back
 * to when this process has been started anew (comeback.h).
 * It ends by `bye`, by KILL, by silence, by a log-in that takes its place, or
 * when ximssd no longer knows it; from then on its id gets 550. */

#define WEB_SESSION_ID_SIZE (20 + 1 + 20 + 1)
/* What is to be shown with the id: cookie and address, as far as they matter. */
#define WEB_SESSION_KEY_SIZE (WEB_COOKIE_SIZE + 1 + INET6_ADDRSTRLEN)

struct stream {
    struct http_waiter waiter; /* first */
    LIST_ENTRY(stream) link;
    struct web_session *session;
    struct http_conn *http;
    uint64_t sent; /* the last event */
    uint64_t list; /* number of the alertList that it asked for; 0: none */
    char list_after[24]; /* the alert that the list goes on behind */
    bool list_cut;       /* there was no room for all of the page */
    bool list_more;      /* another page is to be asked for */
    struct event timer;
};
LIST_HEAD(stream_list, stream);

struct poll {
    struct http_waiter waiter; /* first */
    struct web_session *session;
    struct http_conn *http; /* NULL: nobody waits */
    struct event timer;
};

/* The log-in that waits for the session's first word. */
struct login_wait {
    void (*done)(struct login_wait *l, struct web_session *s, bool worked);
    bool too_many; /* of the account: that is why it did not work */
    bool keeps;    /* the session was there before: if there is no place for it
                      here, ximssd keeps it */
};

struct web_session {
    LIST_ENTRY(web_session) link;
    LIST_ENTRY(web_session) of_account;
    struct bridge *bridge;
    struct web_account *account; /* counted; NULL: not open yet, or ended */
    uint64_t number;
    char id[WEB_SESSION_ID_SIZE];       /* "": not open yet */
    char key[WEB_SESSION_KEY_SIZE];     /* of ximssd's */
    char replaces[WEB_SESSION_ID_SIZE]; /* it ends when this one opens */
    char address[INET6_ADDRSTRLEN];
    struct web_cookie cookie;
    bool watches_address;
    bool wants_changes;   /* alertRemoved by polls */
    bool confirms_itself; /* the browser sends alertConfirm */
    bool came_back;       /* what was asked for before is forgotten, and its
                             streams have not been told so yet */
    bool ended;
    bool leaving; /* ... and ximssd has yet to hear of it */
    struct upstream up;
    struct login_wait *login; /* borrowed; NULL once it is open */
    struct push_log log;
    struct budget_share log_share;
    struct known_alerts known;
    struct poll poll;
    struct stream_list streams;
    uint64_t lists_asked, lists_answered; /* alertLists of streams */
    struct exec_list execs;
    unsigned in_work;      /* requests that ximssd has to answer */
    struct event silence;  /* it has not answered for long */
    unsigned tries;        /* since ximssd had it */
    bool away;             /* streams were told that ximssd is away */
    bool pumping;          /* exec_pump is at it */
    struct exec *numbered; /* the last with a reqSeq, if it is under way */
    bool has_seq;
    uint64_t seq;     /* of the last numbered request */
    struct kept kept; /* the reply to it, unless it is gone */
    int64_t idle;     /* microseconds */
    int64_t touched;  /* clock_mono */
    struct event idle_timer;
    struct conn_deferred end;
};

/* A session that is not open yet, and has no id; the caller sets its upstream's
 * credentials and calls web_session_start. */
struct web_session *web_session_new(struct bridge *b,
                                    const struct client *client);
void web_session_start(struct web_session *s, struct login_wait *l);

/* NULL: there is no such session. */
struct web_session *web_session_find(struct bridge *b, const char *id);
/* Under this id it is found from now on. */
void web_session_set_id(struct web_session *s, const char *id);
/* It has ended, and ximssd does not know it yet. */
bool web_session_is_leaving(const struct bridge *b, const char *id);
/* True: the text looks like the id of a session. */
bool web_session_is_id(const char *text);
/* Its key is from now on what its cookie and, if it watches that, its address
 * are. */
void web_session_make_key(struct web_session *s);
/* The same, and its upstream begins a session with that key, and with what is to
 * be known when it is come back to. */
void web_session_set_key(struct web_session *s);

/* Ends it; ximssd is told.  Polls and streams get <bye/> if `lost`, requests
 * 550. */
void web_session_end(struct web_session *s, bool lost);
/* The same, without telling ximssd: it knows, or is to keep it. */
void web_session_forget(struct web_session *s, bool lost);
/* Forgets all; those that are leaving, too. */
void web_session_forget_all(struct bridge *b);

/* Somebody asks for something: it is not idle. */
void web_session_touch(struct web_session *s);
void web_session_set_idle(struct web_session *s, int64_t us);
/* A log-in, request, poll or event stream is under way. */
bool web_session_is_busy(const struct web_session *s);

/* A request was sent to ximssd, or answered by it: see in_work. */
void web_session_asked(struct web_session *s);
void web_session_answered(struct web_session *s);
/* ximssd cannot be reached: streams are told, if the session waits for it. */
void web_session_away(struct web_session *s);
/* ximssd is there again.  True: the session waits for it, and tries now. */
bool web_session_retry(struct web_session *s);

/* Adds what was pushed, or what async requests were answered, and wakes polls
 * and streams. */
void web_session_push(struct web_session *s, const char *name, const char *xml,
                      size_t len, const char *alert, bool events_only);

/* A poll: answers now or later. */
void web_session_poll(struct web_session *s, struct http_conn *h,
                      uint64_t ack_seq, int64_t wait);

#endif
