/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_CONFIGURATION_H
#define XIMSS_SERVER_BASE_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/config_table.h"
#include "util/config_value.h"
#include "util/errbuf.h"
#include "util/log.h"
#include "ximss/server/base/hash_limits.h"

struct sockaddr;

/* The configuration of the server.  One table in config_table.c has a row per key;
 * the member's name is the key with "_" for "-".  Times are microseconds.
 * Texts are owned by the struct and never NULL. */

enum config_mode {
    CONFIG_MODE_0600,
    CONFIG_MODE_0660,
    CONFIG_MODE_0666
};

enum config_limits {
    CONFIG_LIMITS_OF_SETTINGS,
    CONFIG_LIMITS_OF_SOURCES
};

enum config_tls {
    CONFIG_TLS_1_2,
    CONFIG_TLS_1_3
};

struct config {
    /* the process */
    char *store;
    char *control_socket; /* STORE/control.sock unless given */
    char *user;           /* "": stay who we are */
    char *hostname;       /* "": the machine's name */
    char *time_zone;
    enum log_level log_level;
    enum log_format log_format;
    unsigned workers; /* 0: as many as cores */
    unsigned hash_threads;
    int64_t watchdog_time;

    /* listeners and TLS */
    struct config_listen listen;
    struct config_listen listen_tls;
    struct config_listen listen_pwd;
    struct config_listen listen_pwd_tls;
    struct config_listen listen_pwd_apop;
    struct config_listen listen_status;
    unsigned ready_backlog;
    char *tls_certificate; /* "": no TLS; else tls_key is set too */
    char *tls_key;
    char *tls_roots;
    enum config_tls tls_min_version;
    struct config_nets trusted_addresses;
    struct config_listen proxy_protocol; /* some of the listeners */
    struct config_nets proxy_addresses;
    int64_t proxy_timeout;
    size_t proxy_header_bytes;

    /* connections; 0: no limit */
    unsigned max_connections;
    unsigned max_connections_per_address;
    unsigned max_connections_per_network;
    unsigned max_unauthenticated;
    unsigned max_unauthenticated_per_address;
    unsigned max_unauthenticated_per_network;
    unsigned descriptor_reserve; /* at least 16 */
    unsigned descriptors_local;
    int64_t login_timeout;
    int64_t idle_timeout;
    int64_t pwd_idle_timeout;

    char *bridge_socket;              /* "": none; see live/bridge_door.h */
    struct config_texts bridge_users; /* names or numbers */

    /* the mail door; see live/door.h */
    char *door_socket; /* "": none */
    char *door_socket_group;
    struct config_texts door_users; /* names or numbers */
    char *door_user_format;         /* has %u */
    unsigned door_sessions;
    char *door_wake_directory; /* "wake" beside door_socket unless given */

    /* messages */
    size_t message_bytes;
    size_t message_bytes_before_login;
    size_t pwd_line_bytes;
    unsigned xml_depth;
    unsigned xml_attributes;
    size_t xml_attribute_bytes;
    unsigned max_malformed;
    unsigned pipeline;
    unsigned requests_per_turn;
    size_t output_soft;
    size_t output_hard;
    size_t account_input;
    size_t account_output;
    size_t output_total;

    /* alerts; lifetimes: 0 none */
    size_t alert_bytes;
    size_t alert_cache;
    unsigned max_account_alerts; /* 0: no limit */
    unsigned max_domain_alerts;
    unsigned max_server_alerts;
    unsigned max_session_watches;
    unsigned list_page; /* alerts */
    size_t list_look;   /* bytes */
    int64_t lifetime_server;
    int64_t lifetime_cluster;
    int64_t lifetime_domain;
    int64_t lifetime_account;
    int64_t settle_time;
    size_t prefs_bytes;
    unsigned max_group_members;
    unsigned max_domain_groups;
    unsigned max_domain_forwarders;
    unsigned max_triggers;
    unsigned max_handlers;

