/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_NAME_TABLE_H
#define TESTS_UNIT_NAME_TABLE_H

#include <stddef.h>

/* tests/data/names.tsv, which the tests of all doors share. */
struct name_row {
    char given[256];
    char form[256]; /* "": there is none */
    char why[128];  /* "": it can be made */
};

/* The rows; the caller frees. */
struct name_row *name_table_read(size_t *n_r);

#endif
