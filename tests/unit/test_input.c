/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/input.h"

Suite *input_suite(void);

static struct input in;
static int ends[2];

static void
setup(void)
{
    ck_assert_int_eq(pipe(ends), 0);
    input_init(&in, ends[0]);
}

static void
teardown(void)
{
    input_close(&in);
    close(ends[1]);
}

static void
put(const char *s)
{
    ck_assert_int_eq(write(ends[1], s, strlen(s)), (ssize_t)strlen(s));
}

START_TEST(says_whether_reading_would_wait)
{
    ck_assert(input_would_wait(&in));
    put("a\nb");
    ck_assert(!input_would_wait(&in));
    ck_assert_int_eq(input_get(&in), 'a');
    ck_assert_int_eq(input_get(&in), '\n');
    ck_assert_uint_eq(in.line, 2);
    ck_assert(!input_would_wait(&in));
    ck_assert_int_eq(input_peek(&in), 'b');
    ck_assert_int_eq(input_get(&in), 'b');
    ck_assert(input_would_wait(&in));
    close(ends[1]);
    ck_assert(!input_would_wait(&in));
    ck_assert_int_eq(input_get(&in), EOF);
    ck_assert(!input_would_wait(&in));
    ck_assert_int_eq(input_peek(&in), EOF);
    ck_assert_int_eq(in.error, 0);
    ends[1] = -1;
}
END_TEST

START_TEST(does_not_know_the_lines_of_a_pipe)
{
    ck_assert_uint_eq(in.lines, 0);
}
END_TEST

static const struct {
    const char *text;
    unsigned long lines;
} files[] = {{"", 0}, {"a", 1}, {"a\n", 1}, {"a\nb", 2}, {"\n\n", 2}};

START_TEST(counts_the_lines_of_a_file)
{
    struct input file;
    FILE *f = tmpfile();

    ck_assert_ptr_nonnull(f);
    fputs(files[_i].text, f);
    rewind(f);
    input_init(&file, dup(fileno(f)));
    ck_assert_uint_eq(file.lines, files[_i].lines);
    for (const char *p = files[_i].text; *p != '\0'; p++)
        ck_assert_int_eq(input_get(&file), *p);
    ck_assert_int_eq(input_get(&file), EOF);
    input_close(&file);
    fclose(f);
}
END_TEST

START_TEST(wipes)
{
    put("secret");
    ck_assert_int_eq(input_get(&in), 's');
    input_close(&in);
    for (size_t i = 0; i < sizeof in.data; i++)
        ck_assert_uint_eq(in.data[i], 0);
    in.fd = STDIN_FILENO; /* which is not closed again */
}
END_TEST

START_TEST(fails)
{
    struct input none;

    ck_assert_int_eq(input_open(&none, "/nonexistent"), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(input_open(&none, "/"), 0);
    ck_assert_int_eq(input_get(&none), EOF);
    ck_assert_int_eq(none.error, EISDIR);
    input_close(&none);
}
END_TEST

Suite *
input_suite(void)
{
    Suite *s = suite_create("input");
    TCase *t = tcase_create("input");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, says_whether_reading_would_wait);
    tcase_add_test(t, does_not_know_the_lines_of_a_pipe);
    tcase_add_loop_test(t, counts_the_lines_of_a_file, 0,
                        sizeof files / sizeof files[0]);
    tcase_add_test(t, wipes);
    tcase_add_test(t, fails);
    suite_add_tcase(s, t);
    return s;
}
