/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the settings come from.  Dovecot 2.3 has all those of plugins in one
 * block.  Dovecot 2.4 must know each name; for that this file is a module of its
 * own there too, for the programs that read the configuration. */
#include "clients/dovecot/compat.h"

#include "clients/dovecot/plugin_settings.h"

#if COMPAT_SETTINGS

#include <settings-parser.h>
#include <settings.h>

struct declared {
    pool_t pool;
    const char *ximss_socket, *ximss_imap_wait, *ximss_pop3_wait,
        *ximss_imap_word, *ximss_confirm, *ximss_pop3, *ximss_pop3_code,
        *ximss_pop3_hint, *ximss_pop3_linger, *ximss_imap_settle;
};

#define STR(name) SETTING_DEFINE_STRUCT_STR(#name, name, struct declared)
static const struct setting_define defines[] = {
    STR(ximss_socket),      STR(ximss_imap_wait),   STR(ximss_pop3_wait),
    STR(ximss_imap_word),   STR(ximss_confirm),     STR(ximss_pop3),
    STR(ximss_pop3_code),   STR(ximss_pop3_hint),   STR(ximss_pop3_linger),
    STR(ximss_imap_settle), SETTING_DEFINE_LIST_END};

static const struct declared defaults = {
    .ximss_socket = "",
    .ximss_imap_wait = "",
    .ximss_pop3_wait = "",
    .ximss_imap_word = "",
    .ximss_confirm = "",
    .ximss_pop3 = "",
    .ximss_pop3_code = "SYS/TEMP",
    .ximss_pop3_hint = "(please wait and retry)",
    .ximss_pop3_linger = "",
    .ximss_imap_settle = "",
};

static const struct setting_parser_info info = {
    .name = "ximss",
    .defines = defines,
    .defaults = &defaults,
    .struct_size = sizeof(struct declared),
    .pool_offset1 = 1 + offsetof(struct declared, pool),
};

/* By these names Dovecot looks. */
extern const char *ximss_settings_version;
extern const struct setting_parser_info *const ximss_settings_set_infos[];
const char *ximss_settings_version = DOVECOT_ABI_VERSION;
const struct setting_parser_info *const ximss_settings_set_infos[] = {&info,
                                                                      NULL};

void
plugin_settings_get(struct mail_user *user, struct plugin_settings *s_r)
{
    const struct declared *d;
    const char *error;

    i_zero(s_r);
    if (settings_get(user->event, &info, 0, &d, &error) < 0) {
        e_error(user->event, "ximss: %s", error);
        return;
    }
    s_r->socket = p_strdup(user->pool, d->ximss_socket);
    s_r->imap_wait = p_strdup(user->pool, d->ximss_imap_wait);
    s_r->pop3_wait = p_strdup(user->pool, d->ximss_pop3_wait);
    s_r->imap_word = p_strdup(user->pool, d->ximss_imap_word);
    s_r->confirm = p_strdup(user->pool, d->ximss_confirm);
    s_r->pop3 = p_strdup(user->pool, d->ximss_pop3);
    s_r->pop3_code = p_strdup(user->pool, d->ximss_pop3_code);
    s_r->pop3_hint = p_strdup(user->pool, d->ximss_pop3_hint);
    s_r->pop3_linger = p_strdup(user->pool, d->ximss_pop3_linger);
    s_r->imap_settle = p_strdup(user->pool, d->ximss_imap_settle);
    settings_free(d);
}

#else

void
plugin_settings_get(struct mail_user *user, struct plugin_settings *s_r)
{
    s_r->socket = mail_user_plugin_getenv(user, "ximss_socket");
    s_r->imap_wait = mail_user_plugin_getenv(user, "ximss_imap_wait");
    s_r->pop3_wait = mail_user_plugin_getenv(user, "ximss_pop3_wait");
    s_r->imap_word = mail_user_plugin_getenv(user, "ximss_imap_word");
    s_r->confirm = mail_user_plugin_getenv(user, "ximss_confirm");
    s_r->pop3 = mail_user_plugin_getenv(user, "ximss_pop3");
    s_r->pop3_code = mail_user_plugin_getenv(user, "ximss_pop3_code");
    s_r->pop3_hint = mail_user_plugin_getenv(user, "ximss_pop3_hint");
    s_r->pop3_linger = mail_user_plugin_getenv(user, "ximss_pop3_linger");
    s_r->imap_settle = mail_user_plugin_getenv(user, "ximss_imap_settle");
}

#endif
