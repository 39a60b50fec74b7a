/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/alert_table.h"
#include "storage/copy.h"
#include "storage/examine.h"
#include "storage/log_files.h"
#include "tests/unit/disk_fault.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"
#include "util/xmalloc.h"

Suite *damage_suite(void);

/* --- stores as a crash leaves them --- */

/* Copies what the files of the open store hold now: a kill -9. */
static char *
crash(const char *name)
{
    char *dir = xasprintf("%s/%s", fixture_dir, name);
    char *from = xasprintf("%s/db", fixture_dir);
    char *to = xasprintf("%s/db", dir);

    ck_assert_int_eq(mkdir(dir, 0700), 0);
    ck_assert_msg(copy_dir(from, to, NULL, &fixture_err) == 0, "%s",
                  fixture_err.text);
    free(from);
    free(to);
    return dir;
}

static void
forget(char *dir)
{
    char *home = xasprintf("%s/db", dir);

    ck_assert_int_eq(copy_remove(home), 0);
    ck_assert_int_eq(copy_remove(dir), 0); /* the lock is left in it */
    free(home);
    free(dir);
}

static void
post(unsigned n)
{
    while (n-- > 0)
        fixture_post(ALERT_SERVER, 0, SECOND, "x");
}

/* One that has pages of its own. */
static void
post_long(void)
{
    char text[4001];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    fixture_post(ALERT_SERVER, 0, SECOND, text);
}

static void
fill_store(void)
{
    uint64_t domain = fixture_domain("a.test");

    for (int i = 0; i < 100; i++) {
        char name[16];

        snprintf(name, sizeof name, "joe%d", i);
        fixture_post(ALERT_ACCOUNT, fixture_account(domain, name), SECOND,
                     "to one");
    }
    post(100);
}

static bool
count_alert(const struct alert_rec *a, void *arg)
{
    (void)a;
    ++*(unsigned *)arg;
    return true;
}

static enum store_result
count_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_walk(t, ALERT_SERVER, 0, 0, count_alert, arg, err);
}

/* How many alerts there are; -1 if the store was refused as damaged. */
static int
alerts_of(const char *dir)
{
    bool damaged = false;
    struct store_options o = {
        .dir = dir, .cache_bytes = 4 << 20, .damaged_r = &damaged};
    struct store *s;
    unsigned n = 0;

    fixture_err.text[0] = 0;
    s = store_open(&o, &fixture_err);
    ck_assert_msg(s != NULL || damaged, "%s", fixture_err.text);
    if (s == NULL)
        return -1;
    ck_assert_int_eq(store_run(s, count_body, &n, &fixture_err), STORE_OK);
    store_close(&s);
    return (int)n;
}

static unsigned
alerts_now(void)
{
    unsigned n = 0;

    ck_assert_int_eq(store_run(fixture_store, count_body, &n, &fixture_err),
                     STORE_OK);
    return n;
}

static void
check_refused(const char *dir, const char *why)
{
    ck_assert_int_eq(alerts_of(dir), -1);
    ck_assert_msg(strstr(fixture_err.text, why) != NULL, "\"%s\" not in \"%s\"",
                  why, fixture_err.text);
}

/* --- damage --- */

static char *
path_in(const char *dir, const char *file)
{
    return xasprintf("%s/db/%s", dir, file);
}

static void
overwrite(const char *dir, const char *file, off_t at, const char *bytes,
          size_t n)
{
    char *path = path_in(dir, file);
    int fd = open(path, O_WRONLY);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, n, at), (ssize_t)n);
    close(fd);
    free(path);
}

static void
zero(const char *dir, const char *file, off_t at, size_t n)
{
    char *bytes = xcalloc(1, n);

    overwrite(dir, file, at, bytes, n);
    free(bytes);
}

static void
flip(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);
    char byte;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= (char)(1 << at % 8);
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void
take_file(const char *from, const char *to, const char *file)
{
    char *a = path_in(from, file), *b = path_in(to, file);

    ck_assert_int_eq(copy_file(a, b, &fixture_err), 0);
    free(a);
    free(b);
}

static off_t
size_of(const char *dir, const char *file)
{
    char *path = path_in(dir, file);
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    free(path);
    return st.st_size;
}

static struct log_walk
walk(const char *dir)
{
    char *home = xasprintf("%s/db", dir);
    struct log_walk w;

    ck_assert_int_eq(log_walk_home(&w, home, NULL, &fixture_err), 0);
    free(home);
    return w;
}

static char *
log_name(uint32_t file)
{
    return xasprintf("log.%010u", file);
}

/* --- the log --- */

