/* SPDX-License-Identifier: BSD-2-Clause */
/* Evaluation of triggers.  It costs the same however long a period is: a growth
 * is measured from the oldest of a few steps, which are kept in a ring. */
#include "config.h"

#include "ximss/server/rules/trigger_rule.h"

#include <stddef.h>

static void
add_step(struct trigger_watch *w, int64_t at, int64_t figure)
{
    const unsigned room = TRIGGER_STEPS + 1;
    unsigned next;

    if (w->steps == room)
        w->oldest = (w->oldest + 1) % room;
    else
        w->steps++;
    next = (w->oldest + w->steps + room - 1) % room;
    w->step[next].at = at;
    w->step[next].figure = figure;
}

/* Notes the look before this one, when the newest step is old enough: across a gap
 * (the machine slept) that is what the counter had grown to before it. */
static void
keep_step(struct trigger_watch *w, int64_t every, int64_t figure, int64_t mono)
{
    const unsigned room = TRIGGER_STEPS + 1;
    unsigned newest = (w->oldest + w->steps + room - 1) % room;

    if (w->steps == 0)
        add_step(w, mono, figure);
    else if (w->looked - w->step[newest].at >= every ||
             (mono - w->looked >= every && w->looked > w->step[newest].at))
        add_step(w, w->looked, w->last);
    w->looked = mono;
}

/* Steps that are older than the period go, but for the newest of them. */
static void
drop_old(struct trigger_watch *w, int64_t since)
{
    const unsigned room = TRIGGER_STEPS + 1;

    while (w->steps > 1 && w->step[(w->oldest + 1) % room].at <= since) {
        w->oldest = (w->oldest + 1) % room;
        w->steps--;
    }
}

/* How much the counter has grown.  One that became less was set back
 * (SETSTATELEMENT): it is watched anew. */
static int64_t
growth(const struct trigger_rule *r, struct trigger_watch *w, int64_t figure,
       int64_t mono)
{
    if (w->steps > 0 && figure < w->last)
        w->steps = 0;
    keep_step(w, r->period_us / TRIGGER_STEPS, figure, mono);
    w->last = figure;
    drop_old(w, mono - r->period_us);
    return figure - w->step[w->oldest].figure;
}

static bool
is_beyond(const struct trigger_rule *r, int64_t value, int64_t limit)
{
    return r->test == TRIGGER_BELOW ? value < limit : value > limit;
}

static bool
is_over(const struct trigger_rule *r, const struct trigger_watch *w,
        int64_t mono)
{
    if (r->test == TRIGGER_GROWTH && mono - w->first < r->period_us)
        return false;
    return !is_beyond(r, w->value, r->clear);
}

enum trigger_change
trigger_rule_look(const struct trigger_rule *r, struct trigger_watch *w,
                  int64_t figure, int64_t mono)
{
    if (!w->seen)
        w->first = mono;
    w->seen = true;
    w->value = r->test == TRIGGER_GROWTH ? growth(r, w, figure, mono) : figure;
    if (w->active) {
        if (!is_over(r, w, mono))
            return TRIGGER_SAME;
        w->active = false;
        w->bad = 0;
        return TRIGGER_OVER;
    }
    if (!is_beyond(r, w->value, r->threshold)) {
        w->bad = 0;
        return TRIGGER_SAME;
    }
    if (w->bad == 0)
        w->bad = mono;
    if (mono - w->bad < r->for_us)
        return TRIGGER_SAME;
    w->active = true;
    return TRIGGER_BEGINS;
}
