/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of the server's CLI on their way there and back. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"

static void
take_value(struct ctl_cli_call *call, const char *data, size_t len)
{
    struct cli_limits limits = {.bytes = CTL_LIMIT};
    struct cli_value *value = NULL;
    struct errbuf err;

    if (cli_data_parse(data, len, &limits, call->c->arena, &value, &err) < 0)
        call->code = ctl_error(CTL_REFUSED,
                               "the server's answer is not in the data "
                               "format: %s",
                               err.text);
    call->value = value;
}

static void
on_data(struct ximss *x, const struct ximss_message *m, void *arg)
{
    struct ctl_cli_call *call = arg;
    const char *changed = ximss_message_attr(m, "changed"), *text;
    size_t len;

    (void)x;
    if (strcmp(ximss_message_name(m), "cliReport") == 0) {
        call->changed = changed == NULL || strcmp(changed, "no") != 0;
    } else if (strcmp(ximss_message_name(m), "cliResult") == 0) {
        text = ximss_message_text(m, &len);
        if (len > 0)
            take_value(call, text, len);
    }
}

static void
on_done(struct ximss *x, const struct ximss_result *result, void *arg)
{
    struct ctl_cli_call *call = arg;

    (void)x;
    call->done = true;
    if (result->status != XIMSS_REFUSED || !call->quiet) {
        int code = ctl_result(result);

        if (call->code == CTL_OK)
            call->code = code;
    } else {
        call->code = ctl_result_code(result);
    }
    if (result->status != XIMSS_REFUSED)
        return;
    call->error_num = result->error_num;
    call->error_text = xstrdup(result->error_text);
}

static void
try_only(struct buf *command)
{
    static const char word[] = "DRYRUN ";
    const size_t n = sizeof word - 1;

    buf_append_str(command, word); /* for the room */
    memmove(command->data + n, command->data, command->len - n);
    memcpy(command->data, word, n);
}

int
ctl_cli_run(struct ctl *c, struct buf *command, struct ctl_cli_call *call)
{
    static const char *const report[] = {"report", "yes", NULL};

    call->c = c;
    call->changed = true; /* older servers do not say */
    if (call->changes && c->dry_run)
        try_only(command);
    call->code = ctl_connect(c);
    if (call->code == CTL_OK &&
        ximss_request(c->x, "cliExecute", call->changes ? report : NULL,
                      buf_cstr(command), command->len, on_data, on_done,
                      call) < 0)
        call->code = ctl_error(CTL_USAGE, "%s", ximss_error(c->x));
    else if (call->code == CTL_OK)
        ctl_wait(c, &call->done);
    explicit_bzero(command->data, command->cap);
    buf_clear(command);
    return call->code;
}

void
ctl_cli_clear(struct ctl_cli_call *call)
{
    free(call->error_text);
    call->error_text = NULL;
}

/* With a code that a refusal with that number has, instead of its own. */
static int
run_with(struct ctl *c, struct buf *command, int num, int code,
         const struct cli_value **value_r)
{
    struct ctl_cli_call call = {.quiet = true};
    int r = ctl_cli_run(c, command, &call);

    *value_r = call.value;
    if (call.error_num != 0 && call.error_num == num)
        r = code;
    if (call.error_num != 0 && r != CTL_OK)
        ctl_refused(r, call.error_num, NULL, call.error_text);
    ctl_cli_clear(&call);
    return r;
}

int
ctl_cli_but(struct ctl *c, struct buf *command, int quiet,
            const struct cli_value **value_r)
{
    return run_with(c, command, quiet, CTL_OK, value_r);
}

int
ctl_cli_source(struct ctl *c, struct buf *command,
               const struct cli_value **value_r)
{
    return run_with(c, command, ANSWER_USERS_AWAY, CTL_DOUBT, value_r);
}

int
ctl_cli(struct ctl *c, struct buf *command, const struct cli_value **value_r)
{
    return ctl_cli_but(c, command, 0, value_r);
}

int
ctl_cli_quiet(struct ctl *c, struct buf *command)
{
    const struct cli_value *value;

    return ctl_cli(c, command, &value);
}
