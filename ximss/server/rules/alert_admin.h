/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ALERT_ADMIN_H
#define XIMSS_SERVER_RULES_ALERT_ADMIN_H

#include <stdbool.h>

#include "ximss/server/rules/alert_target.h"

/* Alerts that come and go, with the effects of that.  Nothing here writes audit
 * records; its callers do. */

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
/* Removes one because somebody wants it gone, with the effect: the key that it
 * was posted with is free then. */
enum store_result alert_admin_withdraw(struct admin_context *x,
                                       const struct alert_target *t,
                                       const struct alert_rec *a,
                                       struct errbuf *err) WARN_UNUSED;
/* The same, of one in whose place another has just come. */
enum store_result alert_admin_make_room(struct admin_context *x,
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
