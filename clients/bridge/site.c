/* SPDX-License-Identifier: BSD-2-Clause */
/* The site's name stands in the pages as they are sent: no script has to run
 * before it is there, and nothing moves when it has. */
#include "config.h"

#include "clients/bridge/site.h"

#include <string.h>

static void
append_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            buf_append_str(out, "&amp;");
            break;
        case '<':
            buf_append_str(out, "&lt;");
            break;
        case '>':
            buf_append_str(out, "&gt;");
            break;
        case '"':
            buf_append_str(out, "&quot;");
            break;
        default:
            buf_append_char(out, *text);
        }
}

/* What stands for the placeholder at p; its length comes back, 0 if it is none
 * of ours. */
static size_t
fill_one(const struct site *site, const char *p, struct buf *out)
{
    static const char name[] = "{{site-name}}", logo[] = "{{site-logo}}",
                      organisation[] = "{{organisation}}";

    if (strncmp(p, name, sizeof name - 1) == 0) {
        append_escaped(out, site->name);
        return sizeof name - 1;
    }
    if (strncmp(p, organisation, sizeof organisation - 1) == 0) {
        append_escaped(out, site->organisation);
        return sizeof organisation - 1;
    }
    if (strncmp(p, logo, sizeof logo - 1) != 0)
        return 0;
    if (*site->logo != '\0')
        buf_append_str(out, "<img class=\"logo\" src=\"" SITE_LOGO_PATH
                            "\" alt=\"\">");
    return sizeof logo - 1;
}

void
site_fill(const struct site *site, struct buf *page)
{
    const char *p = buf_cstr(page), *brace;
    struct buf out = {0};

    if (strlen(p) != page->len)
        return; /* no text */
    while ((brace = strstr(p, "{{")) != NULL) {
        size_t taken;

        buf_append(&out, p, (size_t)(brace - p));
        taken = fill_one(site, brace, &out);
        if (taken == 0)
            buf_append_str(&out, "{{");
        p = brace + (taken != 0 ? taken : 2);
    }
    buf_append_str(&out, p);
    buf_clear(page);
    *page = out;
}
