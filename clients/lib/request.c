/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/request.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clients/lib/ximss_private.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_write.h"

/* Requests go out as one message each, straight into the wire's buffer, and
 * wait in the table until their response comes or the connection is lost. */

#define REQUEST_ESCAPED 6 /* the longest that escaping makes of one byte */

void
request_init(struct request_table *t)
{
    TAILQ_INIT(&t->list);
    t->n = 0;
}

static int
misuse(struct ximss *x, const char *text)
{
    x->failure = XIMSS_MISUSE;
    x->error_num = 0;
    return err_set(&x->err, "%s", text);
}

/* What XML 1.0 can carry, and nothing that a server would take for a broken
 * message: UTF-8 without control characters other than TAB, LF, CR. */
static bool
is_fit(const char *s, size_t len)
{
    size_t bad;

    if (!text_is_utf8(s, len, &bad))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            return false;
        if (c == 0xef && len - i >= 3 && (unsigned char)s[i + 1] == 0xbf &&
            (unsigned char)s[i + 2] >= 0xbe)
            return false; /* U+FFFE, U+FFFF */
    }
    return true;
}

int
request_check(struct ximss *x, const struct request_text *text)
{
    const char *const *a = text->attrs;

    for (; a != NULL && a[0] != NULL; a += 2)
        if (a[1] != NULL && !is_fit(a[1], strlen(a[1]))) {
            x->failure = XIMSS_MISUSE;
            x->error_num = 0;
            return err_set(&x->err,
                           "%s: \"%s\" is not UTF-8 or has control characters",
                           text->name, a[0]);
        }
    if (text->body_len > 0 && !is_fit(text->body, text->body_len))
        return misuse(x, "the text is not UTF-8 or has control characters");
    return 0;
}

static size_t
room(const struct request_text *text)
{
    size_t n = 64 + 2 * strlen(text->name) + text->body_len * REQUEST_ESCAPED;
    const char *const *a = text->attrs;

    for (; a != NULL && a[0] != NULL; a += 2)
        if (a[1] != NULL)
            n += strlen(a[0]) + 4 + strlen(a[1]) * REQUEST_ESCAPED;
    return n;
}

void
request_write(struct ximss *x, unsigned long long id,
              const struct request_text *text)
{
    struct buf *b = wire_out(&x->wire, room(text));
    const char *const *a = text->attrs;

    buf_append_char(b, '<');
    buf_append_str(b, text->name);
    xml_write_attr_u64(b, "id", id);
    for (; a != NULL && a[0] != NULL; a += 2)
        xml_write_attr(b, a[0], a[1]);
    if (text->body_len == 0) {
        buf_append(b, "/>", 3); /* with the byte 0 */
        return;
    }
    buf_append_char(b, '>');
    if (text->is_xml)
        buf_append(b, text->body, text->body_len);
    else
        xml_write_text(b, text->body, text->body_len);
    buf_append_str(b, "</");
    buf_append_str(b, text->name);
    buf_append(b, ">", 2);
}

struct request *
request_new(struct ximss *x, const struct request_text *text,
            const struct request_handler *handler)
{
    struct request *r;

    if (x->phase != PHASE_READY) {
        misuse(x, "not logged in: wait for the state READY");
        return NULL;
    }
    if (request_check(x, text) < 0)
        return NULL;
    r = xcalloc(1, sizeof *r);
    r->id = ++x->last_id;
    r->handler = handler;
    request_write(x, r->id, text);
    TAILQ_INSERT_TAIL(&x->requests.list, r, link);
    x->requests.n++;
    return r;
}

static struct request *
find(struct request_table *t, const char *id)
{
    unsigned long long n;
    struct request *r;

    /* "" stands for a request that the server could not read: the oldest. */
    if (id[0] == '\0')
        return TAILQ_FIRST(&t->list);
    if (text_parse_u64(id, ULLONG_MAX, &n) < 0)
        return NULL;
    TAILQ_FOREACH(r, &t->list, link)
        if (r->id == n)
            return r;
    return NULL;
}

static void
finish(struct ximss *x, struct request *r, const struct ximss_result *result)
{
    TAILQ_REMOVE(&x->requests.list, r, link);
    if (!r->internal)
        x->requests.n--;
    r->handler->on_done(x, r, result);
    free(r);
}

static void
on_response(struct ximss *x, struct request *r, const struct xml_elem *e)
{
    const char *text = xml_attr(e, "errorText"), *num = xml_attr(e, "errorNum");
    struct ximss_result result = {.error_text = text != NULL ? text : ""};
    unsigned long long n = 0;

    if (text != NULL || num != NULL) {
        result.status = XIMSS_REFUSED;
        if (num != NULL && text_parse_u64(num, INT_MAX, &n) == 0)
            result.error_num = (int)n;
    }
    finish(x, r, &result);
}

void
request_dispatch(struct ximss *x, const char *id, const struct xml_elem *e)
{
    struct request *r = find(&x->requests, id);

    /* Nobody's: of a request whose answer we do not wait for. */
    if (r == NULL)
        return;
    if (strcmp(e->name, "response") == 0)
        on_response(x, r, e);
    else if (id[0] != '\0' && r->handler->on_data != NULL)
        r->handler->on_data(x, r, e);
}

void
request_lose_all(struct ximss *x)
{
    struct ximss_result lost = {
        .status = XIMSS_LOST,
        .error_text = "the connection was lost before the answer came"};
    struct request *r;

    /* One of the callbacks may free the object: then the others are over. */
    while (!x->doomed && (r = TAILQ_FIRST(&x->requests.list)) != NULL)
        finish(x, r, &lost);
}

void
request_clear(struct request_table *t)
{
    struct request *r;

    while ((r = TAILQ_FIRST(&t->list)) != NULL) {
        TAILQ_REMOVE(&t->list, r, link);
        if (r->handler->on_drop != NULL)
            r->handler->on_drop(r);
        free(r);
    }
    t->n = 0;
}
