/* SPDX-License-Identifier: BSD-2-Clause */

/* The files of the log in a directory. */
#include "config.h"

#include "storage/log_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/env_state.h"
#include "util/xmalloc.h"

#define LOG_PREFIX "log."

#define FILL_BYTES 65536
#define FILL_ROOM  (4 * (uint64_t)ENV_LOG_FILE)

/* --- names --- */

char *
log_file_path(const char *home, uint32_t file)
{
    return xasprintf("%s/" LOG_PREFIX "%010u", home, file);
}

static int
compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* As the database does: digits alone behind the prefix. */
static bool
is_log_name(const char *name, uint32_t *file_r)
{
    const size_t prefix = sizeof LOG_PREFIX - 1;

    if (strncmp(name, LOG_PREFIX, prefix) != 0 || name[prefix] == 0 ||
        name[prefix + strspn(name + prefix, "0123456789")] != 0)
        return false;
    *file_r = (uint32_t)strtoul(name + prefix, NULL, 10);
    return true;
}

int
log_files_list(const char *home, uint32_t **files_r, size_t *n_r,
               struct errbuf *err)
{
    DIR *dir = opendir(home);
    struct dirent *e;
    uint32_t file;

    *files_r = NULL;
    *n_r = 0;
    if (dir == NULL)
        return err_set(err, "reading %s: %s", home, strerror(errno));
    while ((e = readdir(dir)) != NULL) {
        if (!is_log_name(e->d_name, &file))
            continue;
        *files_r = xrealloc(*files_r, (*n_r + 1) * sizeof **files_r);
        (*files_r)[(*n_r)++] = file;
    }
    closedir(dir);
    if (*n_r > 0)
        qsort(*files_r, *n_r, sizeof **files_r, compare_numbers);
    return 0;
}

/* Not mapped: what a bad disk cannot give would be SIGBUS. */
static uint8_t *
read_file(const char *path, size_t *size_r, struct errbuf *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *data = NULL;
    struct stat st;
    ssize_t n = -1;

    *size_r = 0;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size < UINT32_MAX) {
        data = xmalloc((size_t)st.st_size + 1);
        while ((n = pread(fd, data + *size_r, (size_t)st.st_size - *size_r,
                          (off_t)*size_r)) > 0)
            *size_r += (size_t)n;
    }
    if (n < 0) {
        err_set(err, "reading %s: %s", path, strerror(errno));
        free(data);
        data = NULL;
    }
    if (fd >= 0)
        close(fd);
    return data;
}

static int
walk_path(struct log_walk *w, const char *home, uint32_t file,
          struct errbuf *err)
{
    char *path = log_file_path(home, file);
    struct log_view view = {.file = file};
    uint8_t *data = read_file(path, &view.size, err);

    free(path);
    if (data == NULL)
        return -1;
    view.data = data;
    log_walk_file(w, &view);
    free(data);
    return 0;
}

int
log_walk_home(struct log_walk *w, const char *home, const uint8_t *uid,
              struct errbuf *err)
{
    uint32_t *files;
    size_t n, i;
    int ret = log_files_list(home, &files, &n, err);

    log_walk_start(w, uid);
    for (i = n; i > 1 && files[i - 1] == files[i - 2] + 1; i--)
        ;
    for (i -= i > 0; ret == 0 && i < n; i++)
        ret = walk_path(w, home, files[i], err);
    free(files);
    return ret;
}

/* --- making and removing --- */

int
log_files_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int ret;

    if (fd < 0)
        return -1;
    ret = fsync(fd);
    close(fd);
    return ret;
}

static bool
write_file(const char *path, const void *data, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool done;

    if (fd < 0)
        return false;
    done = pwrite(fd, data, n, 0) == (ssize_t)n && fsync(fd) == 0;
    close(fd);
    return done;
}

bool
log_files_make(const char *home, uint32_t file, uint32_t last)
{
    uint8_t head[LOG_HEAD_BYTES];
    char *path = log_file_path(home, file);
    char *made = xasprintf("%s/log.new", home);
    bool done;

    log_head(head, last, ENV_LOG_FILE);
    done = write_file(made, head, sizeof head) && rename(made, path) == 0 &&
           log_files_sync_dir(home) == 0;
    free(made);
    free(path);
    return done;
}

/* The oldest first, so that there never is a gap. */
void
log_files_remove(const char *home, uint32_t before)
{
    uint32_t *files;
    size_t n;
    struct errbuf err;

    if (log_files_list(home, &files, &n, &err) != 0)
        return;
    for (size_t i = 0; i < n && files[i] < before; i++) {
        char *path = log_file_path(home, files[i]);

        unlink(path);
        free(path);
    }
    free(files);
}

void
log_files_fill(const char *home, uint32_t file)
{
    static const uint8_t zeros[FILL_BYTES];
    char *path = log_file_path(home, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    struct statvfs fs;
    off_t at = LOG_HEAD_BYTES;

    free(path);
    if (fd < 0)
        return;
    if (fstatvfs(fd, &fs) == 0 &&
        (uint64_t)fs.f_bavail * fs.f_frsize > FILL_ROOM)
        while (at < ENV_LOG_FILE) {
            size_t n =
                at == LOG_HEAD_BYTES ? FILL_BYTES - LOG_HEAD_BYTES : FILL_BYTES;

            if (pwrite(fd, zeros, n, at) != (ssize_t)n)
                break;
            at += (off_t)n;
        }
    if (at < ENV_LOG_FILE)
        (void)!ftruncate(fd, LOG_HEAD_BYTES);
    close(fd);
}

int
log_files_sync(const char *home, struct errbuf *err)
{
    uint32_t *files;
    size_t n;
    int ret = log_files_list(home, &files, &n, err);

    for (size_t i = 0; ret == 0 && i < n; i++) {
        char *path = log_file_path(home, files[i]);

        if (log_files_sync_dir(path) != 0)
            ret = err_set(err, "%s: %s", path, strerror(errno));
        free(path);
    }
    free(files);
    return ret;
}
