/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_BRIDGE_CONFIG_H
#define CLIENTS_BRIDGE_BRIDGE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/config_table.h"
#include "util/config_value.h"
#include "util/log.h"

/* The configuration of ximss-bridge: the member's name is the key with "_" for
 * "-".  Times are microseconds. */
struct bridge_config {
    char *user; /* "": stay who we are */
    enum log_level log_level;
    enum log_format log_format;

    struct config_listen listen;
    struct config_listen listen_tls;
    struct config_listen listen_status;
    struct config_listen redirect_http;
    char *redirect_host; /* HOST or HOST:PORT; "": redirect_http is empty */
    int64_t hsts;        /* 0: not sent */
    char *tls_certificate;
    char *tls_key;
    char *tls_roots;
    unsigned tls_min_version;

    char *server_socket; /* "": server_address and server_port */
    char *server_address;
    unsigned server_port;

    char *pages; /* a directory; "": none are served */
    char *site_name;
    char *site_logo;    /* a picture; "": none */
    char *organisation; /* "": none */
    bool relay;
    struct config_nets trusted_proxies;
    struct config_listen proxy_protocol; /* some of the listeners */
    struct config_texts allowed_origins;
    bool clear_passwords_without_tls;

    bool cli;
    struct config_nets cli_addresses; /* none: from everywhere */
    size_t cli_body_bytes;
    unsigned max_cli_requests, max_cli_requests_per_address;
    int64_t cli_timeout;

    char *mail_auth_key; /* "": there is no such door */
    char *mail_auth_refuse, *mail_auth_code, *mail_auth_hint;
    struct config_listen mail_auth_pop3, mail_auth_imap, mail_auth_smtp;
    int64_t mail_auth_timeout;

    unsigned max_connections; /* 0: no limit */
    unsigned max_connections_per_address;
    unsigned max_connections_per_network;
    unsigned descriptor_reserve; /* at least 16 */
    unsigned max_sessions;
    unsigned max_account_sessions;
    unsigned max_comebacks, max_comebacks_per_address;
    unsigned max_comebacks_per_network;
    unsigned max_logins, max_logins_per_address, max_logins_per_network;
    bool login_by_address;
    int64_t session_dead_after;
    unsigned max_requests;
    size_t reply_bytes;
    size_t kept_reply;
    size_t unfetched_bytes;
    unsigned unfetched_messages;
    size_t account_memory;
    size_t accounts_memory;
    size_t account_output;
    size_t output_total;
    size_t head_bytes;
    size_t body_bytes;
    size_t stranger_body_bytes;
    unsigned stranger_requests;
    size_t stranger_memory;
    size_t stranger_memory_per_address;
    size_t stranger_memory_per_network;
    size_t session_memory;
    size_t sessions_memory;
    size_t output_hard;
    int64_t request_timeout;
    int64_t keep_alive;
    int64_t max_wait;
    int64_t answer_timeout;
    int64_t session_idle;
    int64_t heartbeat;
};

extern const struct config_table bridge_config_table;

#endif
