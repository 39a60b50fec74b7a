/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ALIAS_RENEW_H
#define XIMSS_SERVER_LIVE_ALIAS_RENEW_H

#include <stdint.h>

struct worker;

/* Verifiers of aliases (storage/tables.h), made in the background whenever a
 * clear password is known to be right. */

/* What is in work, of the whole server. */
struct alias_renew;

struct alias_renew *alias_renew_new(void);
/* Nothing may be in work. */
void alias_renew_free(struct alias_renew **r);

/* Makes those that the account lacks, ALIAS_RENEW_MOST of them at most, if that
 * is (still) its password; the text is copied.  Returns at once.  Nobody waits
 * for it: in the hash pool all of them together have one share.  Where too much
 * is in work already, nothing is done: there will be another log-in. */
#define ALIAS_RENEW_MOST 16
void alias_renew(struct worker *w, uint64_t lane, uint64_t account,
                 const char *password);

#endif
