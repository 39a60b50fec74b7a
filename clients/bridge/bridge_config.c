/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of ximss-bridge.conf.  A new key is a member of struct
 * bridge_config, a row here, and an item of ximss-bridge.conf(5). */
#include "config.h"

#include "clients/bridge/bridge_config.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "clients/bridge/http_host.h"
#include "clients/dovecot/door_choice.h"
#include "util/address.h"
#include "util/blank.h"
#include "util/config_words.h"
#include "util/text.h"

static const char *const tls_versions[] = {"1.2", "1.3", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error",
                                         NULL};
static const char *const log_formats[] = {"text", "json", NULL};

#define MAIL_AUTH_KEY_LEAST 16

#define M(member) offsetof(struct bridge_config, member)

/* clang-format off */
static const struct config_row rows[] = {
{"user", TEXT(0, 32), M(user), "", RESTART,
 "The user that the bridge switches to when root starts it. Empty: no\n"
 "switch."},
{"log-level", CHOICE(log_levels), M(log_level), "info", RELOAD,
 "The least important messages to log."},
{"log-format", CHOICE(log_formats), M(log_format), "text", RELOAD,
 "How: as lines of text with key=value behind the message, or as JSON, one\n"
 "object per line. Under systemd, lines of text go to the journal with their\n"
 "keys as fields, such as XIMSS_USER."},

{"listen", LIST(CONFIG_LISTEN), M(listen), "127.0.0.1:8100", RESTART,
 "Where browsers, or a proxy in front of the bridge, connect by HTTP. A\n"
 "list, such as {\"192.0.2.1:80\", \"[2001:db8::1]:80\"}. * means every address.\n"
 "With port 0 the system chooses a free port, which is logged."},
{"listen-tls", LIST(CONFIG_LISTEN), M(listen_tls), "", RESTART,
 "The same for HTTPS."},
{"listen-status", LIST(CONFIG_LISTEN), M(listen_status), "", RESTART,
 "Where programs that watch the bridge ask by HTTP for /metrics (figures for\n"
 "Prometheus), /healthz and /readyz. Nobody needs a password there, so name an\n"
 "address of this machine, such as {\"127.0.0.1:8180\"}, or one that only your\n"
 "monitoring reaches. With it, the bridge looks every 5 seconds whether ximssd\n"
 "is there. Empty: nowhere."},
{"redirect-http", LIST(CONFIG_LISTEN), M(redirect_http), "", RESTART,
 "Where every request by HTTP is redirected to https://redirect-host, with its\n"
 "path. Nothing else is served there. The usual port is 80."},
{"redirect-host", TEXT(0, 255), M(redirect_host), "", RESTART,
 "The host to which redirect-http leads, whatever host was asked for, such as\n"
 "alerts.example.org; with a port if it is not 443."},
{"hsts", TIME(0, 3650 * DAY), M(hsts), "0s", RELOAD,
 "For how long browsers that came by TLS shall come by nothing else\n"
 "(Strict-Transport-Security). They keep to it even if TLS is switched off\n"
 "later. It is sent over TLS only. 0: not sent."},
{"tls-certificate", PATH(0), M(tls_certificate), "", RELOAD,
 "The certificate, followed by its chain (PEM). Empty: no TLS."},
{"tls-key", PATH(0), M(tls_key), "", RELOAD,
 "The private key of the certificate (PEM)."},
{"tls-roots", PATH(0), M(tls_roots), "", RELOAD,
 "Root certificates (PEM) that your clients trust in addition to those of\n"
 "the system, such as the root of your own authority. The bridge accepts a\n"
 "certificate only if it leads to a root that clients know. If it is refused\n"
 "because its issuer is unknown, the chain is incomplete or this setting is\n"
 "missing. Empty: only the roots of the system; then the last certificate of\n"
 "the chain in tls-certificate may also be signed by a root that is not\n"
 "known here."},
{"tls-min-version", CHOICE(tls_versions), M(tls_min_version), "1.2", RELOAD,
 "The oldest version of TLS to accept."},

{"server-socket", PATH(0), M(server_socket), "", RESTART,
 "The UNIX socket of ximssd for its bridge (bridge-socket there), such as\n"
 "/run/ximssd/bridge.sock. Empty: server-address and server-port are used."},
{"server-address", TEXT(1, 64), M(server_address), "127.0.0.1", RESTART,
 "The address of ximssd, in numbers. Passwords are sent to it in clear text:\n"
 "log-ins are refused unless it is on this machine."},
{"server-port", NUMBER(1, 65535), M(server_port), "11024", RESTART,
 "The port of ximssd, without TLS."},

{"pages", PATH(0), M(pages), PAGESDIR, RELOAD,
 "The directory of the pages for users and administrators. Empty: no pages."},
{"site-name", TEXT(1, 80), M(site_name), "Alerts", RELOAD,
 "The name of the site, in the header and the title of its pages."},
{"site-logo", PATH(0), M(site_logo), "", RELOAD,
 "A picture beside the name: a file of at most 8 MB whose name ends in .svg,\n"
 ".png, .jpg, .webp, .gif or .ico. Empty: none."},
{"organisation", TEXT(0, 200), M(organisation), "", RELOAD,
 "The sender of alerts as users see it, such as \"Example University\". Leave\n"
 "it empty if the domains belong to different organisations: then the sender\n"
 "is shown as the administrators of the server or of the domain."},
{"relay", BOOL, M(relay), "yes", RELOAD,
 "Whether a connection that starts with XML is passed on to ximssd. The\n"
 "bridge tells ximssd by the PROXY protocol who the client is, and ximssd\n"
 "must believe it. It does if server-socket is set; otherwise this machine\n"
 "must be in its trusted-addresses. If it does not, the bridge closes such\n"
 "connections and logs the reason."},
{"trusted-proxies", LIST(CONFIG_NETS), M(trusted_proxies), "", RELOAD,
 "Proxies whose headers Forwarded, X-Forwarded-For and X-Forwarded-Proto are\n"
 "believed. A list, such as {\"127.0.0.1\", \"2001:db8::/64\"}."},
{"proxy-protocol", LIST(CONFIG_LISTEN), M(proxy_protocol), "", RESTART,
 "Those addresses of listen and listen-tls that are for proxies which speak\n"
 "the PROXY protocol. It tells the bridge who the client is and whether it\n"
 "uses TLS. Every connection there must come from trusted-proxies and start\n"
 "with a header of version 1 or 2, which has at most head-bytes and is\n"
 "complete within request-timeout."},
{"allowed-origins", LIST(CONFIG_TEXTS), M(allowed_origins), "", RELOAD,
 "Other sites whose pages may use this bridge, such as\n"
 "{\"https://example.test\"}."},
{"clear-passwords-without-tls", BOOL, M(clear_passwords_without_tls), "no",
 RELOAD,
 "Whether clients may send passwords over the network in clear text. On the\n"
 "machine itself they always may, and also through a trusted proxy that says\n"
 "it received them by HTTPS."},

{"cli", BOOL, M(cli), "no", RELOAD,
 "Whether administrators may send commands of the CLI by HTTP, to /cli/,\n"
 "with their name and password (Basic). This is meant for scripts. Passwords\n"
 "are accepted under the same conditions as at any log-in."},
{"cli-addresses", LIST(CONFIG_NETS), M(cli_addresses), "", RELOAD,
 "The networks from which that is possible. A list, such as {\"127.0.0.1\",\n"
 "\"2001:db8::/64\"}. Empty: all."},
{"cli-body-bytes", BYTES(1 * KIB, 64 * MIB), M(cli_body_bytes), "256K", RELOAD,
 "The longest body of a request to /cli/. It counts towards stranger-memory,\n"
 "because it is read before the sender is known. A command must also fit\n"
 "into message-bytes of ximssd."},
{"max-cli-requests", NUMBER(1, 100000), M(max_cli_requests), "64", RELOAD,
 "Commands by HTTP that may be in progress. Further ones are answered 503\n"
 "(try again)."},
{"max-cli-requests-per-address", NUMBER(1, 100000),
 M(max_cli_requests_per_address), "8", RELOAD,
 "The same for one address. An IPv6 address counts by its first 64 bits."},
{"cli-timeout", TIME(100 * MS, DAY), M(cli_timeout), "10m", RELOAD,
 "How long a command by HTTP may take, including log-in and result. After\n"
 "that it is answered 500, but it may still be carried out."},

{"mail-auth-key", TEXT(0, 128), M(mail_auth_key), "", RELOAD,
 "The key that nginx's mail proxy shows (auth_http_header Auth-Key) when it\n"
 "asks /mail-auth (auth_http). A log-in by POP3 is then refused once by an\n"
 "alert (mail-auth-refuse), with its text; all other log-ins go on to the mail\n"
 "server. Visible ASCII characters, at least 16. Keep this file from other\n"
 "users. Empty: off."},
{"mail-auth-refuse", TEXT(0, 64), M(mail_auth_refuse),
 "quota, account, critical", RELOAD,
 "Which alerts refuse a log-in by POP3, as ximss_pop3 of the plugins for\n"
 "Dovecot: one or more of quota, account, critical, all and none."},
{"mail-auth-code", TEXT(0, 32), M(mail_auth_code), "SYS/TEMP", RELOAD,
 "The response code in a refusal. Empty: none."},
{"mail-auth-hint", TEXT(0, 128), M(mail_auth_hint), "(please wait and retry)",
 RELOAD,
 "What stands behind the text of an alert in a refusal."},
{"mail-auth-pop3", LIST(CONFIG_LISTEN), M(mail_auth_pop3), "", RELOAD,
 "The POP3 server behind nginx, which checks the passwords: one address."},
{"mail-auth-imap", LIST(CONFIG_LISTEN), M(mail_auth_imap), "", RELOAD,
 "The same for IMAP. Log-ins by IMAP are never refused here."},
{"mail-auth-smtp", LIST(CONFIG_LISTEN), M(mail_auth_smtp), "", RELOAD,
 "The same for SMTP. Log-ins by SMTP are never refused here."},
{"mail-auth-timeout", TIME(100 * MS, 50 * SECOND), M(mail_auth_timeout), "2s",
 RELOAD,
 "How long such a log-in waits for ximssd. After that it goes on to the mail\n"
 "server. Choose less than nginx's auth_http_timeout."},

{"max-connections", NUMBER(0, 10000000), M(max_connections), "0", RELOAD,
 "Connections in total. When there are more, one that is between two\n"
 "requests is closed: first one of the address with the most, then one that\n"
 "has sent nothing, then any other. 0: as many as there are descriptors."},
{"descriptor-reserve", NUMBER(16, 100000), M(descriptor_reserve), "32",
 RELOAD,
 "Descriptors that connections never use. What remains of the limit on open\n"
 "files (LimitNOFILE), without these and those in use at the start, is\n"
 "divided: one half for browsers, the other for sessions with ximssd."},
{"max-connections-per-address", NUMBER(0, 10000000),
 M(max_connections_per_address), "0", RELOAD,
 "Connections from one address that is not a trusted proxy. An IPv6 address\n"
 "counts by its first 64 bits. 0: no limit."},
{"max-connections-per-network", NUMBER(0, 10000000),
 M(max_connections_per_network), "0", RELOAD,
 "Connections from one IPv6 network of 48 bits. One customer may have a\n"
 "whole such network, which contains 65,536 networks of 64 bits. 0: no\n"
 "limit."},
{"max-sessions", NUMBER(1, 10000000), M(max_sessions), "100000", RELOAD,
 "Web sessions in total."},
{"max-account-sessions", NUMBER(1, 1000000), M(max_account_sessions), "50",
 RELOAD,
 "Web sessions of one account. When one more begins, a session that looks\n"
 "dead is ended (see session-dead-after). If there is none, the log-in is\n"
 "refused with error 526. Choose a lower number than max-account-sessions of\n"
 "ximssd."},
{"max-comebacks", NUMBER(1, 100000), M(max_comebacks), "200", RELOAD,
 "Sessions unknown to this process that ximssd may be asked about at the\n"
 "same time. A session is unknown if the bridge was restarted, or if an\n"
 "administrator created it. Further requests are answered 503 (try again)."},
{"max-comebacks-per-address", NUMBER(1, 100000), M(max_comebacks_per_address),
 "20", RELOAD,
 "The same for one address. An IPv6 address counts by its first 64 bits."},
{"max-comebacks-per-network", NUMBER(1, 100000), M(max_comebacks_per_network),
 "80", RELOAD,
 "The same for one IPv6 network of 48 bits."},
{"max-logins", NUMBER(1, 100000), M(max_logins), "2000", RELOAD,
 "Log-ins, and requests before log-in, that may wait for ximssd at the same\n"
 "time. Further ones are answered 503 (try again). At most half of the\n"
 "descriptors for sessions are used for them."},
{"max-logins-per-address", NUMBER(1, 100000), M(max_logins_per_address), "100",
 RELOAD,
 "The same for one address. An IPv6 address counts by its first 64 bits."},
{"max-logins-per-network", NUMBER(1, 100000), M(max_logins_per_network), "400",
 RELOAD,
 "The same for one IPv6 network of 48 bits."},
{"login-by-address", BOOL, M(login_by_address), "no", RELOAD,
 "Whether a client can log in by the id of a session that has a cookie\n"
 "without showing the cookie, from the address that the session is bound to.\n"
 "This is for programs that send the cookie with every other request.\n"
 "Anybody who shares the address and learns the id could do the same."},
{"session-dead-after", TIME(100 * MS, DAY), M(session_dead_after), "1m",
 RELOAD,
 "A web session without a request for this time, and without a poll or an\n"
 "event stream, may be ended to make room for another."},
{"head-bytes", BYTES(1 * KIB, 1 * MIB), M(head_bytes), "16K", RELOAD,
 "The longest head of a request: its first line and its headers."},
{"body-bytes", BYTES(1 * KIB, 64 * MIB), M(body_bytes), "1M", RELOAD,
 "The longest body of a request."},
{"stranger-body-bytes", BYTES(1 * KIB, 64 * MIB), M(stranger_body_bytes), "16K",
 RELOAD,
 "The longest body of a request that belongs to no session: a log-in, or a\n"
 "request before log-in."},
{"stranger-requests", NUMBER(1, 10000), M(stranger_requests), "10", RELOAD,
 "The most XIMSS requests in one body before log-in."},
{"stranger-memory", BYTES(64 * KIB, 1024 * MIB), M(stranger_memory), "32M",
 RELOAD,
 "Memory for all requests that belong to no session, including incomplete\n"
 "ones. A request is counted when its head has arrived, before its body is\n"
 "read. When the memory is used up, an incomplete request makes room for the\n"
 "next: among the oldest ones, the largest. It is answered 503. If there is\n"
 "none, the new request is answered 503."},
{"stranger-memory-per-address", BYTES(64 * KIB, 1024 * MIB),
 M(stranger_memory_per_address), "4M", RELOAD,
 "The same for one address. An IPv6 address counts by its first 64 bits.\n"
 "Behind a trusted proxy, the address that the proxy names counts."},
{"stranger-memory-per-network", BYTES(64 * KIB, 1024 * MIB),
 M(stranger_memory_per_network), "12M", RELOAD,
 "The same for one IPv6 network of 48 bits."},
{"session-memory", BYTES(64 * KIB, 1024 * MIB), M(session_memory), "16M", RELOAD,
 "Memory for the requests in progress of all web sessions of one account.\n"
 "Further requests are answered 503."},
{"sessions-memory", BYTES(1 * MIB, 64 * 1024 * MIB), M(sessions_memory), "256M",
 RELOAD,
 "The same for all web sessions together."},
{"max-requests", NUMBER(1, 100000), M(max_requests), "1000", RELOAD,
 "XIMSS requests in one body of a session. If there are more, none is\n"
 "carried out."},
{"reply-bytes", BYTES(64 * KIB, 1024 * MIB), M(reply_bytes), "16M", RELOAD,
 "Data in the reply to one body. Requests after that point are not carried\n"
 "out."},
{"kept-reply", BYTES(0, 1024 * MIB), M(kept_reply), "256K", RELOAD,
 "The longest reply that is kept until the next request, for clients that\n"
 "lost it. A client that repeats a request with a longer reply gets errors;\n"
 "the request is not carried out twice."},
{"unfetched-bytes", BYTES(64 * KIB, 1024 * MIB), M(unfetched_bytes), "4M",
 RELOAD,
 "A web session ends when its client has left this much pushed data\n"
 "unfetched."},
{"unfetched-messages", NUMBER(10, 10000000), M(unfetched_messages), "40000",
 RELOAD,
 "The same for the number of messages. 10,000 alerts may wait for a user who\n"
 "logs in, followed by reports on them."},
{"account-memory", BYTES(64 * KIB, 64 * 1024 * MIB), M(account_memory), "32M",
 RELOAD,
 "What all web sessions of one account may hold together: kept replies, data\n"
 "of replies, and pushed data that was not fetched. Above the limit, kept\n"
 "replies are dropped first; then requests are refused, and the session with\n"
 "the most unfetched data ends."},
{"accounts-memory", BYTES(1 * MIB, 64 * 1024 * MIB), M(accounts_memory), "256M",
 RELOAD,
 "The same for all accounts together."},
{"output-hard", BYTES(512 * KIB, 1024 * MIB), M(output_hard), "1M", RELOAD,
 "A client that leaves this much output unread is disconnected."},
{"account-output", BYTES(64 * KIB, 64 * 1024 * MIB), M(account_output), "16M",
 RELOAD,
 "Output that all connections of one account may leave unread together.\n"
 "Above the limit, the connection with the most unread output is closed. One\n"
 "long reply is exempt."},
{"output-total", BYTES(1 * MIB, 64 * 1024 * MIB), M(output_total), "256M",
 RELOAD,
 "The same for all connections."},
{"request-timeout", TIME(100 * MS, HOUR), M(request_timeout), "30s", RELOAD,
 "A connection is closed if a request is not complete within this time."},
{"keep-alive", TIME(100 * MS, HOUR), M(keep_alive), "15s", RELOAD,
 "A connection is closed if no request follows within this time after the\n"
 "client has received the last reply."},
{"max-wait", TIME(100 * MS, HOUR), M(max_wait), "120s", RELOAD,
 "The longest time that a poll waits, even if it asks for more."},
{"answer-timeout", TIME(100 * MS, HOUR), M(answer_timeout), "8s", RELOAD,
 "How long requests wait for ximssd to come back. Then they are answered 503\n"
 "(try again). If an answer takes longer than this, event streams are told\n"
 "that ximssd is away."},
{"session-idle", TIME(SECOND, 30 * DAY), M(session_idle), "10m", RELOAD,
 "A web session ends after this time without a request, a poll or an event\n"
 "stream. Clients can change it for their own session."},
{"heartbeat", TIME(100 * MS, HOUR), M(heartbeat), "15s", RELOAD,
 "How often an idle event stream sends a sign of life."},
};
/* clang-format on */

