/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/admin_fixture.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/suite.h"
#include "util/xmalloc.h"
#include "ximss/server/rules/token.h"

Suite *token_suite(void);

static char dir[256];
static char *path; /* of the key */
static struct token_key key;
static char nightly[] = "nightly", backup[] = "backup", weekly[] = "weekly";
static char author[] = "joe@a.test";

static void
setup(void)
{
    const char *tmp = getenv("TMPDIR");

    fixture_setup();
    snprintf(dir, sizeof dir, "%s/token.XXXXXX", tmp != NULL ? tmp : "/tmp");
    ck_assert(mkdtemp(dir) != NULL);
    token_key_init(&key, dir, "");
    path = xasprintf("%s/token.key", dir);
}

static int
remove_entry(const char *name, const struct stat *st, int flag,
             struct FTW *walk)
{
    (void)st;
    (void)flag;
    (void)walk;
    return remove(name);
}

static void
teardown(void)
{
    token_key_clear(&key);
    free(path);
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    fixture_teardown();
}

static struct token_rec
record(char *name, uint64_t id)
{
    return (struct token_rec){.account = fixture_caller(JOE)->account,
                              .id = id,
                              .name = name,
                              .author = author};
}

/* As a server that is started anew. */
static void
forget_key(void)
{
    token_key_clear(&key);
    token_key_init(&key, dir, "");
}

/* --- the key's file --- */

static struct errbuf err;

static int
seal(void)
{
    struct token_rec k = record(nightly, 1);
    char secret[TOKEN_SECRET_SIZE];
    int r;

    forget_key();
    r = token_seal(&key, &k, secret, &err);
    if (r == 0)
        free(k.sealed);
    return r;
}

