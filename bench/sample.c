/* SPDX-License-Identifier: BSD-2-Clause */
/* Quantiles by nearest rank, so that every figure that is reported was
 * measured and none is interpolated. */
#include "config.h"

#include "bench/sample.h"

#include <assert.h>
#include <stdlib.h>

#include "util/xmalloc.h"

void
sample_reset(struct sample *s, size_t cap)
{
    if (cap > s->cap) {
        s->values = xrealloc(s->values, cap * sizeof(*s->values));
        s->cap = cap;
    }
    s->n = 0;
}

void
sample_add(struct sample *s, int64_t value)
{
    assert(s->n < s->cap);
    s->values[s->n++] = value;
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void
sample_sort(struct sample *s)
{
    if (s->n > 0)
        qsort(s->values, s->n, sizeof(*s->values), compare);
}

int64_t
sample_rank(const struct sample *s, unsigned per_mille)
{
    size_t rank = (s->n * per_mille + 999) / 1000;

    if (s->n == 0)
        return 0;
    if (rank == 0)
        rank = 1;
    return s->values[(rank > s->n ? s->n : rank) - 1];
}

void
sample_clear(struct sample *s)
{
    free(s->values);
    *s = (struct sample){0};
}
