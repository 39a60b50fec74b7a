/* SPDX-License-Identifier: BSD-2-Clause */
/* What a URL may do to us is nothing but to say a status: what it sends is
 * counted and dropped, redirects are a failure, and where its name leads is
 * judged at each connection.  Nothing of the environment counts (proxies), no
 * password of any file, no cookie, no connection of an earlier notice. */
#include "config.h"

#include "notify/notify_url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "notify/notify_sign.h"
#include "notify/notify_url_rule.h"
#include "util/address.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define REPLY_MOST 65536 /* bytes, with its headers */

struct notify_url_loop {
    CURLM *multi;
};

struct notify_url {
    struct notify_url_loop *loop;
    const struct notify_config *config; /* borrowed */
    CURL *easy;
    struct curl_slist *headers;
    struct notify_url_parts parts;
    char error[CURL_ERROR_SIZE];
    char barred[ADDRESS_TEXT_SIZE]; /* where it was not let; "": nowhere */
    size_t received;
    bool ended;
    CURLcode result; /* when it has ended */
};

/* --- the loop --- */

struct notify_url_loop *
notify_url_loop_new(struct errbuf *err)
{
    struct notify_url_loop *l = xcalloc(1, sizeof *l);

    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        l->multi = curl_multi_init();
    if (l->multi == NULL) {
        free(l);
        err_set(err, "libcurl does not start");
        return NULL;
    }
    curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return l;
}

void
notify_url_loop_free(struct notify_url_loop **lp)
{
    if (*lp == NULL)
        return;
    curl_multi_cleanup((*lp)->multi);
    curl_global_cleanup();
    free(*lp);
    *lp = NULL;
}

static void
take_ended(struct notify_url_loop *l)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(l->multi, &left)) != NULL) {
        struct notify_url *u;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&u);
        u->ended = true;
        u->result = m->data.result;
    }
}

void
notify_url_loop_turn(struct notify_url_loop *l, const struct pollfd *fds,
                     unsigned n, int ms)
{
    struct curl_waitfd *waits = xcalloc(n + 1, sizeof *waits);
    int running;

    for (unsigned i = 0; i < n; i++)
        waits[i] =
            (struct curl_waitfd){.fd = fds[i].fd, .events = CURL_WAIT_POLLIN};
    /* A transfer that is new is due at once: that does not wait. */
    curl_multi_poll(l->multi, waits, n, ms, NULL);
    if (curl_multi_perform(l->multi, &running) != CURLM_OK)
        log_fatal("libcurl does not go on");
    take_ended(l);
    free(waits);
}

void
notify_url_loop_wake(struct notify_url_loop *l)
{
    curl_multi_wakeup(l->multi);
}

/* --- what libcurl asks --- */

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct notify_url *u = arg;
    uint8_t address[ADDRESS_BYTES];

    if (purpose == CURLSOCKTYPE_IPCXN &&
        notify_url_rule_may_connect(u->parts.host, &u->config->networks,
                                    &to->addr))
        return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    address_from_sockaddr(&to->addr, address);
    address_format(address, u->barred);
    return CURL_SOCKET_BAD;
}

/* Of the body, and of the headers: that is an error if it is not all taken. */
static size_t
drop_reply(char *data, size_t size, size_t n, void *arg)
{
    struct notify_url *u = arg;

    (void)data;
    u->received += size * n;
    return u->received <= REPLY_MOST ? size * n : 0;
}

/* --- a notice --- */

int
notify_url_check(const struct notify_config *c, const struct notify_notice *x,
                 struct errbuf *err)
{
    if (x->url == NULL)
        return err_set(err, "there is no URL");
    if (x->secret != NULL && *x->secret != '\0' &&
        notify_sign_check(x->secret, err) < 0)
        return -1;
    return notify_url_rule_check(&c->urls, x->url, err);
}

__attribute__((format(printf, 2, 3))) static void
add_header(struct notify_url *u, const char *fmt, ...)
{
    struct curl_slist *more;
    va_list ap;
    char *text;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        log_fatal("out of memory making a header");
    va_end(ap);
    more = curl_slist_append(u->headers, text);
    if (more == NULL)
        log_fatal("out of memory making a header");
    u->headers = more;
    free(text);
}

