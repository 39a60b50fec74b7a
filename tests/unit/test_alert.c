/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/alert.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "util/zone.h"

Suite *alert_suite(void);

/* 2026-11-22 13:30:00.25 GMT */
#define POSTED INT64_C(1795354200250000)

static struct alert *
make(uint64_t id, enum alert_scope scope, enum alert_severity severity,
     const char *text)
{
    struct alert_rec rec = {.id = id,
                            .scope = scope,
                            .target = 7,
                            .severity = severity,
                            .posted = POSTED,
                            .key = POSTED / CLOCK_SECOND + 1,
                            .author_name = xstrdup("eve@a.test"),
                            .origin = xstrdup("192.0.2.1 ximss"),
                            .text = xstrdup(text),
                            .text_len = strlen(text)};
    struct alert *a = alert_new(&rec);

    ck_assert_ptr_null(rec.text); /* it was taken */
    ck_assert_ptr_null(rec.author_name);
    return a;
}

/* Message by message, with the 0 behind it. */
START_TEST(test_message)
{
    static const struct {
        enum alert_scope scope;
        enum alert_severity severity;
        const char *zone, *text, *xml;
        int64_t until;
    } rows[] = {
        {ALERT_SERVER, ALERT_WARNING, "UTC", "text",
         "<alert gmtTime=\"20261122T133000Z\" localTime=\"20261122T133000\" "
         "alertID=\"17\" scope=\"server\" severity=\"warning\">text</alert>",
         0},
        {ALERT_CLUSTER, ALERT_INFO, "Europe/Berlin", "a<b & \"c\"\n\t\xc3\xa4",
         "<alert gmtTime=\"20261122T133000Z\" localTime=\"20261122T143000\" "
         "alertID=\"17\" scope=\"cluster\" severity=\"info\">a&lt;b &amp; "
         "\"c\"\n\t\xc3\xa4</alert>",
         0},
        {ALERT_DOMAIN, ALERT_CRITICAL, "America/New_York", "]]>",
         "<alert gmtTime=\"20261122T133000Z\" localTime=\"20261122T083000\" "
         "alertID=\"17\" scope=\"domain\" severity=\"critical\">]]&gt;"
         "</alert>",
         0},
        {ALERT_ACCOUNT, ALERT_WARNING, "UTC", "a\rb",
         "<alert gmtTime=\"20261122T133000Z\" localTime=\"20261122T133000\" "
         "alertID=\"17\" scope=\"account\" severity=\"warning\">a&#13;b"
         "</alert>",
         0},
        /* The end is GMT in every zone. */
        {ALERT_SERVER, ALERT_INFO, "Europe/Berlin", "text",
         "<alert gmtTime=\"20261122T133000Z\" localTime=\"20261122T143000\" "
         "alertID=\"17\" scope=\"server\" severity=\"info\" "
         "until=\"20261122T133100Z\">text</alert>",
         POSTED + 60 * CLOCK_SECOND},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alert *a =
            make(17, rows[i].scope, rows[i].severity, rows[i].text);
        const struct zone *zone = zone_find(rows[i].zone);
        struct shared_buf *b;

        ck_assert_ptr_nonnull(zone);
        a->rec.until = rows[i].until;
        b = alert_encode(a, zone);
        ck_assert_msg(b->bytes[b->len - 1] == '\0' &&
                          b->len == strlen(rows[i].xml) + 1 &&
                          strcmp(b->bytes, rows[i].xml) == 0,
                      "row %zu: %s", i, b->bytes);
        shared_buf_unref(&b);
        alert_unref(&a);
        ck_assert_ptr_null(a);
    }
}
END_TEST

START_TEST(test_is_over)
{
    static const struct {
        int64_t until, now;
        bool over;
    } rows[] = {
        {0, INT64_MAX, false}, {5, 4, false}, {5, 5, true}, {5, 6, true}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alert a = {.rec.until = rows[i].until};

        ck_assert_msg(alert_is_over(&a, rows[i].now) == rows[i].over, "row %zu",
                      i);
    }
}
END_TEST

