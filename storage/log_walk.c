/* SPDX-License-Identifier: BSD-2-Clause */

/* The records of Berkeley DB's log, version 19 in the byte order of the
 * machine.  A record is a header (offset of the previous record, length,
 * checksum) and the contents; records follow each other.  The first record of a
 * file says which file it is.  Zeros, or the end of a file, mean that the log
 * continues in the next file.  After the first fault, only our own marks are
 * looked for: each is recognised by its text, and its checksum proves that it
 * is intact.  Nothing else after a fault is believed.  The disk may be damaged,
 * so lengths and offsets are checked before they are used. */
#include "config.h"

#include "storage/log_walk.h"

#include <stdio.h>
#include <string.h>

#include <db.h>

#define HEAD         12 /* of each record */
#define TYPE_OPENED  2
#define TYPE_CKP     11
#define TYPE_DEBUG   47
#define TYPE_FREE    50
#define TYPE_FREE_TO 52
/* Contents: type, transaction and the record before of it; then, of a
 * checkpoint, from where recovery reads. */
#define BODY_AT (HEAD + 16)

#define MARK_TEXT   "ximssd log mark 1 "
#define MARK_DIGITS (2 * LOG_UID_BYTES + 1 + 8 + 1 + 8)
/* Where the database puts the text: behind its name for such records, and
 * three numbers. */
#define MARK_NAME "DIAGNOSTIC"
#define MARK_AT   (HEAD + 16 + 4 + (sizeof MARK_NAME - 1) + 4 + 4)

int
log_pos_compare(struct log_pos a, struct log_pos b)
{
    if (a.file != b.file)
        return a.file < b.file ? -1 : 1;
    if (a.offset != b.offset)
        return a.offset < b.offset ? -1 : 1;
    return 0;
}

struct log_pos
log_pos_later(struct log_pos a, struct log_pos b)
{
    return log_pos_compare(a, b) < 0 ? b : a;
}

static uint32_t
number_at(const uint8_t *p)
{
    uint32_t n;

    memcpy(&n, p, sizeof n);
    return n;
}

/* h * 33 + byte for each; eight at a time, because each step would have to
 * wait for the one before. */
uint32_t
log_hash(uint32_t h, const uint8_t *p, size_t n)
{
    const uint32_t p1 = 33, p2 = p1 * p1, p3 = p2 * p1, p4 = p3 * p1,
                   p5 = p4 * p1, p6 = p5 * p1, p7 = p6 * p1, p8 = p7 * p1;

    for (; n >= 8; n -= 8, p += 8)
        h = h * p8 + p[0] * p7 + p[1] * p6 + p[2] * p5 + p[3] * p4 + p[4] * p3 +
            p[5] * p2 + p[6] * p1 + p[7];
    for (; n > 0; n--, p++)
        h = h * 33 + *p;
    return h;
}

static uint32_t
record_sum(uint32_t prev, uint32_t len, const uint8_t *contents)
{
    return log_hash(0, contents, len - HEAD) ^ prev ^ len;
}

/* The length of the whole record that begins at p, with `left` bytes to the
 * end of the file; 0: there is none. */
static uint32_t
record_len(const uint8_t *p, size_t left)
{
    uint32_t len;

    if (left < HEAD)
        return 0;
    len = number_at(p + 4);
    if (len < HEAD + 4 || len > left ||
        record_sum(number_at(p), len, p + HEAD) != number_at(p + 8))
        return 0;
    return len;
}

/* --- marks --- */

void
log_mark_text(char text[LOG_MARK_BYTES], const uint8_t uid[LOG_UID_BYTES],
              struct log_pos durable)
{
    char hex[2 * LOG_UID_BYTES + 1];