START_TEST(a_log_is_walked_to_its_end)
{
    struct log_walk before, after;
    char *one, *two;

    post(1);
    one = crash("one");
    post(5);
    two = crash("two");
    before = walk(one);
    after = walk(two);
    ck_assert(!before.stopped && !after.stopped);
    ck_assert_uint_eq(after.marked, after.end.file);
    ck_assert_uint_eq(after.foreign, 0);
    ck_assert_int_lt(log_pos_compare(before.end, after.end), 0);
    /* The last batch says that all before it was on the disk. */
    ck_assert_int_gt(log_pos_compare(after.proven, before.end), 0);
    ck_assert_int_lt(log_pos_compare(after.proven, after.end), 0);
    ck_assert_int_eq(alerts_of(two), 6);
    free(one);
    free(two);
}
END_TEST

/* Each place of the log, one bit. */
START_TEST(a_flipped_bit_in_the_log_is_told)
{
    struct log_walk w;
    unsigned refused = 0;
    char *kept, *file;

    post(4);
    kept = crash("kept");
    w = walk(kept);
    file = log_name(w.end.file);
    for (uint32_t at = 0; at < w.end.offset; at += 97) {
        char *dir = crash("dir"), *path = path_in(dir, file);

        flip(path, at);
        check_refused(dir, file);
        refused++;
        free(path);
        forget(dir);
    }
    ck_assert_uint_gt(refused, 20);
    free(file);
    free(kept);
}
END_TEST

/* A power cut: the last batch was not synced, and its first page is not there,
 * but what lies behind it is; the mark is an older one. */
START_TEST(a_hole_in_what_was_never_synced_is_a_torn_tail)
{
    struct log_walk before, after;
    char *one, *two, *file;

    post(3);
    one = crash("one");
    fixture_post(ALERT_SERVER, 0, SECOND, "the last");
    two = crash("two");
    before = walk(one);
    after = walk(two);
    file = log_name(after.end.file);
    take_file(one, two, "mark");
    zero(two, file, before.end.offset, 60);
    ck_assert_int_eq(log_pos_compare(walk(two).end, before.end), 0);
    ck_assert_int_eq(log_pos_compare(walk(two).proven, after.proven), 0);
    ck_assert_int_eq(alerts_of(two), 3);
    free(file);
    free(one);
    free(two);
}
END_TEST

/* The same hole one batch earlier was synced: the batch behind it says so,
 * whatever the mark knows. */
START_TEST(a_batch_behind_a_hole_proves_damage)
{
    struct log_walk before;
    char *one, *two, *file;

    post(3);
    one = crash("one");
    post(2);
    two = crash("two");
    before = walk(one);
    file = log_name(before.end.file);
    take_file(one, two, "mark");
    zero(two, file, before.end.offset, 60);
    check_refused(two, file);
    free(file);
    free(one);
    free(two);
}
END_TEST

/* Nothing is behind the last batch; the mark alone knows of it. */
START_TEST(the_last_batch_is_known_by_the_mark)
{
    struct log_walk before;
    char *one, *two, *file;

    post(3);
    one = crash("one");
    post(1);
    two = crash("two");
    before = walk(one);
    file = log_name(before.end.file);
    zero(two, file, before.end.offset, 60);
    check_refused(two, file);
    free(file);
    free(one);
    free(two);
}
END_TEST

START_TEST(a_closed_store_needs_no_log)
{
    struct log_walk w;
    char *dir, *file, *path;

    post(3);
    fixture_close();
    w = walk(fixture_dir);
    ck_assert_uint_eq(w.end.offset, LOG_HEAD_BYTES);
    ck_assert_uint_eq(w.files, 1);
    for (int how = 0; how < 3; how++) {
        dir = crash("dir");
        file = log_name(w.end.file);
        path = path_in(dir, file);
        if (how == 0)
            unlink(path);
        else if (how == 1)
            zero(dir, file, 0, LOG_HEAD_BYTES);
        else
            overwrite(dir, file, 7, "x", 1);
        ck_assert_int_eq(alerts_of(dir), 3);
        ck_assert_int_eq(alerts_of(dir), 3);
        free(path);
        free(file);
        forget(dir);
    }
    fixture_open();
}
END_TEST

/* --- the mark --- */

START_TEST(half_a_mark_is_enough)
{
    char *dir = NULL;

    post(3);
    for (int place = 0; place < 2; place++) {
        dir = crash(place == 0 ? "one" : "two");
        overwrite(dir, "mark", place * 4096 + 20, "xx", 2);
        ck_assert_int_eq(alerts_of(dir), 3);
        free(dir);
    }
    dir = crash("three");
    overwrite(dir, "mark", 20, "xx", 2);
    overwrite(dir, "mark", 4096 + 20, "xx", 2);
    check_refused(dir, "mark is damaged");
    free(dir);
    /* A store of an older program has none. */
    dir = crash("four");
    {
        char *path = path_in(dir, "mark");

        unlink(path);
        free(path);
    }
    ck_assert_int_eq(alerts_of(dir), 3);
    free(dir);
}
END_TEST

