/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "clients/dovecot/door_wire.h"

Suite *door_wire_suite(void);

#define INFO                    \
    {                           \
        DOOR_INFO, false, false \
    }
#define OF_QUOTA                  \
    {                             \
        DOOR_CRITICAL, true, true \
    }

static const struct {
    const char *in;
    struct door_message m; /* wake_file, id: NULL is as "" */
} rows[] = {
    {"<session id=\"login\" urlID=\"7\" wakeFile=\"/run/w/1\"/>",
     {DOOR_SESSION, "login", 0, 0, INFO, "", 0, false, "/run/w/1"}},
    {"<session id='login'/>", {DOOR_SESSION, "login", 0, 0, INFO, "", 0, 0, 0}},
    {"<response id=\"told\"/>",
     {DOOR_RESPONSE, "told", 0, 0, INFO, "", 0, 0, 0}},
    {"<response id=\"17\"/>", {DOOR_RESPONSE, "17", 0, 17, INFO, "", 0, 0, 0}},
    {"<response id=\"login\" errorText=\"who?\" errorNum=\"515\"/>",
     {DOOR_RESPONSE, "login", 515, 0, INFO, "", 0, 0, 0}},
    {"<response id=\"login\" errorText=\"odd\"/>",
     {DOOR_RESPONSE, "login", 1, 0, INFO, "", 0, 0, 0}},
    {"<alert gmtTime=\"20261130T120000Z\" localTime=\"\" alertID=\"7\" "
     "scope=\"account\" severity=\"critical\" kind=\"quota\" used=\"1\">full"
     "</alert>",
     {DOOR_ALERT, "", 0, 7, OF_QUOTA, "full", 4, false, NULL}},
    {"<alert alertID=\"8\" scope=\"server\" severity=\"warning\">a</alert>",
     {DOOR_ALERT, "", 0, 8, {DOOR_WARNING, false, false}, "a", 1, false, NULL}},
    {"<alert alertID=\"8\" scope=\"account\">a</alert>",
     {DOOR_ALERT, "", 0, 8, {DOOR_INFO, false, true}, "a", 1, false, NULL}},
    {"<alert\talertID = '18446744073709551615'\r\n>a</alert >",
     {DOOR_ALERT, "", 0, UINT64_MAX, INFO, "a", 1, false, NULL}},
    {"<alert alertID=\"9\"/>",
     {DOOR_ALERT, "", 0, 9, INFO, "", 0, false, NULL}},
    {"<alert alertID=\"9\"></alert>",
     {DOOR_ALERT, "", 0, 9, INFO, "", 0, false, NULL}},
    {"<alert alertID=\"9\">&amp;&lt;&gt;&quot;&apos;&#39;&#x26;&#13;</alert>",
     {DOOR_ALERT, "", 0, 9, INFO, "&<>\"''&\r", 8, false, NULL}},
    {"<alert alertID=\"9\">&#228;&#x20aC;&#128512;&#x7ff;&#xfffd;</alert>",
     {DOOR_ALERT, "", 0, 9, INFO,
      "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xdf\xbf\xef\xbf\xbd", 14, false,
      NULL}},
    {"<alert alertID=\"&#x39;\" kind=\"&quot;\" a=\"/>\">&amp;lt;</alert>",
     {DOOR_ALERT, "", 0, 9, INFO, "&lt;", 4, false, NULL}},
    {"<alert alertID=\"9\" unknown=\"'\">a<b c=\">\">no<d/></b>z</alert>",
     {DOOR_ALERT, "", 0, 9, INFO, "az", 2, false, NULL}},
    {" \n<alertRemoved alertID=\"9\" more=\"\"/>",
     {DOOR_REMOVED, "", 0, 9, INFO, "", 0, false, NULL}},
    {"<bye/>", {DOOR_BYE, "", 0, 0, INFO, "", 0, false, NULL}},
    {"<bye id=\"bye\"/>", {DOOR_BYE, "bye", 0, 0, INFO, "", 0, false, NULL}},
    /* what does not matter, or is nothing */
    {"", {0}},
    {"<", {0}},
    {"</>", {0}},
    {"alert", {0}},
    {"<quota id=\"1\"/>", {0}},
    {"<alerts alertID=\"9\">a</alerts>", {0}},
    {"<aler alertID=\"9\">a</aler>", {0}},
    {"<alert>a</alert>", {0}},
    {"<alert alertID=\"0\">a</alert>", {0}},
    {"<alert alertID=\"9x\">a</alert>", {0}},
    {"<alert alertID=\"18446744073709551616\">a</alert>", {0}},
    {"<alert alertID=\"9\">a", {0}},
    {"<alert alertID=\"9\">a</alert", {0}},
    {"<alert alertID=\"9\"", {0}},
    {"<alert alertID=\"9", {0}},
    {"<alert alertID=9>a</alert>", {0}},
    {"<alert alertID>a</alert>", {0}},
    {"<alert alertID=\"9\">&none;</alert>", {0}},
    {"<alert alertID=\"9\">&#0;</alert>", {0}},
    {"<alert alertID=\"9\">&#xd800;</alert>", {0}},
    {"<alert alertID=\"9\">&#x110000;</alert>", {0}},
    {"<alert alertID=\"9\">&#99999999999999999999;</alert>", {0}},
    {"<alert alertID=\"9\">&#;</alert>", {0}},
    {"<alert alertID=\"9\">&;</alert>", {0}},
    {"<alert alertID=\"9\">&amp</alert>", {0}},
    {"<alertRemoved/>", {0}},
    {"<bye/ >", {0}},
};

