/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_PLUGIN_H
#define CLIENTS_DOVECOT_PLUGIN_H

/* By these names Dovecot looks in a plugin.  It loads none whose version is not its
 * own, and then refuses all log-ins. */

struct module;

extern const char *imap_ximss_plugin_version;
extern const char imap_ximss_plugin_binary_dependency[];
void imap_ximss_plugin_init(struct module *module);
void imap_ximss_plugin_deinit(void);

extern const char *pop3_ximss_plugin_version;
extern const char pop3_ximss_plugin_binary_dependency[];
void pop3_ximss_plugin_init(struct module *module);
void pop3_ximss_plugin_deinit(void);

#endif
