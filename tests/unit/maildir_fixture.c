/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/maildir_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "util/log.h"

static char *root; /* absolute */

void
maildir_fixture_setup(void)
{
    char dir[] = "maildir-test-XXXXXX";

    log_set_level(LOG_ERROR_);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    root = realpath(dir, NULL);
    ck_assert_ptr_nonnull(root);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void
remove_tree(const char *path)
{
    ck_assert_int_eq(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void
maildir_fixture_teardown(void)
{
    remove_tree(root);
    free(root);
}

const char *
maildir_fixture_path(const char *name)
{
    static char paths[4][4096];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

void
maildir_fixture_dir(const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s/", root, name);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        if (access(path, F_OK) < 0)
            ck_assert_msg(mkdir(path, 0755) == 0, "%s", path);
        *p = '/';
    }
}

static void
write_file(const char *path, int flags, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);

    ck_assert_msg(fd >= 0, "%s", path);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

void
maildir_fixture_file(const char *name, const char *text)
{
    write_file(maildir_fixture_path(name), O_TRUNC, text);
}

void
maildir_fixture_link(const char *name, const char *target)
{
    ck_assert_int_eq(symlink(target, maildir_fixture_path(name)), 0);
}

void
maildir_fixture_replace(const char *name, const char *text)
{
    const char *path = maildir_fixture_path(name);
    char beside[4200];

    snprintf(beside, sizeof beside, "%s.new", path);
    write_file(beside, O_TRUNC, text);
    ck_assert_int_eq(rename(beside, path), 0);
}

void
maildir_fixture_append(const char *name, const char *text)
{
    write_file(maildir_fixture_path(name), O_APPEND, text);
}

void
maildir_fixture_remove(const char *name)
{
    remove_tree(maildir_fixture_path(name));
}
