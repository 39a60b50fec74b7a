/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_TRIGGER_DEF_H
#define XIMSS_SERVER_RULES_TRIGGER_DEF_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/arena.h"
#include "util/errbuf.h"
#include "ximss/proto/cli_data.h"
#include "ximss/server/rules/trigger_rule.h"

/* What triggers and handlers are: dictionaries of the CLI's data format
 * (ximss-cli(7)), as an administrator sets them, and as the server works with
 * them.  Everything lives in the arena. */

#define TRIGGER_MASTERS "masters" /* the handler that is built in */

/* So many of one list: handlers, addresses, accounts, arguments. */
#define TRIGGER_LIST_MOST 64

struct trigger_list {
    const char **item;
    unsigned n;
};

struct trigger_def {
    const char *name; /* in small letters */
    bool builtin, enabled;
    const char *element,
        *of; /* of: the value is in per cent of it; NULL: not */
    struct trigger_rule rule;
    enum alert_severity severity;
    struct trigger_list handlers;
    const char *text, *over_text; /* templates (notify/notice_text.h) */
};

struct handler_def {
    const char *name;
    bool builtin, enabled;
    bool masters; /* accounts: all that hold Master, besides */
    bool over;    /* tells also when a trigger is over */
    bool json;    /* POST of an object; else GET */
    struct trigger_list accounts, command;
    const char *mail, *url;     /* addresses with commas; NULL: none */
    const char *secret;         /* signs the URL's; NULL: none */
    const char *subject, *text; /* templates; text NULL: the trigger's */
    unsigned limit;             /* begins in a period */
    int64_t period_us;
};

/* Takes a dictionary for what it says.  -1 with err, which names the key: it is
 * not known, its value is none, or does not go with another.  Names of handlers
 * are not looked up. */
int trigger_def_read(struct arena *arena, const char *name,
                     const struct cli_value *dict, struct trigger_def *d_r,
                     struct errbuf *err) WARN_UNUSED;
int handler_def_read(struct arena *arena, const char *name,
                     const struct cli_value *dict, struct handler_def *d_r,
                     struct errbuf *err) WARN_UNUSED;

bool trigger_list_has(const struct trigger_list *l, const char *name);

#endif
