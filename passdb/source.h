/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_SOURCE_H
#define PASSDB_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

/* A source of passwords: a program outside that says whether a password is right.
 * For passdb/ alone.  Everything here runs on the passdb thread, but for
 * `offers`. */

enum passdb_answer {
    PASSDB_OK,          /* proved */
    PASSDB_CHALLENGE,   /* the exchange goes on: see `challenge` */
    PASSDB_WRONG,       /* the password, or a proof */
    PASSDB_UNKNOWN,     /* the source says that it has no such user */
    PASSDB_DISABLED,    /* the user may not log in (expired, locked, nologin) */
    PASSDB_NOT_OFFERED, /* the mechanism */
    PASSDB_AWAY, /* dead, too slow, or it answers what nobody understands */
    PASSDB_BUSY  /* too many wait for it */
};

struct passdb_source;

/* What is asked.  Owned by the asker, and constant, until `done` was called or
 * passdb_source->drop has returned. */
struct passdb_request {
    const char *user;      /* name@domain, in normal form */
    const char *mechanism; /* "PLAIN", or one that the source offers */
    const char *password;  /* NULL: of PLAIN only */
    const char *initial;   /* base64; NULL: none; of other mechanisms */
    const char *address;   /* of the client, as text; NULL: none */
    bool is_secured;       /* it came by TLS, or on this machine */

    /* Called once for each begin and go_on, also from within them. */
    void (*done)(struct passdb_request *r);

    /* The answer; valid in `done`. */
    enum passdb_answer answer;
    const char *challenge; /* base64; borrowed; PASSDB_CHALLENGE only */
    const char *as_user;   /* PASSDB_OK: how the source calls the user; NULL: as
                              asked.  Borrowed. */
    const char *why;    /* for the log, one line without secrets; NULL: none */
    int64_t not_before; /* of clock_mono: the asker is told then, lest the time
                           tell what the answer does not; 0: at once */

    /* The source's. */
    struct passdb_source *source;
    void *state;
};

struct passdb_source {
    const char *name; /* "dovecot", "pam": as in the setting `auth` */
    unsigned window;  /* requests that it should have at once; the others wait
                         in front of it.  At least 1 */
    /* The time-out of a request is the caller's: it calls drop. */
    void (*begin)(struct passdb_source *s, struct passdb_request *r);
    /* After PASSDB_CHALLENGE, with the client's answer. */
    void (*go_on)(struct passdb_source *s, struct passdb_request *r,
                  const char *base64);
    /* Nobody wants the answer any more; done is not called. */
    void (*drop)(struct passdb_source *s, struct passdb_request *r);
    /* Any thread, at once: whether it would take that mechanism now. */
    bool (*offers)(const struct passdb_source *s, const char *mechanism);
    void (*free)(struct passdb_source *s);
};

#endif
