/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of ximss-bridge.conf.  A new key is a member of struct
 * bridge_config, a row here, and an item of ximss-bridge.conf(5). */
#include "config.h"

#include "clients/bridge/bridge_config.h"

#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "util/address.h"
#include "util/blank.h"
#include "util/text.h"

static const char *const tls_versions[] = {"1.2", "1.3", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error",
                                         NULL};

#define KIB    1024ULL
#define MIB    (1024 * KIB)
#define MS     1000ULL
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define M(member) offsetof(struct bridge_config, member)
#define TEXT(min, max)              \
    {                               \
        CONFIG_TEXT, min, max, NULL \
    }
#define PATH                       \
    {                              \
        CONFIG_PATH, 0, 4000, NULL \
    }
#define NUMBER(a, b)              \
    {                             \
        CONFIG_NUMBER, a, b, NULL \
    }
#define BYTES(a, b)              \
    {                            \
        CONFIG_BYTES, a, b, NULL \
    }
#define TIME(a, b)              \
    {                           \
        CONFIG_TIME, a, b, NULL \
    }
#define CHOICE(words)              \
    {                              \
        CONFIG_CHOICE, 0, 0, words \
    }
#define LIST(type)         \
    {                      \
        type, 1, 256, NULL \
    }
#define BOOL                    \
    {                           \
        CONFIG_BOOL, 0, 0, NULL \
    }
#define RELOAD  true
#define RESTART false

