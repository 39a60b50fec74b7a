/* SPDX-License-Identifier: BSD-2-Clause */
/* The first line is the limit, "102400S,1000C": bytes and messages, in any
 * order, 0 for none.  Each further line is a change, "BYTES COUNT", and their
 * sum is the usage.  Every server that delivers mail appends lines of its own,
 * so nothing about the file is taken for granted. */
#include "config.h"

#include "quota/maildirsize.h"

#include <stdbool.h>
#include <string.h>

/* What is left of one line. */
struct line {
    const char *p, *end;
    unsigned number;
};

static void
skip_blanks(struct line *l)
{
    while (l->p < l->end && (*l->p == ' ' || *l->p == '\t' || *l->p == '\r'))
        l->p++;
}

/* 0, or -1 without a digit or beyond 64 bits. */
static int
take_digits(struct line *l, uint64_t *n_r)
{
    const char *start = l->p;

    *n_r = 0;
    for (; l->p < l->end && *l->p >= '0' && *l->p <= '9'; l->p++)
        if (__builtin_mul_overflow(*n_r, 10, n_r) ||
            __builtin_add_overflow(*n_r, (uint64_t)(*l->p - '0'), n_r))
            return -1;
    return l->p > start ? 0 : -1;
}

static int
take_number(struct line *l, int64_t *n_r)
{
    bool negative = false;
    uint64_t n;

    skip_blanks(l);
    if (l->p < l->end && *l->p == '-') {
        negative = true;
        l->p++;
    }
    if (take_digits(l, &n) < 0 || n > INT64_MAX)
        return -1;
    *n_r = negative ? -(int64_t)n : (int64_t)n;
    return 0;
}

/* One "102400S".  Other letters than S are limits of something else. */
static int
take_limit(struct line *l, uint64_t *limit_r)
{
    uint64_t n;

    skip_blanks(l);
    if (take_digits(l, &n) < 0 || l->p == l->end || *l->p < 'A' || *l->p > 'Z')
        return -1;
    if (*l->p++ == 'S')
        *limit_r = n;
    skip_blanks(l);
    return 0;
}

static int
parse_limits(struct line *l, uint64_t *limit_r, struct errbuf *err)
{
    *limit_r = 0;
    skip_blanks(l);
    if (l->p == l->end) /* some leave it empty for no limit */
        return 0;
    for (;; l->p++) {
        if (take_limit(l, limit_r) < 0)
            return err_set(err, "line %u: no limit as in 102400S", l->number);
        if (l->p == l->end)
            return 0;
        if (*l->p != ',')
            return err_set(err, "line %u: no comma between limits", l->number);
    }
}

static int
parse_change(struct line *l, int64_t *sum, struct errbuf *err)
{
    int64_t bytes, count;

    if (take_number(l, &bytes) < 0)
        return err_set(err, "line %u: no number of bytes", l->number);
    if (l->p < l->end && *l->p != ' ' && *l->p != '\t')
        return err_set(err, "line %u: no number of bytes", l->number);
    if (take_number(l, &count) < 0)
        return err_set(err, "line %u: no number of messages", l->number);
    skip_blanks(l);
    if (l->p != l->end)
        return err_set(err, "line %u: more than two numbers", l->number);
    if (__builtin_add_overflow(*sum, bytes, sum))
        return err_set(err, "line %u: the sum is too large", l->number);
    return 0;
}

int
maildirsize_parse(const char *data, size_t len, struct maildirsize *size_r,
                  struct errbuf *err)
{
    struct line l = {.p = data};
    const char *end = data + len;
    uint64_t limit = 0;
    int64_t sum = 0;

    while (l.p < end && (l.end = memchr(l.p, '\n', (size_t)(end - l.p)))) {
        const char *next = l.end + 1;

        l.number++;
        if ((l.number == 1 ? parse_limits(&l, &limit, err)
                           : parse_change(&l, &sum, err)) < 0)
            return -1;
        l.p = next;
    }
    if (l.number < 2)
        return err_set(err, "line %u: the file ends before any number",
                       l.number + 1);
    if (sum < 0)
        return err_set(err, "line %u: the sum is below 0", l.number);
    size_r->used = (uint64_t)sum;
    size_r->limit = limit;
    return 0;
}
