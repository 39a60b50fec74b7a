/* SPDX-License-Identifier: BSD-2-Clause */

/* Which backups stay.  Those of other stores, and whatever else somebody keeps
 * in the directory, are none of our business. */
#include "config.h"

#include "storage/backup_keep.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/backup_copy.h"
#include "storage/backup_label.h"
#include "storage/copy.h"
#include "storage/env_state.h"
#include "util/log.h"
#include "util/xmalloc.h"

void
backup_prefix(char out[BACKUP_PREFIX_SIZE],
              const uint8_t instance[STORE_INSTANCE_BYTES])
{
    snprintf(out, BACKUP_PREFIX_SIZE, "ximssd-%02x%02x%02x%02x-", instance[0],
             instance[1], instance[2], instance[3]);
}

static int
remove_inside(const char *path, const char *name, bool is_dir)
{
    char *inside = xasprintf("%s/%s", path, name);
    int ret = is_dir ? copy_remove(inside) : unlink(inside);

    if (ret != 0 && errno == ENOENT)
        ret = 0;
    free(inside);
    return ret;
}

/* The label first: what is left then is no backup.  --verify may have left the
 * others. */
int
backup_remove(const char *path)
{
    return remove_inside(path, BACKUP_LABEL, false) == 0 &&
                   remove_inside(path, "lock", false) == 0 &&
                   remove_inside(path, ENV_SUBDIR ".verify", true) == 0 &&
                   remove_inside(path, ENV_SUBDIR, true) == 0 &&
                   rmdir(path) == 0
               ? 0
               : -1;
}

struct kept {
    char *path;
    uint64_t serial;
    int64_t time;
};

static int
newest_first(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    if (x->serial != y->serial)
        return x->serial < y->serial ? 1 : -1;
    return (x->time < y->time) - (x->time > y->time);
}

static bool
ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n > m && strcmp(name + n - m, end) == 0;
}

/* True if it is a backup of that instance; what was left unfinished of one is
 * removed. */
static bool
look_at(const char *path, const char *name,
        const uint8_t instance[STORE_INSTANCE_BYTES], struct kept *kept_r)
{
    struct backup_label l;
    struct errbuf err;

    if (ends_in(name, BACKUP_PARTIAL)) {
        if (backup_remove(path) != 0)
            log_warn("backup: removing %s: %s", path, strerror(errno));
        return false;
    }
    if (backup_label_read(&l, path, &err) != 0 ||
        memcmp(l.instance, instance, sizeof l.instance) != 0)
        return false;
    *kept_r = (struct kept){xstrdup(path), l.serial, l.time};
    return true;
}

/* Under another name it is no backup any more, however far this comes. */
static bool
remove_whole(const char *path)
{
    char *partial = xasprintf("%s" BACKUP_PARTIAL, path);
    bool gone = rename(path, partial) == 0 && backup_remove(partial) == 0;

    if (!gone)
        log_warn("backup: removing %s: %s", path, strerror(errno));
    free(partial);
    return gone;
}

unsigned
backup_tidy(const char *dir, const uint8_t instance[STORE_INSTANCE_BYTES],
            unsigned keep)
{
    char prefix[BACKUP_PREFIX_SIZE];
    struct kept *all = NULL;
    unsigned n = 0, removed = 0;
    DIR *d = opendir(dir);
    struct dirent *e;

    backup_prefix(prefix, instance);
    while (d != NULL && (e = readdir(d)) != NULL) {
        char *path;

        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
            continue;
        path = xasprintf("%s/%s", dir, e->d_name);
        all = xrealloc(all, (n + 1) * sizeof *all);
        n += look_at(path, e->d_name, instance, &all[n]);
        free(path);
    }
    if (d != NULL)
        closedir(d);
    if (n > 0)
        qsort(all, n, sizeof *all, newest_first);
    for (unsigned i = 0; i < n; i++) {
        if (keep > 0 && i >= keep)
            removed += remove_whole(all[i].path);
        free(all[i].path);
    }
    free(all);
    return removed;
}
