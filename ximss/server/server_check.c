/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks are in the order of a start: first what root does, then what the
 * server's user does. */
#include "config.h"

#include "ximss/server/server_check.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quota/doveadm_http.h"
#include "quota/doveadm_key.h"
#include "storage/store.h"
#include "util/config_probe.h"
#include "util/tls.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/live/door.h"
#include "ximss/server/server.h"

#define USUAL_SENDMAIL "/usr/sbin/sendmail"

static int
check_tls(const struct config *c, struct errbuf *err)
{
    struct ssl_ctx_st *tls;

    if (server_load_tls(c, &tls, err) < 0)
        return -1;
    tls_context_unref(&tls);
    return 0;
}

static int
check_listeners(const struct config *c, struct errbuf *err)
{
    const struct {
        const char *key;
        const struct config_listen *l;
    } doors[] = {{"listen", &c->listen},
                 {"listen-tls", &c->listen_tls},
                 {"listen-pwd", &c->listen_pwd},
                 {"listen-pwd-tls", &c->listen_pwd_tls},
                 {"listen-pwd-apop", &c->listen_pwd_apop},
                 {"listen-status", &c->listen_status}};
    bool is_running = config_probe_is_served(c->control_socket);

    for (size_t i = 0; i < sizeof doors / sizeof doors[0]; i++)
        if (config_probe_listen(doors[i].key, doors[i].l, is_running, err) < 0)
            return -1;
    return 0;
}

static int
check_user(const struct config *c, struct errbuf *err)
{
    return config_probe_user("user", c->user, err);
}

static int
check_group(const struct config *c, struct errbuf *err)
{
    return config_probe_group("quota-socket-group", c->quota_socket_group, err);
}

static int
check_pam_program(const struct config *c, struct errbuf *err)
{
    if (*c->pam_service != '\0' && access(c->pam_program, X_OK) < 0)
        return err_set(err, "pam-program: %s: %s", c->pam_program,
                       strerror(errno));
    return 0;
}

static int
check_pam_user(const struct config *c, struct errbuf *err)
{
    return config_probe_user("pam-user", c->pam_user, err);
}

static int
check_zone(const struct config *c, struct errbuf *err)
{
    const struct zone *zone;

    return server_find_zone(c, &zone, err);
}

/* From here on as the server's user. */
static int
become_user(const struct config *c, struct errbuf *err)
{
    return config_probe_user("user", c->user, NULL) < 0
               ? 0 /* it was said */
               : server_drop_privileges(c, err);
}

/* One that is not there yet can be made. */
static int
check_store(const struct config *c, struct errbuf *err)
{
    switch (store_look(c->store, err)) {
    case STORE_PRESENT:
    case STORE_NONE_YET:
    case STORE_NOWHERE:
        break;
    case STORE_OTHER_FILES:
    case STORE_UNFINISHED:
    case STORE_BARRED:
        return err_prefix(err, "store");
    }
    return config_probe_directory("store", c->store, err);
}

static int
check_dict(const struct config *c, struct errbuf *err)
{
    return config_probe_socket("quota-dict-socket", c->quota_dict_socket, err);
}

static int
check_warning(const struct config *c, struct errbuf *err)
{
    return config_probe_socket("quota-warning-socket", c->quota_warning_socket,
                               err);
}

/* The directory of the one in the store comes with it. */
static int
check_control(const struct config *c, struct errbuf *err)
{
    size_t n = strlen(c->store);
    struct stat st;

    if (strncmp(c->control_socket, c->store, n) == 0 &&
        c->control_socket[n] == '/' && stat(c->store, &st) < 0)
        return 0;
    return config_probe_socket("control-socket", c->control_socket, err);
}

static int
check_bridge(const struct config *c, struct errbuf *err)
{
    return config_probe_socket("bridge-socket", c->bridge_socket, err);
}

static int
check_door_users(const struct config *c, struct errbuf *err)
{
    struct door *d = door_new();
    int r = door_configure(d, c, err);

    door_free(&d);
    return r;
}

static int
check_door(const struct config *c, struct errbuf *err)
{
    return config_probe_socket("door-socket", c->door_socket, err);
}

static int
check_door_wake(const struct config *c, struct errbuf *err)
{
    return *c->door_socket == '\0'
               ? 0
               : config_probe_directory("door-wake-directory",
                                        c->door_wake_directory, err);
}

static int
check_door_group(const struct config *c, struct errbuf *err)
{
    return config_probe_group("door-socket-group", c->door_socket_group, err);
}

static int
check_token_key(const struct config *c, struct errbuf *err)
{
    return config_probe_file("token-key-file", c->token_key_file, err);
}

static int
check_dovecot(const struct config *c, struct errbuf *err)
{
    return config_probe_peer("auth-dovecot-socket", c->auth_dovecot_socket,
                             err);
}

static int
check_doveadm(const struct config *c, struct errbuf *err)
{
    char *key;

    if (*c->quota_doveadm_url == '\0')
        return 0;
    if (doveadm_http_check(c->quota_doveadm_url, err) < 0)
        return err_prefix(err, "quota-doveadm-url");
    key = doveadm_key_read(c->quota_doveadm_key_file, err);
    if (key == NULL)
        return err_prefix(err, "quota-doveadm-key-file");
    doveadm_key_free(&key);
    return 0;
}

static int
check_commands(const struct config *c, struct errbuf *err)
{
    for (size_t i = 0; i < c->notify_commands.count; i++)
        if (access(c->notify_commands.items[i], X_OK) < 0)
            return err_set(err, "notify-commands: %.160s: %s",
                           c->notify_commands.items[i], strerror(errno));
    return 0;
}

/* Many machines that send no mail have no program of the usual name. */
static int
check_sendmail(const struct config *c, struct errbuf *err)
{
    return *c->notify_sendmail == '\0' ||
                   strcmp(c->notify_sendmail, USUAL_SENDMAIL) == 0 ||
                   access(c->notify_sendmail, X_OK) == 0
               ? 0
               : err_set(err, "notify-sendmail: %.160s: %s", c->notify_sendmail,
                         strerror(errno));
}

static int
check_roots(const struct config *c, struct errbuf *err)
{
    return *c->notify_roots == '\0' || access(c->notify_roots, R_OK) == 0
               ? 0
               : err_set(err, "notify-roots: %.160s: %s", c->notify_roots,
                         strerror(errno));
}

static int (*const checks[])(const struct config *c, struct errbuf *err) = {
    check_tls,        check_listeners,   check_user,       check_zone,
    check_pam_user,   check_pam_program, become_user,      check_group,
    check_store,      check_dict,        check_warning,    check_control,
    check_doveadm,    check_token_key,   check_door_users, check_door,
    check_door_group, check_door_wake,   check_bridge,     check_dovecot,
    check_commands,   check_sendmail,    check_roots,
};

/* What is well, but would keep a server from starting now. */
static void
say_what_is_left(const struct config *c, FILE *out)
{
    struct errbuf err;
    enum store_presence found = store_look(c->store, &err);

    if (found == STORE_NONE_YET || found == STORE_NOWHERE)
        fprintf(out, "ximssd: note: %s; create it with: ximssd --init %s\n",
                err.text, c->store);
}

unsigned
server_check(const struct config *c, FILE *out)
{
    unsigned wrong = 0;
    struct errbuf err;

    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (checks[i](c, &err) < 0) {
            fprintf(out, "ximssd: %s\n", err.text);
            wrong++;
        }
    if (wrong == 0)
        say_what_is_left(c, out);
    return wrong;
}
