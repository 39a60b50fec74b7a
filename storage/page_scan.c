/* SPDX-License-Identifier: BSD-2-Clause */

/* The pages of a B-tree of Berkeley DB 5.3 with checksums, in the byte order of
 * the machine.  Only the first 512 bytes of the first page are used.  The whole
 * file is read.  That takes less than half a second for a million accounts, and
 * nothing else finds a bad page before it is first used. */
#include "config.h"

#include "storage/page_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/xmalloc.h"

#define CHUNK_PAGES 256

/* Offsets in a page. */
#define AT_LSN    0
#define AT_PGNO   8
#define AT_TYPE   25
#define AT_CHKSUM 28
#define PAGE_HEAD 26

/* In the first one. */
#define AT_MAGIC       12
#define AT_PAGESIZE    20
#define AT_META_FLAGS  26
#define AT_LAST_PGNO   32
#define AT_UID         52
#define AT_META_CHKSUM 492
#define META_BYTES     512
#define BTREE_MAGIC    0x053162
#define META_CHKSUM    1

enum {
    TYPE_FREE = 0,
    TYPE_INTERNAL = 3,
    TYPE_LEAF = 5,
    TYPE_OVERFLOW = 7,
    TYPE_META = 9
};

static uint32_t
number_at(const uint8_t *p)
{
    uint32_t n;

    memcpy(&n, p, sizeof n);
    return n;
}

