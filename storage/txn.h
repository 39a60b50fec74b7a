/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_TXN_H
#define STORAGE_TXN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/env_state.h"
#include "storage/record.h"
#include "storage/space.h"
#include "storage/store.h"
#include "util/buf.h"
#include "util/errbuf.h"

/* The transaction of the writer thread and all access to tables, for the
 * table files.  Private to storage/.
 *
 * There is one store_txn for the life of a store; it is begun and ended again
 * and again.  What it keeps in memory between transactions (counters, the
 * CLI keys of sets) says what is committed, or is dropped by an abort. */

/* --- keys: compared byte by byte, so numbers are big-endian --- */

#define KEY_TEXT_BYTES 255 /* longest name or post key */
#define KEY_BYTES      (2 * 8 + KEY_TEXT_BYTES + 1)

struct key {
    size_t len;
    uint8_t data[KEY_BYTES];
};

/* Each of these appends a field to a key, which has room for it. */
void key_u8(struct key *k, uint8_t v);
void key_u32(struct key *k, uint32_t v);
void key_u64(struct key *k, uint64_t v);
void key_time(struct key *k, int64_t us); /* times before 1970 sort first */
void key_bytes(struct key *k, const void *p, size_t n);
/* Appends a text of at most KEY_TEXT_BYTES (`lower`: in lower case).
 * STORE_REFUSED for a longer or an empty one. */
enum store_result key_text(struct key *k, const char *s, bool lower,
                           struct errbuf *err) WARN_UNUSED;

/* The key of what has a number. */
struct key key_number(uint64_t number);

/* Reads a field of a key. */
uint64_t key_get_u64(const uint8_t *p);
int64_t key_get_time(const uint8_t *p);

/* --- the transaction --- */

enum counter {
    COUNTER_ALERT,
    COUNTER_DOMAIN,
    COUNTER_ACCOUNT,
    COUNTER_FORMAT, /* no counter, but it is kept like them, and grows */
    COUNTER_COUNT
};

#define TXN_SETS 256 /* sets of alerts whose CLI keys are remembered */

struct alert_set;

struct store_txn {
    struct env *env;
    DB_TXN *handle;   /* NULL between transactions */
    int failed;       /* first code of the database that leaves only abort */
    enum space space; /* looked at by the first write, and now and then */
    unsigned looked_changes;
    int unwritable; /* what was met then in writing tables, or 0 */
    size_t looked_bytes;
    bool removing;     /* what is written now removes something */
    bool removed_some; /* something in this transaction did */
    unsigned changes;  /* of this transaction, ids given out included */
    size_t bytes;      /* written by it, about */
    uint64_t pending;  /* what the tables may grow by because of it */
    uint32_t tables;   /* that it changed, a bit each */
    uint64_t work;     /* of this transaction, see WORK_... */
    uint64_t work_job; /* what it was when the job that runs began */
    unsigned part;     /* of that job, see store_part */

    uint64_t counter[COUNTER_COUNT];   /* last number given out */
    uint64_t committed[COUNTER_COUNT]; /* the same on disk */

    /* The numbers of the domain last counted, in this transaction; written at
     * its end, or when another domain's are wanted. */
    uint64_t count_domain; /* 0: none */
    struct name_count count;
    bool count_changed;

    struct buf audit; /* lines of this transaction, encoded */
    int64_t audit_newest;
    uint32_t audit_seq;
    int64_t audit_expire_at; /* when to look for old lines again */
    unsigned audit_days;
    struct audit_link audit_head, audit_committed; /* of the chain */
    /* Numbers of the chain: up to here records can be removed; up to here was
     * looked for more (audit_expire.c). */
    uint64_t audit_old, audit_looked;

    struct alert_set *sets[TXN_SETS];
    unsigned next_set; /* to be replaced */

    bool trash; /* perhaps something is left in TABLE_TRASH */

    struct buf record; /* scratch: the record being encoded */
    DBT value;         /* scratch: the record last got */
};

