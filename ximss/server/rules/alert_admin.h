/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ALERT_ADMIN_H
#define XIMSS_SERVER_RULES_ALERT_ADMIN_H

#include <stdbool.h>

#include "ximss/server/rules/admin_context.h"

/* Posting and removing alerts: what the CLI's commands and the requests of
 * XIMSS (alert_request.c) have in common.  Nothing here writes audit records; its
 * callers do. */

/* Whose alerts: a scope and, for two of them, a domain or an account. */
struct alert_target {
    enum alert_scope scope;
    uint64_t number;            /* of the domain or account, else 0 */
    struct domain_rec domain;   /* for domain and account */
    struct account_rec account; /* for account */
};

void alert_target_clear(struct alert_target *t);

/* need: NEED_... of admin_target.h for domains and accounts; for the other
 * scopes, posting unless NEED_READ_ALL or NEED_LIST is in it.  *code_r: 200, 501 (a name is
 * missing), 510, 512, 513.  The target is to be cleared whatever comes back. */
enum store_result alert_target_find(struct admin_context *x,
                                    enum alert_scope scope, const char *name,
                                    unsigned need, struct alert_target *t_r,
                                    int *code_r,
                                    struct errbuf *err) WARN_UNUSED;

/* The target of an alert that is in the store; to be cleared whatever comes
 * back. */
enum store_result alert_target_of(struct admin_context *x,
                                  const struct alert_rec *a,
                                  struct alert_target *t_r,
                                  struct errbuf *err) WARN_UNUSED;

struct post {
    enum alert_scope scope;
    const char *target; /* name of the domain or account; NULL for others */
    enum alert_severity severity;
    int64_t until;        /* 0: the scope's default lifetime, or: */
    const char *lifetime; /* from now on, as clock_parse_span has it; NULL */
    const char *key;      /* idempotency key, NULL none */
    const char *text;
    size_t text_len;
    bool test; /* check and count only */
};

struct post_result {
    int code; /* 200, or the error */
    char text[200];
    uint64_t id; /* of the alert (new, or the first of that key) */
    int64_t posted;
    int64_t until;     /* 0: it has no end */
    bool repeated;     /* the key had been used: nothing was posted */
    bool over;         /* ... and that alert was delivered, or has ended */
    uint64_t accounts; /* in the audience, whether connected or not (test
                               only) */
    uint64_t target;   /* number of the target, for counting sessions */
};

/* As alert_request_post, without the audit record. */
enum store_result alert_admin_post(struct admin_context *x,
                                   const struct post *post,
                                   struct post_result *result,
                                   struct errbuf *err) WARN_UNUSED;

/* An alert of the caller's at `posted` for that target; severity, until and
 * text are to be filled in (borrowed pointers, never cleared). */
struct alert_rec alert_admin_new(const struct admin_context *x,
                                 const struct alert_target *t, int64_t posted);
/* Keeps it (id and key come back in it), with the effect.  STORE_AGAIN, see
 * alert_add. */
enum store_result alert_admin_add(struct admin_context *x,
                                  const struct alert_target *t,
                                  struct alert_rec *a,
                                  struct errbuf *err) WARN_UNUSED;
/* Removes one that is over, with the effect. */
enum store_result alert_admin_drop(struct admin_context *x,
                                   const struct alert_target *t,
                                   const struct alert_rec *a,
                                   struct errbuf *err) WARN_UNUSED;
/* The same because somebody wants it gone: the key that it was posted with is
 * free then. */
enum store_result alert_admin_withdraw(struct admin_context *x,
                                       const struct alert_target *t,
                                       const struct alert_rec *a,
                                       struct errbuf *err) WARN_UNUSED;
/* The end that the scope's alerts have by default; 0: none. */
int64_t alert_admin_end(const struct admin_context *x, enum alert_scope scope);
/* Whether its end has come, removed or not. */
bool alert_admin_ended(const struct admin_context *x,
                       const struct alert_rec *a);

/* Removes alerts of a target that is about to go, with effects, oldest first.
 * STORE_AGAIN: there are more, but the job is tired. */
enum store_result alert_admin_drop_some(struct admin_context *x,
                                        const struct alert_target *t,
                                        struct errbuf *err) WARN_UNUSED;
/* STORE_OK: the target may have `more` alerts besides those it has;
 * STORE_REFUSED: it has its most.  STORE_AGAIN. */
enum store_result alert_admin_room(struct admin_context *x,
                                   const struct alert_target *t, size_t more,
                                   struct errbuf *err) WARN_UNUSED;

/* Removes some alerts whose end has come (up to `max`), as effects.  *next_r: the
 * next end, 0 if none; there may be more whose end has come. */
enum store_result alert_admin_expire(struct admin_context *x, unsigned max,
                                     int64_t *next_r,
                                     struct errbuf *err) WARN_UNUSED;

#endif