    for (size_t i = 0; i < LOG_UID_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", uid[i]);
    snprintf(text, LOG_MARK_BYTES, MARK_TEXT "%s %08x %08x", hex, durable.file,
             durable.offset);
}

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next `digits` of them, as a number; false if they are not. */
static bool
take_hex(const uint8_t **p, unsigned digits, uint32_t *n_r)
{
    *n_r = 0;
    for (; digits > 0; digits--, (*p)++) {
        int d = hex_digit(**p);

        if (d < 0)
            return false;
        *n_r = *n_r << 4 | (uint32_t)d;
    }
    return true;
}

/* What stands behind the text of a mark, MARK_DIGITS bytes. */
static bool
read_mark(const uint8_t *p, uint8_t uid[LOG_UID_BYTES], struct log_pos *said_r)
{
    uint32_t byte;

    for (size_t i = 0; i < LOG_UID_BYTES; i++) {
        if (!take_hex(&p, 2, &byte))
            return false;
        uid[i] = (uint8_t)byte;
    }
    return *p++ == ' ' && take_hex(&p, 8, &said_r->file) && *p++ == ' ' &&
           take_hex(&p, 8, &said_r->offset);
}

/* Takes what the whole record says if it is a mark. */
static void
take_mark(struct log_walk *w, const uint8_t *record, uint32_t len)
{
    uint8_t found[LOG_UID_BYTES];
    struct log_pos said;

    if (len < MARK_AT + sizeof MARK_TEXT - 1 + MARK_DIGITS ||
        number_at(record + HEAD) != TYPE_DEBUG ||
        memcmp(record + MARK_AT, MARK_TEXT, sizeof MARK_TEXT - 1) != 0 ||
        !read_mark(record + MARK_AT + sizeof MARK_TEXT - 1, found, &said))
        return;
    if (w->uid != NULL && memcmp(w->uid, found, sizeof found) != 0) {
        w->foreign = w->newest;
        return;
    }
    w->marked = w->newest;
    w->proven = log_pos_later(w->proven, said);
}

static void
take_mark_at(struct log_walk *w, const uint8_t *record, const uint8_t *end)
{
    uint32_t len = 0;

    if (number_at(record + 4) < MARK_AT + 2 * LOG_MARK_BYTES)
        len = record_len(record, (size_t)(end - record));
    if (len > 0)
        take_mark(w, record, len);
}

/* Looks for whole marks where records cannot be told from each other any more.
 * Each text found costs no more than a mark is long. */
static void
look_for_marks(struct log_walk *w, const struct log_view *f, size_t from)
{
    const uint8_t *at = f->data + from, *end = f->data + f->size, *text;

    while ((text = memmem(at, (size_t)(end - at), MARK_TEXT,
                          sizeof MARK_TEXT - 1)) != NULL) {
        at = text + 1;
        if (text - f->data < (ptrdiff_t)(from + MARK_AT))
            continue;
        take_mark_at(w, text - MARK_AT, end);
    }
}

/* --- tables that became shorter --- */

static void
name_table(struct log_walk *w, const uint8_t *uid, int32_t id)
{
    unsigned i, found = w->n_cuts;

    for (i = 0; i < w->n_cuts; i++) {
        if (memcmp(w->cut[i].uid, uid, LOG_UID_BYTES) == 0)
            found = i;
        else if (w->cut[i].id == id)
            w->cut[i].id = -1; /* the number goes on to another */
    }
    if (found == LOG_TABLES_MOST)
        return;
    if (found == w->n_cuts) {
        memset(&w->cut[found], 0xff, sizeof w->cut[found]);
        memcpy(w->cut[found].uid, uid, LOG_UID_BYTES);
        w->n_cuts++;
    }
    w->cut[found].id = id;
}

static struct log_cut *
cut_of(struct log_walk *w, int32_t id)
{
    for (unsigned i = 0; i < w->n_cuts; i++)
        if (w->cut[i].id == id)
            return &w->cut[i];
    return &w->cut_unknown;
}

/* Pages are given back by the number that the table was opened with: u32
 * what was done, text name, text id of the file, i32 number. */
static void
take_opened(struct log_walk *w, const uint8_t *record, uint32_t len)
{
    uint32_t at = BODY_AT + 4, n;
    const uint8_t *uid;

    if (len < at + 4 || (n = number_at(record + at)) > len - at - 4)
        return;
    at += 4 + n;
    if (len - at < 4 + LOG_UID_BYTES + 4 ||
        number_at(record + at) != LOG_UID_BYTES)
        return;
    uid = record + at + 4;
    name_table(w, uid, (int32_t)number_at(uid + LOG_UID_BYTES));
}

/* i32 number of the table, u32 page, two and one u32, the head of the page as a
 * text, u32, and the last page of the table. */
static void
take_free(struct log_walk *w, const uint8_t *record, uint32_t len)
{
    uint32_t at = BODY_AT + 24, page, n;
    struct log_cut *cut;

    if (len < at || (n = number_at(record + at - 4)) > len - at ||
        len - at - n < 8)
        return;
    cut = cut_of(w, (int32_t)number_at(record + BODY_AT));
    page = number_at(record + BODY_AT + 4);
    if (page == number_at(record + at + n + 4) && cut->from[0] > page)
        cut->from[0] = page;
}

static void
begin_time(struct log_cut *cut)
{
    memmove(cut->from + 1, cut->from, sizeof cut->from - sizeof cut->from[0]);
    cut->from[0] = UINT32_MAX;
}

static void
take_checkpoint(struct log_walk *w, const uint8_t *record, uint32_t len)
{
    if (len < BODY_AT + 8)
        return;
    w->recover.file = number_at(record + BODY_AT);
    w->recover.offset = number_at(record + BODY_AT + 4);
    w->has_checkpoint = true;
    for (unsigned i = 0; i < w->n_cuts; i++)
        begin_time(&w->cut[i]);
    begin_time(&w->cut_unknown);
}

static uint32_t
cut_from(const struct log_cut *cut)
{
    uint32_t from = UINT32_MAX;

    for (unsigned t = 0; t < LOG_TIMES; t++)
        if (cut->from[t] < from)
            from = cut->from[t];
    return from;
}

uint32_t
log_walk_cut(const struct log_walk *w, const uint8_t uid[LOG_UID_BYTES])
{
    uint32_t from = cut_from(&w->cut_unknown);

    for (unsigned i = 0; i < w->n_cuts; i++)
        if (memcmp(w->cut[i].uid, uid, LOG_UID_BYTES) == 0 &&
            cut_from(&w->cut[i]) < from)
            from = cut_from(&w->cut[i]);
    return from;
}

/* --- the walk --- */

void
log_head(uint8_t out[LOG_HEAD_BYTES], uint32_t last, uint32_t log_size)
{
    const uint32_t contents[] = {DB_LOGMAGIC, DB_LOGVERSION, log_size, 0};
    uint32_t head[3] = {last, LOG_HEAD_BYTES, 0};

    memcpy(out + HEAD, contents, sizeof contents);
    head[2] = record_sum(last, LOG_HEAD_BYTES, out + HEAD);
    memcpy(out, head, sizeof head);
}

static bool
is_head(const uint8_t *record, uint32_t len)
{
    return len == LOG_HEAD_BYTES && number_at(record + HEAD) == DB_LOGMAGIC &&
           number_at(record + HEAD + 4) == DB_LOGVERSION;
}

static void
take_record(struct log_walk *w, struct log_pos at, const uint8_t *record,
            uint32_t len)
{
    if (at.offset == 0)
        return;
    switch (number_at(record + HEAD)) {
    case TYPE_CKP:
        take_checkpoint(w, record, len);
        break;
    case TYPE_OPENED:
        take_opened(w, record, len);
        break;
    case TYPE_FREE:
    case TYPE_FREE_TO:
        take_free(w, record, len);
        break;
    case TYPE_DEBUG:
        take_mark(w, record, len);
        break;
    default:
        break;
    }
}

/* True: the end of the file was reached (zeros, or no more bytes), and the next
 * may go on. */
static bool
walk_records(struct log_walk *w, const struct log_view *f)
{
    struct log_pos at = {f->file, 0};

    for (;;) {
        const uint8_t *record = f->data + at.offset;
        size_t left = f->size - at.offset;
        uint32_t len = record_len(record, left);

        /* A header that is not there belongs to nothing that is. */
        if (len == 0 || (at.offset == 0 && !is_head(record, len)))
            return at.offset > 0 && (left < 8 || number_at(record + 4) == 0);
        if (number_at(record) != w->last && (at.offset > 0 || w->files > 1))
            return false;
        take_record(w, at, record, len);
        w->last = at.offset;
        at.offset += len;
        w->end = at;
    }
}

void
log_walk_start(struct log_walk *w, const uint8_t *uid)
{
    memset(w, 0, sizeof *w);
    memset(&w->cut_unknown, 0xff, sizeof w->cut_unknown);
    w->uid = uid;
}

void
log_walk_file(struct log_walk *w, const struct log_view *f)
{
    size_t from = 0;

    if (w->files++ == 0)
        w->first = w->end = (struct log_pos){f->file, 0};
    w->newest = f->file;
    if (!w->stopped) {
        w->stopped = !walk_records(w, f);
        if (w->end.file == f->file)
            from = w->end.offset;
    }
    look_for_marks(w, f, from);
}
