/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DOVEADM_H
#define QUOTA_DOVEADM_H

#include <stdbool.h>
#include <stdint.h>

#include "util/errbuf.h"

struct doveadm;
struct event_base;
struct quota_sink;

/* Use by asking Dovecot (QUOTA_SOURCE_DOVEADM), through doveadm's HTTP
 * interface: all accounts at the start and from time to time, so that what was
 * lost heals, and single ones when they are asked for.  Dovecot makes the
 * Maildirs of users it is asked about.
 *
 * While Dovecot is away, it is tried again, less and less often, and everything
 * goes on by itself when it is back. */

struct doveadm_config {
    const char *url;      /* "http://host:port" of its inet_listener http */
    const char *key_file; /* holds its doveadm_api_key, and may end with a
                             line's end */
    int64_t interval;     /* microseconds from one round to the next; 0: only
                             at the start */
    bool use_limits;      /* report Dovecot's limits too */
    bool at_login;        /* doveadm_online asks */
    int64_t retry;   /* microseconds to the first retry; 0: one second; doubled
                        for each further one, up to 64 times this */
    int64_t timeout; /* microseconds for a request of up to 100 users; 0: a
                        minute */
};

/* Runs on the base's loop, whose thread calls this, or starts later.  The config
 * is copied; base and sink are borrowed.  NULL with err for a URL that cannot
 * be used, or a key that cannot be read. */
struct doveadm *doveadm_start(struct event_base *base,
                              const struct doveadm_config *config,
                              const struct quota_sink *sink,
                              struct errbuf *err) WARN_UNUSED;

/* Any thread, at once: asks about this user soon; once, however often this is
 * called before. */
void doveadm_ask(struct doveadm *d, const char *user);

/* Any thread, at once: asks about all accounts, in pieces; when the round that
 * is under way has ended, if there is one. */
void doveadm_refresh(struct doveadm *d);

/* Any thread: somebody has logged in to the account. */
void doveadm_online(struct doveadm *d, const char *user);

/* The loop's thread, not within its callbacks to the sink; or when the loop has
 * ended.  Nobody calls the three above any more; NULL is fine. */
void doveadm_stop(struct doveadm **d);

#endif
