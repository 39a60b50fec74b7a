/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_DOVECOT_SOURCE_H
#define PASSDB_DOVECOT_SOURCE_H

#include <stdint.h>

#include "passdb/source.h"

/* Dovecot as a source of passwords: its auth-client socket.  By it come all that
 * Dovecot's passdb blocks name: LDAP, SQL, PAM, passwd files, OAuth2. */

struct conn_loop;
struct event_base;

/* How Dovecot, and its manual, call us. */
#define DOVECOT_SERVICE "ximssd"

struct dovecot_source_config {
    const char *socket; /* path; copied */
    int64_t greeting; /* microseconds that Dovecot may take for its greeting */
};

/* Connects, from now on.  Requests that are under way when the connection is lost
 * are asked once more, as long as nothing of an exchange was answered.  While
 * Dovecot is away for longer than a restart takes, requests end at once. */
struct passdb_source *
dovecot_source_new(struct event_base *base, struct conn_loop *loop,
                   const struct dovecot_source_config *config);

#endif
