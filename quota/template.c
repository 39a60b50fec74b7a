/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/template.h"

#include <string.h>

#include "quota/policy.h"
#include "util/text.h"

const char quota_template_default[] =
    "Your storage is {percent}% full: {used} of {limit} are used. "
    "Please delete what you no longer need.";

static void
append_size(struct buf *b, uint64_t bytes)
{
    char text[TEXT_SIZE];

    text_format_size(bytes, text);
    buf_append_str(b, text);
}

static void
append_used(struct buf *b, const struct quota_figures *f)
{
    append_size(b, f->used);
}

static void
append_limit(struct buf *b, const struct quota_figures *f)
{
    append_size(b, f->limit);
}

static void
append_free(struct buf *b, const struct quota_figures *f)
{
    append_size(b, f->used < f->limit ? f->limit - f->used : 0);
}

static void
append_percent(struct buf *b, const struct quota_figures *f)
{
    buf_appendf(b, "%u", quota_percent(f->used, f->limit));
}

static void
append_level(struct buf *b, const struct quota_figures *f)
{
    buf_appendf(b, "%u", f->level);
}

static void
append_account(struct buf *b, const struct quota_figures *f)
{
    buf_append_str(b, f->account);
}

static void
append_name(struct buf *b, const struct quota_figures *f)
{
    buf_append_str(b, f->name != NULL && f->name[0] != '\0' ? f->name
                                                            : f->account);
}

static void
append_domain(struct buf *b, const struct quota_figures *f)
{
    buf_append_str(b, f->domain);
}

struct field {
    const char *name;
    void (*append)(struct buf *b, const struct quota_figures *f);
};

static const struct field fields[] = {
    {"used", append_used},   {"limit", append_limit},
    {"free", append_free},   {"percent", append_percent},
    {"level", append_level}, {"account", append_account},
    {"name", append_name},   {"domain", append_domain},
};

static const struct field *
find_field(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strlen(fields[i].name) == len &&
            memcmp(fields[i].name, name, len) == 0)
            return &fields[i];
    return NULL;
}

int
quota_template_check(const char *text, struct errbuf *err)
{
    const char *end;

    for (const char *p = text; (p = strchr(p, '{')) != NULL; p = end + 1) {
        if (p[1] == '{') {
            end = p + 1;
            continue;
        }
        end = strchr(p, '}');
        if (end == NULL)
            return err_set(err, "has a brace that is not closed");
        if (find_field(p + 1, (size_t)(end - p - 1)) == NULL)
            return err_set(err, "has no field %.*s",
                           (int)(end - p - 1 < 40 ? end - p - 1 : 40), p + 1);
    }
    return 0;
}

void
quota_template_fill(struct buf *b, const char *text,
                    const struct quota_figures *figures)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        const char *end;
        const struct field *f = NULL;

        buf_append(b, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        end = strchr(text, '}');
        if (end != NULL)
            f = find_field(text + 1, (size_t)(end - text - 1));
        if (f != NULL) {
            f->append(b, figures);
            text = end + 1;
        } else {
            buf_append_char(b, '{');
            text += text[1] == '{' ? 2 : 1;
        }
    }
}