#define N_ROWS (sizeof rows / sizeof rows[0])

static void
check_message(const struct door_message *m, const struct door_message *wanted)
{
    ck_assert_int_eq(m->type, wanted->type);
    if (wanted->type == DOOR_NOTHING)
        return;
    ck_assert_str_eq(m->id, wanted->id);
    ck_assert_uint_eq(m->error, wanted->error);
    ck_assert_uint_eq(m->alert, wanted->alert);
    ck_assert_int_eq(m->kind.severity, wanted->kind.severity);
    ck_assert_int_eq(m->kind.quota, wanted->kind.quota);
    ck_assert_int_eq(m->kind.to_account, wanted->kind.to_account);
    ck_assert_uint_eq(m->text_len, wanted->text_len);
    ck_assert_mem_eq(m->text, wanted->text, m->text_len);
    ck_assert_int_eq(m->text_cut, wanted->text_cut);
    if (wanted->wake_file == NULL)
        ck_assert_ptr_null(m->wake_file);
    else
        ck_assert_str_eq(m->wake_file, wanted->wake_file);
}

/* As much memory as there are bytes: valgrind sees what is read beyond. */
START_TEST(reads_a_message)
{
    size_t len = strlen(rows[_i].in);
    char *in = malloc(len + (len == 0));
    struct door_message m;

    memcpy(in, rows[_i].in, len);
    ck_assert_int_eq(door_wire_parse(in, len, false, &m),
                     rows[_i].m.type != DOOR_NOTHING);
    check_message(&m, &rows[_i].m);
    free(in);
}
END_TEST

/* All rows in one stream that comes `step` bytes at a time. */
static void
read_stream(size_t step)
{
    static char stream[N_ROWS * 200];
    struct door_wire w = {0};
    struct door_message m;
    size_t len = 0, row = 0, piece, n;
    bool ends;

    for (size_t i = 0; i < N_ROWS; i++) {
        strcpy(stream + len, rows[i].in);
        len += strlen(rows[i].in) + 1;
    }
    for (size_t i = 0; i < len; i += n) {
        piece = len - i < step ? len - i : step;
        ends = memchr(stream + i, 0, piece) != NULL;
        n = door_wire_take(&w, stream + i, piece, &m);
        ck_assert_uint_gt(n, 0);
        ck_assert_uint_le(n, piece);
        if (ends)
            check_message(&m, &rows[row++].m);
        else
            ck_assert_int_eq(m.type, DOOR_NOTHING);
    }
    ck_assert_uint_eq(row, N_ROWS);
    ck_assert_uint_eq(w.len, 0);
    door_wire_clear(&w);
}

START_TEST(reads_a_stream_in_pieces)
{
    for (size_t step = 1; step <= 64; step++)
        read_stream(step);
}
END_TEST

/* The beginning of what is too long counts, and the next message is whole. */
START_TEST(keeps_the_beginning_of_a_long_message)
{
    static char in[40000];
    struct door_wire w = {0};
    struct door_message m;
    const char *head = "<alert alertID=\"5\">";
    size_t piece = _i == 0 ? sizeof in : (size_t)_i, n = 0, taken;

    memset(in, 'x', sizeof in);
    memcpy(in, head, strlen(head));
    memcpy(in + 30000, "</alert>", 9);
    memcpy(in + 30009, "<bye/>", 7);
    while (n < 30009) {
        size_t left = sizeof in - n;

        taken = door_wire_take(&w, in + n, left < piece ? left : piece, &m);
        ck_assert_uint_gt(taken, 0);
        ck_assert_uint_le(w.cap, DOOR_WIRE_MOST);
        n += taken;
    }
    ck_assert_uint_eq(n, 30009);
    ck_assert_int_eq(m.type, DOOR_ALERT);
    ck_assert_uint_eq(m.alert, 5);
    ck_assert(m.text_cut);
    ck_assert_uint_eq(m.text_len, DOOR_WIRE_MOST - strlen(head));
    ck_assert_int_eq(m.text[m.text_len - 1], 'x');
    ck_assert_uint_eq(door_wire_take(&w, in + n, 7, &m), 7);
    ck_assert_int_eq(m.type, DOOR_BYE);
    door_wire_clear(&w);
}
END_TEST

