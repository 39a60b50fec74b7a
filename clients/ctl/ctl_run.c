/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl_line.h"
#include "clients/sample/secret.h"
#include "util/text.h"
#include "ximss/proto/answer.h"

/* Commands of the server's CLI on their way there and back, and the passwords
 * that go into them. */

struct cli_call {
    struct ctl *c;
    int quiet; /* a refusal with this code is not told; 0: none */
    int doubt; /* a refusal with this code is CTL_DOUBT; 0: none */
    const struct cli_value *value;
    int code;
    bool done;
};

static void
on_cli(struct ximss *x, const struct ximss_result *result, const char *data,
       size_t len, void *arg)
{
    struct cli_limits limits = {.bytes = CTL_LIMIT};
    struct cli_call *call = arg;
    struct cli_value *value = NULL;
    struct errbuf err;

    (void)x;
    call->done = true;
    if (result->status == XIMSS_REFUSED && result->error_num == call->quiet)
        return;
    call->code = ctl_result(result);
    if (result->status == XIMSS_REFUSED && result->error_num == call->doubt)
        call->code = CTL_DOUBT;
    if (call->code != CTL_OK || len == 0)
        return;
    if (cli_data_parse(data, len, &limits, call->c->arena, &value, &err) < 0)
        call->code = ctl_error(CTL_REFUSED,
                               "the server's answer is not in the data "
                               "format: %s",
                               err.text);
    call->value = value;
}

static int
execute(struct cli_call *call, struct buf *command,
        const struct cli_value **value_r)
{
    struct ctl *c = call->c;

    *value_r = NULL;
    call->code = ctl_connect(c);
    if (call->code == CTL_OK &&
        ximss_cli_execute(c->x, buf_cstr(command), on_cli, call) < 0) {
        call->code = ctl_error(CTL_USAGE, "%s", ximss_error(c->x));
        call->done = true;
    }
    if (call->code == CTL_OK)
        ctl_wait(c, &call->done);
    explicit_bzero(command->data, command->cap);
    buf_clear(command);
    *value_r = call->value;
    return call->code;
}

int
ctl_cli_but(struct ctl *c, struct buf *command, int quiet,
            const struct cli_value **value_r)
{
    struct cli_call call = {.c = c, .quiet = quiet};

    return execute(&call, command, value_r);
}

int
ctl_cli_source(struct ctl *c, struct buf *command,
               const struct cli_value **value_r)
{
    struct cli_call call = {.c = c, .doubt = ANSWER_USERS_AWAY};

    return execute(&call, command, value_r);
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

int
ctl_cli_show(struct ctl *c, const char *command, const char *account,
             ctl_show_fn *show)
{
    const struct cli_value *v = NULL;
    struct buf b = {0};
    int r;

    buf_append_str(&b, command);
    ctl_line_arg(&b, account);
    r = ctl_cli(c, &b, &v);
    if (r == CTL_OK && v != NULL)
        show(c, v);
    return r;
}

/* --- commands that are a line --- */

int
ctl_usage(const struct ctl *c)
{
    const struct ctl_command *k = c->command;

    return ctl_error(k->usage != 0 ? k->usage : CTL_USAGE,
                     "usage: ximssctl %s%s%s%s%s%s", k->noun,
                     k->verb[0] != '\0' ? " " : "", k->verb,
                     k->options != NULL ? " [options]" : "",
                     k->args[0] != '\0' ? " " : "", k->args);
}

static int
make_line(struct ctl *c, int argc, char **argv, struct buf *b)
{
    struct ctl_given given = {.argc = argc,
                              .argv = argv,
                              .options = c->command->options,
                              .values = c->values};
    struct errbuf err;

    if (ctl_line_make(b, c->command->line, &given, &err) == 0)
        return CTL_OK;
    if (err.text[0] == '\0')
        return ctl_usage(c);
    return ctl_error(CTL_USAGE, "%s", err.text);
}

int
ctl_run_line(struct ctl *c, int argc, char **argv)
{
    const struct ctl_command *k = c->command;
    const struct cli_value *v = NULL;
    struct buf b = {0};
    int r = make_line(c, argc, argv, &b);

    if (r == CTL_OK && k->names == CTL_NAMES_SETTINGS)
        r = ctl_names_settings(c, argc, argv);
    else if (r == CTL_OK && k->names == CTL_NAMES_RIGHTS)
        r = ctl_names_rights(c);
    if (r == CTL_OK && k->ask != NULL &&
        !ctl_confirm(c, "%s%s%s?", k->ask, argc > 0 ? " " : "",
                     argc > 0 ? argv[0] : ""))
        r = ctl_error(CTL_REFUSED, "nothing done");
    if (r == CTL_OK)
        r = ctl_cli(c, &b, &v);
    buf_clear(&b);
    if (r == CTL_OK && v != NULL)
        (k->show != NULL ? k->show : ctl_print_value)(c, v);
    return r;
}

/* --- passwords --- */

char *
ctl_new_password(struct ctl *c, const char *prompt, bool twice)
{
    const char *option = ctl_option(c, "new-password-fd"), *why;
    char *password, *again;
    unsigned long long n = 0;
    bool asked;
    int fd;

    if (option != NULL && text_parse_u64(option, 65535, &n) < 0) {
        ctl_error(0, "--new-password-fd takes a number up to 65535");
        return NULL;
    }
    fd = option != NULL ? (int)n : -1;
    asked = secret_is_asked(fd, "XIMSS_NEW_PASSWORD");
    password = secret_get(fd, "XIMSS_NEW_PASSWORD", prompt, &why);
    if (password == NULL)
        ctl_error(0,
                  "%s; give it by --new-password-fd or the environment "
                  "variable XIMSS_NEW_PASSWORD",
                  why);
    if (password == NULL || !asked || !twice)
        return password;
    again = secret_get(fd, "XIMSS_NEW_PASSWORD", "Repeat the password: ", &why);
    if (again == NULL || strcmp(again, password) != 0) {
        ctl_error(0, "the two passwords differ");
        secret_free(&password);
    }
    secret_free(&again);
    return password;
}
