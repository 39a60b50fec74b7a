/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/shared_buf.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

Suite *shared_buf_suite(void);

START_TEST(test_bytes)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {{NULL, 0}, {"", 0}, {"a", 1}, {"a\0b", 3}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct shared_buf *b = shared_buf_new(rows[i].bytes, rows[i].len);

        ck_assert_msg(b->len == rows[i].len, "row %zu", i);
        ck_assert_msg(b->len == 0 ||
                          memcmp(b->bytes, rows[i].bytes, b->len) == 0,
                      "row %zu", i);
        ck_assert_uint_eq(atomic_load(&b->refs), 1);
        shared_buf_unref(&b);
        ck_assert_ptr_null(b);
        shared_buf_unref(&b); /* of nothing: nothing */
    }
}
END_TEST

START_TEST(test_references)
{
    char text[] = "once";
    struct shared_buf *a = shared_buf_new(text, 4), *b = shared_buf_ref(a);

    text[0] = 'X'; /* the bytes were copied */
    ck_assert_ptr_eq(a, b);
    ck_assert_uint_eq(atomic_load(&a->refs), 2);
    shared_buf_unref(&a);
    ck_assert_ptr_null(a);
    ck_assert_uint_eq(atomic_load(&b->refs), 1);
    ck_assert_mem_eq(b->bytes, "once", 4);
    shared_buf_unref(&b);
}
END_TEST

static void *
take_and_give(void *arg)
{
    for (int i = 0; i < 10000; i++) {
        struct shared_buf *b = shared_buf_ref(arg);

        shared_buf_unref(&b);
    }
    return NULL;
}

START_TEST(test_threads)
{
    struct shared_buf *b = shared_buf_new("many", 4);
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_give, b),
                         0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(atomic_load(&b->refs), 1);
    shared_buf_unref(&b);
}
END_TEST

Suite *
shared_buf_suite(void)
{
    Suite *s = suite_create("shared_buf");
    TCase *t = tcase_create("shared_buf");

    tcase_add_test(t, test_bytes);
    tcase_add_test(t, test_references);
    tcase_add_test(t, test_threads);
    suite_add_tcase(s, t);
    return s;
}
