/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_PASSWD_LINE_H
#define CLIENTS_CTL_PASSWD_LINE_H

#include <stdbool.h>

/* A line of a passwd-file of Dovecot (user:hash:uid:gid:gecos:home:shell:extra)
 * or of a shadow file (user:hash:days...).  Fields may be missing. */

struct passwd_line {
    const char *name, *hash; /* hash "": there is none to take */
    char *real_name;         /* of gecos, up to its first comma; "": none */
    bool is_locked;          /* "!" or "*" stands where a hash should be */
};

/* Cuts the text, which is changed and borrowed. */
void passwd_line_cut(struct passwd_line *l, char *text, bool is_shadow);

#endif
