/* SPDX-License-Identifier: BSD-2-Clause */
/* The process as a whole: its connections, its limits, start, reload, end. */
#include "config.h"

#include "clients/bridge/bridge.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "clients/bridge/comeback.h"
#include "clients/bridge/listen.h"
#include "clients/bridge/proxied.h"
#include "clients/bridge/random_text.h"
#include "clients/bridge/redirect.h"
#include "clients/bridge/relay.h"
#include "clients/bridge/room.h"
#include "clients/bridge/route.h"
#include "clients/bridge/server_link.h"
#include "clients/bridge/status.h"
#include "clients/bridge/stream.h"
#include "clients/bridge/web_account.h"
#include "clients/bridge/web_session.h"
#include "util/clock.h"
#include "util/descriptors.h"
#include "util/lobby.h"
#include "util/log.h"
#include "util/status_http.h"
#include "util/tls.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"

#define LEAST 32 /* descriptors for connections, or there is no use */

/* --- who is let in --- */

static void
send_away(struct bridge *b, struct lobby *lobby)
{
    struct http_conn *h;

    while ((h = lobby_next_sent_away(lobby, b)) != NULL) {
        b->counts.crowded_out++;
        http_conn_end(h);
        lobby_leave(b->http.lobby, &h->guest); /* its descriptor is free */
    }
}

static void
tell(struct lobby *lobby, const char *what)
{
    char from[LOBBY_KEY_TEXT_SIZE];
    struct lobby_news news;

    if (!lobby_tell(lobby, clock_mono(), &news))
        return;
    lobby_key_format(&news.from, from);
    log_warn("too many connections%s: %u gave way, %u were refused, the last "
             "of %s (more of this is told in a minute)",
             what, news.sent_away, news.refused, from);
}

/* Behind a proxy there are many. */
static void
set_key(const struct bridge *b, const struct sockaddr *sa,
        struct lobby_key *key)
{
    lobby_key_set(key, sa, 0);
    if (config_nets_hold(&b->cfg->trusted_proxies, sa))
        lobby_key_set_shared(key);
}

static uint64_t
crowd_of(const struct bridge *b, const struct sockaddr *peer)
{
    struct lobby_key key;

    set_key(b, peer, &key);
    return lobby_crowd(b->http.lobby, &key);
}

static uint64_t
find_crowd(const struct http_conn *h)
{
    return crowd_of(h->owner->arg, (const struct sockaddr *)h->peer);
}

static bool
on_moved(struct http_conn *h)
{
    struct bridge *b = h->owner->arg;
    struct lobby_key key;
    void *away;
    bool ok;

    set_key(b, (const struct sockaddr *)h->peer, &key);
    ok = lobby_move(b->http.lobby, h->guest, &key, clock_mono(), &away);
    if (!ok)
        b->counts.refused++;
    tell(b->http.lobby, "");
    send_away(b, b->http.lobby);
    return ok;
}

static struct lobby_guest *
enter(struct bridge *b, struct lobby *lobby, const struct sockaddr *sa,
      struct http_conn *h)
{
    struct lobby_key key;
    struct lobby_guest *g;
    void *away;

    set_key(b, sa, &key);
    g = lobby_enter(lobby, &key, b, h, clock_mono(), &away);
    if (g == NULL)
        b->counts.refused++;
    tell(lobby, h != NULL ? " that begin with XML" : "");
    send_away(b, lobby);
    return g;
}

static void
take(struct bridge *b, int fd, const struct sockaddr *peer, bool tls,
     bool proxied, bool redirects)
{
    struct lobby_guest *g = enter(b, b->http.lobby, peer, NULL);
    struct http_conn *h;

    if (g == NULL) {
        close(fd);
        return;
    }
    b->counts.connections++;
    h = http_conn_new(&b->http, b->loop, fd, peer,
                      tls && !proxied ? b->tls : NULL, crowd_of(b, peer));
    h->guest = g;
    h->redirects = redirects;
    lobby_set_owner(b->http.lobby, g, b, h);
    TAILQ_INSERT_TAIL(&b->conns, h, link);
    if (proxied && !proxied_begin(b, h, tls))
        http_conn_end(h);
}

static void
on_accepted(void *arg, int fd, const struct sockaddr *peer, bool tls,
            bool proxied)
{
    take(arg, fd, peer, tls, proxied, false);
}

static void
on_unsafe(void *arg, int fd, const struct sockaddr *peer, bool tls,
          bool proxied)
{
    take(arg, fd, peer, tls, proxied, true);
}

