/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_DOVECOT_LINK_H
#define PASSDB_DOVECOT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A connection to a UNIX socket of Dovecot's that is made again whenever it is
 * lost: lines in, lines out.  The times between two tries grow, and differ by
 * chance.  All on one loop. */

struct conn_loop;
struct dovecot_link;
struct event_base;

struct dovecot_link_ops {
    /* It is connected: the owner sends its greeting. */
    void (*on_open)(void *owner);
    /* One line, without its end, terminated; it may be changed.  False: nobody
     * understands it, and *why_r (constant until the next call) says why. */
    bool (*on_line)(void *owner, char *line, size_t len, const char **why_r);
    /* What was sent has left. */
    void (*on_drained)(void *owner);
    /* It was lost.  It will be tried again. */
    void (*on_lost)(void *owner);
    /* It has been away for longer than a restart takes: told again at each try,
     * until dovecot_link_is_good. */
    void (*on_away)(void *owner, const char *why);
};

/* path: copied.  The first try is at once.  greeting_us: how long the other side
 * may take until dovecot_link_is_good. */
struct dovecot_link *dovecot_link_new(struct event_base *base,
                                      struct conn_loop *loop, const char *path,
                                      int64_t greeting_us,
                                      const struct dovecot_link_ops *ops,
                                      void *owner);
/* Not from within its callbacks.  Nothing is called any more. */
void dovecot_link_free(struct dovecot_link **l);

/* The other side has greeted as it should, or has answered: what went wrong
 * before is forgotten. */
void dovecot_link_is_good(struct dovecot_link *l);
/* Gives the connection up, because of this, and tries again. */
void dovecot_link_drop(struct dovecot_link *l, const char *why);

/* Before something is asked: if the path leads to another socket by now, whoever
 * is connected is a process of a Dovecot that was stopped, with the settings of then.
 * The connection is given up as if it were lost.  The file is looked at once in a
 * second. */
void dovecot_link_look(struct dovecot_link *l);

/* Only while it is open.  False: what was sent before has not left yet. */
bool dovecot_link_may_send(const struct dovecot_link *l);
void dovecot_link_send(struct dovecot_link *l, const void *data, size_t len);

/* When a byte came last (clock_mono); 0: none has come. */
int64_t dovecot_link_heard(const struct dovecot_link *l);

#endif
