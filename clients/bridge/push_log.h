/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_PUSH_LOG_H
#define CLIENTS_BRIDGE_PUSH_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "util/buf.h"

/* What the server pushed to a web session and the browser has not confirmed
 * yet, in order.  Polls take it in batches, event streams one by one; what
 * either of them confirms is gone for both.  Pure: no sockets, no time. */

struct push {
    TAILQ_ENTRY(push) link;
    uint64_t id;    /* of the event: 1, 2, 3 … */
    uint64_t batch; /* that holds it; 0: none; PUSH_IN_SYNC */
    char *name;     /* owned; of the element */
    char *xml;      /* owned */
    size_t len;
    char *alert;      /* owned; the id to confirm, NULL: none */
    bool events_only; /* not for polls */
};

#define PUSH_IN_SYNC UINT64_MAX

/* A batch, and what goes with a reply, ends behind the message with which it
 * has so much; the rest is for the next. */
#define PUSH_BATCH_BYTES (256 << 10)

/* The browser has got the alert. */
typedef void push_confirm_fn(void *arg, const struct push *p);

TAILQ_HEAD(push_list, push);

struct push_log {
    struct push_list items;
    size_t n, bytes;
    uint64_t last_id;  /* the last one given out */
    uint64_t dropped;  /* the highest id that is gone */
    uint64_t streamed; /* the highest id that a stream was sent */
    uint64_t last_batch;
    bool follows; /* it goes on, and no poll has come yet */
    char *frozen; /* owned; batch last_batch, not confirmed; else NULL */
    size_t frozen_len;
    push_confirm_fn *confirm;
    void *arg;
};

void push_log_init(struct push_log *l, push_confirm_fn *confirm, void *arg);
void push_log_clear(struct push_log *l);
/* An empty one that goes on where another, of which nothing is known, has been:
 * ids begin behind this one, and batches behind the first that is acknowledged. */
void push_log_begin_at(struct push_log *l, uint64_t id);

/* Adds a message; its id comes back. */
uint64_t push_log_add(struct push_log *l, const char *name, const char *xml,
                      size_t len, const char *alert, bool events_only);

/* A poll with this ackSeq.  True: *text_r, *len_r is the batch to answer with,
 * borrowed until the next call; the same one until it is confirmed by a higher
 * ackSeq.  False: there is nothing yet. */
bool push_log_poll(struct push_log *l, uint64_t ack_seq, const char **text_r,
                   size_t *len_r);
/* True if push_log_poll would say true, whatever is confirmed. */
bool push_log_has_unsent(const struct push_log *l);

/* Appends the messages that no poll was sent, for a reply to a sync. */
void push_log_sync(struct push_log *l, struct buf *out);
/* The replies to syncs so far have arrived. */
void push_log_sync_done(struct push_log *l);

/* The first message behind an event, NULL: none. */
const struct push *push_log_next(const struct push_log *l, uint64_t id);
/* The one behind it. */
const struct push *push_log_behind(const struct push *p);
/* Events up to this one have arrived. */
void push_log_ack(struct push_log *l, uint64_t id);
/* True if a browser that has this event needs only what is behind it. */
bool push_log_knows(const struct push_log *l, uint64_t id);

/* The alert was withdrawn: true if nobody was sent it, and it is gone. */
bool push_log_withdraw(struct push_log *l, const char *alert);
/* Drops the alerts that nobody was sent: the server will push them again. */
void push_log_forget_unsent(struct push_log *l);
/* True if the alert is in the log, or in a batch. */
bool push_log_holds(const struct push_log *l, const char *alert);

/* The event as a stream has it: id, event, data, blank line. */
void push_log_frame(struct buf *out, uint64_t id, const char *name,
                    const char *xml, size_t len);

#endif
