/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "notify/notify_sign.h"

#include <string.h>

#include "notify/notify.h"
#include "tests/unit/suite.h"

/* The example of the Standard Webhooks specification. */
START_TEST(signs_as_the_standard_does)
{
    char out[NOTIFY_SIGN_SIZE];

    notify_sign_make("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                     "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                     "{\"test\": 2432232314}", out);
    ck_assert_str_eq(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
END_TEST

/* A text is the key itself: what base64 of it is, makes the same. */
START_TEST(secret_may_be_a_text)
{
    char a[NOTIFY_SIGN_SIZE], b[NOTIFY_SIGN_SIZE];

    notify_sign_make("secret", "i", 1, "x", a);
    notify_sign_make("whsec_c2VjcmV0", "i", 1, "x", b);
    ck_assert_str_eq(a, b);
    notify_sign_make("secret", "i", 2, "x", b);
    ck_assert_str_ne(a, b);
    notify_sign_make("secret", "j", 1, "x", b);
    ck_assert_str_ne(a, b);
    notify_sign_make("secret", "i", 1, "y", b);
    ck_assert_str_ne(a, b);
    notify_sign_make("Secret", "i", 1, "x", b);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(secrets_are_checked)
{
    char text[NOTIFY_SECRET_MOST + 2];
    struct errbuf err;

    memset(text, 'a', sizeof text);
    text[NOTIFY_SECRET_MOST + 1] = '\0';
    ck_assert_int_eq(notify_sign_check(text, &err), -1);
    text[NOTIFY_SECRET_MOST] = '\0';
    ck_assert_int_eq(notify_sign_check(text, &err), 0);
    ck_assert_int_eq(notify_sign_check("", &err), -1);
    ck_assert_int_eq(notify_sign_check("whsec_", &err), -1);
    ck_assert_int_eq(notify_sign_check("whsec_!", &err), -1);
    ck_assert_int_eq(notify_sign_check("whsec_QQ==", &err), 0);
}
END_TEST

START_TEST(no_two_ids_are_the_same)
{
    char a[NOTIFY_SIGN_ID_SIZE], b[NOTIFY_SIGN_ID_SIZE];

    notify_sign_id(a);
    notify_sign_id(b);
    ck_assert_uint_eq(strlen(a), NOTIFY_SIGN_ID_SIZE - 1);
    ck_assert_str_ne(a, b);
}
END_TEST

Suite *notify_sign_suite(void);

Suite *
notify_sign_suite(void)
{
    Suite *s = suite_create("notify_sign");
    TCase *t = tcase_create("sign");

    tcase_add_test(t, signs_as_the_standard_does);
    tcase_add_test(t, secret_may_be_a_text);
    tcase_add_test(t, secrets_are_checked);
    tcase_add_test(t, no_two_ids_are_the_same);
    suite_add_tcase(s, t);
    return s;
}
