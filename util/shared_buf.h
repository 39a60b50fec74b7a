/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_SHARED_BUF_H
#define UTIL_SHARED_BUF_H

#include <stdatomic.h>
#include <stddef.h>

/* Bytes that are made once and sent to many: immutable, counted, any thread. */
struct shared_buf {
    atomic_uint refs;
    size_t len;
    char bytes[];
};

/* One reference, the caller's; the bytes are copied. */
struct shared_buf *shared_buf_new(const void *bytes, size_t len);
/* One more reference to b, which is returned. */
struct shared_buf *shared_buf_ref(struct shared_buf *b);
/* Gives up a reference, and sets *b to NULL.  The last one frees the buffer. */
void shared_buf_unref(struct shared_buf **b);

#endif
