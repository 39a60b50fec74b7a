/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_CONFIG_PROBE_H
#define UTIL_CONFIG_PROBE_H

#include <stdbool.h>

#include "util/config_value.h"
#include "util/errbuf.h"

/* Whether what a configuration names can work on this machine: --check-config
 * of the programs that run as services.  0, or -1 with err that begins with the
 * key.  Nothing is changed, and nothing waits. */

int config_probe_user(const char *key, const char *user, struct errbuf *err);
/* By name or number, and we may give files to it. */
int config_probe_group(const char *key, const char *group, struct errbuf *err);

/* The directory, or what is there of it, is one in which we may make files. */
int config_probe_directory(const char *key, const char *path,
                           struct errbuf *err);

/* A UNIX socket can be made there, or is there; "" is well. */
int config_probe_socket(const char *key, const char *path, struct errbuf *err);
/* A file that can be read, or made; "" is well. */
int config_probe_file(const char *key, const char *path, struct errbuf *err);

/* Each address can be listened on.  One that is in use is told: is_running says
 * that the program runs, and it is its own. */
int config_probe_listen(const char *key, const struct config_listen *l,
                        bool is_running, struct errbuf *err);

/* A UNIX socket of another program, to which we may connect; "" is well. */
int config_probe_peer(const char *key, const char *path, struct errbuf *err);

/* True if somebody listens on the UNIX socket, or it may not be asked. */
bool config_probe_is_served(const char *path);

#endif
