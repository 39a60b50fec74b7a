/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_H
#define XIMSS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* libximss: a client of XIMSS servers, for alerts first of all.
 *
 * A `struct ximss` is one account's session on one server: it connects, logs
 * in, hands over what the server pushes, carries requests, and, if told so,
 * comes back by itself after the connection was lost.
 *
 *     struct ximss *x = ximss_new();
 *     ximss_set_server(x, "example.test", 0);
 *     ximss_set_user(x, "joe@example.test");
 *     ximss_set_password(x, password);
 *     ximss_on_alert(x, show, NULL);
 *     if (ximss_start(x) < 0 || ximss_run(x) < 0)
 *         fprintf(stderr, "%s\n", ximss_error(x));
 *     ximss_free(&x);
 *
 * Instead of ximss_run, a program with an event loop of its own watches
 * ximss_fd for ximss_wants, calls ximss_on_readable, ximss_on_writable, and
 * ximss_on_timer when ximss_timeout has passed (see "Event loops" below).
 *
 * Rules that hold everywhere:
 * - An object belongs to one thread at a time; different objects are
 *   independent of each other.
 * - Callbacks come only out of the functions that say so.  From a callback
 *   anything may be called except the functions of the event loop and
 *   ximss_start; ximss_free there takes effect when the callback has returned.
 * - Text is UTF-8.  What a callback is given is valid until it returns.  A
 *   `const char *` result belongs to the object.  Arguments are copied.
 * - No signal is raised (SIGPIPE), none is caught, nothing is printed.
 *   Passwords and tickets are wiped from memory when they are done with.
 * - Sizes that the peer decides are limited (ximss_set_limit) and then
 *   allocated; if the system has no memory left for them the process ends with
 *   a message on standard error. */
struct ximss;

/* What became of a call, a request, or the connection. */
enum ximss_status {
    XIMSS_OK = 0,
    XIMSS_REFUSED,     /* the server said no: see the number and the text */
    XIMSS_UNREACHABLE, /* no connection: name, network, or TLS */
    XIMSS_NO_LOGIN,    /* connected, but the log-in was refused */
    XIMSS_LOST,        /* the connection ended first; the request may or may
                          not have been carried out */
    XIMSS_BAD_SERVER,  /* what came is not XIMSS, or the server is not the one
                          that knows the password */
    XIMSS_MISUSE       /* wrong argument, or the wrong moment for the call */
};

/* Where an object is in its life.  OFF -> CONNECTING -> LOGGING_IN -> READY;
 * from any of them to WAITING (will connect again by itself), FAILED (gave up:
 * ximss_failure and ximss_error say why; ximss_start tries again) or OFF
 * (closed as asked). */
enum ximss_state {
    XIMSS_OFF,
    XIMSS_CONNECTING, /* finding the server, connecting, TLS */
    XIMSS_LOGGING_IN,
    XIMSS_READY, /* requests can be made, alerts come */
    XIMSS_CLOSING,
    XIMSS_WAITING,
    XIMSS_FAILED
};

/* --- making, and what must be known before ximss_start --- */

#define XIMSS_DEFAULT_PORT 11024

/* Never NULL.  Nothing happens before ximss_start.  Settings may be changed
 * at any time and are used from the next connection on. */
struct ximss *ximss_new(void);

/* Ends the connection at once (ximss_close is the polite way), wipes what is
 * secret, frees, and sets *x to NULL.  Requests under way are forgotten: their
 * callbacks do not come.  x and *x may be NULL. */
void ximss_free(struct ximss **x);

/* "0.1.0": of the library that runs, not of the header. */
const char *ximss_version(void);

/* A host by name or address; an address may stand in brackets, and a port behind
 * the host ("example.test:11024", "[2001:db8::1]:11024").  port 0: that one, or
 * 11024.  The default host is the domain of the user. */
void ximss_set_server(struct ximss *x, const char *host, unsigned port);

/* A UNIX socket instead of host and port; NULL: back to those. */
void ximss_set_socket(struct ximss *x, const char *path);

/* "joe@example.test", or "joe" if the server is to choose the domain.
 * Blanks around it do not count.
 * NULL: nobody (ticket, or EXTERNAL on a UNIX socket). */
void ximss_set_user(struct ximss *x, const char *user);

/* Kept, for logging in again, until another one is set or the object is
 * freed, then wiped.  NULL: none. */
void ximss_set_password(struct ximss *x, const char *password);

