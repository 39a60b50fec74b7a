/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a directory has a store, and if not, what is there instead.  If
 * somebody named the wrong directory, or did not mount it, the message must not
 * tell them to create a new store there. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/env.h"
#include "storage/log_files.h"
#include "util/log.h"
#include "util/xmalloc.h"

/* The directory comes with all that is in it; what is missing there is damage.
 */
bool
env_exists(const char *dir)
{
    char *path = xasprintf("%s/" ENV_SUBDIR, dir);
    bool exists = faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0;
    int error = errno;

    free(path);
    errno = error;
    return exists;
}

/* --- there is one --- */

/* Each file of it: the database would call a lack of rights a damage. */
static bool
may_open_files(DIR *dir, const char *home, struct errbuf *err)
{
    struct dirent *e;

    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.' ||
            faccessat(dirfd(dir), e->d_name, R_OK | W_OK, AT_EACCESS) == 0 ||
            errno == ENOENT)
            continue;
        err_set(err, "opening %s/%s of the store: %s", home, e->d_name,
                strerror(errno));
        return false;
    }
    return true;
}

static enum store_presence
look_inside(const char *dir, struct errbuf *err)
{
    char *home = xasprintf("%s/" ENV_SUBDIR, dir);
    DIR *d = opendir(home);
    enum store_presence found = STORE_BARRED;

    if (d != NULL && may_open_files(d, home, err))
        found = STORE_PRESENT;
    else if (d == NULL && errno == ENOTDIR)
        err_set(err, "%s is not a store: %s is not a directory", dir, home);
    else if (d == NULL)
        err_set(err, "opening the store %s: %s", home, strerror(errno));
    if (d != NULL)
        closedir(d);
    free(home);
    return found;
}

/* --- what a restore left --- */

static bool
has_file(const char *dir, const char *name)
{
    char *path = xasprintf("%s/%s", dir, name);
    bool has = access(path, F_OK) == 0;

    free(path);
    return has;
}

void
env_tidy_restored(const char *home)
{
    char *flag = xasprintf("%s/" ENV_RESTORING, home);

    if (unlink(flag) == 0)
        (void)log_files_sync_dir(home);
    free(flag);
}

void
env_tell_restored(const char *dir)
{
    if (!has_file(dir, ENV_RESTORED))
        return;
    if (has_file(dir, ENV_RESTORED "/" ENV_RESTORING))
        log_warn("storage: a restore was interrupted, and %s is the store from "
                 "before it: start it again, or remove %s/" ENV_RESTORED,
                 dir, dir);
    else
        log_warn("storage: %s/" ENV_RESTORED " is the store that a restore "
                 "replaced: keep it under another name, or remove it",
                 dir);
}

/* A directory without a store, but with `name` of one. */
static enum store_presence
tell_unfinished(const char *dir, const char *name, struct errbuf *err)
{
    if (strncmp(name, ENV_RESTORED, sizeof ENV_RESTORED) == 0)
        err_set(err,
                "%s holds no store, because a restore was interrupted: start "
                "it again (ximssd --restore)",
                dir);
    else
        err_set(err,
                "%s holds no store, but an old one in %.60s: to go back to it, "
                "rename it to " ENV_SUBDIR "; or restore a backup (ximssd "
                "--restore)",
                dir, name);
    return STORE_UNFINISHED;
}

/* --- there is none --- */

/* What is in most new directories, and what we may have left there. */
static bool
is_nothing(const char *name)
{
    return name[0] == '.' || strcmp(name, "lost+found") == 0 ||
           strcmp(name, "lock") == 0;
}

static bool
begins_with(const char *name, const char *begin)
{
    return strncmp(name, begin, strlen(begin)) == 0;
}

static bool
is_old_store(const char *name)
{
    return begins_with(name, ENV_SUBDIR ".replaced-") ||
           begins_with(name, ENV_SUBDIR ".damaged-");
}

static enum store_presence
look_around(DIR *d, const char *dir, struct errbuf *err)
{
    bool begun = false;
    char old[256] = "";
    struct dirent *e;

    while ((e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ENV_SUBDIR ".new") == 0) {
            begun = true;
        } else if (strcmp(e->d_name, ENV_RESTORED) == 0 ||
                   is_old_store(e->d_name)) {
            /* The youngest; or what is to be its successor. */
            if (strcmp(e->d_name, old) > 0)
                snprintf(old, sizeof old, "%s", e->d_name);
        } else if (strcmp(e->d_name, ENV_RESERVE) == 0) {
            continue;
        } else if (strcmp(e->d_name, "meta.db") == 0) {
            err_set(err,
                    "%s is the inside of a store: name the directory "
                    "above it",
                    dir);
            return STORE_OTHER_FILES;
        } else if (!is_nothing(e->d_name)) {
            err_set(err,
                    "%s holds no store, but other files, such as %.60s: is "
                    "it the right directory?",
                    dir, e->d_name);
            return STORE_OTHER_FILES;
        }
    }
    if (old[0] != '\0')
        return tell_unfinished(dir, old, err);
    err_set(err, "%s holds no store: %s", dir,
            begun ? "making one was interrupted" : "it is empty");
    return STORE_NONE_YET;
}

static enum store_presence
look_for_directory(const char *dir, struct errbuf *err)
{
    DIR *d = opendir(dir);
    enum store_presence found = STORE_BARRED;
    struct stat st;

    if (d != NULL) {
        found = look_around(d, dir, err);
        closedir(d);
    } else if (errno != ENOENT) {
        err_set(err, "looking for the store in %s: %s", dir, strerror(errno));
    } else if (lstat(dir, &st) == 0) {
        err_set(err, "%s is a link to something that is not there", dir);
    } else {
        err_set(err,
                "there is no directory %s, and so no store: is it "
                "mounted, and is this its name?",
                dir);
        found = STORE_NOWHERE;
    }
    return found;
}

enum store_presence
env_look(const char *dir, struct errbuf *err)
{
    if (env_exists(dir))
        return look_inside(dir, err);
    if (errno == ENOENT)
        return look_for_directory(dir, err);
    if (errno == ENOTDIR)
        err_set(err, "%s is not a directory, and so no store", dir);
    else
        err_set(err, "looking for the store in %s: %s", dir, strerror(errno));
    return STORE_BARRED;
}
