/* SPDX-License-Identifier: BSD-2-Clause */
/* Of a warning that is done or malformed, every start either says the same or
 * wants more; what was taken from it, written again, is taken again. */
#include "config.h"

#include <string.h>

#include "quota/warning_line.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"

static void
check_again(const struct warning *w)
{
    struct buf b = {0};
    struct warning again;
    struct errbuf err;

    buf_appendf(&b, "VERSION\tscript\t4\t0\n%s\n%u\n",
                w->wants_reply ? "-" : "noreply", w->percent);
    for (const char *p = w->user; *p != '\0'; p++) {
        if (*p == '\n' || *p == '\001')
            buf_append_char(&b, '\001');
        buf_append_char(&b, *p == '\n' ? 'n' : *p == '\001' ? '1' : *p);
    }
    buf_append_str(&b, "\n\n");
    if (w->user[0] != '\0') {
        FUZZ_CHECK(warning_parse(b.data, b.len, &again, &err) == WARNING_DONE);
        FUZZ_CHECK(again.percent == w->percent);
        FUZZ_CHECK(again.wants_reply == w->wants_reply);
        FUZZ_CHECK(strcmp(again.user, w->user) == 0);
    }
    buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct warning whole, part;
    struct errbuf why, err;
    enum warning_outcome o, p = WARNING_MORE;

    o = warning_parse((const char *)data, size, &whole, &why);
    for (size_t cut = 0; cut < size && p == WARNING_MORE; cut++)
        p = warning_parse((const char *)data, cut, &part, &err);
    if (p == WARNING_MORE)
        p = warning_parse((const char *)data, size, &part, &err);
    FUZZ_CHECK(p == o);
    if (o == WARNING_MALFORMED)
        FUZZ_CHECK(strcmp(why.text, err.text) == 0);
    if (o != WARNING_DONE)
        return 0;
    FUZZ_CHECK(part.percent == whole.percent &&
               strcmp(part.user, whole.user) == 0);
    check_again(&whole);
    return 0;
}
