/* SPDX-License-Identifier: BSD-2-Clause */

/* Berkeley DB takes the first bad record of the log for its end: a power cut
 * leaves such an end, and so does a flipped bit in the middle, behind which
 * everything acknowledged would be dropped without a word (with the tables, if
 * they were made behind it).  They are told apart by what is known to have
 * been on the disk:
 *
 * - the mark says how far, after each commit;
 * - each batch says in the log how far, when it began, so a whole mark behind
 *   a bad record that says "up to beyond it" proves damage, while records that
 *   a power cut left behind a hole never do: what they say lies before it;
 * - a page of a table is written only when the log is, up to its last change.
 *
 * A log that is whole up to there ends where a crash ended it. */
#include "config.h"

#include "storage/examine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/log_files.h"
#include "util/xmalloc.h"

struct look {
    struct examined *x;
    const char *home;
    FILE *report;
    struct errbuf *err;
};

static void finding(struct look *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
finding(struct look *l, const char *fmt, ...)
{
    char text[sizeof l->err->text];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (l->x->findings++ == 0)
        err_set(l->err, "%s", text);
    if (l->report != NULL)
        fprintf(l->report, "%s\n", text);
}

/* --- tables --- */

/* What the mark says of a table; NULL: nothing. */
static const struct table_facts *
known(const struct examined *x, enum table i)
{
    return x->has_mark == MARK_FOUND && (unsigned)i < x->mark.n_tables
               ? &x->mark.table[i]
               : NULL;
}

/* True if the store need not have it yet. */
static bool
may_be_missing(const struct look *l, enum table i, const char *path)
{
    return i >= TABLE_FORMAT_1 && known(l->x, i) == NULL &&
           access(path, F_OK) != 0 && errno == ENOENT;
}

/* The page with the newest change may be among those that were given back. */
static bool
was_cut(const struct examined *x, const struct table_facts *table)
{
    return !x->closed && log_walk_cut(&x->log, table->uid) != UINT32_MAX;
}

static void
scan_table(struct look *l, enum table i, const char *path,
           struct log_pos recover)
{
    const struct table_facts *mark = known(l->x, i);
    struct page_scan s = {.name = table_file[i],
                          .report = l->report,
                          .recover = recover,
                          .log = l->x->closed ? NULL : &l->x->log,
                          .pages = mark != NULL ? mark->pages : 0,
                          .uid = mark != NULL ? mark->uid : NULL};
    struct errbuf err;
    int ret = page_scan(&s, path, &err);
    unsigned long before = l->x->findings;

    l->x->table[i] = s.found;
    if (ret != 0) {
        finding(l, "%s", err.text);
    } else if (s.faults > 0) {
        if (l->x->findings == 0)
            *l->err = err;
        l->x->findings += s.faults; /* reported already */
    } else if (mark != NULL && !was_cut(l->x, mark) &&
               log_pos_compare(s.found.newest, mark->newest) < 0) {
        finding(l, "%s: it is older than the store", table_file[i]);
    }
    l->x->damaged_table[i] = l->x->findings > before;
}

/* From where on recovery reads the log; what is older was in the tables. */
static struct log_pos
recovery_start(const struct examined *x)
{
    if (x->closed)
        return x->mark.durable;
    return x->log.has_checkpoint ? x->log.recover : x->log.first;
}

static void
scan_tables(struct look *l)
{
    struct log_pos recover = recovery_start(l->x);

    for (enum table i = 0; i < TABLE_COUNT; i++) {
        char *path = xasprintf("%s/%s", l->home, table_file[i]);

        if (!may_be_missing(l, i, path))
            scan_table(l, i, path, recover);
        free(path);
    }
}

/* --- the log --- */

/* Whose log it is: the mark says it, or the table itself. */
static bool
find_uid(struct look *l, uint8_t uid[LOG_UID_BYTES])
{
    const struct table_facts *mark = known(l->x, TABLE_META);
    char *path = xasprintf("%s/%s", l->home, table_file[TABLE_META]);
    struct page_scan s = {.name = table_file[TABLE_META]};
    struct errbuf err;
    bool found = mark != NULL;

    if (found) {
        memcpy(uid, mark->uid, LOG_UID_BYTES);
    } else if (page_scan(&s, path, &err) == 0 && s.faults == 0) {
        memcpy(uid, s.found.uid, LOG_UID_BYTES);
        found = true;
    }
    free(path);
    return found;
}

/* Files begin with 1.  Where there is one of another name, the database takes
 * it for the beginning, and reads nothing behind it. */
static void
check_names(struct look *l)
{
    struct errbuf err;
    uint32_t *files;
    size_t n;

    if (l->x->closed || log_files_list(l->home, &files, &n, &err) != 0)
        return;
    if (n > 0 && files[0] == 0) {
        l->x->damaged_log = true;
        finding(l, "log.%010u: it is no file of the log, and must not be here",
                files[0]);
    }
    free(files);
}

/* A store that was closed has a log of one file with no record in it; older
 * ones may not have been removed yet.  If there is more, somebody has used the
 * store since. */
static bool
is_closed(const struct examined *x)
{
    uint32_t file = x->mark.durable.file;

    return x->has_mark == MARK_FOUND && x->mark.closed &&
           x->log.newest <= file && x->log.marked < file &&
           x->log.foreign < file &&
           log_pos_compare(x->log.end, x->mark.durable) <= 0;
}

/* The database would begin a new log in it, as if the tables were new. */
static bool
is_empty(const struct log_walk *w)
{
    return w->files > 0 && w->end.offset == 0 && w->end.file == w->first.file;
}

static void
log_ends_early(struct look *l, struct log_pos known)
{
    struct log_walk *w = &l->x->log;

    l->x->damaged_log = true;
    if (w->files == 0)
        finding(l, "the log is missing: there is no file log.* beside the "
                   "tables, which do not have all that was stored");
    else if (is_empty(w))
        finding(l,
                "log.%010u: there is nothing in it that can be read, and no "
                "file before it",
                w->newest);
    else
        finding(l,
                "log.%010u: damaged at offset %u: what follows was on the disk "
                "(up to log.%010u, offset %u) and is not read",
                w->end.file, w->end.offset, known.file, known.offset);
}

/* Recovery must find the file in which it begins. */
static void
check_beginning(struct look *l)
{
    struct log_walk *w = &l->x->log;
    uint32_t needed = w->has_checkpoint ? w->recover.file : l->x->mark.needed;

    if (w->files == 0 || l->x->damaged_log || w->first.file <= needed ||
        needed == 0)
        return;
    l->x->damaged_log = true;
    if (l->x->mark.closed && !w->has_checkpoint)
        finding(l,
                "log.%010u: the file is missing, or the mark is an older one",
                needed);
    else
        finding(l, "log.%010u: the file is missing", needed);
}

/* Everything before a page's last change is on the disk before the page is. */
static struct log_pos
behind_newest_page(const struct examined *x)
{
    struct log_pos newest = {0, 0};

    for (enum table i = 0; i < TABLE_COUNT; i++)
        newest = log_pos_later(newest, x->table[i].newest);
    if (newest.file > 0)
        newest.offset++;
    return newest;
}

static void
check_log(struct look *l)
{
    struct examined *x = l->x;
    struct log_pos known = log_pos_later(x->mark.durable, x->log.proven);

    if (x->log.foreign > 0 && !x->closed) {
        x->damaged_log = true;
        finding(l, "the log is of another store");
    }
    known = log_pos_later(known, behind_newest_page(x));
    if (x->closed) {
        if (log_pos_compare(x->mark.durable, known) < 0) {
            x->damaged_log = true;
            finding(l, "the tables are newer than the mark");
        }
        return;
    }
    if (x->log.files == 0 || is_empty(&x->log) ||
        log_pos_compare(x->log.end, known) < 0)
        log_ends_early(l, known);
    check_beginning(l);
}

int
examine(struct examined *x, const char *home, FILE *report, struct errbuf *err)
{
    struct look l = {x, home, report, err};
    uint8_t uid[LOG_UID_BYTES];
    struct errbuf detail;

    memset(x, 0, sizeof *x);
    x->has_mark = mark_read(home, &x->mark, &detail);
    if (x->has_mark == MARK_DAMAGED)
        finding(&l, "%s", detail.text);
    if (log_walk_home(&x->log, home, find_uid(&l, uid) ? uid : NULL, &detail) !=
        0) {
        x->damaged_log = true;
        finding(&l, "%s", detail.text);
    }
    x->log.uid = NULL;
    x->closed = is_closed(x);
    check_names(&l);
    scan_tables(&l);
    check_log(&l);
    return x->findings == 0 ? 0 : -1;
}
