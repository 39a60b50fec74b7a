/* SPDX-License-Identifier: BSD-2-Clause */
/* A request is in `waiting` until it is written to the connection, then it is in
 * `sent`, found by its number when the answer comes, and, after a challenge, in
 * `held` until the client has answered.  No more is written than leaves with this
 * turn of the loop: so no passwords pile up in buffers, and what is lost with a
 * connection is known. */
#include "config.h"

#include "passdb/dovecot_source.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <glib.h>

#include "passdb/dovecot_line.h"
#include "passdb/dovecot_link.h"
#include "util/base64.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define WINDOW        1024
#define VERSION_MAJOR 1
#define GREETING_MOST 1000 /* lines */

static const char *const mechanisms[] = {"PLAIN", "SCRAM-SHA-256",
                                         "OAUTHBEARER", "XOAUTH2"};
#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

struct question {
    TAILQ_ENTRY(question) link;
    struct questions *list; /* in which it is */
    struct passdb_request *r;
    uint32_t id;     /* on this connection; 0: not sent yet */
    bool is_retried; /* a connection was lost with it */
    bool goes_on;    /* it is past its first message */
    char *more;      /* owned, wiped: the client's answer, to be sent */
    int64_t sent;    /* clock_mono */
};

TAILQ_HEAD(questions, question);

struct dovecot_source {
    struct passdb_source source; /* first */
    char *path;                  /* owned */
    struct dovecot_link *link;   /* owned */
    GHashTable *by_id;           /* borrowed: those that have a number */
    struct questions waiting, sent, held;
    uint32_t last_id;  /* of this connection */
    unsigned greeting; /* lines of it so far */
    bool is_greeted;   /* the connection is open, and may be asked */
    bool is_away;      /* for so long that nobody waits for it */
    bool is_suspect; /* a greeting is not enough for it to be back: it has hung,
                             or sent what nobody understands */
    unsigned now_offered; /* bits of mechanisms: by this greeting */
    atomic_uint offered;  /* ... by the last that was complete */
    int64_t away_since;
    unsigned refused; /* since then */
    struct errbuf err;
};

static struct dovecot_source *
of(struct passdb_source *s)
{
    return (struct dovecot_source *)s;
}

/* --- questions --- */

static void
move_to(struct question *q, struct questions *list)
{
    if (q->list != NULL)
        TAILQ_REMOVE(q->list, q, link);
    q->list = list;
    if (list != NULL)
        TAILQ_INSERT_TAIL(list, q, link);
}

static void
forget_id(struct dovecot_source *d, struct question *q)
{
    if (q->id != 0)
        g_hash_table_remove(d->by_id, GUINT_TO_POINTER(q->id));
    q->id = 0;
}

static void
wipe_more(struct question *q)
{
    if (q->more != NULL)
        explicit_bzero(q->more, strlen(q->more));
    free(q->more);
    q->more = NULL;
}

static void
question_free(struct dovecot_source *d, struct question *q)
{
    q->r->state = NULL;
    move_to(q, NULL);
    forget_id(d, q);
    wipe_more(q);
    free(q);
}

/* The question ends with it. */
static void
answer(struct dovecot_source *d, struct question *q, enum passdb_answer what,
       const char *as_user, const char *why)
{
    struct passdb_request *r = q->r;

    if (what == PASSDB_AWAY)
        d->refused++;
    question_free(d, q);
    r->answer = what;
    r->challenge = NULL;
    r->as_user = as_user;
    r->why = why;
    r->done(r);
}

static void
answer_all(struct dovecot_source *d, struct questions *list, const char *why)
{
    struct question *q;

    while ((q = TAILQ_FIRST(list)) != NULL)
        answer(d, q, PASSDB_AWAY, NULL, why);
}

/* --- writing --- */

static unsigned
bit_of(const char *mechanism)
{
    for (size_t i = 0; i < MECHANISMS; i++)
        if (text_equal_nocase(mechanisms[i], mechanism))
            return 1u << i;
    return 0;
}

