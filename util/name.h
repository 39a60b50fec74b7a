/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_NAME_H
#define UTIL_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "util/errbuf.h"

/* Names of accounts and of domains: what can be one, and the one form in which it
 * is kept and compared.  Every door calls this (the server's, ximssctl, the bridge);
 * nothing else decides what a name is.  The normal form of a normal form is the
 * same, byte for byte.  Two names are the same if their normal forms are.
 *
 * An account: what RFC 5321 allows before the "@" without quotes (letters, digits,
 * !#$%&'*+-/=?^_`{|}~, single dots between), and letters and digits of all scripts
 * (RFC 6531), in the form of UsernameCaseMapped (RFC 8265): usual width, small
 * letters, NFC.  Of a sigma, its place says which of the two small ones it is.
 *
 * A domain: letters, digits, "_", "-", single dots between; or labels of IDNA2008,
 * mapped by UTS 46 (nontransitional).  The normal form has A-labels (xn--), which all
 * programs know; name_shown has the others.
 *
 * All functions that return int: 0, or -1 with err: a sentence that says which
 * character is wrong, where, and what is legal. */

/* Bytes of a normal form at most, and with the 0. */
#define NAME_LOCAL_BYTES  128
#define NAME_DOMAIN_BYTES 255
#define NAME_LOCAL_SIZE   (NAME_LOCAL_BYTES + 1)
#define NAME_DOMAIN_SIZE  (NAME_DOMAIN_BYTES + 1)
#define NAME_ADDRESS_SIZE (NAME_LOCAL_BYTES + 1 + NAME_DOMAIN_BYTES + 1)

/* The normal form of an account's name. */
int name_local(const char *s, char out[NAME_LOCAL_SIZE],
               struct errbuf *err) WARN_UNUSED;
/* The normal form of a domain's name. */
int name_domain(const char *s, char out[NAME_DOMAIN_SIZE],
                struct errbuf *err) WARN_UNUSED;
/* Of "name", or of "name@domain". */
int name_address(const char *s, char out[NAME_ADDRESS_SIZE],
                 struct errbuf *err) WARN_UNUSED;

/* The same for what is about to be made, with more asked of it: that it does not
 * look like another.  What exists already need not pass. */
int name_new_local(const char *s, char out[NAME_LOCAL_SIZE],
                   struct errbuf *err) WARN_UNUSED;
/* Of a domain. */
int name_new_domain(const char *s, char out[NAME_DOMAIN_SIZE],
                    struct errbuf *err) WARN_UNUSED;

/* Whether it can be a name, or "name@domain", at all. */
bool name_is_address(const char *s);

/* The key by which something that may be no name is compared and counted: the normal
 * form of name@domain, or, if there is none, the text with small ASCII letters.  The
 * caller frees. */
char *name_key(const char *s);
/* The same of a domain. */
char *name_domain_key(const char *s);

/* Whether both have the same normal form, or are the same bytes. */
bool name_is_same(const char *a, const char *b);

/* What a part of a name of an account is looked for by: mapped as names are, without a
 * check.  The caller frees. */
char *name_part(const char *s);
/* Whether such a part is in a name in normal form. */
bool name_has_part(const char *name, const char *part);

/* "name", "domain" or "name@domain" as people read it: with U-labels for the
 * A-labels, if these are right ones, and no new domain would be refused for looking like
 * another.  The caller frees. */
char *name_shown(const char *s);

#endif
