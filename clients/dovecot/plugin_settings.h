/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_PLUGIN_SETTINGS_H
#define CLIENTS_DOVECOT_PLUGIN_SETTINGS_H

struct mail_user;

/* The settings as they stand in Dovecot's configuration; NULL: not set. */
struct plugin_settings {
    const char *socket, *imap_wait, *imap_settle, *pop3_wait, *imap_word,
        *confirm, *pop3, *pop3_code, *pop3_hint, *pop3_linger;
};

/* The strings live as long as the user. */
void plugin_settings_get(struct mail_user *user, struct plugin_settings *s_r);

#endif
