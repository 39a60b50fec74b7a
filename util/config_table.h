/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_CONFIG_TABLE_H
#define UTIL_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/config_value.h"
#include "util/errbuf.h"

/* The configuration of a program: a struct of the program's, filled in from
 * the defaults, then a file, then the command line.  All there is to know of a
 * key stands in a row of a table: reading, checking, printing, the sample
 * file, and what a reload may change follow from it. */

struct config_row {
    const char *key;
    struct config_spec spec;
    size_t offset;    /* of the member of the program's struct */
    const char *dflt; /* of a list: one value, or none if empty */
    bool reloadable;
    const char *help; /* lines of up to 76 characters */
};

struct config_load;

struct config_table {
    const struct config_row *rows;
    size_t n_rows;
    size_t size;         /* of the struct; zeroed, it is empty and valid */
    const char *program; /* "ximssd"; PROGRAM.conf(5) is its manual page */
    /* Checks what values have to do with each other, and finishes them.  -1
     * with an error by config_conflict. */
    int (*check)(struct config_load *l, void *config);
};

/* A value from the command line, which goes before the file's.  A list key
 * may come several times; its first value replaces the file's list. */
struct config_override {
    const char *key, *value; /* borrowed for the call */
};

/* Reads the file (NULL: the defaults alone).  NULL with err "FILE:LINE: key:
 * what is wrong, what is allowed" for what cannot be opened, bad syntax,
 * unknown keys, keys given twice, values out of range or at odds with each
 * other.  Errors of overrides begin with "command line: ".  The result is the
 * program's struct, freed by config_table_free. */
void *config_table_load(const struct config_table *t, const char *file,
                        const struct config_override *overrides, size_t n,
                        struct errbuf *err) WARN_UNUSED;

/* For `check`: the error "FILE:LINE: key: text", as far as the key has a file
 * and a line.  Returns -1. */
int config_conflict(struct config_load *l, const char *key, const char *text);

/* For `check`, in the same way: a certificate needs its key, a key its
 * certificate, and listeners for TLS (listen-tls) need both. */
int config_table_check_tls(struct config_load *l, const char *certificate,
                           const char *key,
                           const struct config_listen *listen_tls);

/* config may be NULL. */
void config_table_free(const struct config_table *t, void *config);

/* Writes all keys with the effective values, as a file that can be read back,
 * with the help as comments. */
void config_table_print(const struct config_table *t, FILE *out,
                        const void *config);

/* Writes the sample: every key commented out, with its default. */
void config_table_print_sample(const struct config_table *t, FILE *out);

/* Appends the keys, with ", " between, that differ and take effect only at the
 * next start.  Returns true if there are any. */
bool config_table_needs_restart(const struct config_table *t,
                                const void *running, const void *loaded,
                                struct buf *keys);

/* Puts the running values of those keys into `loaded`, which then tells what
 * is in force after a reload. */
void config_table_keep_running(const struct config_table *t, void *loaded,
                               const void *running);

/* NULL: there is no such key. */
const struct config_row *config_table_find(const struct config_table *t,
                                           const char *key);

#endif
