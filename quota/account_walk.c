/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer to a request for names comes on a thread of the store, perhaps
 * after the caller has stopped.  So the walk has a reference count, one
 * reference for its owner and one for the request.  The lock protects the
 * pointer to the mailbox, which is gone when the owner has stopped. */
#include "config.h"

#include "quota/account_walk.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "quota/source.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"

struct account_walk {
    struct quota_listing listing; /* first */
    struct mail mail;             /* the answer on its way to the loop */
    const struct quota_sink *sink;
    struct mailbox *box;
    account_walk_cb *on_page;
    void *arg;
    struct account_page *answer; /* owned, while the mail is on its way */
    bool asked;
    pthread_mutex_t lock; /* of what follows */
    bool freed;
    unsigned refs;
};

void
account_page_free(struct account_page **page)
{
    if (*page == NULL)
        return;
    for (size_t i = 0; i < (*page)->n; i++)
        free((*page)->users[i]);
    free((*page)->users);
    free(*page);
    *page = NULL;
}

static void
unref(struct account_walk *w)
{
    unsigned left;

    pthread_mutex_lock(&w->lock);
    left = --w->refs;
    pthread_mutex_unlock(&w->lock);
    if (left > 0)
        return;
    pthread_mutex_destroy(&w->lock);
    free(w->listing.after);
    free(w->listing.resume);
    free(w);
}

static struct account_page *
copy_page(const struct quota_listing *l, const char *const *users, size_t n,
          bool failed)
{
    struct account_page *page = xcalloc(1, sizeof *page);

    page->failed = failed;
    page->last = !failed && n < l->most && l->resume == NULL;
    page->n = failed ? 0 : n;
    page->users = xcalloc(page->n, sizeof *page->users);
    for (size_t i = 0; i < page->n; i++)
        page->users[i] = xstrdup(users[i]);
    return page;
}

/* On the store's thread. */
static void
on_answer(struct quota_listing *l, const char *const *users, size_t n,
          bool failed)
{
    struct account_walk *w = (struct account_walk *)l;
    struct account_page *page = copy_page(l, users, n, failed);
    bool freed;

    pthread_mutex_lock(&w->lock);
    freed = w->freed;
    if (!freed) {
        w->answer = page;
        mailbox_put(w->box, &w->mail);
    }
    pthread_mutex_unlock(&w->lock);
    if (freed) {
        account_page_free(&page);
        unref(w);
    }
}

static void
advance(struct account_walk *w, const struct account_page *page)
{
    if (page->failed)
        return;
    free(w->listing.after);
    w->listing.after = w->listing.resume;
    w->listing.resume = NULL;
    if (w->listing.after == NULL && !page->last)
        w->listing.after = xstrdup(page->users[page->n - 1]);
}

static void
deliver(struct mail *m, void *owner)
{
    struct account_walk *w =
        (struct account_walk *)(void *)((char *)m -
                                        offsetof(struct account_walk, mail));
    struct account_page *page = w->answer;

    (void)owner;
    w->answer = NULL;
    w->asked = false;
    if (w->freed) { /* set by this thread */
        account_page_free(&page);
    } else {
        advance(w, page);
        w->on_page(page, w->arg);
    }
    unref(w);
}

struct account_walk *
account_walk_new(const struct quota_sink *sink, struct mailbox *box,
                 unsigned most, account_walk_cb *on_page, void *arg)
{
    struct account_walk *w = xcalloc(1, sizeof *w);

    assert(most > 0);
    w->listing.most = most;
    w->listing.done = on_answer;
    w->mail.deliver = deliver;
    w->sink = sink;
    w->box = box;
    w->on_page = on_page;
    w->arg = arg;
    w->refs = 1;
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void
account_walk_leave_own(struct account_walk *w)
{
    w->listing.leave_own = true;
}

void
account_walk_next(struct account_walk *w)
{
    assert(!w->asked);
    w->asked = true;
    pthread_mutex_lock(&w->lock);
    w->refs++;
    pthread_mutex_unlock(&w->lock);
    w->sink->list(w->sink->arg, &w->listing);
}

void
account_walk_free(struct account_walk **w)
{
    if (*w == NULL)
        return;
    pthread_mutex_lock(&(*w)->lock);
    (*w)->freed = true;
    pthread_mutex_unlock(&(*w)->lock);
    unref(*w);
    *w = NULL;
}
