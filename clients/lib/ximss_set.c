/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "clients/lib/dial.h"
#include "clients/lib/sasl.h"
#include "clients/lib/ximss.h"
#include "clients/lib/ximss_private.h"
#include "util/blank.h"
#include "util/clock.h"
#include "util/xmalloc.h"

/* What is set: it is looked at when the next connection is made. */

static void
set_text(char **to, const char *from)
{
    char *copy = from != NULL ? xstrdup(from) : NULL;

    sasl_wipe(to);
    *to = copy;
}

void
ximss_set_server(struct ximss *x, const char *host, unsigned port)
{
    unsigned own = 0;
    char *name = host != NULL ? dial_host(host, &own) : NULL;

    x->set.bad_host = (host != NULL && name == NULL) ||
                      (own != 0 && port != 0 && own != port);
    free(x->set.host);
    x->set.host = name;
    x->set.port = own != 0 ? own : port != 0 ? port : XIMSS_DEFAULT_PORT;
}

void
ximss_set_socket(struct ximss *x, const char *path)
{
    set_text(&x->set.socket, path);
}

void
ximss_set_user(struct ximss *x, const char *user)
{
    free(x->set.user);
    x->set.user = user != NULL ? blank_trimmed(user) : NULL;
}

void
ximss_set_password(struct ximss *x, const char *password)
{
    set_text(&x->set.password, password);
}

void
ximss_set_domain(struct ximss *x, const char *domain)
{
    free(x->set.domain);
    x->set.domain = domain != NULL ? blank_trimmed(domain) : NULL;
}

void
ximss_set_tls(struct ximss *x, enum ximss_tls tls)
{
    x->set.tls = tls;
}

void
ximss_set_tls_name(struct ximss *x, const char *name)
{
    free(x->set.tls_name);
    x->set.tls_name = name != NULL ? blank_trimmed(name) : NULL;
}

void
ximss_set_ca_file(struct ximss *x, const char *path)
{
    set_text(&x->set.ca_file, path);
}

void
ximss_set_method(struct ximss *x, enum ximss_method method)
{
    x->set.method = method;
}

void
ximss_set_options(struct ximss *x, unsigned options)
{
    x->set.options = options;
}

void
ximss_set_ticket(struct ximss *x, const char *ticket)
{
    set_text(&x->set.ticket, ticket);
    x->ticket_shared = false;
}

void
ximss_share_ticket(struct ximss *x, const char *ticket)
{
    ximss_set_ticket(x, ticket);
    x->ticket_shared = true;
}

void
ximss_set_session(struct ximss *x, const char *id, const char *keys,
                  enum ximss_session_mode mode)
{
    set_text(&x->set.session, id);
    set_text(&x->set.session_keys, keys);
    x->set.session_mode = mode;
}

void
ximss_set_session_key(struct ximss *x, const char *key, const char *note)
{
    set_text(&x->set.new_key, key);
    set_text(&x->set.session_note, note);
}

void
ximss_set_device(struct ximss *x, const char *token, const char *name)
{
    set_text(&x->set.device, token);
    set_text(&x->set.device_name, name);
}

const char *
ximss_ticket(const struct ximss *x)
{
    return x->set.ticket;
}

void
ximss_set_client_address(struct ximss *x, const char *address)
{
    set_text(&x->set.client_address, address);
}

void
ximss_set_cram(struct ximss *x, const char *challenge, const char *answer)
{
    set_text(&x->set.cram_challenge, challenge);
    set_text(&x->set.cram_answer, answer);
}

void
ximss_set_reconnect(struct ximss *x, enum ximss_reconnect how)
{
    x->set.reconnect = how;
}

void
ximss_retry(struct ximss *x)
{
    if (x->phase == PHASE_WAITING)
        x->deadline = clock_mono();
}

void
ximss_set_limit(struct ximss *x, size_t bytes)
{
    struct xml_limits limits = {.bytes = bytes,
                                .depth = 64,
                                .attrs = 256,
                                .attr_bytes = bytes,
                                .text_bytes = bytes};

    x->set.limit = bytes;
    if (x->parser == NULL)
        x->parser = xml_parser_new(&limits);
    else
        xml_parser_set_limits(x->parser, &limits);
}

/* --- callbacks --- */

void
ximss_on_state(struct ximss *x, ximss_state_cb *cb, void *arg)
{
    x->on.state = cb;
    x->on.state_arg = arg;
}

void
ximss_on_alert(struct ximss *x, ximss_alert_cb *cb, void *arg)
{
    x->on.alert = cb;
    x->on.alert_arg = arg;
}

void
ximss_on_removed(struct ximss *x, ximss_removed_cb *cb, void *arg)
{
    x->on.removed = cb;
    x->on.removed_arg = arg;
}

void
ximss_on_report(struct ximss *x, ximss_alert_cb *cb, void *arg)
{
    x->on.report = cb;
    x->on.report_arg = arg;
}

void
ximss_on_bye(struct ximss *x, ximss_bye_cb *cb, void *arg)
{
    x->on.bye = cb;
    x->on.bye_arg = arg;
}

void
ximss_on_message(struct ximss *x, ximss_message_cb *cb, void *arg)
{
    x->on.message = cb;
    x->on.message_arg = arg;
}

void
ximss_on_watch_fd(struct ximss *x, ximss_watch_fd_cb *cb, void *arg)
{
    x->on.watch_fd = cb;
    x->on.watch_fd_arg = arg;
}
