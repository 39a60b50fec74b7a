/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_DOOR_SCAN_H
#define CLIENTS_DOVECOT_DOOR_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* The part of XML that ximssd writes: one element with attributes and text.
 * Comments, CDATA, a DOCTYPE and processing instructions are not read.  The bytes
 * are changed, and what comes back points into them. */

struct door_scan {
    char *p, *end; /* what is left */
};

struct door_attr {
    const char *name; /* not terminated */
    size_t name_len;
    const char *value; /* references replaced, terminated */
};

struct door_body {
    const char *text; /* references replaced, not terminated */
    size_t len;
    bool cut; /* the element does not end here */
};

enum door_scanned {
    DOOR_SCAN_MORE,  /* an attribute */
    DOOR_SCAN_END,   /* the start tag is over: the text follows */
    DOOR_SCAN_EMPTY, /* so is the element */
    DOOR_SCAN_BAD    /* this is no XML, or not all of it */
};

/* The name of the element: DOOR_SCAN_MORE, or DOOR_SCAN_BAD. */
enum door_scanned door_scan_tag(struct door_scan *s, const char **name_r,
                                size_t *len_r);
/* The next attribute of its start tag. */
enum door_scanned door_scan_attr(struct door_scan *s, struct door_attr *a_r);
/* Its text, without what is in other elements.  False: it has something in it
 * that is no text, or it does not end (which is fine with `cut`). */
bool door_scan_text(struct door_scan *s, bool cut, struct door_body *t_r);

#endif
