/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/maildir_pass.h"

#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>

#include "quota/account_walk.h"
#include "quota/maildir_reader.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define PAGE           100
#define PROGRESS_EVERY (5 * CLOCK_SECOND)
#define RETRY_AFTER    (10 * CLOCK_SECOND) /* when the store could not tell */

struct maildir_pass {
    struct maildir_reader *reader; /* borrowed */
    struct account_walk *walk;     /* owned */
    struct account_page *page;     /* owned; NULL: asked for, or no pass */
    size_t next;                   /* in the page */
    struct event *work;            /* owned: reads the next one */
    int64_t interval;
    /* clock_mono: */
    int64_t begin; /* of the next pass; INT64_MAX: never */
    int64_t retry; /* the page is asked for again; INT64_MAX: it need not */
    int64_t began, progress; /* this pass; its last line in the log */
    bool running;
    bool due; /* one is, besides the one that is running */
    unsigned passes;
    unsigned count[MAILDIR_FAILED + 1]; /* of this pass, by maildir_result */
};

static void
go_on(struct maildir_pass *p)
{
    static const struct timeval now = {0, 0};

    event_add(p->work, &now);
}

static void
say_progress(struct maildir_pass *p)
{
    int64_t now = clock_mono();

    if (now - p->progress < PROGRESS_EVERY)
        return;
    p->progress = now;
    log_info("quota: read %u of the Maildirs", p->count[MAILDIR_OK]);
}

static void
begin_pass(struct maildir_pass *p, int64_t now)
{
    if (!p->due)
        maildir_reader_progress(p->reader, QUOTA_ROUND_DUE, 1);
    p->due = false;
    p->running = true;
    p->began = p->progress = now;
    p->begin = p->interval > 0 ? now + p->interval : INT64_MAX;
    for (size_t i = 0; i <= MAILDIR_FAILED; i++)
        p->count[i] = 0;
    account_walk_next(p->walk);
}

/* The first is worth a line, and so is one that takes long. */
static void
end_pass(struct maildir_pass *p)
{
    int64_t took = clock_mono() - p->began;
    const unsigned *n = p->count;

    p->running = false;
    if (n[MAILDIR_OK] > 0 && n[MAILDIR_DENIED] + n[MAILDIR_FAILED] == 0)
        maildir_reader_forgive(p->reader);
    if (p->passes++ == 0 || took >= PROGRESS_EVERY)
        log_info("quota: read %u Maildirs in %d s; %u accounts have none, %u"
                 " may not be read, %u could not be",
                 n[MAILDIR_OK], (int)(took / CLOCK_SECOND), n[MAILDIR_ABSENT],
                 n[MAILDIR_DENIED], n[MAILDIR_FAILED]);
    maildir_reader_progress(p->reader, QUOTA_ROUND_ENDED, 1);
    if (p->due)
        begin_pass(p, clock_mono());
}

static void
read_one(struct maildir_pass *p, const char *user)
{
    char *path = maildir_reader_path(p->reader, user);
    enum maildir_result result = MAILDIR_ABSENT;
    bool counted;

    if (path != NULL)
        result = maildir_reader_read(p->reader, user, path, &counted);
    p->count[result]++;
    maildir_reader_progress(p->reader, QUOTA_LOOKED, 1);
    free(path);
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
    struct maildir_pass *p = arg;
    bool last = p->page->last;

    (void)fd;
    (void)what;
    if (p->next < p->page->n) {
        read_one(p, p->page->users[p->next++]);
        say_progress(p);
        go_on(p);
        return;
    }
    account_page_free(&p->page);
    if (last)
        end_pass(p);
    else
        account_walk_next(p->walk);
}

static void
on_page(struct account_page *page, void *arg)
{
    struct maildir_pass *p = arg;

    if (page->failed) {
        p->retry = clock_mono() + RETRY_AFTER;
        account_page_free(&page);
        return;
    }
    p->page = page;
    p->next = 0;
    go_on(p);
}

struct maildir_pass *
maildir_pass_new(struct event_base *base, struct mailbox *box,
                 struct maildir_reader *r, int64_t interval)
{
    struct maildir_pass *p = xcalloc(1, sizeof *p);

    p->reader = r;
    p->interval = interval;
    p->begin = INT64_MIN;
    p->retry = INT64_MAX;
    p->walk = account_walk_new(maildir_reader_sink(r), box, PAGE, on_page, p);
    p->work = evtimer_new(base, on_work, p);
    if (p->work == NULL)
        log_fatal("making a timer: out of memory");
    return p;
}

void
maildir_pass_free(struct maildir_pass **p)
{
    if (*p == NULL)
        return;
    account_walk_free(&(*p)->walk);
    account_page_free(&(*p)->page);
    event_free((*p)->work);
    free(*p);
    *p = NULL;
}

void
maildir_pass_tick(struct maildir_pass *p, int64_t now)
{
    if (!p->running && now >= p->begin)
        begin_pass(p, now);
    if (p->running && now >= p->retry) {
        p->retry = INT64_MAX;
        account_walk_next(p->walk);
    }
}

void
maildir_pass_refresh(struct maildir_pass *p)
{
    if (p->due) /* they become one */
        maildir_reader_progress(p->reader, QUOTA_ROUND_ENDED, 1);
    p->due = true;
    if (!p->running)
        begin_pass(p, clock_mono());
}
