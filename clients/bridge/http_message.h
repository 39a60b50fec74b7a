/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_HTTP_MESSAGE_H
#define CLIENTS_BRIDGE_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "clients/bridge/http_strict.h"
#include "util/buf.h"

/* A request as it comes: its URL, then names and values of headers in turn,
 * all in one buffer, each ended by a 0; and its body. */

#define HTTP_MESSAGE_HEADERS 100

struct http_joined;

struct http_message {
    struct http_strict strict;
    struct buf head;
    struct buf body;
    size_t at[2 * HTTP_MESSAGE_HEADERS + 1]; /* where they begin in head */
    size_t n;
    bool in_value;
    bool head_done;   /* what still comes are trailers: nobody asks for them */
    char *authority;  /* owned; of a URL that had one, NULL: it had none */
    size_t expected;  /* bytes of body that the head said, or might say */
    unsigned refused; /* the status that its parsing ended with; 0: none */
    const char *why;  /* for the client; NULL: the status says it */
    struct http_joined *joined; /* owned; headers made of several */
};

/* Wipes and frees: there may be a password in it. */
void http_message_free(struct http_message **m);

/* A piece of the URL, of a header's name, of its value, of the body.  -1: it is
 * too much, and m->refused says so. */
int http_message_url(struct http_message *m, const char *s, size_t len,
                     size_t most);
int http_message_name(struct http_message *m, const char *s, size_t len,
                      size_t most);
int http_message_value(struct http_message *m, const char *s, size_t len,
                       size_t most);
int http_message_body(struct http_message *m, const char *s, size_t len,
                      size_t most);
/* The head is complete: its texts can be read. */
void http_message_head_done(struct http_message *m);

/* Makes of "http://HOST/PATH" what is asked for with "/PATH" and HOST as the
 * header Host.  -1: it is neither that, nor "/PATH", nor "*". */
int http_message_split_url(struct http_message *m);
/* As it came, or what is left of it. */
char *http_message_url_text(const struct http_message *m);

/* How often a header was sent. */
size_t http_message_count(const struct http_message *m, const char *name);
/* Bytes of memory that it has, or will have. */
size_t http_message_size(const struct http_message *m);

/* NULL: not sent.  Several of one name are joined by ", ", and Cookie by "; ".
 * Any case of letters; no blanks around the value.  Valid as long as the message; NULL for no message. */
const char *http_message_header(struct http_message *m, const char *name);

#endif
