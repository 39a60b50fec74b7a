/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/exchange.h"

#include <string.h>

#include "clients/lib/alert.h"
#include "clients/lib/link.h"
#include "clients/lib/login.h"
#include "clients/lib/ximss_private.h"
#include "util/clock.h"

/* Messages in and out.  Each message that comes may call back, and the callback
 * may close the connection or free the object: after each one the loop looks
 * whether the descriptor is still there. */

#define READS_PER_TURN 16

static void
on_bye(struct ximss *x)
{
    if (x->on.bye != NULL)
        x->on.bye(x, x->on.bye_arg);
    err_set(&x->err, "the server ended the session");
    link_end(x, XIMSS_LOST, true);
}

/* The next log-in is by that one: what the log-in gave ends some day. */
static void
on_ticket(struct ximss *x, const struct xml_elem *e)
{
    const char *ticket = xml_attr(e, "value");

    if (ticket != NULL && (x->set.options & XIMSS_TICKETS) != 0)
        ximss_set_ticket(x, ticket);
}

static void
on_push(struct ximss *x, const struct xml_elem *e)
{
    if (strcmp(e->name, "bye") == 0)
        on_bye(x);
    else if (strcmp(e->name, "ticket") == 0)
        on_ticket(x, e);
    else if (!alert_push(x, e) && x->on.message != NULL)
        x->on.message(x, (const struct ximss_message *)e, x->on.message_arg);
}

static void
on_message(struct ximss *x, const char *msg, size_t len)
{
    struct xml_elem *e;
    struct errbuf why;
    const char *id;

    if (x->arena == NULL)
        x->arena = arena_new();
    arena_reset(x->arena);
    if (xml_parse(x->parser, msg, len, x->arena, &e, &id, &why) != XML_PARSED) {
        err_set(&x->err,
                "the server sent something that is not a XIMSS "
                "message: %s",
                why.text);
        link_end(x, XIMSS_BAD_SERVER, x->was_ready);
        return;
    }
    id = xml_attr(e, "id");
    if (id == NULL)
        on_push(x, e);
    else if (x->phase == PHASE_READY || x->phase == PHASE_BYE)
        request_dispatch(x, id, e);
    else
        login_message(x, e);
}

/* Hands out the messages that have come; stops when the connection ends or
 * turns to TLS. */
static void
take_messages(struct ximss *x)
{
    const char *msg;
    size_t len;

    while (x->wire.fd >= 0 && !x->doomed && x->phase != PHASE_HANDSHAKE &&
           wire_next(&x->wire, &msg, &len))
        on_message(x, msg, len);
    if (x->wire.fd < 0 || x->doomed)
        return;
    wire_rest(&x->wire, &len);
    if (len > x->set.limit) {
        err_set(&x->err, "the server sent a message longer than %zu bytes",
                x->set.limit);
        link_end(x, XIMSS_BAD_SERVER, x->was_ready);
    } else if (x->phase == PHASE_HANDSHAKE && len > 0) {
        /* Whatever follows the answer to starttls in clear was put there by
         * somebody in between. */
        err_set(&x->err, "the server sent clear text instead of starting TLS");
        link_end(x, XIMSS_BAD_SERVER, false);
    }
}

/* The server has closed; says what came last if that explains it. */
static void
on_eof(struct ximss *x)
{
    size_t len;
    const char *rest = wire_rest(&x->wire, &len);
    char line[61];
    size_t n = 0;

    for (; n < len && n + 1 < sizeof line && rest[n] >= ' ' && rest[n] < 0x7f;
         n++)
        line[n] = rest[n];
    line[n] = '\0';
    if (x->phase == PHASE_READY)
        err_set(&x->err, "the server closed the connection");
    else if (n > 0 && line[0] != '<')
        err_set(&x->err,
                "%s does not speak XIMSS; it says \"%s\"; check the port",
                x->dial.where, line);
    else
        err_set(&x->err,
                "%s closed the connection during the log-in; check the port, "
                "and whether it wants TLS from the start",
                x->dial.where);
    link_end(x, x->phase == PHASE_READY ? XIMSS_LOST : XIMSS_UNREACHABLE, true);
}

static void
on_read_error(struct ximss *x)
{
    /* Before the log-in, a reset means what an end means. */
    if (x->phase == PHASE_READY || x->phase == PHASE_BYE || x->wire.ssl != NULL)
        link_end(x, XIMSS_LOST, true);
    else
        on_eof(x);
}

void
exchange_flush(struct ximss *x)
{
    enum wire_result r;

    if (!wire_has_out(&x->wire))
        return;
    x->keep_alive = clock_mono() + LINK_KEEP_ALIVE;
    r = wire_flush(&x->wire, &x->err);
    if (r == WIRE_FAILED || r == WIRE_EOF)
        link_end(x, XIMSS_LOST, true);
}

void
exchange_receive(struct ximss *x)
{
    for (unsigned i = 0; i < READS_PER_TURN || wire_has_stock(&x->wire); i++) {
        switch (wire_fill(&x->wire, &x->err)) {
        case WIRE_OK:
            take_messages(x);
            break;
        case WIRE_AGAIN:
            return;
        case WIRE_EOF:
            on_eof(x);
            return;
        case WIRE_FAILED:
            on_read_error(x);
            return;
        }
        if (x->wire.fd < 0 || x->doomed || x->phase == PHASE_HANDSHAKE)
            return;
    }
}
