/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/known.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

static uint64_t
hash(uint64_t h, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
    return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

uint64_t
known_hash(const char *id, const char *time, size_t time_len)
{
    return hash(hash(UINT64_C(0xcbf29ce484222325), id, strlen(id)),
                time != NULL ? time : "", time != NULL ? time_len : 0);
}

struct known *
known_find(struct known_alerts *k, uint64_t hash)
{
    unsigned n = k->n < KNOWN_MOST ? k->n : KNOWN_MOST;

    for (unsigned i = 0; i < n; i++)
        if (k->v[i].hash == hash)
            return &k->v[i];
    return NULL;
}

void
known_add(struct known_alerts *k, uint64_t hash)
{
    unsigned n = k->n;

    /* The ring grows by doubling: most sessions see few alerts. */
    if (n < KNOWN_MOST && (n & (n - 1)) == 0)
        k->v = xrealloc(k->v, (n == 0 ? 1 : 2 * (size_t)n) * sizeof *k->v);
    k->v[n % KNOWN_MOST] = (struct known){hash, false};
    k->n++;
    if (k->n == 2 * KNOWN_MOST)
        k->n = KNOWN_MOST;
}

void
known_clear(struct known_alerts *k)
{
    free(k->v);
    *k = (struct known_alerts){0};
}
