/* SPDX-License-Identifier: BSD-2-Clause */
/* All there is to know about each key: reading, checking, printing, the sample
 * file, and what a reload may change follow from these rows.  A new key is a
 * member of struct config, a row here, and an item of ximssd.conf(5). */
#include "config.h"

#include "ximss/server/base/config_table.h"

#include "util/config_words.h"
#include "ximss/server/base/config_check.h"
#include "ximss/server/base/configuration.h"

static const char *const tls_versions[] = {"1.2", "1.3", NULL};
static const char *const modes[] = {"0600", "0660", "0666", NULL};
static const char *const limits[] = {"settings", "sources", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error",
                                         NULL};
static const char *const log_formats[] = {"text", "json", NULL};

#define YEARS     (3650 * DAY)
#define M(member) offsetof(struct config, member)

/* clang-format off */
static const struct config_row rows[] = {
{"store", PATH(1), M(store), LOCALSTATEDIR "/lib/ximssd", RESTART,
 "The directory of the store. It is also the working directory of the\n"
 "server, so a core dump is written there."},
{"control-socket", PATH(0), M(control_socket), "", RESTART,
 "The UNIX socket on which root and the server's own user are\n"
 "administrators. Empty: control.sock in the directory of the store."},
{"user", TEXT(0, 32), M(user), "", RESTART,
 "The user that the server switches to when root starts it. Empty: no\n"
 "switch."},
{"hostname", TEXT(0, 128), M(hostname), "", RESTART,
 "The name of this server. A new store uses it as its main domain, unless\n"
 "--main-domain is given. Empty: the name of the machine."},
{"time-zone", TEXT(1, 64), M(time_zone), "UTC", RESTART,
 "The time zone of users who have not chosen one, such as Europe/Berlin."},
{"log-level", CHOICE(log_levels), M(log_level), "info", RELOAD,
 "The least important messages to log."},
{"log-format", CHOICE(log_formats), M(log_format), "text", RELOAD,
 "How: as lines of text with key=value behind the message, or as JSON, one\n"
 "object per line. Under systemd, lines of text go to the journal with their\n"
 "keys as fields, such as XIMSS_USER."},
{"log-sessions", NUMBER(0, 1000000), M(log_sessions), "60", RELOAD,
 "How many sessions of one account are logged per minute: a line when one\n"
 "begins, when it ends, and when it is refused (max-account-sessions). A\n"
 "later line counts the others."},
{"log-alerts", NUMBER(0, 1000000), M(log_alerts), "600", RELOAD,
 "How many posted, removed and expired alerts are logged per minute. A later\n"
 "line counts the others."},
{"log-failures", NUMBER(1, 1000000), M(log_failures), "6000", RELOAD,
 "How many failed log-ins are logged per minute. A later line counts the\n"
 "others."},
{"workers", NUMBER(0, 256), M(workers), "0", RESTART,
 "Threads that serve sessions. 0: one for each core."},
{"hash-threads", NUMBER(1, 64), M(hash_threads), "2", RESTART,
 "Threads that check passwords."},
{"watchdog-time", TIME(SECOND, HOUR), M(watchdog_time), "30s", RESTART,
 "A thread that has work and gives no sign of life for this time is stuck: the\n"
 "log says which, /healthz says 503, and systemd is told no more that all is\n"
 "well, so that it restarts the server (WatchdogSec of the unit). Threads that\n"
 "hash passwords or write checkpoints have ten times as long."},

{"listen", LIST(CONFIG_LISTEN), M(listen), "*:11024", RESTART,
 "Where clients connect, in clear text until they ask for TLS. A list, such\n"
 "as {\"192.0.2.1:11024\", \"[2001:db8::1]:11024\"}. * means every address, IPv4\n"
 "and IPv6. With port 0 the system chooses a free port, which is logged."},
{"listen-tls", LIST(CONFIG_LISTEN), M(listen_tls), "", RESTART,
 "The same, for connections that start with TLS."},
{"listen-pwd", LIST(CONFIG_LISTEN), M(listen_pwd), "", RESTART,
 "Where administrators' scripts connect with the PWD protocol, which carries\n"
 "the CLI line by line. The usual port is 106. Empty: nowhere."},
{"listen-pwd-tls", LIST(CONFIG_LISTEN), M(listen_pwd_tls), "", RESTART,
 "The same, for connections that start with TLS. The usual port is 1106."},
{"listen-pwd-apop", LIST(CONFIG_LISTEN), M(listen_pwd_apop), "", RESTART,
 "The same, for clients that can log in only by APOP: here the greeting\n"
 "contains a challenge. Clients that see one use APOP, which needs a token\n"
 "of the account (ximssctl account token) and does not work with its\n"
 "password."},
{"listen-status", LIST(CONFIG_LISTEN), M(listen_status), "", RESTART,
 "Where programs that watch the server ask by HTTP for /metrics (figures for\n"
 "Prometheus), /healthz and /readyz. Nobody needs a password there, so name an\n"
 "address of this machine, such as {\"127.0.0.1:11080\"}, or one that only your\n"
 "monitoring reaches. Empty: nowhere."},
{"ready-backlog", NUMBER(1, 10000000), M(ready_backlog), "10000", RESTART,
 "While more jobs than this wait for the store, /readyz says \"behind\"."},
{"tls-certificate", PATH(0), M(tls_certificate), "", RELOAD,
 "The certificate, followed by its chain (PEM). Empty: no TLS."},
{"tls-key", PATH(0), M(tls_key), "", RELOAD,
 "The private key of the certificate (PEM)."},
{"tls-roots", PATH(0), M(tls_roots), "", RELOAD,
 "Root certificates (PEM) that your clients trust in addition to those of\n"
 "the system, such as the root of your own authority. The server accepts a\n"
 "certificate only if it leads to a root that clients know. If it is refused\n"
 "because its issuer is unknown, the chain is incomplete or this setting is\n"
 "missing. Empty: only the roots of the system; then the last certificate of\n"
 "the chain in tls-certificate may also be signed by a root that is not\n"
 "known here."},
{"tls-min-version", CHOICE(tls_versions), M(tls_min_version), "1.2", RELOAD,
 "The oldest version of TLS to accept."},
{"trusted-addresses", LIST(CONFIG_NETS), M(trusted_addresses), "", RELOAD,
 "Machines that log in on behalf of users, such as a web bridge or a mail\n"
 "proxy. The server believes the clientAddress that they send. A list, such\n"
 "as {\"192.0.2.7\", \"2001:db8::/64\"}."},
{"bridge-socket", PATH(0), M(bridge_socket), "", RESTART,
 "The UNIX socket for a ximss-bridge on this machine, such as\n"
 "/run/ximssd/bridge.sock. Who may connect there is believed like\n"
 "trusted-addresses, and nobody else may. Empty: none."},
{"bridge-users", LIST(CONFIG_TEXTS), M(bridge_users), "ximss-bridge", RELOAD,
 "The users of this machine, by name or number, who may connect there. Root\n"
 "and the server's own user always may."},
{"proxy-protocol", LIST(CONFIG_LISTEN), M(proxy_protocol), "", RESTART,
 "Those of the addresses above that are for proxies, such as HAProxy or\n"
 "nginx stream, which name the client of each connection. Every connection\n"
 "there must start with a header of the PROXY protocol, version 1 or 2, and\n"
 "must come from proxy-addresses or trusted-addresses. At other addresses,\n"
 "the server accepts only a header of version 2 from trusted-addresses or on\n"
 "the control socket and the bridge's."},
{"proxy-addresses", LIST(CONFIG_NETS), M(proxy_addresses), "", RELOAD,
 "The addresses of these proxies. A list, like trusted-addresses."},
{"proxy-timeout", TIME(SECOND, HOUR), M(proxy_timeout), "5s", RELOAD,
 "The server closes a connection whose header is not complete within this\n"
 "time."},
{"proxy-header-bytes", BYTES(232, 60 * KIB), M(proxy_header_bytes), "2K",
 RELOAD,
 "The longest header to accept."},

{"max-connections", NUMBER(0, 10000000), M(max_connections), "0", RELOAD,
 "Connections in total, but for those at the mail door (door-sessions). 0: as\n"
 "many as there are descriptors."},
{"descriptor-reserve", NUMBER(16, 100000), M(descriptor_reserve), "32", RELOAD,
 "Descriptors that connections never use, kept for the files of the store.\n"
 "Connections get the limit on open files (LimitNOFILE) less this number,\n"
 "descriptors-local, and the descriptors in use at the start."},
{"descriptors-local", NUMBER(1, 10000), M(descriptors_local), "8", RELOAD,
 "Connections that root and the server's own user can have on the control\n"
 "socket even when others use all the rest."},
{"max-connections-per-address", NUMBER(0, 10000000),
 M(max_connections_per_address), "0", RELOAD,
 "Connections from one address. An IPv6 address counts by its first 64 bits.\n"
 "0: no limit."},
{"max-connections-per-network", NUMBER(0, 10000000),
 M(max_connections_per_network), "0", RELOAD,
 "Connections from one IPv6 network of 48 bits. One customer may have a\n"
 "whole such network, which contains 65,536 networks of 64 bits. 0: no\n"
 "limit."},
{"max-unauthenticated", NUMBER(0, 10000000), M(max_unauthenticated), "10000",
 RELOAD,
 "Connections that have not logged in. When there are more, the oldest is\n"
 "closed: first one of the address with the most, then one that has sent\n"
 "nothing, then any other. 0: no limit."},
{"max-unauthenticated-per-address", NUMBER(0, 10000000),
 M(max_unauthenticated_per_address), "1000", RELOAD,
 "The same for one address. When there are more, its own oldest is closed.\n"
 "0: no limit."},
{"max-unauthenticated-per-network", NUMBER(0, 10000000),
 M(max_unauthenticated_per_network), "4000", RELOAD,
 "The same for one IPv6 network of 48 bits."},
{"max-account-sessions", NUMBER(1, 1000000), M(max_account_sessions), "100",
 RELOAD,
 "Sessions of one account, over all protocols. When one more begins, a\n"
 "session that looks dead is closed: one that has been silent for 5 minutes,\n"
 "or for one minute without reading. If there is none, the log-in is refused\n"
 "with error 526. Sessions at the mail door are counted apart, up to the same\n"
 "number: mail programs take no place from other sessions, nor these from\n"
 "them."},
{"login-timeout", TIME(SECOND, DAY), M(login_timeout), "60s", RELOAD,
 "The server closes a connection that has not logged in within this time."},
{"idle-timeout", TIME(SECOND, 30 * DAY), M(idle_timeout), "10m", RELOAD,
 "The server closes a session that has sent no request for this time.\n"
 "Clients can change it for their own session."},
{"pwd-idle-timeout", TIME(SECOND, 30 * DAY), M(pwd_idle_timeout), "5m",
 RELOAD,
 "The same for PWD connections."},

{"door-socket", PATH(0), M(door_socket), "", RESTART,
 "The UNIX socket of the mail door, such as /run/ximssd/door.sock: there the\n"
 "POP3 and IMAP processes of a mail server learn of the alerts of their\n"
 "users. The directory must exist. Empty: none."},
{"door-socket-group", TEXT(0, 32), M(door_socket_group), "", RESTART,
 "The group of that socket, whose members may connect. The server's user must\n"
 "be a member. Empty: the server's own."},
{"door-users", LIST(CONFIG_TEXTS), M(door_users), "", RELOAD,
 "Users of this machine, by name or number, who may log in at the mail door\n"
 "as any account, such as the one to whom all mail belongs. A list, such as\n"
 "{vmail}. All other users may log in there only as the account that\n"
 "door-user-format names."},
{"door-user-format", TEXT(2, 255), M(door_user_format), "%u", RELOAD,
 "The account of a user of this machine, such as %u@example.com: %u stands\n"
 "for the login name. Without a domain it is one of the main domain."},
{"door-sessions", NUMBER(1, 10000000), M(door_sessions), "10000", RELOAD,
 "Connections at the mail door. A user who is not one of door-users has at\n"
 "most max-account-sessions of them, and all such users together have half, if\n"
 "there are door-users. Further ones are closed."},
{"door-wake-directory", PATH(0), M(door_wake_directory), "", RESTART,
 "The directory of the files by which Dovecot wakes IMAP sessions that\n"
 "hibernate. It is made if it is missing, and belongs to the server alone.\n"
 "Empty: wake, in the directory of door-socket."},

{"message-bytes", BYTES(4 * KIB, 64 * MIB), M(message_bytes), "1M", RELOAD,
 "The longest message that a client may send."},
{"message-bytes-before-login", BYTES(1 * KIB, 64 * MIB),
 M(message_bytes_before_login), "16K", RELOAD,
 "The same before log-in."},
{"pwd-line-bytes", BYTES(4 * KIB, 64 * MIB), M(pwd_line_bytes), "1M", RELOAD,
 "The longest line that a PWD client may send. Before log-in,\n"
 "message-bytes-before-login applies. A longer line is refused and skipped."},
{"xml-depth", NUMBER(2, 1000), M(xml_depth), "16", RELOAD,
 "How deeply the elements of a message may be nested."},
{"xml-attributes", NUMBER(8, 10000), M(xml_attributes), "64", RELOAD,
 "Attributes of one element."},
{"xml-attribute-bytes", BYTES(1 * KIB, 64 * MIB), M(xml_attribute_bytes),
 "64K", RELOAD,
 "The longest value of an attribute."},
{"max-malformed", NUMBER(1, 1000), M(max_malformed), "3", RELOAD,
 "With this many malformed messages a connection is closed."},
{"pipeline", NUMBER(1, 100000), M(pipeline), "128", RELOAD,
 "Requests of one session that may be in progress. Further ones wait."},
{"requests-per-turn", NUMBER(1, 100000), M(requests_per_turn), "64", RELOAD,
 "Requests of one session that are handled before other sessions get their\n"
 "turn."},
{"output-soft", BYTES(1 * KIB, 1 * GIB), M(output_soft), "64K", RELOAD,
 "A client that leaves this much output unread gets no more alerts, and its\n"
 "requests wait, until it reads."},
{"output-hard", BYTES(16 * KIB, 1 * GIB), M(output_hard), "1M", RELOAD,
 "A client that leaves this much output unread is disconnected."},

{"account-input", BYTES(64 * KIB, 1024 * GIB), M(account_input), "16M", RELOAD,
 "Incomplete messages, and messages that wait for answers to others, that\n"
 "all sessions of one account may have sent together. The session that\n"
 "exceeds the limit is closed."},
{"account-output", BYTES(16 * KIB, 1024 * GIB), M(account_output), "16M",
 RELOAD,
 "Output that all sessions of one account may leave unread together. Above\n"
 "the limit, the session with the most unread output is disconnected."},
{"output-total", BYTES(1 * MIB, 1024 * GIB), M(output_total), "256M", RELOAD,
 "The same for all sessions of the server. Each worker has an equal share."},

{"alert-bytes", BYTES(1, 1 * MIB), M(alert_bytes), "4096", RELOAD,
 "The longest text of an alert, in bytes of UTF-8."},
{"alert-cache", BYTES(0, 1 * GIB), M(alert_cache), "8M", RELOAD,
 "Memory of each worker for alerts in the form in which they are sent: one\n"
 "encoding for each offset from GMT in use. An alert that does not fit is\n"
 "encoded each time."},
{"max-account-alerts", NUMBER(0, 100000), M(max_account_alerts), "1000", RELOAD,
 "Alerts to one account that it has not been shown yet. Further ones are\n"
 "refused with error 526. 0: no limit."},
{"max-domain-alerts", NUMBER(0, 100000), M(max_domain_alerts), "1000", RELOAD,
 "Active alerts to one domain. Further ones are refused. 0: no limit."},
{"max-server-alerts", NUMBER(0, 100000), M(max_server_alerts), "0", RELOAD,
 "Active alerts to the whole server. Further ones are refused. 0: no limit."},
{"max-session-watches", NUMBER(1, 10000), M(max_session_watches), "100", RELOAD,
 "Scopes that one session may follow by alertWatch at a time."},
{"list-page", NUMBER(1, 100000), M(list_page), "1000", RELOAD,
 "Alerts on one page of alertList. A request for more is refused."},
{"list-look", BYTES(1 * KIB, 64 * MIB), M(list_look), "256K", RELOAD,
 "Alerts, in bytes, that one such request examines to find those it asks\n"
 "for. The client continues with its next request."},
{"lifetime-server", TIME(0, YEARS), M(lifetime_server), "0", RELOAD,
 "Server-wide alerts without an end of their own disappear after this time.\n"
 "0: they stay until they are removed."},
{"lifetime-cluster", TIME(0, YEARS), M(lifetime_cluster), "0", RELOAD,
 "The same for cluster-wide alerts."},
{"lifetime-domain", TIME(0, YEARS), M(lifetime_domain), "0", RELOAD,
 "The same for domain-wide alerts."},
{"lifetime-account", TIME(0, YEARS), M(lifetime_account), "0", RELOAD,
 "The same for alerts to one account."},
{"settle-time", TIME(10 * MS, HOUR), M(settle_time), "5s", RELOAD,
 "An alert counts as delivered when the client's system has acknowledged it\n"
 "and then either this time has passed without the connection breaking, or\n"
 "another request has arrived."},
{"prefs-bytes", BYTES(0, 1 * MIB), M(prefs_bytes), "8K", RELOAD,
 "Preferences that one account may store."},
{"max-group-members", NUMBER(1, 3000), M(max_group_members), "1000", RELOAD,
 "Members of one group. A longer list is refused."},
{"max-domain-groups", NUMBER(0, 100000), M(max_domain_groups), "10000", RELOAD,
 "Groups of one domain. Further ones are refused. 0: no limit."},
{"max-domain-forwarders", NUMBER(0, 100000), M(max_domain_forwarders), "10000",
 RELOAD,
 "Forwarders of one domain. Further ones are refused. 0: no limit."},
{"max-triggers", NUMBER(0, 10000), M(max_triggers), "1000", RELOAD,
 "Triggers that administrators may set, changed ones that are built in\n"
 "included. Further ones are refused."},
{"max-handlers", NUMBER(0, 10000), M(max_handlers), "100", RELOAD,
 "The same for handlers of triggers."},

{"quota-sweep-interval", TIME(10 * SECOND, DAY), M(quota_sweep_interval), "5m",
 RELOAD,
 "How often the storage of all users who are logged in is checked. Reports,\n"
 "changes and log-ins are checked at once in any case."},
{"quota-limits", CHOICE(limits), M(quota_limits), "settings", RELOAD,
 "Where the storage limit of an account comes from. settings: from\n"
 "MaxAccountSize. sources: from the sources of usage that know limits\n"
 "(Dovecot, maildirsize), and from MaxAccountSize for an account whose limit\n"
 "they do not know."},
{"quota-limit-age", TIME(MINUTE, 365 * DAY), M(quota_limit_age), "1h", RELOAD,
 "With quota-limits = sources: when a report arrives for an account whose\n"
 "limit is older than this, the source is asked for the limit again. If no\n"
 "limit is known, the first report has this effect, and later ones less and\n"
 "less often, down to once in this time."},
{"quota-dict-socket", PATH(0), M(quota_dict_socket), "", RESTART,
 "The UNIX socket to which Dovecot's quota_clone writes usage live, such as\n"
 "/run/ximssd/usage.sock. Empty: none."},
{"quota-warning-socket", PATH(0), M(quota_warning_socket), "", RESTART,
 "The UNIX socket to which Dovecot's quota_warning writes. Empty: none."},
{"quota-socket-mode", CHOICE(modes), M(quota_socket_mode), "0660", RESTART,
 "Who may write to these two sockets. Dovecot writes as the user whose mail\n"
 "is delivered."},
{"quota-socket-group", TEXT(0, 32), M(quota_socket_group), "", RESTART,
 "The group of these two sockets. Empty: the server's own."},
{"quota-maildir", TEXT(0, 4000), M(quota_maildir), "", RESTART,
 "The path of the accounts' Maildirs, such as /var/mail/%d/%n/Maildir. Their\n"
 "usage is read from maildirsize or from the names of the files. %u stands\n"
 "for user@domain, %n for the name, %d for the domain. Empty: they are not\n"
 "read."},
{"quota-maildir-interval", TIME(0, 365 * DAY), M(quota_maildir_interval), "1d",
 RESTART,
 "How often all Maildirs are read, in addition to those of users who log in.\n"
 "0: only at the start."},
{"quota-doveadm-url", TEXT(0, 1000), M(quota_doveadm_url), "", RESTART,
 "Where Dovecot is asked for the usage of all accounts (doveadm over HTTP),\n"
 "such as http://127.0.0.1:8080. Empty: Dovecot is not asked."},
{"quota-doveadm-key-file", PATH(0), M(quota_doveadm_key_file), "", RESTART,
 "The file with Dovecot's doveadm_api_key."},
{"quota-doveadm-interval", TIME(0, 365 * DAY), M(quota_doveadm_interval), "6h",
 RESTART,
 "How often Dovecot is asked, so that a lost report is made up for. 0: only\n"
 "at the start."},

{"notify-sendmail", PATH(0), M(notify_sendmail), "/usr/sbin/sendmail", RELOAD,
 "The program that takes over notices by mail: it is run with -t -oi, and\n"
 "reads the message. Under the unit in dist/ it has no more rights than the\n"
 "server: ximssd.conf(5) says what that means. Empty: no mail."},
{"notify-from", TEXT(0, 320), M(notify_from), "", RELOAD,
 "The address that these mails come from. Empty: ximssd at the main domain."},
{"notify-urls", LIST(CONFIG_TEXTS), M(notify_urls), "", RELOAD,
 "Where notices may be sent to as URLs. A list of beginnings, such as\n"
 "{\"https://hooks.example.org/alerts\", \"http://127.0.0.1:9093\"}: scheme,\n"
 "host and port must be the same, and the path that or below. Redirects are\n"
 "not followed. Empty: nowhere."},
{"notify-networks", LIST(CONFIG_NETS), M(notify_networks), "", RELOAD,
 "Addresses that are not public, to which hosts of notify-urls may lead that\n"
 "stand there by name, such as {\"10.1.0.0/16\"}. Otherwise such an address\n"
 "must stand in notify-urls itself, and localhost leads to this machine."},
{"notify-roots", PATH(0), M(notify_roots), "", RELOAD,
 "Root certificates (PEM) that https URLs are checked by, in addition to\n"
 "those of the system. Empty: only the roots of the system."},
{"notify-commands", LIST(CONFIG_TEXTS), M(notify_commands), "", RELOAD,
 "Programs that notices may run, each by its absolute path, such as\n"
 "{\"/usr/bin/snmptrap\"}. They are run without a shell, as the server's user.\n"
 "Whoever may set handlers chooses their arguments. Empty: none."},
{"notify-timeout", TIME(100 * MS, HOUR), M(notify_timeout), "30s", RELOAD,
 "A notice that has not got through within this time has failed, and its\n"
 "program is ended."},
{"notify-parallel", NUMBER(1, 64), M(notify_parallel), "4", RESTART,
 "Notices of each method (mail, URL, command) that are in progress at the\n"
 "same time. Others wait."},
{"notify-waiting", NUMBER(1, 100000), M(notify_waiting), "1000", RELOAD,
 "Notices of each method that may wait. Further ones are refused."},

{"auth", LIST(CONFIG_TEXTS), M(auth), "store", RELOAD,
 "Where passwords are checked: store (the server's own), dovecot (see\n"
 "auth-dovecot-socket), pam (see pam-service), or several in a list, such as\n"
 "{store, dovecot}. If one refuses, the next is asked. A domain can have a list\n"
 "of its own (setting Auth). Accounts with server-wide rights always use the\n"
 "store."},
{"auth-dovecot-socket", PATH(0), M(auth_dovecot_socket), "", RESTART,
 "The UNIX socket on which Dovecot checks passwords, such as\n"
 "/run/dovecot/ximssd-client. In Dovecot it is a unix_listener of service\n"
 "auth that belongs to the server's user. Empty: none."},
{"auth-timeout", TIME(SECOND, MINUTE), M(auth_timeout), "5s", RELOAD,
 "How long a log-in waits for all sources outside of the server together.\n"
 "Then it fails with error 525. Dovecot refuses wrong passwords after 2\n"
 "seconds (auth_failure_delay), so this must be longer."},
{"auth-max-waiting", NUMBER(1, 1000000), M(auth_max_waiting), "10000", RELOAD,
 "Log-ins that wait for one such source. Further ones fail with error 525.\n"
 "One address (of IPv6: one network of 48 bits) has at most half of them."},
{"auth-cache-time", TIME(0, 30 * DAY), M(auth_cache_time), "5m", RELOAD,
 "How long the server remembers a password that such a source accepted. If\n"
 "the password is changed there, or the user is locked, the old one works\n"
 "here for this time at most, unless ximssctl account forget is used. The\n"
 "time is never longer than remember-time. 0: not at all."},
{"auth-userdb-socket", PATH(0), M(auth_userdb_socket), "", RESTART,
 "The UNIX socket of Dovecot's user database, such as\n"
 "/run/dovecot/auth-userdb, which the server's user must be allowed to write\n"
 "to. Accounts of users that Dovecot knows then make themselves also before\n"
 "the first log-in, and ximssctl account sync can compare. Empty: none."},
{"auto-domains", LIST(CONFIG_TEXTS), M(auto_domains), "", RELOAD,
 "Domains that are made together with the first account in them that makes\n"
 "itself, such as {\"example.org\", \"example.net\"}. * stands for every domain\n"
 "that the source knows a user of. Empty: none; a domain is made by an\n"
 "administrator."},

{"password-iterations", NUMBER(4096, 10000000), M(password_iterations),
 "25000", RELOAD,
 "Iterations of PBKDF2 for new passwords. A password that was set with\n"
 "another number is hashed again at its next check in clear text.\n"
 "ximssd.conf(5) says what a number costs."},
{"password-min-length", NUMBER(1, 128), M(password_min_length), "1", RELOAD,
 "The fewest characters of a new password. It is not for passwords that are\n"
 "imported, or were set before."},
{"password-quality", BOOL, M(password_quality), "no", RELOAD,
 "Whether libpwquality looks at new passwords too, and refuses those that\n"
 "many people have, or that follow from the name of the account. Its own\n"
 "settings, except for the length, are in /etc/security/pwquality.conf, and\n"
 "its list of words comes with cracklib (Debian: cracklib-runtime)."},
{"keep-hashes", BOOL, M(keep_hashes), "no", RELOAD,
 "Whether a password that was brought along as a hash of another program\n"
 "keeps it. With no, it gets a hash of our own at its next check in clear\n"
 "text, and works with SCRAM from then on."},
{"max-bcrypt-cost", NUMBER(4, 31), M(hash_limits.bcrypt_cost), "14", RELOAD,
 "What the hash of another program may cost: here the logarithm of bcrypt's\n"
 "rounds. One that costs more is refused, and is not checked if it is there\n"
 "already. The defaults of this and the next settings take about a second."},
{"max-crypt-rounds", NUMBER(1000, 999999999), M(hash_limits.crypt_rounds),
 "1000000", RELOAD,
 "The same for the rounds of SHA-256 and SHA-512 crypt."},
{"max-pbkdf2-rounds", NUMBER(1000, 100000000), M(hash_limits.pbkdf2_rounds),
 "1000000", RELOAD,
 "The same for the rounds of PBKDF2 and SCRAM."},
{"max-argon2-passes", NUMBER(1, 10000), M(hash_limits.argon2_passes), "10",
 RELOAD,
 "The same for the passes of Argon2 over its memory."},
{"max-hash-memory", BYTES(1 * MIB, 16 * GIB), M(hash_limits.hash_memory),
 "128M", RELOAD,
 "The same for the memory of Argon2, yescrypt and scrypt. Each of the\n"
 "hash-threads may need this much at the same time."},
{"remember-logins", NUMBER(0, 100000000), M(remember_logins), "100000",
 RESTART,
 "Successful log-ins that the server remembers, in memory only. Clients that\n"
 "return are then let in without a full check."},
{"remember-time", TIME(0, 365 * DAY), M(remember_time), "12h", RESTART,
 "How long it remembers them."},
{"ticket-time", TIME(MINUTE, 365 * DAY), M(ticket_time), "12h", RELOAD,
 "How long a resume ticket is valid. A session gets a new one whenever a\n"
 "third of this time has passed."},
{"session-resume-time", TIME(SECOND, 30 * DAY), M(session_resume_time), "15m",
 RELOAD,
 "How long a web session can be resumed after its connection was lost,\n"
 "because ximss-bridge was restarted or the network failed. While the\n"
 "session is connected, its record in the store is valid as long as its\n"
 "ticket."},
{"device-time", TIME(MINUTE, 365 * DAY), M(device_time), "30d", RELOAD,
 "How long a device stays logged in without being used."},
{"max-account-devices", NUMBER(0, 100), M(max_account_devices), "10", RELOAD,
 "Devices of one account that stay logged in. One more replaces the one that\n"
 "has not been used for the longest time. 0: no devices."},
{"login-checks-per-address", NUMBER(1, 10000), M(login_checks_per_address),
 "8", RELOAD,
 "Log-ins from one address that are checked at the same time. Others wait\n"
 "for their turn, so that a crowd of guessers only delays itself."},
{"max-account-tickets", NUMBER(1, 1000000), M(max_account_tickets), "300",
 RELOAD,
 "Resume tickets of one account, including its lasting sessions. One more\n"
 "replaces the one that expires next, but never the newest ticket of a\n"
 "session that is connected. Sessions created by administrators replace only\n"
 "each other."},
{"max-account-tokens", NUMBER(1, 100), M(max_account_tokens), "20", RELOAD,
 "Tokens of one account (ximssctl account token). Further ones are refused."},
{"token-key-file", PATH(0), M(token_key_file), "", RESTART,
 "The file with the key that encrypts the tokens in the store. It is created\n"
 "with the first token. Empty: token.key in the directory of the store,\n"
 "beside the database. Choose another place if copies of that directory\n"
 "leave the machine."},
{"login-free-tries", NUMBER(1, 1000), M(login_free_tries), "3", RELOAD,
 "Failed log-ins to one account from one address before delays begin."},
{"login-address-free-tries", NUMBER(1, 1000000), M(login_address_free_tries),
 "20", RELOAD,
 "Failed log-ins from one address, to any account, before delays begin."},
{"login-network-free-tries", NUMBER(1, 1000000), M(login_network_free_tries),
 "200", RELOAD,
 "The same for one IPv6 network of 48 bits."},
{"login-delay", TIME(0, HOUR), M(login_delay), "1s", RELOAD,
 "The first delay. Each further failure doubles it."},
{"login-max-delay", TIME(0, DAY), M(login_max_delay), "1m", RELOAD,
 "The longest delay."},
{"clear-passwords-without-tls", BOOL, M(clear_passwords_without_tls), "no",
 RELOAD,
 "Whether clients may send passwords over the network in clear text. On the\n"
 "machine itself they always may."},

{"pam-service", TEXT(0, 64), M(pam_service), "", RESTART,
 "The service of PAM that checks passwords, described in /etc/pam.d: see\n"
 "ximss-pam(8). Empty: ximssd, if auth names pam; otherwise PAM is not asked,\n"
 "whatever a domain's Auth says."},
{"pam-user-format", TEXT(2, 255), M(pam_user_format), "%n", RESTART,
 "The name that PAM is asked for: %u stands for the whole address of the\n"
 "account, %n for what is before the @. With %n, accounts of the same name in\n"
 "several domains have the same password in PAM."},
{"pam-processes", NUMBER(1, 256), M(pam_processes), "8", RESTART,
 "Passwords that PAM checks at the same time, each in a process of its own.\n"
 "Others wait for their turn. A module that hangs keeps its process until\n"
 "auth-timeout."},
{"pam-user", TEXT(0, 32), M(pam_user), "", RESTART,
 "The user that ximss-pam switches to when root starts the server. Empty: no\n"
 "switch. Modules that read /etc/shadow need root, or a user in group shadow."},
{"pam-program", PATH(0), M(pam_program), "", RESTART,
 "The program ximss-pam. Empty: where it was installed."},

{"position-save-interval", TIME(10 * MS, HOUR), M(position_save_interval),
 "1s", RELOAD,
 "How often the server saves which alerts accounts have been shown. After a\n"
 "crash, alerts that were not saved yet are shown again."},
{"checkpoint-interval", TIME(SECOND, HOUR), M(checkpoint_interval), "5s",
 RESTART,
 "How often the store writes a checkpoint. A shorter interval means a faster\n"
 "start after a crash."},
{"store-cache", BYTES(1 * MIB, 1024 * GIB), M(store_cache), "64M", RESTART,
 "Memory for pages of the store."},
{"store-batch", NUMBER(1, 10000), M(store_batch), "512", RESTART,
 "The most changes that share one commit."},
{"store-reserve", BYTES(24 * MIB, 1024 * GIB), M(store_reserve), "32M",
 RESTART,
 "Disk space reserved for recovery, in a file in the directory of the store.\n"
 "While the reserve is incomplete, nothing new is stored."},
{"backup-max-age", TIME(0, YEARS), M(backup_max_age), "0s",
 RELOAD,
 "How old the last good backup of the store may become before the server\n"
 "calls it too old, in its statistics. 0: not watched."},
{"backup-timeout", TIME(SECOND, DAY), M(backup_timeout), "1m", RELOAD,
 "A backup is given up when its directory takes no data for this time. The log\n"
 "of the store grows meanwhile."},
{"account-cache", NUMBER(0, 100000000), M(account_cache), "100000", RESTART,
 "Accounts without a session that are kept in memory."},
{"audit-days", NUMBER(0, 36500), M(audit_days), "365", RESTART,
 "How many days audit records are kept. 0: for ever."},
{"audit-refused", NUMBER(0, 1000000), M(audit_refused), "60", RELOAD,
 "Audit records per hour that one account may cause by commands that change\n"
 "nothing: refused ones, and accepted ones without effect. One more record\n"
 "counts the others. There is no limit for Master and All Domains."},
{"audit-refused-all", NUMBER(0, 1000000), M(audit_refused_all), "500", RELOAD,
 "The same for all accounts together."},
};
/* clang-format on */

const struct config_table config_table = {rows, sizeof rows / sizeof rows[0],
                                          sizeof(struct config), "ximssd",
                                          config_check};