static void
write_key(size_t len, mode_t mode)
{
    static const char bytes[TOKEN_KEY_BYTES + 1];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

START_TEST(the_key_is_made_once)
{
    struct stat first, again;

    ck_assert_int_eq(seal(), 0);
    ck_assert_int_eq(stat(path, &first), 0);
    ck_assert_int_eq(first.st_mode & 07777, 0600);
    ck_assert_int_eq(first.st_size, TOKEN_KEY_BYTES);
    ck_assert_int_eq(seal(), 0);
    ck_assert_int_eq(stat(path, &again), 0);
    ck_assert_uint_eq(first.st_ino, again.st_ino);
}
END_TEST

START_TEST(a_key_that_is_none_is_not_used)
{
    static const struct {
        size_t len;
        mode_t mode;
        const char *why; /* NULL: it is used */
    } rows[] = {
        {TOKEN_KEY_BYTES, 0600, NULL},
        {TOKEN_KEY_BYTES, 0400, NULL},
        {TOKEN_KEY_BYTES, 0640, "others may read"},
        {TOKEN_KEY_BYTES, 0604, "others may read"},
        {TOKEN_KEY_BYTES, 0620, "others may read"},
        {TOKEN_KEY_BYTES - 1, 0600, "is not a key of tokens"},
        {TOKEN_KEY_BYTES + 1, 0600, "is not a key of tokens"},
        {0, 0600, "is not a key of tokens"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unlink(path);
        write_key(rows[i].len, rows[i].mode);
        ck_assert_int_eq(seal(), rows[i].why != NULL ? -1 : 0);
        if (rows[i].why != NULL)
            ck_assert_msg(strstr(err.text, rows[i].why) != NULL, "%zu: %s", i,
                          err.text);
    }
    unlink(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(seal(), -1);
    rmdir(path);
    /* A pipe is not waited for. */
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(seal(), -1);
}
END_TEST

START_TEST(no_half_of_a_key_is_left)
{
    char *temporary = xasprintf("%s.new", path);
    struct stat st;

    ck_assert_int_eq(mkdir(temporary, 0700), 0); /* it cannot be written */
    ck_assert_int_eq(seal(), -1);
    ck_assert_int_ne(stat(path, &st), 0);
    rmdir(temporary);
    ck_assert_int_eq(symlink("/dev/null", temporary),
                     0); /* what a crash left */
    ck_assert_int_eq(seal(), 0);
    ck_assert_int_ne(lstat(temporary, &st), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    free(temporary);
}
END_TEST

/* --- tokens --- */

static char secrets[3][TOKEN_SECRET_SIZE];

static enum store_result
put_one(struct admin_context *x, char *name, uint64_t id, int64_t expires,
        char secret[TOKEN_SECRET_SIZE], struct errbuf *why)
{
    struct token_rec k = record(name, id);
    enum store_result r;

    k.expires = expires;
    ck_assert_int_eq(token_seal(&key, &k, secret, why), 0);
    ck_assert_uint_eq(strlen(secret), TOKEN_SECRET_SIZE - 1);
    ck_assert_uint_eq(strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "abcdefghijklmnopqrstuvwxyz0123456789"),
                      TOKEN_SECRET_SIZE - 1);
    ck_assert(memmem(k.sealed, k.sealed_len, secret, 8) == NULL);
    r = token_put(x->txn, &k, why);
    free(k.sealed);
    return r;
}

/* One that never ends, one that ends in a second, one whose end has come. */
static enum store_result
put_all(struct admin_context *x, void *arg, struct errbuf *why)
{
    enum store_result r = put_one(x, nightly, 1, 0, secrets[0], why);

    (void)arg;
    if (r == STORE_OK)
        r = put_one(x, backup, 2, x->now + 1, secrets[1], why);
    return r == STORE_OK ? put_one(x, weekly, 3, x->now, secrets[2], why) : r;
}

static enum store_result
read_all(struct admin_context *x, void *arg, struct errbuf *why)
{
    return token_set_read(arg, &key, x->txn, fixture_caller(JOE)->account,
                          x->now, why);
}

START_TEST(those_that_have_not_expired_are_read)
{
    struct token_set set = {0};

    fixture_run(LOCAL, put_all, NULL);
    for (int again = 0; again < 2; again++) {
        fixture_run(LOCAL, read_all, &set);
        ck_assert_uint_eq(set.n, 2);
        for (size_t i = 0; i < 2; i++)
            ck_assert_str_eq(token_find_clear(&set, secrets[i])->name,
                             i == 0 ? nightly : backup);
        ck_assert_uint_eq(token_find_clear(&set, secrets[1])->id, 2);
        ck_assert_int_eq(token_find_clear(&set, secrets[1])->expires,
                         fixture_now + 1);
        ck_assert_ptr_null(token_find_clear(&set, secrets[2]));
        forget_key();
    }
    token_set_clear(&set);
    ck_assert_uint_eq(set.n, 0);
    ck_assert_ptr_null(token_find_clear(&set, secrets[0]));
}
END_TEST

START_TEST(without_their_key_they_are_none)
{
    struct token_set set = {0};

    fixture_run(LOCAL, put_all, NULL);
    unlink(path);
    forget_key();
    log_capture_begin(LOG_WARN_);
    for (int i = 0; i < 2; i++) {
        fixture_run(LOCAL, read_all, &set);
        ck_assert_uint_eq(set.n, 0);
    }
    ck_assert_uint_eq(log_capture_count("their key"), 1);
    write_key(TOKEN_KEY_BYTES, 0600);
    forget_key();
    fixture_run(LOCAL, read_all, &set);
    ck_assert_uint_eq(set.n, 0);
    ck_assert_uint_eq(log_capture_count("not made with the key"), 1);
    log_capture_end();
    token_set_clear(&set);
}
END_TEST

/* The sealed secret of one record, in another. */
static enum store_result
swap(struct admin_context *x, void *arg, struct errbuf *why)
{
    struct token_rec k = {0}, other;
    enum store_result r;

    r = token_get(x->txn, fixture_caller(JOE)->account, nightly, &k, why);
    ck_assert_int_eq(r, STORE_OK);
    other = *(struct token_rec *)arg;
    other.sealed = k.sealed;
    other.sealed_len = k.sealed_len;
    r = token_remove(x->txn, other.account, other.name, why);
    ck_assert(r == STORE_OK || r == STORE_NOTFOUND);
    r = token_put(x->txn, &other, why);
    token_rec_clear(&k);
    return r;
}

static enum store_result
read_other(struct admin_context *x, void *arg, struct errbuf *why)
{
    return token_set_read(arg, &key, x->txn, fixture_caller(OTHER)->account,
                          x->now, why);
}

START_TEST(a_secret_belongs_to_its_record)
{
    struct token_set set = {0};
    struct token_rec k = record(backup, 1); /* another name */

    fixture_run(LOCAL, put_all, NULL);
    log_capture_begin(LOG_ERROR_);
    fixture_run(LOCAL, swap, &k);
    fixture_run(LOCAL, read_all, &set);
    ck_assert_uint_eq(set.n, 1);
    k = record(nightly, 1); /* another account */
    k.account = fixture_caller(OTHER)->account;
    fixture_run(LOCAL, swap, &k);
    fixture_run(LOCAL, read_other, &set);
    ck_assert_uint_eq(set.n, 0);
    k = record(nightly, 2); /* another token of that name */
    fixture_run(LOCAL, swap, &k);
    fixture_run(LOCAL, read_all, &set);
    ck_assert_uint_eq(set.n, 0);
    token_set_clear(&set);
    log_capture_end();
}
END_TEST

/* --- what is shown --- */

START_TEST(finds_the_one_that_is_shown)
{
    static const char a[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                      b[] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
    struct token items[2] = {{.id = 1}, {.id = 2}};
    const struct token_set set = {items, 2};
    char text[64];

    strcpy(items[0].secret, a);
    strcpy(items[1].secret, b);
    ck_assert_uint_eq(token_find_clear(&set, a)->id, 1);
    ck_assert_uint_eq(token_find_clear(&set, b)->id, 2);
    for (size_t len = 0; len < sizeof a - 1; len++) {
        snprintf(text, sizeof text, "%.*s", (int)len, a);
        ck_assert_ptr_null(token_find_clear(&set, text));
    }
    snprintf(text, sizeof text, "%sA", a);
    ck_assert_ptr_null(token_find_clear(&set, text));
    strcpy(text, a);
    text[39] = 'B';
    ck_assert_ptr_null(token_find_clear(&set, text));
}
END_TEST

/* The example of RFC 1939. */
START_TEST(finds_the_one_that_apop_proves)
{
    static const char challenge[] = "<1896.697170952@dbc.mtview.ca.us>",
                      hex[] = "c4c9334bac560ecc979e58001b3e22fb",
                      upper[] = "C4C9334BAC560ECC979E58001B3E22FB";
    struct token items[2] = {{.id = 1, .secret = "other"},
                             {.id = 2, .secret = "tanstaaf"}};
    const struct token_set set = {items, 2}, none = {items, 1};
    char text[64];

    ck_assert_uint_eq(token_find_apop(&set, challenge, hex)->id, 2);
    ck_assert_uint_eq(token_find_apop(&set, challenge, upper)->id, 2);
    ck_assert_ptr_null(token_find_apop(&none, challenge, hex));
    ck_assert_ptr_null(token_find_apop(&set, "<1@dbc.mtview.ca.us>", hex));
    for (size_t len = 0; len < sizeof hex - 1; len++) {
        snprintf(text, sizeof text, "%.*s", (int)len, hex);
        ck_assert_ptr_null(token_find_apop(&set, challenge, text));
    }
    snprintf(text, sizeof text, "%sb", hex);
    ck_assert_ptr_null(token_find_apop(&set, challenge, text));
}
END_TEST

Suite *
token_suite(void)
{
    Suite *s = suite_create("token");
    TCase *t = tcase_create("token");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, the_key_is_made_once);
    tcase_add_test(t, a_key_that_is_none_is_not_used);
    tcase_add_test(t, no_half_of_a_key_is_left);
    tcase_add_test(t, those_that_have_not_expired_are_read);
    tcase_add_test(t, without_their_key_they_are_none);
    tcase_add_test(t, a_secret_belongs_to_its_record);
    tcase_add_test(t, finds_the_one_that_is_shown);
    tcase_add_test(t, finds_the_one_that_apop_proves);
    suite_add_tcase(s, t);
    return s;
}
