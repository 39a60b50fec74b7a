/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl.h"
#include "clients/ctl/progress.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define BAR 20

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define NORMAL "\033[0m"

/* --- reading --- */

static const char *
text_of(const struct cli_value *dict, const char *key)
{
    const char *text = ctl_text(dict, key);

    return text != NULL ? text : "";
}

/* 0 for what is no number, such as "unlimited". */
static unsigned long long
number_of(const struct cli_value *dict, const char *key)
{
    unsigned long long n;

    return text_parse_u64(text_of(dict, key), ~0ULL, &n) == 0 ? n : 0;
}

/* DD-MM-YYYY_HH:MM:SS, GMT. */
static int64_t
time_of(const struct cli_value *dict, const char *key)
{
    const char *t = text_of(dict, key);
    char stamp[32];
    int64_t us;

    if (strlen(t) != strlen("DD-MM-YYYY_HH:MM:SS"))
        return 0;
    snprintf(stamp, sizeof stamp, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", t + 6, t + 3, t,
             t + 11, t + 14, t + 17);
    return clock_parse_gmt(stamp, &us) == 0 ? us / CLOCK_SECOND : 0;
}

int
ctl_usage_read(struct ctl_usage *u, const char *account,
               const struct cli_value *v)
{
    if (v->kind != CLI_DICTIONARY || cli_data_find(v, "Used") == NULL)
        return -1;
    *u =
        (struct ctl_usage){.account = xstrdup(account),
                           .used = number_of(v, "Used"),
                           .limit = number_of(v, "Limit"),
                           .percent = number_of(v, "Percent"),
                           .level = number_of(v, "Level"),
                           .reached = strcmp(text_of(v, "Reached"), "YES") == 0,
                           .reported = time_of(v, "Reported"),
                           .alerted = time_of(v, "Alerted")};
    snprintf(u->source, sizeof u->source, "%s", text_of(v, "Source"));
    return 0;
}

void
ctl_usage_clear(struct ctl_usage *u)
{
    free(u->account);
    u->account = NULL;
}

/* --- order --- */

/* Parts of the limit; per cents are too coarse to tell two from each other. */
static double
fullness(const struct ctl_usage *u)
{
    return u->limit != 0 ? (double)u->used / (double)u->limit : -1;
}

int
ctl_usage_compare(const void *a, const void *b)
{
    const struct ctl_usage *one = a, *other = b;
    double x = fullness(one), y = fullness(other);

    if (x != y)
        return x > y ? -1 : 1;
    if (one->used != other->used)
        return one->used > other->used ? -1 : 1;
    return strcmp(one->account, other->account);
}

/* --- JSON --- */

static void
json_number(struct buf *b, const char *name, unsigned long long n,
            bool is_there)
{
    ctl_json_name(b, name);
    if (is_there)
        buf_appendf(b, "%llu", n);
    else
        buf_append_str(b, "null");
}

static void
json_text(struct buf *b, const char *name, const char *text)
{
    ctl_json_name(b, name);
    if (text[0] != '\0')
        ctl_json_string(b, text, strlen(text));
    else
        buf_append_str(b, "null");
}

static void
json_time(struct buf *b, const char *name, int64_t seconds)
{
    char when[CTL_UTC_SIZE] = "";

    if (seconds != 0)
        ctl_format_utc(seconds, when);
    json_text(b, name, when);
}

void
ctl_usage_json(struct buf *b, const struct ctl_usage *u)
{
    buf_append_char(b, '{');
    json_text(b, "account", u->account);
    json_number(b, "used", u->used, true);
    json_number(b, "limit", u->limit, u->limit != 0);
    json_number(b, "percent", u->percent, u->limit != 0);
    json_number(b, "level", u->level, u->level != 0);
    ctl_json_name(b, "reached");
    buf_append_str(b, u->reached ? "true" : "false");
    json_text(b, "source", u->source);
    json_time(b, "reported", u->reported);
    json_time(b, "alerted", u->alerted);
    buf_append_char(b, '}');
}

/* --- bars --- */

static const char *
colour(const struct ctl_usage *u)
{
    if (u->percent >= 100)
        return RED;
    return u->reached ? YELLOW : GREEN;
}

void
ctl_usage_full(struct buf *b, const struct ctl_usage *u,
               enum ctl_usage_style style)
{
    if (u->limit == 0) {
        buf_append_char(b, '-');
        return;
    }
    if (style == CTL_USAGE_PLAIN) {
        buf_appendf(b, "%llu%%", u->percent);
        return;
    }
    if (style == CTL_USAGE_COLOUR)
        buf_append_str(b, colour(u));
    progress_bar(b, fullness(u), BAR);
    buf_appendf(b, " %3llu%%", u->percent);
    if (style == CTL_USAGE_COLOUR)
        buf_append_str(b, NORMAL);
}
