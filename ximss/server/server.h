/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_SERVER_H
#define XIMSS_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"

/* Start, reload and end of the server; the main thread. */

struct config;
struct config_override;
struct server;
struct ssl_ctx_st;
struct zone;

/* Command line of the server, for start and reload. */
struct server_options {
    const char *config_file; /* NULL: defaults */
    const struct config_override *overrides;
    size_t n_overrides;
    bool test_hooks;
    void (*feed)(void); /* the manager's watchdog; any thread; or NULL */
    int64_t feed_every; /* microseconds, at most */
};

/* Takes the configuration; opens the store, binds the listeners and starts all
 * threads.  NULL with err; everything is closed again then, and *damaged_r tells
 * whether it was for a damaged store, so that trying again is in vain. */
struct server *server_start(const struct server_options *o,
                            struct config *config, bool *damaged_r,
                            struct errbuf *err) WARN_UNUSED;

/* The context of the configuration's certificate; NULL for none.  0, or -1 with
 * err. */
int server_load_tls(const struct config *c, struct ssl_ctx_st **tls_r,
                    struct errbuf *err) WARN_UNUSED;

/* The zone of time-zone; -1 with err: it is not known here. */
int server_find_zone(const struct config *c, const struct zone **zone_r,
                     struct errbuf *err) WARN_UNUSED;

/* Becomes the user ("": stays), who is also in the groups that sockets are given
 * to; 0, or -1 with err. */
int server_drop_privileges(const struct config *c,
                           struct errbuf *err) WARN_UNUSED;

/* Reads configuration and certificates again.  -1 with err: they are bad and
 * the old ones stay in force.  Nobody is dropped. */
int server_reload(struct server *s, const struct server_options *o,
                  struct errbuf *err) WARN_UNUSED;

/* Drains (at most 10 s), stops the threads, closes the store. */
void server_stop(struct server **s);

#endif
