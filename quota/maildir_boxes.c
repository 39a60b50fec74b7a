/* SPDX-License-Identifier: BSD-2-Clause */
/* A box is in at most one list: `ready` to be read; `changed`, to be read in a
 * moment, so that a burst of deliveries causes one report; or `polled`, to be
 * read in a minute, because no watch reports changes or there is no
 * maildirsize.  One box is read per turn of the loop. */
#include "config.h"

#include "quota/maildir_boxes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <glib.h>

#include "quota/maildir_reader.h"
#include "quota/maildir_watch.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define CHANGED_DELAY (CLOCK_SECOND / 10)
#define POLLED_DELAY  (60 * CLOCK_SECOND)

TAILQ_HEAD(box_list, box);

struct box {
    char *user, *path;     /* owned */
    int watch;             /* -1: none */
    struct box_list *list; /* where it is; NULL: nowhere */
    int64_t due;           /* clock_mono; grows along each list */
    TAILQ_ENTRY(box) link;
};

struct maildir_boxes {
    struct maildir_reader *reader; /* borrowed */
    struct maildir_watch *watch;   /* owned */
    GHashTable *by_user;           /* owns the boxes */
    GHashTable *by_watch;          /* those that have one */
    struct box_list ready, changed, polled;
    struct event *work; /* owned: reads the next one */
};

/* Lets `work` run when the next box is to be read. */
static void
schedule(struct maildir_boxes *b)
{
    const struct box *changed = TAILQ_FIRST(&b->changed);
    struct timeval wait = {0, 0};
    int64_t us;

    if (TAILQ_EMPTY(&b->ready)) {
        if (changed == NULL)
            return;
        us = changed->due - clock_mono();
        if (us > 0)
            wait.tv_usec = (suseconds_t)us; /* no more than CHANGED_DELAY */
    }
    event_add(b->work, &wait);
}

static void
leave_list(struct box *box)
{
    if (box->list != NULL)
        TAILQ_REMOVE(box->list, box, link);
    box->list = NULL;
}

static void
enter_list(struct box *box, struct box_list *list, int64_t delay)
{
    leave_list(box);
    box->list = list;
    box->due = clock_mono() + delay;
    TAILQ_INSERT_TAIL(list, box, link);
}

static void
box_changed(struct maildir_boxes *b, struct box *box)
{
    if (box->list == &b->ready || box->list == &b->changed)
        return;
    enter_list(box, &b->changed, CHANGED_DELAY);
}

static void
drop_watch(struct maildir_boxes *b, struct box *box)
{
    if (box->watch < 0)
        return;
    g_hash_table_remove(b->by_watch, GINT_TO_POINTER(box->watch));
    maildir_watch_remove(b->watch, box->watch);
    box->watch = -1;
}

static void
all_changed(struct maildir_boxes *b)
{
    GHashTableIter i;
    gpointer box;

    g_hash_table_iter_init(&i, b->by_user);
    while (g_hash_table_iter_next(&i, NULL, &box))
        box_changed(b, box);
}

static void
on_news(int id, enum maildir_news news, void *arg)
{
    struct maildir_boxes *b = arg;
    struct box *box = g_hash_table_lookup(b->by_watch, GINT_TO_POINTER(id));

    if (news == MAILDIR_MISSED)
        all_changed(b);
    if (box != NULL) {
        if (news == MAILDIR_GONE)
            drop_watch(b, box);
        box_changed(b, box);
    }
    schedule(b);
}

/* Two accounts may share a Maildir: the second one is polled. */
static void
try_watch(struct maildir_boxes *b, struct box *box)
{
    int id = maildir_watch_add(b->watch, box->path);

    if (id < 0 || g_hash_table_contains(b->by_watch, GINT_TO_POINTER(id)))
        return;
    box->watch = id;
    g_hash_table_insert(b->by_watch, GINT_TO_POINTER(id), box);
}

/* Watched first: what changes while it is read is seen again. */
static void
read_box(struct maildir_boxes *b, struct box *box)
{
    bool counted;

    leave_list(box);
    if (box->watch < 0)
        try_watch(b, box);
    maildir_reader_read(b->reader, box->user, box->path, &counted);
    if (box->watch < 0 || !counted)
        enter_list(box, &b->polled, POLLED_DELAY);
}

static void
collect(struct maildir_boxes *b, struct box_list *list, int64_t now)
{
    struct box *box;

    while ((box = TAILQ_FIRST(list)) != NULL && box->due <= now)
        enter_list(box, &b->ready, 0);
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
    struct maildir_boxes *b = arg;
    struct box *box;

    (void)fd;
    (void)what;
    collect(b, &b->changed, clock_mono());
    box = TAILQ_FIRST(&b->ready);
    if (box != NULL)
        read_box(b, box);
    schedule(b);
}

static void
free_box(void *arg)
{
    struct box *box = arg;

    leave_list(box);
    free(box->user);
    free(box->path);
    free(box);
}

struct maildir_boxes *
maildir_boxes_new(struct event_base *base, struct maildir_reader *r,
                  unsigned most_watches)
{
    struct maildir_boxes *b = xcalloc(1, sizeof *b);

    b->reader = r;
    TAILQ_INIT(&b->ready);
    TAILQ_INIT(&b->changed);
    TAILQ_INIT(&b->polled);
    b->by_user = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_box);
    b->by_watch = g_hash_table_new(NULL, NULL);
    b->watch = maildir_watch_new(base, most_watches, on_news, b);
    b->work = evtimer_new(base, on_work, b);
    if (b->work == NULL)
        log_fatal("making a timer: out of memory");
    return b;
}

void
maildir_boxes_free(struct maildir_boxes **b)
{
    if (*b == NULL)
        return;
    g_hash_table_destroy((*b)->by_watch);
    g_hash_table_destroy((*b)->by_user);
    maildir_watch_free(&(*b)->watch);
    event_free((*b)->work);
    free(*b);
    *b = NULL;
}

void
maildir_boxes_online(struct maildir_boxes *b, const char *user)
{
    struct box *box = g_hash_table_lookup(b->by_user, user);

    if (box == NULL) {
        char *path = maildir_reader_path(b->reader, user);

        if (path == NULL)
            return;
        box = xcalloc(1, sizeof *box);
        box->user = xstrdup(user);
        box->path = path;
        box->watch = -1;
        g_hash_table_insert(b->by_user, box->user, box);
    }
    if (box->list != &b->ready)
        enter_list(box, &b->ready, 0);
    schedule(b);
}

void
maildir_boxes_offline(struct maildir_boxes *b, const char *user)
{
    struct box *box = g_hash_table_lookup(b->by_user, user);

    if (box == NULL)
        return;
    drop_watch(b, box);
    g_hash_table_remove(b->by_user, user);
}

void
maildir_boxes_tick(struct maildir_boxes *b, int64_t now)
{
    collect(b, &b->polled, now);
    schedule(b);
}
