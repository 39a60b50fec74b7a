/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/stage.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/unit/long_time.h"
#include "tests/unit/pump.h"
#include "util/clock.h"
#include "util/lobby.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/session_id.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/live/broadcast.h"
#include "ximss/server/live/job.h"
#include "ximss/server/requests/dialects.h"
#include "ximss/server/rules/alert_request.h"
#include "ximss/server/rules/audit_budget.h"

/* 2026-11-22 13:30:00 GMT */
#define POSTED   INT64_C(1795354200000000)
#define MOST     4
#define TIMEZONE "UTC"

struct server *stage;
struct config *stage_config;
unsigned stage_told;

static char dir[64];
static struct event_base *bases[MOST];
static uint64_t accounts[STAGE_WHO_N], domains[STAGE_WHO_N];

static const struct {
    const char *name, *domain, *rights;
} people[STAGE_WHO_N] = {
    [MASTER] = {"postmaster", "main.test", "(Master)"},
    [ANN] = {"ann", "main.test", ""},
    [BOB] = {"bob", "main.test", ""},
    [DAN] = {"dan", "a.test", ""},
    [EVE] = {"eve", "a.test", "(CanPostAlerts)"},
    [SUE] = {"sue", "shared.test", ""},
};

/* --- the store --- */

static enum store_result
add_domain(struct store_txn *t, const char *name, uint64_t *number_r,
           struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = domain_find(t, name, &d, err);

    *number_r = d.number;
    domain_rec_clear(&d);
    if (r != STORE_NOTFOUND)
        return r;
    d = (struct domain_rec){.name = (char *)(uintptr_t)name,
                            .created = 1,
                            .shared = strcmp(name, "shared.test") == 0};
    return domain_add(t, &d, number_r, err);
}

static enum store_result
make_people(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r =
        meta_text_put(t, STORE_TEXT_MAIN_DOMAIN, "main.test", err);

    (void)arg;
    for (int i = 0; i < STAGE_WHO_N && r == STORE_OK; i++) {
        struct account_rec a = {.name = (char *)(uintptr_t)people[i].name,
                                .rights = (char *)(uintptr_t)people[i].rights,
                                .created = 1};

        r = add_domain(t, people[i].domain, &domains[i], err);
        a.domain = domains[i];
        if (r == STORE_OK)
            r = account_add(t, &a, &accounts[i], err);
    }
    return r;
}

static bool
take_broad(const struct alert_rec *rec, void *arg)
{
    struct alert_rec copy;
    struct alert *a;

    (void)arg;
    alert_rec_copy(&copy, rec);
    a = alert_new(&copy);
    for (unsigned i = 0; i < stage->n_workers; i++)
        board_add(&stage->workers[i]->board, a, "", false);
    alert_unref(&a);
    return true;
}

static enum store_result
load_board(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r = alert_walk_broad(t, take_broad, NULL, err);
    uint64_t last = 0;

    (void)arg;
    if (r == STORE_OK)
        r = meta_last_alert_id(t, &last, err);
    for (unsigned i = 0; i < stage->n_workers; i++)
        stage->workers[i]->board.last_id = last;
    return r;
}

void
stage_run(enum store_result (*body)(struct store_txn *t, void *arg,
                                    struct errbuf *err),
          void *arg)
{
    struct errbuf err = {""};
    enum store_result r = store_run(stage->store, body, arg, &err);

    ck_assert_msg(r == STORE_OK, "%s", err.text);
}

/* --- beginning and end --- */

static void
make_workers(unsigned n)
{
    stage->n_workers = n;
    stage->workers = xcalloc(n, sizeof stage->workers[0]);
    for (unsigned i = 0; i < n; i++) {
        struct worker *w = worker_new(stage, i);

        w->zone = zone_find(TIMEZONE);
        worker_set_config(w, stage_config, NULL);
        stage->workers[i] = w;
        bases[i] = w->base;
    }
    stage_run(load_board, NULL);
}

