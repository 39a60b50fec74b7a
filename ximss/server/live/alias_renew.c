/* SPDX-License-Identifier: BSD-2-Clause */
/* From the store come the aliases that lack a verifier, then each is hashed in a
 * turn of its own, then all are stored.  Whether it is the password is checked
 * against what the store said, and that it still was is seen when they are
 * stored: a password that was changed meanwhile lets nobody in by an alias. */
#include "config.h"

#include "ximss/server/live/alias_renew.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"

/* Accounts in work at the same time. */
#define ACCOUNTS_MOST 256

/* Whose work it is in the hash pool: no account has this number. */
#define SHARE UINT64_MAX

struct alias_renew {
    pthread_mutex_t lock;
    size_t n;
    uint64_t account[ACCOUNTS_MOST];
};

struct renewal {
    struct job job;
    struct hash_pool *pool;
    uint64_t account;
    char *password; /* owned, wiped */
    struct credential cred;
    size_t n, at; /* of the list; the next to be hashed */
    bool checked, matches;
    struct alias_verifier list[ALIAS_RENEW_MOST];
};

struct alias_renew *
alias_renew_new(void)
{
    struct alias_renew *r = xcalloc(1, sizeof *r);

    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void
alias_renew_free(struct alias_renew **r)
{
    if (*r == NULL)
        return;
    pthread_mutex_destroy(&(*r)->lock);
    free(*r);
    *r = NULL;
}

/* False: it is in work already, or too many are. */
static bool
enter(struct alias_renew *r, uint64_t account)
{
    bool free_place;
    size_t i = 0;

    pthread_mutex_lock(&r->lock);
    while (i < r->n && r->account[i] != account)
        i++;
    free_place = i == r->n && i < ACCOUNTS_MOST;
    if (free_place)
        r->account[r->n++] = account;
    pthread_mutex_unlock(&r->lock);
    return free_place;
}

static void
leave(struct alias_renew *r, uint64_t account)
{
    size_t i = 0;

    pthread_mutex_lock(&r->lock);
    while (r->account[i] != account)
        i++;
    r->account[i] = r->account[--r->n];
    pthread_mutex_unlock(&r->lock);
}

static void
renewal_free(struct renewal *n)
{
    leave(n->job.server->alias_renew, n->account);
    OPENSSL_cleanse(n->password, strlen(n->password));
    free(n->password);
    job_clear(&n->job);
    OPENSSL_cleanse(n, sizeof *n);
    free(n);
}

/* --- store --- */

static enum store_result
put_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    const struct renewal *n = (struct renewal *)j;
    struct account_rec a = {0};
    enum store_result r = account_get(t, n->account, &a, err);
    bool same = r == STORE_OK &&
                memcmp(a.cred.salt, n->cred.salt, sizeof a.cred.salt) == 0;

    for (size_t i = 0; r == STORE_OK && same && i < n->at; i++)
        r = alias_verifier_put(t, &a, &n->list[i], err);
    account_rec_clear(&a);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static void
put_finish(struct job *j)
{
    if (j->result != STORE_OK)
        log_warn("verifiers of aliases could not be stored: %s", j->err.text);
    renewal_free((struct renewal *)j);
}

/* --- hash --- */

static void
hash_work(void *arg)
{
    struct renewal *n = arg;
    struct credential *c = &n->list[n->at].cred;

    if (!n->checked) {
        n->checked = true;
        n->matches = password_matches(&n->cred, n->password, NULL);
    } else {
        if (c->iterations == 0)
            password_make(n->password, n->cred.iterations, false, c);
        else
            password_renew(c, n->password, n->cred.iterations);
        n->at++;
    }
}

static void
hash_done(void *arg)
{
    struct renewal *n = arg;

    if (n->matches && n->at < n->n &&
        hash_pool_submit(n->pool, SHARE, hash_work, hash_done, n) == 0)
        return;
    if (n->at == 0) {
        renewal_free(n);
        return;
    }
    n->job.body = put_body;
    n->job.finish = put_finish;
    job_submit(&n->job);
}

/* --- begin --- */

static enum store_result
list_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct renewal *n = (struct renewal *)j;
    struct account_rec a = {0};
    enum store_result r = account_get(t, n->account, &a, err);

    n->n = 0;
    if (r == STORE_OK)
        r = alias_verifier_list(t, &a, n->list, ALIAS_RENEW_MOST, &n->n, err);
    n->cred = a.cred;
    account_rec_clear(&a);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static void
list_finish(struct job *j)
{
    struct renewal *n = (struct renewal *)j;

    if (j->result != STORE_OK)
        log_warn("aliases could not be read: %s", j->err.text);
    n->pool = j->server->hash_pool;
    if (j->result != STORE_OK || n->n == 0 ||
        hash_pool_submit(n->pool, SHARE, hash_work, hash_done, n) < 0)
        renewal_free(n);
}

void
alias_renew(struct worker *w, uint64_t lane, uint64_t account,
            const char *password)
{
    struct renewal *n;

    if (!enter(w->server->alias_renew, account))
        return;
    n = xcalloc(1, sizeof *n);
    job_init(&n->job, w->server, w);
    n->job.lane = lane;
    n->account = account;
    n->password = xstrdup(password);
    n->job.body = list_body;
    n->job.finish = list_finish;
    job_submit(&n->job);
}
