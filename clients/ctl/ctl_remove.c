/* SPDX-License-Identifier: BSD-2-Clause */
/* alert remove: prints a line for each alert: what it was, to whom it was
 * addressed, and how many sessions were told. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl.h"
#include "util/text.h"
#include "util/xmalloc.h"

struct removal {
    const struct ctl *c;
    const char *id;
    /* What the server says; older ones do not. */
    char *scope, *target; /* owned; NULL: not said, or there is none */
    unsigned long long sessions;
    int code;
    bool done;
};

static char *
copy_attr(const struct ximss_message *m, const char *name)
{
    const char *value = ximss_message_attr(m, name);

    return value != NULL ? xstrdup(value) : NULL;
}

static void
on_withdrawn(struct ximss *x, const struct ximss_message *m, void *arg)
{
    struct removal *r = arg;
    const char *sessions = ximss_message_attr(m, "sessions");

    (void)x;
    if (strcmp(ximss_message_name(m), "alertWithdrawn") != 0 ||
        r->scope != NULL || sessions == NULL ||
        text_parse_u64(sessions, UINT64_MAX, &r->sessions) < 0)
        return;
    r->scope = copy_attr(m, "scope");
    r->target = copy_attr(m, "target");
}

static void
add_member(struct buf *b, const char *name, const char *value)
{
    if (value == NULL)
        return;
    ctl_json_name(b, name);
    ctl_json_string(b, value, strlen(value));
}

static void
print_json(const struct removal *r, const struct ximss_result *result)
{
    bool ok = result->status == XIMSS_OK;
    struct buf b = {0};

    buf_append_char(&b, '{');
    add_member(&b, "alertID", r->id);
    ctl_json_name(&b, "removed");
    buf_append_str(&b, ok ? "true" : "false");
    add_member(&b, "scope", r->scope);
    add_member(&b, "target", r->target);
    if (r->scope != NULL) {
        ctl_json_name(&b, "sessions");
        buf_appendf(&b, "%llu", r->sessions);
    }
    if (!ok) {
        add_member(&b, "error", result->error_text);
        ctl_json_name(&b, "errorNum");
        buf_appendf(&b, "%d", result->error_num);
    }
    buf_append_char(&b, '}');
    ctl_print_line(&b);
}

static void
print(const struct removal *r)
{
    struct buf b = {0};

    buf_append_str(&b, "alert ");
    ctl_plain(&b, r->id, strlen(r->id));
    buf_append_str(&b, " removed");
    if (r->scope != NULL) {
        buf_append_str(&b, " (");
        ctl_plain(&b, r->scope, strlen(r->scope));
        if (r->target != NULL) {
            buf_append_char(&b, ' ');
            ctl_plain(&b, r->target, strlen(r->target));
        }
        buf_appendf(&b, "), %llu session%s told", r->sessions,
                    r->sessions == 1 ? "" : "s");
    }
    ctl_print_line(&b);
}

static void
on_done(struct ximss *x, const struct ximss_result *result, void *arg)
{
    struct removal *r = arg;

    (void)x;
    r->done = true;
    if (r->c->json && result->status != XIMSS_LOST)
        print_json(r, result);
    else if (result->status == XIMSS_OK)
        print(r);
    if (result->status == XIMSS_REFUSED)
        r->code = ctl_error(CTL_REFUSED, "alert %s: %s (%d)", r->id,
                            result->error_text, result->error_num);
    else
        r->code = ctl_result(result);
}

static int
remove_one(struct ctl *c, const char *id)
{
    const char *attrs[] = {"alertID", id, "report", "yes", NULL};
    struct removal r = {.c = c, .id = id};

    if (ximss_request(c->x, "alertRemove", attrs, NULL, 0, on_withdrawn,
                      on_done, &r) < 0)
        return ctl_error(CTL_USAGE, "%s", ximss_error(c->x));
    ctl_wait(c, &r.done);
    free(r.scope);
    free(r.target);
    return r.code;
}

int
ctl_remove_run(struct ctl *c, int argc, char **argv)
{
    int r = ctl_connect(c), failed = CTL_OK;
    unsigned n_ok = 0;

    if (r != CTL_OK)
        return r;
    for (int i = 0; i < argc; i++) {
        r = remove_one(c, argv[i]);
        if (r == CTL_UNREACHABLE || r == CTL_USAGE)
            return r;
        if (r == CTL_OK)
            n_ok++;
        else
            failed = r;
    }
    return n_ok > 0 && failed != CTL_OK ? CTL_PARTLY : failed;
}