START_TEST(test_report)
{
    static const struct {
        struct alert_view view;
        bool until;
        const char *xml;
    } rows[] = {
        {{.id = "a\"1", .seen = true},
         false,
         "<alertReport id=\"a&quot;1\" alertID=\"17\" scope=\"domain\" "
         "severity=\"info\" gmtTime=\"20261122T133000Z\" "
         "localTime=\"20261122T133000\" seen=\"yes\">a&amp;b</alertReport>"},
        {{.id = "", .target = "a.test", .posting = true},
         true,
         "<alertReport id=\"\" alertID=\"17\" scope=\"domain\" "
         "target=\"a.test\" severity=\"info\" gmtTime=\"20261122T133000Z\" "
         "localTime=\"20261122T133000\" until=\"20261122T133100Z\" "
         "seen=\"no\" author=\"eve@a.test\" origin=\"192.0.2.1 ximss\" "
         "key=\"20261122133001\">a&amp;b</alertReport>"},
        {{.target = "a.test", .watch = true},
         false,
         "<alertReport alertID=\"17\" scope=\"domain\" target=\"a.test\" "
         "severity=\"info\" gmtTime=\"20261122T133000Z\" "
         "localTime=\"20261122T133000\">a&amp;b</alertReport>"},
    };
    struct alert *a = make(17, ALERT_DOMAIN, ALERT_INFO, "a&b");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alert_view view = rows[i].view;
        struct buf b = {0};

        view.zone = zone_find("UTC");
        a->rec.until = rows[i].until ? POSTED + 60 * CLOCK_SECOND : 0;
        alert_report(&b, &a->rec, &view);
        ck_assert_msg(strcmp(b.data, rows[i].xml) == 0, "row %zu: %s", i,
                      b.data);
        ck_assert_uint_eq(b.len, strlen(rows[i].xml) + 1);
        buf_clear(&b);
    }
    alert_unref(&a);
}
END_TEST

START_TEST(test_removed)
{
    struct buf b = {0};

    alert_removed(&b, UINT64_MAX);
    alert_removed(&b, 1);
    ck_assert_uint_eq(b.len, 47 + 28);
    ck_assert_str_eq(b.data,
                     "<alertRemoved alertID=\"18446744073709551615\"/>");
    ck_assert_str_eq(b.data + strlen(b.data) + 1,
                     "<alertRemoved alertID=\"1\"/>");
    buf_clear(&b);
}
END_TEST

/* --- arrays --- */

static void
add(struct alert_array *set, uint64_t id)
{
    struct alert *a = make(id, ALERT_SERVER, ALERT_INFO, "text");

    alert_array_add(set, a);
    alert_unref(&a);
}

static void
check_ids(const struct alert_array *set, const uint64_t *ids, uint32_t n)
{
    ck_assert_uint_eq(set->n, n);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_uint_eq(set->v[i]->rec.id, ids[i]);
}

START_TEST(test_array)
{
    static const uint64_t in[] = {10, 30, 20, 5, 30, 10, 40},
                          sorted[] = {5, 10, 20, 30, 40}, left[] = {10, 30};
    struct alert_array set = {0};

    ck_assert_uint_eq(alert_array_after(&set, 0), 0);
    ck_assert_ptr_null(alert_array_find(&set, 1));
    ck_assert(!alert_array_remove(&set, 1));
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
        add(&set, in[i]);
    check_ids(&set, sorted, 5);
    for (uint64_t id = 0; id < 50; id++) {
        uint32_t after = alert_array_after(&set, id), n = 0;
        struct alert *a = alert_array_find(&set, id);

        while (n < 5 && sorted[n] <= id)
            n++;
        ck_assert_uint_eq(after, n);
        ck_assert(id != 0 && id % 10 != 0 && id != 5 ? a == NULL : true);
        ck_assert(a == NULL || a->rec.id == id);
    }
    ck_assert(alert_array_remove(&set, 40));
    ck_assert(!alert_array_remove(&set, 40));
    ck_assert(alert_array_remove(&set, 5));
    ck_assert(alert_array_remove(&set, 20));
    ck_assert(!alert_array_remove(&set, 15));
    check_ids(&set, left, 2);
    ck_assert(alert_array_remove(&set, 10));
    ck_assert(alert_array_remove(&set, 30));
    ck_assert_ptr_null(set.v); /* an empty set costs nothing */
    add(&set, 1);
    alert_array_clear(&set);
    check_ids(&set, NULL, 0);
    alert_array_clear(&set);
}
END_TEST

/* An element counts as one reference. */
START_TEST(test_array_references)
{
    struct alert *a = make(1, ALERT_SERVER, ALERT_INFO, "text");
    struct alert_array one = {0}, two = {0};

    alert_array_add(&one, a);
    alert_array_add(&one, a);
    alert_array_add(&two, a);
    ck_assert_uint_eq(atomic_load(&a->refs), 3);
    alert_array_remove(&one, 1);
    ck_assert_uint_eq(atomic_load(&a->refs), 2);
    alert_array_clear(&two);
    ck_assert_uint_eq(atomic_load(&a->refs), 1);
    alert_unref(&a);
}
END_TEST

Suite *
alert_suite(void)
{
    Suite *s = suite_create("alert");
    TCase *t = tcase_create("alert");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_message);
    tcase_add_test(t, test_is_over);
    tcase_add_test(t, test_report);
    tcase_add_test(t, test_removed);
    tcase_add_test(t, test_array);
    tcase_add_test(t, test_array_references);
    suite_add_tcase(s, t);
    return s;
}