/* --- tables --- */

START_TEST(a_zeroed_page_is_told)
{
    char *dir;

    post(3);
    fixture_close();
    dir = crash("dir");
    zero(dir, "alert.db", 4096, 4096);
    check_refused(dir, "alert.db: page 1 is damaged: zeros");
    free(dir);
    fixture_open();
}
END_TEST

/* Each page, one bit. */
START_TEST(a_flipped_bit_in_a_table_is_told)
{
    off_t size;
    char *dir, *path;

    for (int i = 0; i < 40; i++)
        post_long();
    fixture_close();
    dir = crash("dir");
    path = path_in(dir, "alert.db");
    size = size_of(dir, "alert.db");
    ck_assert_int_gt(size, 40 * 4096);
    for (off_t page = 0; page * 4096 < size; page++) {
        off_t at = page * 4096 + 40 + page * 97 % (page > 0 ? 4000 : 400);
        char *told =
            xasprintf("alert.db: page %d is damaged: %s", (int)page,
                      page > 0 ? "its checksum is wrong" : "not as written");

        flip(path, at);
        check_refused(dir, told);
        flip(path, at);
        free(told);
    }
    ck_assert_int_eq(alerts_of(dir), 40);
    free(path);
    free(dir);
    fixture_open();
}
END_TEST

/* The newest change is in a page that is left. */
START_TEST(a_table_that_is_cut_is_told)
{
    char *dir, *path;
    off_t size;

    fill_store();
    fixture_reopen();
    post(1);
    fixture_close();
    dir = crash("dir");
    path = path_in(dir, "alert.db");
    size = size_of(dir, "alert.db");
    ck_assert_int_eq(truncate(path, size - 4096), 0);
    check_refused(dir, "the file ends before it");
    free(path);
    free(dir);
    fixture_open();
}
END_TEST

START_TEST(an_older_table_is_told)
{
    char *old, *new;

    post(3);
    fixture_reopen();
    old = crash("old");
    post(3);
    fixture_reopen();
    new = crash("new");
    take_file(old, new, "alert.db");
    check_refused(new, "alert.db: it is older than the store");
    free(old);
    free(new);
}
END_TEST

/* What the mark knows of a table is kept while nothing is written to that. */
START_TEST(an_older_table_is_told_after_a_quiet_run)
{
    char *old, *new;

    fixture_domain("a.test");
    fixture_reopen();
    old = crash("old");
    fixture_domain("b.test");
    fixture_reopen();
    fixture_reopen();
    fixture_close();
    new = crash("new");
    take_file(old, new, "domain.db");
    check_refused(new, "domain.db: it is older than the store");
    free(old);
    free(new);
    fixture_open();
}
END_TEST

/* What the log alone knew of is in the tables after recovery. */
START_TEST(an_older_table_is_told_after_recovery)
{
    char *one = crash("one"), *two;

    fixture_domain("a.test");
    two = crash("two");
    ck_assert_int_eq(alerts_of(two), 0);
    take_file(one, two, "domain.db");
    check_refused(two, "domain.db: it is older than the store");
    free(one);
    free(two);
}
END_TEST

/* --- verification changes nothing --- */

static uint64_t
sum_of(const char *dir, const char *file)
{
    char *path = path_in(dir, file);
    int fd = open(path, O_RDONLY);
    uint64_t h = 0;
    uint8_t bytes[4096];
    ssize_t n;

    ck_assert_int_ge(fd, 0);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < n; i++)
            h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
    close(fd);
    free(path);
    return h;
}

static uint64_t
sum_of_store(const char *dir)
{
    struct log_walk w = walk(dir);
    char *file = log_name(w.end.file);
    uint64_t h = sum_of(dir, file) ^ sum_of(dir, "mark");

    free(file);
    for (enum table i = 0; i < TABLE_COUNT; i++)
        h = h * 31 ^ sum_of(dir, table_file[i]);
    return h;
}

START_TEST(verification_changes_nothing)
{
    uint64_t before;
    char *dir;

    post(3);
    dir = crash("dir"); /* which needs recovery */
    before = sum_of_store(dir);
    ck_assert_int_eq(store_verify(dir, stderr, &fixture_err), STORE_SOUND);
    ck_assert(sum_of_store(dir) == before);
    /* It says so when there is no room for a copy. */
    disk_fault_space(1 << 20);
    ck_assert_int_eq(store_verify(dir, stderr, &fixture_err), STORE_UNKNOWN);
    disk_fault_end();
    ck_assert_ptr_nonnull(strstr(fixture_err.text, "needs"));
    ck_assert(sum_of_store(dir) == before);
    ck_assert_int_eq(alerts_of(dir), 3);
    free(dir);
}
END_TEST

