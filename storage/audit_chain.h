/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_AUDIT_CHAIN_H
#define STORAGE_AUDIT_CHAIN_H

#include "storage/audit_record.h"

/* The chain of hashes over the records of the audit log.  Private to storage/.
 *
 * Records have numbers, from 1 on, in the order in which they were written; the
 * order of their keys is that of time, which a clock can set back.  The entry of
 * a number in TABLE_AUDIT_CHAIN has the key of the record, and
 *
 *     hash(n) = SHA-256(hash(n - 1), key, value)
 *
 * The head (number and hash of the newest record) is in the meta table, and so
 * is the anchor: number and hash of the last record that was removed because of
 * its age, where checking begins. */

struct audit_anchor {
    struct audit_link link;
    uint8_t old[AUDIT_KEY_BYTES]; /* key of the last record before the chain;
                                     zeros: there was none */
};

/* Reads the head into t (number 0: there is no chain yet). */
enum store_result audit_chain_load(struct store_txn *t,
                                   struct errbuf *err) WARN_UNUSED;
/* Writes the head. */
enum store_result audit_chain_put_head(struct store_txn *t,
                                       struct errbuf *err) WARN_UNUSED;
/* STORE_NOTFOUND: there is no chain yet. */
enum store_result audit_anchor_get(struct store_txn *t,
                                   struct audit_anchor *a_r,
                                   struct errbuf *err) WARN_UNUSED;
enum store_result audit_anchor_put(struct store_txn *t,
                                   const struct audit_anchor *a,
                                   struct errbuf *err) WARN_UNUSED;
int audit_link_decode(const void *data, size_t len, struct audit_link *l_r,
                      struct errbuf *err) WARN_UNUSED;
int audit_anchor_decode(const void *data, size_t len, struct audit_anchor *a_r,
                        struct errbuf *err) WARN_UNUSED;

/* Makes the anchor before the first record of the chain is put. */
enum store_result audit_chain_begin(struct store_txn *t,
                                    struct errbuf *err) WARN_UNUSED;
/* The record with this key and value, which was put just now, is the next of the
 * chain: its entry and the head are written. */
enum store_result audit_chain_add(struct store_txn *t, const struct key *k,
                                  uint64_t number, const struct slice *value,
                                  struct errbuf *err) WARN_UNUSED;

/* An entry. */
struct audit_entry {
    uint64_t number;
    struct key record; /* its key */
    uint8_t hash[AUDIT_HASH_BYTES];
};
/* Reads the entry that a cursor over TABLE_AUDIT_CHAIN stands on. */
int audit_entry_decode(const struct slice *key, const struct slice *value,
                       struct audit_entry *e_r, struct errbuf *err) WARN_UNUSED;
enum store_result audit_entry_put(struct store_txn *t,
                                  const struct audit_entry *e,
                                  struct errbuf *err) WARN_UNUSED;
/* hash(n) of the record, from hash(n - 1). */
void audit_hash(uint8_t out[AUDIT_HASH_BYTES],
                const uint8_t before[AUDIT_HASH_BYTES], const struct key *k,
                const struct slice *value);
/* True if the chain leads to the record with this number and key, or if it is
 * one from before the chain. */
enum store_result audit_chain_has(struct store_txn *t,
                                  const struct audit_head *h,
                                  const struct slice *key, bool *has_r,
                                  struct errbuf *err) WARN_UNUSED;

#endif
