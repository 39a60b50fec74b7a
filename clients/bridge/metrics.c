/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/metrics.h"

#include "clients/bridge/bridge.h"
#include "util/buf.h"
#include "util/conn.h"

static void
add(struct buf *out, const char *name, const char *type, const char *help,
    uint64_t value)
{
    buf_appendf(out,
                "# HELP ximss_bridge_%s %s\n# TYPE ximss_bridge_%s %s\n"
                "ximss_bridge_%s %llu\n",
                name, help, name, type, name, (unsigned long long)value);
}

static void
add_now(const struct bridge *b, struct buf *out)
{
    add(out, "connections", "gauge", "Connections that are open now",
        b->http.open);
    add(out, "sessions", "gauge", "Web sessions now", b->n_sessions);
    add(out, "streams", "gauge", "Event streams now", b->n_streams);
    add(out, "requests_bytes", "gauge", "Memory of requests in progress",
        b->strangers.held + b->members.held);
    add(out, "stored_bytes", "gauge",
        "Memory of replies and pushed data that sessions hold", b->stored.held);
    add(out, "unsent_bytes", "gauge", "Output that clients have not read yet",
        conn_loop_total(b->loop));
    add(out, "server_reachable", "gauge", "1 while ximssd can be reached",
        !b->away.is_known);
}

void
metrics_write(const struct bridge *b, struct buf *out)
{
    const struct {
        const char *name, *help;
        uint64_t value;
    } rows[] = {
        {"connections_total", "Connections accepted", b->counts.connections},
        {"connections_refused_total", "Connections without room",
         b->counts.refused},
        {"connections_crowded_out_total", "Connections closed to make room",
         b->counts.crowded_out},
        {"requests_total", "Requests by HTTP", b->counts.requests},
        {"logins_total", "Log-ins that succeeded", b->counts.logins},
        {"logins_failed_total", "Log-ins that were refused",
         b->counts.logins_failed},
        {"cli_commands_total", "Commands of the CLI by HTTP",
         b->counts.cli_commands},
        {"relayed_total", "XIMSS connections passed on", b->counts.relayed},
        {"messages_pushed_total", "Messages pushed to sessions",
         b->counts.pushed},
        {"reconnects_total", "Sessions that came back to ximssd",
         b->counts.reconnects},
        {"sessions_lost_total", "Sessions that were lost", b->counts.lost},
    };

    add_now(b, out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        add(out, rows[i].name, "counter", rows[i].help, rows[i].value);
}