static int
check_proxies(struct config_load *l, const struct bridge_config *c)
{
    for (size_t i = 0; i < c->proxy_protocol.count; i++)
        if (!config_listen_holds(&c->listen, &c->proxy_protocol.items[i]) &&
            !config_listen_holds(&c->listen_tls, &c->proxy_protocol.items[i]))
            return config_conflict(l, "proxy-protocol",
                                   "each address must be one of listen or "
                                   "listen-tls, as it stands there");
    if (c->proxy_protocol.count > 0 && c->trusted_proxies.count == 0)
        return config_conflict(l, "proxy-protocol", "needs trusted-proxies");
    return 0;
}

/* It stands in a URL. */
static int
check_redirect(struct config_load *l, const struct bridge_config *c)
{
    struct http_host host;

    if (*c->redirect_host != '\0' &&
        (!http_host_parse(c->redirect_host, &host) || *host.name == '\0'))
        return config_conflict(l, "redirect-host",
                               "must be a host, or HOST:PORT");
    if (c->redirect_http.count > 0 && *c->redirect_host == '\0')
        return config_conflict(l, "redirect-http", "needs redirect-host");
    return 0;
}

static int
check_behind(struct config_load *l, const char *key,
             const struct config_listen *servers)
{
    if (servers->count > 1)
        return config_conflict(l, key, "takes one address");
    if (servers->count == 1 &&
        (servers->items[0].host == NULL || servers->items[0].port == 0))
        return config_conflict(l, key, "must be an address and a port");
    return 0;
}

