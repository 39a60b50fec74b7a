/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_COMMAND_H
#define NOTIFY_NOTIFY_COMMAND_H

#include "notify/notify.h"
#include "notify/notify_child.h"

/* Notices by a command. */

/* Whether it may be run: its program is one of those that are allowed.  0 or -1. */
int notify_command_check(const struct notify_config *c,
                         const struct notify_notice *x,
                         struct errbuf *err) WARN_UNUSED;

/* Runs it, after that check. */
int notify_command_start(struct notify_child *child,
                         const struct notify_config *c,
                         const struct notify_notice *x,
                         struct errbuf *err) WARN_UNUSED;

#endif
