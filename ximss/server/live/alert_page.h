/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ALERT_PAGE_H
#define XIMSS_SERVER_LIVE_ALERT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/attrs.h"

/* Long lists of alerts, page by page (alertList with `limit` and its kin): which
 * alerts are wanted, from where on, and in which direction.  One page looks at
 * so many bytes of alerts and no more, whatever it finds among them. */

enum alert_page_ends {
    ENDS_ANY,
    ENDS_NO,    /* stays until it is removed */
    ENDS_YES,   /* has an end */
    ENDS_BEFORE /* has one before `ends_before` */
};

struct alert_page {
    bool wanted; /* false: the request is for the whole list */
    /* what is asked for */
    bool down;           /* newest first */
    uint64_t from;       /* begins below (down) or above this id */
    unsigned limit;      /* alerts on the page */
    size_t budget;       /* bytes to be looked at */
    unsigned severities; /* 1 << enum alert_severity */
    enum alert_page_ends ends;
    int64_t ends_before;
    char *text, *author; /* folded, owned; NULL: any */
    /* Whoever may not see authors finds none by them. */
    bool sees_authors;
    /* what has come so far */
    unsigned found;
    size_t looked;
    uint64_t last; /* the last that was looked at */
    bool more;     /* there are some behind it */
};

/* What a page may be at most. */
struct alert_page_limits {
    unsigned most; /* alerts */
    size_t budget; /* bytes */
};

/* A pattern is looked for in each alert. */
#define ALERT_PAGE_PATTERN_BYTES 200

/* What a request for a page may have. */
#define ALERT_PAGE_ATTRS                                                      \
    ATTR_MAY("limit", ATTR_NUMBER), ATTR_MAY("before", ATTR_ALERT),           \
        ATTR_MAY("after", ATTR_ALERT), ATTR_MAY("severity", ATTR_SEVERITIES), \
        ATTR_UP_TO("text", ALERT_PAGE_PATTERN_BYTES),                         \
        ATTR_UP_TO("author", ALERT_PAGE_PATTERN_BYTES),                       \
        ATTR_MAY("ends", ATTR_YES_NO), ATTR_MAY("endsBefore", ATTR_TIME)

/* Reads the attributes; -1: err says which do not go together.  To be cleared
 * whatever comes back. */
int alert_page_take(struct alert_page *p, const struct attrs *in,
                    const struct alert_page_limits *limits,
                    struct errbuf *err) WARN_UNUSED;
void alert_page_clear(struct alert_page *p);

enum alert_page_look {
    PAGE_TAKE, /* it is on the page */
    PAGE_SKIP, /* it is not */
    PAGE_FULL  /* nor is any further one: the page ends before it */
};

/* To be called for the alerts in order, from `from` on.  may: false: it is not
 * taken, whatever is asked for. */
enum alert_page_look alert_page_look(struct alert_page *p,
                                     const struct alert_rec *a, int64_t now,
                                     bool may);
/* The page ends behind the last one. */
void alert_page_stop(struct alert_page *p);

/* The same for a set in memory; what is taken is added to `out`. */
void alert_page_set(struct alert_page *p, const struct alert_array *set,
                    int64_t now, struct alert_array *out);

#endif
