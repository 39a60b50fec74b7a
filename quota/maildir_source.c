/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread, and what other threads tell it.  Log-ins are not queued; each
 * account has one note, so that a thread that hangs for an hour does not find a
 * million of them.  The source has a reference count, one reference for its
 * owner and one for its thread.  The last one frees it, even if that is a
 * thread that was left behind. */
#include "config.h"

#include "quota/maildir_source.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <glib.h>

#include "quota/maildir_boxes.h"
#include "quota/maildir_pass.h"
#include "quota/maildir_path.h"
#include "quota/maildir_reader.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"

#define STOP_WAIT (5 * CLOCK_SECOND)

/* What is noted of an account: the newest of the first two, and the third. */
enum note {
    NOTE_OFFLINE = 1 << 0,
    NOTE_ONLINE = 1 << 1,
    NOTE_READ = 1 << 2
};

struct maildir_source {
    struct maildir_config config; /* its texts are the next two */
    char *path, *main_domain;     /* owned */
    struct maildir_reader *reader;
    pthread_t thread;
    int ended; /* an eventfd: the thread has */
    /* The thread's. */
    struct event_base *base;
    struct mailbox *box;
    struct maildir_boxes *boxes;
    struct maildir_pass *pass;
    struct event *tick;
    /* On their way to the thread, once at most. */
    struct mail notes_mail, stop_mail, refresh_mail;
    pthread_mutex_t lock; /* of what follows */
    GHashTable *notes;    /* user -> of enum note; not empty: notes_mail is
                             under way */
    bool refreshing;      /* refresh_mail is */
    unsigned refs;
};

static void
unref(struct maildir_source *s)
{
    unsigned left;

    pthread_mutex_lock(&s->lock);
    left = --s->refs;
    pthread_mutex_unlock(&s->lock);
    if (left > 0)
        return;
    /* Not by the thread alone: whoever puts the last mail still wakes it. */
    mailbox_free(&s->box);
    event_base_free(s->base);
    maildir_reader_free(&s->reader);
    g_hash_table_destroy(s->notes);
    pthread_mutex_destroy(&s->lock);
    close(s->ended);
    free(s->path);
    free(s->main_domain);
    free(s);
}

static void
deliver_stop(struct mail *m, void *owner)
{
    struct maildir_source *s = owner;

    (void)m;
    event_base_loopbreak(s->base);
}

static GHashTable *
new_notes(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
}

static void
read_once(struct maildir_source *s, const char *user)
{
    char *path = maildir_reader_path(s->reader, user);
    bool counted;

    if (path != NULL)
        (void)maildir_reader_read(s->reader, user, path, &counted);
    free(path);
}

static void
follow_note(struct maildir_source *s, const char *user, int note)
{
    if ((note & NOTE_ONLINE) != 0)
        maildir_boxes_online(s->boxes, user); /* reads it */
    else if ((note & NOTE_OFFLINE) != 0)
        maildir_boxes_offline(s->boxes, user);
    if ((note & (NOTE_READ | NOTE_ONLINE)) == NOTE_READ)
        read_once(s, user);
}

static void
deliver_notes(struct mail *m, void *owner)
{
    struct maildir_source *s = owner;
    GHashTable *notes;
    GHashTableIter i;
    gpointer user, note;

    (void)m;
    pthread_mutex_lock(&s->lock);
    notes = s->notes;
    s->notes = new_notes();
    pthread_mutex_unlock(&s->lock);
    g_hash_table_iter_init(&i, notes);
    while (g_hash_table_iter_next(&i, &user, &note))
        follow_note(s, user, GPOINTER_TO_INT(note));
    g_hash_table_destroy(notes);
}

static void
deliver_refresh(struct mail *m, void *owner)
{
    struct maildir_source *s = owner;

    (void)m;
    pthread_mutex_lock(&s->lock);
    s->refreshing = false;
    pthread_mutex_unlock(&s->lock);
    maildir_pass_refresh(s->pass);
}

static void
take_note(struct maildir_source *s, const char *user, enum note note)
{
    int old, now;

    pthread_mutex_lock(&s->lock);
    if (g_hash_table_size(s->notes) == 0)
        mailbox_put(s->box, &s->notes_mail);
    old = GPOINTER_TO_INT(g_hash_table_lookup(s->notes, user));
    now = note == NOTE_READ ? old | NOTE_READ : (old & NOTE_READ) | (int)note;
    g_hash_table_replace(s->notes, xstrdup(user), GINT_TO_POINTER(now));
    pthread_mutex_unlock(&s->lock);
}

