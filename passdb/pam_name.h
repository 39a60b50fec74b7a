/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_NAME_H
#define PASSDB_PAM_NAME_H

#include <stdbool.h>

/* Names that PAM is asked for, and those of its services. */

/* In a format, %u stands for the whole address, %n for what is before the @.
 * True if one of them is there, and no other %. */
bool pam_name_format_is_good(const char *format);

/* The name of user (name@domain) in PAM; the caller frees.  NULL: PAM is not asked
 * for such a name. */
char *pam_name_make(const char *format, const char *user);

/* Names of services are names of files: letters, digits, "-", "_" and ".". */
bool pam_name_service_is_good(const char *service);

#endif
