/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_RECORD_H
#define STORAGE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/buf.h"
#include "util/errbuf.h"

/* How records look on disk (doc/storage-format.md): a version byte, then
 * fields in a fixed order; numbers big-endian, texts behind their length.
 * Private to storage/, its tests and the fuzz target. */

/* --- writing: each appends one field to the buffer --- */

/* Unsigned numbers, big-endian. */
void enc_u8(struct buf *b, uint8_t v);
void enc_u32(struct buf *b, uint32_t v);
void enc_u64(struct buf *b, uint64_t v);
void enc_i64(struct buf *b, int64_t v); /* two's complement */
void enc_bytes(struct buf *b, const uint8_t *p, size_t n);
void enc_data(struct buf *b, const char *p, size_t n); /* length first */
void enc_text(struct buf *b, const char *s);           /* NULL is "" */
void enc_ids(struct buf *b, const uint64_t *ids, size_t n);

/* --- reading: after a truncated or impossible field, all fields read as 0
 * --- */

struct dec {
    const uint8_t *p;
    size_t left;
    bool bad;
};

/* Starts reading; the data is borrowed. */
void dec_init(struct dec *d, const void *data, size_t len);
/* One field each; 0 if bad. */
uint8_t dec_u8(struct dec *d);
uint32_t dec_u32(struct dec *d);
uint64_t dec_u64(struct dec *d);
int64_t dec_i64(struct dec *d);
/* Copies n bytes; zeros if bad. */
void dec_bytes(struct dec *d, uint8_t *out, size_t n);
/* A copy of the bytes, followed by a 0, which the caller frees; NULL if bad. */
char *dec_data(struct dec *d, size_t *len_r);
/* The same for a text, which must not contain a 0. */
char *dec_text(struct dec *d);
uint64_t *dec_ids(struct dec *d, size_t *n_r); /* NULL with 0 if none */

/* Reads the version byte, and accepts versions from 1 to `newest`. */
uint8_t dec_version(struct dec *d, uint8_t newest);

/* 0 if no field was bad and no byte is left; otherwise -1 with err. */
int dec_end(const struct dec *d, struct errbuf *err) WARN_UNUSED;

/* --- the records: each is in the file of its table ---
 *
 * *_encode appends a record to the buffer.  *_decode returns 0, or -1 with err
 * and an empty record; the caller clears the record.  The members that are in
 * the key (numbers, hash, scope) are neither encoded nor changed by *_decode.
 * Encoding a decoded record gives the same bytes. */

void domain_rec_encode(struct buf *b, const struct domain_rec *d);
int domain_rec_decode(const void *data, size_t len, struct domain_rec *d,
                      struct errbuf *err) WARN_UNUSED;

void account_rec_encode(struct buf *b, const struct account_rec *a);
int account_rec_decode(const void *data, size_t len, struct account_rec *a,
                       struct errbuf *err) WARN_UNUSED;

void account_state_encode(struct buf *b, const struct account_state *s);
int account_state_decode(const void *data, size_t len, struct account_state *s,
                         struct errbuf *err) WARN_UNUSED;

void usage_rec_encode(struct buf *b, const struct usage_rec *u);
int usage_rec_decode(const void *data, size_t len, struct usage_rec *u,
                     struct errbuf *err) WARN_UNUSED;

void alert_rec_encode(struct buf *b, const struct alert_rec *a);
int alert_rec_decode(const void *data, size_t len, struct alert_rec *a,
                     struct errbuf *err) WARN_UNUSED;

/* Where an alert is: in the tables that lead to it. */
struct alert_ref {
    enum alert_scope scope;
    uint64_t target;
};
void alert_ref_encode(struct buf *b, const struct alert_ref *r);
int alert_ref_decode(const void *data, size_t len, struct alert_ref *r,
                     struct errbuf *err) WARN_UNUSED;

/* The time of its entry in TABLE_POST_KEY_TIME. */
int64_t post_key_entry(const struct post_key_rec *k);
void post_key_encode(struct buf *b, const struct post_key_rec *k);
int post_key_decode(const void *data, size_t len, struct post_key_rec *k,
                    struct errbuf *err) WARN_UNUSED;

void ticket_rec_encode(struct buf *b, const struct ticket_rec *k);
int ticket_rec_decode(const void *data, size_t len, struct ticket_rec *k,
                      struct errbuf *err) WARN_UNUSED;

void token_rec_encode(struct buf *b, const struct token_rec *k);
int token_rec_decode(const void *data, size_t len, struct token_rec *k,
                     struct errbuf *err) WARN_UNUSED;

void object_rec_encode(struct buf *b, const struct object_rec *o);
int object_rec_decode(const void *data, size_t len, struct object_rec *o,
                      struct errbuf *err) WARN_UNUSED;

/* A number by itself: counters. */
void number_encode(struct buf *b, uint64_t number);
int number_decode(const void *data, size_t len, uint64_t *number_r,
                  struct errbuf *err) WARN_UNUSED;

/* What a name leads to. */
struct name_rec {
    uint64_t number;
    bool alias;              /* it is not the real name of what it leads to */
    enum object_kind object; /* it is no account's: it leads to the object of
                                that name, and number is 0 */
};
void name_rec_encode(struct buf *b, const struct name_rec *n);
int name_rec_decode(const void *data, size_t len, struct name_rec *n,
                    struct errbuf *err) WARN_UNUSED;

/* What stands in the entry of an account's alias. */
struct alias_rec {
    uint8_t of[CRED_SALT_BYTES]; /* salt of the password it was made of */
    struct credential cred;      /* without CRAM; iterations 0: there is none */
};
void alias_rec_encode(struct buf *b, const struct alias_rec *a);
int alias_rec_decode(const void *data, size_t len, struct alias_rec *a,
                     struct errbuf *err) WARN_UNUSED;

/* How many names a domain has. */
struct name_count {
    uint64_t accounts, aliases, groups, forwarders;
};
void name_count_encode(struct buf *b, const struct name_count *n);
int name_count_decode(const void *data, size_t len, struct name_count *n,
                      struct errbuf *err) WARN_UNUSED;

/* A text by itself: settings, preferences. */
void text_encode(struct buf *b, const char *text);
int text_decode(const void *data, size_t len, char **text_r,
                struct errbuf *err) WARN_UNUSED;

/* Nothing by itself: entries whose key says all. */
void nothing_encode(struct buf *b);
int nothing_decode(const void *data, size_t len,
                   struct errbuf *err) WARN_UNUSED;

/* The audit lines of one transaction: a version byte and what belongs to it
 * (audit_chain.h), then lines to the end of the record. */
void audit_begin_encode(struct buf *b);
void audit_line_encode(struct buf *b, const struct audit_rec *a);
/* Calls fn (may be NULL) for each line; its returning false ends the reading.
 */
typedef bool audit_walk_fn(const struct audit_rec *a, void *arg);
int audit_decode(const void *data, size_t len, audit_walk_fn *fn, void *arg,
                 struct errbuf *err) WARN_UNUSED;

#endif
