/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream gives the same messages whether it comes at once or in pieces, and
 * what is framed again from them gives them once more. */
#include "config.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/buf.h"
#include "ximss/proto/frame.h"

/* Appends each message of the stream to `out` with one 0, the stream coming in
 * pieces of `step` bytes (0: at once).  Returns what is left over. */
static size_t
split(const char *data, size_t size, size_t step, struct buf *out)
{
    size_t from = 0, have = 0, scanned = 0, done, len;
    const char *msg;

    while (have < size) {
        have = step == 0 || size - have < step ? size : have + step;
        for (;;) {
            done = frame_next(data + from, have - from, scanned, &msg, &len);
            FUZZ_CHECK(done <= have - from);
            from += done;
            scanned = 0;
            if (msg == NULL)
                break;
            FUZZ_CHECK(len > 0 && msg + len + 1 == data + from);
            FUZZ_CHECK(memchr(msg, 0, len) == NULL && msg[len] == 0);
            buf_append(out, msg, len + 1);
        }
        scanned = have - from;
        FUZZ_CHECK(memchr(data + from, 0, scanned) == NULL);
    }
    return size - from;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0}, again = {0};
    size_t step = size > 0 ? data[size - 1] % 7 + 1 : 1, left;

    if (size == 0)
        return 0;
    left = split((const char *)data, size, 0, &whole);
    FUZZ_CHECK(split((const char *)data, size, step, &pieces) == left);
    FUZZ_CHECK(whole.len == pieces.len);
    FUZZ_CHECK(whole.len == 0 ||
               memcmp(whole.data, pieces.data, whole.len) == 0);
    if (whole.len > 0) {
        FUZZ_CHECK(split(whole.data, whole.len, 0, &again) == 0);
        FUZZ_CHECK(again.len == whole.len &&
                   memcmp(again.data, whole.data, whole.len) == 0);
    }
    buf_clear(&whole);
    buf_clear(&pieces);
    buf_clear(&again);
    return 0;
}
