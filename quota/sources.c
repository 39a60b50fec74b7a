/* SPDX-License-Identifier: BSD-2-Clause */
/* A source is a row of the table `kinds`: how it is started and stopped, and
 * what it is told.  Sources start before the thread and stop after it, so only
 * the functions that run in between must consider threads. */
#include "config.h"

#include "quota/sources.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "quota/socket_guard.h"
#include "util/alive_loop.h"
#include "util/conn.h"
#include "util/local_socket.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"

/* What a source may use: the thread's loop, and its mailbox for what comes from
 * other threads. */
struct place {
    struct event_base *base;
    struct conn_loop *loop;
    struct mailbox *box;
    struct quota_sink sink;
};

struct source_kind {
    const char *name;
    bool (*is_wanted)(const struct quota_sources_config *cfg);
    /* The thread does not run yet.  NULL with err. */
    void *(*start)(struct place *p, const struct quota_sources_config *cfg,
                   struct errbuf *err);
    /* The thread does not run any more. */
    void (*stop)(void *source);
    /* NULL: it has no socket. */
    const struct local_socket *(*get_socket)(const void *source);
    /* Any thread, at once.  NULL: it cannot be asked. */
    void (*ask)(void *source, const char *user);
    void (*refresh)(void *source);
    /* On the thread.  NULL: it does not want to know. */
    void (*online)(void *source, const char *user);
    void (*offline)(void *source, const char *user);
};

static bool
is_set(const char *path)
{
    return path != NULL && path[0] != '\0';
}

/* --- Dovecot writes to a socket: quota_clone, quota_warning --- */

static void *
start_server(struct place *p, const struct quota_sources_config *cfg,
             const char *path, const struct local_ops *ops, struct errbuf *err)
{
    const struct local_server_config local = {.path = path,
                                              .mode = cfg->socket_mode,
                                              .group = cfg->socket_group,
                                              .most = cfg->socket_connections};

    return report_server_start(p->base, p->loop, &local, ops, &p->sink, err);
}

static void
server_stop(void *source)
{
    struct report_server *s = source;

    report_server_stop(&s);
}

static const struct local_socket *
server_socket(const void *source)
{
    return local_server_socket(report_server_listener(source));
}

static bool
dict_is_wanted(const struct quota_sources_config *cfg)
{
    return is_set(cfg->dict_socket);
}

static void *
dict_start(struct place *p, const struct quota_sources_config *cfg,
           struct errbuf *err)
{
    return start_server(p, cfg, cfg->dict_socket, &dict_server_ops, err);
}

static bool
warning_is_wanted(const struct quota_sources_config *cfg)
{
    return is_set(cfg->warning_socket);
}

static void *
warning_start(struct place *p, const struct quota_sources_config *cfg,
              struct errbuf *err)
{
    return start_server(p, cfg, cfg->warning_socket, &warning_server_ops, err);
}

/* --- Maildirs --- */

static bool
maildir_is_wanted(const struct quota_sources_config *cfg)
{
    return is_set(cfg->maildir.path);
}

/* It has a thread of its own, for file systems that hang. */
static void *
maildir_start(struct place *p, const struct quota_sources_config *cfg,
              struct errbuf *err)
{
    return maildir_source_start(&cfg->maildir, &p->sink, err);
}

static void
maildir_stop(void *source)
{
    struct maildir_source *s = source;

    maildir_source_stop(&s);
}

static void
maildir_online(void *source, const char *user)
{
    maildir_source_online(source, user);
}

static void
maildir_offline(void *source, const char *user)
{
    maildir_source_offline(source, user);
}

static void
maildir_ask(void *source, const char *user)
{
    maildir_source_ask(source, user);
}

static void
maildir_refresh(void *source)
{
    maildir_source_refresh(source);
}

/* --- Dovecot is asked --- */

static bool
doveadm_is_wanted(const struct quota_sources_config *cfg)
{
    return is_set(cfg->doveadm.url);
}

static void *
doveadm_start_source(struct place *p, const struct quota_sources_config *cfg,
                     struct errbuf *err)
{
    return doveadm_start(p->base, &cfg->doveadm, &p->sink, err);
}

static void
doveadm_stop_source(void *source)
{
    struct doveadm *d = source;

    doveadm_stop(&d);
}

