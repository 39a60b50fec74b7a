/* SPDX-License-Identifier: BSD-2-Clause */
/* The wrapper of time zones.  GLib reads the time zone data of the system,
 * because the C library knows only one zone at a time for the whole process.
 * Names come from preferences of users, and GLib would open any path, so the
 * name is checked to be a file of a zone before GLib sees it.  Unknown names
 * are not remembered, so nobody can fill the memory with them. */
#include "config.h"

#include "util/zone.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "util/xmalloc.h"

#define ZONE_DIR    "/usr/share/zoneinfo"
#define NAME_MAX_   64
#define DAY_SECONDS 86400

struct zone {
    char *name;    /* owned */
    GTimeZone *tz; /* owned; never changes */
    /* Owned.  A day without a change of clocks, counted from 1970, and its
     * offset from UTC in seconds: day << 32 | offset. */
    _Atomic uint64_t *cached;
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *table; /* name -> struct zone; under table_lock */

static bool
is_zone_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= NAME_MAX_ && name[0] != '/' &&
           name[len - 1] != '/' && strstr(name, "//") == NULL &&
           name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789_+-/")] ==
               '\0' &&
           strncmp(name, "right/", 6) != 0 && strncmp(name, "posix/", 6) != 0;
}

/* Other files lie beside the zones; GLib takes it for a bug to be given one. */
static bool
is_zone_file(const char *name)
{
    const char *dir = getenv("TZDIR"); /* where GLib looks, too */
    char *path = xasprintf("%s/%s", dir != NULL ? dir : ZONE_DIR, name);
    FILE *f = fopen(path, "rb");
    char header[44]; /* RFC 8536, 3.1 */
    bool ok = f != NULL &&
              fread(header, 1, sizeof header, f) == sizeof header &&
              memcmp(header, "TZif", 4) == 0;

    if (f != NULL)
        fclose(f);
    free(path);
    return ok;
}

static GTimeZone *
load(const char *name)
{
    if (name[0] == '\0')
        return g_time_zone_new_local();
    if (strcmp(name, "UTC") == 0)
        return g_time_zone_new_utc();
    if (!is_zone_name(name) || !is_zone_file(name))
        return NULL;
    return g_time_zone_new_identifier(name);
}

static int32_t
offset_at(const struct zone *z, int64_t second)
{
    gint i = g_time_zone_find_interval(z->tz, G_TIME_TYPE_UNIVERSAL, second);

    return g_time_zone_get_offset(z->tz, i);
}

static uint64_t
pack(int32_t day, int32_t offset)
{
    return (uint64_t)(uint32_t)day << 32 | (uint32_t)offset;
}

static struct zone *
zone_new(const char *name, GTimeZone *tz)
{
    struct zone *z = xmalloc(sizeof *z);

    z->name = xstrdup(name);
    z->tz = tz;
    z->cached = xmalloc(sizeof *z->cached);
    atomic_init(z->cached, pack(INT32_MIN, 0)); /* a day that is never asked */
    return z;
}

const struct zone *
zone_find(const char *name)
{
    struct zone *z;
    GTimeZone *tz;

    pthread_mutex_lock(&table_lock);
    if (table == NULL)
        table = g_hash_table_new(g_str_hash, g_str_equal);
    z = g_hash_table_lookup(table, name);
    if (z == NULL && (tz = load(name)) != NULL) {
        z = zone_new(name, tz);
        g_hash_table_insert(table, z->name, z);
    }
    pthread_mutex_unlock(&table_lock);
    return z;
}

/* Seconds east of UTC at that second; from the cache if it is in the day that
 * was asked for last, as most are. */
static int32_t
offset_of(const struct zone *z, int64_t second)
{
    int64_t day = second / DAY_SECONDS - (second % DAY_SECONDS < 0);
    uint64_t seen = atomic_load_explicit(z->cached, memory_order_relaxed);
    int64_t first = day * DAY_SECONDS;
    gint interval;

    if ((int32_t)(seen >> 32) == day)
        return (int32_t)(seen & UINT32_MAX);
    interval = g_time_zone_find_interval(z->tz, G_TIME_TYPE_UNIVERSAL, first);
    if (day <= INT32_MIN || day > INT32_MAX ||
        interval != g_time_zone_find_interval(z->tz, G_TIME_TYPE_UNIVERSAL,
                                              first + DAY_SECONDS - 1))
        return offset_at(z, second);
    seen = pack((int32_t)day, g_time_zone_get_offset(z->tz, interval));
    atomic_store_explicit(z->cached, seen, memory_order_relaxed);
    return (int32_t)(seen & UINT32_MAX);
}

/* Far from the ends, so that nothing overflows. */
static int64_t
within_limits(int64_t us_utc)
{
    const int64_t limit = INT64_MAX - 2 * DAY_SECONDS * CLOCK_SECOND;

    if (us_utc > limit)
        return limit;
    return us_utc < -limit ? -limit : us_utc;
}

int32_t
zone_offset(const struct zone *z, int64_t us_utc)
{
    int64_t us = within_limits(us_utc);

    return offset_of(z, us / CLOCK_SECOND - (us % CLOCK_SECOND < 0));
}

void
zone_format_local(const struct zone *z, int64_t us_utc,
                  char out[CLOCK_LOCAL_SIZE])
{
    int64_t us = within_limits(us_utc);
    char gmt[CLOCK_GMT_SIZE];

    clock_format_gmt(us + zone_offset(z, us) * CLOCK_SECOND, gmt);
    memcpy(out, gmt, CLOCK_LOCAL_SIZE - 1); /* all but the Z */
    out[CLOCK_LOCAL_SIZE - 1] = '\0';
}
