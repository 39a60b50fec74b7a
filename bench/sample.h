/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* Measured values (microseconds) and what one says of them. */
struct sample {
    int64_t *values; /* owned */
    size_t n, cap;
};

/* Empties the sample and makes room for `cap` values. */
void sample_reset(struct sample *s, size_t cap);

/* sample_reset has made room for it. */
void sample_add(struct sample *s, int64_t value);

void sample_sort(struct sample *s);

/* The value of which `per_mille` thousandths are at or below (nearest rank);
 * of a sorted sample.  0 if it is empty. */
int64_t sample_rank(const struct sample *s, unsigned per_mille);

void sample_clear(struct sample *s);

#endif
