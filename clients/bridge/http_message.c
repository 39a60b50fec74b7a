/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/http_message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"
#include "util/xmalloc.h"

/* A header that was sent several times, as one. */
struct http_joined {
    struct http_joined *next;
    const char *first; /* the value of the first of them, in the head */
    struct buf text;
};

static void
wipe(struct buf *b)
{
    if (b->data != NULL)
        explicit_bzero(b->data, b->cap);
    buf_clear(b);
}

void
http_message_free(struct http_message **mp)
{
    struct http_message *m = *mp;
    struct http_joined *j;

    if (m == NULL)
        return;
    wipe(&m->head);
    wipe(&m->body);
    while ((j = m->joined) != NULL) {
        m->joined = j->next;
        wipe(&j->text);
        free(j);
    }
    free(m->authority);
    free(m);
    *mp = NULL;
}

static int
refuse(struct http_message *m, unsigned status)
{
    m->refused = status;
    return -1;
}

/* Appends to the text that is open, or begins one. */
static int
take_text(struct http_message *m, bool begin, const char *s, size_t len,
          size_t most)
{
    if (begin) {
        if (m->n == sizeof m->at / sizeof m->at[0])
            return refuse(m, 431);
        if (m->n > 0)
            buf_append_char(&m->head, '\0');
        m->at[m->n++] = m->head.len;
    }
    if (m->head.len + len > most)
        return refuse(m, m->n == 1 ? 414 : 431);
    buf_append(&m->head, s, len);
    return 0;
}

int
http_message_url(struct http_message *m, const char *s, size_t len, size_t most)
{
    return take_text(m, m->n == 0, s, len, most);
}

int
http_message_name(struct http_message *m, const char *s, size_t len,
                  size_t most)
{
    bool begin = m->n == 1 || m->in_value;

    if (m->head_done)
        return 0;
    /* A name whose value was empty had no callback for it. */
    if (begin && m->n % 2 == 0 && take_text(m, true, "", 0, most) < 0)
        return -1;
    m->in_value = false;
    return take_text(m, begin, s, len, most);
}

int
http_message_value(struct http_message *m, const char *s, size_t len,
                   size_t most)
{
    bool begin = !m->in_value;

    if (m->head_done)
        return 0;
    m->in_value = true;
    return take_text(m, begin, s, len, most);
}

/* The parser leaves blanks behind a value where they are. */
static void
trim(char *value)
{
    size_t len = strlen(value);

    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        value[--len] = '\0';
}

void
http_message_head_done(struct http_message *m)
{
    m->head_done = true;
    buf_append_char(&m->head, '\0');
    if (m->n % 2 == 0) { /* the last name has no value */
        m->at[m->n++] = m->head.len;
        buf_append_char(&m->head, '\0');
    }
    for (size_t i = 2; i < m->n; i += 2)
        trim(m->head.data + m->at[i]);
}

char *
http_message_url_text(const struct http_message *m)
{
    return m->head.data + m->at[0];
}

int
http_message_split_url(struct http_message *m)
{
    char *url = http_message_url_text(m), *host;
    size_t len;

    if (url[0] == '/' || strcmp(url, "*") == 0)
        return 0;
    if (strncasecmp(url, "http://", 7) == 0)
        host = url + 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        host = url + 8;
    else
        return -1;
    len = strcspn(host, "/?");
    if (len == 0)
        return -1;
    m->authority = xstrndup(host, len);
    host += len;
    if (*host != '/') /* no path: there is room where the authority was */
        *--host = '/';
    m->at[0] = (size_t)(host - m->head.data);
    return 0;
}

/* With the 0 behind it. */
static size_t
body_space(const struct http_message *m)
{
    return m->expected > 0 ? m->expected + 1 : 0;
}

size_t
http_message_size(const struct http_message *m)
{
    /* Joined headers are as long as the head at most. */
    return sizeof *m + m->head.cap + (m->head_done ? m->head.len : 0) +
           (body_space(m) > m->body.cap ? body_space(m) : m->body.cap);
}

int
http_message_body(struct http_message *m, const char *s, size_t len,
                  size_t most)
{
    if (m->body.len + len > most)
        return refuse(m, 413);
    /* As it was counted before it came, and not more. */
    if (m->body.len + len <= m->expected)
        buf_reserve_below(&m->body, len + 1, body_space(m));
    buf_append(&m->body, s, len);
    return 0;
}

/* The value of the next header of that name behind *at; NULL: no more. */
static const char *
next_value(const struct http_message *m, const char *name, size_t *at)
{
    for (size_t i = *at; i + 1 < m->n; i += 2)
        if (text_equal_nocase(m->head.data + m->at[i], name)) {
            *at = i + 2;
            return m->head.data + m->at[i + 1];
        }
    return NULL;
}

size_t
http_message_count(const struct http_message *m, const char *name)
{
    size_t at = 1, n = 0;

    while (next_value(m, name, &at) != NULL)
        n++;
    return n;
}

const char *
http_message_header(struct http_message *m, const char *name)
{
    size_t at = 1;
    const char *first, *next;
    struct http_joined *j;

    if (m == NULL)
        return NULL;
    if (m->authority != NULL && text_equal_nocase(name, "Host"))
        return m->authority;
    first = next_value(m, name, &at);
    if (first == NULL)
        return NULL;
    next = next_value(m, name, &at);
    if (next == NULL)
        return first;
    /* It lives as long as the others (callers look at several at once), and is
     * made once, however often somebody asks. */
    for (j = m->joined; j != NULL; j = j->next)
        if (j->first == first)
            return j->text.data;
    j = xcalloc(1, sizeof *j);
    j->first = first;
    j->next = m->joined;
    m->joined = j;
    buf_append_str(&j->text, first);
    for (; next != NULL; next = next_value(m, name, &at)) {
        /* A proxy may have split it (RFC 9113, 8.2.3). */
        buf_append_str(&j->text,
                       text_equal_nocase(name, "Cookie") ? "; " : ", ");
        buf_append_str(&j->text, next);
    }
    return buf_cstr(&j->text);
}
