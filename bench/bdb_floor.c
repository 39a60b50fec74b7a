/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor under durable posts: one thread that puts records of the size of
 * an alert into a Berkeley DB table, so many in each DB_TXN_SYNC transaction,
 * and nothing else.  Environment and table are set as the server's store sets
 * its own (storage/env.c): what differs is the work, not the tuning. */
#include "config.h"

#include <db.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define KEY_BYTES 17
#define MUTEXES   30000

struct settings {
    const char *dir;
    unsigned records, batch, bytes, page, cache_mib;
};

static void
check(int ret, const char *what)
{
    if (ret == 0)
        return;
    fprintf(stderr, "bdb_floor: %s: %s\n", what, db_strerror(ret));
    exit(1);
}

static DB_ENV *
open_env(const struct settings *s)
{
    DB_ENV *env;

    check(db_env_create(&env, 0), "db_env_create");
    check(env->set_cachesize(env, 0, s->cache_mib * 1024 * 1024, 1),
          "set_cachesize");
    check(env->set_lg_max(env, 16 * 1024 * 1024), "set_lg_max");
    check(env->set_lg_bsize(env, 1024 * 1024), "set_lg_bsize");
    check(env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1), "log_set_config");
    check(env->set_lk_max_locks(env, 50000), "set_lk_max_locks");
    check(env->set_lk_max_objects(env, 50000), "set_lk_max_objects");
    check(env->set_lk_detect(env, DB_LOCK_DEFAULT), "set_lk_detect");
    check(env->set_mp_pagesize(env, s->page), "set_mp_pagesize");
    check(env->mutex_set_increment(env, MUTEXES), "mutex_set_increment");
    check(env->open(env, s->dir,
                    DB_CREATE | DB_PRIVATE | DB_THREAD | DB_RECOVER |
                        DB_INIT_LOCK | DB_INIT_LOG | DB_INIT_MPOOL |
                        DB_INIT_TXN,
                    0600),
          "opening the environment");
    return env;
}

static DB *
open_table(DB_ENV *env, const struct settings *s)
{
    DB *db;

    check(db_create(&db, env, 0), "db_create");
    check(db->set_pagesize(db, s->page), "set_pagesize");
    check(db->set_flags(db, DB_CHKSUM), "set_flags");
    check(db->open(db, NULL, "floor.db", NULL, DB_BTREE,
                   DB_CREATE | DB_THREAD | DB_AUTO_COMMIT, 0600),
          "opening the table");
    return db;
}

/* The key is as long as an alert's: scope, target, id. */
static void
put(DB *db, DB_TXN *txn, uint64_t id, void *value, unsigned len)
{
    uint8_t key[KEY_BYTES] = {1};
    DBT k = {.data = key, .size = sizeof(key)};
    DBT v = {.data = value, .size = len};

    for (unsigned i = 0; i < 8; i++)
        key[KEY_BYTES - 1 - i] = (uint8_t)(id >> 8 * i);
    check(db->put(db, txn, &k, &v, 0), "put");
}

static void
run(DB_ENV *env, DB *db, const struct settings *s)
{
    unsigned len = s->bytes > KEY_BYTES ? s->bytes - KEY_BYTES : 1;
    char *value = xmalloc(len);
    uint64_t id = 0;
    int64_t start;

    memset(value, 'x', len);
    start = clock_mono();
    while (id < s->records) {
        DB_TXN *txn;

        check(env->txn_begin(env, NULL, &txn, 0), "txn_begin");
        for (unsigned i = 0; i < s->batch && id < s->records; i++)
            put(db, txn, ++id, value, len);
        check(txn->commit(txn, DB_TXN_SYNC), "commit");
    }
    start = clock_mono() - start;
    free(value);
    printf("{\"batch\": %u, \"records\": %u, \"ms\": %.3f, \"per_s\": %.1f}\n",
           s->batch, s->records, (double)start / 1e3,
           (double)s->records * 1e6 / (double)start);
}

static unsigned
number(const char *text)
{
    unsigned long long n;

    if (text_parse_u64(text, 100000000, &n) != 0 || n == 0) {
        fprintf(stderr, "bdb_floor: \"%s\" is not a number\n", text);
        exit(2);
    }
    return (unsigned)n;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},
        {"records", required_argument, NULL, 'n'},
        {"batch", required_argument, NULL, 'b'},
        {"bytes", required_argument, NULL, 's'},
        {"page", required_argument, NULL, 'p'},
        {"cache", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    struct settings s = {NULL, 20000, 64, 200, 4096, 64};
    DB_ENV *env;
    DB *db;
    int code;

    while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (code == 'd') {
            s.dir = optarg;
        } else if (code == 'n') {
            s.records = number(optarg);
        } else if (code == 'b') {
            s.batch = number(optarg);
        } else if (code == 's') {
            s.bytes = number(optarg);
        } else if (code == 'p') {
            s.page = number(optarg);
        } else if (code == 'c') {
            s.cache_mib = number(optarg);
        } else {
            s.dir = NULL;
            break;
        }
    }
    if (s.dir == NULL) {
        fputs("usage: bdb_floor --dir DIR [--records N] [--batch N] "
              "[--bytes N] [--page BYTES] [--cache MIB]\n",
              stderr);
        return 2;
    }
    env = open_env(&s);
    db = open_table(env, &s);
    run(env, db, &s);
    check(db->close(db, DB_NOSYNC), "closing the table");
    check(env->close(env, 0), "closing the environment");
    return 0;
}
