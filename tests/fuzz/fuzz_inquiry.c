/* SPDX-License-Identifier: BSD-2-Clause */
/* What a browser without a session posts, and what ximssd makes of it: the
 * browser gets one reply, of well-formed XML if it is XML, whatever the two of
 * them say, and nothing is left behind.
 *
 * An input is a byte of flags, the browser's body, a byte 1, and what ximssd
 * says. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_bridge.h"
#include "util/arena.h"
#include "ximss/proto/xml_parse.h"

enum {
    LEAVE = 1,  /* the browser does, before the answer */
    STAY = 2,   /* ximssd does not close at the end */
    AWAY = 4,   /* ximssd is not there */
    LOG_IN = 8, /* the body is a form, of a user without a domain */
    CHUNKS = 16
};

static struct bridge *bridge;

/* --- the browser's end --- */

static void
write_request(struct buf *out, unsigned flags, const uint8_t *body, size_t len)
{
    static const char form[] = "userName=joe&password=x&errorAsXML=1&";
    size_t begin = (flags & LOG_IN) != 0 ? sizeof form - 1 : 0;

    buf_append_str(out, "POST /XIMSSLogin/ HTTP/1.1\r\nHost: a.test\r\n");
    if ((flags & CHUNKS) != 0)
        buf_appendf(out, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n",
                    begin + len);
    else
        buf_appendf(out, "Content-Length: %zu\r\n\r\n", begin + len);
    buf_append(out, form, begin);
    buf_append(out, body, len);
    if ((flags & CHUNKS) != 0)
        buf_append_str(out, begin + len > 0 ? "\r\n0\r\n\r\n" : "\r\n");
}

static void
check_xml(const char *text, size_t len)
{
    struct arena *arena = arena_new();
    struct xml_elem *root;
    struct errbuf err;
    const char *id;

    FUZZ_CHECK(xml_parse(bridge->parser, text, len, arena, &root, &id, &err) ==
               XML_PARSED);
    FUZZ_CHECK(strcmp(root->name, "XIMSS") == 0);
    for (const struct xml_elem *e = root->first; e != NULL; e = e->next)
        if (strcmp(e->name, "features") == 0)
            for (const struct xml_elem *f = e->first; f != NULL; f = f->next)
                FUZZ_CHECK(strcmp(f->name, "sasl") == 0 ||
                           strcmp(f->name, "nonce") == 0);
    arena_free(&arena);
}

/* One reply, or none. */
static void
check_replies(struct buf *b)
{
    static const char length[] = "\r\nContent-Length: ";
    char *head = b->data, *body, *at;
    unsigned status;

    if (b->len == 0)
        return;
    buf_cstr(b);
    head = b->data;
    FUZZ_CHECK(strlen(head) == b->len); /* not a zero byte in it */
    FUZZ_CHECK(strncmp(head, "HTTP/1.1 ", 9) == 0);
    status = (unsigned)strtoul(head + 9, NULL, 10);
    body = strstr(head, "\r\n\r\n");
    at = strstr(head, length);
    FUZZ_CHECK(body != NULL && at != NULL && at < body);
    body += 4;
    FUZZ_CHECK(strtoul(at + sizeof length - 1, NULL, 10) == strlen(body));
    FUZZ_CHECK(status == 200 || status == 400 || status == 401 ||
               status == 403 || status == 413 || status == 503);
    if (status == 200)
        check_xml(body, strlen(body));
}

/* --- the target --- */

static void
listen_to(int fd, struct buf *out)
{
    for (int calm = 0; calm < FUZZ_CALM; calm++) {
        fuzz_bridge_turn(bridge);
        if (fd >= 0 && fuzz_bridge_drain(fd, out))
            calm = 0;
    }
}

static void
talk(unsigned flags, const struct buf *request, const uint8_t *answers,
     size_t size)
{
    int browser = fuzz_bridge_connect(bridge);
    int ximssd = (flags & AWAY) == 0 ? fuzz_bridge_make_upstream() : -1;
    struct buf replies = {0}, asked = {0};

    fuzz_bridge_send(bridge, browser, request->data, request->len, 0);
    listen_to(ximssd, &asked);
    if ((flags & LEAVE) != 0) {
        close(browser);
        browser = -1;
        fuzz_bridge_turn(bridge);
    }
    if (ximssd >= 0 && asked.len > 0)
        fuzz_bridge_send(bridge, ximssd, answers, size, flags / 32 * 7);
    if (ximssd >= 0 && (flags & STAY) == 0) {
        close(ximssd);
        ximssd = -1;
    }
    listen_to(browser, &replies);
    check_replies(&replies);
    FUZZ_CHECK(replies.len > 0 || (flags & (LEAVE | STAY)) != 0);
    fuzz_bridge_end_all(bridge);
    if (browser >= 0)
        close(browser);
    if (ximssd >= 0)
        close(ximssd);
    if (fuzz_bridge_upstream >= 0) /* ximssd was not asked */
        close(fuzz_bridge_upstream);
    fuzz_bridge_upstream = -1;
    buf_clear(&replies);
    buf_clear(&asked);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *body = data + 1, *end, *answers;
    struct buf request = {0};

    if (size < 2 || size > FUZZ_MOST)
        return 0;
    if (bridge == NULL)
        bridge = fuzz_bridge_start();
    end = memchr(body, 1, size - 1);
    if (end == NULL)
        end = data + size;
    answers = end < data + size ? end + 1 : end;
    write_request(&request, data[0], body, (size_t)(end - body));
    talk(data[0], &request, answers, (size_t)(data + size - answers));
    buf_clear(&request);
    return 0;
}
