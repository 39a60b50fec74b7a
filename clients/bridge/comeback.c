/* SPDX-License-Identifier: BSD-2-Clause */
/* Several requests of one browser come at once (a poll, a body, a stream); they
 * wait for one answer.  What shows something else is asked for by itself: who
 * does not have the cookie must not be able to hold up who has. */
#include "config.h"

#include "clients/bridge/comeback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/bridge/reply.h"
#include "clients/bridge/web_session.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"

struct asker {
    struct http_waiter waiter; /* first */
    LIST_ENTRY(asker) link;
    struct http_conn *http;
    struct http_request q;
};
LIST_HEAD(asker_list, asker);

struct comeback {
    LIST_ENTRY(comeback) link;
    struct login_wait wait;
    struct bridge *bridge;
    struct web_session *session; /* that is to come back */
    struct asker_list askers;
    char id[WEB_SESSION_ID_SIZE];
    char address[INET6_ADDRSTRLEN];
    char keys[COMEBACK_KEYS_SIZE];
    char cookie[WEB_COOKIE_SIZE]; /* that was shown; "": none */
};

/* --- what is shown --- */

static bool
shown_cookie(const struct call *c, const char *id, char out[WEB_COOKIE_SIZE])
{
    char name[sizeof WEB_COOKIE_LOGIN + 20];

    if (client_cookie(c->http, WEB_COOKIE_NAME, out, WEB_COOKIE_SIZE))
        return true;
    snprintf(name, sizeof name, WEB_COOKIE_LOGIN "%.*s", (int)strcspn(id, "-"),
             id);
    return client_cookie(c->http, name, out, WEB_COOKIE_SIZE);
}

void
comeback_keys(const struct call *c, const char *id,
              char out[COMEBACK_KEYS_SIZE])
{
    const char *address = c->client.address;
    char cookie[WEB_COOKIE_SIZE];

    /* With the address and without, as the session watches it or does not. */
    if (shown_cookie(c, id, cookie))
        snprintf(out, COMEBACK_KEYS_SIZE, "%s|%s %s| |%s |", cookie, address,
                 cookie, address);
    else
        snprintf(out, COMEBACK_KEYS_SIZE, "|%s |", address);
    explicit_bzero(cookie, sizeof cookie);
}

/* --- how many --- */

typedef void net_fn(const char *address, uint8_t net[CLIENT_NET]);

static unsigned
count_of(const struct bridge *b, const char *address, net_fn *net_of)
{
    uint8_t net[CLIENT_NET], other[CLIENT_NET];
    const struct comeback *k;
    unsigned n = 0;

    net_of(address, net);
    LIST_FOREACH(k, &b->comebacks, link) {
        net_of(k->address, other);
        n += memcmp(net, other, sizeof net) == 0;
    }
    return n;
}

static bool
has_room(const struct bridge *b, const struct client *client)
{
    const struct comeback *k;
    unsigned all = 0;

    LIST_FOREACH(k, &b->comebacks, link)
        all++;
    return all < b->cfg->max_comebacks &&
           count_of(b, client->address, client_net) <
               b->cfg->max_comebacks_per_address &&
           count_of(b, client->address, client_network) <
               b->cfg->max_comebacks_per_network;
}

static bool
has_room_for_session(const struct bridge *b)
{
    return b->n_sessions < b->cfg->max_sessions && b->n_sessions < b->half;
}

/* --- who waits --- */

static void
on_gone(struct http_waiter *w)
{
    struct asker *a = (struct asker *)(void *)w;

    LIST_REMOVE(a, link);
    free(a);
}

static void
wait_for(struct comeback *k, const struct call *c)
{
    struct asker *a = xcalloc(1, sizeof *a);

    a->waiter.on_gone = on_gone;
    a->http = c->http;
    a->q = *c->q;
    LIST_INSERT_HEAD(&k->askers, a, link);
    http_wait(c->http, &a->waiter);
}

static void
comeback_free(struct comeback *k)
{
    explicit_bzero(k, sizeof *k);
    free(k);
}

/* --- the answer --- */

