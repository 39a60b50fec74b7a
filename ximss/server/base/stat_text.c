/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics as text.  The two forms differ little: OpenMetrics names a counter
 * without its _total where it is described, has units and an end, and has \" in
 * descriptions. */
#include "config.h"

#include "ximss/server/base/stat_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "ximss/server/base/stat.h"

void
stat_text_escape(struct buf *out, const char *text, bool quoted)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            buf_append_str(out, "\\n");
            continue;
        }
        if (*text == '\\' || (*text == '"' && quoted))
            buf_append_char(out, '\\');
        buf_append_char(out, *text);
    }
}

struct family {
    const char *metric, *help, *type, *unit;
};

static void
describe(struct buf *out, const struct family *f, bool openmetrics)
{
    size_t len = strlen(f->metric), cut = 0;

    if (openmetrics && strcmp(f->type, "counter") == 0)
        cut = strlen("_total");
    buf_appendf(out, "# HELP %.*s ", (int)(len - cut), f->metric);
    stat_text_escape(out, f->help, openmetrics);
    buf_appendf(out, "\n# TYPE %.*s %s\n", (int)(len - cut), f->metric,
                f->type);
    if (openmetrics && f->unit[0] != '\0')
        buf_appendf(out, "# UNIT %.*s %s\n", (int)(len - cut), f->metric,
                    f->unit);
}

static void
write_row(struct buf *out, enum stat_id s)
{
    const struct stat_row *row = stat_row(s);
    int64_t n = stat_get(s);

    if (n < 0)
        return; /* not known */
    buf_append_str(out, row->metric);
    if (row->labels != NULL)
        buf_appendf(out, "{%s}", row->labels);
    buf_appendf(out, " %" PRId64 "\n", n);
}

static void
write_rows(struct buf *out, bool openmetrics)
{
    const char *before = "";

    for (enum stat_id s = 0; s < STAT_N; s++) {
        const struct stat_row *row = stat_row(s);

        if (row->metric == NULL)
            continue;
        if (strcmp(row->metric, before) != 0)
            describe(out,
                     &(struct family){
                         row->metric,
                         row->about != NULL ? row->about : row->help,
                         row->kind == STAT_COUNTER ? "counter" : "gauge",
                         stat_unit_name(row)},
                     openmetrics);
        before = row->metric;
        write_row(out, s);
    }
}

/* Seconds, as short as they are exact, and with a point: 0.0025, 1.0. */
static void
append_seconds(struct buf *out, uint64_t us)
{
    char digits[8];
    size_t n = 6;

    snprintf(digits, sizeof digits, "%06" PRIu64, us % (uint64_t)CLOCK_SECOND);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    buf_appendf(out, "%" PRIu64 ".%.*s", us / (uint64_t)CLOCK_SECOND, (int)n,
                digits);
}

static void
write_times(struct buf *out, enum stat_time h, bool openmetrics)
{
    const struct stat_time_row *row = stat_time_row(h);
    struct stat_times t;

    stat_time_get(h, &t);
    describe(out,
             &(struct family){row->metric, row->help, "histogram", "seconds"},
             openmetrics);
    for (size_t i = 0; i < STAT_BOUNDS; i++) {
        buf_appendf(out, "%s_bucket{le=\"", row->metric);
        append_seconds(out, (uint64_t)stat_bounds[i]);
        buf_appendf(out, "\"} %" PRIu64 "\n", t.up_to[i]);
    }
    buf_appendf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", row->metric,
                t.count, row->metric);
    append_seconds(out, t.sum);
    buf_appendf(out, "\n%s_count %" PRIu64 "\n", row->metric, t.count);
}

void
stat_text_metrics(struct buf *out, bool openmetrics)
{
    write_rows(out, openmetrics);
    for (enum stat_time h = 0; h < STAT_TIMES; h++)
        write_times(out, h, openmetrics);
    if (openmetrics)
        buf_append_str(out, "# EOF\n");
}
