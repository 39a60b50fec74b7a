/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_CONFIG_VALUE_H
#define UTIL_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/socket.h>

#include "util/address.h"
#include "util/buf.h"
#include "util/errbuf.h"

/* The types of values in the configuration: text to value and back.  A value
 * lives in a slot, a member of the program's struct, of the C type named here;
 * a zeroed slot is valid and empty. */
enum config_type {
    CONFIG_TEXT,   /* char *, owned, never NULL once parsed */
    CONFIG_PATH,   /* the same; absolute, or empty where min is 0 */
    CONFIG_BOOL,   /* bool */
    CONFIG_NUMBER, /* unsigned */
    CONFIG_BYTES,  /* size_t; K, M, G */
    CONFIG_TIME,   /* int64_t, microseconds; ms, s, m, h, d */
    CONFIG_CHOICE, /* an enum: the index of the word */
    CONFIG_LISTEN, /* struct config_listen */
    CONFIG_NETS,   /* struct config_nets */
    CONFIG_TEXTS   /* struct config_texts */
};

/* What a value may be.  min and max: of the number, of the time in
 * microseconds, of the length of a text. */
struct config_spec {
    enum config_type type;
    unsigned long long min, max;
    const char *const *choices; /* of CONFIG_CHOICE; ends with NULL */
};

struct config_listen {
    struct config_address {
        char *host;    /* of address_print, owned; NULL: all, IPv4 and IPv6 */
        uint16_t port; /* 0: a free one */
    } * items;         /* owned */
    size_t count;
};

/* Appends it with another port than its own: 192.0.2.1:80, [2001:db8::1]:80,
 * *:80. */
void config_address_print(const struct config_address *a, uint16_t port,
                          struct buf *out);

/* True if it is one of them, however it was written. */
bool config_listen_holds(const struct config_listen *l,
                         const struct config_address *a);

/* True if one that is not port 0 stands twice in n lists. */
bool config_listen_repeats(const struct config_listen *const lists[], size_t n);

struct config_nets {
    struct config_net {
        uint8_t address[ADDRESS_BYTES];
        unsigned bits; /* that count, of 128 */
    } * items;         /* owned */
    size_t count;
};

/* True if the address (AF_INET or AF_INET6) is in one of the nets. */
bool config_nets_hold(const struct config_nets *nets,
                      const struct sockaddr *address);
/* The same for an address in bytes (address.h). */
bool config_nets_hold_bytes(const struct config_nets *nets,
                            const uint8_t address[ADDRESS_BYTES]);

struct config_texts {
    char **items; /* owned */
    size_t count;
};

/* True if values of this type are lists. */
bool config_type_is_list(enum config_type type);

/* Parses one value into the slot: a list grows by it, another value is
 * replaced.  -1: the slot is as before, and err says what was found and what
 * is allowed. */
int config_value_parse(const struct config_spec *spec, const char *text,
                       void *slot, struct errbuf *err) WARN_UNUSED;

/* The error that such a value is, with what is allowed, and how it is written
 * if that is clear: "10 minutes" is 10m.  -1. */
int config_value_refuse(const struct config_spec *spec, const char *text,
                        struct errbuf *err);

/* Appends the value as a configuration file has it (quoted where needed). */
void config_value_print(const struct config_spec *spec, const void *slot,
                        struct buf *out);

/* Frees what the slot owns and zeroes it. */
void config_value_clear(const struct config_spec *spec, void *slot);

/* Replaces what is in `to` by a copy. */
void config_value_copy(const struct config_spec *spec, void *to,
                       const void *from);

/* True if the two slots have the same value. */
bool config_value_is_equal(const struct config_spec *spec, const void *a,
                           const void *b);

/* Appends what is allowed, for people: "a size from 1K to 64M". */
void config_spec_print(const struct config_spec *spec, struct buf *out);

#endif
