/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_WIRE_H
#define PASSDB_PAM_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* What the server and ximss-pam say to each other, on a socketpair of the type
 * SOCK_SEQPACKET: a message is a packet, whole or not there.  So whoever takes
 * the place of a program that died begins with a whole message, too.
 *
 *   message = type id field*       one byte; 4 bytes, big-endian
 *   field   = length byte*         2 bytes, big-endian; no byte is 0
 *
 *   hello   server <- program   id 0; version.  The first message, and again
 *                               whenever the program was started anew: then
 *                               what was asked before may be lost.
 *   ask     server -> program   user, password, address (empty: none)
 *   cancel  server -> program   nobody wants the answer; one comes all the same
 *   answer  server <- program   one letter (enum pam_wire_answer), why (may be empty)
 *
 * The server chooses ids; each ask is answered once.  It never has more asks
 * without an answer than the number of processes that it gave the program. */

#define PAM_WIRE_VERSION "1"

/* Longest fields.  511: PAM takes no longer answer (PAM_MAX_RESP_SIZE), and some
 * modules would cut it and compare what is left. */
#define PAM_WIRE_USER     511
#define PAM_WIRE_PASSWORD 511
#define PAM_WIRE_ADDRESS  63
#define PAM_WIRE_WHY      127
#define PAM_WIRE_FIELDS   3
/* The longest message. */
#define PAM_WIRE_MOST                                              \
    (5 + 2 * PAM_WIRE_FIELDS + PAM_WIRE_USER + PAM_WIRE_PASSWORD + \
     PAM_WIRE_ADDRESS)

/* Most checks at once. */
#define PAM_WIRE_PROCESSES 256

enum pam_wire_type {
    PAM_WIRE_HELLO = 'h',
    PAM_WIRE_ASK = 'a',
    PAM_WIRE_CANCEL = 'c',
    PAM_WIRE_ANSWER = 'r'
};

enum pam_wire_answer {
    PAM_WIRE_OK = 'O',
    PAM_WIRE_WRONG = 'W',
    PAM_WIRE_UNKNOWN = 'U',
    PAM_WIRE_DISABLED = 'D',
    PAM_WIRE_AWAY = 'A',
    PAM_WIRE_BUSY = 'B'
};

/* A message.  Strings are never NULL when read; in what is written, NULL stands
 * for "". */
struct pam_wire_message {
    enum pam_wire_type type;
    uint32_t id;
    union {
        const char *version; /* of PAM_WIRE_HELLO */
        struct {
            const char *user, *password, *address;
        } ask;
        struct {
            enum pam_wire_answer answer;
            const char *why;
        } answer;
    } u;
};

/* Writes the message; its length, or 0 if a field is too long, or one that may
 * not be empty is (user, password, version). */
size_t pam_wire_write(const struct pam_wire_message *m,
                      uint8_t out[PAM_WIRE_MOST]);

/* Where the strings of a message that was read are. */
struct pam_wire_text {
    char bytes[PAM_WIRE_MOST];
};

/* Reads a packet.  The strings are in `text`, which the caller wipes if it is an
 * ask.  0, or -1: it is no message. */
int pam_wire_read(const uint8_t *packet, size_t len, struct pam_wire_message *m,
                  struct pam_wire_text *text);

#endif
