/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_WAITING_ROOM_H
#define UTIL_WAITING_ROOM_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

/* Who is connected, by address, and who of them gives way.
 *
 * Connections that have not shown yet who they are wait; when a limit is
 * reached, one of them makes room for the next: of the address that comes, if
 * that has reached its own limit; else of the address that holds most, if that
 * is many; else whoever said nothing for some seconds, the oldest first; else
 * the oldest.  Who does not wait is never sent away.  Any thread. */

/* An address as it counts: IPv4 (mapped or not) by its 32 bits, IPv6 by its
 * first 64, the local socket by its user. */
struct room_key {
    uint8_t bytes[16];
};

#define ROOM_KEY_TEXT_SIZE 64

/* AF_INET and AF_INET6; anything else is user `uid` of the local socket. */
void room_key_set(struct room_key *k, const struct sockaddr *sa, unsigned uid);
bool room_key_is_local(const struct room_key *k);
/* "192.0.2.1", "2001:db8::/64", "local:0". */
void room_key_format(const struct room_key *k, char out[ROOM_KEY_TEXT_SIZE]);

struct room_limits { /* 0: no limit */
    unsigned all, address, new_all, new_address;
    /* Descriptors that connections may take, whoever has them, but for those
     * that are the local socket's alone: the other limits do not concern it. */
    unsigned descriptors, local;
};

/* Descriptors that connections may take beyond that for a moment, while those
 * that were sent away are closed. */
#define ROOM_CLOSING 16

struct room;
struct room_guest; /* a connection that waits, or may wait again */

struct room *room_new(void);
void room_free(struct room **r);
void room_set_limits(struct room *r, const struct room_limits *l);

/* A new connection.  NULL: there is no room, and nothing was counted.  owner,
 * arg: for room_next_sent_away, borrowed.  *away_r: the owner of one that was
 * sent away, who is to ask room_next_sent_away now; else NULL. */
struct room_guest *room_enter(struct room *r, const struct room_key *key,
                              void *owner, void *arg, int64_t mono_now,
                              void **away_r);

/* It turns out to come from somewhere else.  False: no room there; it is still
 * to leave.  Not for one that was sent away: true. */
bool room_move(struct room *r, struct room_guest *g, const struct room_key *key,
               int64_t mono_now, void **away_r);

/* It belongs to somebody else now; NULL: to nobody for a while. */
void room_set_owner(struct room *r, struct room_guest *g, void *owner);

/* Something of sense has come from it. */
void room_spoke(struct room *r, struct room_guest *g);
/* It does not wait, or waits again, from now on. */
void room_busy(struct room *r, struct room_guest *g);
void room_idle(struct room *r, struct room_guest *g, int64_t mono_now);

/* It does not wait any more, for good, even if it was to go: it stays counted,
 * and leaves by room_leave_settled.  Frees g.  Not behind
 * room_next_sent_away. */
void room_settle(struct room *r, struct room_guest **g);
void room_leave_settled(struct room *r, const struct room_key *key);
void room_leave(struct room *r, struct room_guest **g);

/* The arg of one of the owner's that was sent away and has not been given out
 * yet; it is to be closed.  NULL: none. */
void *room_next_sent_away(struct room *r, const void *owner);

/* What happened since this was last told. */
struct room_news {
    unsigned sent_away, refused;
    struct room_key from; /* of the last one */
};

/* True, once in a minute, if there are news. */
bool room_tell(struct room *r, int64_t mono_now, struct room_news *news_r);

#endif
