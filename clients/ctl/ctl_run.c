/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl_change.h"
#include "clients/ctl/ctl_line.h"
#include "clients/sample/secret.h"
#include "util/text.h"

/* Commands that are a line of the server's CLI, and the passwords that go into
 * others. */

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
                     k->options != NULL || k->takes != 0 ? " [options]" : "",
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

/* A line that only shows something, where another may change it. */
static bool
is_question(const struct buf *line)
{
    static const char *const verbs[] = {"GET", "LIST", "FIND", "ROUTE"};

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strncmp(line->data, verbs[i], strlen(verbs[i])) == 0)
            return true;
    return false;
}

static int
run_change(struct ctl *c, struct buf *b, int argc, char **argv,
           const struct cli_value **value_r)
{
    const struct ctl_command *k = c->command;
    bool is_server = strcmp(k->noun, "server") == 0;
    const struct ctl_change what = {
        .kind = k->noun,
        .name = is_server  ? k->verb
                : argc > 0 ? argv[0]
                           : NULL,
        .action = k->done,
        .probe = k->probe,
        .to = argc > 1 && strstr(k->line, " INTO ") != NULL ? argv[1] : NULL};

    return ctl_change_run(c, b, &what, value_r);
}

/* Unless it is to be taken as it is. */
static int
check_names(struct ctl *c, int argc, char **argv)
{
    switch (c->command->names) {
    case CTL_NAMES_SETTINGS:
        return ctl_names_settings(c, argc, argv);
    case CTL_NAMES_RIGHTS:
        return ctl_names_rights(c);
    case CTL_NAMES_NONE:
        break;
    }
    return CTL_OK;
}

int
ctl_run_line(struct ctl *c, int argc, char **argv)
{
    const struct ctl_command *k = c->command;
    const struct cli_value *v = NULL;
    struct buf b = {0};
    int r = make_line(c, argc, argv, &b);
    bool changes = r == CTL_OK && k->done != NULL && !is_question(&b);

    if (r == CTL_OK && !changes && c->dry_run)
        r = ctl_error(CTL_USAGE, "--dry-run is for changes: this only shows");
    if (r == CTL_OK)
        r = check_names(c, argc, argv);
    if (r == CTL_OK && k->ask != NULL &&
        !ctl_confirm(c, "%s%s%s?", k->ask, argc > 0 ? " " : "",
                     argc > 0 ? argv[0] : ""))
        r = ctl_error(CTL_REFUSED, "nothing done");
    if (r == CTL_OK)
        r = changes ? run_change(c, &b, argc, argv, &v) : ctl_cli(c, &b, &v);
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
