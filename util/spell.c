/* SPDX-License-Identifier: BSD-2-Clause */
/* The distance of Damerau and Levenshtein (optimal string alignment).  The
 * computation stops when it is too large. */
#include "config.h"

#include "util/spell.h"

#include <string.h>

static unsigned char
lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static size_t
slips(size_t length)
{
    if (length < 5)
        return 0;
    return length < 8 ? 1 : 2;
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A row of the table from the two before it; its least value. */
static size_t
fill_row(const char *a, const char *b, size_t i, size_t n,
         size_t rows[3][SPELL_MOST + 1])
{
    const size_t *before = rows[(i + 1) % 3], *last = rows[(i + 2) % 3];
    size_t *row = rows[i % 3], smallest = row[0] = i;

    for (size_t j = 1; j <= n; j++) {
        size_t differs = lower(a[i - 1]) != lower(b[j - 1]);

        row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + differs);
        if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
            lower(a[i - 2]) == lower(b[j - 1]))
            row[j] = least(row[j], before[j - 2] + 1);
        smallest = least(smallest, row[j]);
    }
    return smallest;
}

/* More than `most` if it is. */
static size_t
distance(const char *a, size_t m, const char *b, size_t n, size_t most)
{
    size_t rows[3][SPELL_MOST + 1] = {{0}}, smallest, before = 0;

    for (size_t j = 0; j <= n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        smallest = fill_row(a, b, i, n, rows);
        /* A swap looks two rows back. */
        if (smallest > most && before > most)
            return most + 1;
        before = smallest;
    }
    return rows[m % 3][n];
}

const char *
spell_nearest(const char *word, const char *const *names, size_t n)
{
    size_t len = strnlen(word, SPELL_MOST + 1), best = SPELL_MOST;
    const char *found = NULL;

    for (size_t i = 0; i < n && len <= SPELL_MOST; i++) {
        size_t length = strlen(names[i]), most = slips(length), d;

        if (length > SPELL_MOST ||
            (len > length ? len - length : length - len) > most)
            continue;
        d = distance(word, len, names[i], length, most);
        if (d <= most && d < best) {
            best = d;
            found = names[i];
        }
    }
    return found;
}
