/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/doveadm_reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "util/buf.h"
#include "util/xmalloc.h"

Suite *doveadm_reply_suite(void);

START_TEST(requests)
{
    static const char *const users[] = {"user1@example.test", "joe",
                                        "\"q\\/@\303\266"};
    char *body = doveadm_request_encode(users, 3);

    ck_assert_str_eq(body,
                     "[[\"quotaGet\",{\"user\":\"user1@example.test\"},\"0\"],"
                     "[\"quotaGet\",{\"user\":\"joe\"},\"1\"],"
                     "[\"quotaGet\",{\"user\":\"\\\"q\\\\/@\303\266\"},"
                     "\"2\"]]");
    free(body);
}
END_TEST

static void
take(const struct doveadm_answer *a, void *arg)
{
    struct buf *out = arg;

    buf_appendf(out, "%zu:", a->tag);
    switch (a->outcome) {
    case DOVEADM_USAGE:
        buf_appendf(out, "%" PRIu64 "/%" PRIu64 ";", a->used, a->limit);
        break;
    case DOVEADM_NO_QUOTA:
        buf_append_str(out, "none;");
        break;
    case DOVEADM_NO_USER:
        buf_append_str(out, "unknown;");
        break;
    case DOVEADM_ERROR:
        buf_appendf(out, "error %d;", a->exit_code);
        break;
    }
}

/* A copy without a 0 behind it, so that a sanitizer sees reading past it. */
static int
parse(const char *text, size_t len, struct buf *out, struct errbuf *err)
{
    char *copy = xmemdup(text, len);
    int rc;

    err->text[0] = '\0';
    rc = doveadm_reply_parse(copy, len, take, out, err);
    free(copy);
    return rc;
}

#define ROW(value, limit)                                            \
    "{\"root\":\"User quota\",\"type\":\"STORAGE\",\"value\":" value \
    ",\"limit\":" limit ",\"percent\":\"4\"}"
#define MESSAGES                                                     \
    "{\"root\":\"User quota\",\"type\":\"MESSAGE\",\"value\":\"3\"," \
    "\"limit\":\"-\",\"percent\":\"0\"}"
#define RESPONSE(rows, tag) "[\"doveadmResponse\",[" rows "],\"" tag "\"]"
#define FAILURE(code, tag) \
    "[\"error\",{\"type\":\"exitCode\",\"exitCode\":" code "},\"" tag "\"]"

static const struct {
    const char *text, *answers;
} good[] = {
    {"[]", ""},
    {" [ ] \n", ""},
    {"[" RESPONSE(ROW("\"4\"", "\"100\"") "," MESSAGES, "0") "]",
     "0:4096/102400;"},
    {"[" RESPONSE(MESSAGES "," ROW("\"4\"", "\"100\""), "7") "]",
     "7:4096/102400;"},
    {"[" RESPONSE(ROW("\"4\"", "\"-\""), "0") "]", "0:4096/0;"},
    {"[" RESPONSE(ROW("4", "100"), "0") "]", "0:4096/102400;"},
    {"[" RESPONSE(ROW("\"0\"", "\"0\""), "0") "]", "0:0/0;"},
    {"[" RESPONSE(ROW("\"4\"", "\"9\"") "," ROW("\"5\"", "\"6\""), "0") "]",
     "0:4096/9216;"},
    {"[" RESPONSE("", "0") "," RESPONSE(MESSAGES, "1") "]", "0:none;1:none;"},
    {"[" FAILURE("67", "0") "," FAILURE("75", "1") "," RESPONSE(
         ROW("\"1\"", "\"-\""), "2") "]",
     "0:unknown;1:error 75;2:1024/0;"},
    {"[" RESPONSE(ROW("\"18014398509481983\"", "\"-\""), "0") "]",
     "0:18446744073709550592/0;"},
    /* Answers of which nothing can be made. */
    {"[" RESPONSE(ROW("\"18014398509481984\"", "\"-\""), "0") "]",
     "0:error 0;"},
    {"[" RESPONSE(ROW("\"-4\"", "\"-\""), "0") "]", "0:error 0;"},
    {"[" RESPONSE(ROW("\"\"", "\"-\""), "0") "]", "0:error 0;"},
    {"[" RESPONSE(ROW("null", "\"-\""), "0") "]", "0:error 0;"},
    {"[" RESPONSE(ROW("4.5", "\"-\""), "0") "]", "0:error 0;"},
    {"[" RESPONSE(ROW("\"4\"", "null"), "0") "]", "0:error 0;"},
    {"[" RESPONSE(ROW("\"4\"", "\"x\""), "0") "]", "0:error 0;"},
    {"[" RESPONSE("null,1,[],{}", "0") "]", "0:none;"},
    {"[[\"doveadmResponse\",null,\"0\"]]", "0:error 0;"},
    {"[[\"error\",null,\"0\"],[\"error\",{},\"1\"]]", "0:error 0;1:error 0;"},
    {"[[\"something\",[],\"0\"]]", "0:error 0;"},
};

