/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_USERDB_LIST_H
#define PASSDB_USERDB_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "util/errbuf.h"

struct conn_loop;
struct event_base;

/* All users of Dovecot's user database, one after the other, on a connection of
 * their own: Dovecot hears nothing else on it meanwhile.  For the thread of the
 * loop. */

struct userdb_list;

struct userdb_list_ops {
    /* A user (borrowed), as the user database writes the name.  False: enough
     * for now; the next one comes after userdb_list_go_on. */
    bool (*on_name)(void *arg, const char *name);
    /* The end; once, and then the list is gone.  why NULL: these were all.  Else
     * the list is broken, and nothing follows from what is not in it. */
    void (*on_end)(void *arg, const char *why);
};

/* idle: how long nothing may come, in microseconds; 0: 30 s.  NULL with err: it
 * cannot be asked; on_end is not called. */
struct userdb_list *userdb_list_start(struct event_base *base,
                                      struct conn_loop *loop, const char *path,
                                      int64_t idle,
                                      const struct userdb_list_ops *ops,
                                      void *arg, struct errbuf *err);

/* After on_name was false.  Not from within it. */
void userdb_list_go_on(struct userdb_list *l);

/* Nobody wants it any more: on_end is not called.  Sets *l to NULL; NULL is
 * allowed.  Not from within on_name. */
void userdb_list_stop(struct userdb_list **l);

#endif
