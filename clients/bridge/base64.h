/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_BASE64_H
#define CLIENTS_BRIDGE_BASE64_H

#include <sys/types.h>

/* Decodes; padding may be missing, and a blank stands for "+" (a form made it
 * so).  -1: not base64, or longer than `size`. */
ssize_t base64_decode(const char *text, char *out, size_t size);

/* With padding; for the caller to free. */
char *base64_encode(const char *data, size_t len);

#endif
