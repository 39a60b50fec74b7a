/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reply says is in whole KiB, the same each time, and what is refused
 * says why. */
#include "config.h"

#include <string.h>

#include "quota/doveadm_reply.h"
#include "tests/fuzz/fuzz.h"

struct sum {
    size_t n;
    uint64_t bytes;
};

static void
take(const struct doveadm_answer *a, void *arg)
{
    struct sum *sum = arg;

    FUZZ_CHECK(a->outcome != DOVEADM_USAGE ||
               (a->used % 1024 == 0 && a->limit % 1024 == 0));
    sum->n++;
    sum->bytes += a->used + a->limit;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum sums[2] = {{0, 0}, {0, 0}};
    struct errbuf err[2] = {{""}, {""}};
    int rc[2];

    for (int i = 0; i < 2; i++)
        rc[i] = doveadm_reply_parse((const char *)data, size, take, &sums[i],
                                    &err[i]);
    FUZZ_CHECK(rc[0] == rc[1] && (rc[0] == 0) == (err[0].text[0] == '\0'));
    FUZZ_CHECK(sums[0].n == sums[1].n && sums[0].bytes == sums[1].bytes);
    return 0;
}
