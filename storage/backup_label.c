/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "storage/backup_label.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/env_state.h"
#include "storage/mark.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/xmalloc.h"

#define FIRST_LINE "ximssd backup 1\n"
#define LABEL_MOST 16384
#define CHUNK      (UINT32_C(1) << 20)

/* --- files --- */

static int
sum_file(struct backup_file *f, const char *path, backup_go_on_fn *go_on,
         void *arg, struct errbuf *err)
{
    uint8_t *chunk = xmalloc(CHUNK);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = -1;

    f->size = 0;
    f->sum = MARK_HASH_START;
    while (fd >= 0 && (n = read(fd, chunk, CHUNK)) > 0) {
        f->sum = mark_hash(f->sum, chunk, (size_t)n);
        f->size += (uint64_t)n;
        if (go_on != NULL && !go_on(arg, 0)) {
            errno = ECANCELED;
            n = -1;
            break;
        }
    }
    free(chunk);
    if (n != 0)
        err_set(err, "reading %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return n != 0 ? -1 : 0;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct backup_file *)a)->name,
                  ((const struct backup_file *)b)->name);
}

static int
add_file(struct backup_label *l, const char *home, const char *name,
         backup_go_on_fn *go_on, void *arg, struct errbuf *err)
{
    struct backup_file *f = &l->files[l->n_files];
    char *path = xasprintf("%s/%s", home, name);
    int ret;

    if (l->n_files == BACKUP_FILES_MOST || strlen(name) >= sizeof f->name) {
        ret = err_set(err, "%s: one file too many", path);
    } else {
        snprintf(f->name, sizeof f->name, "%s", name);
        l->n_files++;
        ret = sum_file(f, path, go_on, arg, err);
    }
    free(path);
    return ret;
}

int
backup_label_fill(struct backup_label *l, const char *home,
                  backup_go_on_fn *go_on, void *arg, struct errbuf *err)
{
    DIR *d = opendir(home);
    struct dirent *e;
    int ret = 0;

    if (d == NULL)
        return err_set(err, "reading %s: %s", home, strerror(errno));
    l->n_files = 0;
    while (ret == 0 && (e = readdir(d)) != NULL)
        if (e->d_name[0] != '.')
            ret = add_file(l, home, e->d_name, go_on, arg, err);
    closedir(d);
    qsort(l->files, l->n_files, sizeof l->files[0], by_name);
    return ret;
}

int
backup_label_check(const struct backup_label *l, const char *home,
                   struct errbuf *err)
{
    struct backup_file f;
    int ret = 0;

    for (unsigned i = 0; ret == 0 && i < l->n_files; i++) {
        char *path = xasprintf("%s/%s", home, l->files[i].name);

        ret = sum_file(&f, path, NULL, NULL, err);
        if (ret == 0 && f.size != l->files[i].size)
            ret = err_set(err,
                          "%s has %" PRIu64 " bytes, its label says %" PRIu64,
                          path, f.size, l->files[i].size);
        else if (ret == 0 && f.sum != l->files[i].sum)
            ret = err_set(err, "%s is damaged: it is not what its label says",
                          path);
        free(path);
    }
    return ret;
}

/* --- the label --- */

static void
format_label(struct buf *b, const struct backup_label *l)
{
    char when[CLOCK_GMT_SIZE];

    clock_format_gmt(l->time, when);
    buf_append_str(b, FIRST_LINE "store ");
    for (size_t i = 0; i < sizeof l->instance; i++)
        buf_appendf(b, "%02x", l->instance[i]);
    buf_appendf(b,
                "\nserial %" PRIu64 "\ntime %" PRId64 " %s\nversion %s\n"
                "format %" PRIu64 "\n",
                l->serial, l->time, when, l->version, l->format);
    for (unsigned i = 0; i < l->n_files; i++)
        buf_appendf(b, "file %s %" PRIu64 " %016" PRIx64 "\n", l->files[i].name,
                    l->files[i].size, l->files[i].sum);
    buf_appendf(b, "end %016" PRIx64 "\n",
                mark_hash(MARK_HASH_START, (const uint8_t *)b->data, b->len));
}