/* clang-format off */
static const struct config_row rows[] = {
{"user", TEXT(0, 32), M(user), "", RESTART,
 "The user to run as when started by root. Empty: stay who we are."},
{"log-level", CHOICE(log_levels), M(log_level), "info", RELOAD,
 "The least important messages that are logged."},

{"listen", LIST(CONFIG_LISTEN), M(listen), "127.0.0.1:8100", RESTART,
 "Where browsers, or a proxy before them, connect by HTTP. A list, like\n"
 "{\"192.0.2.1:80\", \"[2001:db8::1]:80\"}; * is every address, and port 0 a\n"
 "free one that the log tells."},
{"listen-tls", LIST(CONFIG_LISTEN), M(listen_tls), "", RESTART,
 "The same for HTTPS."},
{"tls-certificate", PATH, M(tls_certificate), "", RELOAD,
 "The certificate and the chain behind it (PEM). Empty: no TLS."},
{"tls-key", PATH, M(tls_key), "", RELOAD,
 "The private key of the certificate (PEM)."},
{"tls-roots", PATH, M(tls_roots), "", RELOAD,
 "Roots that your clients have beside those of the system (PEM), as that of an\n"
 "authority of your own. A certificate must lead to a root that clients know:\n"
 "one that is refused because who signed it is not there lacks its chain, or\n"
 "this setting. Empty: the system's; what is at the end of tls-certificate,\n"
 "behind the server's own, may be signed by a root that is not known here."},
{"tls-min-version", CHOICE(tls_versions), M(tls_min_version), "1.2", RELOAD,
 "The oldest version of TLS that is spoken."},

{"server-socket", PATH, M(server_socket), "", RESTART,
 "The UNIX socket of ximssd. Empty: its address and port."},
{"server-address", TEXT(1, 64), M(server_address), "127.0.0.1", RESTART,
 "The address of ximssd, in numbers. Passwords go to it in the clear: log-ins\n"
 "are refused unless it is on this machine."},
{"server-port", NUMBER(1, 65535), M(server_port), "11024", RESTART,
 "The port of ximssd, without TLS."},

{"pages", PATH, M(pages), PAGESDIR, RELOAD,
 "The directory of the users' and the administrators' pages. Empty: none."},
{"site-name", TEXT(1, 80), M(site_name), "Alerts", RELOAD,
 "What the pages call themselves, in their head and title."},
{"site-logo", PATH, M(site_logo), "", RELOAD,
 "A picture beside it: a file whose name ends in .svg, .png, .jpg, .webp, .gif\n"
 "or .ico, of at most 8 MB. Empty: none."},
{"organisation", TEXT(0, 200), M(organisation), "", RELOAD,
 "Who speaks to users by alerts, as they are to read it, like \"Example\n"
 "University\". Leave it empty where domains belong to different ones: then it\n"
 "is the administrators, of the server or of the domain."},
{"relay", BOOL, M(relay), "yes", RELOAD,
 "Whether a connection that begins with XML is handed on to ximssd. ximssd is\n"
 "told whose it is (PROXY protocol), and must believe that: by server-socket\n"
 "it does, else this machine must be in its trusted-addresses. Where it does\n"
 "not, such connections are closed, and the log says so."},
{"trusted-proxies", LIST(CONFIG_NETS), M(trusted_proxies), "", RELOAD,
 "Proxies whose Forwarded or X-Forwarded-For and -Proto are believed. A\n"
 "list, like {\"127.0.0.1\", \"2001:db8::/64\"}."},
{"proxy-protocol", LIST(CONFIG_LISTEN), M(proxy_protocol), "", RESTART,
 "Which addresses of listen and listen-tls are for proxies that say by the\n"
 "PROXY protocol who connects to them and whether TLS is spoken: each\n"
 "connection there must begin with a header of version 1 or 2, of at most\n"
 "head-bytes, within request-timeout, and come from trusted-proxies."},
{"allowed-origins", LIST(CONFIG_TEXTS), M(allowed_origins), "", RELOAD,
 "Other sites whose pages may use this one, like {\"https://example.test\"}."},
{"clear-passwords-without-tls", BOOL, M(clear_passwords_without_tls), "no",
 RELOAD,
 "Whether passwords may cross the network in the clear. They always may on\n"
 "the machine itself, and from a trusted proxy that says it spoke HTTPS."},

{"cli", BOOL, M(cli), "no", RELOAD,
 "Whether administrators may send commands of the CLI by HTTP, to /cli/, with\n"
 "their name and password (Basic): for scripts that do so. Passwords need what\n"
 "they need for any log-in."},
{"cli-addresses", LIST(CONFIG_NETS), M(cli_addresses), "", RELOAD,
 "The networks from which that is possible. A list, like {\"127.0.0.1\",\n"
 "\"2001:db8::/64\"}; empty: everywhere."},
{"cli-body-bytes", BYTES(1 * KIB, 64 * MIB), M(cli_body_bytes), "256K", RELOAD,
 "The longest body of a request to /cli/. It counts in stranger-memory, as it\n"
 "is read before anybody is known, and a command also needs room in\n"
 "message-bytes of ximssd."},
{"max-cli-requests", NUMBER(1, 100000), M(max_cli_requests), "64", RELOAD,
 "Commands by HTTP that may be under way; further ones are to try again (503)."},
{"max-cli-requests-per-address", NUMBER(1, 100000),
 M(max_cli_requests_per_address), "8", RELOAD,
 "The same from one address (the /64 of an IPv6 one)."},
{"cli-timeout", TIME(100 * MS, DAY), M(cli_timeout), "10m", RELOAD,
 "How long a command by HTTP may take, its log-in and its result included.\n"
 "Behind that it is answered 500, and may be done all the same."},

{"max-connections", NUMBER(0, 10000000), M(max_connections), "0", RELOAD,
 "Connections in all; of more, one that is between two requests makes room:\n"
 "of the address that has most, then who has said nothing, then the others.\n"
 "0: as many as there are descriptors."},
{"descriptor-reserve", NUMBER(16, 100000), M(descriptor_reserve), "32",
 RELOAD,
 "Descriptors that are never taken. Of the limit of open files (LimitNOFILE),\n"
 "browsers have one half of what these, and what is open at the start, leave,\n"
 "and sessions with ximssd the other one."},
{"max-connections-per-address", NUMBER(0, 10000000),
 M(max_connections_per_address), "0", RELOAD,
 "Connections from one address that is no trusted proxy. An IPv6 address\n"
 "counts by its first 64 bits. 0: no limit."},
{"max-connections-per-network", NUMBER(0, 10000000),
 M(max_connections_per_network), "0", RELOAD,
 "The same from one IPv6 network of 48 bits, which may be one customer's and\n"
 "has 65,536 such addresses. 0: no limit."},
{"max-sessions", NUMBER(1, 10000000), M(max_sessions), "100000", RELOAD,
 "Web sessions in all."},
{"max-account-sessions", NUMBER(1, 1000000), M(max_account_sessions), "50",
 RELOAD,
 "Web sessions of one account. When one more comes, one that looks dead makes\n"
 "room (see session-dead-after); if there is none, the log-in is refused (526).\n"
 "Keep it below the one of ximssd."},
{"max-comebacks", NUMBER(1, 100000), M(max_comebacks), "200", RELOAD,
 "Sessions that ximssd may be asked about at the same time, since this process\n"
 "does not know them: it was started anew, or an administrator made them.\n"
 "Other requests are to try again (503)."},
{"max-comebacks-per-address", NUMBER(1, 100000), M(max_comebacks_per_address),
 "20", RELOAD,
 "The same of one address (the /64 of an IPv6 one)."},
{"max-comebacks-per-network", NUMBER(1, 100000), M(max_comebacks_per_network),
 "80", RELOAD,
 "The same of one IPv6 network of 48 bits."},
{"max-logins", NUMBER(1, 100000), M(max_logins), "2000", RELOAD,
 "Log-ins, and questions before one, that may wait for ximssd at the same\n"
 "time; others are to try again (503). At most a half of what sessions may\n"
 "have of descriptors."},
{"max-logins-per-address", NUMBER(1, 100000), M(max_logins_per_address), "100",
 RELOAD,
 "The same of one address (the /64 of an IPv6 one)."},
{"max-logins-per-network", NUMBER(1, 100000), M(max_logins_per_network), "400",
 RELOAD,
 "The same of one IPv6 network of 48 bits."},
{"login-by-address", BOOL, M(login_by_address), "no", RELOAD,
 "Whether a log-in by the id of a session that has a cookie goes without it,\n"
 "from the address that the session is bound to: for programs that send the\n"
 "cookie with all but this. Whoever shares that address and learns the id\n"
 "could do the same."},
{"session-dead-after", TIME(100 * MS, DAY), M(session_dead_after), "1m",
 RELOAD,
 "A web session of which nothing was asked for so long, and that has neither\n"
 "poll nor event stream, may be ended to make room for another."},
{"head-bytes", BYTES(1 * KIB, 1 * MIB), M(head_bytes), "16K", RELOAD,
 "The longest head of a request: its first line and its headers."},
{"body-bytes", BYTES(1 * KIB, 64 * MIB), M(body_bytes), "1M", RELOAD,
 "The longest body of a request."},
{"stranger-body-bytes", BYTES(1 * KIB, 64 * MIB), M(stranger_body_bytes), "16K",
 RELOAD,
 "The longest body of a request that belongs to no session: a log-in, or what\n"
 "is asked before one."},
{"stranger-requests", NUMBER(1, 10000), M(stranger_requests), "10", RELOAD,
 "The most XIMSS requests in one body before a log-in."},
{"stranger-memory", BYTES(64 * KIB, 1024 * MIB), M(stranger_memory), "32M",
 RELOAD,
 "What all requests that belong to no session, half-sent ones too, may take in\n"
 "memory. Of more, one that has not come whole makes room for the next, of\n"
 "the oldest ones that which takes most; it, or the next if there is none, is\n"
 "answered 503. Each is counted by what its head says, before its body is\n"
 "read."},
{"stranger-memory-per-address", BYTES(64 * KIB, 1024 * MIB),
 M(stranger_memory_per_address), "4M", RELOAD,
 "The same for one address (the /64 of an IPv6 one): the connection's, or the\n"
 "one that a trusted proxy names."},
{"stranger-memory-per-network", BYTES(64 * KIB, 1024 * MIB),
 M(stranger_memory_per_network), "12M", RELOAD,
 "The same for one IPv6 network of 48 bits."},
{"session-memory", BYTES(64 * KIB, 1024 * MIB), M(session_memory), "16M", RELOAD,
 "What the requests of one account's web sessions that are under way may take\n"
 "in memory; further ones are answered 503."},
{"sessions-memory", BYTES(1 * MIB, 64 * 1024 * MIB), M(sessions_memory), "256M",
 RELOAD,
 "The same for all web sessions together."},
{"max-requests", NUMBER(1, 100000), M(max_requests), "1000", RELOAD,
 "XIMSS requests in one body of a session; of more, none is carried out."},
{"reply-bytes", BYTES(64 * KIB, 1024 * MIB), M(reply_bytes), "16M", RELOAD,
 "Data of the reply to one body; requests behind that are not carried out."},
{"kept-reply", BYTES(0, 1024 * MIB), M(kept_reply), "256K", RELOAD,
 "The longest reply that is kept until the next request, for clients that lost\n"
 "it; whoever asks again for a longer one gets errors, and nothing is done\n"
 "twice."},
{"unfetched-bytes", BYTES(64 * KIB, 1024 * MIB), M(unfetched_bytes), "4M",
 RELOAD,
 "A web session whose client leaves so much of what was pushed unfetched ends."},
{"unfetched-messages", NUMBER(10, 10000000), M(unfetched_messages), "40000",
 RELOAD,
 "The same for the number of messages: 10,000 alerts may wait for whoever\n"
 "logs in, and then reports of them."},
{"account-memory", BYTES(64 * KIB, 64 * 1024 * MIB), M(account_memory), "32M",
 RELOAD,
 "What all web sessions of one account may hold together: kept replies, which\n"
 "go first, data of replies, and what was pushed and not fetched; above that\n"
 "requests are refused, and the session that has most unfetched ends."},
{"accounts-memory", BYTES(1 * MIB, 64 * 1024 * MIB), M(accounts_memory), "256M",
 RELOAD,
 "The same for all accounts together."},
{"output-hard", BYTES(512 * KIB, 1024 * MIB), M(output_hard), "1M", RELOAD,
 "A client that leaves so much unread is cut off."},
{"account-output", BYTES(64 * KIB, 64 * 1024 * MIB), M(account_output), "16M",
 RELOAD,
 "What all connections of one account may leave unread together; above that\n"
 "the one that holds most is cut off. One long reply is let through."},
{"output-total", BYTES(1 * MIB, 64 * 1024 * MIB), M(output_total), "256M",
 RELOAD,
 "The same for all connections."},
{"request-timeout", TIME(100 * MS, HOUR), M(request_timeout), "30s", RELOAD,
 "A request that has not come whole by then ends its connection."},
{"keep-alive", TIME(100 * MS, HOUR), M(keep_alive), "15s", RELOAD,
 "A connection without a request for so long, since the client has the last\n"
 "reply, is closed."},
{"max-wait", TIME(100 * MS, HOUR), M(max_wait), "120s", RELOAD,
 "The longest time that a poll waits, whatever it asks for."},
{"answer-timeout", TIME(100 * MS, HOUR), M(answer_timeout), "8s", RELOAD,
 "How long requests wait for ximssd to come back; then the client is asked\n"
 "to try again (503). Also how long it may take for an answer until event streams\n"
 "are told that it is away."},
{"session-idle", TIME(SECOND, 30 * DAY), M(session_idle), "10m", RELOAD,
 "A web session without a request, a poll, or an event stream for so long\n"
 "ends; clients can change it for themselves."},
{"heartbeat", TIME(100 * MS, HOUR), M(heartbeat), "15s", RELOAD,
 "How often an event stream without events says that it is alive."},
};
/* clang-format on */