static bool
is_zero(const uint8_t *p, size_t n)
{
    return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* The checksum counts as zero while it is made. */
static bool
sum_is_right(const uint8_t *page, size_t at, size_t n)
{
    static const uint8_t zero[4];
    uint32_t h = log_hash(0, page, at);

    h = log_hash(h, zero, sizeof zero);
    return log_hash(h, page + at + 4, n - at - 4) == number_at(page + at);
}

static bool
type_is_possible(uint8_t type)
{
    return type == TYPE_FREE || type == TYPE_INTERNAL || type == TYPE_LEAF ||
           type == TYPE_OVERFLOW;
}

bool
page_is_whole(const uint8_t page[TABLE_PAGE_BYTES], uint32_t number)
{
    return sum_is_right(page, AT_CHKSUM, TABLE_PAGE_BYTES) &&
           number_at(page + AT_PGNO) == number &&
           type_is_possible(page[AT_TYPE]);
}

bool
page_is_settled(const uint8_t page[TABLE_PAGE_BYTES], uint32_t number)
{
    if (is_zero(page, TABLE_PAGE_BYTES))
        return true;
    if (number == 0)
        return number_at(page + AT_MAGIC) == BTREE_MAGIC &&
               sum_is_right(page, AT_META_CHKSUM, META_BYTES);
    return page_is_whole(page, number);
}

/* What is wrong with a page behind the first; NULL: nothing. */
static const char *
page_fault(const struct page_scan *s, const uint8_t *page, uint32_t number)
{
    if (is_zero(page, PAGE_HEAD)) {
        if (!is_zero(page, TABLE_PAGE_BYTES))
            return "its head is zeros";
        /* Behind what is known to be there the log brings it back. */
        return number < s->found.pages ? "zeros" : NULL;
    }
    if (!sum_is_right(page, AT_CHKSUM, TABLE_PAGE_BYTES))
        return "its checksum is wrong";
    if (number_at(page + AT_PGNO) != number)
        return "it is another page";
    return type_is_possible(page[AT_TYPE]) ? NULL : "of no known type";
}

static void
tell(struct page_scan *s, uint32_t page, const char *what, struct errbuf *err)
{
    if (s->faults++ == 0)
        err_set(err, "%s: page %u is damaged: %s", s->name, page, what);
    if (s->report != NULL)
        fprintf(s->report, "%s: page %u is damaged: %s\n", s->name, page, what);
}

static struct log_pos
page_lsn(const uint8_t *page)
{
    return (struct log_pos){number_at(page + AT_LSN),
                            number_at(page + AT_LSN + 4)};
}

static void
take_page(struct page_scan *s, const uint8_t *page, uint32_t number,
          struct errbuf *err)
{
    const char *fault = page_fault(s, page, number);

    if (fault != NULL)
        tell(s, number, fault, err);
    else
        s->found.newest = log_pos_later(s->found.newest, page_lsn(page));
}

/* The first page: is it this table at all, and how long is it? */
static int
take_meta(struct page_scan *s, const uint8_t *page, struct errbuf *err)
{
    struct log_pos lsn = page_lsn(page);
    uint32_t length;

    if (!sum_is_right(page, AT_META_CHKSUM, META_BYTES) ||
        number_at(page + AT_PGNO) != 0 || page[AT_TYPE] != TYPE_META ||
        number_at(page + AT_MAGIC) != BTREE_MAGIC ||
        number_at(page + AT_PAGESIZE) != TABLE_PAGE_BYTES ||
        (page[AT_META_FLAGS] & META_CHKSUM) == 0) {
        tell(s, 0, is_zero(page, META_BYTES) ? "zeros" : "not as written", err);
        return 0;
    }
    memcpy(s->found.uid, page + AT_UID, LOG_UID_BYTES);
    if (s->uid != NULL && memcmp(s->uid, s->found.uid, LOG_UID_BYTES) != 0)
        return err_set(err, "%s: it is of another store", s->name);
    s->found.newest = lsn;
    /* What it says is as old as it is: what was given back before then is gone,
     * and what came after then need not be there yet. */
    length = number_at(page + AT_LAST_PGNO) + 1;
    if (s->found.pages > length || log_pos_compare(lsn, s->recover) < 0)
        s->found.pages = length;
    if (s->log != NULL) {
        uint32_t cut = log_walk_cut(s->log, s->found.uid);

        if (s->found.pages > cut)
            s->found.pages = cut;
    }
    return 0;
}

/* Reads and checks the pages from *page on, as many as fit; 1: there may be
 * more; 0: that was the end. */
static int
scan_chunk(struct page_scan *s, int fd, uint8_t *chunk, uint32_t *page,
           struct errbuf *err)
{
    const size_t room = CHUNK_PAGES * TABLE_PAGE_BYTES;
    size_t got = 0;
    ssize_t n;

    while ((n = pread(fd, chunk + got, room - got,
                      (off_t)*page * TABLE_PAGE_BYTES + (off_t)got)) > 0)
        got += (size_t)n;
    if (n < 0)
        return err_set(err, "%s: reading page %zu: %s", s->name,
                       *page + got / TABLE_PAGE_BYTES, strerror(errno));
    for (size_t at = 0; at + TABLE_PAGE_BYTES <= got;
         at += TABLE_PAGE_BYTES, ++*page)
        if (*page > 0)
            take_page(s, chunk + at, *page, err);
        else if (take_meta(s, chunk + at, err) != 0)
            return -1;
    return got == room;
}

static int
scan(struct page_scan *s, int fd, struct errbuf *err)
{
    uint8_t *chunk = xmalloc(CHUNK_PAGES * TABLE_PAGE_BYTES);
    uint32_t page = 0;
    int more;

    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    s->found.pages = s->pages > 0 ? s->pages : 1;
    do
        more = scan_chunk(s, fd, chunk, &page, err);
    while (more > 0);
    free(chunk);
    if (more == 0 && page < s->found.pages)
        tell(s, page, "the file ends before it", err);
    s->found.pages = page;
    return more;
}

int
page_scan(struct page_scan *s, const char *path, struct errbuf *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

    s->faults = 0;
    memset(&s->found, 0, sizeof s->found);
    if (fd < 0)
        return err_set(err, "%s: %s", s->name,
                       errno == ENOENT ? "the file is missing"
                                       : strerror(errno));
    ret = scan(s, fd, err);
    close(fd);
    return ret;
}

bool
page_newest(const char *path, struct log_pos *newest_r)
{
    const size_t room = CHUNK_PAGES * TABLE_PAGE_BYTES;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t *chunk = xmalloc(room);
    bool synced = fd >= 0 && fdatasync(fd) == 0;
    off_t at = 0;
    ssize_t n = 0;

    *newest_r = (struct log_pos){0, 0};
    while (synced && (n = pread(fd, chunk, room, at)) > 0) {
        for (ssize_t i = 0; i + TABLE_PAGE_BYTES <= n; i += TABLE_PAGE_BYTES)
            *newest_r = log_pos_later(*newest_r, page_lsn(chunk + i));
        at += n;
    }
    if (fd >= 0)
        close(fd);
    free(chunk);
    return synced && n == 0;
}
