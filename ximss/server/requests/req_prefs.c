/* SPDX-License-Identifier: BSD-2-Clause */
/* prefsRead and prefsStore: small preferences, stored per account.  Language
 * and TimeZone have a meaning to the server (localTime); others are stored
 * unchanged. */
#include "config.h"

#include "ximss/server/requests/req_prefs.h"

#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/req_job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/rules/prefs.h"
#include "ximss/server/rules/settings.h"

/* Names that are asked for or stored in one request. */
#define NAMES_MOST 64

struct prefs_job {
    struct req_job q;          /* first */
    struct arena *arena;       /* owned */
    struct cli_value *names;   /* an array; of prefsRead */
    struct cli_value *changes; /* a dictionary; of prefsStore */
    struct buf found;          /* the children of the answer */
};

static struct prefs_job *
prefs_job_new(struct req *r, const struct req_job_ops *ops)
{
    struct prefs_job *p = req_job_new(r, ops, sizeof *p);

    p->arena = arena_new();
    return p;
}

static void
prefs_job_clear(struct req_job *q)
{
    struct prefs_job *p = (struct prefs_job *)q;

    buf_clear(&p->found);
    arena_free(&p->arena);
}

static void
write_pref(struct buf *b, const char *name, const char *value)
{
    buf_appendf(b, "<%s>", name);
    xml_write_text(b, value, strlen(value));
    buf_appendf(b, "</%s>", name);
}

/* --- prefsRead --- */

static enum store_result
read_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct prefs_job *p = (struct prefs_job *)q;
    struct cli_value *dict, *v;
    char *text = NULL;
    enum store_result r = prefs_get(x->txn, x->caller->account, &text, err);

    if (r != STORE_OK)
        return r;
    p->found.len = 0;
    if (settings_read(p->arena, text, &dict, err) < 0) {
        free(text);
        return STORE_ERROR;
    }
    free(text);
    /* No names: all. */
    for (v = p->names->n > 0 ? p->names->first : dict->first; v != NULL;
         v = v->next) {
        const char *name = p->names->n > 0 ? v->text : v->key;
        const char *value = settings_string(dict, name);

        /* Not what only the CLI can name. */
        if (value != NULL && prefs_is_name(name))
            write_pref(&p->found, name, value);
    }
    return STORE_OK;
}

static void
read_answer(struct req_job *q, struct req *r)
{
    const struct prefs_job *p = (const struct prefs_job *)q;

    buf_append_str(&r->out, "<prefs");
    xml_write_attr(&r->out, "id", r->id);
    if (p->found.len > 0) {
        buf_append_char(&r->out, '>');
        buf_append(&r->out, p->found.data, p->found.len);
        buf_append(&r->out, "</prefs>", sizeof "</prefs>");
    } else {
        buf_append(&r->out, "/>", sizeof "/>");
    }
    req_ok(r);
}

static const struct req_job_ops read_ops = {
    .body = read_body, .answer = read_answer, .clear = prefs_job_clear};

static bool
has_account(struct req *r)
{
    if (r->session->account != NULL)
        return true;
    req_fail(r, ANSWER(NO_ACCOUNT_OF_OWN));
    return false;
}

static enum req_result
handle_read(struct req *r, const struct attrs *in)
{
    struct prefs_job *p;

    if (!has_account(r))
        return REQ_DONE;
    p = prefs_job_new(r, &read_ops);
    p->names = cli_data_array(p->arena);
    for (const struct xml_elem *c = in->elem->first;
         c != NULL && p->names->n < NAMES_MOST; c = c->next)
        if (strcmp(c->name, "name") == 0 && prefs_is_name(c->text))
            cli_data_append(p->names,
                            cli_data_string(p->arena, c->text, c->text_len));
    return req_job_submit(&p->q);
}

/* --- prefsStore --- */

/* The zone comes to the account by the effect, and before the answer. */
static enum store_result
store_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct prefs_job *p = (struct prefs_job *)q;

    return prefs_change(x, p->arena, x->caller->account, p->changes, false,
                        err);
}

static const struct req_job_ops store_ops = {.body = store_body,
                                             .clear = prefs_job_clear};

static enum req_result
handle_store(struct req *r, const struct attrs *in)
{
    struct prefs_job *p;

    if (!has_account(r))
        return REQ_DONE;
    p = prefs_job_new(r, &store_ops);
    p->changes = cli_data_dictionary(p->arena);
    for (const struct xml_elem *c = in->elem->first; c != NULL; c = c->next) {
        /* An empty element takes the preference away. */
        const char *value = c->text_len > 0 ? c->text : "default";

        if (!prefs_is_name(c->name) || c->first != NULL ||
            p->changes->n >= NAMES_MOST) {
            req_failf(r, ANSWER(BAD_PREFERENCE), c->name);
            req_job_free(&p->q);
            return REQ_DONE;
        }
        cli_data_set(p->arena, p->changes, c->name,
                     cli_data_string(p->arena, value, strlen(value)));
    }
    return req_job_submit(&p->q);
}

const struct req_desc req_prefs_table[] = {
    {"prefsRead", REQ_IN_SESSION | REQ_LENIENT | REQ_ELEMENTS, handle_read,
     NULL},
    {"prefsStore", REQ_IN_SESSION | REQ_LENIENT | REQ_ELEMENTS, handle_store,
     NULL},
    {NULL, 0, NULL, NULL},
};
