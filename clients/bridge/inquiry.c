/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests before a log-in.  A few are passed on, each body over a connection of
 * its own; what is offered here goes into `features`, with a nonce. */
#include "config.h"

#include "clients/bridge/inquiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/bridge/ask.h"
#include "clients/bridge/bridge.h"
#include "clients/bridge/client.h"
#include "clients/bridge/reply.h"
#include "clients/bridge/upstream.h"
#include "util/arena.h"
#include "util/blank.h"
#include "util/clock.h"
#include "util/name.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

/* Bytes that are taken for a byte of the body, until it is answered: escaped on
 * its way to ximssd, and again in what ximssd answers. */
#define COST 16

struct inquiry {
    struct http_waiter waiter; /* first */
    struct bridge *bridge;
    struct http_conn *http;
    struct client client;
    struct ask *ask;
    struct buf out;
    bool clear_offered;
    bool asks_trust; /* the answers begin with that to trust_request */
};

static void
inquiry_free(struct inquiry *q)
{
    if (q->ask != NULL)
        ask_cancel(q->ask);
    buf_clear(&q->out);
    free(q);
}

static void
on_gone(struct http_waiter *w)
{
    inquiry_free((struct inquiry *)(void *)w);
}

static struct inquiry *
inquiry_new(struct call *c)
{
    struct inquiry *q = xcalloc(1, sizeof *q);

    q->waiter.on_gone = on_gone;
    q->bridge = c->bridge;
    q->http = c->http;
    q->client = c->client;
    q->clear_offered = c->client.secure || c->client.loopback ||
                       c->bridge->cfg->clear_passwords_without_tls;
    http_wait(c->http, &q->waiter);
    return q;
}

static bool
is_offered(const struct inquiry *q, const char *method)
{
    if (text_equal_nocase(method, "PLAIN") ||
        text_equal_nocase(method, "LOGIN"))
        return q->clear_offered;
    return text_equal_nocase(method, "CRAM-MD5") &&
           q->bridge->trust.state == TRUST_YES;
}

/* What can be done over HTTP, and a nonce for it. */
static void
write_features(struct inquiry *q, const struct xml_elem *m)
{
    char nonce[NONCE_SIZE];

    buf_append_str(&q->out, "<features");
    for (unsigned i = 0; i < m->n_attrs; i++)
        xml_write_attr(&q->out, m->attrs[i].name, m->attrs[i].value);
    buf_append_char(&q->out, '>');
    for (const struct xml_elem *e = m->first; e != NULL; e = e->next)
        if (strcmp(e->name, "sasl") == 0 && is_offered(q, e->text))
            buf_appendf(&q->out, "<sasl>%s</sasl>", e->text);
    nonce_make(&q->bridge->nonces, q->client.address, clock_mono(), nonce);
    buf_append_str(&q->out, "<nonce>");
    xml_write_text(&q->out, nonce, strlen(nonce));
    buf_append_str(&q->out, "</nonce></features>");
}

static void
on_answer(void *arg, const struct xml_elem *m, int worked)
{
    struct inquiry *q = arg;

    if (m == NULL) {
        q->ask = NULL;
        buf_append_str(&q->out, "</XIMSS>");
        if (worked)
            reply_xml(q->bridge, q->http, q->out.data, q->out.len, NULL);
        else
            reply_fail(q->bridge, q->http, 503,
                       "the server is not there, try again", NULL);
        inquiry_free(q);
    } else if (q->asks_trust) {
        if (strcmp(m->name, "client") == 0)
            trust_learn(q->bridge, m);
        q->asks_trust = strcmp(m->name, "response") != 0;
    } else if (strcmp(m->name, "features") == 0) {
        write_features(q, m);
    } else {
        upstream_write_elem(&q->out, m);
    }
}

/* What is passed on for somebody who has not logged in.  The log-in itself is
 * not: on its socket ximssd may take us for an administrator. */
