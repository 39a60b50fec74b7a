/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "storage/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/env_state.h"
#include "util/clock.h"
#include "util/xmalloc.h"

char *
replace_kept_name(const char *dir, const char *what, int64_t now)
{
    char when[CLOCK_GMT_SIZE], *name;

    clock_format_gmt(now, when);
    name = xasprintf("%s/" ENV_SUBDIR ".%s-%s", dir, what, when);
    for (unsigned i = 2; access(name, F_OK) == 0; i++) {
        free(name);
        name = xasprintf("%s/" ENV_SUBDIR ".%s-%s-%u", dir, what, when, i);
    }
    return name;
}

int
replace_owner(const char *made, const char *like, struct errbuf *err)
{
    DIR *dir = opendir(made);
    struct dirent *e;
    struct stat st;
    int ret = dir != NULL && stat(like, &st) == 0 ? 0 : -1;

    while (ret == 0 && (e = readdir(dir)) != NULL)
        if (strcmp(e->d_name, "..") != 0 && geteuid() == 0)
            ret = fchownat(dirfd(dir), e->d_name, st.st_uid, st.st_gid, 0);
    if (ret != 0)
        err_set(err, "%s: %s", made, strerror(errno));
    if (dir != NULL)
        closedir(dir);
    return ret;
}

static bool
swap(const char *a, const char *b)
{
    return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;
}

/* Where the file system cannot swap. */
static bool
move_one_by_one(const char *home, const char *made, const char *kept)
{
    int error;

    if (rename(home, kept) != 0)
        return false;
    if (rename(made, home) == 0)
        return true;
    error = errno;
    (void)!rename(kept, home);
    errno = error;
    return false;
}

int
replace_store(const char *home, const char *made, const char *kept,
              char **kept_r, struct errbuf *err)
{
    int error;

    if (!swap(made, home)) {
        if (move_one_by_one(home, made, kept)) {
            *kept_r = xstrdup(kept);
            return 0;
        }
    } else {
        if (rename(made, kept) == 0) {
            *kept_r = xstrdup(kept);
            return 0;
        }
        error = errno;
        if (!swap(made, home)) { /* so it stays where it is */
            *kept_r = xstrdup(made);
            return 0;
        }
        errno = error;
    }
    return err_set(err, "moving %s to %s: %s", home, kept, strerror(errno));
}
