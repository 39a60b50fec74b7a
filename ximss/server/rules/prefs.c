/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/prefs.h"

#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/zone.h"
#include "ximss/proto/cli_data.h"
#include "ximss/server/rules/settings.h"

#define NAME_MAX_BYTES 64
/* Of an account, and of a change: each is looked for among the others, while
 * the store waits. */
#define PREFS_MOST 1000

const struct zone *
prefs_zone(const char *text)
{
    struct arena *arena = arena_new();
    struct cli_value *dict;
    const char *name = NULL;
    const struct zone *zone = NULL;
    struct errbuf err;

    if (settings_read(arena, text, &dict, &err) == 0)
        name = settings_string(dict, "TimeZone");
    if (name != NULL && name[0] != '\0')
        zone = zone_find(name);
    arena_free(&arena);
    return zone;
}

bool
prefs_is_name(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > NAME_MAX_BYTES ||
        !((name[0] >= 'a' && name[0] <= 'z') ||
          (name[0] >= 'A' && name[0] <= 'Z')))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_-.") == len;
}

/* *zone_r: NULL if none is named.  -1: it is not known. */
static int
find_zone(const struct cli_value *dict, const struct zone **zone_r)
{
    const char *name = settings_string(dict, "TimeZone");

    *zone_r = NULL;
    if (name == NULL)
        return cli_data_find(dict, "TimeZone") == NULL ? 0 : -1;
    if (name[0] == '\0')
        return 0;
    *zone_r = zone_find(name);
    return *zone_r != NULL ? 0 : -1;
}

/* What the preferences `text` become, in *text_r (the caller frees), and their
 * time zone in *zone_r (NULL: the server's). */
static enum store_result
change(struct arena *arena, const char *text, const struct cli_value *changes,
       bool replace, size_t max, char **text_r, const struct zone **zone_r,
       struct errbuf *err)
{
    struct cli_value *dict;

    *text_r = NULL;
    if (settings_read(arena, replace ? "" : text, &dict, err) != 0)
        return STORE_ERROR;
    if (changes->n <= PREFS_MOST)
        settings_update(arena, dict, changes);
    if (changes->n > PREFS_MOST || dict->n > PREFS_MOST) {
        err_set(err, "too many preferences");
        return STORE_REFUSED;
    }
    if (find_zone(dict, zone_r) != 0) {
        err_set(err, "TimeZone is not a known time zone");
        return STORE_REFUSED;
    }
    *text_r = settings_text(dict);
    if (strlen(*text_r) <= max)
        return STORE_OK;
    free(*text_r);
    *text_r = NULL;
    err_set(err, "preferences would be longer than %zu bytes", max);
    return STORE_REFUSED;
}

enum store_result
prefs_change(struct admin_context *x, struct arena *arena, uint64_t account,
             const struct cli_value *changes, bool replace, struct errbuf *err)
{
    const struct zone *zone = NULL;
    char *old = NULL, *text = NULL;
    struct effect *e;
    enum store_result r = prefs_get(x->txn, account, &old, err);

    if (r == STORE_OK)
        r = change(arena, old, changes, replace, x->settings->prefs_bytes,
                   &text, &zone, err);
    if (r == STORE_OK && (old == NULL || strcmp(old, text) != 0)) {
        r = prefs_put(x->txn, account, text, err);
        e = effect_add(x->effects, EFFECT_PREFS_CHANGED);
        e->account.number = account;
        e->zone = zone;
    }
    free(old);
    free(text);
    return r;
}
