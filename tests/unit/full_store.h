/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_FULL_STORE_H
#define TESTS_UNIT_FULL_STORE_H

#include <stddef.h>
#include <stdint.h>

/* A store with something in each table: domain 1, a.test, with the alias b;
 * its account 1, joe, with the alias z and its verifier, a state, preferences,
 * usage, a ticket and the token T; its group g; alert 1, to the domain, with an
 * end and a post key; a line of the audit; the name of the main domain. */

/* A checked fixture, like fixture_setup; fixture_teardown ends it. */
void full_store_setup(void);

/* The bytes of a text in hexadecimal, with blanks anywhere between bytes; how
 * many. */
size_t full_store_hex(const char *hex, uint8_t *out);

/* Numbers in such texts. */
#define N0 "0000000000000000"
#define N1 "0000000000000001"
#define N9 "0000000000000009"

#endif
