/* SPDX-License-Identifier: BSD-2-Clause */
/* What the door reads of a message is what expat reads of it, if expat reads it
 * at all; a stream gives the same whether it comes at once or in pieces; and no
 * text makes a line end. */
#include "config.h"

#include <string.h>

#include "clients/dovecot/door_text.h"
#include "clients/dovecot/door_wire.h"
#include "tests/fuzz/fuzz.h"
#include "util/arena.h"
#include "util/text.h"
#include "ximss/proto/xml_parse.h"

#define STEPS 7

static void
check_line(const char *text, size_t len, bool cut, size_t max)
{
    char line[DOOR_TEXT_IMAP + 1], refusal[DOOR_TEXT_POP3_LINE];
    size_t n = door_text_line(text, len, cut, line, max), bad;

    FUZZ_CHECK(n <= max && strlen(line) == n);
    FUZZ_CHECK(strpbrk(line, "\r\n") == NULL && text_is_utf8(line, n, &bad));
    n = door_text_refusal(line, line, line, refusal);
    FUZZ_CHECK(n + 2 <= DOOR_TEXT_POP3_LINE && strlen(refusal) == n);
    FUZZ_CHECK(strpbrk(refusal, "\r\n") == NULL);
}

static void
check_same_line(const char *a, size_t a_len, const char *b, size_t b_len)
{
    char x[DOOR_TEXT_IMAP + 1], y[DOOR_TEXT_IMAP + 1];

    door_text_line(a, a_len, false, x, DOOR_TEXT_IMAP);
    door_text_line(b, b_len, false, y, DOOR_TEXT_IMAP);
    FUZZ_CHECK(strcmp(x, y) == 0);
}

/* Both take one message that has no comments or the like in it. */
static void
check_as_expat(const char *data, size_t size, const struct door_message *m)
{
    static struct xml_parser *parser;
    static struct arena *arena;
    struct xml_elem *root = NULL;
    const char *id = NULL;
    struct errbuf err;

    if (parser == NULL) {
        parser = xml_parser_new(NULL);
        arena = arena_new();
    }
    arena_reset(arena);
    if (xml_parse(parser, data, size, arena, &root, &id, &err) != XML_PARSED)
        return;
    FUZZ_CHECK((m->type == DOOR_BYE) == (strcmp(root->name, "bye") == 0));
    FUZZ_CHECK((m->type == DOOR_SESSION) ==
               (strcmp(root->name, "session") == 0));
    FUZZ_CHECK((m->type == DOOR_RESPONSE) ==
               (strcmp(root->name, "response") == 0));
    if (m->type != DOOR_NOTHING)
        FUZZ_CHECK(strcmp(m->id, id) == 0);
    if (m->type == DOOR_ALERT) {
        FUZZ_CHECK(!m->text_cut);
        check_same_line(m->text, m->text_len, root->text, root->text_len);
    }
}

static void
check_message(const uint8_t *data, size_t size)
{
    struct door_message m;
    char *copy = malloc(size + 1);

    memcpy(copy, data, size);
    if (door_wire_parse(copy, size, false, &m) && m.type == DOOR_ALERT) {
        FUZZ_CHECK(m.text + m.text_len <= copy + size);
        check_line(m.text, m.text_len, m.text_cut,
                   3 + size % (DOOR_TEXT_IMAP - 2));
    }
    if (memmem(data, size, "<!", 2) == NULL &&
        memmem(data, size, "<?", 2) == NULL && memchr(data, 0, size) == NULL)
        check_as_expat((const char *)data, size, &m);
    memcpy(copy, data, size);
    if (door_wire_parse(copy, size, true, &m) && m.type == DOOR_ALERT)
        check_line(m.text, m.text_len, m.text_cut, DOOR_TEXT_POP3);
    free(copy);
}

/* A sum over the messages of the stream, in pieces of `step` bytes. */
static uint64_t
read_stream(const uint8_t *data, size_t size, size_t step)
{
    struct door_wire w = {0};
    struct door_message m;
    char *copy = malloc(size + 1);
    uint64_t sum = 0;
    size_t n;

    memcpy(copy, data, size);
    for (size_t i = 0; i < size; i += n) {
        n = door_wire_take(&w, copy + i, size - i < step ? size - i : step, &m);
        FUZZ_CHECK(n > 0 && n <= size - i && w.len <= DOOR_WIRE_MOST);
        if (m.type != DOOR_NOTHING)
            sum = sum * 31 + m.type + m.alert * 7 + m.text_len;
    }
    door_wire_clear(&w);
    free(copy);
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole;

    if (size == 0)
        return 0;
    check_message(data, size);
    whole = read_stream(data, size, size);
    for (size_t step = 1; step < STEPS; step++)
        FUZZ_CHECK(read_stream(data, size, step) == whole);
    check_line((const char *)data, size, size % 2 == 0, DOOR_TEXT_POP3);
    return 0;
}
