/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_MESSAGE_H
#define NOTIFY_NOTIFY_MESSAGE_H

#include <stdint.h>

#include "util/buf.h"

/* A message as RFC 5322 has it, with lines that end as those of a file. */

struct notify_message {
    const char *from;    /* an address */
    const char *to;      /* addresses, with "," between, and blanks */
    const char *subject; /* UTF-8 without controls */
    const char *body;    /* UTF-8 */
    const char *id;      /* what stands before the "@" of its id */
    int64_t date;        /* of clock_now */
};

/* Appends it.  Everything was checked (notify_mail.h). */
void notify_message_make(struct buf *out, const struct notify_message *m);

#endif