/* authzid NUL authcid NUL password */
static void
append_plain(struct buf *b, const struct passdb_request *r)
{
    size_t user = strlen(r->user), password = strlen(r->password);
    size_t len = user + password + 2;
    char *clear = xmalloc(len), *code = xmalloc(BASE64_SIZE(len));

    clear[0] = '\0';
    memcpy(clear + 1, r->user, user + 1);
    memcpy(clear + user + 2, r->password, password);
    base64_encode(clear, len, code);
    buf_append_str(b, code);
    explicit_bzero(clear, len);
    explicit_bzero(code, BASE64_SIZE(len));
    free(clear);
    free(code);
}

/* "local:0" is no address of a network. */
static bool
is_address(const char *text)
{
    return text != NULL && text[strspn(text, "0123456789abcdefABCDEF.:")] == 0;
}

static void
append_first(struct buf *b, const struct question *q)
{
    const struct passdb_request *r = q->r;

    buf_appendf(b, "AUTH\t%lu\t", (unsigned long)q->id);
    dovecot_line_append(b, r->mechanism);
    buf_append_str(b, "\tservice=" DOVECOT_SERVICE);
    if (r->is_secured)
        buf_append_str(b, "\tsecured");
    /* Nobody will log in at Dovecot by it, and our throttle is enough. */
    buf_append_str(b, "\tno-penalty\tnologin");
    if (is_address(r->address)) {
        buf_append_str(b, "\trip=");
        dovecot_line_append(b, r->address);
    }
    if (r->password != NULL) {
        buf_append_str(b, "\tresp=");
        append_plain(b, r);
    } else if (r->initial != NULL) {
        buf_append_str(b, "\tresp=");
        buf_append_str(b, r->initial);
    }
    buf_append_char(b, '\n');
}

static void
append_more(struct buf *b, const struct question *q)
{
    buf_appendf(b, "CONT\t%lu\t%s\n", (unsigned long)q->id, q->more);
}

static void
write_question(struct dovecot_source *d, struct question *q)
{
    struct buf b = {0};

    buf_reserve(&b, DOVECOT_LINE_MOST); /* so that it never moves */
    if (q->goes_on) {
        append_more(&b, q);
    } else {
        q->id = ++d->last_id;
        g_hash_table_insert(d->by_id, GUINT_TO_POINTER(q->id), q);
        append_first(&b, q);
    }
    q->sent = clock_mono();
    move_to(q, &d->sent);
    wipe_more(q);
    dovecot_link_send(d->link, b.data, b.len);
    explicit_bzero(b.data, b.cap);
    buf_clear(&b);
}

static void
write_waiting(struct dovecot_source *d)
{
    struct question *q;

    while (d->is_greeted && dovecot_link_may_send(d->link) &&
           (q = TAILQ_FIRST(&d->waiting)) != NULL) {
        if (!q->goes_on && (d->now_offered & bit_of(q->r->mechanism)) == 0)
            answer(d, q, PASSDB_NOT_OFFERED, NULL, NULL);
        else if (d->last_id == UINT32_MAX)
            dovecot_link_drop(d->link, "all numbers have been used");
        else
            write_question(d, q);
    }
}

/* It may forget it.  A line that would have to wait is not needed so much. */
static void
cancel(struct dovecot_source *d, const struct question *q)
{
    struct buf b = {0};

    if (q->id == 0 || !d->is_greeted || !dovecot_link_may_send(d->link))
        return;
    buf_appendf(&b, "CANCEL\t%lu\n", (unsigned long)q->id);
    dovecot_link_send(d->link, b.data, b.len);
    buf_clear(&b);
}

/* --- what the link says --- */

static void
on_open(void *owner)
{
    struct dovecot_source *d = owner;
    struct buf b = {0};

    d->last_id = 0;
    d->greeting = d->now_offered = 0;
    buf_appendf(&b, "VERSION\t%d\t2\nCPID\t%ld\n", VERSION_MAJOR,
                (long)getpid());
    dovecot_link_send(d->link, b.data, b.len);
    buf_clear(&b);
}

/* Told once for each outage. */
static void
on_away(void *owner, const char *why)
{
    struct dovecot_source *d = owner;

    if (!d->is_away && d->away_since == 0) {
        log_warn("passwords: dovecot (%s) is away: %s", d->path, why);
        d->away_since = clock_mono();
        d->refused = 0;
    }
    d->is_away = true;
    answer_all(d, &d->waiting, why);
}

