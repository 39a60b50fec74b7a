/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/outside.h"

#include <stdlib.h>
#include <string.h>

#include "ximss/server/rules/settings.h"

enum store_result
outside_get(const struct account_rec *a, enum outside *outside_r,
            struct errbuf *err)
{
    struct arena *arena;
    struct cli_value *dict;
    const char *value;
    int r;

    *outside_r = OUTSIDE_NO;
    if (a->settings == NULL || strstr(a->settings, SETTINGS_OUTSIDE) == NULL)
        return STORE_OK; /* most accounts, and many are looked at */
    arena = arena_new();
    r = settings_read(arena, a->settings, &dict, err);
    value = r == 0 ? settings_string(dict, SETTINGS_OUTSIDE) : NULL;
    if (value != NULL)
        *outside_r = strcmp(value, "GONE") == 0 ? OUTSIDE_GONE : OUTSIDE_YES;
    arena_free(&arena);
    return r == 0 ? STORE_OK : STORE_ERROR;
}

enum store_result
outside_set(struct account_rec *a, enum outside outside, struct errbuf *err)
{
    static const char *const values[] = {[OUTSIDE_NO] = "default",
                                         [OUTSIDE_YES] = "YES",
                                         [OUTSIDE_GONE] = "GONE"};
    struct arena *arena = arena_new();
    struct cli_value *changes = cli_data_dictionary(arena), *dict;
    const char *value = values[outside];
    int r = settings_read(arena, a->settings, &dict, err);

    if (r == 0) {
        cli_data_set(arena, changes, SETTINGS_OUTSIDE,
                     cli_data_string(arena, value, strlen(value)));
        settings_update(arena, dict, changes);
        free(a->settings);
        a->settings = settings_text(dict);
    }
    arena_free(&arena);
    return r == 0 ? STORE_OK : STORE_ERROR;
}
