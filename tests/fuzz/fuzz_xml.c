/* SPDX-License-Identifier: BSD-2-Clause */
/* A document that was read and written again reads as the same document, and
 * any bytes at all, written as a text, make a document. */
#include "config.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

static void
write_elem(struct buf *b, const struct xml_elem *e)
{
    buf_append_char(b, '<');
    buf_append_str(b, e->name);
    for (unsigned i = 0; i < e->n_attrs; i++)
        xml_write_attr(b, e->attrs[i].name, e->attrs[i].value);
    buf_append_char(b, '>');
    FUZZ_CHECK(e->text[e->text_len] == '\0');
    xml_write_text(b, e->text, e->text_len);
    for (const struct xml_elem *c = e->first; c != NULL; c = c->next) {
        FUZZ_CHECK(c->parent == e);
        write_elem(b, c);
    }
    buf_appendf(b, "</%s>", e->name);
}

static struct xml_elem *
parse(struct xml_parser *p, const char *data, size_t len, struct arena *arena)
{
    struct errbuf err = {""};
    struct xml_elem *root = NULL;
    const char *id = NULL, *attr;
    enum xml_result r = xml_parse(p, data, len, arena, &root, &id, &err);

    FUZZ_CHECK(id != NULL);
    FUZZ_CHECK((r == XML_PARSED) == (root != NULL));
    FUZZ_CHECK((r == XML_PARSED) == (err.text[0] == '\0'));
    if (root == NULL)
        return NULL;
    attr = xml_attr(root, "id");
    FUZZ_CHECK(strcmp(id, attr != NULL ? attr : "") == 0);
    return root;
}

static void
check_document(struct xml_parser *p, const char *data, size_t len,
               struct arena *arena)
{
    struct xml_elem *root = parse(p, data, len, arena);
    struct buf first = {0}, second = {0};

    if (root == NULL)
        return;
    write_elem(&first, root);
    root = parse(p, first.data, first.len, arena);
    FUZZ_CHECK(root != NULL);
    write_elem(&second, root);
    FUZZ_CHECK(first.len == second.len &&
               memcmp(first.data, second.data, first.len) == 0);
    buf_clear(&first);
    buf_clear(&second);
}

static void
check_text(struct xml_parser *p, const char *data, size_t len,
           struct arena *arena)
{
    const char *value = arena_strndup(arena, data, len);
    struct buf b = {0};

    buf_append_str(&b, "<a");
    xml_write_attr(&b, "b", value);
    buf_append_char(&b, '>');
    xml_write_text(&b, data, len);
    buf_append_str(&b, "</a>");
    FUZZ_CHECK(parse(p, b.data, b.len, arena) != NULL);
    buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct xml_limits tight = {
        .bytes = 65536, .depth = 5, .attrs = 4, .attr_bytes = 64};
    static struct xml_parser *strict, *wide;
    static struct arena *arena;

    if (arena == NULL) {
        arena = arena_new();
        strict = xml_parser_new(&tight);
        wide = xml_parser_new(
            &(struct xml_limits){.bytes = 1 << 24, .attr_bytes = 1 << 24});
    }
    if (parse(strict, (const char *)data, size, arena) != NULL)
        check_document(wide, (const char *)data, size, arena);
    check_text(wide, (const char *)data, size, arena);
    arena_reset(arena);
    return 0;
}