static enum store_result
empty_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    store_removing(t, true);
    return alert_remove_set(t, ALERT_SERVER, 0, err);
}

/* What is removed gives pages back at once; the process ended before anything
 * else said so but the log.  Short ones: the newest change was in such a page. */
START_TEST(pages_given_back_since_the_checkpoint_are_no_damage)
{
    off_t before;
    char *dir;

    if (_i == 0)
        for (int i = 0; i < 50; i++)
            post_long();
    else
        post(100);
    fixture_reopen();
    before = size_of(fixture_dir, "alert.db");
    while (alerts_now() > 0)
        fixture_run(empty_body, NULL, STORE_OK);
    dir = crash("dir");
    ck_assert_int_lt(size_of(dir, "alert.db"), before);
    ck_assert_int_eq(alerts_of(dir), 0);
    free(dir);
}
END_TEST

/* The process ended between a checkpoint, which removed the log that says what
 * a table gave back, and the mark about it. */
START_TEST(pages_given_back_before_the_log_are_no_damage)
{
    char *dir, *older;

    for (int i = 0; i < 50; i++)
        post_long();
    fixture_close();
    fixture_open();
    post(1);
    older = crash("older");
    while (alerts_now() > 0)
        fixture_run(empty_body, NULL, STORE_OK);
    fixture_close();
    fixture_open();
    post(3);
    fixture_checkpoint();
    ck_assert(walk(fixture_dir).has_checkpoint);
    dir = crash("dir");
    take_file(older, dir, "mark");
    ck_assert_int_lt(size_of(dir, "alert.db"), size_of(older, "alert.db"));
    ck_assert_int_eq(alerts_of(dir), 3);
    free(older);
    free(dir);
}
END_TEST

/* --- salvage --- */

struct salvaged {
    enum store_salvage result;
    char *report;
};

static struct salvaged
salvage(const char *dir)
{
    struct salvaged s;
    size_t len;
    FILE *f = open_memstream(&s.report, &len);

    s.result = store_salvage(dir, 1764000000 * SECOND, f, &fixture_err);
    fclose(f);
    ck_assert_msg(s.result != STORE_NOT_SALVAGED, "%s\n%s", fixture_err.text,
                  s.report);
    ck_assert_int_eq(store_verify(dir, stderr, &fixture_err), STORE_SOUND);
    return s;
}

START_TEST(an_index_is_made_anew)
{
    struct salvaged s;
    char *dir;

    fill_store();
    fixture_close();
    dir = crash("dir");
    zero(dir, "alert_id.db", 4096, 4096);
    check_refused(dir, "alert_id.db");
    s = salvage(dir);
    ck_assert_int_eq(s.result, STORE_SALVAGED);
    ck_assert_int_eq(alerts_of(dir), 100);
    free(s.report);
    free(dir);
    fixture_open();
}
END_TEST

START_TEST(what_is_lost_is_said)
{
    struct salvaged s;
    struct stat st;
    uint64_t before;
    char *dir, *kept;
    int there;

    fill_store();
    fixture_close();
    dir = crash("dir");
    /* A leaf, but not the first: the root is page 1. */
    zero(dir, "alert.db", 3 * 4096, 4096);
    check_refused(dir, "alert.db: page 3 is damaged");
    before = sum_of(dir, "alert.db");
    s = salvage(dir);
    ck_assert_int_eq(s.result, STORE_SALVAGED_PART);
    ck_assert_msg(
        strstr(s.report, "alert.db: 1 pages or records could not be read") !=
            NULL,
        "%s", s.report);
    there = alerts_of(dir);
    ck_assert_int_gt(there, 0);
    ck_assert_ptr_nonnull(strstr(s.report, "account.db: 100 records"));
    /* And the old one is as it was. */
    kept = xasprintf("%s/db.damaged-20251124T160000Z", dir);
    ck_assert_ptr_nonnull(strstr(s.report, kept));
    ck_assert_int_eq(stat(kept, &st), 0);
    free(kept);
    kept = xasprintf("%s/old", dir);
    ck_assert_int_eq(mkdir(kept, 0700), 0);
    {
        char *from = xasprintf("%s/db.damaged-20251124T160000Z", dir);
        char *to = xasprintf("%s/db", kept);

        ck_assert_int_eq(rename(from, to), 0);
        free(from);
        free(to);
    }
    ck_assert(sum_of(kept, "alert.db") == before);
    free(kept);
    free(s.report);
    free(dir);
    fixture_open();
}
END_TEST

