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
    const char *id, *key; /* one of them; the other NULL */
    /* What the server says; older ones do not. */
    char *told_id, *scope,
        *target; /* owned; NULL: not said, or there is none */
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
    r->told_id = copy_attr(m, "alertID");
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

    buf_appendf(&b, "{\"changed\":%s", ok ? "true" : "false");
    if (r->c->dry_run)
        buf_append_str(&b, ",\"dryRun\":true");
    add_member(&b, "alertID", r->id != NULL ? r->id : r->told_id);
    add_member(&b, "key", r->key);
    ctl_json_name(&b, "removed");
    buf_append_str(&b, ok && !r->c->dry_run ? "true" : "false");
    add_member(&b, "scope", r->scope);
    add_member(&b, "target", r->target);
    if (r->scope != NULL && !r->c->dry_run) {
        ctl_json_name(&b, "sessions");
        buf_appendf(&b, "%llu", r->sessions);
    }
    if (!ok && r->code != CTL_OK) {
        add_member(&b, "error", result->error_text);
        ctl_json_name(&b, "errorNum");
        buf_appendf(&b, "%d", result->error_num);
    }
    buf_append_char(&b, '}');
    ctl_print_line(&b);
}

/* "alert 5", "alert with the key x". */
static void
append_which(struct buf *b, const struct removal *r)
{
    const char *id = r->id != NULL ? r->id : r->told_id;

    buf_append_str(b, id != NULL ? "alert " : "alert with the key ");
    if (id == NULL)
        id = r->key;
    ctl_plain(b, id, strlen(id));
}

static void
print(const struct removal *r)
{
    struct buf b = {0};

    append_which(&b, r);
    buf_append_str(&b, r->c->dry_run ? " would be removed" : " removed");
    if (r->scope != NULL) {
        buf_append_str(&b, " (");
        ctl_plain(&b, r->scope, strlen(r->scope));
        if (r->target != NULL) {
            buf_append_char(&b, ' ');
            ctl_plain(&b, r->target, strlen(r->target));
        }
        buf_append_char(&b, ')');
    }
    if (r->scope != NULL && !r->c->dry_run)
        buf_appendf(&b, ", %llu session%s told", r->sessions,
                    r->sessions == 1 ? "" : "s");
    ctl_print_line(&b);
}

static void
tell_refusal(struct removal *r, const struct ximss_result *result)
{
    struct buf which = {0};

    append_which(&which, r);
    if (r->code == CTL_NOT_FOUND && r->c->if_exists) {
        r->code = CTL_OK;
        if (!r->c->json)
            printf("%s is not there: nothing to change\n", buf_cstr(&which));
    } else {
        ctl_refused(r->code, result->error_num, buf_cstr(&which),
                    result->error_text);
    }
    buf_clear(&which);
}

static void
on_done(struct ximss *x, const struct ximss_result *result, void *arg)
{
    struct removal *r = arg;

    (void)x;
    r->done = true;
    r->code = ctl_result_code(result);
    if (result->status == XIMSS_LOST)
        r->code = ctl_result(result);
    else if (result->status == XIMSS_REFUSED)
        tell_refusal(r, result);
    if (r->c->json && result->status != XIMSS_LOST)
        print_json(r, result);
    else if (result->status == XIMSS_OK)
        print(r);
}

static int
remove_one(struct ctl *c, const char *id, const char *key)
{
    const char *attrs[] = {"alertID", id,     "key",
                           key,       "test", c->dry_run ? "yes" : NULL,
                           "report",  "yes",  NULL};
    struct removal r = {.c = c, .id = id, .key = key};

    if (ximss_request(c->x, "alertRemove", attrs, NULL, 0, on_withdrawn,
                      on_done, &r) < 0)
        return ctl_error(CTL_USAGE, "%s", ximss_error(c->x));
    ctl_wait(c, &r.done);
    free(r.told_id);
    free(r.scope);
    free(r.target);
    return r.code;
}

static int
remove_all(struct ctl *c, int argc, char **argv)
{
    int failed = CTL_OK;
    unsigned n_ok = 0;

    for (int i = 0; i < argc; i++) {
        int r = remove_one(c, argv[i], NULL);

        if (r == CTL_UNREACHABLE || r == CTL_USAGE)
            return r;
        if (r == CTL_OK)
            n_ok++;
        else
            failed = r;
    }
    return n_ok > 0 && failed != CTL_OK ? CTL_PARTLY : failed;
}

int
ctl_remove_run(struct ctl *c, int argc, char **argv)
{
    const char *key = ctl_option(c, "key");
    int r;

    if ((argc == 0) == (key == NULL))
        return ctl_error(CTL_USAGE, "which alert? say ID... (alert list shows "
                                    "them) or --key");
    r = ctl_connect(c);
    if (r != CTL_OK)
        return r;
    return key != NULL ? remove_one(c, NULL, key) : remove_all(c, argc, argv);
}
