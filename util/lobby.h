/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_LOBBY_H
#define UTIL_LOBBY_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

/* Who is connected, by address, and who of them gives way.
 *
 * Connections that have not shown yet who they are wait; when a limit is
 * reached, one of them makes room for the next: of the address that comes, or
 * of its network, if that has reached its own limit; else of the address or
 * network that holds most, if that is many; else whoever said nothing for some
 * seconds, the oldest first; else the oldest.  Who does not wait is never sent
 * away.  Any thread. */

/* An address as it counts: IPv4 (mapped or not) by its 32 bits, IPv6 by its
 * first 64, the local socket by its user. */
struct lobby_key {
    uint8_t bytes[16];
};

#define LOBBY_KEY_TEXT_SIZE 64

/* AF_INET and AF_INET6; anything else is user `uid` of the local socket. */
void lobby_key_set(struct lobby_key *k, const struct sockaddr *sa,
                   unsigned uid);
/* User `uid` of another local socket, whose connections have a limit of their
 * own, and no share of the descriptors that are for the first one. */
void lobby_key_set_door(struct lobby_key *k, unsigned uid);
/* A proxy's, for many: limits of one address do not hold, and that it has many
 * is no reason to send one away. */
void lobby_key_set_shared(struct lobby_key *k);
/* "192.0.2.1", "2001:db8::/64", "2001:db8::/48", "local:0",
 * "door:5000". */
void lobby_key_format(const struct lobby_key *k, char out[LOBBY_KEY_TEXT_SIZE]);

struct lobby_limits { /* 0: no limit */
    unsigned all, address, new_all, new_address;
    /* Descriptors that connections may take, whoever has them, but for those
     * that are the local socket's alone, for root and the user that we run as.
     * The other limits do not concern that socket, nor the other local one,
     * whose connections are not counted in `all` either. */
    unsigned descriptors, local;
    /* Of an IPv6 network of 48 bits, which may be one customer's, and has 65,536
     * addresses as they count here. */
    unsigned network, new_network;
};

/* Descriptors that connections may take beyond that for a moment, while those
 * that were sent away are closed. */
#define LOBBY_CLOSING 16

struct lobby;
struct lobby_guest; /* a connection that waits, or may wait again */

/* A lobby without limits and without guests, which the caller owns. */
struct lobby *lobby_new(void);
/* A number for all connections of an IPv4 address, or of an IPv6 network of 48
 * bits; nobody outside can tell which of these fall together. */
uint64_t lobby_crowd(const struct lobby *r, const struct lobby_key *key);
/* Frees the lobby, which must be empty, and sets *r to NULL.  NULL is
 * allowed. */
void lobby_free(struct lobby **r);
/* Replaces the limits; guests that are in stay.  l is copied. */
void lobby_set_limits(struct lobby *r, const struct lobby_limits *l);

/* A new connection.  NULL: there is no room, and nothing was counted.  owner,
 * arg: for lobby_next_sent_away, borrowed.  *away_r: the owner of one that was
 * sent away, who is to ask lobby_next_sent_away now; else NULL. */
struct lobby_guest *lobby_enter(struct lobby *r, const struct lobby_key *key,
                                void *owner, void *arg, int64_t mono_now,
                                void **away_r);

/* It turns out to come from somewhere else.  False: no room there; it is still
 * to leave.  Not for one that was sent away: true. */
bool lobby_move(struct lobby *r, struct lobby_guest *g,
                const struct lobby_key *key, int64_t mono_now, void **away_r);

/* It belongs to somebody else now; owner NULL: to nobody for a while. */
void lobby_set_owner(struct lobby *r, struct lobby_guest *g, void *owner,
                     void *arg);

/* Something of sense has come from it. */
void lobby_spoke(struct lobby *r, struct lobby_guest *g);
/* It does not wait, or waits again, from now on. */
void lobby_busy(struct lobby *r, struct lobby_guest *g);
/* It waits again from now on. */
void lobby_idle(struct lobby *r, struct lobby_guest *g, int64_t mono_now);

/* It does not wait any more, for good, even if it was to go: it stays counted,
 * and leaves by lobby_leave_settled.  Frees g.  Not behind
 * lobby_next_sent_away. */
void lobby_settle(struct lobby *r, struct lobby_guest **g);
/* A settled connection is closed. */
void lobby_leave_settled(struct lobby *r, const struct lobby_key *key);
/* A connection that was not settled is closed.  Frees *g, and sets it to
 * NULL. */
void lobby_leave(struct lobby *r, struct lobby_guest **g);

/* The arg of one of the owner's that was sent away and has not been given out
 * yet; it is to be closed.  NULL: none. */
void *lobby_next_sent_away(struct lobby *r, const void *owner);

/* What happened since this was last told. */
struct lobby_news {
    unsigned sent_away, refused;
    struct lobby_key from; /* of the last one */
};

/* True, once in a minute, if there are news. */
bool lobby_tell(struct lobby *r, int64_t mono_now, struct lobby_news *news_r);

#endif
