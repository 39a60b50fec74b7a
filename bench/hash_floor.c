/* SPDX-License-Identifier: BSD-2-Clause */
/* hash_floor --threads T --count N [--iterations I]: how many passwords a
 * second T threads can hash, with nothing else to do.  Prints a line of JSON.
 * What scripts/bench measures a bulk load against. */
#include "config.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/clock.h"
#include "util/text.h"
#include "ximss/server/auth/password.h"

#define THREADS_MOST 64

static atomic_uint left;
static unsigned iterations = 25000; /* the default of ximssd */

static void *
run(void *arg)
{
    struct credential c;

    (void)arg;
    while (atomic_fetch_sub(&left, 1) - 1 < 0x80000000u)
        password_make("a password", iterations, true, &c);
    return NULL;
}

static unsigned
number(const char *text)
{
    unsigned long long n;

    if (text_parse_u64(text, 1000000000, &n) != 0 || n == 0) {
        fprintf(stderr, "hash_floor: \"%s\" is not a number\n", text);
        exit(2);
    }
    return (unsigned)n;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"threads", required_argument, NULL, 't'},
        {"count", required_argument, NULL, 'n'},
        {"iterations", required_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    unsigned threads = 2, count = 1000;
    pthread_t t[THREADS_MOST];
    int64_t start;
    double s;
    int code;

    while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (code == 't')
            threads = number(optarg);
        else if (code == 'n')
            count = number(optarg);
        else if (code == 'i')
            iterations = number(optarg);
        else
            return 2;
    }
    if (threads > THREADS_MOST)
        threads = THREADS_MOST;
    atomic_init(&left, count);
    start = clock_mono();
    for (unsigned i = 0; i < threads; i++)
        if (pthread_create(&t[i], NULL, run, NULL) != 0)
            return 1;
    for (unsigned i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
    s = (double)(clock_mono() - start) / (double)CLOCK_SECOND;
    printf("{\"count\": %u, \"threads\": %u, \"per_s\": %.1f}\n", count,
           threads, count / s);
    return 0;
}