static void
open_with(unsigned n_workers)
{
    struct store_options o = {.dir = dir,
                              .create = true,
                              .cache_bytes = 1 << 20,
                              .batch_us = FIXTURE_LONG_S * CLOCK_SECOND,
                              .checkpoint_s = FIXTURE_LONG_S};
    struct errbuf err = {""};
    const char *tmp = getenv("TMPDIR");

    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_ERROR_);
    snprintf(dir, sizeof dir, "%s/stage.XXXXXX", tmp != NULL ? tmp : "/tmp");
    ck_assert(mkdtemp(dir) != NULL);
    stage = xcalloc(1, sizeof *stage);
    stage->store = store_open(&o, &err);
    ck_assert_msg(stage->store != NULL, "%s", err.text);
    stage_run(make_people, NULL);
    stage->config = stage_config = config_load(NULL, &err);
    ck_assert_msg(stage_config != NULL, "%s", err.text);
    pthread_mutex_init(&stage->lock, NULL);
    atomic_init(&stage->next_session, SESSION_ID_FIRST);
    atomic_init(&stage->next_expiry, 0);
    stage->admin = (struct admin_settings){.auth = {{AUTH_STORE}, 1},
                                           .alert_bytes = 1 << 20,
                                           .prefs_bytes = 8192,
                                           .iterations = 1,
                                           .max_tickets = 300,
                                           .next_session = &stage->next_session,
                                           .version = "ximssd 1.2.3"};
    stage->auth_cache = auth_cache_new(16, CLOCK_SECOND);
    stage->throttle = throttle_new(&throttle_defaults);
    stage->lobby = lobby_new();
    stage->audit_budget = audit_budget_new(&(struct audit_limits){0});
    stage->main_domain = xstrdup("main.test");
    make_workers(n_workers);
}

void
stage_setup(void)
{
    open_with(1);
}

void
stage_setup_three(void)
{
    open_with(3);
}

static void
close_workers(void)
{
    for (unsigned i = 0; i < stage->n_workers; i++)
        session_close_all(stage->workers[i]);
    stage_sync();
    for (unsigned i = 0; i < stage->n_workers; i++)
        worker_free(&stage->workers[i]);
    free(stage->workers);
}

void
stage_restart(void)
{
    unsigned n = stage->n_workers;

    close_workers();
    make_workers(n);
}

static int
remove_entry(const char *path, const struct stat *st, int flag,
             struct FTW *walk)
{
    (void)st;
    (void)flag;
    (void)walk;
    return remove(path);
}

void
stage_teardown(void)
{
    close_workers();
    store_close(&stage->store);
    auth_cache_free(&stage->auth_cache);
    throttle_free(&stage->throttle);
    lobby_free(&stage->lobby);
    audit_budget_free(&stage->audit_budget);
    config_free(&stage->config);
    pthread_mutex_destroy(&stage->lock);
    free(stage->main_domain);
    free(stage);
    stage = NULL;
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- who --- */

uint64_t
stage_account(enum stage_who who)
{
    return accounts[who];
}

uint64_t
stage_domain(enum stage_who who)
{
    return domains[who];
}

struct worker *
stage_worker(enum stage_who who)
{
    return worker_of_account(stage, accounts[who]);
}

struct waiting {
    struct account *user;
    bool done;
};

static void
on_ready(struct account *a, void *arg, const struct errbuf *err)
{
    struct waiting *w = arg;

    (void)err;
    w->user = a;
    w->done = true;
}

static bool
is_ready(void *arg)
{
    return ((struct waiting *)arg)->done;
}

struct account *
stage_loaded(enum stage_who who)
{
    struct waiting w = {NULL, false};

    account_open(stage_worker(who), accounts[who], 0, on_ready, &w);
    stage_until(is_ready, &w);
    ck_assert_ptr_nonnull(w.user);
    return w.user;
}

/* --- time --- */

void
stage_turns(void)
{
    pump_turns(bases, stage->n_workers);
}

void
stage_until(bool (*holds)(void *arg), void *arg)
{
    pump_until(bases, stage->n_workers, holds, arg);
}

struct sync {
    struct job job; /* first */
    bool stored, followed;
};

static enum store_result
sync_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    (void)j;
    (void)t;
    (void)err;
    return STORE_OK;
}

static void
visit_nothing(struct worker *w, void *arg)
{
    (void)w;
    (void)arg;
}

static void
sync_followed(void *arg)
{
    ((struct sync *)arg)->followed = true;
}

static void
sync_stored(struct job *j)
{
    ((struct sync *)j)->stored = true;
    broadcast(stage, visit_nothing, sync_followed, j);
}

static bool
is_synced(void *arg)
{
    return ((struct sync *)arg)->followed;
}

void
stage_sync(void)
{
    struct sync s = {.stored = false};

    stage_turns();
    job_init(&s.job, stage, stage->workers[0]);
    s.job.body = sync_body;
    s.job.finish = sync_stored;
    job_submit(&s.job);
    stage_until(is_synced, &s);
    job_clear(&s.job);
    stage_turns();
}

void
stage_save(void)
{
    for (unsigned i = 0; i < stage->n_workers; i++)
        while (!account_save(stage->workers[i]))
            stage_sync();
}

/* --- the disk --- */

static atomic_bool disk_full;

void
stage_disk_full(bool full)
{
    atomic_store(&disk_full, full);
}