/* The attribute `domain` of the log-in: the domain of a bare user name. */
void ximss_set_domain(struct ximss *x, const char *domain);

enum ximss_tls {
    XIMSS_TLS_AUTO = 0, /* as START; but none on a UNIX socket and to this
                           machine's loopback addresses */
    XIMSS_TLS_NONE,
    XIMSS_TLS_START,   /* starttls, and no log-in without it */
    XIMSS_TLS_IMPLICIT /* TLS from the first byte */
};

/* Under TLS the server's certificate is verified: chain, dates, and name (the
 * host's, unless ximss_set_tls_name gives another). */
void ximss_set_tls(struct ximss *x, enum ximss_tls tls);

/* The name or address that the certificate must carry; NULL: the host.  With
 * it, ximss_set_server can be given an address that the program looked up by
 * its own means. */
void ximss_set_tls_name(struct ximss *x, const char *name);

/* A PEM file of the certificate authorities to trust instead of the system's.
 * NULL: the system's. */
void ximss_set_ca_file(struct ximss *x, const char *path);

enum ximss_method {
    XIMSS_METHOD_AUTO = 0, /* a ticket if there is one; EXTERNAL on a UNIX
                              socket without password; SCRAM-SHA-256 if
                              offered; else PLAIN or clear text where the
                              connection is encrypted or local, and CRAM-MD5
                              where it is not; else the log-in fails */
    XIMSS_METHOD_CLEAR,    /* attributes authData (the name), password */
    XIMSS_METHOD_PLAIN,
    XIMSS_METHOD_LOGIN,
    XIMSS_METHOD_CRAM_MD5,
    XIMSS_METHOD_SCRAM_SHA_256,
    XIMSS_METHOD_EXTERNAL
};

/* A method that would send the password in clear is refused by this library on
 * a connection that is neither encrypted nor local, also if it is named here. */
void ximss_set_method(struct ximss *x, enum ximss_method method);

/* For a proxy that gave out a challenge of CRAM-MD5 itself: the challenge, and
 * the user's answer, base64 of the 32 hex digits.  With XIMSS_METHOD_CRAM_MD5,
 * and to servers that trust the proxy only; used for one log-in.  Instead of a
 * password.  NULL, NULL: none. */
void ximss_set_cram(struct ximss *x, const char *challenge, const char *answer);

/* Options of the log-in; combined with |.  Default 0. */
enum ximss_option {
    XIMSS_ALERT_CONFIRM = 1, /* an alert counts as delivered when ximss_confirm
                                is called for it, not before */
    XIMSS_ALERT_CHANGES = 2, /* withdrawn and expired alerts are told */
    XIMSS_NO_ALERTS = 4,     /* this session neither gets nor uses up alerts */
    XIMSS_TICKETS = 8,       /* ask for a resume ticket, and log in with it
                                after a reconnect */
    XIMSS_LASTING = 16       /* with XIMSS_TICKETS: the session outlives its
                                connection, and keeps its urlID */
};

void ximss_set_options(struct ximss *x, unsigned options);

/* A ticket from ximss_ticket of an earlier session.  It works once.  If it is
 * refused and there is a password, that is tried.  NULL: none. */
void ximss_set_ticket(struct ximss *x, const char *ticket);

/* A ticket that is another object's, and stays that one's: the next log-in by it
 * leaves it good.  Only servers that trust the proxy do that; with others it
 * works once. */
void ximss_share_ticket(struct ximss *x, const char *ticket);

/* The ticket for the next log-in, NULL if there is none.  The server gives a
 * new one from time to time, so that there always is one that is good. */
const char *ximss_ticket(const struct ximss *x);

/* --- sessions that last ---
 *
 * Such a session goes on when its connection is lost: a reconnect comes back to
 * it, and so does another object that knows its urlID, and its key if it has
 * one, also when this program has been started anew.  It ends by ximss_close, and
 * when the server says so. */

/* How the session that is named is gone on with. */
enum ximss_session_mode {
    XIMSS_SESSION_SAME,
    XIMSS_SESSION_INSTEAD, /* it ends, and a new one takes its place */
    XIMSS_SESSION_BESIDE   /* a new one of the same user begins */
};

/* The next log-in is by this session's urlID, instead of a password; keys: one,
 * or several with blanks between, of which one must be right; NULL: none.  id
 * NULL: none. */
void ximss_set_session(struct ximss *x, const char *id, const char *keys,
                       enum ximss_session_mode mode);
