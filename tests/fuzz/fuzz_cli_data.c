/* SPDX-License-Identifier: BSD-2-Clause */
/* An object that was read and written again reads as the same object, and is
 * written the same way; any text comes back as it was. */
#include "config.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/text.h"
#include "ximss/proto/cli_data.h"

static const struct cli_limits wide = {.bytes = 1 << 24, .depth = 64};

static void
check_same(const struct cli_value *a, const struct cli_value *b)
{
    const struct cli_value *x = a->first, *y = b->first;
    unsigned n = 0;

    FUZZ_CHECK(a->kind == b->kind && a->n == b->n);
    FUZZ_CHECK(a->text_len == b->text_len &&
               memcmp(a->text, b->text, a->text_len) == 0);
    FUZZ_CHECK((a->key == NULL) == (b->key == NULL));
    FUZZ_CHECK(a->key == NULL || strcmp(a->key, b->key) == 0);
    for (; x != NULL && y != NULL; x = x->next, y = y->next, n++)
        check_same(x, y);
    FUZZ_CHECK(x == NULL && y == NULL && n == a->n);
}

static void
check_round_trip(const char *data, size_t size, struct arena *arena)
{
    struct cli_value *first = NULL, *second = NULL;
    struct buf a = {0}, b = {0};
    struct errbuf err;

    if (cli_data_parse(data, size, NULL, arena, &first, &err) < 0)
        return;
    cli_data_write(&a, first);
    FUZZ_CHECK(cli_data_parse(a.data, a.len, &wide, arena, &second, &err) == 0);
    check_same(first, second);
    cli_data_write(&b, second);
    FUZZ_CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    FUZZ_CHECK(memchr(a.data, '\n', a.len) == NULL &&
               memchr(a.data, '\r', a.len) == NULL);
    buf_clear(&a);
    buf_clear(&b);
}

/* As a command line is read: one object after the other. */
static void
check_sequence(const char *data, size_t size, struct arena *arena)
{
    struct cli_value *v = NULL;
    struct errbuf err;
    size_t pos = 0, before;

    do {
        before = pos;
        if (cli_data_read(data, size, &pos, NULL, arena, &v, &err) < 0)
            break;
        FUZZ_CHECK(pos > before);
    } while (pos < size);
    FUZZ_CHECK(pos <= size);
}

static void
check_text(const char *data, size_t size, struct arena *arena)
{
    struct cli_value *v = NULL;
    struct buf b = {0};
    struct errbuf err;
    size_t bad;

    if (!text_is_utf8(data, size, &bad) || memchr(data, 0, size) != NULL)
        return;
    cli_data_write_string(&b, data, size);
    FUZZ_CHECK(cli_data_parse(b.data, b.len, &wide, arena, &v, &err) == 0);
    FUZZ_CHECK(v->kind == CLI_STRING && v->text_len == size &&
               memcmp(v->text, data, size) == 0);
    buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;

    if (size == 0)
        return 0;
    if (arena == NULL)
        arena = arena_new();
    check_round_trip((const char *)data, size, arena);
    check_sequence((const char *)data, size, arena);
    check_text((const char *)data, size, arena);
    arena_reset(arena);
    return 0;
}