/* Of a group, the record is what it is, and its name follows from that. */
static enum store_result
add_objects(struct store_txn *t, void *arg, struct errbuf *err)
{
    char group[] = "sales", forwarder[] = "info", text[] = "x";
    struct object_rec o = {
        .domain = 1, .kind = OBJECT_GROUP, .name = group, .text = text};
    enum store_result r = object_add(t, &o, err);

    (void)arg;
    o.kind = OBJECT_FORWARDER;
    o.name = forwarder;
    return r == STORE_OK ? object_add(t, &o, err) : r;
}

START_TEST(groups_are_salvaged)
{
    struct salvaged s;
    char *dir;

    fill_store();
    fixture_run(add_objects, NULL, STORE_OK);
    fixture_close();
    dir = crash("dir");
    zero(dir, "account_name.db", 4096, 4096);
    check_refused(dir, "account_name.db");
    s = salvage(dir); /* which verifies what comes of it */
    ck_assert_ptr_nonnull(strstr(s.report, "object.db: 2 records brought"));
    free(s.report);
    free(dir);
    fixture_open();
}
END_TEST

/* An alias of an account is in no record but its own. */
static enum store_result
add_aliases(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alias_list l = {0};
    enum store_result r;

    (void)arg;
    alias_list_add(&l, "boss");
    alias_list_add(&l, "chief");
    r = account_aliases_set(t, 1, &l, err);
    alias_list_clear(&l);
    return r;
}

static enum store_result
check_aliases(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct account_rec a = {0};
    struct alias_list l = {0};
    enum store_result r = account_aliases_get(t, 1, &l, err);

    (void)arg;
    ck_assert_int_eq(r, STORE_OK);
    ck_assert_uint_eq(l.n, 2);
    alias_list_clear(&l);
    r = account_find(t, 1, "chief", &a, err);
    ck_assert_int_eq(r, STORE_OK);
    ck_assert_uint_eq(a.number, 1);
    account_rec_clear(&a);
    return r;
}

START_TEST(aliases_are_salvaged)
{
    struct store_options o = {.cache_bytes = 4 << 20};
    struct salvaged s;
    struct store *store;
    char *dir;

    fill_store();
    fixture_run(add_aliases, NULL, STORE_OK);
    fixture_close();
    dir = crash("dir");
    zero(dir, "alert_id.db", 4096, 4096);
    check_refused(dir, "alert_id.db");
    s = salvage(dir);
    ck_assert_int_eq(s.result, STORE_SALVAGED);
    o.dir = dir;
    store = store_open(&o, &fixture_err);
    ck_assert_ptr_nonnull(store);
    ck_assert_int_eq(store_run(store, check_aliases, NULL, &fixture_err),
                     STORE_OK);
    store_close(&store);
    free(s.report);
    free(dir);
    fixture_open();
}
END_TEST

/* All that is there can be read, but it is not all. */
START_TEST(a_table_that_is_cut_or_older_lacks_something)
{
    struct salvaged s;
    char *dir, *older, *path;

    post(100);
    fixture_close();
    older = crash("older");
    fixture_open();
    post(100);
    fixture_close();
    for (int how = 0; how < 2; how++) {
        dir = crash("dir");
        path = path_in(dir, "alert.db");
        if (how == 0)
            ck_assert_int_eq(truncate(path, 4096), 0);
        else
            take_file(older, dir, "alert.db");
        check_refused(dir, "alert.db");
        s = salvage(dir);
        ck_assert_int_eq(s.result, STORE_SALVAGED_PART);
        ck_assert_msg(strstr(s.report, "alert.db: it was damaged") != NULL,
                      "%s", s.report);
        ck_assert_int_eq(alerts_of(dir), how * 100);
        free(s.report);
        free(path);
        ck_assert_int_eq(
            rename(dir, (path = xasprintf("%s/was-%d", fixture_dir, how))), 0);
        free(path);
        free(dir);
    }
    free(older);
    fixture_open();
}
END_TEST

/* As a program of format 2 left it; yours. */
static char *
older_store(void)
{
    static const char *const later[] = {
        "mark",      "usage.db",   "ticket_account.db", "token.db",
        "object.db", "trigger.db", "handler.db"};
    char *dir;

    post(3);
    fixture_close();
    dir = crash("dir");
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        char *path = path_in(dir, later[i]);

        ck_assert_int_eq(unlink(path), 0);
        free(path);
    }
    return dir;
}

