/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_IMPORT_PASSWD_H
#define CLIENTS_CTL_IMPORT_PASSWD_H

#include <stdbool.h>

struct batch;

/* For the batch of a struct import: takes the next line of a passwd-file or a
 * shadow file.  False: there is none. */
bool import_passwd_next(struct batch *b);

#endif
