/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_DOOR_TEXT_H
#define CLIENTS_DOVECOT_DOOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The text of an alert as part of one line of a mail protocol.  Nothing of
 * Dovecot is used here. */

/* Most bytes of the text in "* NO [ALERT] text": the line stays below 1,000. */
#define DOOR_TEXT_IMAP 900
/* Most bytes of the text in a refusal, and of the whole refusal with its CR LF
 * (RFC 2449, 4). */
#define DOOR_TEXT_POP3      440
#define DOOR_TEXT_POP3_LINE 512

/* Writes the text to `out`, which has room for max + 1 bytes, and a 0 behind
 * it.  Returns the length, at most max (3 or more).
 * - Line ends become " | ", other control characters blanks; there are none at
 *   either end.  Bytes that are not UTF-8 become U+FFFD.  So neither CR nor LF
 *   comes out.
 * - What is too long is cut between two characters, and ends with "…".  So does
 *   a text that came cut (`cut`).
 * - It never ends like the announcement of an IMAP literal ("{5}"): some clients
 *   would read on. */
size_t door_text_line(const char *text, size_t len, bool cut, char *out,
                      size_t max);

/* Writes the refusal "-ERR [code] line hint" without CR LF.  line: as from
 * door_text_line.  code and hint are settings: of the code only what a code may
 * have is written, the hint becomes one line, and "" leaves either out.  If the
 * parts are too long together, the line is cut.  Returns the length. */
size_t door_text_refusal(const char *code, const char *line, const char *hint,
                         char out[DOOR_TEXT_POP3_LINE]);

#endif
