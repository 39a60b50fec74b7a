/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ALERT_REQUEST_H
#define XIMSS_SERVER_RULES_ALERT_REQUEST_H

#include "ximss/server/rules/alert_post.h"

/* Alerts as the requests of XIMSS post and remove them, with their audit
 * records. */

/* Checks the rights, the text, the end and the key, then posts.  STORE_OK:
 * result->code says whether it was done (200, 501, 510, 512, 513, 518, 522, 526) and
 * result->text why not.  An alert for the cluster is refused with 501 as long
 * as there is no cluster. */
enum store_result alert_request_post(struct admin_context *x,
                                     const struct post *post,
                                     struct post_result *result,
                                     struct errbuf *err) WARN_UNUSED;

/* What was removed, for who did it. */
struct withdrawn {
    uint64_t id;
    enum alert_scope scope;
    char *target; /* owned; NULL: the scope has none */
};
void withdrawn_clear(struct withdrawn *r);

/* Which alert is to go. */
struct withdrawal {
    uint64_t id;
    const char *key; /* instead: that the caller posted it with; NULL */
    bool test;       /* say what it is, and leave it */
};
/* Removes it.  code 200, 514 "no such alert" (also where not allowed), or 510: the
 * key is of an alert that the caller may not remove any more.  *withdrawn_r is
 * filled with 200. */
enum store_result alert_request_remove(struct admin_context *x,
                                       const struct withdrawal *what,
                                       struct withdrawn *withdrawn_r,
                                       int *code_r,
                                       struct errbuf *err) WARN_UNUSED;

/* Names a scope's target by number and checks that the caller may list or
 * (watch) follow it.  code 200, 510, 512, 513. */
enum store_result alert_request_check(struct admin_context *x,
                                      enum alert_scope scope,
                                      const char *target, uint64_t *target_r,
                                      bool *may_post_r, int *code_r,
                                      struct errbuf *err) WARN_UNUSED;

#endif