static void
doveadm_ask_source(void *source, const char *user)
{
    doveadm_ask(source, user);
}

static void
doveadm_refresh_source(void *source)
{
    doveadm_refresh(source);
}

/* --- the table --- */

enum {
    DICT,
    WARNING,
    MAILDIR,
    DOVEADM,
    N_KINDS
};

static const struct source_kind kinds[N_KINDS] = {
    [DICT] = {.name = "dict",
              .is_wanted = dict_is_wanted,
              .start = dict_start,
              .stop = server_stop,
              .get_socket = server_socket},
    [WARNING] = {.name = "warning",
                 .is_wanted = warning_is_wanted,
                 .start = warning_start,
                 .stop = server_stop,
                 .get_socket = server_socket},
    [MAILDIR] = {.name = "maildir",
                 .is_wanted = maildir_is_wanted,
                 .start = maildir_start,
                 .stop = maildir_stop,
                 .ask = maildir_ask,
                 .refresh = maildir_refresh,
                 .online = maildir_online,
                 .offline = maildir_offline},
    [DOVEADM] = {.name = "doveadm",
                 .is_wanted = doveadm_is_wanted,
                 .start = doveadm_start_source,
                 .stop = doveadm_stop_source,
                 .ask = doveadm_ask_source,
                 .refresh = doveadm_refresh_source},
};

_Static_assert(N_KINDS <= SOCKET_GUARD_MOST, "too many sockets");

struct quota_sources {
    struct place place;     /* of NULLs while no source runs */
    struct quota_sink sink; /* the server's; place.sink stands before it */
    void *sources[N_KINDS]; /* owned; NULL: not wanted */
    struct socket_guard *guard;
    pthread_t thread;
    struct alive_loop *alive; /* owned; while it runs */
    bool is_running;
    bool wants_presence; /* a source does */
};

/* --- what sources say --- */

/* A level without a figure is a reason to ask for one. */
static void
on_report(void *arg, const struct quota_report *r)
{
    struct quota_sources *s = arg;

    s->sink.report(s->sink.arg, r);
    if (r->is_percent && s->sources[DOVEADM] != NULL)
        doveadm_ask(s->sources[DOVEADM], r->user);
}

static void
on_list(void *arg, struct quota_listing *l)
{
    struct quota_sources *s = arg;

    s->sink.list(s->sink.arg, l);
}

static void
on_progress(void *arg, enum quota_progress what, unsigned n)
{
    struct quota_sources *s = arg;

    quota_sink_progress(&s->sink, what, n);
}

/* --- the thread --- */

