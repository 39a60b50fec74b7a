/* SPDX-License-Identifier: BSD-2-Clause */
/* The user database answers on its own thread.  A list is collected there, and
 * goes out in pieces when it has come to its good end: nobody is told half of
 * one. */
#include "config.h"

#include "ximss/server/requests/cli_outside.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "passdb/userdb.h"
#include "util/name.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/cli_job.h"

/* Of all names of a list, as text: some millions. */
#define LIST_MOST ((size_t)64 << 20)
/* Of one piece. */
#define PIECE_BYTES 32768

struct listing {
    struct userdb_listing listing; /* first */
    struct cli_job *job;
};

/* --- the answer --- */

static void
refuse(struct cli_job *c, const char *why)
{
    char text[200];

    snprintf(text, sizeof text, answer_text_USERS_AWAY, why);
    req_job_refuse(&c->q, ANSWER_USERS_AWAY, text);
}

/* Up to a comma, so that no character is cut. */
static size_t
piece_of(const struct cli_job *c)
{
    size_t n = c->found.len - c->sent;

    if (n <= PIECE_BYTES)
        return n;
    for (n = PIECE_BYTES; c->found.data[c->sent + n - 1] != ',';)
        n--;
    return n;
}

static enum req_step
send_piece(struct req *r)
{
    struct cli_job *c = r->state;
    size_t n = piece_of(c);
    bool first = c->sent == 0, last = c->sent + n == c->found.len;

    r->dialect->result(r, c->found.data + c->sent, n, first, last);
    c->sent += n;
    return last ? STEP_LAST : STEP_MORE;
}

static void
free_state(void *state)
{
    req_job_free(state);
}

static void
deliver_list(struct mail *m, void *owner)
{
    struct cli_job *c = (struct cli_job *)(void *)m;

    (void)owner;
    if (c->q.code != ANSWER_OK || c->q.req->session == NULL) {
        req_job_answer(&c->q);
        return;
    }
    buf_append_char(&c->found, ')');
    req_stream(c->q.req, send_piece, c, free_state);
}

static void
go_home(struct cli_job *c, void (*deliver)(struct mail *m, void *owner))
{
    c->q.job.mail.deliver = deliver;
    mailbox_put(c->q.job.worker->box, &c->q.job.mail);
}

/* --- a list: on the thread of the user database --- */

/* Whether a user of that domain (NULL: none is named) is meant. */
static bool
is_of(const struct cli_job *c, const char *domain)
{
    const char *list = c->live.text;
    char normal[NAME_DOMAIN_SIZE];

    if (domain == NULL)
        return list[strlen(list) - 1] == ',';
    return name_domain(domain, normal, NULL) == 0 &&
           text_list_has(list, ',', normal);
}

/* A name that is none here is told as it is. */
static void
append_name(struct cli_job *c, const char *name)
{
    char normal[NAME_LOCAL_SIZE];

    if (name_local(name, normal, NULL) == 0)
        name = normal;
    buf_append_char(&c->found, c->n_found++ > 0 ? ',' : '(');
    cli_data_write_string(&c->found, name, strlen(name));
}

static bool
on_name(struct userdb_listing *l, const char *name)
{
    struct cli_job *c = ((struct listing *)l)->job;
    char *local = xstrdup(name), *at = strrchr(local, '@');
    size_t bad;

    if (at != NULL)
        *at++ = '\0';
    if (is_of(c, at) && text_is_utf8(local, strlen(local), &bad))
        append_name(c, local);
    free(local);
    return c->found.len < LIST_MOST;
}

static void
on_end(struct userdb_listing *l, const char *why)
{
    struct cli_job *c = ((struct listing *)l)->job;

    if (why != NULL)
        refuse(c, why);
    else if (c->n_found == 0)
        buf_append_char(&c->found, '(');
    free(l);
    go_home(c, deliver_list);
}

void
cli_outside_list(struct cli_job *c)
{
    struct listing *l = xcalloc(1, sizeof *l);

    l->job = c;
    l->listing.name = on_name;
    l->listing.done = on_end;
    userdb_list(c->q.job.server->userdb, &l->listing);
}

/* --- questions --- */

struct check {
    struct cli_job *job;
    unsigned waiting; /* under the job's lock, as what they found */
    struct question {
        struct userdb_asking asking;
        struct check *check;
        const char *name; /* as it was asked for */
        char *full;       /* owned */
    } questions[];
};

static void
deliver_check(struct mail *m, void *owner)
{
    struct cli_job *c = (struct cli_job *)(void *)m;

    (void)owner;
    if (c->n_found == 0)
        buf_append_char(&c->found, '(');
    buf_append_char(&c->found, ')');
    buf_append(&c->answer.data, c->found.data, c->found.len);
    req_job_answer(&c->q);
}

static void
on_answer(struct userdb_question *question, enum userdb_answer answer,
          const char *why)
{
    struct question *q = (struct question *)(void *)question;
    struct check *check = q->check;
    struct cli_job *c = check->job;
    bool last;

    free(q->full);
    pthread_mutex_lock(&c->lock);
    if (answer == USERDB_IS_NOT)
        append_name(c, q->name);
    else if (answer != USERDB_IS_THERE)
        refuse(c, why);
    last = --check->waiting == 0;
    pthread_mutex_unlock(&c->lock);
    if (!last)
        return;
    free(check);
    go_home(c, deliver_check);
}

static struct check *
make_check(struct cli_job *c)
{
    const struct cli_value *v = c->live.names->first;
    unsigned n = (unsigned)c->live.names->n;
    struct check *check =
        xcalloc(1, sizeof *check + n * sizeof check->questions[0]);

    check->job = c;
    check->waiting = n;
    for (unsigned i = 0; i < n; i++, v = v->next) {
        struct question *q = &check->questions[i];

        q->check = check;
        q->name = v->text;
        q->full = xasprintf("%s@%s", v->text, c->live.text);
        q->asking.question.name = q->full;
        q->asking.question.done = on_answer;
    }
    return check;
}

void
cli_outside_check(struct cli_job *c)
{
    unsigned n = (unsigned)c->live.names->n;
    struct check *check;

    if (n == 0) {
        go_home(c, deliver_check);
        return;
    }
    check = make_check(c);
    for (unsigned i = 0; i < n; i++) /* the last may free it */
        userdb_ask(c->q.job.server->userdb, &check->questions[i].asking);
}
