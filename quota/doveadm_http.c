/* SPDX-License-Identifier: BSD-2-Clause */
/* libevent's HTTP client.  Each POST uses a new connection, because Dovecot
 * closes it after its reply.  Callbacks only record what happened; then a timer
 * of 0 frees the connection and reports. */
#include "config.h"

#include "quota/doveadm_http.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/util.h>

#include "util/base64.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define PATH         "/doveadm/v1"
#define MOST_BODY    (1 << 20)
#define MOST_HEADERS 16384
/* evhttp's own limits of time are for each step; ours is for all of them. */
#define NEVER 86400

struct doveadm_http {
    struct event_base *base;       /* borrowed */
    struct evdns_base *dns;        /* owned; NULL: the host is an address */
    char *host, *path, *authority; /* owned */
    char *authorization;           /* owned, secret */
    uint16_t port;
    struct timeval timeout;
    doveadm_http_cb *on_end;
    void *arg;
    struct evhttp_connection *conn; /* owned; NULL: nothing is under way */
    struct event *deadline, *end;   /* owned */
    int status;
    struct buf body;
    const char *error; /* static */
    bool reached;      /* somebody took the connection */
};

static const char *
error_text(enum evhttp_request_error error)
{
    switch (error) {
    case EVREQ_HTTP_TIMEOUT:
        return "no answer in time";
    case EVREQ_HTTP_EOF:
        return "the connection was closed before the end of the answer";
    case EVREQ_HTTP_INVALID_HEADER:
        return "the answer is not HTTP";
    case EVREQ_HTTP_BUFFER_ERROR:
        return "the connection broke";
    case EVREQ_HTTP_REQUEST_CANCEL:
        return "given up";
    case EVREQ_HTTP_DATA_TOO_LONG:
        return "the answer is too long";
    }
    return "the connection failed";
}

static void
finish(struct doveadm_http *h)
{
    static const struct timeval now = {0, 0};

    event_del(h->deadline);
    event_add(h->end, &now);
}

static void
on_error(enum evhttp_request_error error, void *arg)
{
    struct doveadm_http *h = arg;

    h->error = error_text(error);
    h->reached = true;
}

static void
on_reply(struct evhttp_request *req, void *arg)
{
    struct doveadm_http *h = arg;
    struct evbuffer *in;
    size_t len;

    if (req != NULL)
        h->status = evhttp_request_get_response_code(req);
    if (h->status == 0) {
        if (h->error == NULL)
            h->error = "the connection failed";
    } else {
        in = evhttp_request_get_input_buffer(req);
        len = evbuffer_get_length(in);
        buf_reserve(&h->body, len);
        h->body.len = (size_t)evbuffer_copyout(in, h->body.data, len);
    }
    finish(h);
}

static bool
is_connected(const struct doveadm_http *h)
{
    struct bufferevent *bev = evhttp_connection_get_bufferevent(h->conn);
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;

    return getpeername(bufferevent_getfd(bev), (struct sockaddr *)&peer,
                       &len) == 0;
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct doveadm_http *h = arg;

    (void)fd;
    (void)what;
    h->status = 0;
    h->error = error_text(EVREQ_HTTP_TIMEOUT);
    h->reached = is_connected(h);
    finish(h);
}

static void
on_finished(evutil_socket_t fd, short what, void *arg)
{
    struct doveadm_http *h = arg;
    struct buf body = h->body;
    int status = h->status;

    if (status == 0)
        status = h->reached ? DOVEADM_HTTP_BROKEN : DOVEADM_HTTP_AWAY;
    (void)fd;
    (void)what;
    evhttp_connection_free(h->conn);
    h->conn = NULL;
    h->body = (struct buf){0};
    h->on_end(status, body.data, body.len, h->error, h->arg);
    buf_clear(&body);
}

static int
parse_url(struct doveadm_http *h, const char *url, struct errbuf *err)
{
    struct evhttp_uri *uri = evhttp_uri_parse(url);
    const char *scheme = uri != NULL ? evhttp_uri_get_scheme(uri) : NULL;
    const char *host = uri != NULL ? evhttp_uri_get_host(uri) : NULL;
    int port = uri != NULL ? evhttp_uri_get_port(uri) : -1, rc = -1;

    if (scheme != NULL && strcasecmp(scheme, "https") == 0) {
        err_set(err,
                "%s: https is not supported: ask Dovecot on this machine, or "
                "through a tunnel",
                url);
    } else if (scheme == NULL || strcasecmp(scheme, "http") != 0 ||
               host == NULL || *host == '\0' || port <= 0 ||
               evhttp_uri_get_userinfo(uri) != NULL) {
        err_set(err, "%s: not a URL like http://127.0.0.1:8080", url);
    } else {
        const char *path = evhttp_uri_get_path(uri);
        size_t len = strlen(host);

        h->authority = xasprintf("%s:%d", host, port);
        h->host = *host == '[' ? xstrndup(host + 1, len - 2) : xstrdup(host);
        h->path = xstrdup(path == NULL || strlen(path) < 2 ? PATH : path);
        h->port = (uint16_t)port;
        rc = 0;
    }
    if (uri != NULL)
        evhttp_uri_free(uri);
    return rc;
}

