/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_FILES_H
#define CLIENTS_BRIDGE_FILES_H

#include <stddef.h>

#include "clients/bridge/site.h"
#include "util/errbuf.h"

/* The pages, read into memory once. */
struct files;

struct file {
    char *path; /* "/", "/admin/", "/admin/storage.html", "/pages/NAME" */
    char *data;
    size_t len;
    const char *type;
    char etag[20]; /* with its quotes */
};

/* Reads a directory: index.html is "/", admin.html is "/admin/", storage.html is
 * below that, every other file with a known ending is "/pages/NAME".  In what
 * is HTML, the site's name and organisation are filled in; its logo is
 * SITE_LOGO_PATH.  "": nothing.  NULL with err. */
struct files *files_load(const char *directory, const struct site *site,
                         struct errbuf *err) WARN_UNUSED;
void files_free(struct files **f);

/* NULL: there is none. */
const struct file *files_find(const struct files *f, const char *path);

/* The headers of every page: what its scripts may do is what the bridge
 * serves. */
extern const char files_headers[];

#endif
