/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_HTTP_STRICT_H
#define CLIENTS_BRIDGE_HTTP_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of one request, looked at before http-parser sees them.  That
 * library forgives much (a LF without CR, a blank before a colon, continued
 * lines), and whoever forgives other things than the proxy in front takes
 * part of one person's request for another's.  Here lines are as RFC 9112 has
 * them, or the request is refused.
 *
 * It knows lines and lengths; what the headers mean is http_rules.h's.  Pure. */

enum http_strict_state {
    HTTP_STRICT_START = 0, /* zeroed: before a request */
    HTTP_STRICT_BLANK,     /* the one empty line that may be before it */
    HTTP_STRICT_METHOD_FIRST,
    HTTP_STRICT_METHOD,
    HTTP_STRICT_TARGET_FIRST,
    HTTP_STRICT_TARGET,
    HTTP_STRICT_VERSION,
    HTTP_STRICT_NAME_FIRST,
    HTTP_STRICT_NAME,
    HTTP_STRICT_VALUE,
    HTTP_STRICT_LINE_END, /* LF behind the CR of a line */
    HTTP_STRICT_HEAD_END, /* ... of the empty one */
    HTTP_STRICT_BODY,     /* `left` bytes of it; then nothing more comes */
    HTTP_STRICT_SIZE_FIRST,
    HTTP_STRICT_SIZE,
    HTTP_STRICT_EXTENSION,
    HTTP_STRICT_SIZE_END,
    HTTP_STRICT_CHUNK, /* the same of a chunk */
    HTTP_STRICT_CHUNK_CR,
    HTTP_STRICT_CHUNK_LF
};

struct http_strict {
    enum http_strict_state state;
    unsigned refused; /* the status; 0: all is well */
    unsigned at;      /* in the version */
    unsigned major;
    uint64_t left;
    bool is_chunked;
    bool is_tabs; /* the bytes scanned last are tabs of a value */
    size_t extra; /* bytes of trailers and of chunks' extensions */
};

/* Looks at bytes.  So many of the first ones may be given to the parser, which
 * is then to be told what came out (below), and the rest looked at again.  If
 * s->is_tabs, give it as many blanks: it does not take a tab for the white space
 * that it is (RFC 9110, 5.5).  If s->refused is set they are all that was right. */
size_t http_strict_scan(struct http_strict *s, const char *data, size_t len,
                        size_t extra_most);

/* The head is complete: so long a body follows, or chunks do. */
void http_strict_body(struct http_strict *s, uint64_t length);
void http_strict_chunks(struct http_strict *s);
/* A chunk of so many bytes begins. */
void http_strict_chunk(struct http_strict *s, uint64_t length);

#endif
