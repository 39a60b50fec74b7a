/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/bridge_check.h"

#include <sys/stat.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/bridge_config.h"
#include "clients/bridge/files.h"
#include "util/config_probe.h"
#include "util/tls.h"

static int
check_tls(const struct bridge_config *c, struct errbuf *err)
{
    struct ssl_ctx_st *tls;

    if (bridge_load_tls(c, &tls, err) < 0)
        return -1;
    tls_context_unref(&tls);
    return 0;
}

static int
check_pages(const struct bridge_config *c, struct errbuf *err)
{
    const struct site site = {c->site_name, c->organisation, c->site_logo};
    struct files *f = files_load(c->pages, &site, err);

    if (f == NULL)
        return -1;
    files_free(&f);
    return 0;
}

/* Nobody can tell whether it is a bridge that runs which has an address. */
static int
check_listeners(const struct bridge_config *c, struct errbuf *err)
{
    if (config_probe_listen("listen", &c->listen, true, err) < 0)
        return -1;
    if (config_probe_listen("listen-tls", &c->listen_tls, true, err) < 0)
        return -1;
    if (config_probe_listen("listen-status", &c->listen_status, true, err) < 0)
        return -1;
    return config_probe_listen("redirect-http", &c->redirect_http, true, err);
}

/* ximssd may come later. */
static int
check_server(const struct bridge_config *c, struct errbuf *err)
{
    struct stat st;

    if (*c->server_socket == '\0' || stat(c->server_socket, &st) < 0 ||
        S_ISSOCK(st.st_mode))
        return 0;
    return err_set(err, "server-socket: %s is there and is not a socket",
                   c->server_socket);
}

static int
check_user(const struct bridge_config *c, struct errbuf *err)
{
    return config_probe_user("user", c->user, err);
}

static int (*const checks[])(const struct bridge_config *c,
                             struct errbuf *err) = {
    check_tls, check_pages, check_listeners, check_server, check_user,
};

unsigned
bridge_check(const struct bridge_config *c, FILE *out)
{
    unsigned wrong = 0;
    struct errbuf err;

    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (checks[i](c, &err) < 0) {
            fprintf(out, "ximss-bridge: %s\n", err.text);
            wrong++;
        }
    return wrong;
}