static void
is_back(struct dovecot_source *d)
{
    d->is_away = false;
    if (d->away_since == 0)
        return;
    log_info(
        "passwords: dovecot (%s) is back after %lld s; log-ins that failed "
        "meanwhile: %u",
        d->path, (long long)((clock_mono() - d->away_since) / CLOCK_SECOND),
        d->refused);
    d->away_since = 0;
}

/* Moves all to another list, which has none yet. */
static void
move_all(struct questions *from, struct questions *to)
{
    struct question *q;

    while ((q = TAILQ_FIRST(from)) != NULL)
        move_to(q, to);
}

/* What was not answered at all is asked once more. */
static void
on_lost(void *owner)
{
    struct dovecot_source *d = owner;
    struct questions lost = TAILQ_HEAD_INITIALIZER(lost);
    struct question *q;

    d->is_greeted = false;
    TAILQ_FOREACH(q, &d->held, link)
        forget_id(d, q);
    move_all(&d->sent, &lost);
    move_all(&d->waiting, &lost);
    while ((q = TAILQ_FIRST(&lost)) != NULL) {
        bool was_sent = q->id != 0, again = !q->is_retried && !q->goes_on;

        forget_id(d, q);
        move_to(q, &d->waiting);
        q->is_retried |= was_sent;
        if (was_sent && !again)
            answer(d, q, PASSDB_AWAY, NULL, "the connection was lost");
    }
}

static bool
take_greeting(struct dovecot_source *d, const struct dovecot_line *l,
              const char **why_r)
{
    if (++d->greeting == 1 && l->command != DOVECOT_VERSION) {
        *why_r = "no version";
        return false;
    }
    if (l->command == DOVECOT_VERSION && l->major != VERSION_MAJOR) {
        *why_r = "another version of the protocol";
        return false;
    }
    if (d->greeting > GREETING_MOST || l->command == DOVECOT_OK ||
        l->command == DOVECOT_FAIL || l->command == DOVECOT_CONT) {
        *why_r = "no end of the greeting";
        return false;
    }
    if (l->command == DOVECOT_MECH)
        d->now_offered |= bit_of(l->text);
    if (l->command != DOVECOT_DONE)
        return true;
    d->is_greeted = true;
    atomic_store(&d->offered, d->now_offered);
    dovecot_link_is_good(d->link);
    if (!d->is_suspect)
        is_back(d);
    write_waiting(d);
    return true;
}

static void
take_fail(struct dovecot_source *d, struct question *q,
          const struct dovecot_line *l)
{
    bool not_offered =
        l->code != NULL && (strcmp(l->code, "mech_ssl_required") == 0 ||
                            strcmp(l->code, "mech_invalid") == 0);

    if (l->is_temporary)
        answer(d, q, PASSDB_AWAY, NULL, "it has a failure of its own");
    else if (l->is_disabled)
        answer(d, q, PASSDB_DISABLED, NULL, NULL);
    else if (not_offered)
        answer(d, q, PASSDB_NOT_OFFERED, NULL, NULL);
    else
        answer(d, q, PASSDB_WRONG, NULL, NULL);
}

static void
take_challenge(struct dovecot_source *d, struct question *q,
               const struct dovecot_line *l)
{
    struct passdb_request *r = q->r;

    q->goes_on = true;
    move_to(q, &d->held);
    r->answer = PASSDB_CHALLENGE;
    r->challenge = l->text;
    r->as_user = r->why = NULL;
    r->done(r);
}

static void
take_answer(struct dovecot_source *d, struct question *q,
            const struct dovecot_line *l)
{
    d->is_suspect = false;
    is_back(d);
    if (l->command == DOVECOT_CONT)
        take_challenge(d, q, l);
    else if (l->command == DOVECOT_FAIL)
        take_fail(d, q, l);
    else if (l->is_disabled)
        answer(d, q, PASSDB_DISABLED, NULL, NULL);
    else if (l->is_passed_on)
        answer(d, q, PASSDB_DISABLED, NULL,
               "it passes the user on, and checks no password");
    else
        answer(d, q, PASSDB_OK,
               l->user != NULL && *l->user != '\0' ? l->user : NULL, NULL);
}

/* A number that was given out, and is not known any more, is that of a question
 * that nobody asks any more. */