/* It goes through a header. */
static int
check_mail_auth(struct config_load *l, const struct bridge_config *c)
{
    const char *key = c->mail_auth_key;
    unsigned kinds;

    if (door_choice_refusals(c->mail_auth_refuse, &kinds) < 0)
        return config_conflict(
            l, "mail-auth-refuse",
            "must be of quota, account, critical, all, none");
    for (const char *p = key; *p != '\0'; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return config_conflict(l, "mail-auth-key",
                                   "must be visible ASCII characters");
    if (*key != '\0' && strlen(key) < MAIL_AUTH_KEY_LEAST)
        return config_conflict(l, "mail-auth-key",
                               "must have at least 16 characters");
    if (check_behind(l, "mail-auth-pop3", &c->mail_auth_pop3) < 0 ||
        check_behind(l, "mail-auth-imap", &c->mail_auth_imap) < 0)
        return -1;
    return check_behind(l, "mail-auth-smtp", &c->mail_auth_smtp);
}

/* A name would be looked up, and everybody would wait for that. */
static int
check_server(struct config_load *l, const struct bridge_config *c)
{
    const size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    struct sockaddr_storage sa;
    char text[120];

    if (strlen(c->server_socket) > most) {
        snprintf(text, sizeof text,
                 "the path has %zu bytes, and a socket's at most %zu: give a "
                 "shorter one",
                 strlen(c->server_socket), most);
        return config_conflict(l, "server-socket", text);
    }
    if (address_make(c->server_address, 0, &sa) > 0)
        return 0;
    return config_conflict(l, "server-address",
                           "must be an address in numbers, without a port");
}

/* It stands in pages, which are UTF-8. */
static int
check_text(struct config_load *l, const char *key, const char *text)
{
    size_t bad;

    if (!text_is_utf8(text, strlen(text), &bad))
        return config_conflict(l, key, "must be UTF-8");
    if (*text != '\0' && blank_all(text))
        return config_conflict(l, key, "is a text of which nothing is seen");
    return 0;
}

static int
check(struct config_load *l, void *config)
{
    const struct bridge_config *c = config;
    const struct config_listen *const doors[] = {&c->listen, &c->listen_tls,
                                                 &c->listen_status};

    if (c->listen.count + c->listen_tls.count == 0)
        return config_conflict(l, "listen", "there is no listener at all");
    if (config_listen_repeats(doors, 3))
        return config_conflict(l, "listen",
                               "an address stands twice in listen, "
                               "listen-tls and listen-status");
    if (config_table_check_tls(l, c->tls_certificate, c->tls_key,
                               &c->listen_tls) < 0 ||
        check_proxies(l, c) < 0 || check_redirect(l, c) < 0 ||
        check_mail_auth(l, c) < 0 ||
        check_text(l, "site-name", c->site_name) < 0 ||
        check_text(l, "organisation", c->organisation) < 0)
        return -1;
    return check_server(l, c);
}

const struct config_table bridge_config_table = {
    rows, sizeof rows / sizeof rows[0], sizeof(struct bridge_config),
    "ximss-bridge", check};
