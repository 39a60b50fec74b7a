/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/pam_wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *pam_wire_suite(void);

static uint8_t packet[PAM_WIRE_MOST];

static size_t
write_ask(const char *user, const char *password, const char *address)
{
    struct pam_wire_message m = {.type = PAM_WIRE_ASK, .id = 0x01020304};

    m.u.ask.user = user;
    m.u.ask.password = password;
    m.u.ask.address = address;
    return pam_wire_write(&m, packet);
}

static int
read_packet(size_t len, struct pam_wire_message *m)
{
    static struct pam_wire_text text;
    uint8_t *exact = malloc(len + 1); /* so that valgrind sees a byte too far */
    int r;

    memcpy(exact, packet, len);
    r = pam_wire_read(exact, len, m, &text);
    free(exact);
    return r;
}

START_TEST(test_bytes)
{
    static const uint8_t want[] = "a\001\002\003\004\0\003joe\0\002pw\0\0";

    ck_assert_uint_eq(write_ask("joe", "pw", NULL), sizeof want - 1);
    ck_assert_mem_eq(packet, want, sizeof want - 1);
}
END_TEST

START_TEST(test_all_types)
{
    struct pam_wire_message m = {.type = PAM_WIRE_HELLO}, got;
    size_t len;

    m.u.version = PAM_WIRE_VERSION;
    len = pam_wire_write(&m, packet);
    ck_assert_int_eq(read_packet(len, &got), 0);
    ck_assert_int_eq(got.type, PAM_WIRE_HELLO);
    ck_assert_str_eq(got.u.version, PAM_WIRE_VERSION);

    len = write_ask("joe@example.test", "p\xff w", "192.0.2.1");
    ck_assert_int_eq(read_packet(len, &got), 0);
    ck_assert_int_eq(got.type, PAM_WIRE_ASK);
    ck_assert_uint_eq(got.id, 0x01020304);
    ck_assert_str_eq(got.u.ask.user, "joe@example.test");
    ck_assert_str_eq(got.u.ask.password, "p\xff w");
    ck_assert_str_eq(got.u.ask.address, "192.0.2.1");

    m = (struct pam_wire_message){.type = PAM_WIRE_CANCEL, .id = UINT32_MAX};
    len = pam_wire_write(&m, packet);
    ck_assert_uint_eq(len, 5);
    ck_assert_int_eq(read_packet(len, &got), 0);
    ck_assert_int_eq(got.type, PAM_WIRE_CANCEL);
    ck_assert_uint_eq(got.id, UINT32_MAX);
}
END_TEST

START_TEST(test_answers)
{
    static const char letters[] = "OWUDAB";
    struct pam_wire_message m = {.type = PAM_WIRE_ANSWER, .id = 7}, got;
    size_t len;

    for (int c = 1; c < 256; c++) {
        m.u.answer.answer = (enum pam_wire_answer)(char)c;
        m.u.answer.why = "because";
        len = pam_wire_write(&m, packet);
        ck_assert_msg(read_packet(len, &got) ==
                          (strchr(letters, (char)c) != NULL ? 0 : -1),
                      "answer %d", c);
    }
    ck_assert_str_eq(got.u.answer.why, "because");
}
END_TEST

/* Both sides of each limit. */
START_TEST(test_lengths)
{
    struct pam_wire_message m = {.type = PAM_WIRE_ANSWER}, got;
    static char user[PAM_WIRE_USER + 2], password[PAM_WIRE_PASSWORD + 2],
        address[PAM_WIRE_ADDRESS + 2], why[PAM_WIRE_WHY + 2];
    size_t len;

    memset(user, 'u', sizeof user - 1);
    memset(password, 'p', sizeof password - 1);
    memset(address, 'a', sizeof address - 1);
    memset(why, 'w', sizeof why - 1);
    len = write_ask(user + 1, password + 1, address + 1);
    ck_assert_uint_eq(len, PAM_WIRE_MOST);
    ck_assert_int_eq(read_packet(len, &got), 0);
    ck_assert_str_eq(got.u.ask.user, user + 1);
    ck_assert_str_eq(got.u.ask.password, password + 1);
    ck_assert_str_eq(got.u.ask.address, address + 1);
    ck_assert_uint_eq(write_ask(user, "p", NULL), 0);
    ck_assert_uint_eq(write_ask("u", password, NULL), 0);
    ck_assert_uint_eq(write_ask("u", "p", address), 0);
    ck_assert_uint_eq(write_ask("", "p", NULL), 0);
    ck_assert_uint_eq(write_ask("u", "", NULL), 0);
    ck_assert_uint_eq(write_ask(NULL, NULL, NULL), 0);
    m.u.answer.answer = PAM_WIRE_OK;
    m.u.answer.why = why + 1;
    len = pam_wire_write(&m, packet);
    ck_assert_int_eq(read_packet(len, &got), 0);
    m.u.answer.why = why;
    ck_assert_uint_eq(pam_wire_write(&m, packet), 0);
}
END_TEST

/* Cut anywhere, or with a byte more, or with another first byte: no message. */
START_TEST(test_broken)
{
    struct pam_wire_message got;
    size_t len = write_ask("joe", "secret", "192.0.2.1");

    for (size_t cut = 0; cut < len; cut++)
        ck_assert_msg(read_packet(cut, &got) == -1, "cut at %zu", cut);
    packet[len] = 0;
    ck_assert_int_eq(read_packet(len + 1, &got), -1);
    ck_assert_int_eq(read_packet(len, &got), 0);
    for (int c = 0; c < 256; c++)
        if (c != 'a') {
            packet[0] = (uint8_t)c;
            ck_assert_msg(read_packet(len, &got) == -1, "type %d", c);
        }
}
END_TEST

/* A name that ends for one side and goes on for the other. */
START_TEST(test_no_zero_in_a_field)
{
    struct pam_wire_message got;
    size_t len = write_ask("joe", "secret", "192.0.2.1");

    packet[7] = 0;
    ck_assert_int_eq(read_packet(len, &got), -1);
}
END_TEST

/* A length that points behind the packet. */
START_TEST(test_lengths_that_lie)
{
    struct pam_wire_message got;
    size_t len = write_ask("joe", "secret", "192.0.2.1");

    for (int high = 0; high < 2; high++)
        for (int low = 0; low < 256; low++)
            if (high != 0 || low != 3) {
                packet[5] = (uint8_t)high;
                packet[6] = (uint8_t)low;
                ck_assert_int_eq(read_packet(len, &got), -1);
            }
}
END_TEST

Suite *
pam_wire_suite(void)
{
    Suite *s = suite_create("pam_wire");
    TCase *t = tcase_create("wire");

    tcase_add_test(t, test_bytes);
    tcase_add_test(t, test_all_types);
    tcase_add_test(t, test_answers);
    tcase_add_test(t, test_lengths);
    tcase_add_test(t, test_broken);
    tcase_add_test(t, test_no_zero_in_a_field);
    tcase_add_test(t, test_lengths_that_lie);
    suite_add_tcase(s, t);
    return s;
}
