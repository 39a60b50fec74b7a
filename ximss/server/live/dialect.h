/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_DIALECT_H
#define XIMSS_SERVER_LIVE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct req;
struct session;

/* What differs between the ways to speak with a session: XIMSS (messages in
 * XML, dialect_ximss.c) and PWD (lines, dialect_pwd.c).  The session (session.c)
 * knows when something is to be read or said, the dialect how.  A session has
 * that of the listener by which it came. */
struct dialect {
    const char *name; /* "XIMSS", "PWD" */
    /* A session that says nothing for so long ends (microseconds; 0: never). */
    int64_t (*idle_timeout)(const struct config *cfg);
    /* Bytes of its sessions; struct session is their first member. */
    size_t session_size;
    /* Frees what the session holds beyond struct session, and forgets what was
     * said so far.  NULL: nothing. */
    void (*reset)(struct session *s);

    /* The connection is there. */
    void (*greet)(struct session *s);
    /* The longest message now. */
    size_t (*limit)(const struct session *s);
    /* As frame_next: the next message, and how many bytes are done with. */
    size_t (*next)(struct session *s, const char *data, size_t len,
                   size_t scanned, const char **msg_r, size_t *len_r);
    /* A message is too long; whole: it is all there.  True: the session goes on
     * without it (and drops what is still to come); false: it ends, or waits
     * for its answers first. */
    bool (*too_big)(struct session *s, bool whole);
    /* Takes one message.  False: it has to wait until requests in work are
     * answered (the caller keeps it and pauses). */
    bool (*dispatch)(struct session *s, const char *msg, size_t len);

    /* Answers, appended to r->out. */
    void (*ok)(struct req *r);
    void (*fail)(struct req *r, unsigned code, const char *text);
    void (*challenge)(struct req *r, const char *base64);
    /* Logged in, with the response.  ticket: "" none. */
    void (*logged_in)(struct req *r, const char *ticket);
    /* A piece of the result of a command: the first begins it, the last ends
     * it, with the response.  Data that is empty altogether is no result.  In
     * between nothing else may be sent (session->mid_message). */
    void (*result)(struct req *r, const char *data, size_t len, bool first,
                   bool last);
    /* The server ends the session without having been asked. */
    void (*bye)(struct session *s);
};

#endif