static bool
take_line(struct dovecot_source *d, const struct dovecot_line *l,
          const char **why_r)
{
    struct question *q;

    if (!d->is_greeted)
        return take_greeting(d, l, why_r);
    if (l->command != DOVECOT_OK && l->command != DOVECOT_FAIL &&
        l->command != DOVECOT_CONT)
        return true;
    q = g_hash_table_lookup(d->by_id, GUINT_TO_POINTER(l->id));
    if (l->id > d->last_id ||
        (q != NULL && q->list == &d->held && l->command != DOVECOT_FAIL)) {
        *why_r = "an answer to what was not asked";
        return false;
    }
    if (q == NULL)
        return true;
    if (q->list == &d->held) { /* it does not wait for the client any more */
        forget_id(d, q);
        return true;
    }
    take_answer(d, q, l);
    return true;
}

static bool
on_line(void *owner, char *line, size_t len, const char **why_r)
{
    struct dovecot_source *d = owner;
    struct dovecot_line l;

    if (dovecot_line_parse(line, len, &l, &d->err) < 0)
        *why_r = d->err.text;
    else if (take_line(d, &l, why_r))
        return true;
    d->is_suspect = true;
    return false;
}

static void
on_drained(void *owner)
{
    write_waiting(owner);
}

static const struct dovecot_link_ops link_ops = {
    .on_open = on_open,
    .on_line = on_line,
    .on_drained = on_drained,
    .on_lost = on_lost,
    .on_away = on_away,
};

/* --- struct passdb_source --- */

static void
begin(struct passdb_source *s, struct passdb_request *r)
{
    struct dovecot_source *d = of(s);
    struct question *q;

    dovecot_link_look(d->link); /* first: it may answer all that wait */
    q = xcalloc(1, sizeof *q);
    q->r = r;
    r->state = q;
    move_to(q, &d->waiting);
    if (d->is_away && !d->is_greeted)
        answer(d, q, PASSDB_AWAY, NULL, "it is away");
    else
        write_waiting(d);
}

static void
go_on(struct passdb_source *s, struct passdb_request *r, const char *base64)
{
    struct dovecot_source *d = of(s);
    struct question *q = r->state;

    if (q->id == 0) { /* on a connection that was lost, or given up */
        answer(d, q, PASSDB_AWAY, NULL, "the exchange was lost");
        return;
    }
    if (!dovecot_line_is_base64(base64)) {
        cancel(d, q);
        answer(d, q, PASSDB_WRONG, NULL, "malformed");
        return;
    }
    q->more = xstrdup(base64);
    move_to(q, &d->waiting);
    write_waiting(d);
}

/* Nothing has come since this was asked, for as long as anybody waits: then it hangs,
 * and a new connection may find one that does not. */
static void
drop(struct passdb_source *s, struct passdb_request *r)
{
    struct dovecot_source *d = of(s);
    struct question *q = r->state;
    bool hangs;

    if (q == NULL)
        return;
    hangs = q->list == &d->sent && dovecot_link_heard(d->link) < q->sent;
    if (q->list != &d->held)
        d->refused++;
    cancel(d, q);
    question_free(d, q);
    d->is_suspect |= hangs;
    if (hangs && d->is_greeted)
        dovecot_link_drop(d->link, "it does not answer");
}

static bool
offers(const struct passdb_source *s, const char *mechanism)
{
    const struct dovecot_source *d = (const struct dovecot_source *)s;

    return (atomic_load(&d->offered) & bit_of(mechanism)) != 0;
}

static void
source_free(struct passdb_source *s)
{
    struct dovecot_source *d = of(s);

    dovecot_link_free(&d->link);
    g_hash_table_destroy(d->by_id);
    free(d->path);
    free(d);
}

struct passdb_source *
dovecot_source_new(struct event_base *base, struct conn_loop *loop,
                   const struct dovecot_source_config *config)
{
    struct dovecot_source *d = xcalloc(1, sizeof *d);

    d->source = (struct passdb_source){.name = "dovecot",
                                       .window = WINDOW,
                                       .begin = begin,
                                       .go_on = go_on,
                                       .drop = drop,
                                       .offers = offers,
                                       .free = source_free};
    d->path = xstrdup(config->socket);
    d->by_id = g_hash_table_new(NULL, NULL);
    TAILQ_INIT(&d->waiting);
    TAILQ_INIT(&d->sent);
    TAILQ_INIT(&d->held);
    d->link = dovecot_link_new(base, loop, config->socket, config->greeting,
                               &link_ops, d);
    return &d->source;
}