static void
on_closed(struct http_conn *h)
{
    struct bridge *b = h->owner->arg;

    TAILQ_REMOVE(&b->conns, h, link);
    lobby_leave(b->http.lobby, &h->guest);
    room_on_held(h, 0);
    web_account_let_go(h);
}

static bool
on_xml(struct http_conn *h, const char *data, size_t len)
{
    struct bridge *b = h->owner->arg;
    struct lobby_guest *g;

    if (!b->cfg->relay || h->redirects)
        return false;
    g = enter(b, b->http.relays, (const struct sockaddr *)h->peer, h);
    if (g == NULL)
        return false;
    b->counts.relayed++;
    return relay_begin(h, b->cfg, g, &b->relay_refused, data, len);
}

static void
answer(struct bridge *b, struct http_conn *h, const struct http_request *q,
       bool asked)
{
    struct call c = {.bridge = b, .http = h, .q = q, .asked = asked};

    client_read(b->cfg, h, &c.client);
    form_parse(&c.form, q->query, strlen(q->query));
    route(&c);
    form_clear(&c.form);
}

static void
on_request(struct http_conn *h, const struct http_request *q)
{
    struct bridge *b = h->owner->arg;

    b->counts.requests++;
    if (h->redirects)
        redirect(b->cfg, h, q);
    else
        answer(b, h, q, false);
}

static void
on_again(struct http_conn *h, const struct http_request *q)
{
    http_wait(h, NULL);
    answer(h->owner->arg, h, q, true);
}

/* --- start, reload, end --- */

int
bridge_load_tls(const struct bridge_config *cfg, struct ssl_ctx_st **tls_r,
                struct errbuf *err)
{
    const struct tls_files names = {cfg->tls_certificate, cfg->tls_key,
                                    cfg->tls_roots};

    *tls_r = NULL;
    if (*cfg->tls_certificate == '\0')
        return 0;
    *tls_r = tls_server_context(&names,
                                cfg->tls_min_version == 0 ? "1.2" : "1.3", err);
    return *tls_r != NULL ? 0 : -1;
}

/* Reads what the configuration names into *files and *tls.  -1 with err. */
static int
load(const struct bridge_config *cfg, struct files **files,
     struct ssl_ctx_st **tls, struct errbuf *err)
{
    const struct site site = {cfg->site_name, cfg->organisation,
                              cfg->site_logo};

    *files = files_load(cfg->pages, &site, err);
    *tls = NULL;
    if (*files == NULL)
        return -1;
    if (bridge_load_tls(cfg, tls, err) == 0)
        return 0;
    files_free(files);
    return -1;
}

/* Half of the descriptors for browsers; as many for sessions with ximssd, of
 * which relays have no more than a half. */
static int
check_descriptors(const struct bridge *b, const struct bridge_config *cfg,
                  unsigned *half_r, struct errbuf *err)
{
    unsigned kept =
        b->own_descriptors + cfg->descriptor_reserve + 2 * LOBBY_CLOSING;

    if (b->descriptors < kept + LEAST)
        return err_set(err,
                       "the limit of open files is %u, but %u are open, and "
                       "%u must be left (descriptor-reserve): raise it to %u "
                       "at least (LimitNOFILE of the unit, ulimit -n)",
                       b->descriptors, b->own_descriptors,
                       kept - b->own_descriptors, kept + LEAST);
    *half_r = (b->descriptors - kept) / 2;
    return 0;
}

static void
put_in_force(struct bridge *b)
{
    const struct bridge_config *cfg = b->cfg;
    struct lobby_limits all = {.all = cfg->max_connections,
                               .address = cfg->max_connections_per_address,
                               .network = cfg->max_connections_per_network,
                               .descriptors = b->half};
    struct lobby_limits relays = {.all = b->half / 2};

    lobby_set_limits(b->http.lobby, &all);
    lobby_set_limits(b->http.relays, &relays);
    server_link_set_most(b->descriptors - cfg->descriptor_reserve);

    log_set_level(cfg->log_level);
    log_set_format(cfg->log_format);
    conn_loop_set_soft_limit(b->loop, STREAM_PULL_BELOW);
    conn_loop_set_hard_limit(b->loop, cfg->output_hard);
    conn_loop_set_total_limit(b->loop, cfg->output_total);
    budget_set(&b->stored, cfg->accounts_memory, cfg->account_memory);
    b->http.head_bytes = cfg->head_bytes;
    budget_set(&b->strangers, cfg->stranger_memory,
               cfg->stranger_memory_per_address);
    budget_set_network(&b->strangers, cfg->stranger_memory_per_network);
    budget_set(&b->logins,
               cfg->max_logins < b->half / 2 ? cfg->max_logins : b->half / 2,
               cfg->max_logins_per_address);
    budget_set_network(&b->logins, cfg->max_logins_per_network);
    budget_set(&b->members, cfg->sessions_memory, cfg->session_memory);
    b->http.request_timeout = cfg->request_timeout;
    b->http.keep_alive = cfg->keep_alive;
    b->http.hsts = cfg->hsts;
}