static int
check_tls(struct config_load *l, const struct bridge_config *c)
{
    if (*c->tls_certificate != '\0' && *c->tls_key == '\0')
        return config_conflict(l, "tls-certificate", "needs tls-key too");
    if (*c->tls_key != '\0' && *c->tls_certificate == '\0')
        return config_conflict(l, "tls-key", "needs tls-certificate too");
    if (c->listen_tls.count > 0 && *c->tls_certificate == '\0')
        return config_conflict(l, "listen-tls",
                               "needs tls-certificate and tls-key");
    return 0;
}

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
    const struct config_listen *const doors[] = {&c->listen, &c->listen_tls};

    if (c->listen.count + c->listen_tls.count == 0)
        return config_conflict(l, "listen", "there is no listener at all");
    if (config_listen_repeats(doors, 2))
        return config_conflict(l, "listen",
                               "an address stands twice in listen and "
                               "listen-tls");
    if (check_tls(l, c) < 0 || check_proxies(l, c) < 0 ||
        check_text(l, "site-name", c->site_name) < 0 ||
        check_text(l, "organisation", c->organisation) < 0)
        return -1;
    return check_server(l, c);
}

const struct config_table bridge_config_table = {
    rows, sizeof rows / sizeof rows[0], sizeof(struct bridge_config),
    "ximss-bridge", check};
