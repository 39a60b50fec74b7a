/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_CONFIG_FILE_H
#define UTIL_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/errbuf.h"

struct config_row;
struct config_table;

/* One value of a file: `first` is false for the second and further ones of a
 * list; text NULL is the empty list.  Borrowed for the call. */
struct config_file_value {
    const struct config_row *row;
    const char *text;
    bool first;
    int line;
};

/* Takes a value; -1 with err refuses it. */
typedef int config_file_fn(const struct config_file_value *value, void *arg,
                           struct errbuf *err);

/* Reads a file and hands its values over in their order (empty lists last),
 * before it returns.  -1: err says "FILE:LINE: what", or "FILE: what" for a file
 * that cannot be read. */
int config_file_read(const struct config_table *table, const char *file,
                     config_file_fn *take, void *arg,
                     struct errbuf *err) WARN_UNUSED;

#endif