/* A state of the transaction to return to, for a job that changed nothing but
 * the audit. */
struct txn_mark {
    unsigned changes;
    size_t audit_len;
    int64_t audit_newest;
};
/* The state now. */
struct txn_mark txn_mark(const struct store_txn *t);
/* Drops the audit lines added since the mark. */
void txn_forget_audit(struct store_txn *t, const struct txn_mark *m);

/* True if the failure may pass when the whole transaction is run again. */
bool txn_may_retry(const struct store_txn *t);

/* --- work: what is counted so that nobody has too much of it --- */

/* One unit is about a microsecond, or two, of the writer. */
#define WORK_READ  1
#define WORK_WRITE 6
#define WORK_BYTES 1024 /* of a record, and a unit more */
/* What one job may do in a turn; what it does beyond is bounded by the size of
 * one thing that it does as a whole. */
#define WORK_TURN 2000

/* Begins to count the work of a job, `part` parts of which are on disk. */
void txn_begin_job(struct store_txn *t, unsigned part);

/* --- one record --- */

struct slice {
    const uint8_t *data;
    size_t len;
};

/* `doing` is a gerund with its object, for err: "reading account".  value_r
 * is borrowed until the next txn_get.  STORE_OK, STORE_NOTFOUND, STORE_FULL,
 * STORE_ERROR; txn_put_new also STORE_EXISTS. */
enum store_result txn_get(struct store_txn *t, enum table table,
                          const struct key *k, struct slice *value_r,
                          const char *doing, struct errbuf *err) WARN_UNUSED;
/* A record that is a text; "" if there is none.  *text_r: the caller frees it;
 * NULL after a failure. */
enum store_result txn_get_text(struct store_txn *t, enum table table,
                               const struct key *k, char **text_r,
                               const char *doing,
                               struct errbuf *err) WARN_UNUSED;
/* STORE_OK if there is a record with this key. */
enum store_result txn_exists(struct store_txn *t, enum table table,
                             const struct key *k, const char *doing,
                             struct errbuf *err) WARN_UNUSED;
/* Replaces.  The value is what stands in t->record (txn_record). */
enum store_result txn_put(struct store_txn *t, enum table table,
                          const struct key *k, const char *doing,
                          struct errbuf *err) WARN_UNUSED;
/* The same, but STORE_EXISTS if there is a record. */
enum store_result txn_put_new(struct store_txn *t, enum table table,
                              const struct key *k, const char *doing,
                              struct errbuf *err) WARN_UNUSED;
/* Deletes the record; STORE_NOTFOUND if there is none. */
enum store_result txn_del(struct store_txn *t, enum table table,
                          const struct key *k, const char *doing,
                          struct errbuf *err) WARN_UNUSED;

/* The scratch buffer, emptied, for the record to be put next. */
struct buf *txn_record(struct store_txn *t);

/* STORE_OK if something may be written; counts it as a change. */
enum store_result txn_change(struct store_txn *t, const char *doing,
                             struct errbuf *err) WARN_UNUSED;

/* Notes a code of the database (not 0) and translates it. */
enum store_result txn_fail(struct store_txn *t, int code, const char *doing,
                           struct errbuf *err) WARN_UNUSED;

/* For a record that cannot be decoded: STORE_ERROR with `doing` before err. */
enum store_result txn_damaged(const char *doing, struct errbuf *err);
/* For an entry that leads to a record that is not there: turns STORE_NOTFOUND
 * into STORE_ERROR, and leaves all else. */
enum store_result txn_must_exist(enum store_result r, const char *doing,
                                 struct errbuf *err) WARN_UNUSED;

/* --- ranges --- */

/* A walk over a table from a key on.  The key and value it stands on are
 * borrowed until the next step.  Anything may be read, put or deleted in the
 * same transaction meanwhile.  Close it before the transaction ends. */
