/* SPDX-License-Identifier: BSD-2-Clause */

/* Two places in the file are written by turns, each with a checksum, so that
 * one of them is whole at any moment; the one with the higher serial counts.
 *
 * Each: the text below, u64 serial, u8 closed, u32 and u32 durable, u32 needed,
 * u32 number of tables, of each bytes[20] id, u32 pages, u32 and u32 newest; u64 hash of
 * all before it (FNV-1a). */
#include "config.h"

#include "storage/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/record.h"
#include "util/xmalloc.h"

#define MARK_NAME   "mark"
#define MARK_TEXT   "ximssd mark 1\n"
#define PLACE_BYTES 4096 /* what a disk writes as one */
#define TABLE_BYTES (LOG_UID_BYTES + 12)
#define HEAD_BYTES  (sizeof MARK_TEXT - 1 + 8 + 1 + 8 + 4 + 4)

uint64_t
mark_hash(uint64_t before, const uint8_t *p, size_t n)
{
    uint64_t h = before;

    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static uint64_t
hash_of(const uint8_t *p, size_t n)
{
    return mark_hash(MARK_HASH_START, p, n);
}

static void
enc_pos(struct buf *b, struct log_pos p)
{
    enc_u32(b, p.file);
    enc_u32(b, p.offset);
}

static struct log_pos
dec_pos(struct dec *d)
{
    uint32_t file = dec_u32(d);

    return (struct log_pos){file, dec_u32(d)};
}

static void
encode(struct buf *b, const struct mark *m)
{
    buf_append_str(b, MARK_TEXT);
    enc_u64(b, m->serial);
    enc_u8(b, m->closed);
    enc_pos(b, m->durable);
    enc_u32(b, m->needed);
    enc_u32(b, m->n_tables);
    for (unsigned i = 0; i < m->n_tables; i++) {
        enc_bytes(b, m->table[i].uid, LOG_UID_BYTES);
        enc_u32(b, m->table[i].pages);
        enc_pos(b, m->table[i].newest);
    }
    enc_u64(b, hash_of((const uint8_t *)b->data, b->len));
}

/* Its length is bounded before the hash is believed to be there. */
static bool
decode(const uint8_t *place, struct mark *m)
{
    struct dec d;
    size_t len;

    if (memcmp(place, MARK_TEXT, sizeof MARK_TEXT - 1) != 0)
        return false;
    dec_init(&d, place + sizeof MARK_TEXT - 1, HEAD_BYTES);
    m->serial = dec_u64(&d);
    m->closed = dec_u8(&d) != 0;
    m->durable = dec_pos(&d);
    m->needed = dec_u32(&d);
    m->n_tables = dec_u32(&d);
    if (m->n_tables > MARK_TABLES_MOST)
        return false;
    len = HEAD_BYTES + m->n_tables * TABLE_BYTES;
    dec_init(&d, place + HEAD_BYTES, PLACE_BYTES - HEAD_BYTES);
    for (unsigned i = 0; i < m->n_tables; i++) {
        dec_bytes(&d, m->table[i].uid, LOG_UID_BYTES);
        m->table[i].pages = dec_u32(&d);
        m->table[i].newest = dec_pos(&d);
    }
    return dec_u64(&d) == hash_of(place, len);
}

static char *
mark_path(const char *home)
{
    return xasprintf("%s/" MARK_NAME, home);
}

enum mark_found
mark_read(const char *home, struct mark *m, struct errbuf *err)
{
    uint8_t places[2 * PLACE_BYTES] = {0};
    char *path = mark_path(home);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum mark_found r = MARK_DAMAGED;
    struct mark other;

    memset(m, 0, sizeof *m);
    if (fd < 0 && errno == ENOENT) {
        free(path);
        return MARK_NONE;
    }
    if (fd < 0 || pread(fd, places, sizeof places, 0) < 0)
        err_set(err, "reading %s: %s", path, strerror(errno));
    else if (decode(places, m))
        r = MARK_FOUND;
    else
        err_set(err, "%s is damaged", path);
    if (decode(places + PLACE_BYTES, &other) &&
        (r != MARK_FOUND || other.serial > m->serial)) {
        *m = other;
        r = MARK_FOUND;
    }
    if (fd >= 0)
        close(fd);
    free(path);
    return r;
}

static bool
write_place(struct mark_file *f, off_t place)
{
    struct buf b = {0};
    bool done;

    encode(&b, &f->now);
    done = pwrite(f->fd, b.data, b.len, place * PLACE_BYTES) == (ssize_t)b.len;
    buf_clear(&b);
    return done;
}

bool
mark_write(struct mark_file *f)
{
    f->now.serial++;
    if (f->fd < 0 || !write_place(f, (off_t)(f->now.serial % 2)))
        return false;
    f->unsynced = true;
    return true;
}

static bool
sync_mark(struct mark_file *f)
{
    if (!f->unsynced)
        return true;
    if (fdatasync(f->fd) != 0)
        return false;
    f->unsynced = false;
    return true;
}

/* One place after the other, so that one is whole at any moment. */
static bool
write_both(struct mark_file *f)
{
    return mark_write(f) && sync_mark(f) && mark_write(f) && sync_mark(f);
}

/* A new one is in a file of another name until it is complete. */
static bool
make_file(struct mark_file *f, const char *path)
{
    char *made = xasprintf("%s.new", path);
    bool done;

    f->fd = open(made, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    done = f->fd >= 0 && write_both(f) && rename(made, path) == 0;
    free(made);
    return done;
}

int
mark_open(struct mark_file *f, const char *home, const struct mark *m,
          struct errbuf *err)
{
    char *path = mark_path(home);
    bool done;

    f->now = *m;
    f->unsynced = false;
    f->fd = open(path, O_RDWR | O_CLOEXEC);
    done = f->fd >= 0 ? write_both(f) : make_file(f, path);
    if (!done && errno == ENOSPC)
        err_set(err, "writing %s: no space left on the disk", path);
    else if (!done)
        err_set(err, "writing %s: %s", path, strerror(errno));
    free(path);
    if (done)
        return 0;
    mark_close(f);
    return -1;
}

bool
mark_write_through(struct mark_file *f)
{
    return f->fd >= 0 && write_both(f);
}

void
mark_close(struct mark_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}
