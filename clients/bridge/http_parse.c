/* SPDX-License-Identifier: BSD-2-Clause */
/* The two libraries are of one family: llhttp is what became of http-parser,
 * and their callbacks and flags have the same names.  What differs stands in
 * the first part, once for each. */
#include "config.h"

#include "clients/bridge/http_parse.h"

#include <ctype.h>
#include <stdlib.h>

#include "util/xmalloc.h"

#ifdef HAVE_LLHTTP
#include <llhttp.h>
typedef llhttp_t library_parser;
typedef llhttp_settings_t library_settings;
#else
#include <http_parser.h>
typedef http_parser library_parser;
typedef http_parser_settings library_settings;
#endif

/* Of a request. */
enum part {
    PART_TARGET, /* with the method before it */
    PART_REST,
    PART_TRAILERS
};

struct http_parse {
    library_parser lib;
    const struct http_parse_events *events;
    void *arg;
    bool ended; /* between on_end and http_parse_next */
    enum part part;
    /* While the library looks at a copy: of what. */
    const char *copy, *data;
};

/* --- what differs --- */

static const library_settings settings;

#ifdef HAVE_LLHTTP

#define LENGTH_UNKNOWN 0 /* what it says without Content-Length */

static void
library_init(library_parser *lib)
{
    llhttp_init(lib, HTTP_REQUEST, &settings);
    /* Lenient it is in nothing but the version, 1.2 for example, which
     * http_strict.h has looked at (RFC 9110, 2.5). */
    llhttp_set_lenient_version(lib, 1);
}

static size_t
execute(library_parser *lib, const char *data, size_t len)
{
    if (llhttp_execute(lib, data, len) == HPE_OK)
        return len;
    return (size_t)(llhttp_get_error_pos(lib) - data);
}

/* It refuses URLs with bytes that are not ASCII, which old clients send
 * (http_strict.c), and trailers with names that say something in a head, which
 * say nothing there.  There it is shown letters, and the events the bytes. */
static char
shown(enum part part, char c)
{
    if (part == PART_TARGET)
        return (c & 0x80) != 0 ? 'x' : c;
    return isalnum((unsigned char)c) ? 'x' : c;
}

static size_t
execute_shown(struct http_parse *p, const char *data, size_t len)
{
    char copy[1024];
    size_t n = len < sizeof copy ? len : sizeof copy;

    for (size_t i = 0; i < n; i++)
        copy[i] = shown(p->part, data[i]);
    p->copy = copy;
    p->data = data;
    n = execute(&p->lib, copy, n);
    p->copy = NULL;
    return n;
}

static size_t
library_run(struct http_parse *p, const char *data, size_t len)
{
    size_t n = 0;

    while (p->part != PART_REST && n < len &&
           llhttp_get_errno(&p->lib) == HPE_OK)
        n += execute_shown(p, data + n, len - n);
    if (n < len && llhttp_get_errno(&p->lib) == HPE_OK)
        n += execute(&p->lib, data + n, len - n);
    return n;
}

static enum llhttp_errno
library_error(const library_parser *lib)
{
    return llhttp_get_errno(lib);
}

/* It stands still when on_message_complete says so. */
static int
library_stop(library_parser *lib)
{
    (void)lib;
    return HPE_PAUSED;
}

static void
library_go_on(library_parser *lib)
{
    llhttp_resume(lib);
}

static const char *
library_method(const library_parser *lib)
{
    return llhttp_method_name((llhttp_method_t)lib->method);
}

static bool
library_is_kept(const library_parser *lib)
{
    return llhttp_should_keep_alive(lib) != 0;
}

#else

#define LENGTH_UNKNOWN UINT64_MAX

static void
library_init(library_parser *lib)
{
    http_parser_init(lib, HTTP_REQUEST);
}

static size_t
library_run(struct http_parse *p, const char *data, size_t len)
{
    return http_parser_execute(&p->lib, &settings, data, len);
}

static enum http_errno
library_error(const library_parser *lib)
{
    return HTTP_PARSER_ERRNO(lib);
}

static int
library_stop(library_parser *lib)
{
    http_parser_pause(lib, 1);
    return 0;
}

static void
library_go_on(library_parser *lib)
{
    http_parser_pause(lib, 0);
}

static const char *
library_method(const library_parser *lib)
{
    return http_method_str((enum http_method)lib->method);
}

static bool
library_is_kept(const library_parser *lib)
{
    return http_should_keep_alive(lib) != 0;
}

#endif

/* --- what is the same --- */

static const char *
bytes_of(const struct http_parse *p, const char *s)
{
    return p->copy != NULL ? p->data + (s - p->copy) : s;
}

static int
on_url(library_parser *lib, const char *s, size_t len)
{
    struct http_parse *p = lib->data;

    return p->events->on_url(p->arg, bytes_of(p, s), len);
}

static int
on_header_field(library_parser *lib, const char *s, size_t len)
{
    struct http_parse *p = lib->data;

    if (p->part == PART_TARGET)
        p->part = PART_REST;
    return p->events->on_name(p->arg, bytes_of(p, s), len);
}

static int
on_header_value(library_parser *lib, const char *s, size_t len)
{
    struct http_parse *p = lib->data;

    return p->events->on_value(p->arg, bytes_of(p, s), len);
}

static int
on_headers_complete(library_parser *lib)
{
    struct http_parse *p = lib->data;
    const struct http_parse_head head = {
        .length =
            lib->content_length != LENGTH_UNKNOWN ? lib->content_length : 0,
        .is_chunked = (lib->flags & F_CHUNKED) != 0,
        .is_http_1_0 = lib->http_minor == 0,
    };

    p->part = PART_REST;
    /* Nothing is spoken here but HTTP: `Upgrade` is ignored. */
    lib->upgrade = 0;
    return p->events->on_head(p->arg, &head);
}

static int
on_chunk_header(library_parser *lib)
{
    struct http_parse *p = lib->data;

    if (lib->content_length == 0)
        p->part = PART_TRAILERS;
    p->events->on_chunk(p->arg, lib->content_length);
    return 0;
}

static int
on_body(library_parser *lib, const char *s, size_t len)
{
    struct http_parse *p = lib->data;

    return p->events->on_body(p->arg, bytes_of(p, s), len);
}

static int
on_message_complete(library_parser *lib)
{
    struct http_parse *p = lib->data;

    p->ended = true;
    p->events->on_end(p->arg);
    return library_stop(lib);
}

static const library_settings settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_chunk_header = on_chunk_header,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

struct http_parse *
http_parse_new(const struct http_parse_events *events, void *arg)
{
    struct http_parse *p = xcalloc(1, sizeof *p);

    p->events = events;
    p->arg = arg;
    library_init(&p->lib);
    p->lib.data = p;
    return p;
}

void
http_parse_free(struct http_parse **p)
{
    free(*p);
    *p = NULL;
}

size_t
http_parse_run(struct http_parse *p, const char *data, size_t len)
{
    return p->ended ? 0 : library_run(p, data, len);
}

bool
http_parse_is_wrong(const struct http_parse *p)
{
    return !p->ended && library_error(&p->lib) != HPE_OK;
}

void
http_parse_next(struct http_parse *p)
{
    p->ended = false;
    p->part = PART_TARGET;
    library_go_on(&p->lib);
}

const char *
http_parse_method(const struct http_parse *p)
{
    return library_method(&p->lib);
}

bool
http_parse_is_kept(const struct http_parse *p)
{
    return library_is_kept(&p->lib);
}
