/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_STAT_FEED_H
#define XIMSS_SERVER_LIVE_STAT_FEED_H

#include "storage/store.h"

struct server;
struct ssl_ctx_st;

/* Where the statistics get what nobody counts: queues, sizes, the store, the
 * disk, the certificate. */

/* When all of the server runs. */
void stat_feed_start(struct server *s);
/* Before anything of it ends.  Waits for a disk that hangs a second at most. */
void stat_feed_stop(struct server *s);

/* The certificate that is used from now on; NULL: none.  Borrowed for the
 * call. */
void stat_feed_certificate(struct ssl_ctx_st *tls);

/* For store_options. */
void stat_feed_commit(void *arg, const struct store_commit *c);

#endif