/* Also what nobody has stored anything in yet. */
START_TEST(nothing_is_missing_in_a_new_store)
{
    struct salvaged s;
    char *dir;

    fixture_close();
    dir = crash("dir");
    ck_assert_int_eq(store_verify(dir, stderr, &fixture_err), STORE_SOUND);
    s = salvage(dir);
    ck_assert_msg(s.result == STORE_SALVAGED, "%s", s.report);
    ck_assert_ptr_null(strstr(s.report, "it was damaged"));
    free(s.report);
    free(dir);
    fixture_open();
}
END_TEST

START_TEST(an_older_store_has_fewer_tables)
{
    struct salvaged s;
    char *dir = older_store();

    ck_assert_int_eq(store_verify(dir, stderr, &fixture_err), STORE_SOUND);
    s = salvage(dir);
    ck_assert_msg(s.result == STORE_SALVAGED, "%s", s.report);
    ck_assert_int_eq(alerts_of(dir), 3);
    free(s.report);
    free(dir);
    fixture_open();
}
END_TEST

/* They are made when it is opened; a power cut must not leave a mark that
 * knows them, and a directory that does not. */
START_TEST(new_tables_are_on_the_disk_before_the_mark_knows_them)
{
    char *dir = older_store(), *home = xasprintf("%s/db", dir);

    disk_fault_watch_names(home);
    ck_assert_int_eq(alerts_of(dir), 3);
    ck_assert_uint_eq(disk_fault_marks_early(), 0);
    ck_assert_int_gt(size_of(dir, "usage.db"), 0);
    ck_assert_int_gt(size_of(dir, "mark"), 0);
    free(home);
    free(dir);
    fixture_open();
}
END_TEST

/* There is no place for the old one: it is not thrown away, and nothing is
 * changed. */
START_TEST(what_cannot_be_kept_is_not_thrown_away)
{
    char *dir, *kept, *report;
    uint64_t before;
    size_t len;
    FILE *f;

    fill_store();
    fixture_close();
    dir = crash("dir");
    zero(dir, "alert.db", 3 * 4096, 4096);
    before = sum_of_store(dir);
    kept = xasprintf("%s/db.damaged-20251124T160000Z", dir);
    ck_assert_int_eq(symlink("nowhere", kept), 0);
    f = open_memstream(&report, &len);
    ck_assert_int_eq(store_salvage(dir, 1764000000 * SECOND, f, &fixture_err),
                     STORE_NOT_SALVAGED);
    fclose(f);
    ck_assert(sum_of_store(dir) == before);
    ck_assert_msg(strstr(fixture_err.text, kept) != NULL, "%s",
                  fixture_err.text);
    check_refused(dir, "alert.db: page 3 is damaged");
    ck_assert_int_eq(unlink(kept), 0);
    free(report);
    free(kept);
    free(dir);
    fixture_open();
}
END_TEST

START_TEST(a_damaged_log_is_used_up_to_the_damage)
{
    struct log_walk w;
    struct salvaged s;
    char *one, *two, *file;

    post(50);
    one = crash("one");
    post(50);
    two = crash("two");
    w = walk(one);
    file = log_name(w.end.file);
    zero(two, file, w.end.offset, 60);
    check_refused(two, file);
    s = salvage(two);
    ck_assert_int_eq(s.result, STORE_SALVAGED_PART);
    ck_assert_ptr_nonnull(strstr(s.report, "the log is used up to log."));
    ck_assert_int_eq(alerts_of(two), 50);
    free(s.report);
    free(file);
    free(one);
    free(two);
}
END_TEST

/* --- each file of a store --- */

struct set {
    char *closed, *killed, *older, *foreign;
};

static void
make_set(struct set *s)
{
    struct store_options o = {.create = true};

    post(3);
    fixture_close();
    s->older = crash("older");
    fixture_open();
    post(2);
    post_long(); /* changes the first page of a table, behind the first log */
    s->killed = crash("killed");
    fixture_close();
    s->closed = crash("closed");
    s->foreign = xasprintf("%s/foreign", fixture_dir);
    ck_assert_int_eq(mkdir(s->foreign, 0700), 0);
    o.dir = s->foreign;
    fixture_store = store_open(&o, &fixture_err);
    ck_assert_ptr_nonnull(fixture_store);
    post(9);
    store_close(&fixture_store);
    fixture_open();
}

static void
free_set(struct set *s)
{
    free(s->closed);
    free(s->killed);
    free(s->older);
    free(s->foreign);
}

static char *
copy_of(const char *from)
{
    char *dir = xasprintf("%s/case", fixture_dir),
         *a = xasprintf("%s/db", from), *b = xasprintf("%s/db", dir);

    ck_assert_int_eq(mkdir(dir, 0700), 0);
    ck_assert_int_eq(copy_dir(a, b, NULL, &fixture_err), 0);
    free(a);
    free(b);
    return dir;
}

