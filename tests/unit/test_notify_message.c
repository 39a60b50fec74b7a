/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "notify/notify_message.h"

#include <string.h>

#include "notify/notify_mail.h"
#include "tests/unit/suite.h"
#include "util/clock.h"
#include "util/xmalloc.h"

static void
expect_message(const char *to, const char *subject, const char *body,
               const char *text)
{
    struct notify_message m = {.from = "ximssd@example.test",
                               .to = to,
                               .subject = subject,
                               .body = body,
                               .id = "msg_1",
                               .date = INT64_C(1796093405) * CLOCK_SECOND};
    struct buf b = {0};

    notify_message_make(&b, &m);
    ck_assert_str_eq(buf_cstr(&b), text);
    buf_clear(&b);
}

#define HEAD                                 \
    "Date: Tue, 1 Dec 2026 02:50:05 +0000\n" \
    "From: ximssd@example.test\n"
#define TAIL                             \
    "Message-ID: <msg_1@example.test>\n" \
    "Auto-Submitted: auto-generated\n"   \
    "MIME-Version: 1.0\n"                \
    "Content-Type: text/plain; charset=UTF-8\n"

START_TEST(plain_text_stays)
{
    expect_message("a@example.test", "Disk low", "One.\n\n.\nTwo",
                   HEAD "To: a@example.test\nSubject: Disk low\n" TAIL
                        "Content-Transfer-Encoding: 7bit\n\nOne.\n\n.\nTwo\n");
    expect_message("a@example.test", "", "",
                   HEAD "To: a@example.test\nSubject: \n" TAIL
                        "Content-Transfer-Encoding: 7bit\n\n");
}
END_TEST

START_TEST(recipients_are_folded)
{
    expect_message(" a@x.test,b@y.test, c@z.test", "s", "b\n",
                   HEAD
                   "To: a@x.test,\n b@y.test,\n c@z.test\nSubject: s\n" TAIL
                   "Content-Transfer-Encoding: 7bit\n\nb\n");
}
END_TEST

/* Words of at most 45 bytes, none cut within a letter. */
START_TEST(other_subjects_are_encoded_words)
{
    expect_message("a@x.test", "Pl\xc3\xa4tze", "b\n",
                   HEAD "To: a@x.test\nSubject: =?UTF-8?B?UGzDpHR6ZQ==?=\n" TAIL
                        "Content-Transfer-Encoding: 7bit\n\nb\n");
    expect_message("a@x.test", "=?UTF-8?B?QQ==?=", "b\n",
                   HEAD "To: a@x.test\nSubject: "
                        "=?UTF-8?B?PT9VVEYtOD9CP1FRPT0/PQ==?=\n" TAIL
                        "Content-Transfer-Encoding: 7bit\n\nb\n");
    expect_message(
        "a@x.test",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4"
        "b",
        "b\n",
        HEAD
        "To: a@x.test\nSubject: "
        "=?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\n =?UTF-8?B?w6Ri?=\n" TAIL
        "Content-Transfer-Encoding: 7bit\n\nb\n");
}
END_TEST

START_TEST(longest_plain_subject)
{
    char subject[68], *text;

    memset(subject, 'x', sizeof subject);
    subject[66] = '\0';
    text = xasprintf(HEAD "To: a@x.test\nSubject: %s\n" TAIL
                          "Content-Transfer-Encoding: 7bit\n\nb\n",
                     subject);
    expect_message("a@x.test", subject, "b\n", text);
    free(text);
    subject[66] = 'y';
    subject[67] = '\0';
    text = xasprintf(
        HEAD
        "To: a@x.test\nSubject: "
        "=?UTF-8?B?eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4?=\n =?UTF-8?B?eHh4eHh4eHh4eHh4eHh4eHh4eHh4eQ==?=\n" TAIL
        "Content-Transfer-Encoding: 7bit\n\nb\n");
    expect_message("a@x.test", subject, "b\n", text);
    free(text);
}
END_TEST

START_TEST(other_bodies_are_base64)
{
    expect_message("a@x.test", "s", "\xc3\xa4\nb",
                   HEAD "To: a@x.test\nSubject: s\n" TAIL
                        "Content-Transfer-Encoding: base64\n\nw6QNCmI=\n");
    expect_message("a@x.test", "s", "a\rb",
                   HEAD "To: a@x.test\nSubject: s\n" TAIL
                        "Content-Transfer-Encoding: base64\n\nYQ1i\n");
}
END_TEST

