/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ALERT_POST_H
#define XIMSS_SERVER_RULES_ALERT_POST_H

#include <stdbool.h>

#include "ximss/server/rules/admin_context.h"

/* Posting an alert, as the CLI's commands and the requests of XIMSS do it. */

/* So long from its post a key lives at least, microseconds; and then as long as its
 * alert. */
#define ALERT_KEY_LEAST (INT64_C(24) * 3600 * 1000000)

struct post {
    enum alert_scope scope;
    const char *target; /* name of the domain or account; NULL for others */
    enum alert_severity severity;
    int64_t until;        /* 0: the scope's default lifetime, or: */
    const char *lifetime; /* from now on, as clock_parse_span has it; NULL */
    const char *key;      /* idempotency key, NULL none */
    const char *text;
    size_t text_len;
    bool replace; /* another alert of the same key makes room for this one */
    bool test;    /* check and count only */
};

struct post_result {
    int code; /* 200, or the error */
    char text[200];
    uint64_t id; /* of the alert (new, or the first of that key) */
    int64_t posted;
    int64_t until;     /* 0: it has no end */
    uint64_t replaced; /* id of the alert that made room; 0: none */
    bool repeated;     /* the key had been used: nothing was posted */
    bool over;         /* ... and that alert was delivered, or has ended */
    uint64_t accounts; /* in the audience, whether connected or not (test
                               only) */
    uint64_t target;   /* number of the target, for counting sessions */
};

/* Checks the rights, the text, the end and the key, then posts, without an audit
 * record.  STORE_OK: result->code says whether it was done. */
enum store_result alert_post(struct admin_context *x, const struct post *post,
                             struct post_result *result,
                             struct errbuf *err) WARN_UNUSED;

/* The id of the alert that the caller posted with that key, if the key lives.
 * STORE_NOTFOUND. */
enum store_result alert_post_find(struct admin_context *x, const char *key,
                                  uint64_t *id_r,
                                  struct errbuf *err) WARN_UNUSED;

#endif
