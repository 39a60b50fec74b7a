/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_COMPAT_H
#define CLIENTS_DOVECOT_COMPAT_H

/* Dovecot's headers that all files of the plugins need, and what differs between
 * its versions.  Dovecot 2.3 has the settings of plugins in a block of its own;
 * in 2.4 they are declared like all others (plugin_settings.c).  config.h is
 * Dovecot's here, not ours. */

#include <lib.h>

#include <ioloop.h>
#include <mail-user.h>
#include <module-dir.h>
#include <net.h>

#if DOVECOT_VERSION_MAJOR != 2 || DOVECOT_VERSION_MINOR < 3
#error "The plugins need Dovecot 2.3 or 2.4"
#endif

#define COMPAT_SETTINGS (DOVECOT_VERSION_MINOR >= 4)

#endif