/* Stands before the C library's: how the store asks for space. */
int
statvfs(const char *restrict path, struct statvfs *restrict out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), r;

    if (fd < 0)
        return -1;
    r = fstatvfs(fd, out);
    close(fd);
    if (atomic_load(&disk_full))
        out->f_bavail = out->f_bfree = 0;
    return r;
}

/* --- what is in the store --- */

struct asked {
    uint64_t number;
    struct account_state state;
    bool found;
};

static enum store_result
read_state(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct asked *a = arg;

    account_state_clear(&a->state);
    return state_get(t, a->number, &a->state, err);
}

struct account_state
stage_state(enum stage_who who)
{
    struct asked a = {.number = accounts[who]};

    stage_run(read_state, &a);
    return a.state;
}

static enum store_result
look_for_alert(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct asked *a = arg;
    struct alert_rec rec = {0};
    enum store_result r = alert_get(t, a->number, &rec, err);

    a->found = r == STORE_OK;
    alert_rec_clear(&rec);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

bool
stage_has_alert(uint64_t id)
{
    struct asked a = {.number = id};

    stage_run(look_for_alert, &a);
    return a.found;
}

/* --- changes --- */

struct change {
    struct job job; /* first */
    struct post post;
    struct post_result result;
    uint64_t id;
    int code;
    void (*fill)(struct effect *e, void *arg);
    enum effect_kind kind;
    void *arg;
    bool done, forget;
};

static const struct caller master = {
    .rights = RIGHT_MASTER, .name = "local:0", .from = "local socket"};

static struct admin_context
context(struct change *c, struct store_txn *t)
{
    return (struct admin_context){.txn = t,
                                  .caller = &master,
                                  .now = POSTED,
                                  .effects = &c->job.effects,
                                  .settings = &stage->admin};
}

static enum store_result
post_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct change *c = (struct change *)j;
    struct admin_context x = context(c, t);

    return alert_request_post(&x, &c->post, &c->result, err);
}

static enum store_result
remove_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct change *c = (struct change *)j;
    struct admin_context x = context(c, t);
    const struct withdrawal what = {.id = c->id};
    struct withdrawn gone = {0};
    enum store_result r = alert_request_remove(&x, &what, &gone, &c->code, err);

    withdrawn_clear(&gone);
    return r;
}

static enum store_result
effect_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct change *c = (struct change *)j;

    (void)t;
    (void)err;
    c->fill(effect_add(&j->effects, c->kind), c->arg);
    return STORE_OK;
}

static void
change_free(struct change *c)
{
    free((char *)(uintptr_t)c->post.target);
    free((char *)(uintptr_t)c->post.text);
    job_clear(&c->job);
    free(c);
}

static void
change_finish(struct job *j)
{
    struct change *c = (struct change *)j;

    ck_assert_msg(j->result == STORE_OK, "%s", j->err.text);
    c->done = true;
    if (c->forget)
        change_free(c);
}

static struct change *change_new(enum store_result (*body)(struct job *j,
                                                           struct store_txn *t,
                                                           struct errbuf *err))
{
    struct change *c = xcalloc(1, sizeof *c);

    job_init(&c->job, stage, stage->workers[0]);
    c->job.body = body;
    c->job.finish = change_finish;
    return c;
}

static bool
is_done(void *arg)
{
    return ((struct change *)arg)->done;
}

static struct change *
post_new(enum alert_scope scope, enum stage_who who, const char *text)
{
    struct change *c = change_new(post_body);

    c->post.scope = scope;
    if (scope == ALERT_DOMAIN)
        c->post.target = xstrdup(people[who].domain);
    else if (scope == ALERT_ACCOUNT)
        c->post.target =
            xasprintf("%s@%s", people[who].name, people[who].domain);
    c->post.severity = ALERT_WARNING;
    c->post.text = xstrdup(text);
    c->post.text_len = strlen(text);
    return c;
}

uint64_t
stage_post_until(enum alert_scope scope, enum stage_who who, const char *text,
                 int64_t until)
{
    struct change *c = post_new(scope, who, text);
    uint64_t id;

    c->post.until = until;
    job_submit(&c->job);
    stage_until(is_done, c);
    ck_assert_msg(c->result.code == 200, "%s", c->result.text);
    id = c->result.id;
    stage_told = c->job.sessions;
    change_free(c);
    stage_turns();
    return id;
}

uint64_t
stage_post(enum alert_scope scope, enum stage_who who, const char *text)
{
    return stage_post_until(scope, who, text, 0);
}

void
stage_post_soon(enum alert_scope scope, enum stage_who who, const char *text)
{
    struct change *c = post_new(scope, who, text);

    c->forget = true;
    job_submit(&c->job);
}

void
stage_remove(uint64_t id)
{
    struct change *c = change_new(remove_body);

    c->id = id;
    job_submit(&c->job);
    stage_until(is_done, c);
    ck_assert_int_eq(c->code, 200);
    change_free(c);
    stage_turns();
}

