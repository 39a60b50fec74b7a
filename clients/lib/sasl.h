/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_SASL_H
#define CLIENTS_LIB_SASL_H

#include <stdbool.h>

#include "util/errbuf.h"

/* The client's side of one SASL exchange, in base64, by GNU SASL. */
struct sasl;

/* user and password may be NULL where the mechanism needs none.  NULL: the
 * mechanism is not known here. */
struct sasl *sasl_new(const char *mechanism, const char *user,
                      const char *password, struct errbuf *err) WARN_UNUSED;

/* Wipes the password; *s may be NULL. */
void sasl_free(struct sasl **s);

/* True if the client speaks first in this mechanism and has something to say:
 * sasl_step with "" gives it. */
bool sasl_is_first(const struct sasl *s);

/* Answers a challenge ("" for none).  *answer_r: base64, to be given to
 * sasl_wipe.  -1: the challenge is wrong, or the server proved not to know the
 * password. */
int sasl_step(struct sasl *s, const char *challenge, char **answer_r,
              struct errbuf *err) WARN_UNUSED;

/* The server may now say that we are logged in: for mechanisms where it has to
 * prove something (SCRAM), only after its proof was checked. */
bool sasl_may_end(const struct sasl *s);

/* Wipes and frees a string; *text may be NULL. */
void sasl_wipe(char **text);

#endif
