/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/config_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "passdb/pam_name.h"
#include "quota/maildir_path.h"
#include "util/local_socket.h"
#include "util/name.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/base/auth_list.h"
#include "ximss/server/base/config_notify.h"
#include "ximss/server/base/configuration.h"

/* A character of an alert takes up to six bytes on the wire (&quot;); beside
 * it stand the attributes. */
#define WIRE_SLACK             4096
#define WIRE_BYTES(text_bytes) (6 * (text_bytes) + WIRE_SLACK)

static int
check_sizes(struct config_load *l, const struct config *c)
{
    if (c->message_bytes_before_login > c->message_bytes)
        return config_conflict(l, "message-bytes-before-login",
                               "must not be larger than message-bytes");
    if (c->output_soft > c->output_hard)
        return config_conflict(l, "output-soft",
                               "must not be larger than output-hard");
    if (WIRE_BYTES(c->alert_bytes) > c->output_hard)
        return config_conflict(
            l, "alert-bytes",
            "output-hard must be at least six times as large, and "
            "4K more, or every alert cuts its readers off");
    if (c->alert_bytes + WIRE_SLACK > c->message_bytes)
        return config_conflict(
            l, "alert-bytes",
            "message-bytes must be at least 4K larger, or nobody "
            "can post such an alert");
    if (c->login_delay > c->login_max_delay)
        return config_conflict(l, "login-delay",
                               "must not be longer than login-max-delay");
    return 0;
}

static int
check_listeners(struct config_load *l, const struct config *c)
{
    const struct config_listen *const doors[] = {
        &c->listen,         &c->listen_tls,      &c->listen_pwd,
        &c->listen_pwd_tls, &c->listen_pwd_apop, &c->listen_status};

    if (c->listen.count + c->listen_tls.count == 0)
        return config_conflict(l, "listen", "there is no listener at all");
    if (config_listen_repeats(doors, sizeof doors / sizeof doors[0]))
        return config_conflict(l, "listen",
                               "an address stands twice in listen, listen-tls, "
                               "listen-pwd, listen-pwd-tls and "
                               "listen-pwd-apop or listen-status");
    return 0;
}

static int
check_proxies(struct config_load *l, const struct config *c)
{
    const struct config_listen *doors[] = {&c->listen, &c->listen_tls,
                                           &c->listen_pwd, &c->listen_pwd_tls,
                                           &c->listen_pwd_apop};

    for (size_t i = 0; i < c->proxy_protocol.count; i++) {
        bool found = false;

        for (size_t d = 0; d < sizeof doors / sizeof doors[0]; d++)
            found = found ||
                    config_listen_holds(doors[d], &c->proxy_protocol.items[i]);
        if (!found)
            return config_conflict(l, "proxy-protocol",
                                   "each address must be one of listen, "
                                   "listen-tls, listen-pwd, listen-pwd-tls or "
                                   "listen-pwd-apop, "
                                   "as it stands there");
    }
    if (c->proxy_protocol.count > 0 &&
        c->proxy_addresses.count + c->trusted_addresses.count == 0)
        return config_conflict(l, "proxy-protocol", "needs proxy-addresses");
    return 0;
}

/* most: bytes that the path may have. */
static int
check_socket(struct config_load *l, const char *key, const char *path,
             size_t most)
{
    char text[120];

    if (strlen(path) <= most)
        return 0;
    snprintf(text, sizeof text,
             "the path has %zu bytes, and a socket's at most %zu: give a "
             "shorter one",
             strlen(path), most);
    return config_conflict(l, key, text);
}

static int
check_sources(struct config_load *l, const struct config *c)
{
    struct errbuf err;

    if (check_socket(l, "quota-dict-socket", c->quota_dict_socket,
                     LOCAL_SOCKET_PATH_MOST) != 0 ||
        check_socket(l, "quota-warning-socket", c->quota_warning_socket,
                     LOCAL_SOCKET_PATH_MOST) != 0)
        return -1;
    if (*c->quota_dict_socket != '\0' &&
        strcmp(c->quota_dict_socket, c->quota_warning_socket) == 0)
        return config_conflict(l, "quota-warning-socket",
                               "must not be the same as quota-dict-socket");
    if (*c->quota_maildir != '\0' &&
        maildir_path_check(c->quota_maildir, &err) != 0)
        return config_conflict(l, "quota-maildir", err.text);
    if (*c->quota_doveadm_url != '\0' && *c->quota_doveadm_key_file == '\0')
        return config_conflict(l, "quota-doveadm-url",
                               "needs quota-doveadm-key-file");
    return 0;
}

