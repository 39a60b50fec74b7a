/* SPDX-License-Identifier: BSD-2-Clause */
/* A call is in one of three places: it waits in the turns of its source, is with
 * the source, or is with its asker.  The first two count towards the limits and
 * have a deadline.  What answers at once answers within the loop that hands out
 * turns (`serve`), which does not call itself. */
#include "config.h"

#include "passdb/passdb.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <glib.h>

#include "util/alive_loop.h"
#include "util/clock.h"
#include "util/conn.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/turns.h"
#include "util/xmalloc.h"

/* A deadline is looked at so often, because tests move the clock. */
#define LOOK CLOCK_SECOND

enum call_state {
    CALL_ASKERS, /* with its asker, or on its way */
    CALL_WAITS,
    CALL_ASKED
};

struct passdb_call {
    struct passdb_request request; /* first */
    struct mail mail;
    struct turn turn;
    TAILQ_ENTRY(passdb_call) link; /* by deadline, or of `open` */
    struct passdb *db;             /* borrowed */
    struct place *place;           /* borrowed, of db */
    enum call_state state;
    bool is_open; /* the source keeps something for it */
    uint64_t who;
    int64_t deadline;
    passdb_answered_fn *answered;
    void *arg;
    /* Owned: what the request borrows. */
    char *user, *mechanism, *password, *initial, *address;
    char *more;                      /* the client's answer; wiped */
    char *challenge, *as_user, *why; /* of the answer */
    struct event *later;             /* owned: its answer is held; or NULL */
    enum passdb_answer held;
};

TAILQ_HEAD(calls, passdb_call);

/* A source, and who waits for it. */
struct place {
    struct passdb_source *source; /* owned; NULL: there is none */
    struct turns *turns;          /* owned; of calls that wait */
    GHashTable *by_who;           /* owned: who -> number of calls */
    unsigned n_asked;
    bool is_serving;
    struct {
        _Atomic uint64_t asked, ok, wrong, away, busy;
        atomic_uint waiting; /* with those that are asked */
    } counts;
};

struct passdb {
    struct event_base *base; /* owned */
    struct conn_loop *loop;  /* owned */
    struct mailbox *box;     /* owned */
    struct event *timer;     /* owned: for the first deadline */
    pthread_t thread;
    struct alive_loop *alive; /* owned; while it runs */
    bool is_running;
    struct place places[PASSDB_KINDS];
    struct calls waiting; /* of all places, by deadline */
    struct calls held;    /* answered, but their askers are not told yet */
    struct calls open; /* with their askers, while the source keeps something */
    atomic_uint most, most_each;
};

/* --- a call --- */

