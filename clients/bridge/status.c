/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/status.h"

#include <string.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/metrics.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/status_http.h"

static int
metrics(struct buf *out, void *arg)
{
    metrics_write(arg, out);
    return 200;
}

static int
healthz(struct buf *out, void *arg)
{
    (void)arg;
    buf_append_str(out, "ok\n");
    return 200;
}

static int
readyz(struct buf *out, void *arg)
{
    const struct bridge *b = arg;
    bool is_there = b->away.was_there && !b->away.is_known;

    buf_append_str(out, is_there ? "ok\n" : "away\n");
    return is_there ? 200 : 503;
}

static const struct status_page pages[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", NULL, metrics},
    {"/healthz", "text/plain", NULL, healthz},
    {"/readyz", "text/plain", NULL, readyz},
};

struct status_http *
status_open(struct bridge *b, struct errbuf *err)
{
    struct status_http *h =
        status_http_new(b->base, pages, sizeof pages / sizeof pages[0], b);
    struct buf where = {0};
    char *line, *rest;
    int r =
        status_http_listen(h, &b->cfg->listen_status, "status", &where, err);

    if (r < 0) {
        err_prefix(err, "listen-status");
        status_http_free(&h);
    } else if (where.len > 0) {
        buf_append_char(&where, '\0');
        for (line = strtok_r(where.data, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest))
            log_info("listening on %s", line);
    }
    buf_clear(&where);
    return h;
}
