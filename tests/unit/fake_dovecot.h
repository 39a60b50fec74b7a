/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_FAKE_DOVECOT_H
#define TESTS_UNIT_FAKE_DOVECOT_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;

/* Answers quotaGet on a port of the loopback interface, from the test's own
 * loop, one request for a connection.  Users have 4 KiB of 100, but "unknown…"
 * is unknown, "broken…" fails with 75, and "missing…" gets no answer. */
struct fake_dovecot;

/* port 0: some free one. */
struct fake_dovecot *fake_dovecot_new(struct event_base *base, uint16_t port);
void fake_dovecot_free(struct fake_dovecot **f);

uint16_t fake_dovecot_port(const struct fake_dovecot *f);

/* The next request is answered with these bytes, and the connection closed;
 * NULL: never.  May be called several times, for several requests. */
void fake_dovecot_script(struct fake_dovecot *f, const char *bytes);
/* The value of the users from now on. */
void fake_dovecot_value(struct fake_dovecot *f, const char *kib);

unsigned fake_dovecot_requests(const struct fake_dovecot *f);
/* Questions about users that it does not know. */
unsigned fake_dovecot_unknown(const struct fake_dovecot *f);
/* The bytes of the last one. */
const char *fake_dovecot_last(struct fake_dovecot *f);
/* Two requests were under way at the same time. */
bool fake_dovecot_was_crowded(const struct fake_dovecot *f);

#endif
