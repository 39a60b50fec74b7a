/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_WATCH_H
#define XIMSS_SERVER_LIVE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"

struct alert;
struct session;
struct worker;

/* Administrators who follow a scope (alertWatch): they are sent alertReport
 * and alertRemoved as it changes, while their rights allow it. */

struct watch_spec {
    enum alert_scope scope;
    uint64_t target;  /* number of domain or account */
    uint64_t domain;  /* of the target */
    const char *name; /* of the target; borrowed; NULL for broad scopes */
};

/* Once per scope and target; again does nothing.  False: the session watches as
 * many as it may. */
bool watch_add(struct worker *w, struct session *s,
               const struct watch_spec *spec);
void watch_remove(struct worker *w, struct session *s,
                  const struct watch_spec *spec);
/* An account belongs to that domain now, whose administrators may watch it. */
void watch_account_moved(struct worker *w, uint64_t account, uint64_t domain);
void watch_remove_all(struct worker *w, struct session *s);

void watch_tell_added(struct worker *w, const struct alert *a);
void watch_tell_removed(struct worker *w, const struct alert_rec *a);

#endif
