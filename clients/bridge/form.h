/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_FORM_H
#define CLIENTS_BRIDGE_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* Parameters of a query or of a form's body: NAME=VALUE&…, percent-encoded,
 * "+" for a blank.  Names are found without regard to case; of several with
 * one name the first counts. */

#define FORM_MOST 64 /* further ones are ignored */

struct form {
    struct form_field {
        char *name, *value; /* owned; value NULL: it is not UTF-8 text */
    } fields[FORM_MOST];
    size_t n;
    bool takes_bytes; /* set before: a value that is not UTF-8 is the text that
                         text_to_utf8 makes of it */
};

/* Adds the fields of a text to those that are there. */
void form_parse(struct form *f, const char *text, size_t len);
/* Wipes (there may be a password) and frees. */
void form_clear(struct form *f);

/* NULL: not given, or not text. */
const char *form_get(const struct form *f, const char *name);
/* How often it was given. */
size_t form_count(const struct form *f, const char *name);
/* Given, but not as text: bytes that nothing can be meant by. */
bool form_is_garbled(const struct form *f, const char *name);
/* True for "1", "yes", "true". */
bool form_is_on(const struct form *f, const char *name);
/* A whole number; dflt where it is missing, empty, or no number.  Numbers
 * beyond `most` count as `most`. */
unsigned long long form_number(const struct form *f, const char *name,
                               unsigned long long dflt,
                               unsigned long long most);

#endif