static bool
is_for_anybody(const char *name)
{
    static const char *const names[] = {"listFeatures", "noop", "readStrings",
                                        "recoverPassword", "signup"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Answers what is not passed on, and takes it out. */
static void
refuse_others(struct inquiry *q, struct xml_elem *root)
{
    struct xml_elem **at = &root->first, *e;

    while ((e = *at) != NULL) {
        const char *id = xml_attr(e, "id");

        if (is_for_anybody(e->name)) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        buf_append_str(&q->out, "<response");
        xml_write_attr(&q->out, "id", id != NULL ? id : "");
        buf_append_str(&q->out,
                       " errorText=\"unknown command\" errorNum=\"500\"/>");
    }
}

/* The attributes of a request and one more. */
static void
add_attr(struct arena *arena, struct xml_elem *e, const char *name,
         const char *value)
{
    struct xml_attr *attrs =
        arena_alloc(arena, (e->n_attrs + 1) * sizeof *attrs);

    for (unsigned i = 0; i < e->n_attrs; i++)
        attrs[i] = e->attrs[i];
    attrs[e->n_attrs] = (struct xml_attr){name, value};
    e->attrs = attrs;
    e->n_attrs++;
}

/* The domain whose features are asked for, if it can be told: the user's, where
 * his name is said, else that of the host. */
static const char *
domain_asked(const struct call *c, const struct xml_elem *e,
             struct arena *arena)
{
    const char *user = xml_attr(e, "userName");
    char *host = client_host(c->http), *bare, form[NAME_DOMAIN_SIZE];
    const char *domain = NULL, *at;

    if (user == NULL)
        user = form_get(&c->form, "userName");
    bare = blank_trimmed(user != NULL ? user : "");
    at = strrchr(bare, '@');
    if (at != NULL && name_domain(at + 1, form, NULL) == 0)
        domain = arena_strndup(arena, form, strlen(form));
    else if (text_is_host(host))
        domain = arena_strndup(arena, host, strlen(host));
    free(bare);
    free(host);
    return domain;
}

/* What ximssd is asked for besides: whose features, and whether it trusts us,
 * on which depends what is offered. */
static void
complete(struct inquiry *q, const struct call *c, struct xml_elem *root,
         struct arena *arena)
{
    struct xml_elem *e, *trust;
    const char *domain;

    for (e = root->first; e != NULL; e = e->next) {
        if (strcmp(e->name, "listFeatures") != 0)
            continue;
        q->asks_trust = true;
        domain =
            xml_attr(e, "domain") == NULL ? domain_asked(c, e, arena) : NULL;
        if (domain != NULL)
            add_attr(arena, e, "domain", domain);
    }
    if (!q->asks_trust)
        return;
    trust = arena_alloc(arena, sizeof *trust);
    *trust = trust_request;
    trust->next = root->first;
    root->first = trust;
}

/* True: refused. */
static bool
is_too_much(struct call *c, const struct xml_elem *root)
{
    const unsigned most = c->bridge->cfg->stranger_requests;
    unsigned n = 0;
    char text[64];

    for (const struct xml_elem *e = root->first; e != NULL; e = e->next)
        n++;
    if (n > most) {
        snprintf(text, sizeof text, "more than %u requests before a log-in",
                 most);
        call_fail(c, 413, text);
        return true;
    }
    if (http_hold_more(c->http, c->q->body_len * COST))
        return false;
    call_fail(c, 503, "too many requests at once, try again");
    return true;
}

void
inquiry_call(struct call *c)
{
    struct arena *arena = arena_new();
    struct xml_elem *root;
    struct errbuf err;
    struct inquiry *q;
    const char *id;

    if (xml_parse(c->bridge->parser, c->q->body, c->q->body_len, arena, &root,
                  &id, &err) != XML_PARSED ||
        strcmp(root->name, "XIMSS") != 0) {
        call_fail(c, 400, "malformed message");
    } else if (root->first == NULL) {
        call_xml(c, "<XIMSS/>", 8, NULL);
    } else if (!is_too_much(c, root)) {
        q = inquiry_new(c);
        buf_append_str(&q->out, "<XIMSS>");
        refuse_others(q, root);
        complete(q, c, root, arena);
        if (root->first == NULL)
            on_answer(q, NULL, 1);
        else
            q->ask =
                ask_start(c->bridge, root, c->client.address, on_answer, q);
    }
    arena_free(&arena);
}
