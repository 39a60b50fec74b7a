/* SPDX-License-Identifier: BSD-2-Clause */
/* prefsRead and prefsStore: small preferences, kept per account.  Language and
 * TimeZone mean something to the server (localTime); others are kept as they
 * come. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/req_tables.h"
#include "ximss/server/rules/prefs.h"
#include "ximss/server/rules/settings.h"

/* Names that are asked for or stored in one request. */
#define NAMES_MOST 64

struct prefs_job {
    struct job job;
    struct req *req;
    uint64_t account;
    struct arena *arena;
    struct cli_value *names;   /* an array; of prefsRead */
    struct cli_value *changes; /* a dictionary; of prefsStore */
    struct buf found;          /* the children of the answer */
    size_t limit;
    const struct zone *zone;
};

static struct prefs_job *
prefs_job_new(struct req *r)
{
    struct prefs_job *p = xcalloc(1, sizeof *p);

    job_init(&p->job, r->worker->server, r->worker);
    p->job.lane = session_lane(r->session);
    p->req = r;
    p->account = r->session->account->number;
    p->arena = arena_new();
    p->limit = r->worker->cfg->prefs_bytes;
    return p;
}

static void
prefs_job_free(struct prefs_job *p)
{
    buf_clear(&p->found);
    arena_free(&p->arena);
    job_clear(&p->job);
    free(p);
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
read_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct prefs_job *p = (struct prefs_job *)j;
    struct cli_value *dict, *v;
    char *text = NULL;
    enum store_result r = prefs_get(t, p->account, &text, err);

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
read_finish(struct job *j)
{
    struct prefs_job *p = (struct prefs_job *)j;
    struct req *r = p->req;

    if (j->result == STORE_OK) {
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
    } else {
        req_fail_store(r, j->result, &j->err);
    }
    req_finish(r);
    prefs_job_free(p);
}

static bool
has_account(struct req *r)
{
    if (r->session->account != NULL)
        return true;
    req_fail(r, ANSWER(NO_ACCOUNT_OF_OWN));
    return false;
}

static enum req_result
handle_read(struct req *r, const struct xml_elem *e)
{
    struct prefs_job *p;

    if (!has_account(r))
        return REQ_DONE;
    p = prefs_job_new(r);
    p->names = cli_data_array(p->arena);
    for (const struct xml_elem *c = e->first;
         c != NULL && p->names->n < NAMES_MOST; c = c->next)
        if (strcmp(c->name, "name") == 0 && prefs_is_name(c->text))
            cli_data_append(p->names,
                            cli_data_string(p->arena, c->text, c->text_len));
    p->job.body = read_body;
    p->job.finish = read_finish;
    job_submit(&p->job);
    return REQ_PENDING;
}

/* --- prefsStore --- */

static enum store_result
store_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct prefs_job *p = (struct prefs_job *)j;
    char *old = NULL, *text = NULL;
    enum store_result r = prefs_get(t, p->account, &old, err);

    if (r == STORE_OK)
        r = prefs_change(p->arena, old, p->changes, false, p->limit, &text,
                         &p->zone, err);
    if (r == STORE_OK)
        r = prefs_put(t, p->account, text, err);
    free(old);
    free(text);
    return r;
}

static void
store_finish(struct job *j)
{
    struct prefs_job *p = (struct prefs_job *)j;
    struct req *r = p->req;
    struct account *a = account_lookup(r->worker, p->account);

    if (j->result == STORE_OK)
        req_ok(r);
    else if (j->result == STORE_REFUSED)
        req_fail(r, ANSWER_ARGUMENTS, j->err.text);
    else
        req_fail_store(r, j->result, &j->err);
    if (j->result == STORE_OK && a != NULL)
        a->zone = p->zone != NULL ? p->zone : r->worker->zone;
    req_finish(r);
    prefs_job_free(p);
}

static enum req_result
handle_store(struct req *r, const struct xml_elem *e)
{
    struct prefs_job *p;

    if (!has_account(r))
        return REQ_DONE;
    p = prefs_job_new(r);
    p->changes = cli_data_dictionary(p->arena);
    for (const struct xml_elem *c = e->first; c != NULL; c = c->next) {
        /* An empty element takes the preference away. */
        const char *value = c->text_len > 0 ? c->text : "default";

        if (!prefs_is_name(c->name) || c->first != NULL ||
            p->changes->n >= NAMES_MOST) {
            req_failf(r, ANSWER(BAD_PREFERENCE), c->name);
            prefs_job_free(p);
            return REQ_DONE;
        }
        cli_data_set(p->arena, p->changes, c->name,
                     cli_data_string(p->arena, value, strlen(value)));
    }
    p->job.body = store_body;
    p->job.finish = store_finish;
    job_submit(&p->job);
    return REQ_PENDING;
}

const struct req_desc req_prefs_table[] = {
    {"prefsRead", REQ_IN_SESSION, handle_read},
    {"prefsStore", REQ_IN_SESSION, handle_store},
    {NULL, 0, NULL},
};
