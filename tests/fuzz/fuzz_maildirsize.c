/* SPDX-License-Identifier: BSD-2-Clause */
/* What is accepted says the same with its sum in one line, and with a line cut
 * off behind it; what is refused says where. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "quota/maildirsize.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"

static void
check_same(struct buf *file, const struct maildirsize *size)
{
    struct maildirsize again;
    struct errbuf err;

    FUZZ_CHECK(maildirsize_parse(file->data, file->len, &again, &err) == 0);
    FUZZ_CHECK(again.used == size->used && again.limit == size->limit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct maildirsize sum;
    struct errbuf err = {""};
    struct buf file = {0};

    if (maildirsize_parse((const char *)data, size, &sum, &err) < 0) {
        FUZZ_CHECK(strncmp(err.text, "line ", 5) == 0);
        return 0;
    }
    FUZZ_CHECK(sum.used <= INT64_MAX);
    buf_appendf(&file, "%" PRIu64 "S\n%" PRIu64 " 1\n", sum.limit, sum.used);
    check_same(&file, &sum);
    buf_append_str(&file, "-1");
    check_same(&file, &sum);
    buf_clear(&file);
    return 0;
}
