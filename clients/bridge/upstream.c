/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/upstream.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

#define MESSAGE_BYTES (4 << 20) /* the longest from ximssd */

/* --- on the loop --- */

static void
watch(struct upstream *u, int fd, unsigned wants)
{
    struct event_base *base = event_get_base(&u->io);
    short what = EV_PERSIST;

    if (u->fd == fd && u->wants == wants)
        return;
    if (u->fd >= 0)
        event_del(&u->io);
    u->fd = wants != 0 ? fd : -1;
    u->wants = wants;
    if (u->fd < 0)
        return;
    what = (short)(what | ((wants & XIMSS_WANT_READ) ? EV_READ : 0) |
                   ((wants & XIMSS_WANT_WRITE) ? EV_WRITE : 0));
    event_assign(&u->io, base, fd, what, event_get_callback(&u->io), u);
    if (event_add(&u->io, NULL) < 0)
        log_fatal("watching ximssd: out of memory");
}

static void
on_watch_fd(struct ximss *x, int fd, unsigned wants, void *arg)
{
    (void)x;
    watch(arg, fd, wants);
}

void
upstream_look(struct upstream *u)
{
    int ms;

    if (u->x == NULL)
        return;
    watch(u, ximss_fd(u->x), ximss_wants(u->x));
    ms = ximss_timeout(u->x);
    if (ms < 0) {
        event_del(&u->timer);
    } else {
        const struct timeval tv = {ms / 1000, ms % 1000 * 1000};

        event_add(&u->timer, &tv);
    }
}

static void
on_io(evutil_socket_t fd, short what, void *arg)
{
    struct upstream *u = arg;

    (void)fd;
    (void)what;
    if (u->x != NULL)
        ximss_on_readable(u->x); /* writes, too */
    upstream_look(u);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct upstream *u = arg;

    (void)fd;
    (void)what;
    if (u->x != NULL)
        ximss_on_timer(u->x);
    upstream_look(u);
}

void
upstream_init(struct upstream *u, struct event_base *base,
              const struct bridge_config *cfg)
{
    u->fd = -1;
    u->wants = 0;
    event_assign(&u->io, base, -1, 0, on_io, u);
    evtimer_assign(&u->timer, base, on_timer, u);
    u->x = ximss_new();
    ximss_set_tls(u->x, XIMSS_TLS_NONE);
    ximss_set_limit(u->x, MESSAGE_BYTES);
    if (*cfg->server_socket != '\0')
        ximss_set_socket(u->x, cfg->server_socket);
    else
        ximss_set_server(u->x, cfg->server_address, cfg->server_port);
    ximss_on_watch_fd(u->x, on_watch_fd, u);
}

int
upstream_start(struct upstream *u)
{
    int r = ximss_start(u->x);

    upstream_look(u);
    return r;
}

void
upstream_end(struct upstream *u)
{
    ximss_free(&u->x);
    event_del(&u->io);
    event_del(&u->timer);
}

/* --- messages --- */

void
upstream_write_elem(struct buf *out, const struct xml_elem *e)
{
    buf_append_char(out, '<');
    buf_append_str(out, e->name);
    for (unsigned i = 0; i < e->n_attrs; i++)
        xml_write_attr(out, e->attrs[i].name, e->attrs[i].value);
    if (e->first == NULL && e->text_len == 0) {
        buf_append_str(out, "/>");
        return;
    }
    buf_append_char(out, '>');
    upstream_write_inside(out, e);
    buf_append_str(out, "</");
    buf_append_str(out, e->name);
    buf_append_char(out, '>');
}

/* No request of the family mixes text and elements: text beside elements is
 * indentation. */
void
upstream_write_inside(struct buf *out, const struct xml_elem *e)
{
    if (e->first == NULL)
        xml_write_text(out, e->text, e->text_len);
    for (const struct xml_elem *c = e->first; c != NULL; c = c->next)
        upstream_write_elem(out, c);
}

int
upstream_request(struct upstream *u, const struct xml_elem *e,
                 ximss_message_cb *data, ximss_done_cb *done, void *arg)
{
    const char **attrs = xcalloc(2 * (size_t)e->n_attrs + 1, sizeof *attrs);
    struct buf inside = {0};
    size_t n = 0;
    int r;

    for (unsigned i = 0; i < e->n_attrs; i++)
        if (strcmp(e->attrs[i].name, "id") != 0) {
            attrs[n++] = e->attrs[i].name;
            attrs[n++] = e->attrs[i].value;
        }
    upstream_write_inside(&inside, e);
    r = ximss_request_xml(u->x, e->name, attrs, buf_cstr(&inside), data, done,
                          arg);
    explicit_bzero(inside.data, inside.cap);
    buf_clear(&inside);
    free(attrs);
    upstream_look(u);
    return r;
}

/* skip: the attribute that is left out; NULL: none. */
static void
write_message(struct buf *out, const struct ximss_message *m, const char *id,
              const char *skip, const char *url_id)
{
    const char *element = ximss_message_name(m), *name, *value, *text;
    bool is_session = strcmp(element, "session") == 0;
    const struct ximss_message *c = ximss_message_first(m);
    size_t len;

    buf_append_char(out, '<');
    buf_append_str(out, element);
    xml_write_attr(out, "id", id);
    for (size_t i = 0; ximss_message_attr_at(m, i, &name, &value) == 0; i++)
        if (skip == NULL || strcmp(name, skip) != 0)
            xml_write_attr(out, name,
                           is_session && strcmp(name, "urlID") == 0 ? url_id
                                                                    : value);
    text = ximss_message_text(m, &len);
    if (c == NULL && len == 0) {
        buf_append_str(out, "/>");
        return;
    }
    buf_append_char(out, '>');
    if (c == NULL)
        xml_write_text(out, text, len);
    for (; c != NULL; c = ximss_message_next(c))
        write_message(out, c, NULL, NULL, url_id);
    buf_append_str(out, "</");
    buf_append_str(out, element);
    buf_append_char(out, '>');
}

void
upstream_write(struct buf *out, const struct ximss_message *m, const char *id,
               const char *url_id)
{
    write_message(out, m, id, "id", url_id);
}
