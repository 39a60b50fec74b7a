/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/xmalloc.h"

#define MOST_BYTES (8 * 1024 * 1024) /* of a file */

struct files {
    struct file *items; /* owned */
    size_t n;
};

const char files_headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src "
    "'self'; connect-src 'self'; img-src 'self' data:; manifest-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
    "'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html;charset=utf-8"},
    {".css", "text/css;charset=utf-8"},
    {".js", "text/javascript;charset=utf-8"},
    {".mjs", "text/javascript;charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".webp", "image/webp"},
    {".gif", "image/gif"},
    {".ico", "image/x-icon"},
    {".webmanifest", "application/manifest+json"},
};

/* NULL: not a file for browsers. */
static const char *
type_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i].ending) == 0)
            return types[i].type;
    return NULL;
}

static int
read_file(const char *path, struct buf *out, struct errbuf *err)
{
    /* Who opens a pipe to read it may wait for ever. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), r = 0;
    char piece[16384];
    struct stat st;
    ssize_t n = 0;

    if (fd < 0)
        return err_set(err, "%.160s: %s", path, strerror(errno));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        r = err_set(err, "%.160s: it is not a file", path);
    while (r == 0 && out->len <= MOST_BYTES &&
           (n = read(fd, piece, sizeof piece)) > 0)
        buf_append(out, piece, (size_t)n);
    if (n < 0)
        r = err_set(err, "%.160s: %s", path, strerror(errno));
    else if (out->len > MOST_BYTES)
        r = err_set(err, "%.160s: the file is too long", path);
    close(fd);
    return r;
}

/* Tells one version of a file from another (FNV-1a). */
static void
make_etag(struct file *file)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < file->len; i++)
        h = (h ^ (unsigned char)file->data[i]) * UINT64_C(0x100000001b3);
    snprintf(file->etag, sizeof file->etag, "\"%016" PRIx64 "\"", h);
}

static char *
path_of(const char *name)
{
    if (strcmp(name, "index.html") == 0)
        return xstrdup("/");
    if (strcmp(name, "admin.html") == 0)
        return xstrdup("/admin/");
    if (strcmp(name, "storage.html") == 0 || strcmp(name, "audit.html") == 0)
        return xasprintf("/admin/%s", name);
    return xasprintf("/pages/%s", name);
}

/* Takes the data and the address; the type is borrowed. */
static void
add(struct files *f, struct buf *data, char *address, const char *type)
{
    struct file file = {.path = address, .type = type};

    file.len = data->len;
    file.data = buf_take(data);
    make_etag(&file);
    f->items = xrealloc(f->items, (f->n + 1) * sizeof *f->items);
    f->items[f->n++] = file;
}

static int
add_page(struct files *f, const char *directory, const char *name,
         const struct site *site, struct errbuf *err)
{
    char *path = xasprintf("%s/%s", directory, name);
    const char *type = type_of(name);
    struct buf data = {0};
    int r = read_file(path, &data, err);

    free(path);
    if (r < 0) {
        buf_clear(&data);
        return -1;
    }
    if (strncmp(type, "text/html", 9) == 0)
        site_fill(site, &data);
    add(f, &data, path_of(name), type);
    return 0;
}

/* A picture in a format that browsers show. */
static int
add_logo(struct files *f, const char *path, struct errbuf *err)
{
    const char *name = strrchr(path, '/'), *type;
    struct buf data = {0};

    if (*path == '\0')
        return 0;
    type = type_of(name != NULL ? name : path);
    if (type == NULL || strncmp(type, "image/", 6) != 0)
        return err_set(err,
                       "site-logo: %.160s: the name must end in .svg, .png, "
                       ".jpg, .webp, .gif or .ico",
                       path);
    if (read_file(path, &data, err) < 0) {
        err_prefix(err, "site-logo");
        buf_clear(&data);
        return -1;
    }
    add(f, &data, xstrdup(SITE_LOGO_PATH), type);
    return 0;
}

struct files *
files_load(const char *directory, const struct site *site, struct errbuf *err)
{
    struct files *f = xcalloc(1, sizeof *f);
    struct dirent *entry;
    int r = 0;
    DIR *d;

    if (*directory == '\0')
        return f;
    d = opendir(directory);
    if (d == NULL) {
        err_set(err, "pages: %.160s: %s", directory, strerror(errno));
        files_free(&f);
        return NULL;
    }
    while (r == 0 && (entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.' && type_of(entry->d_name) != NULL)
            r = add_page(f, directory, entry->d_name, site, err);
    closedir(d);
    if (r == 0)
        r = add_logo(f, site->logo, err);
    if (r < 0)
        files_free(&f);
    return f;
}

void
files_free(struct files **f)
{
    if (*f == NULL)
        return;
    for (size_t i = 0; i < (*f)->n; i++) {
        free((*f)->items[i].path);
        free((*f)->items[i].data);
    }
    free((*f)->items);
    free(*f);
    *f = NULL;
}

const struct file *
files_find(const struct files *f, const char *path)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->items[i].path, path) == 0)
            return &f->items[i];
    return NULL;
}