struct bridge *
bridge_start(struct bridge_config *cfg, struct event_base *base,
             struct errbuf *err)
{
    struct bridge *b = xcalloc(1, sizeof *b);

    b->cfg = cfg;
    b->base = base;
    b->loop = conn_loop_new(base, b);
    LIST_INIT(&b->comebacks);
    TAILQ_INIT(&b->conns);
    TAILQ_INIT(&b->kept);
    TAILQ_INIT(&b->halves[0]);
    TAILQ_INIT(&b->halves[1]);
    random_bytes(&b->accounts_seed, sizeof b->accounts_seed);
    budget_init(&b->stored, false);
    budget_init(&b->strangers, true);
    budget_init(&b->members, false);
    budget_init(&b->logins, true);
    nonce_init(&b->nonces);
    away_init(b);
    b->http = (struct http_owner){.on_request = on_request,
                                  .on_again = on_again,
                                  .on_xml = on_xml,
                                  .on_header = proxied_on_data,
                                  .on_moved = on_moved,
                                  .find_crowd = find_crowd,
                                  .on_closed = on_closed,
                                  .on_head = route_on_head,
                                  .on_held = room_on_held,
                                  .arg = b};
    b->parser = xml_parser_new(&(struct xml_limits){.bytes = 64 << 20});
    b->http.lobby = lobby_new();
    b->http.relays = lobby_new();
    b->descriptors = descriptors_limit();
    if (load(cfg, &b->files, &b->tls, err) < 0 ||
        listen_open(&b->listeners, base, &cfg->listen, &cfg->proxy_protocol,
                    false, on_accepted, b, err) < 0 ||
        listen_open(&b->listeners, base, &cfg->listen_tls, &cfg->proxy_protocol,
                    true, on_accepted, b, err) < 0 ||
        listen_open(&b->listeners, base, &cfg->redirect_http,
                    &cfg->proxy_protocol, false, on_unsafe, b, err) < 0 ||
        (b->status = status_open(b, err)) == NULL) {
        bridge_stop(&b);
        return NULL;
    }
    b->own_descriptors = descriptors_open();
    if (cfg->listen_status.count > 0)
        b->own_descriptors += STATUS_HTTP_CONNECTIONS;
    if (check_descriptors(b, cfg, &b->half, err) < 0) {
        bridge_stop(&b);
        return NULL;
    }
    put_in_force(b);
    if (cfg->listen_status.count > 0)
        away_watch(b);
    trust_begin(b);
    return b;
}

int
bridge_reload(struct bridge *b, struct bridge_config *cfg, struct errbuf *err)
{
    struct buf keys = {0};
    struct ssl_ctx_st *tls;
    struct files *files;
    unsigned half = b->half;

    if (check_descriptors(b, cfg, &half, err) < 0 ||
        load(cfg, &files, &tls, err) < 0) {
        config_table_free(&bridge_config_table, cfg);
        return -1;
    }
    if (config_table_needs_restart(&bridge_config_table, b->cfg, cfg, &keys))
        log_warn("these take effect at the next start: %s", buf_cstr(&keys));
    buf_clear(&keys);
    config_table_keep_running(&bridge_config_table, cfg, b->cfg);
    config_table_free(&bridge_config_table, b->cfg);
    b->cfg = cfg;
    b->half = half;
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
    status_http_free(&b->status);
    trust_end(b);
    comeback_end_all(b);
    web_session_forget_all(b);
    away_clear(b);
    TAILQ_FOREACH(h, &b->conns, link)
        http_conn_end(h);
    conn_loop_free(&b->loop); /* runs what was put off */
    lobby_free(&b->http.lobby);
    lobby_free(&b->http.relays);
    files_free(&b->files);
    xml_parser_free(&b->parser);
    tls_context_unref(&b->tls);
    config_table_free(&bridge_config_table, b->cfg);
    explicit_bzero(&b->nonces, sizeof b->nonces);
    free(b);
    *bp = NULL;
}
