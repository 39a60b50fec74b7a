/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_LISTING_H
#define XIMSS_SERVER_CLI_LISTING_H

#include "ximss/server/cli/admin_call.h"

/* Listings by commands, in pieces.
 *
 * A listing has no end that could be told beforehand, and one job must not
 * keep all others waiting.  So it is made piece by piece: each looks at a
 * number of names, appends what they give to the text of the result, and
 * notes where the next piece goes on (admin_answer.next): the domain's number,
 * how much was listed, and the name looked at last.  A piece needs nothing
 * else of the one before: names may come and go between them, the domain may
 * be renamed or deleted, and the text is a whole object in any case.
 *
 * Commands that list have ADMIN_ALONE. */

/* Longest name, with a 0. */
#define LISTING_NAME 256

struct listing {
    struct admin_call *call;
    struct buf *out;         /* the text of the result */
    uint64_t domain;         /* number; 0 in the list of domains */
    uint64_t listed;         /* entries, with those of the pieces before */
    char last[LISTING_NAME]; /* the name looked at last; "" none */
    bool first;              /* this is the first piece */
    unsigned seen;           /* names looked at in this piece */
    bool more;               /* the piece is full before the end */
    /* What is asked for. */
    bool accounts, aliases, forwarders;
    const char *filter, *cookie;
    unsigned long long limit;
    bool beyond; /* there are more than the limit allows */
    /* Of what is read besides the names. */
    enum store_result result;
    struct errbuf *err;
};

void listing_begin(struct listing *l, struct admin_call *c);
/* Finds the domain (NULL: the caller's own), which they must be allowed to read,
 * for the first piece; the others go on by its number. */
enum store_result listing_domain(struct listing *l, const char *name,
                                 struct errbuf *err) WARN_UNUSED;
/* Whether the piece has room for one more name; notes that it is looked at. */
bool listing_next(struct listing *l, const char *name);
/* True if the listing has come to its end; else says where it goes on. */
bool listing_end(struct listing *l);

/* One more of a dictionary, or of an array. */
void listing_entry(struct listing *l, const char *name, const char *value);
void listing_item(struct listing *l, const char *name);

#endif
