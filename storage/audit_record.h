/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_AUDIT_RECORD_H
#define STORAGE_AUDIT_RECORD_H

#include "storage/txn.h"

/* The parts of audit records that are the chain's (audit_chain.h); record.h has
 * their lines.  Private to storage/. */

/* Versions of a record. */
#define AUDIT_OLD   1 /* before the chain */
#define AUDIT_LINES 2
#define AUDIT_GAP   3

#define AUDIT_HEAD_BYTES 9  /* version and number */
#define AUDIT_KEY_BYTES  12 /* of TABLE_AUDIT */

/* What a record begins with. */
struct audit_head {
    uint8_t version;
    uint64_t number; /* 0: not in the chain */
    uint64_t first;  /* of a gap: the first number that is missing */
};
int audit_head_decode(const void *data, size_t len, struct audit_head *h_r,
                      struct errbuf *err) WARN_UNUSED;
/* Writes the number into an encoded record of version 2. */
void audit_number_set(struct buf *b, uint64_t number);
/* Begins a record that stands for the missing ones from `first` to `number`. */
void audit_gap_encode(struct buf *b, uint64_t first, uint64_t number);

/* Frees the texts. */
void audit_line_clear(struct audit_rec *a);
/* The place of the first line of the record with this key. */
struct audit_place audit_place_at(const uint8_t key[AUDIT_KEY_BYTES]);

#endif
