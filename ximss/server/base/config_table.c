/* SPDX-License-Identifier: BSD-2-Clause */
/* All there is to know about each key: reading, checking, printing, the sample
 * file, and what a reload may change follow from these rows.  A new key is a
 * member of struct config, a row here, and an item of ximssd.conf(5). */
#include "config.h"

#include "ximss/server/base/config_table.h"

#include "ximss/server/base/configuration.h"

static const char *const tls_versions[] = {"1.2", "1.3", NULL};
static const char *const modes[] = {"0600", "0660", "0666", NULL};
static const char *const limits[] = {"settings", "sources", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error",
                                         NULL};

#define KIB    1024ULL
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define MS     1000ULL
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEARS  (3650 * DAY)

#define M(member) offsetof(struct config, member)
#define TEXT(min, max)              \
    {                               \
        CONFIG_TEXT, min, max, NULL \
    }
#define PATH(min)                    \
    {                                \
        CONFIG_PATH, min, 4000, NULL \
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
#define BOOL                    \
    {                           \
        CONFIG_BOOL, 0, 0, NULL \
    }
#define LISTEN                    \
    {                             \
        CONFIG_LISTEN, 0, 0, NULL \
    }
#define NETS                    \
    {                           \
        CONFIG_NETS, 0, 0, NULL \
    }
#define RELOAD  true
#define RESTART false

/* clang-format off */
static const struct config_row rows[] = {
{"store", PATH(1), M(store), LOCALSTATEDIR "/lib/ximssd", RESTART,
 "The directory of the store. The server works in it, so that a core dump\n"
 "lands there too."},
{"control-socket", PATH(0), M(control_socket), "", RESTART,
 "The UNIX socket on which root and the server's own user are\n"
 "administrators. Empty: control.sock in the store's directory."},
{"user", TEXT(0, 32), M(user), "", RESTART,
 "The user to run as when started by root. Empty: stay who we are."},
{"hostname", TEXT(0, 128), M(hostname), "", RESTART,
 "The name of this server: a store that it makes gets it as main domain,\n"
 "unless --main-domain says otherwise. Empty: the machine's name."},
{"time-zone", TEXT(1, 64), M(time_zone), "UTC", RESTART,
 "The time zone of users who have not chosen one, like Europe/Berlin."},
{"log-level", CHOICE(log_levels), M(log_level), "info", RELOAD,
 "The least important messages that are logged."},
{"log-sessions", NUMBER(0, 1000000), M(log_sessions), "60", RELOAD,
 "Sessions of one account, in a minute, that leave a line when they begin and\n"
 "one when they end, or when they are refused (max-account-sessions). A later\n"
 "line says how many others there were."},
{"workers", NUMBER(0, 256), M(workers), "0", RESTART,
 "Threads that serve sessions. 0: as many as there are cores."},
{"hash-threads", NUMBER(1, 64), M(hash_threads), "2", RESTART,
 "Threads that check passwords."},

{"listen", LISTEN, M(listen), "*:11024", RESTART,
 "Where clients connect; clear text until they ask for TLS. A list, like\n"
 "{\"192.0.2.1:11024\", \"[2001:db8::1]:11024\"}; * is every address, IPv4\n"
 "and IPv6, and port 0 a free one that the log tells."},
{"listen-tls", LISTEN, M(listen_tls), "", RESTART,
 "The same for connections that begin with TLS."},
{"listen-pwd", LISTEN, M(listen_pwd), "", RESTART,
 "Where administrators' scripts connect with the PWD protocol (the CLI by\n"
 "lines, port 106 by custom). Empty: nowhere."},
{"listen-pwd-tls", LISTEN, M(listen_pwd_tls), "", RESTART,
 "The same for connections that begin with TLS (port 1106 by custom)."},
{"listen-pwd-apop", LISTEN, M(listen_pwd_apop), "", RESTART,
 "The same for clients that know no log-in but APOP: here the greeting has\n"
 "a challenge. Whoever sees one sends APOP, which works with a token of an\n"
 "account (ximssctl account token) and not with its password."},
{"tls-certificate", PATH(0), M(tls_certificate), "", RELOAD,
 "The certificate and the chain behind it (PEM). Empty: no TLS."},
{"tls-key", PATH(0), M(tls_key), "", RELOAD,
 "The private key of the certificate (PEM)."},
{"tls-roots", PATH(0), M(tls_roots), "", RELOAD,
 "Roots that your clients have beside those of the system (PEM), as that of an\n"
 "authority of your own. A certificate must lead to a root that clients know:\n"
 "one that is refused because who signed it is not there lacks its chain, or\n"
 "this setting. Empty: the system's; what is at the end of tls-certificate,\n"
 "behind the server's own, may be signed by a root that is not known here."},
{"tls-min-version", CHOICE(tls_versions), M(tls_min_version), "1.2", RELOAD,
 "The oldest version of TLS that is spoken."},
{"trusted-addresses", NETS, M(trusted_addresses), "", RELOAD,
 "Machines that log users in on their behalf (web bridge, mail proxies):\n"
 "the clientAddress they name is believed. A list, like\n"
 "{\"192.0.2.7\", \"2001:db8::/64\"}."},
{"proxy-protocol", LISTEN, M(proxy_protocol), "", RESTART,
 "Which of the addresses above are for proxies (HAProxy, nginx stream) that\n"
 "say who connects to them: each connection there must begin with a header\n"
 "of the PROXY protocol, version 1 or 2, and come from proxy-addresses or\n"
 "trusted-addresses.  Elsewhere, a header of version 2 is believed from\n"
 "trusted-addresses and the control socket, and nothing from others."},
{"proxy-addresses", NETS, M(proxy_addresses), "", RELOAD,
 "Those proxies. A list, like trusted-addresses."},
{"proxy-timeout", TIME(SECOND, HOUR), M(proxy_timeout), "5s", RELOAD,
 "A header that is not there whole by then ends its connection."},
{"proxy-header-bytes", BYTES(232, 60 * KIB), M(proxy_header_bytes), "2K",
 RELOAD,
 "The longest header."},

{"max-connections", NUMBER(0, 10000000), M(max_connections), "0", RELOAD,
 "Connections in all. 0: as many as there are descriptors."},
{"descriptor-reserve", NUMBER(16, 100000), M(descriptor_reserve), "32", RELOAD,
 "Descriptors that connections never take: files of the store are opened\n"
 "with them. Of the limit of open files (LimitNOFILE), connections have what\n"
 "these, descriptors-local, and what is open at the start leave."},
{"descriptors-local", NUMBER(1, 10000), M(descriptors_local), "8", RELOAD,
 "Connections that root and the server's own user may have on the control\n"
 "socket even when others have taken all the rest."},
{"max-connections-per-address", NUMBER(0, 10000000),
 M(max_connections_per_address), "0", RELOAD,
 "Connections from one address (the /64 of an IPv6 one). 0: no limit."},
{"max-connections-per-network", NUMBER(0, 10000000),
 M(max_connections_per_network), "0", RELOAD,
 "The same from one IPv6 network of 48 bits, which may be one customer's and\n"
 "has 65,536 such addresses. 0: no limit."},
{"max-unauthenticated", NUMBER(0, 10000000), M(max_unauthenticated), "10000",
 RELOAD,
 "Connections that have not logged in yet; of more, the oldest make room for\n"
 "new ones: of the address that has most, then who has said nothing, then\n"
 "the others. 0: no limit."},
{"max-unauthenticated-per-address", NUMBER(0, 10000000),
 M(max_unauthenticated_per_address), "1000", RELOAD,
 "The same from one address; of more, its own oldest make room. 0: no limit."},
{"max-unauthenticated-per-network", NUMBER(0, 10000000),
 M(max_unauthenticated_per_network), "4000", RELOAD,
 "The same from one IPv6 network of 48 bits."},
{"max-account-sessions", NUMBER(1, 1000000), M(max_account_sessions), "100",
 RELOAD,
 "Sessions of one account, by all doors. When one more comes, one that looks\n"
 "dead makes room (silent for 5 minutes, or for one while it does not read);\n"
 "if there is none, the log-in is refused (526)."},
{"login-timeout", TIME(SECOND, DAY), M(login_timeout), "60s", RELOAD,
 "A connection that has not logged in by then is closed."},
{"idle-timeout", TIME(SECOND, 30 * DAY), M(idle_timeout), "10m", RELOAD,
 "A session without a request for so long is closed; clients can change it\n"
 "for themselves."},
{"pwd-idle-timeout", TIME(SECOND, 30 * DAY), M(pwd_idle_timeout), "5m",
 RELOAD,
 "The same for PWD connections."},

{"message-bytes", BYTES(4 * KIB, 64 * MIB), M(message_bytes), "1M", RELOAD,
 "The longest message a client may send."},
{"message-bytes-before-login", BYTES(1 * KIB, 64 * MIB),
 M(message_bytes_before_login), "16K", RELOAD,
 "The same before log-in."},
{"pwd-line-bytes", BYTES(4 * KIB, 64 * MIB), M(pwd_line_bytes), "1M", RELOAD,
 "The longest line a PWD client may send; before log-in,\n"
 "message-bytes-before-login holds. What is longer is refused and skipped."},
{"xml-depth", NUMBER(2, 1000), M(xml_depth), "16", RELOAD,
 "How deep elements in a message may be nested."},
{"xml-attributes", NUMBER(8, 10000), M(xml_attributes), "64", RELOAD,
 "Attributes of one element."},
{"xml-attribute-bytes", BYTES(1 * KIB, 64 * MIB), M(xml_attribute_bytes),
 "64K", RELOAD,
 "The longest value of an attribute."},
{"max-malformed", NUMBER(1, 1000), M(max_malformed), "3", RELOAD,
 "The malformed message that ends a connection."},
{"pipeline", NUMBER(1, 100000), M(pipeline), "128", RELOAD,
 "Requests of one session that may be in work; more have to wait."},
{"requests-per-turn", NUMBER(1, 100000), M(requests_per_turn), "64", RELOAD,
 "Requests of one session that are taken before others have their turn."},
{"output-soft", BYTES(1 * KIB, 1 * GIB), M(output_soft), "64K", RELOAD,
 "A client that leaves so much unread gets no more alerts and its requests\n"
 "wait until it reads."},
{"output-hard", BYTES(16 * KIB, 1 * GIB), M(output_hard), "1M", RELOAD,
 "A client that leaves so much unread is cut off."},

{"account-input", BYTES(64 * KIB, 1024 * GIB), M(account_input), "16M", RELOAD,
 "What all sessions of one account may have sent of messages that have not\n"
 "come whole; the one that is above that is closed."},
{"account-output", BYTES(16 * KIB, 1024 * GIB), M(account_output), "16M",
 RELOAD,
 "What all sessions of one account may leave unread together; above that the\n"
 "one that holds most is cut off."},
{"output-total", BYTES(1 * MIB, 1024 * GIB), M(output_total), "256M", RELOAD,
 "The same of all sessions of the server; each worker has its share."},

{"alert-bytes", BYTES(1, 1 * MIB), M(alert_bytes), "4096", RELOAD,
 "The longest text of an alert, in bytes of UTF-8."},
{"alert-cache", BYTES(0, 1 * GIB), M(alert_cache), "8M", RELOAD,
 "Memory of each worker for alerts as they are sent: one encoding for each\n"
 "offset from GMT that is in use. What has no place is encoded each time."},
{"max-account-alerts", NUMBER(0, 100000), M(max_account_alerts), "1000", RELOAD,
 "Alerts to one account that it has not been shown; more are refused.\n"
 "0: no limit."},
{"max-domain-alerts", NUMBER(0, 100000), M(max_domain_alerts), "1000", RELOAD,
 "Active alerts to one domain; more are refused. 0: no limit."},
{"max-server-alerts", NUMBER(0, 100000), M(max_server_alerts), "0", RELOAD,
 "Active alerts to the whole server; more are refused. 0: no limit."},
{"max-session-watches", NUMBER(1, 10000), M(max_session_watches), "100", RELOAD,
 "What one session may follow by alertWatch at a time."},
{"list-page", NUMBER(1, 100000), M(list_page), "1000", RELOAD,
 "Alerts on a page that alertList is asked for; of more, the request is\n"
 "refused."},
{"list-look", BYTES(1 * KIB, 64 * MIB), M(list_look), "256K", RELOAD,
 "What one such request looks at, in bytes of alerts, to find those that are\n"
 "asked for; the client goes on with the next request."},
{"lifetime-server", TIME(0, YEARS), M(lifetime_server), "0", RELOAD,
 "Server-wide alerts that are posted without an end disappear after this\n"
 "time. 0: they stay until they are removed."},
{"lifetime-cluster", TIME(0, YEARS), M(lifetime_cluster), "0", RELOAD,
 "The same for cluster-wide alerts."},
{"lifetime-domain", TIME(0, YEARS), M(lifetime_domain), "0", RELOAD,
 "The same for domain-wide alerts."},
{"lifetime-account", TIME(0, YEARS), M(lifetime_account), "0", RELOAD,
 "The same for alerts to one account."},
{"settle-time", TIME(10 * MS, HOUR), M(settle_time), "5s", RELOAD,
 "An alert is delivered when the client's system has acknowledged it and\n"
 "the connection has then held for so long, or another request has come."},
{"prefs-bytes", BYTES(0, 1 * MIB), M(prefs_bytes), "8K", RELOAD,
 "Preferences that one account may store."},
{"max-group-members", NUMBER(1, 3000), M(max_group_members), "1000", RELOAD,
 "Members of one group; a list with more is refused."},
{"max-domain-groups", NUMBER(0, 100000), M(max_domain_groups), "10000", RELOAD,
 "Groups of one domain; more are refused. 0: no limit."},
{"max-domain-forwarders", NUMBER(0, 100000), M(max_domain_forwarders), "10000",
 RELOAD,
 "Forwarders of one domain; more are refused. 0: no limit."},

{"quota-sweep-interval", TIME(10 * SECOND, DAY), M(quota_sweep_interval), "5m",
 RELOAD,
 "How often the storage of all who are logged in is looked at. What is\n"
 "reported, changed or logged in is looked at once, anyway."},
{"quota-limits", CHOICE(limits), M(quota_limits), "settings", RELOAD,
 "What says how much an account may use: its settings (MaxAccountSize), or\n"
 "the sources of usage that know limits of their own (Dovecot, maildirsize);\n"
 "where these say nothing, the settings."},
{"quota-limit-age", TIME(MINUTE, 365 * DAY), M(quota_limit_age), "1h", RELOAD,
 "With quota-limits = sources: how old a limit may be before a report is a\n"
 "reason to ask the source for it again, for that account. Where none is\n"
 "known, the first report is, then less and less often until this time."},
{"quota-dict-socket", PATH(0), M(quota_dict_socket), "", RESTART,
 "The UNIX socket that Dovecot's quota_clone writes to, live, like\n"
 "/run/ximssd/usage.sock. Empty: none."},
{"quota-warning-socket", PATH(0), M(quota_warning_socket), "", RESTART,
 "The UNIX socket that Dovecot's quota_warning writes to. Empty: none."},
{"quota-socket-mode", CHOICE(modes), M(quota_socket_mode), "0660", RESTART,
 "Who may write to these two. It is the user whose mail is delivered."},
{"quota-socket-group", TEXT(0, 32), M(quota_socket_group), "", RESTART,
 "The group of these two. Empty: the server's own."},
{"quota-maildir", TEXT(0, 4000), M(quota_maildir), "", RESTART,
 "Where accounts have their Maildirs, like /var/mail/%d/%n/Maildir, for\n"
 "the usage by maildirsize or by the names of files: %u is user@domain, %n\n"
 "the name, %d the domain. Empty: they are not read."},
{"quota-maildir-interval", TIME(0, 365 * DAY), M(quota_maildir_interval), "1d",
 RESTART,
 "How often all of them are read, besides those whose users log in. 0: only\n"
 "at the start."},
{"quota-doveadm-url", TEXT(0, 1000), M(quota_doveadm_url), "", RESTART,
 "Where Dovecot is asked for the usage of all accounts (doveadm over HTTP),\n"
 "like http://127.0.0.1:8080. Empty: it is not."},
{"quota-doveadm-key-file", PATH(0), M(quota_doveadm_key_file), "", RESTART,
 "The file with its doveadm_api_key."},
{"quota-doveadm-interval", TIME(0, 365 * DAY), M(quota_doveadm_interval), "6h",
 RESTART,
 "How often, so that a lost report heals. 0: only at the start."},

{"password-iterations", NUMBER(4096, 10000000), M(password_iterations),
 "10000", RELOAD,
 "Rounds of PBKDF2 for passwords that are set from now on. One that was set\n"
 "with another number gets this one when it is next checked in clear."},
{"remember-logins", NUMBER(0, 100000000), M(remember_logins), "100000",
 RESTART,
 "Successful log-ins that are remembered, in memory only, so that clients\n"
 "coming back are let in without the work of a full check."},
{"remember-time", TIME(0, 365 * DAY), M(remember_time), "12h", RESTART,
 "How long they are remembered."},
{"ticket-time", TIME(MINUTE, 365 * DAY), M(ticket_time), "12h", RELOAD,
 "How long a resume ticket is good for.  A session is given another one each\n"
 "time a third of that is over."},
{"session-resume-time", TIME(SECOND, 30 * DAY), M(session_resume_time), "15m",
 RELOAD,
 "How long a session of the web can be come back to when its connection is\n"
 "gone: ximss-bridge was started anew, or the network was away. While it is\n"
 "connected, its record in the store is as good as its ticket."},
{"device-time", TIME(MINUTE, 365 * DAY), M(device_time), "30d", RELOAD,
 "How long a device that stays logged in does so without being used."},
{"max-account-devices", NUMBER(0, 100), M(max_account_devices), "10", RELOAD,
 "Devices of one account that stay logged in. When one more does, the one that\n"
 "was not used for longest no longer does. 0: none may."},
{"login-checks-per-address", NUMBER(1, 10000), M(login_checks_per_address),
 "8", RELOAD,
 "Log-ins from one address that are checked at the same time; more of them\n"
 "wait for their turn, so that a crowd of guessers delays itself."},
{"max-account-tickets", NUMBER(1, 1000000), M(max_account_tickets), "300",
 RELOAD,
 "Resume tickets of one account, with its sessions that last. Beyond that the\n"
 "one goes that would end next, but none that a session which is there was\n"
 "given last. Sessions that administrators make push out each other only."},
{"max-account-tokens", NUMBER(1, 100), M(max_account_tokens), "20", RELOAD,
 "Tokens of one account (ximssctl account token); more are refused."},
{"token-key-file", PATH(0), M(token_key_file), "", RESTART,
 "The file with the key under which tokens are encrypted in the store; it is\n"
 "made with the first token. Empty: token.key in the store's directory, beside\n"
 "the database. Elsewhere if copies of that directory leave the machine."},
{"login-free-tries", NUMBER(1, 1000), M(login_free_tries), "3", RELOAD,
 "Failed log-ins to one account from one address before delays begin."},
{"login-address-free-tries", NUMBER(1, 1000000), M(login_address_free_tries),
 "20", RELOAD,
 "Failed log-ins from one address, whatever the account."},
{"login-network-free-tries", NUMBER(1, 1000000), M(login_network_free_tries),
 "200", RELOAD,
 "The same from one IPv6 network of 48 bits."},
{"login-delay", TIME(0, HOUR), M(login_delay), "1s", RELOAD,
 "The first delay; each further failure doubles it."},
{"login-max-delay", TIME(0, DAY), M(login_max_delay), "1m", RELOAD,
 "The longest delay."},
{"clear-passwords-without-tls", BOOL, M(clear_passwords_without_tls), "no",
 RELOAD,
 "Whether passwords may cross the network in the clear. They always may on\n"
 "the machine itself."},

{"position-save-interval", TIME(10 * MS, HOUR), M(position_save_interval),
 "1s", RELOAD,
 "How often it is written down what accounts have been shown. A crash shows\n"
 "again what was not written yet."},
{"checkpoint-interval", TIME(SECOND, HOUR), M(checkpoint_interval), "5s",
 RESTART,
 "How often the store writes a checkpoint: shorter means a faster start\n"
 "after a crash."},
{"store-cache", BYTES(1 * MIB, 1024 * GIB), M(store_cache), "64M", RESTART,
 "Memory for pages of the store."},
{"store-batch", NUMBER(1, 10000), M(store_batch), "512", RESTART,
 "The most changes that share one commit."},
{"store-reserve", BYTES(24 * MIB, 1024 * GIB), M(store_reserve), "32M",
 RESTART,
 "Space on the disk that is set aside for recovery, in a file of the store's\n"
 "directory: as long as it is not whole, nothing new is stored."},
{"account-cache", NUMBER(0, 100000000), M(account_cache), "100000", RESTART,
 "Accounts without a session that are kept in memory."},
{"audit-days", NUMBER(0, 36500), M(audit_days), "365", RESTART,
 "Days that the audit log goes back. 0: for ever."},
{"audit-refused", NUMBER(0, 1000000), M(audit_refused), "60", RELOAD,
 "Audit records in an hour that one account may leave by what changes\n"
 "nothing: refused commands, and accepted ones without effect. One record\n"
 "more says how many others there were. Master and All Domains: no limit."},
{"audit-refused-all", NUMBER(0, 1000000), M(audit_refused_all), "500", RELOAD,
 "The same for all accounts together."},
};
/* clang-format on */

const struct config_table config_table = {rows, sizeof rows / sizeof rows[0],
                                          sizeof(struct config), "ximssd",
                                          config_check};
