/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/store_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/env.h"
#include "storage/txn.h"
#include "tests/unit/suite.h"
#include "util/log.h"

#define DIR_TEMPLATE "store-test-XXXXXX"
#define MEMORY_DIR   "/dev/shm"

char fixture_dir[64];
struct store *fixture_store;
struct errbuf fixture_err;

void
fixture_open(void)
{
    const struct store_options o = {.dir = fixture_dir,
                                    .cache_bytes = 4 << 20,
                                    .batch_us = FIXTURE_LONG_S * SECOND,
                                    .checkpoint_s = FIXTURE_LONG_S,
                                    .create = true};

    fixture_store = store_open(&o, &fixture_err);
    ck_assert_msg(fixture_store != NULL, "%s", fixture_err.text);
}

void
fixture_close(void)
{
    store_close(&fixture_store);
}

void
fixture_reopen(void)
{
    fixture_close();
    fixture_open();
}

/* In memory where possible: no test here sees what is not synced, and hundreds
 * of commits on a slow disk take minutes.  A test that fails leaves it there;
 * who runs many such tests gives them a directory, to be removed. */
static void
make_dir(void)
{
    const char *memory = getenv("TEST_MEMORY");

    if (memory == NULL)
        memory = access(MEMORY_DIR, W_OK) == 0 ? MEMORY_DIR : ".";
    ck_assert_int_lt(
        snprintf(fixture_dir, sizeof fixture_dir, "%s/" DIR_TEMPLATE, memory),
        (int)sizeof fixture_dir);
    ck_assert_ptr_nonnull(mkdtemp(fixture_dir));
}

void
fixture_setup(void)
{
    log_set_level(LOG_ERROR_);
    make_dir();
    fixture_open();
}

static void
remove_tree(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY);
    DIR *dir = fdopendir(fd);
    struct dirent *e;

    while ((e = readdir(dir)) != NULL) {
        struct stat st;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW);
        if (S_ISDIR(st.st_mode))
            remove_tree(fd, e->d_name);
        else
            unlinkat(fd, e->d_name, 0);
    }
    closedir(dir);
    unlinkat(at, name, AT_REMOVEDIR);
}

void
fixture_teardown(void)
{
    fixture_close();
    remove_tree(AT_FDCWD, fixture_dir);
}

void
fixture_run(store_body_fn *body, void *arg, enum store_result expected)
{
    enum store_result r;

    fixture_err.text[0] = 0;
    r = store_run(fixture_store, body, arg, &fixture_err);
    ck_assert_msg(r == expected, "result %d, not %d: %s", (int)r, (int)expected,
                  fixture_err.text);
}

static enum store_result
checkpoint_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    (void)err;
    return env_checkpoint(t->env, 0) == 0 ? STORE_OK : STORE_ERROR;
}

void
fixture_checkpoint(void)
{
    fixture_run(checkpoint_body, NULL, STORE_OK);
}

void
fixture_verify(void)
{
    int ret;

    fixture_close();
    ret = store_verify(fixture_dir, stderr, &fixture_err);
    ck_assert_msg(ret == 0, "%s", fixture_err.text);
    fixture_open();
}

/* --- things to put into it --- */

struct named {
    const char *name;
    uint64_t domain, number;
};

static enum store_result
add_domain(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct named *n = arg;
    struct domain_rec d = {.created = 1};
    char name[256];

    snprintf(name, sizeof name, "%s", n->name);
    d.name = name;
    return domain_add(t, &d, &n->number, err);
}

uint64_t
fixture_domain(const char *name)
{
    struct named n = {.name = name};

    fixture_run(add_domain, &n, STORE_OK);
    return n.number;
}

static enum store_result
add_account(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct named *n = arg;
    struct account_rec a = {.created = 1, .domain = n->domain};
    char name[256];

    snprintf(name, sizeof name, "%s", n->name);
    a.name = name;
    return account_add(t, &a, &n->number, err);
}

uint64_t
fixture_account(uint64_t domain, const char *name)
{
    struct named n = {.name = name, .domain = domain};

    fixture_run(add_account, &n, STORE_OK);
    return n.number;
}

struct alert_rec
fixture_alert(enum alert_scope scope, uint64_t target, int64_t posted,
              const char *text)
{
    static char author[] = "postmaster@example.test";
    static char origin[] = "192.0.2.1 ximss";
    char *borrowed; /* what goes in is not written to */

    memcpy(&borrowed, &text, sizeof borrowed);
    return (struct alert_rec){.scope = scope,
                              .target = target,
                              .severity = ALERT_WARNING,
                              .posted = posted,
                              .author = 1,
                              .author_name = author,
                              .origin = origin,
                              .text = borrowed,
                              .text_len = strlen(text)};
}

static enum store_result
add_alert(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_add(t, arg, err);
}

uint64_t
fixture_post(enum alert_scope scope, uint64_t target, int64_t posted,
             const char *text)
{
    struct alert_rec a = fixture_alert(scope, target, posted, text);

    fixture_run(add_alert, &a, STORE_OK);
    return a.id;
}
