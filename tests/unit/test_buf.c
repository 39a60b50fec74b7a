/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/buf.h"

Suite *buf_suite(void);

START_TEST(grows_and_drops)
{
    struct buf b = {0};
    char *s;

    for (int i = 0; i < 1000; i++)
        buf_appendf(&b, "%d,", i);
    ck_assert_uint_eq(b.len, 10 * 2 + 90 * 3 + 900 * 4);
    buf_drop(&b, b.len - 4);
    ck_assert_str_eq(buf_cstr(&b), "999,");
    buf_append_str(&b, "x");
    buf_append_char(&b, 'y');
    s = buf_take(&b);
    ck_assert_str_eq(s, "999,xy");
    ck_assert_ptr_null(b.data);
    free(s);
    buf_clear(&b);
}
END_TEST

START_TEST(writes_numbers)
{
    struct buf b = {0};

    buf_append_u64(&b, 0);
    buf_append_char(&b, ' ');
    buf_append_u64(&b, 1234567890);
    buf_append_char(&b, ' ');
    buf_append_u64(&b, ~0ULL);
    ck_assert_str_eq(buf_cstr(&b), "0 1234567890 18446744073709551615");
    buf_clear(&b);
}
END_TEST

START_TEST(arena_gives_and_takes)
{
    struct arena *a = arena_new();
    char *first = arena_alloc(a, 10), *big;

    big = arena_alloc(a, 1000000);
    memset(big, 'x', 1000000);
    ck_assert_str_eq(arena_strndup(a, "hello", 4), "hell");
    arena_reset(a);
    ck_assert_ptr_eq(arena_alloc(a, 10), first);
    arena_free(&a);
    ck_assert_ptr_null(a);
    arena_free(&a);
}
END_TEST

START_TEST(arena_grows_by_its_size_and_wipes)
{
    struct arena *a = arena_new_sized(64);
    size_t empty = arena_bytes(a);
    char *texts[3];

    for (size_t i = 0; i < 3; i++)
        texts[i] = arena_strndup(a, "0123456789abcdef0123456789", 26);
    ck_assert_uint_gt(arena_bytes(a), empty);
    ck_assert_uint_lt(arena_bytes(a), 4 * empty);
    arena_wipe(a);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 26; k++)
            ck_assert_int_eq(texts[i][k], 0);
    arena_free(&a);
}
END_TEST

Suite *
buf_suite(void)
{
    Suite *s = suite_create("buf");
    TCase *t = tcase_create("buf");

    tcase_add_test(t, grows_and_drops);
    tcase_add_test(t, writes_numbers);
    tcase_add_test(t, arena_gives_and_takes);
    tcase_add_test(t, arena_grows_by_its_size_and_wipes);
    suite_add_tcase(s, t);
    return s;
}
