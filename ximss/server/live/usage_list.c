/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of accounts for the sources of usage.  A job reads only so many that
 * nobody else waits long for the store, and says where the next one
 * continues. */
#include "config.h"

#include "ximss/server/live/usage_list.h"

#include <stdlib.h>
#include <string.h>

#include "quota/source.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/rules/lane.h"

/* Domains that one job looks into. */
#define DOMAINS_MOST 100
/* Names in one job that are no accounts'. */
#define OTHERS_MOST 1000

struct list_job {
    struct job job;
    struct quota_listing *listing;
    char **users; /* owned, and each of them */
    unsigned n;
    unsigned looked;    /* names that were passed over */
    char *resume;       /* owned; becomes the listing's */
    const char *domain; /* being walked */
    uint64_t domain_number;
    struct store_txn *txn; /* while the body runs */
};

static void
free_users(struct list_job *l)
{
    for (unsigned i = 0; i < l->n; i++)
        free(l->users[i]);
    l->n = 0;
    free(l->resume);
    l->resume = NULL;
}

static bool
told_by_mail_server(struct list_job *l, uint64_t account)
{
    struct usage_rec rec = {0};
    struct errbuf err;

    if (usage_get(l->txn, account, &rec, &err) != STORE_OK || rec.reported == 0)
        return false;
    switch ((enum quota_source)rec.source) {
    case QUOTA_SOURCE_DICT:
    case QUOTA_SOURCE_DOVEADM:
    case QUOTA_SOURCE_WARNING:
        return true;
    case QUOTA_SOURCE_ADMIN:
    case QUOTA_SOURCE_MAILDIR:
        break;
    }
    return false;
}

/* The administrator's account, which mail servers mostly do not have. */
static bool
is_left_out(struct list_job *l, const struct account_name *name)
{
    return l->listing->leave_own &&
           l->domain_number == l->job.server->main_domain_number &&
           strcmp(name->name, "postmaster") == 0 &&
           !told_by_mail_server(l, name->number);
}

static bool
take_name(const struct account_name *name, void *arg)
{
    struct list_job *l = arg;

    if (!name->alias && name->object == OBJECT_NONE && !is_left_out(l, name))
        l->users[l->n++] = xasprintf("%s@%s", name->name, l->domain);
    else if (++l->looked > OTHERS_MOST)
        l->resume = xasprintf("%s@%s", name->name, l->domain);
    return l->n < l->listing->most && l->resume == NULL;
}

/* Where a walk over the domains stands. */
struct place {
    char *domain; /* owned; its name, NULL: before the first */
    uint64_t number;
    char *after; /* owned; the last account there, NULL: before the first */
};

static void
place_clear(struct place *p)
{
    free(p->domain);
    free(p->after);
}

/* after: "name@domain", or "@domain": all of that and what follows; NULL: from the
 * beginning. */
static void
place_set(struct place *p, const char *after)
{
    const char *at = after != NULL ? strchr(after, '@') : NULL;

    *p = (struct place){0};
    if (at == NULL)
        return;
    p->domain = xstrdup(at + 1);
    if (at != after)
        p->after = xasprintf("%.*s", (int)(at - after), after);
}

static enum store_result
list_domain(struct list_job *l, const struct place *p, struct errbuf *err)
{
    l->domain = p->domain;
    l->domain_number = p->number;
    return account_walk(l->txn, p->number, p->after, take_name, l, err);
}

/* The rest of the domain that the last job was in.  It may be gone: then those
 * behind its name come next. */
static enum store_result
list_rest(struct list_job *l, struct place *p, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = domain_find(l->txn, p->domain, &d, err);

    if (r == STORE_OK && strcmp(d.name, p->domain) == 0) {
        p->number = d.number;
        r = list_domain(l, p, err);
    }
    domain_rec_clear(&d);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static bool
take_domain(const struct domain_rec *d, void *arg)
{
    struct place *next = arg;

    next->domain = xstrdup(d->name);
    next->number = d->number;
    return false;
}

/* Moves on; p->domain is NULL behind the last. */
static enum store_result
next_domain(struct list_job *l, struct place *p, struct errbuf *err)
{
    struct place next = {0};
    enum store_result r =
        domain_walk(l->txn, p->domain, take_domain, &next, err);

    place_clear(p);
    *p = next;
    return r;
}

static bool
is_full(const struct list_job *l)
{
    return l->n >= l->listing->most || l->resume != NULL;
}

/* Domain after domain, some in one job. */
static enum store_result
list_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct list_job *l = (struct list_job *)j;
    enum store_result r = STORE_OK;
    unsigned looked = 0;
    struct place p;

    free_users(l);
    l->txn = t;
    l->looked = 0;
    place_set(&p, l->listing->after);
    if (p.domain != NULL)
        r = list_rest(l, &p, err);
    while (r == STORE_OK && !is_full(l)) {
        r = next_domain(l, &p, err);
        if (r != STORE_OK || p.domain == NULL)
            break;
        if (++looked > DOMAINS_MOST)
            l->resume = xasprintf("@%s", p.domain);
        else
            r = list_domain(l, &p, err);
    }
    place_clear(&p);
    return r;
}

static void
list_finish(struct job *j)
{
    struct list_job *l = (struct list_job *)j;
    bool ok = j->result == STORE_OK;

    if (!ok)
        log_warn("listing accounts for a source of usage: %s", j->err.text);
    l->listing->resume = ok ? l->resume : NULL;
    if (ok)
        l->resume = NULL;
    l->listing->done(l->listing, (const char *const *)l->users, ok ? l->n : 0,
                     !ok);
    free_users(l);
    free(l->users);
    job_clear(j);
    free(l);
}

void
usage_list(struct server *server, struct quota_listing *listing)
{
    struct list_job *l = xcalloc(1, sizeof *l);

    job_init(&l->job, server, NULL);
    l->job.lane = lane_of(LANE_USAGE, 1);
    l->listing = listing;
    l->users = xcalloc(listing->most, sizeof l->users[0]);
    l->job.body = list_body;
    l->job.finish = list_finish;
    job_submit(&l->job);
}