static void
wipe(char **text)
{
    if (*text != NULL)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static void
forget_answer(struct passdb_call *c)
{
    wipe(&c->challenge);
    free(c->as_user);
    free(c->why);
    c->as_user = c->why = NULL;
}

static void
destroy(struct passdb_call *c)
{
    forget_answer(c);
    wipe(&c->password);
    wipe(&c->initial);
    wipe(&c->more);
    free(c->user);
    free(c->mechanism);
    free(c->address);
    free(c);
}

static char *
copy(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

static void on_done(struct passdb_request *r);

static struct passdb_call *
call_new(struct passdb *db, enum passdb_kind kind,
         const struct passdb_question *q)
{
    struct passdb_call *c = xcalloc(1, sizeof *c);

    c->db = db;
    c->place = &db->places[kind];
    c->who = q->who;
    c->request = (struct passdb_request){
        .user = c->user = copy(q->user),
        .mechanism = c->mechanism = copy(q->mechanism),
        .password = c->password = copy(q->password),
        .initial = c->initial = copy(q->initial),
        .address = c->address = copy(q->address),
        .is_secured = q->is_secured,
        .done = on_done,
        .source = c->place->source,
    };
    return c;
}

/* --- what is counted --- */

static void
count_who(struct place *p, uint64_t who, int by)
{
    gpointer key = GSIZE_TO_POINTER((gsize)who);
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(p->by_who, key)) + (guint)by;

    if (n == 0)
        g_hash_table_remove(p->by_who, key);
    else
        g_hash_table_insert(p->by_who, key, GUINT_TO_POINTER(n));
}

static bool
is_crowded(const struct passdb *db, const struct passdb_call *c)
{
    gpointer key = GSIZE_TO_POINTER((gsize)c->who);

    return atomic_load(&c->place->counts.waiting) >= atomic_load(&db->most) ||
           GPOINTER_TO_UINT(g_hash_table_lookup(c->place->by_who, key)) >=
               atomic_load(&db->most_each);
}

static void
count_answer(struct place *p, enum passdb_answer answer)
{
    switch (answer) {
    case PASSDB_OK:
        atomic_fetch_add(&p->counts.ok, 1);
        break;
    case PASSDB_WRONG:
    case PASSDB_UNKNOWN:
    case PASSDB_DISABLED:
        atomic_fetch_add(&p->counts.wrong, 1);
        break;
    case PASSDB_AWAY:
        atomic_fetch_add(&p->counts.away, 1);
        break;
    case PASSDB_BUSY:
        atomic_fetch_add(&p->counts.busy, 1);
        break;
    case PASSDB_CHALLENGE:
    case PASSDB_NOT_OFFERED:
        break;
    }
}

/* --- deadlines --- */

static void
set_timer(struct passdb *db)
{
    const struct passdb_call *first = TAILQ_FIRST(&db->waiting);
    int64_t wait = first != NULL ? first->deadline - clock_mono() : 0;
    struct timeval tv = {0, 0};

    if (first == NULL) {
        event_del(db->timer);
        return;
    }
    if (wait > LOOK)
        wait = LOOK;
    if (wait > 0)
        tv = (struct timeval){wait / CLOCK_SECOND, wait % CLOCK_SECOND};
    if (event_add(db->timer, &tv) < 0)
        log_fatal("setting a timer: out of memory");
}

/* Deadlines are much the same distance away, so its place is near the end. */
static void
add_deadline(struct passdb *db, struct passdb_call *c)
{
    struct passdb_call *before = TAILQ_LAST(&db->waiting, calls);

    while (before != NULL && before->deadline > c->deadline)
        before = TAILQ_PREV(before, calls, link);
    if (before != NULL)
        TAILQ_INSERT_AFTER(&db->waiting, before, c, link);
    else
        TAILQ_INSERT_HEAD(&db->waiting, c, link);
    if (TAILQ_FIRST(&db->waiting) == c)
        set_timer(db);
}

/* --- answers --- */

/* From here on the call is the asker's, who may have freed it already. */
static void
tell(struct passdb_call *c, enum passdb_answer answer, const char *why)
{
    c->request.answer = answer;
    if (why != NULL)
        c->why = xstrdup(why);
    c->request.challenge = c->challenge;
    c->request.as_user = c->as_user;
    c->request.why = c->why;
    count_answer(c->place, answer);
    c->answered(c->arg, answer);
}

/* It does not wait any more. */
static void
leave(struct passdb_call *c)
{
    struct place *p = c->place;

    TAILQ_REMOVE(&c->db->waiting, c, link);
    turns_leave(p->turns, &c->turn);
    p->n_asked -= c->state == CALL_ASKED;
    count_who(p, c->who, -1);
    atomic_fetch_sub(&p->counts.waiting, 1);
    c->state = CALL_ASKERS;
}

/* --- answers that are held --- */

/* They count towards the limits, but keep nobody from the source. */
static void
release(struct passdb_call *c)
{
    TAILQ_REMOVE(&c->db->held, c, link);
    event_free(c->later);
    c->later = NULL;
    count_who(c->place, c->who, -1);
    atomic_fetch_sub(&c->place->counts.waiting, 1);
    tell(c, c->held, NULL);
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    release(arg);
}

static void
hold(struct passdb_call *c, const struct passdb_request *r, int64_t until)
{
    int64_t wait = until - clock_mono();
    struct timeval tv = {wait / CLOCK_SECOND, wait % CLOCK_SECOND};

    c->held = r->answer;
    c->why = copy(r->why);
    TAILQ_INSERT_TAIL(&c->db->held, c, link);
    count_who(c->place, c->who, 1);
    atomic_fetch_add(&c->place->counts.waiting, 1);
    c->later = evtimer_new(c->db->base, on_later, c);
    if (c->later == NULL || event_add(c->later, &tv) < 0)
        log_fatal("setting a timer: out of memory");
}

/* Until when the answer is held: not beyond the deadline. */
static int64_t
held_until(const struct passdb_call *c, const struct passdb_request *r)
{
    return r->not_before < c->deadline ? r->not_before : c->deadline;
}

static void serve(struct passdb *db, struct place *p);

static void
on_done(struct passdb_request *r)
{
    struct passdb_call *c = (struct passdb_call *)r;
    struct passdb *db = c->db;
    struct place *p = c->place;

    leave(c);
    c->challenge = copy(r->challenge);
    c->as_user = copy(r->as_user);
    c->is_open = r->answer == PASSDB_CHALLENGE;
    if (c->is_open)
        TAILQ_INSERT_TAIL(&db->open, c, link);
    if (held_until(c, r) > clock_mono())
        hold(c, r, held_until(c, r));
    else
        tell(c, r->answer, r->why);
    serve(db, p);
}

static void
give_up(struct passdb_call *c, const char *why)
{
    if (c->state == CALL_ASKED)
        c->request.source->drop(c->request.source, &c->request);
    leave(c);
    tell(c, PASSDB_AWAY, why);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct passdb *db = arg;
    int64_t now = clock_mono();
    struct passdb_call *c;

    (void)fd;
    (void)what;
    while ((c = TAILQ_FIRST(&db->waiting)) != NULL && c->deadline <= now)
        give_up(c, "no answer in time");
    set_timer(db);
    for (unsigned i = 0; i < PASSDB_KINDS; i++)
        serve(db, &db->places[i]);
}

/* --- asking --- */

static void
serve(struct passdb *db, struct place *p)
{
    struct turn *turn;

    (void)db;
    if (p->is_serving || p->source == NULL)
        return;
    p->is_serving = true;
    while (p->n_asked < p->source->window &&
           (turn = turns_next(p->turns)) != NULL) {
        struct passdb_call *c =
            (struct passdb_call *)(void *)((char *)turn -
                                           offsetof(struct passdb_call, turn));

        c->state = CALL_ASKED;
        p->n_asked++;
        p->source->begin(p->source, &c->request);
    }
    p->is_serving = false;
}

static void
enter(struct passdb *db, struct passdb_call *c, enum call_state state)
{
    c->state = state;
    atomic_fetch_add(&c->place->counts.waiting, 1);
    count_who(c->place, c->who, 1);
    add_deadline(db, c);
}

static void
deliver_ask(struct mail *m, void *owner)
{
    struct passdb_call *c =
        (struct passdb_call *)(void *)((char *)m -
                                       offsetof(struct passdb_call, mail));
    struct passdb *db = owner;

    atomic_fetch_add(&c->place->counts.asked, 1);
    if (is_crowded(db, c)) {
        tell(c, PASSDB_BUSY, "too many wait");
        return;
    }
    enter(db, c, CALL_WAITS);
    turns_wait(c->place->turns, &c->turn, c->who);
    serve(db, c->place);
}

/* The source has begun with it, so it does not wait for its turn. */
static void
deliver_go_on(struct mail *m, void *owner)
{
    struct passdb_call *c =
        (struct passdb_call *)(void *)((char *)m -
                                       offsetof(struct passdb_call, mail));
    struct passdb *db = owner;

    if (!c->is_open) {
        tell(c, PASSDB_AWAY, "it ended meanwhile");
        return;
    }
    TAILQ_REMOVE(&db->open, c, link);
    c->is_open = false;
    enter(db, c, CALL_ASKED);
    c->place->n_asked++;
    c->place->source->go_on(c->place->source, &c->request, c->more);
}

static void
deliver_free(struct mail *m, void *owner)
{
    struct passdb_call *c =
        (struct passdb_call *)(void *)((char *)m -
                                       offsetof(struct passdb_call, mail));
    struct passdb *db = owner;

    if (c->is_open) {
        TAILQ_REMOVE(&db->open, c, link);
        c->place->source->drop(c->place->source, &c->request);
    }
    destroy(c);
}

static void
post(struct passdb_call *c, void (*deliver)(struct mail *m, void *owner))
{
    c->mail = (struct mail){.deliver = deliver};
    mailbox_put(c->db->box, &c->mail);
}

static void
ask_about(struct passdb_call *c, int64_t deadline, passdb_answered_fn *answered,
          void *arg)
{
    c->deadline = deadline;
    c->answered = answered;
    c->arg = arg;
}

struct passdb_call *
passdb_ask(struct passdb *db, enum passdb_kind kind,
           const struct passdb_question *q, passdb_answered_fn *answered,
           void *arg)
{
    struct passdb_call *c = call_new(db, kind, q);

    ask_about(c, q->deadline, answered, arg);
    if (db->is_running && c->place->source != NULL)
        post(c, deliver_ask);
    else
        tell(c, PASSDB_AWAY, "there is no such source");
    return c;
}

void
passdb_go_on(struct passdb_call *c, const char *base64, int64_t deadline,
             passdb_answered_fn *answered, void *arg)
{
    forget_answer(c);
    wipe(&c->more);
    c->more = xstrdup(base64);
    ask_about(c, deadline, answered, arg);
    if (c->db->is_running)
        post(c, deliver_go_on);
    else
        tell(c, PASSDB_AWAY, "the server ends");
}

const struct passdb_request *
passdb_call_answer(const struct passdb_call *c)
{
    return &c->request;
}

void
passdb_call_free(struct passdb_call **cp)
{
    struct passdb_call *c = *cp;

    *cp = NULL;
    if (c == NULL)
        return;
    if (c->request.answer == PASSDB_CHALLENGE && c->db->is_running)
        post(c, deliver_free);
    else
        destroy(c);
}

bool
passdb_has(const struct passdb *db, enum passdb_kind kind)
{
    return db->places[kind].source != NULL;
}

bool
passdb_offers(const struct passdb *db, enum passdb_kind kind,
              const char *mechanism)
{
    const struct passdb_source *s = db->places[kind].source;

    return s != NULL && s->offers(s, mechanism);
}

/* --- the thread --- */

struct passdb *
passdb_new(const struct passdb_limits *limits)
{
    struct passdb *db = xcalloc(1, sizeof *db);

    TAILQ_INIT(&db->waiting);
    TAILQ_INIT(&db->held);
    TAILQ_INIT(&db->open);
    for (unsigned i = 0; i < PASSDB_KINDS; i++) {
        db->places[i].turns = turns_new();
        db->places[i].by_who = g_hash_table_new(NULL, NULL);
    }
    passdb_set_limits(db, limits);
    return db;
}

/* Where nothing is asked outside, no descriptor is used. */
static void
open_loop(struct passdb *db)
{
    if (db->base != NULL)
        return;
    db->base = event_base_new();
    if (db->base == NULL)
        log_fatal("making an event loop: out of memory");
    db->loop = conn_loop_new(db->base, db);
    db->box = mailbox_new(db->base, db);
    db->timer = evtimer_new(db->base, on_deadline, db);
    if (db->timer == NULL)
        log_fatal("making a timer: out of memory");
}

struct event_base *
passdb_base(struct passdb *db)
{
    open_loop(db);
    return db->base;
}

struct conn_loop *
passdb_loop(struct passdb *db)
{
    open_loop(db);
    return db->loop;
}

void
passdb_add(struct passdb *db, enum passdb_kind kind,
           struct passdb_source *source)
{
    db->places[kind].source = source;
}

void
passdb_set_limits(struct passdb *db, const struct passdb_limits *limits)
{
    atomic_store(&db->most, limits->most);
    atomic_store(&db->most_each, limits->most_each);
}

static void *
run(void *arg)
{
    struct passdb *db = arg;

    event_base_loop(db->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

void
passdb_run(struct passdb *db)
{
    sigset_t all, old;

    open_loop(db);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    db->alive = alive_loop_new(db->base, "passwords");
    if (pthread_create(&db->thread, NULL, run, db) != 0)
        log_fatal("starting the thread of passwords: out of memory");
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    db->is_running = true;
}

static void
deliver_end(struct mail *m, void *owner)
{
    struct passdb *db = owner;

    free(m);
    event_base_loopbreak(db->base);
}

static void
end_thread(struct passdb *db)
{
    struct mail *m = xcalloc(1, sizeof *m);

    m->deliver = deliver_end;
    mailbox_put(db->box, m);
    pthread_join(db->thread, NULL);
    alive_loop_free(&db->alive);
}

void
passdb_stop(struct passdb *db)
{
    struct passdb_call *c;

    if (db->is_running)
        end_thread(db);
    if (db->box != NULL)
        mailbox_flush(db->box);
    db->is_running = false;
    while ((c = TAILQ_FIRST(&db->waiting)) != NULL)
        give_up(c, "the server ends");
    while ((c = TAILQ_FIRST(&db->held)) != NULL)
        release(c);
    while ((c = TAILQ_FIRST(&db->open)) != NULL) {
        TAILQ_REMOVE(&db->open, c, link);
        c->is_open = false;
        c->place->source->drop(c->place->source, &c->request);
    }
    for (unsigned i = 0; i < PASSDB_KINDS; i++) {
        if (db->places[i].source != NULL)
            db->places[i].source->free(db->places[i].source);
        db->places[i].source = NULL;
    }
}

static void
close_loop(struct passdb *db)
{
    event_free(db->timer);
    mailbox_free(&db->box);
    conn_loop_free(&db->loop);
    event_base_free(db->base);
}

void
passdb_free(struct passdb **dbp)
{
    struct passdb *db = *dbp;

    if (db == NULL)
        return;
    passdb_stop(db);
    for (unsigned i = 0; i < PASSDB_KINDS; i++) {
        turns_free(&db->places[i].turns);
        g_hash_table_destroy(db->places[i].by_who);
    }
    if (db->base != NULL)
        close_loop(db);
    free(db);
    *dbp = NULL;
}

void
passdb_get_counts(const struct passdb *db, enum passdb_kind kind,
                  struct passdb_counts *counts_r)
{
    const struct place *p = &db->places[kind];

    *counts_r = (struct passdb_counts){
        .asked = atomic_load(&p->counts.asked),
        .ok = atomic_load(&p->counts.ok),
        .wrong = atomic_load(&p->counts.wrong),
        .away = atomic_load(&p->counts.away),
        .busy = atomic_load(&p->counts.busy),
        .waiting = atomic_load(&p->counts.waiting),
    };
}
