/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>

#include "clients/ctl/progress.h"
#include "util/clock.h"

Suite *progress_suite(void);

static const struct {
    struct progress p;
    int64_t after; /* of its start, in seconds */
    const char *text;
} states[] = {
    {{.first = 1, .lines = 1000},
     0,
     "[............]   0%  line 0 of 1000, 0/s"},
    {{.first = 1, .line = 500, .lines = 1000, .done = 500},
     2,
     "[######......]  50%  line 500 of 1000, 250/s, 2 s left"},
    {{.first = 401, .line = 500, .lines = 1000, .done = 90, .refused = 10},
     1,
     "[######......]  50%  line 500 of 1000, 90/s, 10 refused, 5 s left"},
    {{.first = 1, .line = 1000, .lines = 1000, .done = 1000},
     5,
     "[############] 100%  line 1000 of 1000, 200/s, 0 s left"},
    {{.first = 1, .line = 500, .done = 500}, 2, "500 done, 250/s"},
};

START_TEST(says_how_far_it_is)
{
    struct progress p = states[_i].p;
    struct buf b = {0};

    progress_start(&p, CLOCK_SECOND);
    progress_format(&b, &p, (1 + states[_i].after) * CLOCK_SECOND);
    ck_assert_str_eq(buf_cstr(&b), states[_i].text);
    buf_clear(&b);
}
END_TEST

Suite *
progress_suite(void)
{
    Suite *s = suite_create("progress");
    TCase *t = tcase_create("progress");

    tcase_add_loop_test(t, says_how_far_it_is, 0,
                        sizeof states / sizeof states[0]);
    suite_add_tcase(s, t);
    return s;
}
