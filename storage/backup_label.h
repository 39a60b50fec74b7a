/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_BACKUP_LABEL_H
#define STORAGE_BACKUP_LABEL_H

#include <stddef.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/errbuf.h"

/* What is in a backup: a file of text beside its db, made last, so that a
 * directory without one is no backup.  Private to storage/. */

#define BACKUP_LABEL      "label"
#define BACKUP_FILES_MOST 64
#define BACKUP_NAME_SIZE  64

struct backup_file {
    char name[BACKUP_NAME_SIZE]; /* in db */
    uint64_t size, sum;
};

struct backup_label {
    uint8_t instance[STORE_INSTANCE_BYTES];
    uint64_t serial; /* of the backups of this instance */
    int64_t time;    /* when it began, UTC, microseconds */
    uint64_t format; /* of the store */
    char version[BACKUP_NAME_SIZE];
    unsigned n_files;
    struct backup_file files[BACKUP_FILES_MOST];
};

/* Called with each piece read; false: stop. */
typedef bool backup_go_on_fn(void *arg, uint64_t bytes);

/* Reads all files of a directory for sizes and sums.  0, or -1 with err. */
int backup_label_fill(struct backup_label *l, const char *home,
                      backup_go_on_fn *go_on, void *arg,
                      struct errbuf *err) WARN_UNUSED;
/* Writes DIR/label, and puts it on the disk.  0, or -1 with err. */
int backup_label_write(const struct backup_label *l, const char *dir,
                       struct errbuf *err) WARN_UNUSED;
/* Reads DIR/label.  -1 with err: there is none, or it is damaged or of a newer
 * form. */
int backup_label_read(struct backup_label *l, const char *dir,
                      struct errbuf *err) WARN_UNUSED;
/* Compares the files of `home` with the label: 0, or -1 with err, which names
 * the first that is missing or differs. */
int backup_label_check(const struct backup_label *l, const char *home,
                       struct errbuf *err) WARN_UNUSED;

#endif
