/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTICE_JSON_H
#define NOTIFY_NOTICE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

/* Appends UTF-8 as it stands within a string of JSON, without the quotes. */
void notice_json_escape(struct buf *out, const char *text, size_t len);

/* Whether it is one value of JSON (RFC 8259), at most 16 levels deep. */
bool notice_json_is_valid(const char *text, size_t len);

#endif
