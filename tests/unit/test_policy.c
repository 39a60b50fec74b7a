/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules stand in tests/data/quota: tables that a person can check. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <check.h>

#include "quota/policy.h"

Suite *policy_suite(void);

#define SECOND INT64_C(1000000)

static FILE *
open_rules(const char *name)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", QUOTA_RULES, name);
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be opened", path);
    return f;
}

/* The next line that says something; false at the end. */
static bool
next_line(FILE *f, char line[200], int *number)
{
    while (fgets(line, 200, f) != NULL) {
        ++*number;
        if (line[0] != '#' && line[0] != '\n')
            return true;
    }
    return false;
}

START_TEST(levels)
{
    FILE *f = open_rules("level.rules");
    char line[200], reached[8];
    int number = 0, rules = 0;
    uint64_t limit, used;
    unsigned percent, used_percent;

    while (next_line(f, line, &number)) {
        struct quota_level level;

        ck_assert_msg(sscanf(line, "%" SCNu64 " %u %" SCNu64 " %7s %u", &limit,
                             &percent, &used, reached, &used_percent) == 5,
                      "line %d: %s", number, line);
        level = (struct quota_level){limit, percent};
        ck_assert_msg(quota_is_reached(used, &level) ==
                          (strcmp(reached, "yes") == 0),
                      "line %d: %s", number, line);
        ck_assert_msg(quota_percent(used, limit) == used_percent,
                      "line %d: %u and not %s", number,
                      quota_percent(used, limit), line);
        rules++;
    }
    fclose(f);
    ck_assert_int_gt(rules, 20);
}
END_TEST

static enum quota_occasion
occasion_of(const char *word)
{
    if (strcmp(word, "login") == 0)
        return QUOTA_LOGIN;
    if (strcmp(word, "change") == 0)
        return QUOTA_CHANGE;
    ck_assert_str_eq(word, "absent");
    return QUOTA_ABSENT;
}

static const char *
verdict_name(enum quota_verdict v)
{
    switch (v) {
    case QUOTA_NOTHING:
        return "nothing";
    case QUOTA_SEND:
        return "send";
    case QUOTA_WAIT:
        return "wait";
    case QUOTA_OVER:
        return "over";
    }
    return "?";
}

/* True if the line says what becomes of the last alert. */
static bool
is_fate(const char *line, struct quota_memory *memory)
{
    char word[8];
    int64_t at;

    if (sscanf(line, "%" SCNd64 " %7s", &at, word) != 2)
        return false;
    if (strcmp(word, "shown") == 0)
        quota_note_shown(memory, at * SECOND);
    else if (strcmp(word, "restart") != 0)
        return false;
    else if (memory->last == QUOTA_KEPT)
        memory->last = QUOTA_LOST;
    return true;
}

static void
check_rule(const char *line, int number, struct quota_memory *memory)
{
    char occasion[8], verdict[8];
    int64_t at, due, due_r = -1;
    uint64_t used, limit;
    unsigned percent;
    const char *got;
    int n =
        sscanf(line, "%" SCNd64 " %7s %" SCNu64 " %" SCNu64 " %u %7s %" SCNd64,
               &at, occasion, &used, &limit, &percent, verdict, &due);

    ck_assert_msg(n >= 6, "line %d: %s", number, line);
    got = verdict_name(
        quota_decide(memory, used, &(struct quota_level){limit, percent},
                     occasion_of(occasion), at * SECOND, &due_r));
    ck_assert_msg(strcmp(got, verdict) == 0, "line %d: %s, and not %s", number,
                  got, line);
    ck_assert_msg(due_r == (n == 7 ? due * SECOND : -1),
                  "line %d: due at %" PRId64 ": %s", number, due_r, line);
}

START_TEST(stories)
{
    FILE *f = open_rules("story.rules");
    struct quota_memory memory = {0};
    char line[200];
    int number = 0, rules = 0;

    while (next_line(f, line, &number)) {
        if (strncmp(line, "story ", 6) == 0) {
            memory = (struct quota_memory){0};
            continue;
        }
        if (!is_fate(line, &memory))
            check_rule(line, number, &memory);
        rules++;
    }
    fclose(f);
    ck_assert_int_gt(rules, 120);
}
END_TEST

/* 89, 91, 89, 91 per cent, a thousand times within an hour. */
START_TEST(oscillation)
{
    struct quota_memory memory = {0};
    struct quota_level level = {100, 90};
    int64_t due, first = 5000 * SECOND, last_sent = 0;
    unsigned sent = 0;

    for (int i = 0; i < 1000; i++) {
        int64_t now = first + i * (3600 * SECOND / 1000);

        if (quota_decide(&memory, i % 2 == 0 ? 89 : 91, &level, QUOTA_CHANGE,
                         now, &due) != QUOTA_SEND)
            continue;
        ck_assert(last_sent == 0 || now - last_sent >= QUOTA_PAUSE);
        last_sent = now;
        sent++;
    }
    ck_assert_uint_ge(sent, 5);
    ck_assert_uint_le(sent, 6);
}
END_TEST

/* Somebody logs in once an hour for a day, and a sweep looks every minute. */
START_TEST(a_day_above)
{
    struct quota_memory memory = {0};
    struct quota_level level = {100, 80};
    int64_t due;
    unsigned sent = 0;

    for (int minute = 0; minute < 24 * 60; minute++) {
        int64_t now = (1000 + minute * 60) * SECOND;

        sent += quota_decide(&memory, 95, &level,
                             minute % 60 == 0 ? QUOTA_LOGIN : QUOTA_CHANGE, now,
                             &due) == QUOTA_SEND;
    }
    ck_assert_uint_eq(sent, 24);
}
END_TEST

Suite *
policy_suite(void)
{
    Suite *s = suite_create("policy");
    TCase *tc = tcase_create("policy");

    tcase_add_test(tc, levels);
    tcase_add_test(tc, stories);
    tcase_add_test(tc, oscillation);
    tcase_add_test(tc, a_day_above);
    suite_add_tcase(s, tc);
    return s;
}
