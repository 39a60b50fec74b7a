/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_NAME_FIELD_H
#define CLIENTS_CTL_NAME_FIELD_H

/* What stands in a file where an account is named.  In a file with other separators,
 * or with its columns in another order, that is a password or a whole record: nearly
 * all signs may be in names.  What is refused here is to be shown to nobody. */

enum {
    NAME_FIELD_ALONE = 1, /* the record has no other field */
    NAME_FIELD_PASSWD = 2 /* of a passwd-file or a shadow file */
};

/* Why it is not taken for a name ("name" or "name@domain"; flags: of the enum above);
 * NULL: it is.  The text shows nothing of it. */
const char *name_field_refusal(const char *name, unsigned flags);

#endif
