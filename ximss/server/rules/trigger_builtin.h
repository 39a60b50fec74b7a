/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_TRIGGER_BUILTIN_H
#define XIMSS_SERVER_RULES_TRIGGER_BUILTIN_H

#include "ximss/server/rules/trigger_def.h"

/* Triggers and handlers that are built in. */

/* The dictionary in force: what is built in under that name, and what was set
 * (text; NULL: nothing) laid over it.  *builtin_r: there is something built
 * in.  -1 with err: the text is no dictionary. */
int trigger_builtin_dict(struct arena *arena, enum trigger_kind kind,
                         const char *name, const char *text,
                         struct cli_value **dict_r, bool *builtin_r,
                         struct errbuf *err) WARN_UNUSED;

/* The name of what is built in, one after the other; NULL behind the last. */
const char *trigger_builtin_name(enum trigger_kind kind, unsigned i);

#endif