/* "log" is all of its files. */
static void
remove_file(const char *dir, const char *file)
{
    char *home = xasprintf("%s/db", dir), *path;

    if (strcmp(file, "log") == 0) {
        log_files_remove(home, UINT32_MAX);
    } else {
        path = path_in(dir, file);
        unlink(path);
        free(path);
    }
    free(home);
}

static void
take_all(const char *from, const char *to, const char *file)
{
    char *home = xasprintf("%s/db", from), *name;
    uint32_t *files;
    size_t n;

    remove_file(to, file);
    if (strcmp(file, "log") != 0) {
        take_file(from, to, file);
    } else {
        ck_assert_int_eq(log_files_list(home, &files, &n, &fixture_err), 0);
        for (size_t i = 0; i < n; i++) {
            name = log_name(files[i]);
            take_file(from, to, name);
            free(name);
        }
        free(files);
    }
    free(home);
}

static void
make_empty(const char *dir, const char *file)
{
    char *home = xasprintf("%s/db", dir), *name = xstrdup(file), *path;
    uint32_t *files;
    size_t n;

    if (strcmp(file, "log") == 0) {
        ck_assert_int_eq(log_files_list(home, &files, &n, &fixture_err), 0);
        ck_assert_uint_gt(n, 0);
        free(name);
        name = log_name(files[n - 1]);
        log_files_remove(home, files[n - 1]);
        free(files);
    }
    path = path_in(dir, name);
    ck_assert_int_eq(truncate(path, 0), 0);
    free(path);
    free(name);
    free(home);
}

static void
swap_with_account(const char *dir, const char *file)
{
    char *a = path_in(dir, file), *b = path_in(dir, "account.db"),
         *c = path_in(dir, "swapping");

    ck_assert(rename(a, c) == 0 && rename(b, a) == 0 && rename(c, b) == 0);
    free(a);
    free(b);
    free(c);
}

static enum store_verdict
verdict_of(const char *dir, char **report_r)
{
    enum store_verdict v;
    size_t size;
    FILE *f = open_memstream(report_r, &size);

    v = store_verify(dir, f, &fixture_err);
    fclose(f);
    return v;
}

/* It is sound, is opened, has all, and takes more; or it is damaged, and not
 * opened: both say the same. */
static bool
check_case(const char *dir, int has, const char *what)
{
    char *report;
    enum store_verdict v = verdict_of(dir, &report);
    int n = alerts_of(dir);
    struct store_options o = {.dir = dir};
    struct store *kept = fixture_store;

    ck_assert_msg(v == (n < 0 ? STORE_DAMAGED : STORE_SOUND),
                  "%s: verdict %d, alerts %d: %s", what, (int)v, n, report);
    free(report);
    if (n < 0)
        return false;
    ck_assert_msg(n == has, "%s: %d alerts", what, n);
    fixture_store = store_open(&o, &fixture_err);
    ck_assert_msg(fixture_store != NULL, "%s: %s", what, fixture_err.text);
    post(1);
    store_close(&fixture_store);
    fixture_store = kept;
    ck_assert_int_eq(alerts_of(dir), has + 1);
    return true;
}

/* Of a store that was closed the log is not needed; of one that was killed the
 * mark is not, and an older one is as after a power cut. */
START_TEST(each_file_missing_empty_older_foreign_or_swapped)
{
    static const struct {
        const char *file;
        char kind;           /* missing, empty, older, foreign, swapped */
        bool closed, killed; /* it is sound */
    } rows[] = {
        {"log", 'm', true, false},       {"log", 'e', true, false},
        {"log", 'o', true, false},       {"log", 'f', true, false},
        {"mark", 'm', true, true},       {"mark", 'e', false, false},
        {"mark", 'o', false, true},      {"mark", 'f', false, false},
        {"mark", 's', false, false},     {"alert.db", 'm', false, false},
        {"alert.db", 'e', false, false}, {"alert.db", 'f', false, false},
        {"alert.db", 's', false, false},
    };
    struct set s;

    make_set(&s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 2; i++) {
        bool closed = i % 2 == 0;
        char *dir = copy_of(closed ? s.closed : s.killed);
        char what[64];

        snprintf(what, sizeof what, "%s %s %c", closed ? "closed" : "killed",
                 rows[i / 2].file, rows[i / 2].kind);
        switch (rows[i / 2].kind) {
        case 'm':
            remove_file(dir, rows[i / 2].file);
            break;
        case 'e':
            make_empty(dir, rows[i / 2].file);
            break;
        case 's':
            swap_with_account(dir, rows[i / 2].file);
            break;
        default:
            take_all(rows[i / 2].kind == 'o' ? s.older : s.foreign, dir,
                     rows[i / 2].file);
        }
        ck_assert_msg(check_case(dir, 6, what) ==
                          (closed ? rows[i / 2].closed : rows[i / 2].killed),
                      "%s: %s", what, fixture_err.text);
        forget(dir);
    }
    free_set(&s);
}
END_TEST