void
stage_effect(void (*fill)(struct effect *e, void *arg), enum effect_kind kind,
             void *arg)
{
    struct change *c = change_new(effect_body);

    c->fill = fill;
    c->kind = kind;
    c->arg = arg;
    job_submit(&c->job);
    stage_until(is_done, c);
    change_free(c);
    stage_turns();
}

/* --- clients --- */

struct client *
client_connect(enum stage_who who, unsigned flags)
{
    int type = (flags & CLIENT_PACKETS) != 0 ? SOCK_SEQPACKET : SOCK_STREAM;
    int fds[2], small = 4096;
    struct worker *w = stage_worker(who);
    struct peer local = {.kind = PEER_LOCAL};
    struct client *c = xcalloc(1, sizeof *c);

    ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fds), 0);
    if ((flags & CLIENT_SMALL) != 0)
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    c->fd = fds[1];
    session_new(w, fds[0],
                (flags & CLIENT_DOOR) != 0 ? SESSION_DOOR : SESSION_LOCAL,
                &dialect_ximss, &local, 7, false);
    c->s = TAILQ_LAST(&w->sessions, session_list);
    return c;
}

/* What attempt_open does. */
static void
open_session(struct client *c, struct account *a, unsigned flags)
{
    c->s->opt_alerts = (flags & CLIENT_NO_ALERTS) == 0;
    c->s->opt_confirm = (flags & CLIENT_CONFIRM) != 0;
    c->s->opt_changes = (flags & CLIENT_CHANGES) != 0;
    session_open(c->s, a);
    c->number = c->s->number;
    session_start_alerts(c->s);
}

struct client *
client_open(enum stage_who who, unsigned flags)
{
    struct account *a = stage_loaded(who);
    struct client *c = client_connect(who, flags);

    open_session(c, a, flags);
    return c;
}

struct client *
client_open_local(void)
{
    struct client *c = client_connect(MASTER, 0);

    open_session(c, NULL, CLIENT_NO_ALERTS);
    return c;
}

void
client_free(struct client **cp)
{
    struct client *c = *cp;

    close(c->fd);
    buf_clear(&c->in);
    free(c);
    *cp = NULL;
    stage_turns();
}

bool
client_is_open(const struct client *c)
{
    const struct session *s;

    for (unsigned i = 0; i < stage->n_workers; i++)
        TAILQ_FOREACH(s, &stage->workers[i]->sessions, all)
            if (s->number == c->number)
                return s->state == SESSION_OPEN;
    return false;
}

void
client_say(struct client *c, const char *text)
{
    char *bytes = xstrdup(text);
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (bytes[i] == '\n')
            bytes[i] = '\0';
    ck_assert_int_eq(send(c->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
    free(bytes);
}

/* Appends what is there; false at the end. */
static bool
receive(struct client *c, bool once)
{
    char bytes[65536];
    ssize_t n;

    while ((n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            if (bytes[i] == '\0')
                bytes[i] = '\n';
        buf_append(&c->in, bytes, (size_t)n);
        if (once)
            return true;
    }
    return n < 0 && errno == EAGAIN;
}

const char *
client_hear(struct client *c)
{
    size_t before;

    c->in.len = 0;
    do {
        before = c->in.len;
        stage_turns();
        receive(c, false);
    } while (c->in.len > before);
    return buf_cstr(&c->in);
}

const char *
client_packet(struct client *c)
{
    c->in.len = 0;
    receive(c, true);
    return buf_cstr(&c->in);
}

struct expecting {
    struct client *c;
    size_t len;
};

static bool
has_come(void *arg)
{
    struct expecting *e = arg;

    return !receive(e->c, false) || e->c->in.len >= e->len;
}

void
client_expect(struct client *c, const char *text)
{
    struct expecting e = {c, strlen(text)};

    c->in.len = 0;
    stage_until(has_come, &e);
    stage_turns();
    receive(c, false);
    ck_assert_str_eq(buf_cstr(&c->in), text);
}

bool
client_at_end(struct client *c)
{
    char byte;
    ssize_t n;

    stage_turns();
    n = recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

const char *
stage_alert(uint64_t id, const char *scope, const char *text)
{
    static struct buf b[2];
    static unsigned turn;
    struct buf *out = &b[turn++ % 2];

    out->len = 0;
    buf_appendf(out,
                "<alert gmtTime=\"20261122T133000Z\" "
                "localTime=\"20261122T133000\" alertID=\"%llu\" scope=\"%s\" "
                "severity=\"warning\">%s</alert>\n",
                (unsigned long long)id, scope, text);
    return buf_cstr(out);
}
