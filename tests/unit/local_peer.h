/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_LOCAL_PEER_H
#define TESTS_UNIT_LOCAL_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;

/* Peers of servers on UNIX sockets, in a directory made for one test. */

void local_dir_make(void);
void local_dir_remove(void); /* with what is in it */
/* The path of a name in it; good until the fourth call after it. */
const char *local_path(const char *name);

/* A blocking socket that is connected; -1 with errno. */
int peer_try(const char *path);
int peer_connect(const char *path); /* fails the test instead */
void peer_say(int fd, const char *text);

/* Turns the base (NULL: only waits) until the peer has heard the text and then,
 * with `end`, the end of the stream; more or something else fails the test. */
void peer_expect(int fd, struct event_base *base, const char *text, bool end);

#endif
