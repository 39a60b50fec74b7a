/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_TRIGGER_STATE_H
#define XIMSS_SERVER_RULES_TRIGGER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/buf.h"

/* What has become of a trigger, and what was told of it: kept in the store, so
 * that a restart neither repeats nor forgets.
 *
 * What is to be told follows from the two: a method of a handler was told last of
 * (active, since), and if the trigger is at another, that is due.  So nothing that
 * could not be told is lost, and nothing queues up. */

enum trigger_method {
    TRIGGER_ALERT,
    TRIGGER_MAIL,
    TRIGGER_URL,
    TRIGGER_COMMAND,
    TRIGGER_METHODS
};
/* "alert", "mail", "url", "command". */
const char *trigger_method_name(enum trigger_method m);

struct trigger_told {
    bool active;
    int64_t since; /* of the begin, or of the end, that was told */
    /* In memory alone: trying again. */
    bool flying;
    unsigned tries;       /* that failed, of what is next */
    int64_t tries_of;     /* the since of the notice that they belong to */
    int64_t failed, next; /* mono, of the first that failed; of the next try */
};

/* An alert to an account. */
struct trigger_post {
    uint64_t account, alert; /* alert 0: it could not be posted */
    bool over;               /* it says that it is over */
};

/* How many begins were told since when. */
struct trigger_window {
    int64_t since;
    unsigned count;
};

/* A handler that a trigger has told something, or is to. */
struct trigger_pair {
    char handler[TRIGGER_NAME_MOST + 1];
    struct trigger_told told[TRIGGER_METHODS];
    int64_t admitted;          /* the begin that the limit has let through */
    int64_t suppressed;        /* the begin that it has held up, and counted */
    struct trigger_window own; /* of what is free of the handler's limit */
    int64_t posted;            /* the begin that the alerts are of */
    struct trigger_post *post; /* owned */
    size_t n_posts;
};

struct trigger_state {
    bool active;
    int64_t since;             /* clock_now; 0: it has never been active */
    int64_t value;             /* at that time */
    struct trigger_pair *pair; /* owned */
    size_t n_pairs;
};

void trigger_state_clear(struct trigger_state *s);
void trigger_state_copy(struct trigger_state *to,
                        const struct trigger_state *from);
/* The text for the store; the caller frees. */
char *trigger_state_text(const struct trigger_state *s);
/* Reads such a text; what is not understood is left out. */
void trigger_state_read(struct trigger_state *s, const char *text);

/* The pair of that handler; made if there is none. */
struct trigger_pair *trigger_state_pair(struct trigger_state *s,
                                        const char *handler);
/* Drops the pair at i. */
void trigger_state_drop(struct trigger_state *s, size_t i);

enum trigger_due {
    TRIGGER_NOTHING,
    TRIGGER_TELL_BEGIN,
    TRIGGER_TELL_OVER
};
/* What the method of the pair has to tell.  wanted: both trigger and handler are
 * there, switched on, and go together; else whatever it has begun is over. */
enum trigger_due trigger_due(const struct trigger_state *s,
                             const struct trigger_pair *p,
                             enum trigger_method m, bool wanted);

/* Whether one more begin may be told now: at most `limit` in `period`.  Counts it. */
bool trigger_window_admits(struct trigger_window *w, unsigned limit,
                           int64_t period, int64_t now);

/* What is kept of a handler. */
struct handler_state {
    struct trigger_window window;
    uint64_t suppressed;             /* since ever */
    char last[TRIGGER_METHODS][160]; /* what became of the last notice; "" */
};
/* The text for the store; the caller frees. */
char *handler_state_text(const struct handler_state *s);
void handler_state_read(struct handler_state *s, const char *text);

#endif
