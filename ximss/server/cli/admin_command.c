/* SPDX-License-Identifier: BSD-2-Clause */
/* The families of commands: each is the table of a file cmd_*.c. */
#include "config.h"

#include "ximss/server/cli/admin_command.h"

#include <string.h>

const struct admin_family *const admin_families[] = {
    &admin_alert_family,
    &admin_list_family,
    &admin_domain_family,
    &admin_domain_settings_family,
    &admin_account_family,
    &admin_alias_family,
    &admin_group_family,
    &admin_forwarder_family,
    &admin_account_settings_family,
    &admin_password_family,
    &admin_account_rights_family,
    &admin_domain_state_family,
    &admin_prefs_family,
    &admin_session_family,
    &admin_device_family,
    &admin_token_family,
    &admin_stat_family,
    &admin_usage_family,
    &admin_outside_family,
    &admin_audit_family,
    &admin_trigger_family,
    &admin_system_family,
    &admin_server_family,
    &admin_backup_family,
    &admin_absent_family,
    NULL,
};

const struct admin_command *
admin_command_find(const char *name)
{
    for (size_t f = 0; admin_families[f] != NULL; f++) {
        for (size_t i = 0; i < admin_families[f]->n; i++) {
            const struct admin_command *k = &admin_families[f]->commands[i];

            if (strcmp(k->name, name) == 0)
                return k;
        }
    }
    return NULL;
}
