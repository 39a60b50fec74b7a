/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_AUTH_LIST_H
#define XIMSS_SERVER_BASE_AUTH_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/errbuf.h"

/* Where passwords are checked, in order: the setting `auth`, and `Auth` of
 * domains.  Pure functions. */

enum auth_source {
    AUTH_STORE, /* the server's own */
    AUTH_DOVECOT,
    AUTH_PAM
};
#define AUTH_SOURCES 3

struct auth_list {
    enum auth_source item[AUTH_SOURCES]; /* each once */
    unsigned n;                          /* 0: not a list yet */
};

/* "store", "dovecot", "pam". */
const char *auth_source_name(enum auth_source source);

/* Adds a word at the end, in any case of letters.  -1 with err: it is unknown, or
 * stands there already. */
int auth_list_add(struct auth_list *l, const char *word,
                  struct errbuf *err) WARN_UNUSED;
/* Reads words with commas or blanks between them.  -1 with err: the same, or
 * there is none. */
int auth_list_parse(const char *text, struct auth_list *l_r,
                    struct errbuf *err) WARN_UNUSED;

bool auth_list_has(const struct auth_list *l, enum auth_source source);
/* A source outside of the server is in it. */
bool auth_list_is_outside(const struct auth_list *l);

#endif
