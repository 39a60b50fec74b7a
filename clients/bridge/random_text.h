/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_RANDOM_TEXT_H
#define CLIENTS_BRIDGE_RANDOM_TEXT_H

#include <stddef.h>

/* The system's randomness.  Without it the process ends. */
void random_bytes(void *out, size_t n);

/* n characters of A-Z, a-z, 0-9, and a 0. */
void random_text(char *out, size_t n);

#endif