void
maildir_source_online(struct maildir_source *s, const char *user)
{
    take_note(s, user, NOTE_ONLINE);
}

void
maildir_source_offline(struct maildir_source *s, const char *user)
{
    take_note(s, user, NOTE_OFFLINE);
}

void
maildir_source_ask(struct maildir_source *s, const char *user)
{
    take_note(s, user, NOTE_READ);
}

void
maildir_source_refresh(struct maildir_source *s)
{
    bool first;

    pthread_mutex_lock(&s->lock);
    first = !s->refreshing;
    s->refreshing = true;
    pthread_mutex_unlock(&s->lock);
    if (!first)
        return;
    maildir_reader_progress(s->reader, QUOTA_ROUND_DUE, 1);
    mailbox_put(s->box, &s->refresh_mail);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct maildir_source *s = arg;
    int64_t now = clock_mono();

    (void)fd;
    (void)what;
    maildir_boxes_tick(s->boxes, now);
    maildir_pass_tick(s->pass, now);
}

static void *
run(void *arg)
{
    static const struct timeval second = {1, 0};
    struct maildir_source *s = arg;
    uint64_t one = 1;

    event_add(s->tick, &second);
    event_active(s->tick, EV_TIMEOUT, 0);
    event_base_dispatch(s->base);
    maildir_pass_free(&s->pass);
    mailbox_flush(s->box);
    maildir_boxes_free(&s->boxes);
    event_free(s->tick);
    if (write(s->ended, &one, sizeof one) < 0)
        log_fatal("ending a thread: %s", strerror(errno));
    unref(s);
    return NULL;
}

static int
start_thread(struct maildir_source *s)
{
    sigset_t all, old;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}

static struct maildir_source *
new_source(const struct maildir_config *config, const struct quota_sink *sink)
{
    struct maildir_source *s = xcalloc(1, sizeof *s);

    s->config = *config;
    s->config.path = s->path = xstrdup(config->path);
    if (config->main_domain != NULL)
        s->config.main_domain = s->main_domain = xstrdup(config->main_domain);
    s->reader = maildir_reader_new(&s->config, sink);
    s->ended = eventfd(0, EFD_CLOEXEC);
    s->base = event_base_new();
    if (s->ended < 0 || s->base == NULL)
        log_fatal("making a loop: %s", strerror(errno));
    s->box = mailbox_new(s->base, s);
    s->boxes = maildir_boxes_new(s->base, s->reader, config->most_watches);
    s->pass = maildir_pass_new(s->base, s->box, s->reader, config->interval);
    s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
    if (s->tick == NULL)
        log_fatal("making a timer: out of memory");
    s->notes_mail.deliver = deliver_notes;
    s->refresh_mail.deliver = deliver_refresh;
    s->stop_mail.deliver = deliver_stop;
    s->notes = new_notes();
    pthread_mutex_init(&s->lock, NULL);
    s->refs = 2;
    return s;
}

struct maildir_source *
maildir_source_start(const struct maildir_config *config,
                     const struct quota_sink *sink, struct errbuf *err)
{
    struct maildir_source *s;
    int rc;

    if (maildir_path_check(config->path, err) < 0)
        return NULL;
    s = new_source(config, sink);
    rc = start_thread(s);
    if (rc != 0)
        log_fatal("starting the thread of Maildirs: %s", strerror(rc));
    pthread_setname_np(s->thread, "maildir");
    return s;
}

void
maildir_source_stop(struct maildir_source **s)
{
    struct pollfd ended = {.events = POLLIN};
    int64_t wait;

    if (*s == NULL)
        return;
    ended.fd = (*s)->ended;
    wait = (*s)->config.stop_wait > 0 ? (*s)->config.stop_wait : STOP_WAIT;
    maildir_reader_close((*s)->reader);
    mailbox_put((*s)->box, &(*s)->stop_mail);
    while (poll(&ended, 1, (int)(wait / 1000)) < 0 && errno == EINTR)
        ;
    if ((ended.revents & POLLIN) != 0) {
        pthread_join((*s)->thread, NULL);
    } else {
        log_warn("quota: the thread that reads Maildirs hangs in a file system,"
                 " and is left behind");
        pthread_detach((*s)->thread);
    }
    unref(*s);
    *s = NULL;
}