/* The key that a new session is to have (also one that an administrator has made
 * and nobody has come to yet), and a note that comes with it when it is come back
 * to, as `sessionNote` of ximss_session, at most 64 bytes; NULL: none. */
void ximss_set_session_key(struct ximss *x, const char *key, const char *note);

/* With XIMSS_LASTING: the next log-in by a password asks for a token by which
 * this device stays logged in, under that name (at most 64 bytes); token: the
 * log-in is by it, instead of a password.  NULL, NULL: neither.  A token that the
 * server gave is in ximss_session as `device`, with its life in `deviceSeconds`:
 * it takes the place of what was shown. */
void ximss_set_device(struct ximss *x, const char *token, const char *name);

/* The address of the person on whose behalf a proxy logs in.  NULL: none. */
void ximss_set_client_address(struct ximss *x, const char *address);

enum ximss_reconnect {
    XIMSS_RECONNECT_NEVER = 0,
    XIMSS_RECONNECT_AFTER_LOGIN, /* once a log-in has succeeded */
    XIMSS_RECONNECT_ALWAYS       /* also if the server was not there at first */
};

/* Reconnects come after a random time between half and whole of a delay that
 * begins at one second and doubles up to a minute; 30 s of being logged in set
 * it back.  A refused log-in ends in FAILED, unless the server says that it is
 * a matter of time. */
void ximss_set_reconnect(struct ximss *x, enum ximss_reconnect how);
/* The server is known to be there again: in WAITING, the next ximss_on_timer,
 * which is due at once, tries; the delay goes on growing.  Else nothing. */
void ximss_retry(struct ximss *x);

/* The longest message that is accepted, in bytes; default 64 MiB. */
void ximss_set_limit(struct ximss *x, size_t bytes);

/* --- callbacks --- */

/* why: a text for people (empty if there is nothing to say).  In WAITING,
 * ximss_timeout is the time to the next try. */
typedef void ximss_state_cb(struct ximss *x, enum ximss_state state,
                            const char *why, void *arg);
void ximss_on_state(struct ximss *x, ximss_state_cb *cb, void *arg);

enum ximss_scope {
    XIMSS_SCOPE_NONE = 0, /* not told */
    XIMSS_SCOPE_SERVER,
    XIMSS_SCOPE_CLUSTER,
    XIMSS_SCOPE_DOMAIN,
    XIMSS_SCOPE_ACCOUNT
};

enum ximss_severity {
    XIMSS_INFO,
    XIMSS_WARNING, /* also where nothing is told */
    XIMSS_CRITICAL
};

/* An alert.  Texts are never NULL.  Members may be added at the end. */
struct ximss_alert {
    const char *id; /* alertID; "" from servers without ids */
    enum ximss_scope scope;
    enum ximss_severity severity;
    int64_t gmt_time;       /* posted; seconds since 1970 UTC; 0: not told */
    const char *local_time; /* YYYYMMDDTHHMMSS in the zone that the account has
                               on the server */
    const char *text;       /* as posted: may have line breaks, TABs, and
                               anything that is not a control character */
    size_t text_len;
    int64_t until; /* seconds since 1970 UTC; 0: no end */
    int repeated;  /* an alert of this id came before on this object (its
                      confirmation was lost with a connection) */

    /* In reports only (ximss_list, ximss_watch): */
    int seen;                          /* shown to this account before */
    const char *target;                /* name of the domain or account */
    const char *author, *origin, *key; /* for those who may post there */
    const char *post_key; /* the same: that it was posted with; "": none */
};

/* An alert for this account. */
typedef void ximss_alert_cb(struct ximss *x, const struct ximss_alert *alert,
                            void *arg);
void ximss_on_alert(struct ximss *x, ximss_alert_cb *cb, void *arg);

/* Take the alert off the screen (with XIMSS_ALERT_CHANGES), or out of the list
 * (ximss_watch). */
typedef void ximss_removed_cb(struct ximss *x, const char *alert_id, void *arg);
void ximss_on_removed(struct ximss *x, ximss_removed_cb *cb, void *arg);

/* A new alert in a scope that ximss_watch follows. */
void ximss_on_report(struct ximss *x, ximss_alert_cb *cb, void *arg);

/* The server ends the session.  A reconnect follows if it is on. */
typedef void ximss_bye_cb(struct ximss *x, void *arg);
void ximss_on_bye(struct ximss *x, ximss_bye_cb *cb, void *arg);

