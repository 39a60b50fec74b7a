/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_PROTO_FRAME_H
#define XIMSS_PROTO_FRAME_H

#include <stddef.h>

/* Framing (doc/protocol.md 1): a message is a text and one byte 0; bytes 0 in
 * front of a message are skipped.  In PWD (doc/cli.md 6)
 * it is a line. */

/* Looks for the first complete message in data.  Returns how many bytes are
 * done with: skipped zeros alone (*len_r = 0, *msg_r = NULL: no complete
 * message; the rest is the beginning of one), or up to and with the message's
 * end (*msg_r points into data, *len_r its length without the 0).
 * `scanned`: that many bytes at the start are known to hold no 0 since the
 * last call, so that a message that comes byte by byte is scanned once. */
size_t frame_next(const char *data, size_t len, size_t scanned,
                  const char **msg_r, size_t *len_r);

/* The same for lines: a message ends with a line feed, and a carriage return
 * before that is not part of it.  Nothing is skipped in front of one. */
size_t frame_next_line(const char *data, size_t len, size_t scanned,
                       const char **msg_r, size_t *len_r);

#endif
