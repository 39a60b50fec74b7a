/* SPDX-License-Identifier: BSD-2-Clause */
/* A password goes to the program only when that has a place for the check.  The
 * program answers each ask once, one that was dropped too; only then its place is
 * free, and until then requests wait here, in order.
 *
 * `done` may begin and drop other requests, so a request is off all lists before
 * it is called. */
#include "config.h"

#include "passdb/pam_source.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "passdb/pam_link.h"
#include "passdb/pam_name.h"
#include "passdb/pam_wire.h"
#include "passdb/source.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* Between two log lines about checks that were none. */
#define COMPLAIN_US (10 * CLOCK_SECOND)

struct ask {
    TAILQ_ENTRY(ask) link;
    struct asks *list;              /* that it is in */
    struct passdb_request *request; /* NULL: was dropped */
    char *user;                     /* as PAM is asked; owned */
    uint32_t id;                    /* of those in `asked` */
    int64_t begun;                  /* clock_mono */
    bool is_cancelled;              /* the program knows that it was dropped */
};

TAILQ_HEAD(asks, ask);

struct pam_source {
    struct passdb_source source;
    struct pam_link *link; /* owned */
    char *format;
    unsigned processes;
    int64_t refusal_step;
    struct asks waiting; /* for a place */
    struct asks asked;   /* the program is to answer */
    struct asks lost;    /* never will be answered */
    unsigned n_asked;
    uint32_t last_id;
    int64_t complained;    /* clock_mono; 0: never */
    unsigned uncomplained; /* since then */
};

static const char not_running[] = "ximss-pam is not running";

static struct pam_source *
pam_source_of(struct passdb_source *source)
{
    return (struct pam_source *)source; /* its first member */
}

/* --- answers --- */

/* When a request that began then is told; 0: at once. */
static int64_t
time_of(const struct pam_source *s, enum passdb_answer a, int64_t begun)
{
    int64_t took = clock_mono() - begun, step = s->refusal_step;

    if (step == 0 ||
        (a != PASSDB_WRONG && a != PASSDB_UNKNOWN && a != PASSDB_DISABLED))
        return 0;
    return begun + (took / step + 1) * step;
}

static void
answer(const struct pam_source *s, struct passdb_request *r, int64_t begun,
       enum passdb_answer a, const char *why)
{
    r->state = NULL;
    r->answer = a;
    r->challenge = r->as_user = NULL;
    r->why = why;
    r->not_before = time_of(s, a, begun);
    r->done(r);
}

static void
ask_free(struct ask *a)
{
    free(a->user);
    free(a);
}

/* The reasons why a user was neither let in nor refused. */
static void
complain(struct pam_source *s, const struct ask *a, const char *why)
{
    int64_t now = clock_mono();

    if (s->complained != 0 && now - s->complained < COMPLAIN_US) {
        s->uncomplained++;
        return;
    }
    if (s->uncomplained == 0)
        log_warn("passwords: pam cannot check user=%s: %s", a->user, why);
    else
        log_warn("passwords: pam cannot check user=%s: %s (%u more since the "
                 "last such line)",
                 a->user, why, s->uncomplained);
    s->complained = now;
    s->uncomplained = 0;
}

/* It is in no list any more. */
static void
finish(const struct pam_source *s, struct ask *a, enum passdb_answer what,
       const char *why)
{
    struct passdb_request *r = a->request;
    int64_t begun = a->begun;

    ask_free(a);
    if (r != NULL)
        answer(s, r, begun, what, why);
}

static void
move(struct pam_source *s, struct ask *a, struct asks *to)
{
    if (a->list != NULL)
        TAILQ_REMOVE(a->list, a, link);
    s->n_asked -= a->list == &s->asked;
    s->n_asked += to == &s->asked;
    a->list = to;
    if (to != NULL)
        TAILQ_INSERT_TAIL(to, a, link);
}