/* A message from the server: an XML element. */
struct ximss_message;
const char *ximss_message_name(const struct ximss_message *m);
/* NULL if there is no such attribute. */
const char *ximss_message_attr(const struct ximss_message *m, const char *name);
/* The attributes in their order, i from 0.  -1: there is no i-th one. */
int ximss_message_attr_at(const struct ximss_message *m, size_t i,
                          const char **name_r, const char **value_r);
/* All character data directly inside; never NULL.  len_r may be NULL. */
const char *ximss_message_text(const struct ximss_message *m, size_t *len_r);
/* First child and next sibling; NULL if there is none. */
const struct ximss_message *ximss_message_first(const struct ximss_message *m);
const struct ximss_message *ximss_message_next(const struct ximss_message *m);

/* Every pushed message that none of the callbacks above took. */
typedef void ximss_message_cb(struct ximss *x, const struct ximss_message *m,
                              void *arg);
void ximss_on_message(struct ximss *x, ximss_message_cb *cb, void *arg);

/* --- connecting --- */

/* Begins to connect (from OFF or FAILED).  0: under way; the outcome comes by
 * the state.  -1: nothing was started, see ximss_error.  A host name is looked
 * up here, and again at each reconnect (ximss_on_timer), which can block for as
 * long as the system's resolver does; give an address where that matters.
 * All addresses are tried in turn, 10 s each.  May call back. */
int ximss_start(struct ximss *x);

/* Says bye to the server, and is OFF when it has answered, at most 2 s later.
 * At once OFF if there is no session.  Requests made before it are answered
 * first.  May call back. */
void ximss_close(struct ximss *x);

enum ximss_state ximss_state(const struct ximss *x);

/* Why the last call, the connection, or the log-in failed, in words that say
 * what to do about it.  "" if nothing has failed since the last log-in.
 * ximss_error_num is the server's errorNum, 0 if the server had no say. */
enum ximss_status ximss_failure(const struct ximss *x);
const char *ximss_error(const struct ximss *x);
int ximss_error_num(const struct ximss *x);

/* The words in which the server refused the log-in, "" if it did not. */
const char *ximss_refusal(const struct ximss *x);

/* Attribute of the `session` that the log-in gave: "userName" (the full name),
 * "realName", "urlID", "version".  NULL before the log-in, and if not told. */
const char *ximss_session(const struct ximss *x, const char *name);

/* "TLSv1.3", or NULL if the connection is not encrypted. */
const char *ximss_tls_version(const struct ximss *x);

/* --- requests --- */

struct ximss_result {
    enum ximss_status status; /* OK, REFUSED or LOST */
    int error_num;            /* of REFUSED, else 0 */
    const char *error_text;   /* never NULL */
};

/* The response: the last that is heard of a request. */
typedef void ximss_done_cb(struct ximss *x, const struct ximss_result *result,
                           void *arg);

/* Makes a request: <name id="…" ATTRIBUTES>BODY</name>.  attrs: names and
 * values in turn, ended by a NULL name; a NULL value leaves its attribute out;
 * `id` is the library's own.  attrs and body may be NULL.  The body is text and
 * is escaped.  `data` (may be NULL) is called for each data message, then
 * `done` (may be NULL) once.  Requests may be made without waiting for the
 * answers of others; they are sent when the loop runs.
 * 0, or -1 (MISUSE: not READY, or text that XML cannot carry) and no callback
 * will come. */
int ximss_request(struct ximss *x, const char *name, const char *const *attrs,
                  const char *body, size_t body_len, ximss_message_cb *data,
                  ximss_done_cb *done, void *arg);

/* As ximss_request, but the body is XML (elements), put in as it is: it must
 * be well-formed. */
int ximss_request_xml(struct ximss *x, const char *name,
                      const char *const *attrs, const char *xml,
                      ximss_message_cb *data, ximss_done_cb *done, void *arg);

/* Requests whose response is outstanding. */
size_t ximss_pending(const struct ximss *x);

struct ximss_post {
    enum ximss_scope scope;
    const char *target; /* domain or account; else NULL */
    enum ximss_severity severity;
    int64_t until;    /* seconds since 1970 UTC; 0: the server's default */
    const char *key;  /* a repeated post with the same key posts nothing as long
                         as the alert is there, and for a day at least, unless
                         the first was withdrawn; NULL: none */
    int test;         /* check and count, post nothing */
    const char *text; /* 1 to 4096 bytes, unless the server allows more */
    size_t text_len;
    /* Instead of `until`: digits and one of s m h d w, counted by the server
     * from the post; NULL: none.  Older servers take no notice of it; then
     * `until` of the answer is 0. */
    const char *lifetime;
    int replace; /* with a key: if it is another alert's, this one takes that
                    one's place */
};

