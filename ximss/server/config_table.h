/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CONFIG_TABLE_H
#define XIMSS_SERVER_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ximss/server/config_value.h"

/* The table of keys. */
struct config_row {
    const char *key;
    struct config_spec spec;
    size_t offset;    /* of the member of struct config */
    const char *dflt; /* of a list: one value, or none if empty */
    bool reloadable;
    const char *help; /* lines of up to 76 characters */
};

extern const struct config_row config_rows[];
extern const size_t config_rows_count;

/* NULL: there is no such key. */
const struct config_row *config_row_find(const char *key);

#endif
