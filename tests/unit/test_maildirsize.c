/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/maildirsize.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "util/xmalloc.h"

Suite *maildirsize_suite(void);

/* A copy without a 0 behind it, so that a sanitizer sees reading past it. */
static int
parse(const char *text, size_t len, struct maildirsize *size,
      struct errbuf *err)
{
    char *copy = xmemdup(text, len);
    int rc;

    err->text[0] = '\0';
    rc = maildirsize_parse(copy, len, size, err);
    free(copy);
    return rc;
}

static const struct {
    const char *text;
    uint64_t used, limit;
} good[] = {
    {"102400S\n0 0\n", 0, 102400},
    {"102400S\n0 0\n1221 1\n", 1221, 102400},
    {"102400S\n20000 3\n-19957 -1\n", 43, 102400},
    {"102400S\n-5 -1\n10 2\n", 5, 102400},
    {"0S\n77 1\n", 77, 0},
    {"100S,10C\n77 1\n", 77, 100},
    {"10C,100S\n77 1\n", 77, 100},
    {"10C\n77 1\n", 77, 0},
    {"\n77 1\n", 77, 0},
    {"5X,100S\n77 1\n", 77, 100},
    {" 100S , 10C \r\n  77\t 1 \r\n", 77, 100},
    {"18446744073709551615S\n9223372036854775807 1\n", INT64_MAX, UINT64_MAX},
    {"0S\n9223372036854775807 1\n-9223372036854775807 -1\n", 0, 0},
    /* The last line is being written. */
    {"100S\n77 1\n-7", 77, 100},
    {"100S\n77 1\n-77 -1", 77, 100},
    {"100S\n77 1\ngarb", 77, 100},
};

START_TEST(reads)
{
    struct maildirsize size = {1, 1};
    struct errbuf err;

    ck_assert_msg(parse(good[_i].text, strlen(good[_i].text), &size, &err) == 0,
                  "row %d: %s", _i, err.text);
    ck_assert_msg(size.used == good[_i].used, "row %d: %" PRIu64, _i,
                  size.used);
    ck_assert_msg(size.limit == good[_i].limit, "row %d: %" PRIu64, _i,
                  size.limit);
}
END_TEST

static const struct {
    const char *text, *error;
} bad[] = {
    {"", "line 1: the file ends before any number"},
    {"100S", "line 1: the file ends before any number"},
    {"100S\n", "line 2: the file ends before any number"},
    {"100S\n77 1", "line 2: the file ends before any number"},
    {"S\n77 1\n", "line 1: no limit as in 102400S"},
    {"100\n77 1\n", "line 1: no limit as in 102400S"},
    {"100s\n77 1\n", "line 1: no limit as in 102400S"},
    {"-100S\n77 1\n", "line 1: no limit as in 102400S"},
    {"100S,\n77 1\n", "line 1: no limit as in 102400S"},
    {"100S;10C\n77 1\n", "line 1: no comma between limits"},
    {"18446744073709551616S\n77 1\n", "line 1: no limit as in 102400S"},
    {"77 1\n77 1\n", "line 1: no limit as in 102400S"},
    {"100S\n\n", "line 2: no number of bytes"},
    {"100S\nx 1\n", "line 2: no number of bytes"},
    {"100S\n7x 1\n", "line 2: no number of bytes"},
    {"100S\n-\n", "line 2: no number of bytes"},
    {"100S\n+7 1\n", "line 2: no number of bytes"},
    {"100S\n77\n", "line 2: no number of messages"},
    {"100S\n77 1\n78 -\n", "line 3: no number of messages"},
    {"100S\n77 1 1\n", "line 2: more than two numbers"},
    {"100S\n9223372036854775808 1\n", "line 2: no number of bytes"},
    {"100S\n9223372036854775807 1\n1 1\n", "line 3: the sum is too large"},
    {"100S\n5 1\n-6 -1\n", "line 3: the sum is below 0"},
};

START_TEST(refuses)
{
    struct maildirsize size;
    struct errbuf err;

    ck_assert_msg(parse(bad[_i].text, strlen(bad[_i].text), &size, &err) < 0,
                  "row %d", _i);
    ck_assert_msg(strcmp(err.text, bad[_i].error) == 0, "row %d: %s", _i,
                  err.text);
}
END_TEST

/* A 0 is no digit, blank or end. */
START_TEST(refuses_zero_bytes)
{
    static const char text[] = "100S\n7\0 1\n";
    struct maildirsize size;
    struct errbuf err;

    ck_assert_int_eq(parse(text, sizeof text - 1, &size, &err), -1);
    ck_assert_str_eq(err.text, "line 2: no number of bytes");
}
END_TEST

/* However much of the file is there: the sum of the lines that are whole. */
START_TEST(cut_at_each_byte)
{
    static const char text[] = "102400S,10C\n1000 1\n500 1\n-1200 -1\n7 1\n";
    static const struct {
        size_t from; /* bytes */
        uint64_t used;
    } sums[] = {{19, 1000}, {25, 1500}, {34, 300}, {38, 307}};
    struct maildirsize size;
    struct errbuf err;
    size_t row = 0;

    ck_assert_uint_eq(sums[3].from, strlen(text));
    for (size_t len = 0; len <= strlen(text); len++) {
        int rc = parse(text, len, &size, &err);

        ck_assert_msg((rc == 0) == (len >= sums[0].from), "%zu: %s", len,
                      err.text);
        if (rc < 0)
            continue;
        while (row + 1 < 4 && len >= sums[row + 1].from)
            row++;
        ck_assert_msg(size.used == sums[row].used, "%zu: %" PRIu64, len,
                      size.used);
        ck_assert_uint_eq(size.limit, 102400);
    }
    ck_assert_uint_eq(row, 3);
}
END_TEST

Suite *
maildirsize_suite(void)
{
    Suite *s = suite_create("maildirsize");
    TCase *tc = tcase_create("maildirsize");

    tcase_add_loop_test(tc, reads, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, refuses_zero_bytes);
    tcase_add_test(tc, cut_at_each_byte);
    suite_add_tcase(s, tc);
    return s;
}
