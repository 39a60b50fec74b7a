/* SPDX-License-Identifier: BSD-2-Clause */

/* A leaf has a head of 26 bytes, six bytes for the checksum, then the offsets
 * of its items, u16 each: key, value, key, value.  An item is u16 length, u8
 * type, and the bytes; or, if it is too long for the page, the first page of a
 * chain of overflow pages, and the length.  Freed pages have another type. */
#include "config.h"

#include "storage/page_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/page_scan.h"
#include "util/buf.h"

#define AT_NEXT    16
#define AT_ENTRIES 20
#define AT_LENGTH  22 /* of the bytes of an overflow page */
#define AT_TYPE    25
#define PAGE_HEAD  32

#define TYPE_LEAF     5
#define TYPE_OVERFLOW 7
#define ITEM_PLAIN    1
#define ITEM_OVERFLOW 3

#define ITEM_MOST (UINT32_C(64) << 20) /* no record is as long */

struct rows {
    int fd;
    page_row_fn *fn;
    void *arg;
    unsigned long bad;
    struct buf long_key, long_value;
};

static unsigned
u16_at(const uint8_t *p)
{
    uint16_t n;

    memcpy(&n, p, sizeof n);
    return n;
}

static uint32_t
u32_at(const uint8_t *p)
{
    uint32_t n;

    memcpy(&n, p, sizeof n);
    return n;
}

/* 1: a whole page; 0: the file has no such page; -1: it is damaged. */
static int
read_page(const struct rows *r, uint32_t number, uint8_t *page)
{
    ssize_t n =
        pread(r->fd, page, TABLE_PAGE_BYTES, (off_t)number * TABLE_PAGE_BYTES);

    if (n == 0)
        return 0;
    return n == TABLE_PAGE_BYTES && page_is_whole(page, number) ? 1 : -1;
}

/* Follows the chain; each page brings something, so it ends. */
static bool
read_overflow(const struct rows *r, uint32_t number, uint32_t len,
              struct buf *b, struct slice *out)
{
    uint8_t page[TABLE_PAGE_BYTES];

    b->len = 0;
    if (len > ITEM_MOST)
        return false;
    while (b->len < len) {
        unsigned n;

        if (number == 0 || read_page(r, number, page) != 1 ||
            page[AT_TYPE] != TYPE_OVERFLOW)
            return false;
        n = u16_at(page + AT_LENGTH);
        if (n == 0 || n > TABLE_PAGE_BYTES - PAGE_HEAD || n > len - b->len)
            return false;
        buf_append(b, page + PAGE_HEAD, n);
        number = u32_at(page + AT_NEXT);
    }
    *out = (struct slice){(const uint8_t *)b->data, b->len};
    return true;
}

/* The i-th item of a leaf.  *deleted: it is there, but not counted. */
static bool
read_item(const struct rows *r, const uint8_t *page, unsigned i, struct buf *b,
          struct slice *out, bool *deleted)
{
    unsigned at = u16_at(page + PAGE_HEAD + 2 * i), len;

    if (at < PAGE_HEAD || at + 3 > TABLE_PAGE_BYTES)
        return false;
    *deleted |= (page[at + 2] & 0x80) != 0;
    switch (page[at + 2] & 0x7f) {
    case ITEM_PLAIN:
        len = u16_at(page + at);
        *out = (struct slice){page + at + 3, len};
        return at + 3 + len <= TABLE_PAGE_BYTES;
    case ITEM_OVERFLOW:
        if (at + 12 > TABLE_PAGE_BYTES)
            return false;
        return read_overflow(r, u32_at(page + at + 4), u32_at(page + at + 8), b,
                             out);
    default:
        return false;
    }
}

static int
read_leaf(struct rows *r, const uint8_t *page, struct errbuf *err)
{
    unsigned entries = u16_at(page + AT_ENTRIES);

    if (entries > (TABLE_PAGE_BYTES - PAGE_HEAD) / 2)
        entries = 0;
    for (unsigned i = 0; i + 1 < entries; i += 2) {
        struct slice key, value;
        bool deleted = false;
        int ret = 0;

        if (!read_item(r, page, i, &r->long_key, &key, &deleted) ||
            !read_item(r, page, i + 1, &r->long_value, &value, &deleted))
            r->bad++;
        else if (!deleted)
            ret = r->fn(&key, &value, r->arg, err);
        if (ret != 0)
            return ret;
    }
    return 0;
}

static int
read_all(struct rows *r, struct errbuf *err)
{
    uint8_t page[TABLE_PAGE_BYTES];
    int is, ret = 0;

    for (uint32_t number = 1;
         ret == 0 && (is = read_page(r, number, page)) != 0; number++)
        if (is < 0)
            r->bad++;
        else if (page[AT_TYPE] == TYPE_LEAF)
            ret = read_leaf(r, page, err);
    return ret;
}

int
page_rows(const char *path, page_row_fn *fn, void *arg, unsigned long *bad_r,
          struct errbuf *err)
{
    struct rows r = {.fn = fn, .arg = arg};
    int ret;

    *bad_r = 0;
    r.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (r.fd < 0)
        return err_set(err, "%s: %s", path, strerror(errno));
    ret = read_all(&r, err);
    close(r.fd);
    buf_clear(&r.long_key);
    buf_clear(&r.long_value);
    *bad_r = r.bad;
    return ret;
}
