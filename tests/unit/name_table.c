/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/name_table.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

static size_t
encode(unsigned c, char *to)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(n == 1 ? c : (0xf00u >> n & 0xff) | c);
    return n;
}

/* "-" is nothing; \uXXXX and \UXXXXXXXX are characters. */
static void
read_cell(const char *cell, char *out, size_t size)
{
    size_t n = 0;

    if (strcmp(cell, "-") == 0)
        cell += 1;
    while (*cell != '\0') {
        ck_assert_uint_lt(n + 5, size);
        if (cell[0] == '\\') {
            int digits = cell[1] == 'u' ? 4 : 8;
            char hex[9] = "";

            memcpy(hex, cell + 2, (size_t)digits);
            n += encode((unsigned)strtoul(hex, NULL, 16), out + n);
            cell += 2 + digits;
        } else {
            out[n++] = *cell++;
        }
    }
    out[n] = '\0';
}

static void
read_row(char *line, struct name_row *row)
{
    char *save = NULL, *given = strtok_r(line, "\t\n", &save);
    char *form = strtok_r(NULL, "\t\n", &save);
    char *why = strtok_r(NULL, "\t\n", &save);

    ck_assert_ptr_nonnull(why);
    read_cell(given, row->given, sizeof row->given);
    read_cell(form, row->form, sizeof row->form);
    read_cell(why, row->why, sizeof row->why);
}

struct name_row *
name_table_read(size_t *n_r)
{
    const char *dir = getenv("srcdir");
    char *path = xasprintf("%s/tests/data/names.tsv", dir != NULL ? dir : ".");
    FILE *f = fopen(path, "r");
    struct name_row *rows = NULL;
    char line[1024];

    ck_assert_ptr_nonnull(f);
    for (*n_r = 0; fgets(line, sizeof line, f) != NULL;) {
        if (line[0] == '#' && line[1] == ' ')
            continue;
        rows = xrealloc(rows, (*n_r + 1) * sizeof *rows);
        read_row(line, &rows[(*n_r)++]);
    }
    fclose(f);
    free(path);
    return rows;
}