static void *
run(void *arg)
{
    struct quota_sources *s = arg;

    event_base_loop(s->place.base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

/* Signals are the main thread's. */
static void
start_thread(struct quota_sources *s)
{
    sigset_t all, old;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    s->alive = alive_loop_new(s->place.base, "quota");
    r = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (r != 0)
        log_fatal("starting the thread of quota sources: %s", strerror(r));
    pthread_setname_np(s->thread, "quota");
    s->is_running = true;
}

static void
deliver_end(struct mail *m, void *owner)
{
    struct quota_sources *s = owner;

    free(m);
    event_base_loopbreak(s->place.base);
}

static void
end_thread(struct quota_sources *s)
{
    struct mail *m = xcalloc(1, sizeof *m);

    m->deliver = deliver_end;
    mailbox_put(s->place.box, m);
    pthread_join(s->thread, NULL);
    alive_loop_free(&s->alive);
    s->is_running = false;
    mailbox_flush(s->place.box);
}

/* --- starting and stopping --- */

static void
make_place(struct quota_sources *s)
{
    s->place.base = event_base_new();
    if (s->place.base == NULL)
        log_fatal("making the loop of quota sources: no event base");
    s->place.loop = conn_loop_new(s->place.base, s);
    s->place.box = mailbox_new(s->place.base, s);
}

static int
start_source(struct quota_sources *s, int i,
             const struct quota_sources_config *cfg, struct errbuf *err)
{
    const struct source_kind *kind = &kinds[i];

    if (s->place.base == NULL)
        make_place(s);
    s->sources[i] = kind->start(&s->place, cfg, err);
    if (s->sources[i] == NULL)
        return err_prefix(err, "the quota source %s", kind->name);
    if (kind->online != NULL || kind->offline != NULL)
        s->wants_presence = true;
    if (kind->get_socket != NULL)
        log_info("quota source %s: listening on %s", kind->name,
                 kind->get_socket(s->sources[i])->path);
    return 0;
}

static int
start_guard(struct quota_sources *s, struct errbuf *err)
{
    const struct local_socket *list[N_KINDS];
    size_t n = 0;

    for (int i = 0; i < N_KINDS; i++)
        if (s->sources[i] != NULL && kinds[i].get_socket != NULL)
            list[n++] = kinds[i].get_socket(s->sources[i]);
    if (n == 0)
        return 0;
    s->guard = socket_guard_start(list, n, err);
    return s->guard != NULL ? 0 : -1;
}

struct quota_sources *
quota_sources_start(const struct quota_sources_config *cfg,
                    const struct quota_sink *sink, struct errbuf *err)
{
    struct quota_sources *s = xcalloc(1, sizeof *s);
    int r = 0;

    s->sink = *sink;
    s->place.sink = (struct quota_sink){on_report, on_list, s, on_progress};
    for (int i = 0; i < N_KINDS && r == 0; i++)
        if (kinds[i].is_wanted(cfg))
            r = start_source(s, i, cfg, err);
    if (r == 0)
        r = start_guard(s, err);
    if (r < 0)
        quota_sources_stop(&s);
    else if (s->place.base != NULL)
        start_thread(s);
    return s;
}

void
quota_sources_stop(struct quota_sources **sp)
{
    struct quota_sources *s = *sp;

    if (s == NULL)
        return;
    if (s->is_running)
        end_thread(s);
    for (int i = 0; i < N_KINDS; i++)
        if (s->sources[i] != NULL)
            kinds[i].stop(s->sources[i]);
    socket_guard_stop(&s->guard);
    mailbox_free(&s->place.box);
    conn_loop_free(&s->place.loop);
    if (s->place.base != NULL)
        event_base_free(s->place.base);
    free(s);
    *sp = NULL;
}

/* --- who is there --- */

struct presence {
    struct mail mail; /* first */
    bool is_online;
    char user[];
};

static void
deliver_presence(struct mail *m, void *owner)
{
    struct presence *p = (struct presence *)m;
    struct quota_sources *s = owner;

    for (int i = 0; i < N_KINDS; i++) {
        void (*tell)(void *source, const char *user) =
            p->is_online ? kinds[i].online : kinds[i].offline;

        if (s->sources[i] != NULL && tell != NULL)
            tell(s->sources[i], p->user);
    }
    free(p);
}

static void
put_presence(struct quota_sources *s, const char *user, bool is_online)
{
    size_t size = strlen(user) + 1;
    struct presence *p;

    if (!s->wants_presence)
        return;
    p = xmalloc(sizeof *p + size);
    p->mail.deliver = deliver_presence;
    p->is_online = is_online;
    memcpy(p->user, user, size);
    mailbox_put(s->place.box, &p->mail);
}

void
quota_sources_online(struct quota_sources *s, const char *user)
{
    put_presence(s, user, true);
}

void
quota_sources_offline(struct quota_sources *s, const char *user)
{
    put_presence(s, user, false);
}

/* --- questions --- */

bool
quota_sources_ask(struct quota_sources *s, const char *user)
{
    bool asked = false;

    for (int i = 0; i < N_KINDS; i++) {
        if (s->sources[i] == NULL || kinds[i].ask == NULL)
            continue;
        kinds[i].ask(s->sources[i], user);
        asked = true;
    }
    return asked;
}

void
quota_sources_refresh(struct quota_sources *s)
{
    for (int i = 0; i < N_KINDS; i++)
        if (s->sources[i] != NULL && kinds[i].refresh != NULL)
            kinds[i].refresh(s->sources[i]);
}

void
quota_sources_get_counts(const struct quota_sources *s,
                         struct quota_sources_counts *counts_r)
{
    *counts_r = (struct quota_sources_counts){0};
    if (s->sources[DICT] != NULL)
        report_server_get_counts(s->sources[DICT], &counts_r->dict);
    if (s->sources[WARNING] != NULL)
        report_server_get_counts(s->sources[WARNING], &counts_r->warning);
}
