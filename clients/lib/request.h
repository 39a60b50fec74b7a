/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_REQUEST_H
#define CLIENTS_LIB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "clients/lib/ximss.h"
#include "util/buf.h"

/* Requests that wait for their response, oldest first.  Servers answer in
 * order, so that the one sought is nearly always the first. */
struct request;
struct xml_elem;

TAILQ_HEAD(request_list, request);

struct request_table {
    struct request_list list;
    size_t n; /* without those of the library itself */
};

/* What the typed helpers do with the messages of a request: turn them into
 * what their own callback takes. */
struct request_handler {
    /* A data message. */
    void (*on_data)(struct ximss *x, struct request *r,
                    const struct xml_elem *e);
    /* The response. */
    void (*on_done)(struct ximss *x, struct request *r,
                    const struct ximss_result *result);
    /* Forgotten without response: frees what u owns.  May be NULL. */
    void (*on_drop)(struct request *r);
};

struct request {
    TAILQ_ENTRY(request) link;
    unsigned long long id;
    const struct request_handler *handler;
    bool internal; /* not counted */
    void *arg;     /* of the caller's callback */
    union {
        struct {
            ximss_message_cb *data;
            ximss_done_cb *done;
        } plain;
        struct {
            ximss_alert_cb *alert;
            ximss_done_cb *done;
        } list;
        struct {
            ximss_posted_cb *done;
            struct ximss_posted posted;
            char id[64], replaced[64];
        } post;
        struct {
            ximss_cli_cb *done;
            struct buf data;
        } cli;
    } u;
};

/* What is to be sent. */
struct request_text {
    const char *name;
    const char *const *attrs; /* as in ximss_request */
    const char *body;
    size_t body_len;
    bool is_xml; /* the body is not escaped */
};

/* An empty table. */
void request_init(struct request_table *t);

/* Checks, queues, and enters a request; NULL (and x's error): refused.  The
 * caller sets arg and u. */
struct request *request_new(struct ximss *x, const struct request_text *text,
                            const struct request_handler *handler);

/* Appends a message of the log-in, whose answers are not looked up here.  The
 * text must be fit for XML (request_check). */
void request_write(struct ximss *x, unsigned long long id,
                   const struct request_text *text);

/* 0, or -1 with x's error: an attribute or the body is not UTF-8 or has
 * control characters. */
int request_check(struct ximss *x, const struct request_text *text);

/* Hands a message with an id to its request. */
void request_dispatch(struct ximss *x, const char *id,
                      const struct xml_elem *e);

/* Ends all with LOST. */
void request_lose_all(struct ximss *x);

/* Forgets all without a word. */
void request_clear(struct request_table *t);

#endif
