/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/log_budget.h"

#include "util/clock.h"

#define MINUTE (60 * CLOCK_SECOND)

bool
log_budget_take(struct log_budget *b, unsigned most, unsigned *left_out_r)
{
    int64_t now = clock_mono();
    bool may;

    pthread_mutex_lock(&b->lock);
    *left_out_r = 0;
    if (b->since == 0 || now < b->since || now - b->since >= MINUTE) {
        *left_out_r = b->left_out;
        b->since = now != 0 ? now : 1;
        b->lines = b->left_out = 0;
    }
    may = b->lines < most;
    if (may)
        b->lines++;
    else
        b->left_out++;
    pthread_mutex_unlock(&b->lock);
    return may;
}
