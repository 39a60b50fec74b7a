/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_SOURCES_H
#define QUOTA_SOURCES_H

#include <stdbool.h>

#include "quota/dict_server.h"
#include "quota/doveadm.h"
#include "quota/maildir_source.h"
#include "quota/source.h"
#include "quota/warning_server.h"
#include "util/errbuf.h"

/* All sources of usage that the configuration asks for, on one thread of their
 * own (none, if none is asked for). */

struct quota_sources;

/* What is NULL or "" is not wanted.  Borrowed for quota_sources_start. */
struct quota_sources_config {
    const char *dict_socket;     /* paths, as for local_socket_open */
    const char *warning_socket;  /* ... not the same */
    unsigned socket_mode;        /* of both */
    const char *socket_group;    /* of both; a name or a number */
    unsigned socket_connections; /* of each, at once; 0: 512 */
    /* path, url NULL or "": not wanted. */
    struct maildir_config maildir;
    struct doveadm_config doveadm;
};

/* Opens the sockets and starts the thread; by the return, peers may connect.
 * It also forks the guard of the sockets (quota/socket_guard.h): so call it
 * with the rights that the server will have in the sockets' directories, and
 * before the server is large.  The sink is copied; it is called by the thread
 * until quota_sources_stop returns.  NULL with err: a source cannot start, and
 * then nothing of any is left. */
struct quota_sources *
quota_sources_start(const struct quota_sources_config *cfg,
                    const struct quota_sink *sink, struct errbuf *err);

/* Removes the sockets and ends the thread, which waits for nothing.  What was
 * put by other calls before is done first; none may come any more. */
void quota_sources_stop(struct quota_sources **s);

/* Somebody is logged in to the account ("name@domain") now, who was not before;
 * nobody is any more.  Any thread, at once, and cheap where no source wants to
 * know. */
void quota_sources_online(struct quota_sources *s, const char *user);
/* Nobody is logged in to the account any more.  Any thread, at once. */
void quota_sources_offline(struct quota_sources *s, const char *user);

/* Any thread, at once: the sources that can be asked are, about the account
 * ("name@domain"), soon, once however often this is said before; or about all
 * accounts, in pieces (see enum quota_progress).  False: there is none. */
bool quota_sources_ask(struct quota_sources *s, const char *user);
/* Any thread, at once: asks about all accounts, in parts. */
void quota_sources_refresh(struct quota_sources *s);

/* What came since the start; zeros for what does not run. */
struct quota_sources_counts {
    struct report_counts dict;
    struct report_counts warning;
};

/* Any thread. */
void quota_sources_get_counts(const struct quota_sources *s,
                              struct quota_sources_counts *counts_r);

#endif