/* The note that it left (web_session_set_key). */
static void
take_note(struct comeback *k, struct web_session *s)
{
    const char *note = ximss_session(s->up.x, "sessionNote");
    int watches = 1, changes = 0, cookie = 0;
    long long idle = 0;

    if (note == NULL ||
        sscanf(note, "%d %d %d %lld", &watches, &changes, &cookie, &idle) != 4)
        return;
    s->wants_changes = changes != 0;
    if (cookie != 0) {
        strcpy(s->cookie.value, k->cookie);
        s->cookie.state = WEB_COOKIE_BOUND;
    }
    s->watches_address = watches != 0;
    web_session_make_key(s);
    if (ximss_session(s->up.x, "sessionBound") != NULL)
        s->watches_address = true;
    if (idle > 0)
        web_session_set_idle(s, idle * CLOCK_SECOND);
}

static void
tell(struct bridge *b, struct asker *a, int number, bool worked)
{
    struct http_conn *h = a->http;

    http_wait(h, NULL);
    if (worked)
        h->owner->on_again(h, &a->q);
    else if (number == ANSWER_WRONG_LOGIN)
        reply_fail(b, h, 550, "Session not found", NULL);
    else if (number == ANSWER_TOO_MANY_SESSIONS) /* ximssd's, or ours */
        reply_fail(b, h, 503, answer_text_TOO_MANY_SESSIONS, NULL);
    else
        reply_fail(b, h, 503, "the server is not there, try again", NULL);
    free(a);
}

static void
on_done(struct login_wait *w, struct web_session *s, bool worked)
{
    struct comeback *k =
        (struct comeback *)(void *)((char *)w -
                                    offsetof(struct comeback, wait));
    struct bridge *b = k->bridge;
    int number =
        w->too_many ? ANSWER_TOO_MANY_SESSIONS : ximss_error_num(s->up.x);
    struct asker_list askers = k->askers;
    struct asker *a;

    if (worked) {
        take_note(k, s);
        s->came_back = true;
        push_log_begin_at(&s->log, (uint64_t)clock_now());
    }
    if (LIST_FIRST(&askers) != NULL)
        LIST_FIRST(&askers)->link.le_prev = &LIST_FIRST(&askers);
    LIST_REMOVE(k, link);
    comeback_free(k);
    while ((a = LIST_FIRST(&askers)) != NULL) {
        LIST_REMOVE(a, link);
        tell(b, a, number, worked);
    }
}

/* --- the question --- */

static struct comeback *
find(const struct bridge *b, const struct comeback *like)
{
    struct comeback *k;

    LIST_FOREACH(k, &b->comebacks, link)
        if (strcmp(k->id, like->id) == 0 && strcmp(k->keys, like->keys) == 0 &&
            strcmp(k->address, like->address) == 0)
            return k;
    return NULL;
}

static void
ask(struct comeback *k, const struct call *c)
{
    struct web_session *s = web_session_new(k->bridge, &c->client);

    k->wait.done = on_done;
    k->wait.keeps = true;
    k->session = s;
    /* What nobody has come to yet is for this address from now on. */
    s->watches_address = true;
    web_session_set_key(s);
    ximss_set_session(s->up.x, k->id, k->keys, XIMSS_SESSION_SAME);
    web_session_start(s, &k->wait);
}

void
comeback_begin(struct call *c, const char *id)
{
    struct bridge *b = c->bridge;
    struct comeback like = {.bridge = b}, *k;

    if (c->asked || !web_session_is_id(id) || web_session_is_leaving(b, id)) {
        call_fail(c, 550, "Session not found");
        return;
    }
    strcpy(like.id, id);
    strcpy(like.address, c->client.address);
    comeback_keys(c, id, like.keys);
    shown_cookie(c, id, like.cookie);
    k = find(b, &like);
    if (k != NULL) {
        wait_for(k, c);
    } else if (!has_room_for_session(b) || !has_room(b, &c->client)) {
        call_fail(c, 503, "too many at once, try again");
    } else {
        k = xmemdup(&like, sizeof like);
        LIST_INIT(&k->askers);
        LIST_INSERT_HEAD(&b->comebacks, k, link);
        wait_for(k, c);
        ask(k, c);
    }
    explicit_bzero(&like, sizeof like);
}

void
comeback_end_all(struct bridge *b)
{
    struct comeback *k;
    struct asker *a;

    while ((k = LIST_FIRST(&b->comebacks)) != NULL) {
        while ((a = LIST_FIRST(&k->askers)) != NULL) {
            http_wait(a->http, NULL);
            on_gone(&a->waiter);
        }
        k->session->login = NULL;
        web_session_forget(k->session, false);
        LIST_REMOVE(k, link);
        comeback_free(k);
    }
}
