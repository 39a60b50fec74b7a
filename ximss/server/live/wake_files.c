/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/wake_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

/* Others may reach a file whose name they were told, but not list the names. */
#define DIRECTORY_MODE 0711
/* Whoever watches a file has to be able to read it. */
#define FILE_MODE 0644

#define NEWS_PAUSE (60 * CLOCK_SECOND)

struct wake_files {
    char *path;     /* owned */
    int fd;         /* of the directory */
    GPtrArray *old; /* owned, and each of the names: of a former life */
    atomic_uint n, most;
    atomic_bool complained;
    atomic_int_fast64_t
        told; /* that there are too many; clock_mono, 0: never */
};

/* --- the directory --- */

/* Whoever could write there could put a link where a file is to be written. */
static int
check_directory(int fd, struct errbuf *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, "%s", strerror(errno));
    if (st.st_uid != geteuid())
        return err_set(err, "it belongs to user %u, not to the server's",
                       (unsigned)st.st_uid);
    /* Whatever it was, and whatever umask has left of what it was to be. */
    if (fchmod(fd, DIRECTORY_MODE) < 0)
        return err_set(err, "setting its mode: %s", strerror(errno));
    return 0;
}

static int
open_directory(const char *path, struct errbuf *err)
{
    int fd;

    if (mkdir(path, DIRECTORY_MODE) < 0 && errno != EEXIST)
        return err_set(err, "%s", strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, "%s", strerror(errno));
    if (check_directory(fd, err) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool
is_ours(const char *name)
{
    return strlen(name) == WAKE_NAME_CHARS &&
           strspn(name, "0123456789abcdef") == WAKE_NAME_CHARS;
}

static void
list_old(struct wake_files *f)
{
    int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *e;

    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((e = readdir(d)) != NULL)
        if (is_ours(e->d_name))
            g_ptr_array_add(f->old, xstrdup(e->d_name));
    closedir(d);
}

struct wake_files *
wake_files_open(const char *directory, unsigned most, struct errbuf *err)
{
    int fd = open_directory(directory, err);
    struct wake_files *f;

    if (fd < 0) {
        err_prefix(err, "door-wake-directory %s", directory);
        return NULL;
    }
    f = xcalloc(1, sizeof *f);
    f->path = xstrdup(directory);
    f->fd = fd;
    f->old = g_ptr_array_new_with_free_func(free);
    atomic_init(&f->n, 0);
    atomic_init(&f->most, most);
    atomic_init(&f->complained, false);
    atomic_init(&f->told, 0);
    list_old(f);
    return f;
}

void
wake_files_close(struct wake_files **fp)
{
    struct wake_files *f = *fp;

    if (f == NULL)
        return;
    g_ptr_array_free(f->old, TRUE);
    close(f->fd);
    free(f->path);
    free(f);
    *fp = NULL;
}

void
wake_files_set_limit(struct wake_files *f, unsigned most)
{
    atomic_store(&f->most, most);
}

/* --- files --- */

static void
complain(struct wake_files *f, const char *what)
{
    int error = errno;

    if (!atomic_exchange(&f->complained, true))
        log_warn("%s a file in %s: %s (this is told once)", what, f->path,
                 strerror(error));
}

/* Nobody can guess it, or find out by it who else has one. */
static int
make_name(char name[WAKE_NAME_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[WAKE_NAME_CHARS / 2];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return -1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        name[2 * i] = digits[bytes[i] >> 4];
        name[2 * i + 1] = digits[bytes[i] & 15];
    }
    name[WAKE_NAME_CHARS] = '\0';
    return 0;
}

static int
make_file(const struct wake_files *f, const char *name)
{
    int fd =
        openat(f->fd, name,
               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

    if (fd < 0)
        return -1;
    if (fchmod(fd, FILE_MODE) < 0) { /* whatever umask is */
        close(fd);
        unlinkat(f->fd, name, 0);
        return -1;
    }
    close(fd);
    return 0;
}

/* Once in a minute. */
static void
tell_of_limit(struct wake_files *f, unsigned most)
{
    int_fast64_t now = clock_mono(), told = atomic_load(&f->told);

    if (told != 0 && now - told < NEWS_PAUSE)
        return;
    if (atomic_compare_exchange_strong(&f->told, &told, now))
        log_warn("%u accounts have a file in %s (door-sessions): the mail "
                 "sessions of others can not hibernate",
                 most, f->path);
}

bool
wake_files_make(struct wake_files *f, char name_r[WAKE_NAME_SIZE])
{
    unsigned most = atomic_load(&f->most);

    if (atomic_fetch_add(&f->n, 1) >= most) {
        atomic_fetch_sub(&f->n, 1);
        tell_of_limit(f, most);
        return false;
    }
    if (make_name(name_r) == 0 && make_file(f, name_r) == 0)
        return true;
    complain(f, "making");
    atomic_fetch_sub(&f->n, 1);
    return false;
}

/* The name is another only if there is a file of that name. */
static bool
renew(const struct wake_files *f, char name[WAKE_NAME_SIZE])
{
    char next[WAKE_NAME_SIZE];

    if (make_name(next) < 0 || make_file(f, next) < 0)
        return false;
    memcpy(name, next, sizeof next);
    return true;
}

bool
wake_files_touch(struct wake_files *f, char name[WAKE_NAME_SIZE])
{
    int fd =
        openat(f->fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool ok = fd >= 0 && pwrite(fd, "!", 1, 0) == 1;

    if (!ok) {
        bool removed = fd < 0 && errno == ENOENT;

        complain(f, "writing to");
        ok = removed && renew(f, name);
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

void
wake_files_remove(struct wake_files *f, const char *name)
{
    if (unlinkat(f->fd, name, 0) < 0)
        complain(f, "removing");
    atomic_fetch_sub(&f->n, 1);
}

void
wake_files_path(const struct wake_files *f, const char *name, struct buf *b)
{
    buf_append_str(b, f->path);
    buf_append_char(b, '/');
    buf_append_str(b, name);
}

bool
wake_files_remove_old(struct wake_files *f, unsigned most)
{
    for (; most > 0 && f->old->len > 0; most--) {
        unlinkat(f->fd, g_ptr_array_index(f->old, f->old->len - 1), 0);
        g_ptr_array_remove_index(f->old, f->old->len - 1);
    }
    return f->old->len > 0;
}
