/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_COMMAND_H
#define XIMSS_SERVER_CLI_ADMIN_COMMAND_H

#include <stddef.h>

#include "storage/store.h"
#include "ximss/server/cli/admin_live.h"

/* The commands of the CLI.
 *
 * A command is a row of a const table and a function.  The function reads its
 * arguments one after the other, checks rights, then acts, and returns
 * - STORE_OK: done; the answer is 200 unless it says otherwise;
 * - STORE_REFUSED: the answer says why, nothing was changed;
 * - STORE_FULL, STORE_ERROR: the job fails. */

struct admin_call;
typedef enum store_result admin_run_fn(struct admin_call *c,
                                       struct errbuf *err);

enum admin_command_flags {
    ADMIN_CHANGES = 1 << 0, /* each attempt goes into the audit log */
    ADMIN_HIDDEN = 1 << 1,  /* not listed, unknown without test hooks */
    ADMIN_ACTS = 1 << 3,    /* changes something, too, but is nothing for the
                               audit log */
    ADMIN_ALONE = 1 << 2    /* may take several jobs: see admin_plan_is_alone */
};

/* Where a line of the command may have a password that is to be hashed. */
enum admin_password_place {
    ADMIN_NO_PASSWORD,
    ADMIN_PASSWORD_SET,    /* name PASSWORD pw: it is to be the account's */
    ADMIN_PASSWORD_CHECK,  /* the same: it is to be checked */
    ADMIN_PASSWORD_SETTING /* in a dictionary of settings */
};

struct admin_command {
    const char *name; /* in upper case */
    admin_run_fn *run;
    unsigned flags;
    int detail; /* what tells it from others with the same function */
    enum admin_live_command live;
    enum admin_password_place password;
};

struct admin_family {
    const struct admin_command *commands;
    size_t n;
};

/* A row of a command that changes something. */
#define ADMIN_CHANGE(NAME, function, what)                     \
    {                                                          \
        .name = NAME, .run = function, .flags = ADMIN_CHANGES, \
        .detail = (int)(what)                                  \
    }

/* The same, of one that may come with the password of an account. */
#define ADMIN_CHANGE_WITH(NAME, function, what, place)         \
    {                                                          \
        .name = NAME, .run = function, .flags = ADMIN_CHANGES, \
        .detail = (int)(what), .password = place               \
    }

extern const struct admin_family admin_alert_family;
extern const struct admin_family admin_audit_family;
extern const struct admin_family admin_list_family;
extern const struct admin_family admin_domain_family;
extern const struct admin_family admin_domain_settings_family;
extern const struct admin_family admin_account_family;
extern const struct admin_family admin_alias_family;
extern const struct admin_family admin_group_family;
extern const struct admin_family admin_forwarder_family;
extern const struct admin_family admin_account_settings_family;
extern const struct admin_family admin_account_rights_family;
extern const struct admin_family admin_password_family;
extern const struct admin_family admin_domain_state_family;
extern const struct admin_family admin_prefs_family;
extern const struct admin_family admin_session_family;
extern const struct admin_family admin_device_family;
extern const struct admin_family admin_token_family;
extern const struct admin_family admin_stat_family;
extern const struct admin_family admin_system_family;
extern const struct admin_family admin_absent_family;
extern const struct admin_family admin_server_family;
extern const struct admin_family admin_backup_family;
extern const struct admin_family admin_usage_family;
extern const struct admin_family admin_outside_family;
extern const struct admin_family admin_trigger_family;

/* All families; ends with NULL. */
extern const struct admin_family *const admin_families[];

/* The command of that name, in upper case; NULL: there is none. */
const struct admin_command *admin_command_find(const char *name);

#endif
