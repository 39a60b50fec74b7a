/* SPDX-License-Identifier: BSD-2-Clause */
/* Only here the transaction knows the tables that keep something in memory
 * until it ends. */
#include "config.h"

#include "storage/txn_commit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "storage/account_name.h"
#include "storage/audit_chain.h"
#include "storage/guard.h"
#include "util/log.h"
#include "util/xmalloc.h"

struct store_txn *
txn_new(struct env *env, unsigned audit_days, struct errbuf *err)
{
    struct store_txn *t = xcalloc(1, sizeof *t);
    enum store_result r;

    t->env = env;
    t->audit_days = audit_days;
    t->trash = true; /* until a sweep has found nothing */
    t->value.flags = DB_DBT_REALLOC;
    r = txn_begin(t, err);
    if (r == STORE_OK) {
        r = meta_load_counters(t, err);
        if (r == STORE_OK)
            r = audit_chain_load(t, err);
        txn_abort(t);
    }
    if (r != STORE_OK)
        txn_free(&t);
    return t;
}

void
txn_free(struct store_txn **t_p)
{
    struct store_txn *t = *t_p;

    *t_p = NULL;
    if (t == NULL)
        return;
    assert(t->handle == NULL);
    alert_sets_drop(t, false);
    buf_clear(&t->audit);
    buf_clear(&t->record);
    free(t->value.data);
    free(t);
}

static void
reset(struct store_txn *t)
{
    t->handle = NULL;
    t->failed = 0;
    t->space = SPACE_UNKNOWN;
    t->looked_bytes = 0;
    t->looked_changes = 0;
    t->unwritable = 0;
    t->removing = t->removed_some = false;
    t->changes = 0;
    t->bytes = 0;
    t->tables = 0;
    t->pending = 0;
    t->work = 0;
    t->work_job = 0;
    t->count_domain = 0;
    t->count = (struct name_count){0};
    t->count_changed = false;
    t->audit.len = 0;
    t->audit_newest = INT64_MIN;
}

enum store_result
txn_begin(struct store_txn *t, struct errbuf *err)
{
    int ret;

    assert(t->handle == NULL);
    reset(t);
    ret = t->env->dbenv->txn_begin(t->env->dbenv, NULL, &t->handle, 0);
    if (ret == 0)
        return STORE_OK;
    t->handle = NULL;
    return txn_fail(t, ret, "beginning a transaction", err);
}

/* What is kept in memory is what is on disk. */
static void
take_back(struct store_txn *t)
{
    memcpy(t->counter, t->committed, sizeof t->counter);
    t->audit_head = t->audit_committed;
    alert_sets_drop(t, true);
}

void
txn_abort(struct store_txn *t)
{
    int ret = t->handle->abort(t->handle);

    t->handle = NULL;
    if (ret != 0 && !atomic_load(&t->env->panicked))
        log_error("storage: taking a transaction back: %s", db_strerror(ret));
    take_back(t);
}

enum store_result
txn_commit(struct store_txn *t, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    int ret = t->failed;

    /* What goes with removals (their audit, the counters) is written as they
     * are. */
    t->removing = t->removed_some;
    if (ret == 0 && t->audit.len > 0)
        r = audit_flush(t, err);
    if (ret == 0 && r == STORE_OK)
        r = account_name_flush_count(t, err);
    if (ret == 0 && r == STORE_OK)
        r = meta_flush_counters(t, err);
    if (ret != 0)
        r = txn_fail(t, ret, "committing", err);
    if (r != STORE_OK) {
        txn_abort(t);
        return r;
    }
    if (t->changes > 0 && (ret = guard_before_commit(t->env, t->handle)) != 0) {
        r = txn_fail(t, ret, "committing", err);
        txn_abort(t);
        return r;
    }
    ret = t->handle->commit(t->handle, DB_TXN_SYNC);
    t->handle = NULL;
    if (ret != 0) {
        take_back(t);
        return txn_fail(t, ret, "committing", err);
    }
    memcpy(t->committed, t->counter, sizeof t->counter);
    t->audit_committed = t->audit_head;
    alert_sets_committed(t);
    if (t->changes > 0) {
        guard_committed(t->env, t->tables);
        atomic_fetch_add(&t->env->unwritten, t->pending);
        if (t->space == SPACE_ENOUGH)
            env_set_full(t->env, false);
    }
    return STORE_OK;
}