static int
check_users(struct config_load *l, const struct config *c)
{
    char normal[NAME_DOMAIN_SIZE];

    for (size_t i = 0; i < c->auto_domains.count; i++)
        if (strcmp(c->auto_domains.items[i], "*") != 0 &&
            name_domain(c->auto_domains.items[i], normal, NULL) < 0)
            return config_conflict(l, "auto-domains",
                                   "must be names of domains, or *");
    return check_socket(l, "auth-userdb-socket", c->auth_userdb_socket,
                        sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
}

static int
check_auth(struct config_load *l, const struct config *c)
{
    struct auth_list list = {.n = 0};
    struct errbuf err;

    for (size_t i = 0; i < c->auth.count; i++)
        if (auth_list_add(&list, c->auth.items[i], &err) < 0)
            return config_conflict(l, "auth", err.text);
    if (list.n == 0)
        return config_conflict(l, "auth", "needs one source at least");
    if (auth_list_has(&list, AUTH_DOVECOT) && *c->auth_dovecot_socket == '\0')
        return config_conflict(l, "auth", "dovecot needs auth-dovecot-socket");
    return check_socket(l, "auth-dovecot-socket", c->auth_dovecot_socket,
                        sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
}

static bool
format_is_good(const char *format)
{
    const char *at = strchr(format, '%');

    for (; at != NULL; at = strchr(at + 2, '%'))
        if (at[1] != 'u')
            return false;
    return strchr(format, '%') != NULL;
}

static int
check_door(struct config_load *l, struct config *c)
{
    if (check_socket(l, "door-socket", c->door_socket,
                     LOCAL_SOCKET_PATH_MOST) != 0)
        return -1;
    if (*c->door_socket != '\0' &&
        (strcmp(c->door_socket, c->control_socket) == 0 ||
         strcmp(c->door_socket, c->quota_dict_socket) == 0 ||
         strcmp(c->door_socket, c->quota_warning_socket) == 0))
        return config_conflict(l, "door-socket",
                               "must not be the same as another socket");
    if (!format_is_good(c->door_user_format))
        return config_conflict(l, "door-user-format",
                               "must have %u, and no other %");
    if (*c->door_socket != '\0' && *c->door_wake_directory == '\0') {
        free(c->door_wake_directory);
        c->door_wake_directory = xasprintf(
            "%.*s/wake", (int)(strrchr(c->door_socket, '/') - c->door_socket),
            c->door_socket);
    }
    return 0;
}

static int
check_bridge(struct config_load *l, const struct config *c)
{
    const char *const others[] = {c->control_socket, c->door_socket,
                                  c->quota_dict_socket,
                                  c->quota_warning_socket};

    if (*c->bridge_socket == '\0')
        return 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(c->bridge_socket, others[i]) == 0)
            return config_conflict(l, "bridge-socket",
                                   "must not be the same as another socket");
    return check_socket(l, "bridge-socket", c->bridge_socket,
                        LOCAL_SOCKET_PATH_MOST);
}

static bool
wants_pam(const struct config *c)
{
    for (size_t i = 0; i < c->auth.count; i++)
        if (text_equal_nocase(c->auth.items[i], auth_source_name(AUTH_PAM)))
            return true;
    return false;
}

/* The service is named afterwards if PAM is asked at all. */
static int
check_pam(struct config_load *l, struct config *c)
{
    bool is_named = *c->pam_service != '\0';

    if (is_named && !pam_name_service_is_good(c->pam_service))
        return config_conflict(l, "pam-service",
                               "is the name of a file in /etc/pam.d: letters, "
                               "digits, -, _ and . within it");
    if (!pam_name_format_is_good(c->pam_user_format))
        return config_conflict(l, "pam-user-format",
                               "must have %u or %n, and no other %");
    if (!WITH_PAM && (is_named || wants_pam(c)))
        return config_conflict(l, is_named ? "pam-service" : "auth",
                               "this ximssd was built without PAM");
    if (!is_named && wants_pam(c)) {
        free(c->pam_service);
        c->pam_service = xstrdup("ximssd");
    }
    if (*c->pam_program == '\0') {
        free(c->pam_program);
        c->pam_program = xstrdup(LIBEXECDIR "/ximss-pam");
    }
    return 0;
}

static int
finish_control_socket(struct config_load *l, struct config *c)
{
    if (*c->control_socket == '\0') {
        free(c->control_socket);
        c->control_socket = xasprintf("%s/control.sock", c->store);
    }
    return check_socket(l, "control-socket", c->control_socket,
                        sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
}

static int
check_quality(struct config_load *l, const struct config *c)
{
#ifdef HAVE_PWQUALITY
    (void)l;
    (void)c;
    return 0;
#else
    return c->password_quality
               ? config_conflict(l, "password-quality",
                                 "this ximssd was built without libpwquality")
               : 0;
#endif
}

static int
check_notices(struct config_load *l, const struct config *c)
{
    struct notify_config n = config_notify(c);
    struct errbuf err;
    const char *key = notify_config_check(&n, &err);

    return key == NULL ? 0 : config_conflict(l, key, err.text);
}

int
config_check(struct config_load *l, void *config)
{
    struct config *c = config;

    if (check_listeners(l, c) != 0 ||
        config_table_check_tls(l, c->tls_certificate, c->tls_key,
                               &c->listen_tls) != 0 ||
        check_proxies(l, c) != 0 || check_sizes(l, c) != 0 ||
        check_quality(l, c) != 0 || check_sources(l, c) != 0 ||
        check_notices(l, c) != 0 || check_auth(l, c) != 0 ||
        check_users(l, c) != 0 || check_pam(l, c) != 0 ||
        finish_control_socket(l, c) != 0)
        return -1;
    if (check_door(l, c) != 0)
        return -1;
    return check_bridge(l, c);
}
