/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of ximssd before a log-in: the requests arrive whole and once,
 * each with the client's address, and whatever ximssd answers, in which pieces
 * ever, the caller is told the same, and of the end once.
 *
 * An input is a byte of flags, the browser's body, a byte 1, and what ximssd
 * says. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "clients/bridge/ask.h"
#include "clients/bridge/upstream.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_bridge.h"
#include "util/arena.h"
#include "ximss/proto/xml_parse.h"

#define ADDRESS "2001:db8::1"

enum {
    CANCEL = 1, /* after the first message */
    STAY = 2,   /* ximssd does not close at the end */
    AWAY = 4    /* ximssd is not there */
};

static struct bridge *bridge;

struct asker {
    struct ask *ask;
    struct buf told;
    size_t n, responses;
    bool over, worked, cancels;
};

static void
on_told(void *arg, const struct xml_elem *m, int worked)
{
    struct asker *a = arg;

    FUZZ_CHECK(!a->over && a->ask != NULL);
    if (m == NULL) {
        a->over = true;
        a->worked = worked != 0;
        return;
    }
    a->responses += strcmp(m->name, "response") == 0;
    FUZZ_CHECK(a->responses <= a->n);
    upstream_write_elem(&a->told, m);
}

/* --- ximssd's end --- */

static void
check_request(const char *text, size_t len, const struct xml_elem *sent)
{
    struct arena *arena = arena_new();
    struct xml_elem *e;
    struct errbuf err;
    unsigned addresses = 0;
    const char *id;

    FUZZ_CHECK(xml_parse(bridge->parser, text, len, arena, &e, &id, &err) ==
               XML_PARSED);
    FUZZ_CHECK(strcmp(e->name, sent->name) == 0);
    FUZZ_CHECK(xml_attr(e, "id") != NULL);
    FUZZ_CHECK(xml_attr(sent, "id") == NULL ||
               strcmp(xml_attr(e, "id"), xml_attr(sent, "id")) == 0);
    for (unsigned i = 0; i < e->n_attrs; i++)
        addresses += strcmp(e->attrs[i].name, "clientAddress") == 0;
    FUZZ_CHECK(addresses == 1 &&
               strcmp(xml_attr(e, "clientAddress"), ADDRESS) == 0);
    arena_free(&arena);
}

/* Reads all requests, and looks at each. */
static void
hear(int fd, const struct xml_elem *root)
{
    const struct xml_elem *e = root->first;
    struct buf b = {0};
    size_t at = 0;

    for (int calm = 0; calm < FUZZ_CALM; calm++) {
        fuzz_bridge_turn(bridge);
        if (fuzz_bridge_drain(fd, &b))
            calm = 0;
    }
    for (; e != NULL; e = e->next) {
        size_t len = strnlen(b.data + at, b.len - at);

        FUZZ_CHECK(at + len < b.len);
        check_request(b.data + at, len, e);
        at += len + 1;
    }
    FUZZ_CHECK(at == b.len);
    buf_clear(&b);
}

static void
calm_down(void)
{
    for (int i = 0; i < FUZZ_CALM; i++)
        fuzz_bridge_turn(bridge);
}

/* The answers in pieces; the asker may have had enough of them. */
static void
say(struct asker *a, int fd, const uint8_t *data, size_t size, size_t step)
{
    for (size_t at = 0, n; at < size && !a->over && a->ask != NULL; at += n) {
        n = step == 0 || size - at < step ? size - at : step;
        fuzz_bridge_send(bridge, fd, data + at, n, 0);
        if (a->cancels && a->told.len > 0 && !a->over) {
            ask_cancel(a->ask);
            a->ask = NULL;
        }
    }
}

/* --- the target --- */

static size_t
count(const struct xml_elem *root)
{
    size_t n = 0;

    for (const struct xml_elem *e = root->first; e != NULL; e = e->next)
        n++;
    return n;
}

static void
ask(const struct xml_elem *root, unsigned flags, const uint8_t *answers,
    size_t size, size_t step, struct buf *told)
{
    struct asker a = {.n = count(root), .cancels = (flags & CANCEL) != 0};
    int fd = (flags & AWAY) == 0 ? fuzz_bridge_make_upstream() : -1;

    a.ask = ask_start(bridge, root, ADDRESS, on_told, &a);
    FUZZ_CHECK(a.ask != NULL && !a.over);
    if (fd >= 0) {
        hear(fd, root);
        say(&a, fd, answers, size, step);
        if ((flags & STAY) == 0)
            close(fd);
    }
    calm_down();
    FUZZ_CHECK(a.ask == NULL || a.over || (flags & STAY) != 0);
    FUZZ_CHECK(!a.over || a.worked == (a.responses == a.n));
    if (a.ask != NULL && !a.over)
        ask_cancel(a.ask);
    calm_down();
    if (fd >= 0 && (flags & STAY) != 0)
        close(fd);
    buf_append(told, a.told.data, a.told.len);
    buf_append_char(told, a.over ? a.worked ? 'w' : 'f' : 'c');
    buf_clear(&a.told);
}

static void
both_ways(const struct xml_elem *root, unsigned flags, const uint8_t *answers,
          size_t size)
{
    struct buf whole = {0}, pieces = {0};

    ask(root, flags, answers, size, 0, &whole);
    ask(root, flags, answers, size, flags / 8 + 1, &pieces);
    FUZZ_CHECK((flags & CANCEL) != 0 ||
               (whole.len == pieces.len &&
                memcmp(whole.data, pieces.data, whole.len) == 0));
    buf_clear(&whole);
    buf_clear(&pieces);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *body = data + 1, *end;
    struct arena *arena;
    struct xml_elem *root;
    struct errbuf err;
    const char *id;

    if (size < 2 || size > FUZZ_MOST)
        return 0;
    if (bridge == NULL)
        bridge = fuzz_bridge_start();
    end = memchr(body, 1, size - 1);
    if (end == NULL)
        end = data + size;
    arena = arena_new();
    if (xml_parse(bridge->parser, (const char *)body, (size_t)(end - body),
                  arena, &root, &id, &err) == XML_PARSED &&
        root->first != NULL) {
        const uint8_t *answers = end < data + size ? end + 1 : end;

        both_ways(root, data[0], answers, (size_t)(data + size - answers));
    }
    arena_free(&arena);
    return 0;
}
