/* SPDX-License-Identifier: BSD-2-Clause */
/* How much work parsers do, counted, not timed: each piece of code between two
 * branches is one, as the compiler calls us there, and each byte that the C
 * library is asked to copy or to look at is one.  So a machine that is slow,
 * or busy, counts the same. */
#include "config.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "util/buf.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"
#include "ximss/proto/xml_parse.h"

static uint64_t work;

/* libwork.la is compiled to call this. */
void __sanitizer_cov_trace_pc(void);

void
__sanitizer_cov_trace_pc(void)
{
    work++;
}

/* --- of the C library; the linker leads its calls here --- */

void *__real_memcpy(void *to, const void *from, size_t n);
void *__wrap_memcpy(void *to, const void *from, size_t n);
void *__real_memmove(void *to, const void *from, size_t n);
void *__wrap_memmove(void *to, const void *from, size_t n);
void *__real_memchr(const void *s, int c, size_t n);
void *__wrap_memchr(const void *s, int c, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
size_t __real_strlen(const char *s);
size_t __wrap_strlen(const char *s);
int __real_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b);

void *
__wrap_memcpy(void *to, const void *from, size_t n)
{
    work += n;
    return __real_memcpy(to, from, n);
}

void *
__wrap_memmove(void *to, const void *from, size_t n)
{
    work += n;
    return __real_memmove(to, from, n);
}

void *
__wrap_memchr(const void *s, int c, size_t n)
{
    work += n;
    return __real_memchr(s, c, n);
}

void *
__wrap_realloc(void *p, size_t n)
{
    work += n;
    return __real_realloc(p, n);
}

size_t
__wrap_strlen(const char *s)
{
    size_t n = __real_strlen(s);

    work += n;
    return n;
}

int
__wrap_strcmp(const char *a, const char *b)
{
    work++;
    return __real_strcmp(a, b);
}

/* --- texts --- */

/* before, n times what `piece` writes, behind */
static struct buf
make(const char *before,
     void (*piece)(struct buf *b, unsigned i, const char *s), const char *s,
     unsigned n, const char *behind)
{
    struct buf b = {0};

    buf_append_str(&b, before);
    for (unsigned i = 0; i < n; i++)
        piece(&b, i, s);
    buf_append_str(&b, behind);
    return b;
}

static void
repeat(struct buf *b, unsigned i, const char *s)
{
    (void)i;
    buf_append_str(b, s);
}

/* A number instead of "%". */
static void
key(struct buf *b, unsigned i, const char *s)
{
    size_t n = strcspn(s, "%");

    buf_append(b, s, n);
    if (s[n] == '%')
        buf_appendf(b, "%u%s", i * 7919, s + n + 1);
}

/* Sixteen times the pieces are to be about sixteen times the work, and for
 * keys, which are sorted, a little more; each piece for itself would be 256
 * times. */
static void
is_linear(const char *what, uint64_t few, uint64_t many)
{
    ck_assert_msg(few > 10000, "%s: work is not counted", what);
    ck_assert_msg(many < few * 24, "%s: %llu, and sixteen times that is %llu",
                  what, (unsigned long long)few, (unsigned long long)many);
}

/* --- XML --- */

static uint64_t
work_of_xml(const char *before, const char *piece, const char *behind,
            unsigned n)
{
    const struct xml_limits wide = {
        .bytes = 1 << 28, .elems = 1 << 28, .attr_bytes = 1 << 28};
    struct xml_parser *parser = xml_parser_new(&wide);
    struct buf b = make(before, repeat, piece, n, behind);
    struct arena *arena = arena_new();
    struct xml_elem *root;
    struct errbuf err;
    const char *id;

    work = 0;
    ck_assert_int_eq(xml_parse(parser, b.data, b.len, arena, &root, &id, &err),
                     XML_PARSED);
    arena_free(&arena);
    xml_parser_free(&parser);
    buf_clear(&b);
    return work;
}

static const struct {
    const char *before, *piece, *behind;
} documents[] = {
    {"<a>", "\n", "</a>"},
    {"<a>", "&#10;", "</a>"},
    {"<a>", "<b/>\n", "</a>"},
    {"<a b='", "&lt;", "'/>"},
    {"<a>", "<b c='d'>e</b>", "</a>"},
};

START_TEST(xml_is_linear)
{
    const char *before = documents[_i].before, *piece = documents[_i].piece,
               *behind = documents[_i].behind;

    is_linear(piece, work_of_xml(before, piece, behind, 4000),
              work_of_xml(before, piece, behind, 64000));
}
END_TEST

/* --- data of the CLI --- */

static uint64_t
work_of_data(const char *before, const char *piece, const char *behind,
             unsigned n)
{
    const struct cli_limits wide = {.bytes = 1 << 28};
    struct buf b = make(before, key, piece, n, behind);
    struct arena *arena = arena_new();
    struct cli_value *v;
    struct errbuf err;

    work = 0;
    ck_assert_int_eq(cli_data_parse(b.data, b.len, &wide, arena, &v, &err), 0);
    arena_free(&arena);
    buf_clear(&b);
    return work;
}

static const struct {
    const char *before, *piece, *behind;
} data[] = {
    {"{", "k%=();", "}"},  {"{", "%k=a;", "}"}, {"(", "k%,", "x)"},
    {"\"", "a%\\e", "\""}, {"[", "YWJj", "]"},
};

START_TEST(data_is_linear)
{
    const char *before = data[_i].before, *piece = data[_i].piece,
               *behind = data[_i].behind;

    is_linear(piece, work_of_data(before, piece, behind, 2000),
              work_of_data(before, piece, behind, 32000));
}
END_TEST

static Suite *
work_suite(void)
{
    Suite *s = suite_create("work");
    TCase *t = tcase_create("work");

    tcase_add_loop_test(t, xml_is_linear, 0,
                        sizeof documents / sizeof documents[0]);
    tcase_add_loop_test(t, data_is_linear, 0, sizeof data / sizeof data[0]);
    suite_add_tcase(s, t);
    return s;
}

SUITE_MAIN(work_suite)
