/* SPDX-License-Identifier: BSD-2-Clause */
/* In the order of a start: what root does, then what the server's user does. */
#include "config.h"

#include "ximss/server/server_check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "quota/doveadm_key.h"
#include "util/config_probe.h"
#include "util/tls.h"
#include "util/zone.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/server.h"

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
                 {"listen-pwd-apop", &c->listen_pwd_apop}};
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
check_zone(const struct config *c, struct errbuf *err)
{
    if (zone_find(c->time_zone) != NULL)
        return 0;
    return err_set(err, "time-zone: %s is not known", c->time_zone);
}

/* From here on as the server's user. */
static int
become_user(const struct config *c, struct errbuf *err)
{
    return config_probe_user("user", c->user, NULL) < 0
               ? 0 /* it was said */
               : server_drop_privileges(c->user, err);
}

static int
check_store(const struct config *c, struct errbuf *err)
{
    return config_probe_directory("store", c->store, err);
}

static int
check_sockets(const struct config *c, struct errbuf *err)
{
    if (config_probe_parent("quota-dict-socket", c->quota_dict_socket, err) < 0)
        return -1;
    return config_probe_parent("quota-warning-socket", c->quota_warning_socket,
                               err);
}

static int
check_control(const struct config *c, struct errbuf *err)
{
    /* The one in the store comes with it. */
    if (strncmp(c->control_socket, c->store, strlen(c->store)) == 0)
        return 0;
    return config_probe_parent("control-socket", c->control_socket, err);
}

static int
check_doveadm(const struct config *c, struct errbuf *err)
{
    char *key;

    if (*c->quota_doveadm_url == '\0')
        return 0;
    key = doveadm_key_read(c->quota_doveadm_key_file, err);
    if (key == NULL)
        return err_prefix(err, "quota-doveadm-key-file");
    explicit_bzero(key, strlen(key));
    free(key);
    return 0;
}

static int (*const checks[])(const struct config *c, struct errbuf *err) = {
    check_tls,   check_listeners, check_user,    check_group,   check_zone,
    become_user, check_store,     check_control, check_sockets, check_doveadm,
};

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
    return wrong;
}
