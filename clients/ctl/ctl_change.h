/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CTL_CHANGE_H
#define CLIENTS_CTL_CTL_CHANGE_H

#include "clients/ctl/ctl.h"

/* Commands that change something: they say what they did, for people and for
 * programs, may be tried (--dry-run), and may be content with what there is
 * (--if-missing, --if-exists). */

struct ctl_change {
    const char *kind,
        *name;           /* what it is about; name NULL: there is one only */
    const char *of;      /* whose it is; NULL: it is nobody's */
    const char *action;  /* "created" */
    const char *probe;   /* the CLI command that finds one of its kind by
                                name; NULL: none does */
    bool is_one_of_many; /* an error names it */
    const char *to;      /* the name that it gets; NULL: it keeps its own */
};

/* Says what was done: one line, or with --json one object.  reason: why nothing
 * was; NULL: it was so already. */
void ctl_change_say(const struct ctl *c, const struct ctl_change *what,
                    bool changed, const char *reason);

/* Runs the CLI command, which is wiped and cleared.  CTL_OK: it is done (or would
 * be), or nothing was to be done, and that was said; unless it has a result:
 * that is in *value_r instead, else NULL. */
int ctl_change_run(struct ctl *c, struct buf *command,
                   const struct ctl_change *what,
                   const struct cli_value **value_r) WARN_UNUSED;

/* The same for a command without result. */
int ctl_change_quiet(struct ctl *c, struct buf *command,
                     const struct ctl_change *what) WARN_UNUSED;

#endif
