/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_TRIGGER_RULE_H
#define XIMSS_SERVER_RULES_TRIGGER_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* When a trigger begins and when it is over: a value, the time, and nothing else.
 *
 * It begins when the value has been beyond the threshold, at each look, for
 * `for_us`.  It is over when the value is at `clear`, or on its good side.  Of a
 * counter the value is by how much it has grown within the period.  Times are
 * microseconds of a clock that only grows (clock_mono). */

enum trigger_test {
    TRIGGER_ABOVE, /* value > threshold */
    TRIGGER_BELOW, /* value < threshold */
    TRIGGER_GROWTH /* grown by more than the threshold within the period */
};

struct trigger_rule {
    enum trigger_test test;
    int64_t threshold;
    int64_t clear;     /* the threshold, or on its good side */
    int64_t for_us;    /* 0: at once */
    int64_t period_us; /* of TRIGGER_GROWTH; more than 0 */
};

/* A period is measured in so many steps, so a growth is that of the period and
 * up to one step more. */
#define TRIGGER_STEPS 15

/* What is remembered between two looks.  Zeroed at first; `active` may be set
 * then, for what had begun before. */
struct trigger_watch {
    bool active;
    bool seen;            /* it was looked at */
    int64_t first;        /* when, at first */
    int64_t bad;          /* since when the value is beyond; 0: it is not */
    int64_t value;        /* at the last look; of a counter its growth */
    int64_t last, looked; /* of a counter: the last figure, and when */
    struct {
        int64_t at, figure;
    } step[TRIGGER_STEPS + 1]; /* a ring, the oldest at `oldest` */
    unsigned oldest, steps;
};

enum trigger_change {
    TRIGGER_SAME,
    TRIGGER_BEGINS,
    TRIGGER_OVER
};

/* Looks at the figure.  What was active and is a growth can be over only when it has
 * been watched for a whole period: a counter begins at 0 with the server. */
enum trigger_change trigger_rule_look(const struct trigger_rule *r,
                                      struct trigger_watch *w, int64_t figure,
                                      int64_t mono);

#endif
