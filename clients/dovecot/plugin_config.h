/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_PLUGIN_CONFIG_H
#define CLIENTS_DOVECOT_PLUGIN_CONFIG_H

#include <stdbool.h>

#include "clients/dovecot/door_choice.h"

struct mail_user;

/* What an operator has set for the plugins, and may set for single users. */
struct plugin_config {
    const char *socket;      /* ximss_socket; NULL: no door for this user */
    unsigned imap_wait;      /* ximss_imap_wait, in milliseconds */
    unsigned imap_settle;    /* ximss_imap_settle */
    unsigned pop3_wait;      /* ximss_pop3_wait */
    unsigned pop3_linger;    /* ximss_pop3_linger */
    enum door_word word;     /* ximss_imap_word */
    bool attended_only;      /* ximss_confirm */
    unsigned refusals;       /* ximss_pop3 */
    const char *code, *hint; /* ximss_pop3_code, ximss_pop3_hint */
};

/* The strings live as long as the user.  What is not valid is logged, and the
 * default counts: a mistake here never stops mail. */
void plugin_config_read(struct mail_user *user, struct plugin_config *c_r);

#endif
