/* SPDX-License-Identifier: BSD-2-Clause */
/* All reports of the source to its sink go through this file, under a lock:
 * when a thread comes back from a file system that hung, the sink may be
 * gone. */
#include "config.h"

#include "quota/maildir_reader.h"

#include <pthread.h>
#include <stdlib.h>

#include "quota/maildir_path.h"
#include "quota/maildir_read.h"
#include "quota/maildir_source.h"
#include "quota/source.h"
#include "util/log.h"
#include "util/xmalloc.h"

struct maildir_reader {
    const struct maildir_config *config;
    struct quota_sink gate; /* list only */
    size_t root;            /* of the paths: see maildir_path_root */
    bool said_denied, said_failed;
    atomic_bool stop;
    pthread_mutex_t lock;          /* of what follows */
    const struct quota_sink *sink; /* NULL: closed */
};

static void
ask(void *arg, struct quota_listing *l)
{
    struct maildir_reader *r = arg;
    bool closed;

    pthread_mutex_lock(&r->lock);
    closed = r->sink == NULL;
    if (!closed)
        r->sink->list(r->sink->arg, l);
    pthread_mutex_unlock(&r->lock);
    if (closed)
        l->done(l, NULL, 0, true);
}

struct maildir_reader *
maildir_reader_new(const struct maildir_config *config,
                   const struct quota_sink *sink)
{
    struct maildir_reader *r = xcalloc(1, sizeof *r);

    r->config = config;
    r->root = maildir_path_root(config->path);
    r->sink = sink;
    r->gate.list = ask;
    r->gate.arg = r;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void
maildir_reader_free(struct maildir_reader **r)
{
    if (*r == NULL)
        return;
    pthread_mutex_destroy(&(*r)->lock);
    free(*r);
    *r = NULL;
}

const struct quota_sink *
maildir_reader_sink(const struct maildir_reader *r)
{
    return &r->gate;
}

char *
maildir_reader_path(const struct maildir_reader *r, const char *user)
{
    struct errbuf err;
    char *path = maildir_path_expand(r->config->path, user,
                                     r->config->main_domain, &err);

    if (path == NULL)
        log_debug("quota: no Maildir: %s", err.text);
    return path;
}

static void
report(struct maildir_reader *r, const char *user,
       const struct maildir_use *use)
{
    const struct quota_report report = {
        .user = user,
        .source = QUOTA_SOURCE_MAILDIR,
        .used = use->used,
        .has_limit = use->counted && r->config->use_limits,
        .limit = r->config->use_limits ? use->limit : 0,
    };

    /* A sink does not block, so who closes does not wait for long. */
    pthread_mutex_lock(&r->lock);
    if (r->sink != NULL)
        r->sink->report(r->sink->arg, &report);
    pthread_mutex_unlock(&r->lock);
}

static void
complain_denied(struct maildir_reader *r, const char *what)
{
    if (r->said_denied) {
        log_debug("quota: %s", what);
        return;
    }
    log_warn("quota: %s: give the user that this server runs as the right to"
             " read Maildirs and to search the directories above them (by a"
             " group, or an ACL); of others that may not be read nothing is"
             " said",
             what);
    r->said_denied = true;
}

static void
complain_failed(struct maildir_reader *r, const char *what)
{
    if (r->stop || r->said_failed) {
        log_debug("quota: %s", what);
        return;
    }
    log_warn("quota: reading a Maildir: %s; of others that cannot be read"
             " nothing is said",
             what);
    r->said_failed = true;
}

enum maildir_result
maildir_reader_read(struct maildir_reader *r, const char *user,
                    const char *path, bool *counted_r)
{
    struct maildir_use use = {0};
    struct errbuf err;
    enum maildir_result result =
        maildir_read(path, r->root, &r->stop, &use, &err);

    *counted_r = use.counted;
    switch (result) {
    case MAILDIR_OK:
        report(r, user, &use);
        break;
    case MAILDIR_ABSENT:
        log_debug("quota: %s", err.text);
        break;
    case MAILDIR_DENIED:
        complain_denied(r, err.text);
        break;
    case MAILDIR_FAILED:
        complain_failed(r, err.text);
        break;
    }
    return result;
}

void
maildir_reader_progress(struct maildir_reader *r, enum quota_progress what,
                        unsigned n)
{
    pthread_mutex_lock(&r->lock);
    if (r->sink != NULL)
        quota_sink_progress(r->sink, what, n);
    pthread_mutex_unlock(&r->lock);
}

void
maildir_reader_forgive(struct maildir_reader *r)
{
    r->said_denied = r->said_failed = false;
}

void
maildir_reader_close(struct maildir_reader *r)
{
    r->stop = true;
    pthread_mutex_lock(&r->lock);
    r->sink = NULL;
    pthread_mutex_unlock(&r->lock);
}