/* Whoever copies tables alone, or the log without what begins it. */
START_TEST(tables_without_their_log)
{
    struct set s;

    make_set(&s);
    for (int i = 0; i < 4; i++) {
        char *dir = copy_of(i < 2 ? s.closed : s.killed);

        if (i % 2 == 0)
            remove_file(dir, "log");
        else
            make_empty(dir, "log");
        remove_file(dir, "mark");
        ck_assert(!check_case(dir, 6, i % 2 == 0 ? "none" : "empty"));
        check_refused(dir, i % 2 == 0 ? "the log is missing"
                                      : "there is nothing in it");
        forget(dir);
    }
    free_set(&s);
}
END_TEST

/* The database takes the lowest number for the beginning. */
START_TEST(a_file_that_is_none_of_the_log)
{
    struct set s;
    char *dir, *path;

    make_set(&s);
    for (int i = 0; i < 2; i++) {
        dir = copy_of(i == 0 ? s.closed : s.killed);
        path = path_in(dir, "log.0000000000");
        close(open(path, O_WRONLY | O_CREAT, 0600));
        ck_assert_int_eq(check_case(dir, 6, "log 0"), i == 0);
        free(path);
        forget(dir);
    }
    free_set(&s);
}
END_TEST

/* A backup, or one of another store: it is what it is. */
START_TEST(a_whole_copy_from_elsewhere_is_sound)
{
    struct set s;
    char *dir;

    make_set(&s);
    dir = copy_of(s.older);
    ck_assert(check_case(dir, 3, "older"));
    forget(dir);
    dir = copy_of(s.foreign);
    ck_assert(check_case(dir, 9, "foreign"));
    forget(dir);
    free_set(&s);
}
END_TEST

Suite *
damage_suite(void)
{
    Suite *s = suite_create("damage");
    TCase *tc = tcase_create("damage");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_log_is_walked_to_its_end);
    tcase_add_test(tc, a_hole_in_what_was_never_synced_is_a_torn_tail);
    tcase_add_test(tc, a_batch_behind_a_hole_proves_damage);
    tcase_add_test(tc, the_last_batch_is_known_by_the_mark);
    tcase_add_test(tc, a_closed_store_needs_no_log);
    tcase_add_test(tc, half_a_mark_is_enough);
    tcase_add_test(tc, a_zeroed_page_is_told);
    tcase_add_test(tc, a_flipped_bit_in_a_table_is_told);
    tcase_add_test(tc, a_table_that_is_cut_is_told);
    tcase_add_test(tc, an_older_table_is_told);
    tcase_add_test(tc, an_older_table_is_told_after_a_quiet_run);
    tcase_add_test(tc, an_older_table_is_told_after_recovery);
    tcase_add_loop_test(tc, pages_given_back_since_the_checkpoint_are_no_damage,
                        0, 2);
    tcase_add_test(tc, pages_given_back_before_the_log_are_no_damage);
    tcase_add_test(tc, verification_changes_nothing);
    tcase_add_test(tc, an_index_is_made_anew);
    tcase_add_test(tc, what_is_lost_is_said);
    tcase_add_test(tc, groups_are_salvaged);
    tcase_add_test(tc, aliases_are_salvaged);
    tcase_add_test(tc, a_table_that_is_cut_or_older_lacks_something);
    tcase_add_test(tc, nothing_is_missing_in_a_new_store);
    tcase_add_test(tc, an_older_store_has_fewer_tables);
    tcase_add_test(tc, new_tables_are_on_the_disk_before_the_mark_knows_them);
    tcase_add_test(tc, what_cannot_be_kept_is_not_thrown_away);
    tcase_add_test(tc, a_damaged_log_is_used_up_to_the_damage);
    tcase_add_test(tc, each_file_missing_empty_older_foreign_or_swapped);
    tcase_add_test(tc, tables_without_their_log);
    tcase_add_test(tc, a_file_that_is_none_of_the_log);
    tcase_add_test(tc, a_whole_copy_from_elsewhere_is_sound);
    suite_add_tcase(s, tc);
    tcase_add_test(suite_add_many(s, fixture_setup, fixture_teardown),
                   a_flipped_bit_in_the_log_is_told);
    return s;
}