    /* storage quotas */
    int64_t quota_sweep_interval;
    enum config_limits quota_limits;
    int64_t quota_limit_age;
    char *quota_dict_socket; /* "": none, as all of these */
    char *quota_warning_socket;
    enum config_mode quota_socket_mode;
    char *quota_socket_group;
    char *quota_maildir;
    int64_t quota_maildir_interval;
    char *quota_doveadm_url;
    char *quota_doveadm_key_file;
    int64_t quota_doveadm_interval;

    /* notices that leave the server; see notify/notify_config.h */
    char *notify_sendmail; /* "": no mail */
    char *notify_from;     /* "": ximssd at the main domain */
    char *notify_roots;    /* "": the system's */
    struct config_texts notify_urls;
    struct config_nets notify_networks;
    struct config_texts notify_commands;
    int64_t notify_timeout;
    unsigned notify_parallel;
    unsigned notify_waiting;

    /* where passwords are checked */
    struct config_texts auth;  /* of auth_list.h */
    char *auth_dovecot_socket; /* "": none */
    int64_t auth_timeout;
    unsigned auth_max_waiting;
    int64_t auth_cache_time;
    char *auth_userdb_socket; /* "": none */
    struct config_texts auto_domains;

    /* passwords and log-in */
    unsigned password_iterations;
    unsigned password_min_length; /* characters */
    bool password_quality;
    bool keep_hashes;
    struct hash_limits hash_limits; /* of "max-..." */
    unsigned remember_logins;
    int64_t remember_time;
    int64_t ticket_time;
    int64_t session_resume_time;
    int64_t device_time;
    unsigned max_account_devices;
    unsigned login_checks_per_address;
    unsigned max_account_tickets;
    unsigned max_account_tokens;
    char *token_key_file; /* "": in the store's directory */
    unsigned max_account_sessions;
    unsigned login_free_tries;
    unsigned login_address_free_tries;
    unsigned login_network_free_tries;
    int64_t login_delay;
    int64_t login_max_delay;
    bool clear_passwords_without_tls;

    /* PAM; see passdb/pam_source.h */
    char *pam_service; /* "": PAM is not asked */
    char *pam_user_format;
    unsigned pam_processes;
    char *pam_user;    /* "": who the server was started as */
    char *pam_program; /* LIBEXECDIR/ximss-pam unless given */

    /* the store */
    int64_t position_save_interval;
    int64_t checkpoint_interval;
    size_t store_cache;
    unsigned store_batch;
    unsigned account_cache;
    size_t store_reserve;
    unsigned log_sessions, log_alerts, log_failures; /* lines a minute */
    int64_t backup_max_age;                          /* 0: not watched */
    int64_t backup_timeout;
    unsigned audit_days;
    unsigned audit_refused, audit_refused_all;
};

/* Reads the file (NULL: the defaults alone).  NULL with err "FILE:LINE: key:
 * what is wrong, what is allowed" for what cannot be opened, bad syntax,
 * unknown keys, keys given twice, values out of range or at odds with each
 * other.  The caller frees the result.  Errors of overrides begin with
 * "command line: ". */
struct config *config_load(const char *file, struct errbuf *err) WARN_UNUSED;
struct config *config_load_with(const char *file,
                                const struct config_override *overrides,
                                size_t n, struct errbuf *err) WARN_UNUSED;

void config_free(struct config **config);

/* Writes all keys with the effective values, as a file that config_load reads
 * back, with the help as comments. */
void config_print(FILE *out, const struct config *config);

/* Appends the keys, with ", " between, that differ and take effect only at the
 * next start.  Returns true if there are any. */
bool config_changed_needs_restart(const struct config *running,
                                  const struct config *loaded,
                                  struct buf *keys);

/* Puts the running values of those keys into `loaded`, which then tells what
 * is in force after a reload. */
void config_keep_running(struct config *loaded, const struct config *running);

/* True if the address (AF_INET or AF_INET6) is one of trusted-addresses. */
bool config_is_trusted(const struct config *config,
                       const struct sockaddr *address);

#endif