/* New ones that come meanwhile are none of them. */
static void
lose(struct pam_source *s, struct asks *list, const char *why)
{
    struct ask *a;

    while ((a = TAILQ_FIRST(list)) != NULL)
        move(s, a, &s->lost);
    while ((a = TAILQ_FIRST(&s->lost)) != NULL) {
        move(s, a, NULL);
        finish(s, a, PASSDB_AWAY, why);
    }
}

/* --- to the program --- */

static bool
say_cancel(struct pam_source *s, struct ask *a)
{
    struct pam_wire_message m = {.type = PAM_WIRE_CANCEL, .id = a->id};

    a->is_cancelled = pam_link_say(s->link, &m);
    return a->is_cancelled;
}

static bool
say_ask(struct pam_source *s, struct ask *a)
{
    struct pam_wire_message m = {.type = PAM_WIRE_ASK};

    if (++s->last_id == 0)
        s->last_id = 1; /* 0 is that of the hello */
    m.id = a->id = s->last_id;
    m.u.ask.user = a->user;
    m.u.ask.password = a->request->password;
    m.u.ask.address = a->request->address;
    if (m.u.ask.address != NULL && strlen(m.u.ask.address) > PAM_WIRE_ADDRESS)
        m.u.ask.address = NULL;
    return pam_link_say(s->link, &m);
}

/* As much as can be said now. */
static void
pump(struct pam_source *s)
{
    struct ask *a;

    TAILQ_FOREACH(a, &s->asked, link)
        if (a->request == NULL && !a->is_cancelled && !say_cancel(s, a))
            return;
    while (s->n_asked < s->processes &&
           (a = TAILQ_FIRST(&s->waiting)) != NULL && say_ask(s, a))
        move(s, a, &s->asked);
}

static void
on_room(void *arg)
{
    pump(arg);
}

/* --- from the program --- */

static enum passdb_answer
meaning_of(enum pam_wire_answer a)
{
    switch (a) {
    case PAM_WIRE_OK:
        return PASSDB_OK;
    case PAM_WIRE_WRONG:
        return PASSDB_WRONG;
    case PAM_WIRE_UNKNOWN:
        return PASSDB_UNKNOWN;
    case PAM_WIRE_DISABLED:
        return PASSDB_DISABLED;
    case PAM_WIRE_BUSY:
        return PASSDB_BUSY;
    case PAM_WIRE_AWAY:
        break;
    }
    return PASSDB_AWAY;
}

static void
take_answer(struct pam_source *s, const struct pam_wire_message *m)
{
    const char *why = m->u.answer.why;
    struct ask *a;

    TAILQ_FOREACH(a, &s->asked, link)
        if (a->id == m->id)
            break;
    if (a == NULL)
        return; /* asked before the program was started anew */
    move(s, a, NULL);
    if (m->u.answer.answer == PAM_WIRE_AWAY && a->request != NULL)
        complain(s, a, why);
    finish(s, a, meaning_of(m->u.answer.answer), why[0] != '\0' ? why : NULL);
}

static void
take_restart(struct pam_source *s)
{
    log_warn("ximss-pam died and has started anew; the passwords that it was "
             "checking (%u) are refused",
             s->n_asked);
    lose(s, &s->asked, "ximss-pam died");
}

static void
on_message(void *arg, const struct pam_wire_message *m)
{
    struct pam_source *s = arg;

    if (m->type == PAM_WIRE_ANSWER)
        take_answer(s, m);
    else if (m->type == PAM_WIRE_HELLO)
        take_restart(s);
}

static void
on_ended(void *arg, const char *how)
{
    struct pam_source *s = arg;

    log_error("ximss-pam %s: until the next start no password is checked by "
              "PAM",
              how);
    lose(s, &s->asked, not_running);
    lose(s, &s->waiting, not_running);
}

static const struct pam_link_ops link_ops = {
    .message = on_message, .room = on_room, .ended = on_ended};

/* --- a source --- */

