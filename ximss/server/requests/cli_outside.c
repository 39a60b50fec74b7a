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

#include <glib.h>

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
    GHashTable *domains; /* a set of their names */
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
is_of(const struct listing *l, const char *domain)
{
    char normal[NAME_DOMAIN_SIZE] = "";

    if (domain != NULL &&
        (name_domain(domain, normal, NULL) < 0 || normal[0] == '\0'))
        return false;
    return g_hash_table_contains(l->domains, normal);
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
on_name(struct userdb_listing *listing, const char *name)
{
    struct listing *l = (struct listing *)listing;
    struct cli_job *c = l->job;
    char *local = xstrdup(name), *at = strrchr(local, '@');
    size_t bad;

    if (at != NULL)
        *at++ = '\0';
    if (is_of(l, at) && text_is_utf8(local, strlen(local), &bad))
        append_name(c, local);
    free(local);
    return c->found.len < LIST_MOST;
}

static void
on_end(struct userdb_listing *listing, const char *why)
{
    struct listing *l = (struct listing *)listing;
    struct cli_job *c = l->job;

    if (why != NULL)
        refuse(c, why);
    else if (c->n_found == 0)
        buf_append_char(&c->found, '(');
    g_hash_table_destroy(l->domains);
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
    l->domains = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    for (struct cli_value *v = c->live.domains->first; v != NULL; v = v->next)
        g_hash_table_add(l->domains, xstrdup(v->text));
    userdb_list(c->q.job.server->userdb, &l->listing);
}

/* --- questions --- */

/* Questions that wait at once: others ask, too. */
#define ASKED_MOST 100

/* A name is no user's if none of its account's names is, in none of the
 * domains. */
struct check {
    struct cli_job *job;
    /* Under the job's lock, as what they found: */
    const struct cli_value *next; /* of the names */
    unsigned waiting;
    bool failed;   /* nothing more is asked */
    bool is_going; /* a thread is asking */
    struct question {
        struct userdb_asking asking;
        struct check *check;
        const struct cli_value *names;         /* NULL: it is free */
        const struct cli_value *name, *domain; /* of what is asked now */
        char *full;                            /* owned; the same */
        bool is_due;                           /* it has not been asked */
    } questions[ASKED_MOST];
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
set_full(struct question *q)
{
    const char *domain = q->domain->text;

    free(q->full);
    q->full = domain[0] != '\0' ? xasprintf("%s@%s", q->name->text, domain)
                                : xstrdup(q->name->text);
    q->asking.question.name = q->full;
}

/* The next name by which it may be known; false: that was the last. */
static bool
step(struct question *q)
{
    q->domain = q->domain->next;
    if (q->domain == NULL) {
        q->domain = q->check->job->live.domains->first;
        q->name = q->name->next;
    }
    return q->name != NULL;
}

static void
set_free(struct question *q)
{
    free(q->full);
    q->full = NULL;
    q->names = NULL;
    q->check->waiting--;
}

static void go_on(struct check *check); /* unlocks */

/* Anything but "no such user" ends the questions about this one. */
static void
on_answer(struct userdb_question *question, enum userdb_answer answer,
          const char *why)
{
    struct question *q = (struct question *)(void *)question;
    struct check *check = q->check;
    struct cli_job *c = check->job;
    bool again = false;

    pthread_mutex_lock(&c->lock);
    if (answer == USERDB_IS_NOT)
        again = !check->failed && step(q);
    if (answer == USERDB_IS_NOT && !again && !check->failed)
        append_name(c, q->names->first->text);
    if (answer != USERDB_IS_NOT && answer != USERDB_IS_THERE) {
        check->failed = true;
        refuse(c, why);
    }
    q->is_due = again;
    if (!again)
        set_free(q);
    go_on(check);
}

static void
begin_question(struct check *check, struct question *q)
{
    q->check = check;
    q->names = check->next;
    q->name = q->names->first;
    q->domain = check->job->live.domains->first;
    q->asking.question.done = on_answer;
    q->is_due = true;
    check->next = check->next->next;
    check->waiting++;
}

/* What is to be asked now; NULL: nothing.  Locked. */
static struct question *
take_due(struct check *check)
{
    for (size_t i = 0; i < ASKED_MOST; i++) {
        struct question *q = &check->questions[i];

        if (q->names == NULL && check->next != NULL && !check->failed)
            begin_question(check, q);
        if (q->names != NULL && q->is_due) {
            q->is_due = false;
            set_full(q);
            return q;
        }
    }
    return NULL;
}

/* Any thread; locked, and unlocks: whoever ends it is the last to look at it.  An
 * answer may come at once: then it is this loop that goes on, and not one in it. */
static void
go_on(struct check *check)
{
    struct cli_job *c = check->job;
    struct question *q;
    bool is_over;

    if (check->is_going) {
        pthread_mutex_unlock(&c->lock);
        return;
    }
    check->is_going = true;
    while ((q = take_due(check)) != NULL) {
        pthread_mutex_unlock(&c->lock);
        userdb_ask(c->q.job.server->userdb, &q->asking);
        pthread_mutex_lock(&c->lock);
    }
    check->is_going = false;
    is_over = check->waiting == 0;
    pthread_mutex_unlock(&c->lock);
    if (!is_over)
        return;
    free(check);
    go_home(c, deliver_check);
}

void
cli_outside_check(struct cli_job *c)
{
    struct check *check = xcalloc(1, sizeof *check);

    check->job = c;
    check->next = c->live.names->first;
    pthread_mutex_lock(&c->lock);
    go_on(check);
}
