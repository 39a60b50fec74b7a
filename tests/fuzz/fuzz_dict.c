/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of the dict protocol gives the same answers and usages, and ends in
 * the same way, whether it comes at once or in pieces; a field that was
 * escaped is read as it was. */
#include "config.h"

#include <string.h>

#include "quota/dict_line.h"
#include "quota/dict_session.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"
#include "util/tabbed.h"

struct outcome {
    struct buf reply, usages;
    struct errbuf err;
};

/* step 0: at once. */
static void
feed(const char *data, size_t size, size_t step, struct outcome *o)
{
    struct dict_session s;
    struct dict_usage *u;
    size_t from = 0, have = 0, scanned = 0, used;
    int r = 0;

    dict_session_init(&s);
    while (have < size && r == 0) {
        have = step == 0 || size - have < step ? size : have + step;
        r = dict_session_feed(&s, data + from, have - from, scanned, &o->reply,
                              &used, &o->err);
        FUZZ_CHECK(used <= have - from);
        from += used;
        scanned = have - from;
        FUZZ_CHECK(r < 0 || scanned <= DICT_LINE_MOST);
        FUZZ_CHECK(s.n_open <= DICT_TRANSACTIONS_MOST);
        while ((u = dict_session_take(&s)) != NULL) {
            FUZZ_CHECK(u->user[0] != '\0');
            FUZZ_CHECK(strlen(u->user) <= DICT_USER_MOST);
            buf_appendf(&o->usages, "%s=%llu\n", u->user,
                        (unsigned long long)u->used);
            free(u);
        }
    }
    dict_session_clear(&s);
}

static void
check_same(struct buf *a, struct buf *b)
{
    FUZZ_CHECK(strcmp(buf_cstr(a), buf_cstr(b)) == 0);
    buf_clear(a);
    buf_clear(b);
}

static void
check_escaping(const char *data, size_t size)
{
    static const char plain[] = {'\0', '\001', '\t', '\r', '\n'};
    static const char letters[] = {'0', '1', 't', 'r', 'n'};
    struct buf b = {0};

    for (size_t i = 0; i < size; i++) {
        const char *at = memchr(plain, data[i], sizeof plain);

        if (at != NULL)
            buf_append_char(&b, '\001');
        buf_append_char(&b, at != NULL ? letters[at - plain] : data[i]);
    }
    buf_cstr(&b);
    FUZZ_CHECK(tabbed_unescape(b.data) == size);
    FUZZ_CHECK(memcmp(b.data, data, size) == 0);
    buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t step = size > 0 ? data[size - 1] % 7 + 1 : 1;
    struct outcome whole = {.err.text = ""}, pieces = {.err.text = ""};

    if (size == 0)
        return 0;
    feed((const char *)data, size, 0, &whole);
    feed((const char *)data, size, step, &pieces);
    FUZZ_CHECK(strcmp(whole.err.text, pieces.err.text) == 0);
    check_same(&whole.reply, &pieces.reply);
    check_same(&whole.usages, &pieces.usages);
    check_escaping((const char *)data, size);
    return 0;
}
