/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/peer.h"
#include "bench/sample.h"
#include "util/buf.h"
#include "util/errbuf.h"

/* Many sessions of one process, and the administrators' connections beside
 * them, in one epoll loop.  Each call does one thing from beginning to end
 * with all of them and returns 0, or -1 with err: what did not come within the
 * patience, what was refused, who was cut off.  The floor and ximssd are
 * treated alike, byte for byte. */

#define FLEET_MAX 20000 /* sessions */

struct fleet_options {
    struct peer_target target;
    const char *door;   /* the mail door, by which sessions come; NULL: they do
                         not */
    const char *domain; /* accounts are u1@DOMAIN, u2@DOMAIN, ... */
    const char *password;       /* of each of them */
    const char *admin;          /* administrator's user name */
    const char *admin_password; /* and password */
    unsigned window;            /* log-ins under way at the same time */
    unsigned patience_s;
    pid_t pid; /* of the server, whose CPU time is measured; 0: do not */
};

/* Of one operation. */
struct fleet_result {
    int64_t us;     /* from its first byte to its end */
    int64_t cpu_ns; /* of the server, meanwhile */
    size_t count;   /* log-ins, deliveries or answers */
    size_t bytes;   /* of the last alert on the wire, with its 0 */
};

struct fleet;

struct fleet *fleet_new(const struct fleet_options *o,
                        struct errbuf *err) WARN_UNUSED;
void fleet_free(struct fleet **fleet);

/* Logs sessions in until there are n. */
int fleet_login(struct fleet *f, unsigned n, struct fleet_result *r,
                struct errbuf *err) WARN_UNUSED;

/* Logs n accounts in, each leaving as soon as it is in; nobody else may be
 * logged in. */
int fleet_pass(struct fleet *f, unsigned n, struct fleet_result *r,
               struct errbuf *err) WARN_UNUSED;

/* Every session says bye and waits until the server has closed. */
int fleet_logout(struct fleet *f, struct fleet_result *r,
                 struct errbuf *err) WARN_UNUSED;

/* Every session asks something and reads the answer.  Then each must have got
 * as many alerts as were posted since it is there, no more and no less. */
int fleet_flush(struct fleet *f, struct fleet_result *r,
                struct errbuf *err) WARN_UNUSED;

/* The administrator posts k server-wide alerts in one write.  Ends when every
 * session has them all.  *times_r: when each delivery was read, microseconds
 * from the moment before the write; sorted; borrowed until the next call. */
int fleet_post(struct fleet *f, unsigned k, unsigned text_bytes,
               struct fleet_result *r, const struct sample **times_r,
               struct errbuf *err) WARN_UNUSED;

/* Appends the i-th request, with its 0. */
typedef void fleet_make_fn(struct buf *b, size_t i, void *arg);

struct fleet_pipeline {
    unsigned admins; /* connections */
    unsigned depth;  /* requests under way on each */
    size_t count;    /* requests in all */
    bool lenient;    /* refused ones count as answered */
    fleet_make_fn *make;
    void *arg;
};

/* The administrators send requests, so many being under way all the time. */
int fleet_pipeline(struct fleet *f, const struct fleet_pipeline *p,
                   struct fleet_result *r, struct errbuf *err) WARN_UNUSED;

/* Lets time pass, reading what comes. */
int fleet_idle(struct fleet *f, unsigned ms, struct fleet_result *r,
               struct errbuf *err) WARN_UNUSED;

#endif
