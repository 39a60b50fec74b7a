/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl_sync.h"
#include "util/xmalloc.h"

void
sync_names_add(struct sync_names *l, const char *name)
{
    if (l->n == l->cap) {
        l->cap = l->cap > 0 ? 2 * l->cap : 64;
        l->name = xrealloc(l->name, l->cap * sizeof *l->name);
    }
    l->name[l->n++] = name;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
sync_names_sort(struct sync_names *l)
{
    size_t n = 0;

    if (l->n > 0)
        qsort(l->name, l->n, sizeof *l->name, compare);
    for (size_t i = 0; i < l->n; i++)
        if (n == 0 || strcmp(l->name[n - 1], l->name[i]) != 0)
            l->name[n++] = l->name[i];
    l->n = n;
}

void
sync_names_add_all(struct sync_names *to, const struct cli_value *array)
{
    if (array == NULL || array->kind != CLI_ARRAY)
        return;
    for (const struct cli_value *v = array->first; v != NULL; v = v->next)
        if (v->kind == CLI_STRING)
            sync_names_add(to, v->text);
}

void
sync_names_forget(struct sync_names *l)
{
    free(l->name);
    *l = (struct sync_names){0};
}