struct ximss_posted {
    const char *id;    /* "" if only tested */
    int64_t gmt_time;  /* 0 if only tested */
    uint64_t sessions; /* that were told, or would be */
    uint64_t accounts; /* in the audience; only if tested */
    int repeated;      /* the key had been used: this is the first one's id */
    int active;        /* 0: that one was delivered or has ended */
    int64_t until;     /* the end, if it was posted with a lifetime; else 0 */
    const char *replaced; /* id of the alert whose place it takes; "": none */
};

/* posted: NULL unless result->status is OK. */
typedef void ximss_posted_cb(struct ximss *x, const struct ximss_result *result,
                             const struct ximss_posted *posted, void *arg);

/* This and the following return as ximss_request does.  Every callback but
 * ximss_list's may be NULL. */
int ximss_post(struct ximss *x, const struct ximss_post *post,
               ximss_posted_cb *done, void *arg);

/* SCOPE_NONE: the alerts that this account has not dismissed.  Else those of
 * the scope and its target, for administrators.  `alert` for each, then
 * `done`. */
int ximss_list(struct ximss *x, enum ximss_scope scope, const char *target,
               ximss_alert_cb *alert, ximss_done_cb *done, void *arg);

/* Withdraws an alert from everybody. */
int ximss_remove(struct ximss *x, const char *alert_id, ximss_done_cb *done,
                 void *arg);

/* The person has got the alert (with XIMSS_ALERT_CONFIRM).  An empty id is
 * nothing to confirm: 0, and no callback. */
int ximss_confirm(struct ximss *x, const char *alert_id, ximss_done_cb *done,
                  void *arg);

/* Takes the alert off all screens of this account for good. */
int ximss_dismiss(struct ximss *x, const char *alert_id, ximss_done_cb *done,
                  void *arg);

/* Follows (on != 0) or no longer follows a scope: on_report and on_removed.
 * It ends with the connection. */
int ximss_watch(struct ximss *x, enum ximss_scope scope, const char *target,
                int on, ximss_done_cb *done, void *arg);

/* data: the command's result in the CLI's data format, "" if it has none or
 * failed. */
typedef void ximss_cli_cb(struct ximss *x, const struct ximss_result *result,
                          const char *data, size_t len, void *arg);
int ximss_cli_execute(struct ximss *x, const char *command, ximss_cli_cb *done,
                      void *arg);

/* "server", "cluster", "domain", "account", and "" for NONE. */
const char *ximss_scope_name(enum ximss_scope scope);
/* "info", "warning", "critical". */
const char *ximss_severity_name(enum ximss_severity severity);

/* --- the ready loop --- */

/* Runs until the object is OFF (0: ximss_close was called) or FAILED, or a
 * callback freed it (-1).  Calls back. */
int ximss_run(struct ximss *x);

/* One turn: waits at most max_ms (-1: as long as it takes) for something to do,
 * does it, and returns 0; also after a signal was caught.  -1 if the object is
 * OFF or FAILED, or a callback freed it.  Calls back. */
int ximss_run_once(struct ximss *x, int max_ms);

/* --- event loops --- */

enum ximss_want {
    XIMSS_WANT_READ = 1,
    XIMSS_WANT_WRITE = 2
};

/* The descriptor to watch now (-1: none) and what for.  Both can be different
 * after each call of any other function of the object. */
int ximss_fd(const struct ximss *x);
unsigned ximss_wants(const struct ximss *x);

/* Milliseconds until ximss_on_timer wants to be called (connecting, keep-alive,
 * reconnecting); -1: never. */
int ximss_timeout(const struct ximss *x);

/* What ximss_fd and ximss_wants say has changed.  wants 0: the descriptor is
 * about to be closed, forget it.  Must not call the object. */
typedef void ximss_watch_fd_cb(struct ximss *x, int fd, unsigned wants,
                               void *arg);
void ximss_on_watch_fd(struct ximss *x, ximss_watch_fd_cb *cb, void *arg);

/* Something happened to the descriptor (an error or a hang-up counts as both);
 * it is to be watched by level, not by edge.  Called at the wrong moment they
 * do no harm.  They call back, and return after a bounded amount of work. */
void ximss_on_readable(struct ximss *x);
void ximss_on_writable(struct ximss *x);
void ximss_on_timer(struct ximss *x);

#ifdef __cplusplus
}
#endif

#endif
