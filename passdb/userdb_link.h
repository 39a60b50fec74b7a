/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_USERDB_LINK_H
#define PASSDB_USERDB_LINK_H

#include "passdb/userdb_line.h"
#include "util/errbuf.h"

struct conn_loop;

/* A connection to Dovecot's auth-userdb socket: it greets, and takes lines
 * apart.  For the thread of its loop. */

struct userdb_link;

struct userdb_link_ops {
    /* A line behind the greeting.  -1 with err: it must not come now, and the
     * link is lost by that. */
    int (*on_line)(void *arg, const struct userdb_line *line,
                   struct errbuf *err);
    /* The other side, or what it said, ended the link, which is closed by now
     * and frees itself.  why: for the log. */
    void (*on_lost)(void *arg, const char *why);
};

/* NULL with err: nobody answers at that path.  ops: borrowed. */
struct userdb_link *userdb_link_open(struct conn_loop *loop, const char *path,
                                     const struct userdb_link_ops *ops,
                                     void *arg, struct errbuf *err);

/* Sends what was encoded, and empties the buffer.  May call on_lost. */
void userdb_link_send(struct userdb_link *l, struct buf *b);

/* No line comes until userdb_link_go_on.  on_line may do this. */
void userdb_link_pause(struct userdb_link *l);
/* Lines come again, from the next turn of the loop on. */
void userdb_link_go_on(struct userdb_link *l);

/* Ends it, without on_lost, also within its callbacks; sets *l to NULL.  NULL is
 * allowed. */
void userdb_link_close(struct userdb_link **l);

#endif
