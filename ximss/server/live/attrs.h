/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ATTRS_H
#define XIMSS_SERVER_LIVE_ATTRS_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"

struct req;
struct req_desc;
struct xml_elem;

/* The attributes of requests.  The row of a request names those that it has;
 * they are checked before its handler is called, and the handler reads values
 * that are right. */

enum attr_kind {
    ATTR_TEXT,
    ATTR_YES_NO,
    ATTR_NUMBER,
    ATTR_ALERT,     /* the id of an alert */
    ATTR_TIME,      /* GMT, as clock_parse_gmt has it */
    ATTR_SCOPE,     /* of alerts */
    ATTR_SEVERITY,  /* the same */
    ATTR_SEVERITIES /* several with commas between */
};

struct attr_rule {
    const char *name; /* NULL: the end of the list */
    enum attr_kind kind;
    bool required;
    unsigned most; /* bytes of a text; 0: no limit of its own */
};

/* One that may be there, one that must, a text of limited length; the end. */
#define ATTR_MAY(name, kind) \
    {                        \
        name, kind, false, 0 \
    }
#define ATTR_MUST(name, kind) \
    {                         \
        name, kind, true, 0   \
    }
#define ATTR_UP_TO(name, bytes)       \
    {                                 \
        name, ATTR_TEXT, false, bytes \
    }
#define ATTRS_END                 \
    {                             \
        NULL, ATTR_TEXT, false, 0 \
    }

/* As the documents call what a kind has; "" for texts. */
const char *attr_kind_text(enum attr_kind kind);

/* A request has at most so many. */
#define ATTRS_MOST 32

union attr_value {
    bool yes;
    uint64_t number; /* also a time, a scope, a severity, a set of these */
};

/* What a handler is given: attributes that keep the rules, and the element they
 * stand in.  Lives as long as that. */
struct attrs {
    const struct xml_elem *elem;
    const struct attr_rule *rules;
    const char *text[ATTRS_MOST]; /* by rule; NULL: not there */
    union attr_value value[ATTRS_MOST];
};

/* Fills in.  -1: answered, what is wrong is said by 501. */
int attrs_check(struct attrs *in, struct req *r, const struct req_desc *d,
                const struct xml_elem *e);

/* The name must be one of the rules', and of the function's kind. */
bool attrs_has(const struct attrs *in, const char *name);
/* As it was written, of any kind; NULL: it is not there. */
const char *attrs_text(const struct attrs *in, const char *name);
/* Otherwise: what is to be taken if it is not there. */
bool attrs_yes(const struct attrs *in, const char *name, bool otherwise);
uint64_t attrs_number(const struct attrs *in, const char *name,
                      uint64_t otherwise);
uint64_t attrs_alert(const struct attrs *in, const char *name,
                     uint64_t otherwise);
/* Microseconds UTC; 0: it is not there. */
int64_t attrs_time(const struct attrs *in, const char *name);
/* 0: it is not there. */
enum alert_scope attrs_scope(const struct attrs *in, const char *name);
enum alert_severity attrs_severity(const struct attrs *in, const char *name,
                                   enum alert_severity otherwise);
/* 1 << enum alert_severity; 0: it is not there. */
unsigned attrs_severities(const struct attrs *in, const char *name);

#endif
