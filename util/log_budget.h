/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_LOG_BUDGET_H
#define UTIL_LOG_BUDGET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* How many lines of one kind are logged per minute: those that strangers can
 * cause, or that come as fast as posts.  The rest is counted. */
struct log_budget {
    pthread_mutex_t lock;
    int64_t since; /* clock_mono; 0: never used */
    unsigned lines, left_out;
};

#define LOG_BUDGET_INIT                    \
    {                                      \
        PTHREAD_MUTEX_INITIALIZER, 0, 0, 0 \
    }

/* True: a line may be logged.  *left_out_r is how many were not since it was
 * last told, and is to be logged now; mostly 0.  Any thread. */
bool log_budget_take(struct log_budget *b, unsigned most, unsigned *left_out_r);

#endif
