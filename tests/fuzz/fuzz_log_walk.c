/* SPDX-License-Identifier: BSD-2-Clause */
/* The first byte says where the rest is cut into two files of a log.  Whatever
 * they hold: the walk ends within them, and what lies before its end is the
 * same without what lies behind. */
#include "config.h"

#include <string.h>

#include "storage/log_walk.h"
#include "tests/fuzz/fuzz.h"

static struct log_walk
walk(const struct log_view *files, size_t n)
{
    struct log_walk w;

    log_walk_start(&w, NULL);
    for (size_t i = 0; i < n; i++)
        log_walk_file(&w, &files[i]);
    return w;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_view files[2] = {{.file = 7}, {.file = 8}};
    struct log_walk all, again;
    size_t ended;

    if (size == 0)
        return 0;
    files[0].data = data + 1;
    files[0].size = (size - 1) * (data[0] + 1u) / 256;
    files[1].data = files[0].data + files[0].size;
    files[1].size = size - 1 - files[0].size;
    all = walk(files, 2);
    FUZZ_CHECK(all.files == 2 && all.newest == 8);
    FUZZ_CHECK(all.end.file == 7 || all.end.file == 8);
    ended = all.end.file - 7;
    FUZZ_CHECK(all.end.offset <= files[ended].size);
    FUZZ_CHECK(all.n_cuts <= LOG_TABLES_MOST);

    files[ended].size = all.end.offset;
    again = walk(files, ended + 1);
    FUZZ_CHECK(log_pos_compare(all.end, again.end) == 0);
    FUZZ_CHECK(all.last == again.last);
    FUZZ_CHECK(all.has_checkpoint == again.has_checkpoint);
    FUZZ_CHECK(log_pos_compare(again.proven, all.proven) <= 0);
    return 0;
}
