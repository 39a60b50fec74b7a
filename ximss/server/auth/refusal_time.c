/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/auth/refusal_time.h"

#include <stdatomic.h>
#include <stddef.h>

#include <openssl/rand.h>

#include "util/clock.h"
#include "util/log.h"

#define KEPT       16
#define FIRST_TIME (2 * CLOCK_SECOND)

static struct {
    atomic_uint next;
    atomic_int_least64_t us[KEPT]; /* 0: none yet */
} last[AUTH_SOURCES];

void
refusal_time_note(enum auth_source source, int64_t us)
{
    unsigned i = atomic_fetch_add(&last[source].next, 1) % KEPT;

    atomic_store(&last[source].us[i], us > 0 ? us : 1);
}

int64_t
refusal_time_like(enum auth_source source)
{
    unsigned n = atomic_load(&last[source].next);
    unsigned char which;
    int64_t us;

    if (RAND_bytes(&which, 1) != 1)
        log_fatal("no random bytes from OpenSSL");
    if (n == 0)
        return FIRST_TIME;
    us = atomic_load(&last[source].us[which % (n < KEPT ? n : KEPT)]);
    return us > 0 ? us : FIRST_TIME;
}
