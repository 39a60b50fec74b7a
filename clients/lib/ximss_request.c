/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "clients/lib/ximss.h"
#include "clients/lib/ximss_private.h"

/* Messages and requests as the caller sees them; those about alerts are in
 * alert.c. */

/* --- messages: an XML element under another name --- */

static const struct xml_elem *
elem(const struct ximss_message *m)
{
    return (const struct xml_elem *)m;
}

const char *
ximss_message_name(const struct ximss_message *m)
{
    return elem(m)->name;
}

const char *
ximss_message_attr(const struct ximss_message *m, const char *name)
{
    return xml_attr(elem(m), name);
}

int
ximss_message_attr_at(const struct ximss_message *m, size_t i,
                      const char **name_r, const char **value_r)
{
    if (i >= elem(m)->n_attrs)
        return -1;
    *name_r = elem(m)->attrs[i].name;
    *value_r = elem(m)->attrs[i].value;
    return 0;
}

const char *
ximss_message_text(const struct ximss_message *m, size_t *len_r)
{
    if (len_r != NULL)
        *len_r = elem(m)->text_len;
    return elem(m)->text;
}

const struct ximss_message *
ximss_message_first(const struct ximss_message *m)
{
    return (const struct ximss_message *)elem(m)->first;
}

const struct ximss_message *
ximss_message_next(const struct ximss_message *m)
{
    return (const struct ximss_message *)elem(m)->next;
}

/* --- requests --- */

static void
on_plain_data(struct ximss *x, struct request *r, const struct xml_elem *e)
{
    if (r->u.plain.data != NULL)
        r->u.plain.data(x, (const struct ximss_message *)e, r->arg);
}

static void
on_plain_done(struct ximss *x, struct request *r,
              const struct ximss_result *result)
{
    if (r->u.plain.done != NULL)
        r->u.plain.done(x, result, r->arg);
}

static const struct request_handler plain_handler = {.on_data = on_plain_data,
                                                     .on_done = on_plain_done};

static int
request_plain(struct ximss *x, const struct request_text *text,
              ximss_message_cb *data, ximss_done_cb *done, void *arg)
{
    struct request *r = request_new(x, text, &plain_handler);

    if (r == NULL)
        return -1;
    r->u.plain.data = data;
    r->u.plain.done = done;
    r->arg = arg;
    return 0;
}

int
ximss_request(struct ximss *x, const char *name, const char *const *attrs,
              const char *body, size_t body_len, ximss_message_cb *data,
              ximss_done_cb *done, void *arg)
{
    struct request_text text = {.name = name,
                                .attrs = attrs,
                                .body = body,
                                .body_len = body != NULL ? body_len : 0};

    return request_plain(x, &text, data, done, arg);
}

int
ximss_request_xml(struct ximss *x, const char *name, const char *const *attrs,
                  const char *xml, ximss_message_cb *data, ximss_done_cb *done,
                  void *arg)
{
    struct request_text text = {.name = name,
                                .attrs = attrs,
                                .body = xml,
                                .body_len = strlen(xml),
                                .is_xml = true};

    return request_plain(x, &text, data, done, arg);
}

size_t
ximss_pending(const struct ximss *x)
{
    return x->requests.n;
}

/* --- CLI commands --- */

static void
on_cli_data(struct ximss *x, struct request *r, const struct xml_elem *e)
{
    (void)x;
    if (strcmp(e->name, "cliResult") == 0)
        buf_append(&r->u.cli.data, e->text, e->text_len);
}

static void
drop_cli(struct request *r)
{
    buf_clear(&r->u.cli.data);
}

static void
on_cli_done(struct ximss *x, struct request *r,
            const struct ximss_result *result)
{
    bool ok = result->status == XIMSS_OK;

    if (r->u.cli.done != NULL)
        r->u.cli.done(x, result, ok ? buf_cstr(&r->u.cli.data) : "",
                      ok ? r->u.cli.data.len : 0, r->arg);
    drop_cli(r);
}

static const struct request_handler cli_handler = {
    .on_data = on_cli_data, .on_done = on_cli_done, .on_drop = drop_cli};

int
ximss_cli_execute(struct ximss *x, const char *command, ximss_cli_cb *done,
                  void *arg)
{
    struct request_text text = {
        .name = "cliExecute", .body = command, .body_len = strlen(command)};
    struct request *r = request_new(x, &text, &cli_handler);

    if (r == NULL)
        return -1;
    r->u.cli.done = done;
    r->arg = arg;
    return 0;
}