/* NULL, and *what_r and *why_r are the answer: PAM is not asked. */
static char *
name_to_ask(const struct pam_source *s, const struct passdb_request *r,
            enum passdb_answer *what_r, const char **why_r)
{
    char *user = NULL;

    *why_r = NULL;
    *what_r = PASSDB_NOT_OFFERED;
    if (!text_equal_nocase(r->mechanism, "PLAIN") || r->password == NULL)
        return NULL;
    *what_r = PASSDB_AWAY;
    *why_r = not_running;
    if (!pam_link_is_there(s->link))
        return NULL;
    /* Some modules take an empty one for a log-in as nobody, which succeeds. */
    *what_r = PASSDB_WRONG;
    *why_r = "PAM takes passwords of 1 to 511 bytes";
    if (r->password[0] == '\0' || strlen(r->password) > PAM_WIRE_PASSWORD)
        return NULL;
    user = pam_name_make(s->format, r->user);
    *what_r = PASSDB_UNKNOWN;
    *why_r = "PAM is not asked for such a name";
    return user;
}

static void
begin(struct passdb_source *source, struct passdb_request *r)
{
    struct pam_source *s = pam_source_of(source);
    int64_t now = clock_mono();
    enum passdb_answer what;
    const char *why;
    struct ask *a;
    char *user;

    r->source = source;
    user = name_to_ask(s, r, &what, &why);
    if (user == NULL) {
        answer(s, r, now, what, why);
        return;
    }
    a = xcalloc(1, sizeof *a);
    a->request = r;
    a->user = user;
    a->begun = now;
    r->state = a;
    move(s, a, &s->waiting);
    pump(s);
}

static void
go_on(struct passdb_source *source, struct passdb_request *r,
      const char *base64)
{
    (void)base64;
    answer(pam_source_of(source), r, clock_mono(), PASSDB_NOT_OFFERED, NULL);
}

static void
drop(struct passdb_source *source, struct passdb_request *r)
{
    struct pam_source *s = pam_source_of(source);
    struct ask *a = r->state;

    if (a == NULL)
        return;
    r->state = NULL;
    a->request = NULL;
    if (a->list != &s->asked) {
        move(s, a, NULL);
        ask_free(a);
    } else {
        complain(s, a, "no answer in time");
        pump(s);
    }
}

static bool
offers(const struct passdb_source *source, const char *mechanism)
{
    const struct pam_source *s = (const struct pam_source *)source;

    return text_equal_nocase(mechanism, "PLAIN") && pam_link_is_there(s->link);
}

static void
source_free(struct passdb_source *source)
{
    struct pam_source *s = pam_source_of(source);
    struct ask *a;

    pam_link_free(&s->link);
    while ((a = TAILQ_FIRST(&s->asked)) != NULL ||
           (a = TAILQ_FIRST(&s->waiting)) != NULL) {
        move(s, a, NULL);
        ask_free(a);
    }
    free(s->format);
    free(s);
}

struct passdb_source *
passdb_pam_new(struct event_base *base, const struct passdb_pam_config *c,
               struct errbuf *err)
{
    struct pam_source *s = xcalloc(1, sizeof *s);

    assert(c->processes >= 1 && c->processes <= PAM_WIRE_PROCESSES);
    s->source = (struct passdb_source){.name = "pam",
                                       .window = c->processes,
                                       .begin = begin,
                                       .go_on = go_on,
                                       .drop = drop,
                                       .offers = offers,
                                       .free = source_free};
    s->link = pam_link_new(base, c, &link_ops, s, err);
    if (s->link == NULL) {
        free(s);
        return NULL;
    }
    s->format = xstrdup(c->user_format);
    s->processes = c->processes;
    s->refusal_step = c->refusal_step;
    TAILQ_INIT(&s->waiting);
    TAILQ_INIT(&s->asked);
    TAILQ_INIT(&s->lost);
    return &s->source;
}

pid_t
passdb_pam_pid(const struct passdb_source *source)
{
    return pam_link_pid(((const struct pam_source *)source)->link);
}
