/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/progress.h"

#include <stdio.h>

#include "util/clock.h"

#define REDRAW (CLOCK_SECOND / 5)
#define BAR    12 /* all of it stands in 80 columns */

void
progress_start(struct progress *p, int64_t now)
{
    p->started = now;
    p->drawn = now;
}

void
progress_bar(struct buf *b, double part, int width)
{
    buf_append_char(b, '[');
    for (int i = 0; i < width; i++)
        buf_append_char(b, i + 1 <= part * width ? '#' : '.');
    buf_append_char(b, ']');
}

static void
format_bar(struct buf *b, const struct progress *p)
{
    double part = (double)p->line / (double)p->lines;

    progress_bar(b, part, BAR);
    buf_appendf(b, " %3d%%  line %lu of %lu", (int)(part * 100), p->line,
                p->lines);
}

void
progress_format(struct buf *b, const struct progress *p, int64_t now)
{
    double spent =
        now > p->started ? (double)(now - p->started) / CLOCK_SECOND : 1e-6;

    if (p->lines > 0)
        format_bar(b, p);
    else
        buf_appendf(b, "%llu done", p->done);
    buf_appendf(b, ", %.0f/s", (double)p->done / spent);
    if (p->refused > 0)
        buf_appendf(b, ", %llu refused", p->refused);
    if (p->lines > 0 && p->line >= p->first)
        buf_appendf(b, ", %.0f s left",
                    spent * (double)(p->lines - p->line) /
                        (double)(p->line - p->first + 1));
}

void
progress_draw(struct progress *p, int64_t now)
{
    struct buf b = {0};

    if (!p->on || (p->drawn != 0 && now - p->drawn < REDRAW))
        return;
    p->drawn = now;
    progress_format(&b, p, now);
    fprintf(stderr, "\r\033[K%s", buf_cstr(&b));
    buf_clear(&b);
}

void
progress_clear(struct progress *p)
{
    if (p->on)
        fputs("\r\033[K", stderr);
    p->drawn = 0;
}
