/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/csv.h"

Suite *csv_suite(void);

#define T(s) s, sizeof s - 1

/* Records as "line:field|field;", broken ones as "line!text;". */
static const struct {
    const char *text;
    size_t len;
    const char *records;
} files[] = {
    {T(""), ""},
    {T("\n\r\n\n"), ""},
    {T("a"), "1:a;"},
    {T("a,b,c\nd,,\n"), "1:a|b|c;2:d||;"},
    {T("a,b\r\nc,d\r\n"), "1:a|b;2:c|d;"},
    {T("a\rb,c\r"), "1:a\rb|c;"},
    {T("\xef\xbb\xbfname,password\n"), "1:name|password;"},
    {T("\"a,b\",\"c\"\"d\",\"\"\n"), "1:a,b|c\"d|;"},
    {T("\xef\xbb"), "1:\xef\xbb;"},
    {T("\xef\xbd\xb1,x\n"), "1:\xef\xbd\xb1|x;"},
    {T("\"two\nlines\",x\ny\n"), "1:two\nlines|x;3:y;"},
    {T("\"a\"\r\nb\n"), "1:a;2:b;"},
    {T("a\"b\",c\n"), "1:a\"b\"|c;"},
    {T("\n\na\n\nb"), "3:a;5:b;"},
    {T(",\n"), "1:|;"},
    {T("\"a\"b,c\nd\n"),
     "1!malformed record: there is text after a closing quote;2:d;"},
    {T("x\n\"a,b\nc\n"), "1:x;2!malformed record: a quote is not closed;"},
    {T("a\0b\nc\n"), "1!malformed record: it contains a zero byte;2:c;"},
    {T("J\xc3\xbcrgen,\xf0\x9f\x98\x80\n"),
     "1:J\xc3\xbcrgen|\xf0\x9f\x98\x80;"},
};

static void
read_all(FILE *f, char *out, size_t size)
{
    struct input in;
    struct errbuf err;
    struct csv c;
    int r;

    out[0] = '\0';
    input_init(&in, dup(fileno(f)));
    csv_init(&c, &in);
    while ((r = csv_next(&c, &err)) != 0) {
        size_t n = strlen(out);

        snprintf(out + n, size - n, "%lu%s", c.first_line, r > 0 ? ":" : "!");
        for (unsigned i = 0; r > 0 && i < c.n; i++) {
            n = strlen(out);
            snprintf(out + n, size - n, "%s%s", i > 0 ? "|" : "", c.fields[i]);
        }
        n = strlen(out);
        snprintf(out + n, size - n, "%s;", r > 0 ? "" : err.text);
    }
    csv_clear(&c);
    input_close(&in);
}

START_TEST(reads_records)
{
    FILE *f = tmpfile();
    char out[1000];

    ck_assert_ptr_nonnull(f);
    fwrite(files[_i].text, 1, files[_i].len, f);
    rewind(f);
    read_all(f, out, sizeof out);
    ck_assert_str_eq(out, files[_i].records);
    fclose(f);
}
END_TEST

START_TEST(limits_records)
{
    FILE *f = tmpfile();
    char out[200];

    ck_assert_ptr_nonnull(f);
    for (int i = 0; i < CSV_RECORD_MAX + 10; i++)
        putc('x', f);
    fputs("\nok\n", f);
    for (int i = 0; i < CSV_FIELDS_MAX; i++)
        putc(',', f);
    fputs("\nok\n", f);
    rewind(f);
    read_all(f, out, sizeof out);
    ck_assert_str_eq(out, "1!malformed record: it is too long;2:ok;"
                          "3!malformed record: it has too many fields;"
                          "4:ok;");
    fclose(f);
}
END_TEST

Suite *
csv_suite(void)
{
    Suite *s = suite_create("csv");
    TCase *t = tcase_create("csv");

    tcase_add_loop_test(t, reads_records, 0, sizeof files / sizeof files[0]);
    tcase_add_test(t, limits_records);
    suite_add_tcase(s, t);
    return s;
}