int
backup_label_write(const struct backup_label *l, const char *dir,
                   struct errbuf *err)
{
    char *path = xasprintf("%s/" BACKUP_LABEL, dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    struct buf b = {0};
    int ret = 0;

    format_label(&b, l);
    if (fd < 0 || write(fd, b.data, b.len) != (ssize_t)b.len || fsync(fd) != 0)
        ret = err_set(err, "writing %s: %s", path, strerror(errno));
    if (fd >= 0 && close(fd) != 0 && ret == 0)
        ret = err_set(err, "writing %s: %s", path, strerror(errno));
    buf_clear(&b);
    free(path);
    return ret;
}

/* The text behind `word` of the next line, or NULL. */
static char *
take_line(char **rest, const char *word)
{
    char *line = *rest, *end = strchr(line, '\n');
    size_t n = strlen(word);

    if (end == NULL || strncmp(line, word, n) != 0 || line[n] != ' ')
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return line + n + 1;
}

static bool
parse_instance(const char *text, uint8_t out[STORE_INSTANCE_BYTES])
{
    unsigned byte;

    for (size_t i = 0; i < STORE_INSTANCE_BYTES; i++) {
        if (sscanf(text + 2 * i, "%2x", &byte) != 1)
            return false;
        out[i] = (uint8_t)byte;
    }
    return text[2 * STORE_INSTANCE_BYTES] == '\0';
}

/* The sum was right: what does not fit is of a program that we do not know. */
static bool
parse_label(struct backup_label *l, char *rest)
{
    char *text = take_line(&rest, "store");

    *l = (struct backup_label){0};
    if (text == NULL || strlen(text) != 2 * (size_t)STORE_INSTANCE_BYTES ||
        !parse_instance(text, l->instance) ||
        (text = take_line(&rest, "serial")) == NULL ||
        sscanf(text, "%" SCNu64, &l->serial) != 1 ||
        (text = take_line(&rest, "time")) == NULL ||
        sscanf(text, "%" SCNd64, &l->time) != 1 ||
        (text = take_line(&rest, "version")) == NULL ||
        snprintf(l->version, sizeof l->version, "%s", text) < 0 ||
        (text = take_line(&rest, "format")) == NULL ||
        sscanf(text, "%" SCNu64, &l->format) != 1)
        return false;
    while ((text = take_line(&rest, "file")) != NULL) {
        struct backup_file *f = &l->files[l->n_files];

        if (l->n_files == BACKUP_FILES_MOST ||
            sscanf(text, "%63s %" SCNu64 " %" SCNx64, f->name, &f->size,
                   &f->sum) != 3 ||
            strchr(f->name, '/') != NULL || f->name[0] == '.')
            return false;
        l->n_files++;
    }
    return *rest == '\0' && l->n_files > 0;
}

/* Cuts the last line off, if it is right about all before it. */
static bool
take_end(char *text, size_t len)
{
    uint64_t sum;
    char *end;

    if (len == 0 || text[len - 1] != '\n')
        return false;
    text[len - 1] = '\0';
    end = strrchr(text, '\n');
    if (end == NULL || sscanf(end + 1, "end %16" SCNx64, &sum) != 1)
        return false;
    end[1] = '\0';
    return mark_hash(MARK_HASH_START, (const uint8_t *)text,
                     (size_t)(end + 1 - text)) == sum;
}

int
backup_label_read(struct backup_label *l, const char *dir, struct errbuf *err)
{
    char text[LABEL_MOST];
    char *path = xasprintf("%s/" BACKUP_LABEL, dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    int error = errno, ret = 0;

    if (fd >= 0)
        close(fd);
    if (n < 0 && error == ENOENT)
        ret = err_set(err, "%s is no finished backup: it has no label", dir);
    else if (n < 0)
        ret = err_set(err, "reading %s: %s", path, strerror(error));
    else if (text[n] = '\0', !take_end(text, (size_t)n))
        ret = err_set(err, "%s is damaged", path);
    else if (strncmp(text, FIRST_LINE, sizeof FIRST_LINE - 1) != 0 ||
             !parse_label(l, text + sizeof FIRST_LINE - 1))
        ret = err_set(err, "%s is of a newer version of ximssd", path);
    free(path);
    return ret;
}