/* Where the cut is in something that means another thing whole, that is left
 * out. */
START_TEST(leaves_out_what_was_cut)
{
    static const struct {
        const char *in, *text; /* NULL: no message */
    } cuts[] = {{"<alert alertID=\"5\">ab&am", "ab"},
                {"<alert alertID=\"5\">ab</al", "ab"},
                {"<alert alertID=\"5\">ab<b c='", "ab"},
                {"<alert alertID=\"5\">", ""},
                {"<alert alertID=\"5\"", NULL}};
    struct door_message m;
    char in[64];

    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        strcpy(in, cuts[i].in);
        ck_assert_int_eq(door_wire_parse(in, strlen(in), true, &m),
                         cuts[i].text != NULL);
        if (cuts[i].text == NULL)
            continue;
        ck_assert(m.text_cut);
        ck_assert_uint_eq(m.text_len, strlen(cuts[i].text));
        ck_assert_mem_eq(m.text, cuts[i].text, m.text_len);
    }
}
END_TEST

START_TEST(writes_requests)
{
    char out[DOOR_WIRE_REQUEST];
    struct door_login l = {.user = "joe@example.test",
                           .service = "imap",
                           .client = "192.0.2.8",
                           .hibernate = true,
                           .resumed = true};
    size_t n = door_wire_login(out, sizeof out, &l);

    ck_assert_str_eq(
        out, "<login id=\"login\" method=\"EXTERNAL\" "
             "userName=\"joe@example.test\" alertConfirm=\"yes\" "
             "alertChanges=\"yes\" door=\"imap\" clientAddress=\"192.0.2.8\" "
             "attended=\"no\" hibernate=\"yes\" resumed=\"yes\"/>");
    ck_assert_uint_eq(n, strlen(out) + 1);
    ck_assert_uint_eq(door_wire_login(out, n, &l), n);
    ck_assert_uint_eq(door_wire_login(out, n - 1, &l), 0);

    l = (struct door_login){
        .user = "a\"<>&'\n\x01/>", .service = "pop3", .attended = true};
    door_wire_login(out, sizeof out, &l);
    ck_assert_str_eq(out, "<login id=\"login\" method=\"EXTERNAL\" "
                          "userName=\"a&quot;&lt;&gt;&amp;'&#10;?/&gt;\" "
                          "alertConfirm=\"yes\" alertChanges=\"yes\" "
                          "door=\"pop3\" attended=\"yes\"/>");

    ck_assert_uint_eq(door_wire_told(out, sizeof out), strlen(out) + 1);
    ck_assert_str_eq(out, "<noop id=\"told\"/>");
    ck_assert_uint_eq(door_wire_attended(out, sizeof out), strlen(out) + 1);
    ck_assert_str_eq(out, "<noop id=\"attended\" attended=\"yes\"/>");
    door_wire_confirm(out, sizeof out, UINT64_MAX);
    ck_assert_str_eq(out, "<alertConfirm id=\"18446744073709551615\" "
                          "alertID=\"18446744073709551615\"/>");
    door_wire_bye(out, sizeof out, false);
    ck_assert_str_eq(out, "<bye id=\"bye\"/>");
    door_wire_bye(out, sizeof out, true);
    ck_assert_str_eq(out, "<bye id=\"bye\" hibernate=\"yes\"/>");
    ck_assert_uint_eq(door_wire_bye(out, 10, true), 0);
}
END_TEST

Suite *
door_wire_suite(void)
{
    Suite *s = suite_create("door_wire");
    TCase *t = tcase_create("door_wire");

    tcase_add_loop_test(t, reads_a_message, 0, (int)N_ROWS);
    tcase_add_test(t, reads_a_stream_in_pieces);
    tcase_add_loop_test(t, keeps_the_beginning_of_a_long_message, 0, 8);
    tcase_add_test(t, leaves_out_what_was_cut);
    tcase_add_test(t, writes_requests);
    suite_add_tcase(s, t);
    return s;
}