/* A GET has no body: its path and query are signed. */
static void
sign(struct notify_url *u, const struct notify_notice *x)
{
    long long seconds = clock_now() / CLOCK_SECOND;
    char id[NOTIFY_SIGN_ID_SIZE], signature[NOTIFY_SIGN_SIZE];
    char *target;

    notify_sign_id(id);
    add_header(u, "webhook-id: %s", id);
    add_header(u, "webhook-timestamp: %lld", seconds);
    if (x->secret == NULL || *x->secret == '\0')
        return;
    target = xasprintf("%s%s%s", u->parts.path,
                       *u->parts.query != '\0' ? "?" : "", u->parts.query);
    notify_sign_make(x->secret, id, seconds, x->json ? x->body : target,
                     signature);
    add_header(u, "webhook-signature: %s", signature);
    free(target);
}

static void
set_request(struct notify_url *u, const struct notify_notice *x)
{
    if (x->json) {
        add_header(u, "Content-Type: application/json");
        add_header(u, "Expect:");
        curl_easy_setopt(u->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(x->body));
        curl_easy_setopt(u->easy, CURLOPT_COPYPOSTFIELDS, x->body);
    }
    sign(u, x);
    curl_easy_setopt(u->easy, CURLOPT_HTTPHEADER, u->headers);
    curl_easy_setopt(u->easy, CURLOPT_USERAGENT,
                     PACKAGE_NAME "/" PACKAGE_VERSION);
}

/* What must be in force, or nothing is sent. */
static bool
set_guards(struct notify_url *u)
{
    CURL *e = u->easy;

    return curl_easy_setopt(e, CURLOPT_CURLU, u->parts.curl) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, u->parts.scheme) ==
               CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) ==
               CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_SSLVERSION,
                            (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket) ==
               CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, u) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop_reply) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, u) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, drop_reply) ==
               CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERDATA, u) == CURLE_OK &&
           (*u->config->roots == '\0' ||
            curl_easy_setopt(e, CURLOPT_CAINFO, u->config->roots) == CURLE_OK);
}

static void
set_manners(struct notify_url *u)
{
    curl_easy_setopt(u->easy, CURLOPT_PRIVATE, (char *)u);
    curl_easy_setopt(u->easy, CURLOPT_ERRORBUFFER, u->error);
    curl_easy_setopt(u->easy, CURLOPT_NOSIGNAL, 1L);
    /* Its end does not wait for the thread that asks for the name. */
    curl_easy_setopt(u->easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(u->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(u->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(u->easy, CURLOPT_HTTP_VERSION,
                     (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(u->easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
}

struct notify_url *
notify_url_start(struct notify_url_loop *l, const struct notify_config *c,
                 const struct notify_notice *x, struct errbuf *err)
{
    struct notify_url *u = xcalloc(1, sizeof *u);

    u->config = c;
    u->easy = curl_easy_init();
    if (notify_url_rule_parse(x->url, &u->parts, err) == 0 &&
        notify_url_rule_allows(&c->urls, &u->parts, err) == 0) {
        if (u->easy != NULL && set_guards(u)) {
            set_manners(u);
            set_request(u, x);
            curl_multi_add_handle(l->multi, u->easy);
            u->loop = l;
            return u;
        }
        err_set(err, "libcurl cannot be set up");
    }
    notify_url_free(&u);
    return NULL;
}

static int
explain(const struct notify_url *u, struct errbuf *err)
{
    if (u->barred[0] != '\0')
        return err_set(err,
                       "%.80s is at %s, which is not public, nor in "
                       "notify-networks",
                       u->parts.host, u->barred);
    return err_set(err, "%.80s: %.140s", u->parts.host,
                   u->error[0] != '\0' ? u->error
                                       : curl_easy_strerror(u->result));
}

bool
notify_url_has_ended(const struct notify_url *u, bool *ok_r, struct errbuf *err)
{
    bool is_long = u->ended && u->received > REPLY_MOST;
    long status = 0;

    if (!u->ended)
        return false;
    curl_easy_getinfo(u->easy, CURLINFO_RESPONSE_CODE, &status);
    *ok_r = (u->result == CURLE_OK || is_long) && status / 100 == 2;
    if (*ok_r)
        return true;
    if (u->result != CURLE_OK && !is_long)
        explain(u, err);
    else
        err_set(err, "%.80s answered with status %ld%s", u->parts.host, status,
                status / 100 == 3 ? "; redirects are not followed" : "");
    return true;
}

void
notify_url_free(struct notify_url **up)
{
    struct notify_url *u = *up;

    if (u == NULL)
        return;
    if (u->loop != NULL)
        curl_multi_remove_handle(u->loop->multi, u->easy);
    curl_easy_cleanup(u->easy);
    curl_slist_free_all(u->headers);
    notify_url_rule_clear(&u->parts);
    free(u);
    *up = NULL;
}
