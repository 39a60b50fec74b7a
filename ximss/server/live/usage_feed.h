/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_USAGE_FEED_H
#define XIMSS_SERVER_LIVE_USAGE_FEED_H

#include <stdint.h>

#include "quota/source.h"

struct server;

/* From the sources of usage to the store.  Reports that wait are one for each
 * account, the newest, and go to the writer many in a job; so a flood of them
 * costs neither memory nor the time of others. */

struct usage_feed;

/* Needs no store yet.  pause: microseconds (less than a second) from one job to
 * the next, at least: nobody waits for the commit of a report, and a commit for
 * each would cost more than all the rest. */
#define USAGE_FEED_PAUSE 50000
struct usage_feed *usage_feed_new(struct server *server, int64_t pause);

/* What the sources are given; lives as long as the feed. */
const struct quota_sink *usage_feed_sink(const struct usage_feed *f);

/* Who is asked for limits, when a report came of an account whose limit is
 * unknown or older than `age`; NULL: nobody any more.  Any thread. */
struct quota_sources;
void usage_feed_set_sources(struct usage_feed *f, struct quota_sources *s);
void usage_feed_set_limit_age(struct usage_feed *f, int64_t age);

/* Any thread: asks the sources about the account ("name@domain") now; NULL:
 * about all accounts.  Does not wait for an answer. */
void usage_feed_ask(struct usage_feed *f, const char *user);

/* Once a second, from the main thread: tries again what the store refused. */
void usage_feed_tick(struct usage_feed *f);

/* Accounts whose reports wait for the store.  Any thread. */
unsigned usage_feed_waiting(struct usage_feed *f);

/* The sources have stopped: what waits is submitted, before the store is
 * closed. */
void usage_feed_flush(struct usage_feed *f);

/* Needs a store that is closed. */
void usage_feed_free(struct usage_feed **f);

#endif