/* No line of a message is longer than RFC 5322 allows. */
START_TEST(no_line_is_too_long)
{
    struct notify_message m = {.from = "ximssd@example.test",
                               .to = "a@x.test",
                               .subject = "s",
                               .id = "i"};
    char body[5000];

    memset(body, 'x', sizeof body);
    body[sizeof body - 1] = '\0';
    m.body = body;
    for (size_t cut = 890; cut < 910; cut++) {
        struct buf b = {0};
        char *line, *rest;

        body[cut] = '\n';
        body[cut + 900] = '\0';
        notify_message_make(&b, &m);
        rest = b.data;
        buf_cstr(&b);
        while ((line = strsep(&rest, "\n")) != NULL)
            ck_assert_uint_le(strlen(line), 998);
        buf_clear(&b);
        body[cut] = body[cut + 900] = 'x';
    }
}
END_TEST

static const struct {
    const char *address;
    bool good;
} addresses[] = {
    {"joe@example.test", true},
    {"a.b+c@x", true},
    {"'{|}~!#$%&*-/=?^_`@x-y.test", true},
    {"", false},
    {"joe", false},
    {"@x.test", false},
    {"joe@", false},
    {"joe@x.", false},
    {"joe@x..y", false},
    {".joe@x", false},
    {"joe.@x", false},
    {"j..e@x", false},
    {"j e@x", false},
    {"joe@x y", false},
    {"joe@x\nBcc: a@b", false},
    {"joe\r\nBcc: a@b", false},
    {"\"joe\"@x", false},
    {"joe@[127.0.0.1]", false},
    {"Joe <joe@x>", false},
    {"joe@x@y", false},
    {"j\xc3\xb6@x", false},
    {"joe@\xc3\xb6x", false},
    {"a,b@x", false},
    {"(a)b@x", false},
    {"a@x,b", false},
};

START_TEST(addresses_need_no_quotes)
{
    struct errbuf err = {""};
    int r = notify_mail_check_address(addresses[_i].address, &err);

    ck_assert_msg(r == (addresses[_i].good ? 0 : -1), "%s",
                  addresses[_i].address);
    ck_assert(addresses[_i].good || strstr(err.text, "is no address") != NULL);
}
END_TEST

static const struct {
    const char *to, *subject, *body, *why; /* NULL: good */
} mails[] = {
    {"a@x", "s", "b", NULL},
    {"a@x, b@y", "\xc3\xa4", "", NULL},
    {"", "s", "b", "to: there is no address"},
    {" ,", "s", "b", "to: there is no address"},
    {"a@x\n b@y", "s", "b", "to: \"a@x\n\" is no address"},
    {"a@x,joe", "s", "b", "to: \"joe\" is no address"},
    {"a@x", "s\nBcc: b@y", "b", "the subject is not one line of UTF-8"},
    {"a@x", "s\r", "b", "the subject is not one line of UTF-8"},
    {"a@x", "\xe2\x80\xa8", "b", "the subject is not one line of UTF-8"},
    {"a@x", "\xff", "b", "the subject is not one line of UTF-8"},
    {"a@x", "s", "b\xff", "byte 2 of the body is not UTF-8"},
    {"a@x", NULL, "b", "a mail needs to, subject and body"},
};

START_TEST(mails_are_checked)
{
    char sendmail[] = "/s", from[] = "x@y";
    struct notify_config c = {.sendmail = sendmail, .from = from};
    struct notify_notice x = {.to = mails[_i].to,
                              .subject = mails[_i].subject,
                              .body = mails[_i].body};
    struct errbuf err = {""};

    if (mails[_i].why == NULL) {
        ck_assert_int_eq(notify_mail_check(&c, &x, &err), 0);
        from[0] = '\0';
        ck_assert_int_eq(notify_mail_check(&c, &x, &err), -1);
        return;
    }
    ck_assert_int_eq(notify_mail_check(&c, &x, &err), -1);
    ck_assert_msg(strncmp(err.text, mails[_i].why, strlen(mails[_i].why)) == 0,
                  "%s", err.text);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *notify_message_suite(void);

Suite *
notify_message_suite(void)
{
    Suite *s = suite_create("notify_message");
    TCase *t = tcase_create("message");

    tcase_add_test(t, plain_text_stays);
    tcase_add_test(t, recipients_are_folded);
    tcase_add_test(t, other_subjects_are_encoded_words);
    tcase_add_test(t, longest_plain_subject);
    tcase_add_test(t, other_bodies_are_base64);
    tcase_add_test(t, no_line_is_too_long);
    tcase_add_loop_test(t, addresses_need_no_quotes, 0, COUNT(addresses));
    tcase_add_loop_test(t, mails_are_checked, 0, COUNT(mails));
    suite_add_tcase(s, t);
    return s;
}