START_TEST(reads)
{
    struct buf out = {0};
    struct errbuf err;

    ck_assert_msg(parse(good[_i].text, strlen(good[_i].text), &out, &err) == 0,
                  "row %d: %s", _i, err.text);
    ck_assert_msg(strcmp(buf_cstr(&out), good[_i].answers) == 0, "row %d: %s",
                  _i, buf_cstr(&out));
    buf_clear(&out);
}
END_TEST

static const struct {
    const char *text, *error;
} bad[] = {
    {"", "it is cut off"},
    {"null ", "it is no array"},
    {"{}", "it is no array"},
    {"\"text\"", "it is no array"},
    {"[1]", "an answer is no array of three"},
    {"[[]]", "an answer is no array of three"},
    {"[[\"error\",{},\"0\",1]]", "an answer is no array of three"},
    {"[[1,[],\"0\"]]", "an answer has no kind or no tag of ours"},
    {"[[\"error\",{},0]]", "an answer has no kind or no tag of ours"},
    {"[[\"error\",{},\"x\"]]", "an answer has no kind or no tag of ours"},
    {"[[\"error\",{},\"\"]]", "an answer has no kind or no tag of ours"},
    {"[] []", "unexpected character"},
    {"[[[[[[[[[[[]]]]]]]]]]]", "nesting too deep"},
    {"<html>", "unexpected character"},
    {"[\"\377\"]", "invalid utf-8 string"},
};

START_TEST(refuses)
{
    struct buf out = {0};
    struct errbuf err;

    ck_assert_msg(parse(bad[_i].text, strlen(bad[_i].text), &out, &err) < 0,
                  "row %d", _i);
    ck_assert_msg(strcmp(err.text, bad[_i].error) == 0, "row %d: %s", _i,
                  err.text);
    buf_clear(&out);
}
END_TEST

/* No part of a reply is a reply. */
START_TEST(cut_at_each_byte)
{
    static const char text[] =
        "[" RESPONSE(ROW("\"4\"", "\"100\""), "0") "," FAILURE("67", "1") "]";
    struct buf out = {0};
    struct errbuf err;

    for (size_t len = 0; len < strlen(text); len++) {
        ck_assert_msg(parse(text, len, &out, &err) < 0, "%zu", len);
        ck_assert_msg(strcmp(err.text, "it is cut off") == 0, "%zu: %s", len,
                      err.text);
    }
    ck_assert_uint_eq(out.len, 0);
    ck_assert_int_eq(parse(text, strlen(text), &out, &err), 0);
    buf_clear(&out);
}
END_TEST

Suite *
doveadm_reply_suite(void)
{
    Suite *s = suite_create("doveadm_reply");
    TCase *tc = tcase_create("doveadm_reply");

    tcase_add_test(tc, requests);
    tcase_add_loop_test(tc, reads, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, cut_at_each_byte);
    suite_add_tcase(s, tc);
    return s;
}
