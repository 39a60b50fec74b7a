/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_HTTP_PARSE_H
#define CLIENTS_BRIDGE_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The wrapper of the library that knows the grammar of HTTP: llhttp where
 * configure found it, else http-parser.  It takes the requests of one
 * connection, one after the other, in whatever pieces they come.
 *
 * Both forgive more than RFC 9112 does, and not the same; so bytes go by
 * http_strict.h first, and what they make of a head is compared with
 * http_rules.h. */

struct http_parse;

/* What a head says, as far as the library decides it. */
struct http_parse_head {
    uint64_t length; /* of the body, 0 without Content-Length */
    bool is_chunked;
    bool is_http_1_0;
};

/* Pieces of texts come in order, each in one or several calls; a value that is
 * empty may have none.  0, or -1 if it is enough: the request is wrong. */
struct http_parse_events {
    int (*on_url)(void *arg, const char *s, size_t len);
    int (*on_name)(void *arg, const char *s, size_t len);
    int (*on_value)(void *arg, const char *s, size_t len);
    int (*on_head)(void *arg, const struct http_parse_head *head);
    void (*on_chunk)(void *arg, uint64_t length); /* 0: the last one */
    int (*on_body)(void *arg, const char *s, size_t len);
    void (*on_end)(void *arg);
};

/* events and arg are borrowed. */
struct http_parse *http_parse_new(const struct http_parse_events *events,
                                  void *arg);
void http_parse_free(struct http_parse **p);

/* Takes bytes, at most to the end of the request, and returns how many.  After
 * on_end no more are taken until http_parse_next. */
size_t http_parse_run(struct http_parse *p, const char *data, size_t len);
/* They were no HTTP, or an event said that it is enough. */
bool http_parse_is_wrong(const struct http_parse *p);
/* The request was answered: the next one may come. */
void http_parse_next(struct http_parse *p);

/* Of the request that has come whole: "GET", borrowed; and whether its client
 * wants to send another. */
const char *http_parse_method(const struct http_parse *p);
bool http_parse_is_kept(const struct http_parse *p);

#endif