struct cursor {
    enum table table;
    struct store_txn *txn;
    const char *doing;
    DBC *dbc;
    DBT k, v;
    struct slice key, value;
};

/* Stands on the first record at or after `from`.  In every case but STORE_OK
 * (STORE_NOTFOUND: there is none) the cursor is closed. */
enum store_result cursor_open(struct cursor *c, struct store_txn *t,
                              enum table table, const struct key *from,
                              const char *doing,
                              struct errbuf *err) WARN_UNUSED;
/* Stands on the last record before `before`; else as cursor_open. */
enum store_result cursor_open_before(struct cursor *c, struct store_txn *t,
                                     enum table table, const struct key *before,
                                     const char *doing,
                                     struct errbuf *err) WARN_UNUSED;
/* The record before; STORE_NOTFOUND at the beginning. */
enum store_result cursor_prev(struct cursor *c, struct errbuf *err) WARN_UNUSED;
/* The next record; STORE_NOTFOUND at the end. */
enum store_result cursor_next(struct cursor *c, struct errbuf *err) WARN_UNUSED;
/* Deletes the record it stands on; cursor_next goes on behind it. */
enum store_result cursor_del(struct cursor *c, struct errbuf *err) WARN_UNUSED;
/* From the next step on, only the first bytes of values are wanted. */
void cursor_want_heads(struct cursor *c, uint32_t bytes);
/* Closes the cursor.  A closed one is allowed. */
void cursor_close(struct cursor *c);

/* True if the key it stands on begins with these bytes. */
bool cursor_at(const struct cursor *c, const struct key *prefix);

/* --- parts of the transaction that live with their tables --- */

/* meta_table.c */

/* Writes the records of a new store.  0, or -1 with err. */
int meta_create(struct env *env, DB_TXN *txn, struct errbuf *err) WARN_UNUSED;
/* 0 if the program knows the format of the store; -1 with err. */
int meta_check_format(struct env *env, struct errbuf *err) WARN_UNUSED;
/* Reads the counters into *t. */
enum store_result meta_load_counters(struct store_txn *t,
                                     struct errbuf *err) WARN_UNUSED;
/* Writes the counters that have changed, before a commit. */
enum store_result meta_flush_counters(struct store_txn *t,
                                      struct errbuf *err) WARN_UNUSED;
/* The next number of a counter; it is on disk with the commit. */
enum store_result meta_next(struct store_txn *t, enum counter c,
                            uint64_t *number_r, struct errbuf *err) WARN_UNUSED;
/* Something is being stored that programs which know lower formats only would
 * take for damage: from the commit on they refuse the store. */
void meta_need_format(struct store_txn *t, uint64_t format);

/* audit_table.c */

/* Writes the audit lines of the transaction, before its commit. */
enum store_result audit_flush(struct store_txn *t,
                              struct errbuf *err) WARN_UNUSED;

/* trigger_table.c: whether a key of TABLE_TRIGGER or TABLE_HANDLER can be one. */
bool trigger_key_is_sound(const struct slice *key);

/* Where in TABLE_ALERT a key belongs. */
int alert_key_decode(const struct slice *key, struct alert_ref *set_r,
                     uint64_t *id_r, struct errbuf *err) WARN_UNUSED;
/* alert_set.c, alert_table.c: CLI keys in memory, removal with the target */

/* Drops the sets in memory: all, or those that this transaction changed. */
void alert_sets_drop(struct store_txn *t, bool changed_only);
/* The changes of the sets are on disk. */
void alert_sets_committed(struct store_txn *t);
/* Removes all alerts of a target that is gone: a bounded number now, the rest
 * by alert_sweep, and none can be found any more. */
enum store_result alert_remove_set(struct store_txn *t, enum alert_scope scope,
                                   uint64_t target,
                                   struct errbuf *err) WARN_UNUSED;
/* Goes on removing; t->trash tells whether there is more to do. */
enum store_result alert_sweep(struct store_txn *t,
                              struct errbuf *err) WARN_UNUSED;

#endif
