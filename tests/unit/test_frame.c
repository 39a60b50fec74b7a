/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>

#include "util/buf.h"
#include "ximss/proto/frame.h"

Suite *frame_suite(void);

#define T(s) s, sizeof s - 1

static const struct {
    const char *data;
    size_t len;
    size_t scanned;
    size_t done;
    const char *msg; /* NULL: none */
} rows[] = {
    {T(""), 0, 0, NULL},
    {T("\0"), 0, 1, NULL},
    {T("\0\0\0"), 0, 3, NULL},
    {T("<a/>"), 0, 0, NULL},
    {T("<a/>"), 4, 0, NULL},
    {T("<a/>\0"), 0, 5, "<a/>"},
    {T("<a/>\0"), 4, 5, "<a/>"},
    {T("<a/>\0"), 2, 5, "<a/>"},
    {T("<a/>\0<b/>\0"), 0, 5, "<a/>"},
    {T("<a/>\0\0"), 0, 5, "<a/>"},
    {T("\0\0<a/>\0"), 0, 7, "<a/>"},
    {T("\0\0<a/>"), 0, 2, NULL},
    {T("x\0"), 0, 2, "x"},
    {T(" \0"), 0, 2, " "},
};

START_TEST(finds_messages)
{
    const char *msg = "unset";
    size_t len = 99;

    ck_assert_uint_eq(
        frame_next(rows[_i].data, rows[_i].len, rows[_i].scanned, &msg, &len),
        rows[_i].done);
    if (rows[_i].msg == NULL) {
        ck_assert_ptr_null(msg);
        ck_assert_uint_eq(len, 0);
        return;
    }
    ck_assert_ptr_nonnull(msg);
    ck_assert_uint_eq(len, strlen(rows[_i].msg));
    ck_assert_mem_eq(msg, rows[_i].msg, len);
}
END_TEST

/* What the caller does with bytes as they come, `step` at a time. */
static void
split(const char *data, size_t size, size_t step, struct buf *out)
{
    struct buf in = {0};
    size_t scanned = 0, done, len;
    const char *msg;

    for (size_t i = 0; i < size; i += step) {
        buf_append(&in, data + i, size - i < step ? size - i : step);
        do {
            done = frame_next(in.data, in.len, scanned, &msg, &len);
            if (msg != NULL)
                buf_appendf(out, "[%.*s]", (int)len, msg);
            buf_drop(&in, done);
            scanned = 0;
        } while (msg != NULL);
        scanned = in.len;
    }
    buf_appendf(out, "%zu left", in.len);
    buf_clear(&in);
}

START_TEST(cut_anywhere)
{
    static const char stream[] =
        "\0<a/>\0\0\0<b id='2'/>\0x\0<c>text</c>\0\0<half";
    struct buf out = {0};

    split(stream, sizeof stream - 1, (size_t)_i, &out);
    ck_assert_str_eq(buf_cstr(&out),
                     "[<a/>][<b id='2'/>][x][<c>text</c>]5 left");
    buf_clear(&out);
}
END_TEST

/* The bytes known to hold no zero are not looked at again: a zero there is
 * not seen. */
START_TEST(scans_once)
{
    const char *msg;
    size_t len;

    ck_assert_uint_eq(frame_next("a\0bc\0", 5, 3, &msg, &len), 5);
    ck_assert_uint_eq(len, 4);
    ck_assert_uint_eq(frame_next("a\0bc", 4, 4, &msg, &len), 0);
    ck_assert_ptr_null(msg);
}
END_TEST

/* What comes, what is done with, and the line ("-": none yet). */
static const struct line_row {
    const char *data;
    size_t len, scanned, done;
    const char *line;
} line_rows[] = {
    {"", 0, 0, 0, "-"},
    {"NOOP", 4, 0, 0, "-"},
    {"NOOP\n", 5, 0, 5, "NOOP"},
    {"NOOP\r\n", 6, 0, 6, "NOOP"},
    {"NOOP\r\r\n", 7, 0, 7, "NOOP\r"},
    {"\n", 1, 0, 1, ""},
    {"\r\n", 2, 0, 2, ""},
    {"a\rb\nc\n", 6, 0, 4, "a\rb"},
    {"a\0b\n", 4, 0, 4, "a\0b"},
    {"half\n", 5, 4, 5, "half"},
    {"lo\nst", 5, 3, 0, "-"},
};

START_TEST(finds_lines)
{
    const struct line_row *row = &line_rows[_i];
    const char *msg;
    size_t len;

    ck_assert_uint_eq(
        frame_next_line(row->data, row->len, row->scanned, &msg, &len),
        row->done);
    if (row->line[0] == '-') {
        ck_assert_ptr_null(msg);
        ck_assert_uint_eq(len, 0);
        return;
    }
    ck_assert_ptr_nonnull(msg);
    ck_assert_mem_eq(msg, row->line, len);
    ck_assert(row->data[len] == '\n' || row->data[len] == '\r');
}
END_TEST

Suite *
frame_suite(void)
{
    Suite *s = suite_create("frame");
    TCase *t = tcase_create("frame");

    tcase_add_loop_test(t, finds_messages, 0, sizeof rows / sizeof rows[0]);
    tcase_add_loop_test(t, cut_anywhere, 1, 45);
    tcase_add_test(t, scans_once);
    tcase_add_loop_test(t, finds_lines, 0,
                        sizeof line_rows / sizeof line_rows[0]);
    suite_add_tcase(s, t);
    return s;
}
