/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/ctl_change.h"

#include <string.h>

#include "clients/ctl/ctl_line.h"
#include "ximss/proto/answer.h"

static void
json_text(struct buf *b, const char *name, const char *text)
{
    if (text == NULL)
        return;
    ctl_json_name(b, name);
    ctl_json_string(b, text, strlen(text));
}

static void
say_json(const struct ctl *c, const struct ctl_change *what, bool changed,
         const char *reason)
{
    struct buf b = {0};

    buf_appendf(&b, "{\"changed\":%s", changed ? "true" : "false");
    if (c->dry_run)
        buf_append_str(&b, ",\"dryRun\":true");
    json_text(&b, "kind", what->kind);
    json_text(&b, "name", what->name);
    json_text(&b, "of", what->of);
    json_text(&b, "action", what->action);
    json_text(&b, "newName", what->to);
    json_text(&b, "reason", reason);
    buf_append_char(&b, '}');
    ctl_print_line(&b);
}

static void
append_name(struct buf *b, const char *before, const char *name)
{
    if (name == NULL)
        return;
    buf_append_str(b, before);
    ctl_plain(b, name, strlen(name));
}

void
ctl_change_say(const struct ctl *c, const struct ctl_change *what, bool changed,
               const char *reason)
{
    struct buf b = {0};

    if (c->json) {
        say_json(c, what, changed, reason);
        return;
    }
    buf_append_str(&b, what->kind);
    append_name(&b, " ", what->name);
    append_name(&b, " of ", what->of);
    if (!changed) {
        append_name(&b, " ", reason);
        buf_append_str(&b, ": nothing to change");
    } else {
        buf_append_str(&b, c->dry_run ? " would be " : " ");
        buf_append_str(&b, what->action);
        append_name(&b, ": now ", what->to);
    }
    ctl_print_line(&b);
}

/* CTL_OK: there is one of that name; CTL_NOT_FOUND; *num_r: what the server said
 * then.  Another code: it is not known. */
static int
probe(struct ctl *c, const char *command, const char *name, int *num_r)
{
    struct ctl_cli_call call = {.quiet = true};
    struct buf b = {0};
    int r;

    buf_append_str(&b, command);
    ctl_line_arg(&b, name);
    r = ctl_cli_run(c, &b, &call);
    *num_r = call.error_num;
    ctl_cli_clear(&call);
    return r;
}

/* Whether it is right that what is to be made is there: it is, and not something
 * else by that name. */
static bool
is_there(struct ctl *c, const struct ctl_change *what)
{
    int num;

    return what->probe == NULL ||
           probe(c, what->probe, what->name, &num) == CTL_OK;
}

/* Whether what was not found is what the command is about, and not the domain that
 * it is to go to. */
static bool
is_gone(struct ctl *c, const struct ctl_change *what)
{
    int num;

    if (what->probe == NULL)
        return true;
    if (probe(c, what->probe, what->name, &num) != CTL_NOT_FOUND)
        return false;
    return what->to == NULL ||
           probe(c, what->probe, what->to, &num) == CTL_OK ||
           num != ANSWER_NO_DOMAIN;
}

int
ctl_change_run(struct ctl *c, struct buf *command,
               const struct ctl_change *what, const struct cli_value **value_r)
{
    struct ctl_cli_call call = {.quiet = true, .changes = true};
    int r = ctl_cli_run(c, command, &call);

    *value_r = call.value;
    if (r == CTL_OK && call.value == NULL) {
        ctl_change_say(c, what, call.changed, NULL);
    } else if (r == CTL_EXISTS && c->if_missing && is_there(c, what)) {
        ctl_change_say(c, what, false, "exists already");
        r = CTL_OK;
    } else if (r == CTL_NOT_FOUND && c->if_exists && is_gone(c, what)) {
        ctl_change_say(c, what, false, "is not there");
        r = CTL_OK;
    } else if (call.error_num != 0) {
        ctl_refused(r, call.error_num, what->is_one_of_many ? what->name : NULL,
                    call.error_text);
    }
    ctl_cli_clear(&call);
    return r;
}

int
ctl_change_quiet(struct ctl *c, struct buf *command,
                 const struct ctl_change *what)
{
    const struct cli_value *value;

    return ctl_change_run(c, command, what, &value);
}
