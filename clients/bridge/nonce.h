/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_NONCE_H
#define CLIENTS_BRIDGE_NONCE_H

#include <stdbool.h>
#include <stdint.h>

#include "clients/bridge/client.h"

/* Nonces for CRAM-MD5: "<NUMBER.TIME.SIGNATURE@HOST>".  They are good for a
 * minute, for one try, and for the address that asked; nothing is kept for
 * one that is not used, and for a used one its number until it is too old.
 *
 * An address has at most as many places for used ones as are left free: one
 * alone gets half of them, two a third each, and however many flood the bridge
 * leave as much to one that has not come yet as they have themselves. */

#define NONCE_SIZE 128
#define NONCE_LIFE INT64_C(60000000) /* microseconds */
#define NONCE_USED 4096              /* tries in a minute; more are refused */
#define NONCE_KEY  32

struct nonces {
    uint8_t key[NONCE_KEY];
    struct {
        uint64_t number;
        int64_t until; /* clock_mono */
        uint8_t net[CLIENT_NET];
    } used[NONCE_USED];
    unsigned n; /* ring: where the next one goes */
};

/* A key that is kept nowhere else. */
void nonce_init(struct nonces *n);

void nonce_make(struct nonces *n, const char *address, int64_t now,
                char out[NONCE_SIZE]);

/* True once for each nonce that was made for the address less than NONCE_LIFE
 * ago; false also if the address has had its share of tries. */
bool nonce_take(struct nonces *n, const char *nonce, const char *address,
                int64_t now);

#endif
