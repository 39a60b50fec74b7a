/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/stat_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ximss/server/base/stat.h"

Suite *stat_text_suite(void);

static char *
metrics(bool openmetrics)
{
    struct buf b = {0};

    stat_text_metrics(&b, openmetrics);
    return buf_take(&b);
}

/* These lines, one behind the other. */
static void
has(const char *text, const char *lines)
{
    const char *at = strstr(text, lines);

    ck_assert_msg(at != NULL && (at == text || at[-1] == '\n'),
                  "not in the metrics:\n%s", lines);
}

START_TEST(writes_openmetrics)
{
    char *text;

    stat_add(STAT_CLI_COMMANDS, 42);
    stat_add(STAT_ALERTS_POSTED_TO + 3, 7);
    stat_set(STAT_DISK_FREE, 4096);
    text = metrics(true);
    has(text, "# HELP ximssd_cli_commands Commands of the CLI\n"
              "# TYPE ximssd_cli_commands counter\n"
              "ximssd_cli_commands_total 42\n");
    has(text, "# HELP ximssd_alerts_posted Alerts posted, by scope\n"
              "# TYPE ximssd_alerts_posted counter\n"
              "ximssd_alerts_posted_total{scope=\"server\"} 0\n"
              "ximssd_alerts_posted_total{scope=\"cluster\"} 0\n"
              "ximssd_alerts_posted_total{scope=\"domain\"} 0\n"
              "ximssd_alerts_posted_total{scope=\"account\"} 7\n"
              "# HELP ximssd_alerts_by_triggers ");
    has(text, "# HELP ximssd_disk_free_bytes Free space on the disk that the "
              "store is on\n"
              "# TYPE ximssd_disk_free_bytes gauge\n"
              "# UNIT ximssd_disk_free_bytes bytes\n"
              "ximssd_disk_free_bytes 4096\n"
              "# HELP ximssd_disk_size_bytes ");
    /* What is not known has no sample. */
    ck_assert_ptr_null(strstr(text, "\nximssd_disk_size_bytes"));
    ck_assert_str_eq(text + strlen(text) - 7, "\n# EOF\n");
    free(text);
}
END_TEST

START_TEST(writes_the_older_form)
{
    char *text;

    stat_add(STAT_CLI_COMMANDS, 42);
    text = metrics(false);
    has(text, "# HELP ximssd_cli_commands_total Commands of the CLI\n"
              "# TYPE ximssd_cli_commands_total counter\n"
              "ximssd_cli_commands_total 42\n");
    ck_assert_ptr_null(strstr(text, "# UNIT"));
    ck_assert_ptr_null(strstr(text, "# EOF"));
    free(text);
}
END_TEST

START_TEST(writes_histograms)
{
    char *text;

    stat_time_add(STAT_TIME_COMMIT, 100);
    stat_time_add(STAT_TIME_COMMIT, 2400);
    stat_time_add(STAT_TIME_COMMIT, 12000000);
    text = metrics(true);
    has(text, "# HELP ximssd_store_commit_seconds What the disk takes for a "
              "transaction that writes\n"
              "# TYPE ximssd_store_commit_seconds histogram\n"
              "# UNIT ximssd_store_commit_seconds seconds\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.0001\"} 1\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.00025\"} 1\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.0005\"} 1\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.001\"} 1\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.0025\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.005\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.01\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.025\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.05\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.1\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.25\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"0.5\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"1.0\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"2.5\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"5.0\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"10.0\"} 2\n"
              "ximssd_store_commit_seconds_bucket{le=\"+Inf\"} 3\n"
              "ximssd_store_commit_seconds_sum 12.0025\n"
              "ximssd_store_commit_seconds_count 3\n"
              "# HELP ximssd_push_seconds ");
    free(text);
}
END_TEST

START_TEST(escapes)
{
    static const struct {
        const char *text, *help, *label;
    } cases[] = {
        {"", "", ""},
        {"a b", "a b", "a b"},
        {"a\nb", "a\\nb", "a\\nb"},
        {"C:\\", "C:\\\\", "C:\\\\"},
        {"\"x\"", "\"x\"", "\\\"x\\\""},
        {"\\n", "\\\\n", "\\\\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b = {0};

        stat_text_escape(&b, cases[i].text, false);
        ck_assert_str_eq(buf_cstr(&b), cases[i].help);
        b.len = 0;
        stat_text_escape(&b, cases[i].text, true);
        ck_assert_str_eq(buf_cstr(&b), cases[i].label);
        buf_clear(&b);
    }
}
END_TEST

Suite *
stat_text_suite(void)
{
    Suite *s = suite_create("stat_text");
    TCase *t = tcase_create("stat_text");

    /* The table is the process's: others would have left figures in it. */
    tcase_set_tags(t, "process");

    tcase_add_test(t, writes_openmetrics);
    tcase_add_test(t, writes_the_older_form);
    tcase_add_test(t, writes_histograms);
    tcase_add_test(t, escapes);
    suite_add_tcase(s, t);
    return s;
}
