/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/requests/req_tables.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "ximss/server/live/attrs.h"

Suite *req_tables_suite(void);

/* --- doc/protocol.md --- */

static void
write_attr(struct buf *b, const struct attr_rule *a)
{
    const char *kind = attr_kind_text(a->kind);

    buf_appendf(b, a->required ? "**`%s`**" : "`%s`", a->name);
    if (kind[0] != '\0')
        buf_appendf(b, " (%s)", kind);
    if (a->most > 0)
        buf_appendf(b, " (at most %u bytes)", a->most);
}

static const char *
when(unsigned flags)
{
    const unsigned both = REQ_BEFORE_LOGIN | REQ_IN_SESSION;

    return (flags & both) == both            ? "always"
           : (flags & REQ_BEFORE_LOGIN) != 0 ? "before log-in"
                                             : "in a session";
}

static void
write_row(struct buf *b, const struct req_desc *d)
{
    buf_appendf(b, "| `%s` | %s | ", d->name, when(d->flags));
    for (const struct attr_rule *a = d->attrs; a != NULL && a->name != NULL;
         a++) {
        if (a != d->attrs)
            buf_append_str(b, ", ");
        write_attr(b, a);
    }
    buf_appendf(b, " | %s |\n",
                (d->flags & REQ_LENIENT) != 0 ? "ignored" : "refused");
}

/* The document, whole; the caller frees. */
static char *
read_document(void)
{
    const char *dir = getenv("srcdir");
    struct buf b = {0};
    char path[500], piece[4096];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/doc/protocol.md", dir != NULL ? dir : ".");
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", path);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_append(&b, piece, n);
    fclose(f);
    buf_append_char(&b, '\0');
    return b.data;
}

/* What the document says of requests and their attributes is what the server
 * checks. */
START_TEST(test_document)
{
    static const char head[] = "| request | when | attributes | others |\n"
                               "| --- | --- | --- | --- |\n";
    struct buf rows = {0};
    char *document = read_document(), *table, *end;

    for (const struct req_desc *const *t = req_tables; *t != NULL; t++)
        for (const struct req_desc *d = *t; d->name != NULL; d++)
            write_row(&rows, d);
    table = strstr(document, head);
    ck_assert_ptr_nonnull(table);
    table += strlen(head);
    end = strstr(table, "\n\n");
    ck_assert_ptr_nonnull(end);
    end[1] = '\0';
    ck_assert_str_eq(table, buf_cstr(&rows));
    buf_clear(&rows);
    free(document);
}
END_TEST

/* --- the rows --- */

/* No name stands twice, no request has more than there is room for, and none
 * has as its own what all have. */
START_TEST(test_rows)
{
    for (const struct req_desc *const *t = req_tables; *t != NULL; t++)
        for (const struct req_desc *d = *t; d->name != NULL; d++) {
            unsigned n = 0;

            ck_assert_ptr_eq(req_tables_find(d->name), d);
            for (const struct attr_rule *a = d->attrs;
                 a != NULL && a->name != NULL; a++, n++) {
                ck_assert_str_ne(a->name, "id");
                ck_assert_str_ne(a->name, "exeTime");
                for (const struct attr_rule *b = d->attrs; b != a; b++)
                    ck_assert_msg(strcmp(a->name, b->name) != 0, "%s of %s",
                                  a->name, d->name);
            }
            ck_assert_msg(n <= ATTRS_MOST, "%s", d->name);
        }
}
END_TEST

Suite *
req_tables_suite(void)
{
    Suite *s = suite_create("req_tables");
    TCase *t = tcase_create("req_tables");

    tcase_add_test(t, test_document);
    tcase_add_test(t, test_rows);
    suite_add_tcase(s, t);
    return s;
}
