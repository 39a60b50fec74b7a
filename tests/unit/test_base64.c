/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <string.h>

#include "util/base64.h"

Suite *base64_suite(void);

#define UNPADDED BASE64_UNPADDED
#define SASL     (BASE64_UNPADDED | BASE64_GLUED)

static const struct {
    unsigned how;
    const char *coded, *plain; /* NULL: refused ... */
    size_t bad;                /* ... at this offset */
} codes[] = {
    {0, "", "", 0},
    {0, "Zg==", "f", 0},
    {0, "Zm8=", "fo", 0},
    {0, "Zm9v", "foo", 0},
    {0, "Zm9vYg==", "foob", 0},
    {0, "+/+A", "\xfb\xff\x80", 0},
    {0, "Zh==", "f", 0},
    {0, "Z", NULL, 1},
    {0, "Zg", NULL, 2},
    {0, "Zg=", NULL, 3},
    {0, "Zm8", NULL, 3},
    {0, "a===", NULL, 1},
    {0, "A===", NULL, 1},
    {0, "=Zg=", NULL, 0},
    {0, "====", NULL, 0},
    {0, "Zg===", NULL, 4},
    {0, "Zm8==", NULL, 4},
    {0, "Zm9v=", NULL, 4},
    {0, "Zg=v", NULL, 3},
    {0, "Zg==Zg==", NULL, 4},
    {0, "aGVs====", NULL, 4},
    {0, "aG-s", NULL, 2},
    {0, "aG_s", NULL, 2},
    {0, "Zm9v!", NULL, 4},
    {0, "Zm9v\xc3\xa4", NULL, 4},
    {0, "Zm9v\n", NULL, 4},
    {0, " Zm9v", NULL, 0},
    {0, "+/ +", NULL, 2},
    {0, "Zm9vYmFyYmF6", NULL, 11}, /* more than there is room for */
    {0, "Zm9vYmFyYmE=", "foobarba", 0},

    {BASE64_BLANKS, " Z m9\tv\r\n", "foo", 0},
    {BASE64_BLANKS, "Zg =\n= ", "f", 0},
    {BASE64_BLANKS, " \r\n", "", 0},
    {BASE64_BLANKS, "Zm9v\v", NULL, 4},
    {BASE64_BLANKS, " Zg", NULL, 3},
    {BASE64_BLANKS, "Zg== Zg==", NULL, 5},

    {UNPADDED, "Zg", "f", 0},
    {UNPADDED, "Zg=", "f", 0},
    {UNPADDED, "Zg==", "f", 0},
    {UNPADDED, "Zm8", "fo", 0},
    {UNPADDED, "Zm8=", "fo", 0},
    {UNPADDED, "Z", NULL, 1},
    {UNPADDED, "Z=", NULL, 1},
    {UNPADDED, "Zm9v=", NULL, 4},
    {UNPADDED, "Zg===", NULL, 4},
    {UNPADDED, "Zm9v!", NULL, 4},
    {UNPADDED, "Zg==Zg==", NULL, 4},
    {UNPADDED, "Zm9vYmFyYmF6", NULL, 11},

    {UNPADDED | BASE64_FORM, "+/ +", "\xfb\xff\xbe", 0},
    {UNPADDED | BASE64_FORM, "  ", "\xfb", 0},
    {UNPADDED | BASE64_FORM, "Zm9v\t", NULL, 4},
    {UNPADDED | BASE64_FORM, "Zm9v ", NULL, 5},

    {SASL, "am9l", "joe", 0},
    {SASL, "am9lZg==", "joef", 0},
    {SASL, "am9lZmY=", "joeff", 0},
    {SASL, "am9lZg", "joef", 0},
    {SASL, "am9lZmY", "joeff", 0},
    {SASL, "am9lZg==am9l", "joefjoe", 0},
    {SASL, "am9lZmY=am9l", "joeffjoe", 0},
    {SASL, "am9lZg=am9l", "joefjoe", 0},
    {SASL, "Zg==Zg==Zg", "fff", 0},
    {SASL, "am9lZ", NULL, 5},
    {SASL, "am9l=", NULL, 4},
    {SASL, "=am9l", NULL, 0},
    {SASL, "am9lZ===", NULL, 5},
    {SASL, "am9lZg===", NULL, 8},
    {SASL, "am9l\nam9l", NULL, 4},
    {SASL, "am9l am9l", NULL, 4},
    {SASL, "am9l!", NULL, 4},
    {SASL, "am9l\xc3\xa4", NULL, 4},
    {SASL, "am-_", NULL, 2},

    {BASE64_GLUED, "Zg==Zg==", "ff", 0},
    {BASE64_GLUED, "Zg=Zg==", NULL, 3},
};

START_TEST(reads)
{
    const char *coded = codes[_i].coded, *plain = codes[_i].plain;
    size_t bad = 99;
    char out[8];
    ssize_t n = base64_decode(coded, strlen(coded), codes[_i].how, out,
                              sizeof out, &bad);

    if (plain == NULL) {
        ck_assert_msg(n == -1, "\"%s\": %zd", coded, n);
        ck_assert_msg(bad == codes[_i].bad, "\"%s\": at %zu", coded, bad);
        return;
    }
    ck_assert_msg(n == (ssize_t)strlen(plain), "\"%s\": %zd", coded, n);
    ck_assert_mem_eq(out, plain, (size_t)n);
}
END_TEST

/* What is behind the end is no part of it, a 0 least of all. */
START_TEST(reads_as_far_as_told)
{
    char out[4];
    size_t bad;

    ck_assert_int_eq(base64_decode("Zg==!", 4, 0, out, 4, NULL), 1);
    ck_assert_int_eq(base64_decode("Zg\0=", 4, 0, out, 4, &bad), -1);
    ck_assert_uint_eq(bad, 2);
    ck_assert_int_eq(base64_decode("Zg==", 4, 0, out, 0, NULL), -1);
    ck_assert_int_eq(base64_decode("", 0, 0, out, 0, NULL), 0);
}
END_TEST

/* Each byte in each place, and each length of padding. */
START_TEST(both_ways)
{
    char bytes[3], coded[BASE64_SIZE(3)], back[BASE64_BYTES_MOST(4)];
    size_t n = (size_t)_i + 1;

    ck_assert_uint_eq(BASE64_SIZE(n), 5);
    for (int c = 0; c < 256; c++) {
        memset(bytes, c, n);
        bytes[n - 1] ^= 0x5a;
        base64_encode(bytes, n, coded);
        ck_assert_uint_eq(strlen(coded), 4);
        ck_assert_int_eq(base64_decode(coded, 4, 0, back, sizeof back, NULL),
                         (ssize_t)n);
        ck_assert_mem_eq(back, bytes, n);
    }
}
END_TEST

START_TEST(writes)
{
    char coded[BASE64_SIZE(6)];

    ck_assert_uint_eq(BASE64_SIZE(0), 1);
    base64_encode("", 0, coded);
    ck_assert_str_eq(coded, "");
    base64_encode("\xfb\xff\xbe", 3, coded);
    ck_assert_str_eq(coded, "+/++");
    base64_encode("foob", 4, coded);
    ck_assert_str_eq(coded, "Zm9vYg==");
}
END_TEST

Suite *
base64_suite(void)
{
    Suite *s = suite_create("base64");
    TCase *t = tcase_create("base64");

    tcase_add_loop_test(t, reads, 0, sizeof codes / sizeof codes[0]);
    tcase_add_test(t, reads_as_far_as_told);
    tcase_add_loop_test(t, both_ways, 0, 3);
    tcase_add_test(t, writes);
    suite_add_tcase(s, t);
    return s;
}
