/* SPDX-License-Identifier: BSD-2-Clause */
/* The process as a whole: its connections, its limits, start, reload, end. */
#include "config.h"

#include "clients/bridge/bridge.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "clients/bridge/listen.h"
#include "clients/bridge/relay.h"
#include "clients/bridge/room.h"
#include "clients/bridge/route.h"
#include "clients/bridge/web_account.h"
#include "clients/bridge/web_session.h"
#include "util/log.h"
#include "util/tls.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"

/* --- connections by address --- */

/* IPv4 and IPv6 alike as 16 bytes. */
static void
address_bytes(const struct sockaddr_storage *sa, uint8_t out[16])
{
    memset(out, 0, 16);
    if (sa->ss_family == AF_INET) {
        out[10] = out[11] = 0xff;
        memcpy(out + 12, &((const struct sockaddr_in *)sa)->sin_addr, 4);
    } else {
        memcpy(out, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
    }
}

static struct http_address_list *
bucket(struct bridge *b, const struct sockaddr_storage *sa)
{
    uint8_t a[16];
    uint32_t h = 2166136261U;

    address_bytes(sa, a);
    for (size_t i = 0; i < sizeof a; i++)
        h = (h ^ a[i]) * 16777619U;
    return &b->addresses[h % BRIDGE_BUCKETS];
}

static bool
address_is_full(struct bridge *b, const struct sockaddr_storage *sa)
{
    unsigned most = b->cfg->max_connections_per_address, n = 0;
    struct http_conn *h;
    uint8_t one[16], other[16];

    if (most == 0 ||
        config_nets_hold(&b->cfg->trusted_proxies, (const struct sockaddr *)sa))
        return false;
    address_bytes(sa, one);
    LIST_FOREACH(h, bucket(b, sa), same_address) {
        address_bytes(h->peer, other);
        n += memcmp(one, other, sizeof one) == 0;
    }
    return n >= most;
}

static void
on_accepted(void *arg, int fd, const struct sockaddr *peer, bool tls)
{
    struct bridge *b = arg;
    const struct sockaddr_storage *sa = (const struct sockaddr_storage *)peer;
    struct http_conn *h;

    if ((b->cfg->max_connections > 0 &&
         b->http.open >= b->cfg->max_connections) ||
        address_is_full(b, sa)) {
        b->counts.refused++;
        close(fd);
        return;
    }
    b->counts.connections++;
    h = http_conn_new(&b->http, b->loop, fd, peer, tls ? b->tls : NULL);
    TAILQ_INSERT_TAIL(&b->conns, h, link);
    LIST_INSERT_HEAD(bucket(b, sa), h, same_address);
}

static void
on_closed(struct http_conn *h)
{
    struct bridge *b = h->owner->arg;

    TAILQ_REMOVE(&b->conns, h, link);
    LIST_REMOVE(h, same_address);
    room_on_held(h, 0);
    web_account_let_go(h);
}

static bool
on_xml(struct http_conn *h, const char *data, size_t len)
{
    struct bridge *b = h->owner->arg;

    if (!b->cfg->relay)
        return false;
    b->counts.relayed++;
    return relay_begin(h, b->cfg, &b->relay_refused, data, len);
}

static void
on_request(struct http_conn *h, const struct http_request *q)
{
    struct bridge *b = h->owner->arg;
    struct call c = {.bridge = b, .http = h, .q = q};

    b->counts.requests++;
    client_read(b->cfg, h, &c.client);
    form_parse(&c.form, q->query, strlen(q->query));
    route(&c);
    form_clear(&c.form);
}

/* --- answers --- */

void
reply_fail(struct bridge *b, struct http_conn *h, unsigned status,
           const char *reason, const char *headers)
{
    struct buf more = {0}, body = {0};
    struct http_reply r = {
        .status = status, .reason = reason, .type = "text/plain;charset=utf-8"};

    client_cors(b->cfg, h, &more);
    if (headers != NULL)
        buf_append_str(&more, headers);
    buf_appendf(&body, "%s\r\n", reason);
    r.body = body.data;
    r.len = body.len;
    r.headers = buf_cstr(&more);
    http_reply(h, &r);
    buf_clear(&more);
    buf_clear(&body);
}

void
reply_xml(struct bridge *b, struct http_conn *h, const char *xml, size_t len,
          const char *headers)
{
    struct buf more = {0}, body = {0};
    struct http_reply r = {.status = 200, .type = "text/xml;charset=utf-8"};

    client_cors(b->cfg, h, &more);
    if (headers != NULL)
        buf_append_str(&more, headers);
    buf_append(&body, xml, len);
    if (len > 0)
        buf_append(&body, "\r\n", 2);
    r.body = body.data;
    r.len = body.len;
    r.headers = buf_cstr(&more);
    http_reply(h, &r);
    buf_clear(&more);
    buf_clear(&body);
}

void
call_fail(struct call *c, unsigned status, const char *reason)
{
    reply_fail(c->bridge, c->http, status, reason, NULL);
}

void
call_xml(struct call *c, const char *xml, size_t len, const char *headers)
{
    reply_xml(c->bridge, c->http, xml, len, headers);
}

/* --- start, reload, end --- */

/* Reads what the configuration names into *files and *tls.  -1 with err. */
static int
load(const struct bridge_config *cfg, struct files **files,
     struct ssl_ctx_st **tls, struct errbuf *err)
{
    *files = files_load(cfg->pages, err);
    *tls = NULL;
    if (*files == NULL)
        return -1;
    if (*cfg->tls_certificate == '\0')
        return 0;
    *tls = tls_server_context(cfg->tls_certificate, cfg->tls_key,
                              cfg->tls_min_version == 0 ? "1.2" : "1.3", err);
    if (*tls != NULL)
        return 0;
    files_free(files);
    return -1;
}

static void
put_in_force(struct bridge *b)
{
    const struct bridge_config *cfg = b->cfg;

    log_set_level(cfg->log_level);
    conn_loop_set_hard_limit(b->loop, cfg->output_hard);
    conn_loop_set_total_limit(b->loop, cfg->output_total);
    budget_set(&b->stored, cfg->accounts_memory, cfg->account_memory);
    b->http.head_bytes = cfg->head_bytes;
    budget_set(&b->strangers, cfg->stranger_memory,
               cfg->stranger_memory_per_address);
    budget_set(&b->members, cfg->sessions_memory, cfg->session_memory);
    b->http.request_timeout = cfg->request_timeout;
    b->http.keep_alive = cfg->keep_alive;
}

struct bridge *
bridge_start(struct bridge_config *cfg, struct event_base *base,
             struct errbuf *err)
{
    struct bridge *b = xcalloc(1, sizeof *b);

    b->cfg = cfg;
    b->base = base;
    b->loop = conn_loop_new(base, b);
    b->next_session = 100000;
    TAILQ_INIT(&b->conns);
    TAILQ_INIT(&b->kept);
    nonce_init(&b->nonces);
    b->http = (struct http_owner){.on_request = on_request,
                                  .on_xml = on_xml,
                                  .on_closed = on_closed,
                                  .on_head = room_on_head,
                                  .on_held = room_on_held,
                                  .arg = b};
    b->parser = xml_parser_new(&(struct xml_limits){.bytes = 64 << 20});
    put_in_force(b);
    if (load(cfg, &b->files, &b->tls, err) < 0 ||
        listen_open(&b->listeners, base, &cfg->listen, false, on_accepted, b,
                    err) < 0 ||
        listen_open(&b->listeners, base, &cfg->listen_tls, true, on_accepted, b,
                    err) < 0)
        bridge_stop(&b);
    return b;
}

int
bridge_reload(struct bridge *b, struct bridge_config *cfg, struct errbuf *err)
{
    struct buf keys = {0};
    struct ssl_ctx_st *tls;
    struct files *files;

    if (load(cfg, &files, &tls, err) < 0) {
        config_table_free(&bridge_config_table, cfg);
        return -1;
    }
    if (config_table_needs_restart(&bridge_config_table, b->cfg, cfg, &keys))
        log_warn("these take effect at the next start: %s", buf_cstr(&keys));
    buf_clear(&keys);
    config_table_keep_running(&bridge_config_table, cfg, b->cfg);
    config_table_free(&bridge_config_table, b->cfg);
    b->cfg = cfg;
    files_free(&b->files);
    b->files = files;
    tls_context_unref(&b->tls);
    b->tls = tls;
    put_in_force(b);
    return 0;
}

void
bridge_stop(struct bridge **bp)
{
    struct bridge *b = *bp;
    struct http_conn *h;

    if (b == NULL)
        return;
    listen_close_all(&b->listeners);
    web_session_end_all(b);
    TAILQ_FOREACH(h, &b->conns, link)
        http_conn_end(h);
    conn_loop_free(&b->loop); /* runs what was put off */
    files_free(&b->files);
    xml_parser_free(&b->parser);
    tls_context_unref(&b->tls);
    config_table_free(&bridge_config_table, b->cfg);
    explicit_bzero(&b->nonces, sizeof b->nonces);
    free(b);
    *bp = NULL;
}