int
doveadm_http_check(const char *url, struct errbuf *err)
{
    struct doveadm_http h = {0};
    int r = parse_url(&h, url, err);

    free(h.authority);
    free(h.host);
    free(h.path);
    return r;
}

/* Names are looked up by the loop, which must not wait for them. */
static void
start_dns(struct doveadm_http *h)
{
    unsigned char address[16];

    if (evutil_inet_pton(AF_INET, h->host, address) == 1 ||
        evutil_inet_pton(AF_INET6, h->host, address) == 1)
        return;
    h->dns = evdns_base_new(h->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (h->dns == NULL)
        log_fatal("looking names up: out of memory");
    /* Reads the hosts file too, and goes without what is not there. */
    evdns_base_resolv_conf_parse(h->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
}

static char *
make_authorization(const char *key)
{
    size_t size = BASE64_SIZE(strlen(key));
    char *code = xmalloc(size), *text;

    base64_encode(key, strlen(key), code);
    text = xasprintf("X-Dovecot-API %s", code);
    explicit_bzero(code, size);
    free(code);
    return text;
}

struct doveadm_http *
doveadm_http_new(struct event_base *base, const char *url, const char *key,
                 int64_t timeout, doveadm_http_cb *on_end, void *arg,
                 struct errbuf *err)
{
    struct doveadm_http *h = xcalloc(1, sizeof *h);

    if (parse_url(h, url, err) < 0) {
        free(h);
        return NULL;
    }
    h->base = base;
    h->authorization = make_authorization(key);
    h->timeout.tv_sec = timeout / CLOCK_SECOND;
    h->timeout.tv_usec = timeout % CLOCK_SECOND;
    h->on_end = on_end;
    h->arg = arg;
    h->deadline = evtimer_new(base, on_deadline, h);
    h->end = evtimer_new(base, on_finished, h);
    if (h->deadline == NULL || h->end == NULL)
        log_fatal("making a timer: out of memory");
    start_dns(h);
    return h;
}

static struct evhttp_connection *
new_connection(struct doveadm_http *h)
{
    struct evhttp_connection *conn =
        evhttp_connection_base_new(h->base, h->dns, h->host, h->port);

    if (conn == NULL)
        log_fatal("making a connection: out of memory");
    evhttp_connection_set_timeout(conn, NEVER);
    evhttp_connection_set_max_body_size(conn, MOST_BODY);
    evhttp_connection_set_max_headers_size(conn, MOST_HEADERS);
    return conn;
}

static struct evhttp_request *
new_request(struct doveadm_http *h, const char *body)
{
    struct evhttp_request *req = evhttp_request_new(on_reply, h);
    struct evkeyvalq *headers;

    if (req == NULL || evbuffer_add(evhttp_request_get_output_buffer(req), body,
                                    strlen(body)) < 0)
        log_fatal("making a request: out of memory");
    evhttp_request_set_error_cb(req, on_error);
    headers = evhttp_request_get_output_headers(req);
    evhttp_add_header(headers, "Host", h->authority);
    evhttp_add_header(headers, "Authorization", h->authorization);
    evhttp_add_header(headers, "Content-Type", "application/json");
    evhttp_add_header(headers, "Connection", "close");
    return req;
}

void
doveadm_http_post(struct doveadm_http *h, const char *body)
{
    assert(h->conn == NULL);
    h->status = 0;
    h->error = NULL;
    h->reached = false;
    h->conn = new_connection(h);
    event_add(h->deadline, &h->timeout);
    if (evhttp_make_request(h->conn, new_request(h, body), EVHTTP_REQ_POST,
                            h->path) < 0) {
        h->error = "the connection cannot be made";
        finish(h);
    }
}

void
doveadm_http_free(struct doveadm_http **h)
{
    if (*h == NULL)
        return;
    if ((*h)->conn != NULL)
        evhttp_connection_free((*h)->conn);
    if ((*h)->dns != NULL)
        evdns_base_free((*h)->dns, 0);
    event_free((*h)->deadline);
    event_free((*h)->end);
    explicit_bzero((*h)->authorization, strlen((*h)->authorization));
    free((*h)->authorization);
    free((*h)->authority);
    free((*h)->host);
    free((*h)->path);
    buf_clear(&(*h)->body);
    free(*h);
    *h = NULL;
}
