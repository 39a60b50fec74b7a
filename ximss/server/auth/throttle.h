/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_THROTTLE_H
#define XIMSS_SERVER_AUTH_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Slows failed log-ins.
 *
 * Failures are counted for each pair (name, address) and for each address, and
 * never for a name alone: nobody can lock another out by failing under their name.
 * A pair that had a success not long ago is known good: it is held up by its
 * own failures only, not by those of others behind the same address.
 *
 * A count falls by one every `decay`.  The first `free` failures cost nothing;
 * from the next on, the next try must wait base, 2*base, 4*base, ... up to max
 * after the last failure (or until the count is zero, if that is sooner).
 *
 * Names are as name_key gives them, known or unknown; NULL where none is known (a
 * malformed message): that counts for the address alone.  A failure by name+detail
 * counts as one by name.  A success by it forgives none of these, since name may be
 * another account: known good is the whole name.  Addresses are text: an IPv6 address stands for its /64, an IPv4-mapped one for the IPv4 address,
 * anything else ("local:0") for itself.  Times are microseconds of clock_mono, above 0.
 * Memory is bounded (24 bytes an entry); if it is full, what would be forgotten
 * soonest goes.  Names are not kept, only keyed hashes.  Any thread.
 *
 * Tries that run at the same time are all let in; login_slots.h says how many of
 * one address that may be, and attempt_guess.c how many that sources outside
 * answer. */

struct throttle_rule {
    unsigned free;    /* failures that cost nothing */
    int64_t base_us;  /* wait after the first failure beyond those; 0: off */
    int64_t max_us;   /* longest wait */
    int64_t decay_us; /* a failure is forgotten after so long, at least 1 */
};

struct throttle_limits {
    struct throttle_rule pair;
    struct throttle_rule address;
    struct throttle_rule network; /* decay_us 0: there is none */
    int64_t known_good_us;        /* how long a success counts */
    size_t max_entries; /* of each kind: pairs, addresses, known good */
};

/* 5 free, then 1 s to 5 min (one forgotten every 5 min) for a pair; 50 free,
 * then 100 ms to 30 s (10 s) for an address; 500 free, then the same (1 s) for
 * an IPv6 network; known good for 30 days; 65,536. */
extern const struct throttle_limits throttle_defaults;

struct throttle;

struct throttle *throttle_new(const struct throttle_limits *limits);

/* 0: try; else how long until a try is allowed (the caller answers 525, or
 * waits, without looking at the password). */
int64_t throttle_delay(struct throttle *t, const char *name,
                       const char *address, int64_t mono_now);

/* A try failed. */
void throttle_failed(struct throttle *t, const char *name, const char *address,
                     int64_t mono_now);

/* A try succeeded: the pair's failures are forgotten and it is known good.
 * The address's failures stay, else one good account would buy any number of
 * guesses at others. */
void throttle_succeeded(struct throttle *t, const char *name,
                        const char *address, int64_t mono_now);

/* How many more tries could fail before one has to wait; UINT_MAX: any number.  Of
 * the pair, or without a name of the address and its network. */
unsigned throttle_free_tries(struct throttle *t, const char *name,
                             const char *address, int64_t mono_now);

/* The pair is known good. */
bool throttle_is_known(struct throttle *t, const char *name,
                       const char *address, int64_t mono_now);

/* A number that stands for the pair, as throttle_address for an address. */
uint64_t throttle_pair(const struct throttle *t, const char *name,
                       const char *address);

/* A number that stands for the address as it counts here: the same for all of
 * an IPv6 network, and never to be guessed. */
uint64_t throttle_address(const struct throttle *t, const char *address);

/* The same for all of an IPv6 network of 48 bits, which may be one customer's
 * and has 65,536 addresses as they count here. */
uint64_t throttle_network(const struct throttle *t, const char *address);

/* Puts other limits in force (SIGHUP); max_entries stays as it was. */
void throttle_set_limits(struct throttle *t,
                         const struct throttle_limits *limits);

void throttle_free(struct throttle **t);

#endif
