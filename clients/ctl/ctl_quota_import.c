/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/batch.h"
#include "clients/ctl/ctl_line.h"
#include "clients/ctl/lines.h"
#include "clients/ctl/name_field.h"
#include "clients/ctl/quota_line.h"
#include "util/xmalloc.h"

/* quota import: a SETSTORAGEUSED for each line of a file.
 *
 * A report can be repeated, and one behind a line that is refused does no harm:
 * so a window of them is under way even if a refusal ends it. */

struct import {
    struct batch batch; /* first: what its functions are given */
    const char *domain;
    struct lines lines;
};

static void
on_answer(struct batch *b, const struct batch_item *item,
          const struct ximss_result *result, const char *data, size_t len)
{
    (void)data;
    (void)len;
    if (result->status == XIMSS_OK)
        b->p.done++;
    else
        batch_refuse_result(b, item, result);
}

static void
send_report(struct import *m, const struct quota_line *l)
{
    struct batch *b = &m->batch;
    char *name = ctl_line_name(l->account, m->domain);
    const char *why = name_field_refusal(name, 0);
    struct buf command = {0};

    buf_append_str(&command, "SETSTORAGEUSED");
    ctl_line_arg(&command, name);
    ctl_line_arg(&command, l->size);
    if (why != NULL)
        batch_refuse(b, m->lines.line, "", why);
    else if (batch_send(b, m->lines.line, name, &command) < 0)
        batch_refuse(b, m->lines.line, name, ximss_error(b->c->x));
    buf_clear(&command);
    free(name);
}

static void
take_line(struct import *m)
{
    char *text = xstrdup(m->lines.text);
    struct quota_line l;
    struct errbuf err;

    if (quota_line_cut(&l, text, &err) == 0)
        send_report(m, &l);
    else
        batch_refuse(&m->batch, m->lines.line, "", err.text);
    free(text);
}

static bool
read_report(struct batch *b)
{
    struct import *m = (struct import *)b;
    struct errbuf err;
    int r = lines_next(&m->lines, &err);

    if (r == 0)
        return false;
    if (m->lines.line < b->from)
        return true;
    if (r > 0)
        take_line(m);
    else
        batch_refuse(b, m->lines.line, "", err.text);
    return true;
}

static void
print_summary(const struct batch *b)
{
    unsigned long rest = batch_rest(b);
    struct buf out = {0};

    if (!b->c->json) {
        buf_appendf(&out, "%llu reported, %llu refused", b->p.done,
                    b->p.refused);
    } else {
        buf_appendf(&out,
                    "{\"changed\":%s,\"reported\":%llu,\"failed\":%llu,"
                    "\"nextLine\":",
                    b->p.done > 0 ? "true" : "false", b->p.done, b->p.refused);
        if (rest != 0)
            buf_appendf(&out, "%lu}", rest);
        else
            buf_append_str(&out, "null}");
    }
    ctl_print_line(&out);
}

int
ctl_quota_import_run(struct ctl *c, int argc, char **argv)
{
    struct import m = {
        .batch = {.next = read_report,
                  .answer = on_answer,
                  .stop_at_refusal = ctl_option(c, "keep-going") == NULL},
        .domain = ctl_option(c, "domain")};
    struct batch *b = &m.batch;
    int r = batch_open(b, c, argv[0]);

    (void)argc;
    if (r == CTL_OK) {
        lines_init(&m.lines, &b->in);
        r = batch_run(b);
        if (r == CTL_OK) {
            print_summary(b);
            r = batch_end(b);
        }
        lines_clear(&m.lines);
    }
    batch_close(b);
    return r;
}
