/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "clients/ctl/ctl.h"
#include "clients/sample/secret.h"

/* account list, create, delete, rename, password, settings, info, rights,
 * verify; import is in ctl_import.c. */

#define PASSWORD_OPTION                    \
    {                                      \
        "new-password-fd", "N",            \
            "read the account's password " \
            "from descriptor N"            \
    }

static const struct ctl_option create_options[] = {
    PASSWORD_OPTION,
    {"no-password", NULL, "make it without one: nobody can log in"},
    {"real-name", "TEXT", "the person's name"},
    {NULL, NULL, NULL}};

static const struct ctl_option password_options[] = {PASSWORD_OPTION,
                                                     {NULL, NULL, NULL}};

static const struct ctl_option delete_options[] = {{"yes", NULL, "do not ask"},
                                                   {NULL, NULL, NULL}};

static const struct ctl_option settings_options[] = {
    {"effective", NULL, "show defaults too"}, {NULL, NULL, NULL}};

static const struct ctl_option rights_options[] = {
    {"clear", NULL, "take all rights away"}, {NULL, NULL, NULL}};

static const struct ctl_option import_options[] = {
    {"domain", "NAME", "the domain of names without one"},
    {"from", "LINE", "begin at this line of the file"},
    {"window", "N", "accounts under way at once (64)"},
    {"quiet", NULL, "no progress bar"},
    {NULL, NULL, NULL}};

/* "COMMAND NAME" and its result printed. */
static int
run_query(struct ctl *c, const char *command, const char *name)
{
    const struct cli_value *v;
    struct buf b = {0};
    int r;

    buf_append_str(&b, command);
    if (name != NULL)
        ctl_arg(&b, name);
    r = ctl_cli(c, &b, &v);
    if (r == CTL_OK)
        ctl_print_value(c, v);
    return r;
}

/* The keys are the names; their values, kinds of mailboxes, say nothing here.*/
static int
run_list(struct ctl *c, int argc, char **argv)
{
    const struct cli_value *v;
    struct cli_value *names;
    struct buf b = {0};
    int r;

    buf_append_str(&b, "LISTACCOUNTS");
    if (argc > 0)
        ctl_arg(&b, argv[0]);
    r = ctl_cli(c, &b, &v);
    if (r != CTL_OK)
        return r;
    names = cli_data_array(c->arena);
    for (v = v != NULL ? v->first : NULL; v != NULL; v = v->next)
        cli_data_append(names,
                        cli_data_string(c->arena, v->key, strlen(v->key)));
    ctl_print_value(c, names);
    return CTL_OK;
}

static void
append_setting(struct buf *b, const char *key, const char *value)
{
    buf_append_str(b, key);
    buf_append_char(b, '=');
    cli_data_write_string(b, value, strlen(value));
    buf_append_char(b, ';');
}

static int
run_create(struct ctl *c, int argc, char **argv)
{
    const char *real_name = ctl_option(c, "real-name");
    char *password = NULL;
    struct buf b = {0};

    if (ctl_option(c, "no-password") == NULL) {
        password = ctl_new_password(c, "Password of the new account: ", true);
        if (password == NULL)
            return CTL_USAGE;
    }
    buf_reserve(&b, 8192); /* no copies of the password left behind */
    buf_append_str(&b, "CREATEACCOUNT");
    ctl_arg(&b, argv[0]);
    if (argc > 1 && ctl_settings(&b, argc - 1, argv + 1) < 0) {
        buf_clear(&b);
        secret_free(&password);
        return CTL_USAGE;
    }
    if (argc > 1)
        b.len--; /* goes on before the "}" */
    else
        buf_append_str(&b, " {");
    if (password != NULL)
        append_setting(&b, "Password", password);
    if (real_name != NULL)
        append_setting(&b, "RealName", real_name);
    buf_append_char(&b, '}');
    secret_free(&password);
    return ctl_cli_quiet(c, &b);
}

static int
run_delete(struct ctl *c, int argc, char **argv)
{
    struct buf b = {0};

    (void)argc;
    if (!ctl_confirm(c, "Delete the account %s?", argv[0]))
        return ctl_error(CTL_REFUSED, "not deleted");
    buf_append_str(&b, "DELETEACCOUNT");
    ctl_arg(&b, argv[0]);
    return ctl_cli_quiet(c, &b);
}

static int
run_rename(struct ctl *c, int argc, char **argv)
{
    struct buf b = {0};

    (void)argc;
    buf_append_str(&b, "RENAMEACCOUNT");
    ctl_arg(&b, argv[0]);
    buf_append_str(&b, " INTO");
    ctl_arg(&b, argv[1]);
    return ctl_cli_quiet(c, &b);
}

static int
send_password(struct ctl *c, const char *command, const char *name,
              const char *prompt, bool twice)
{
    char *password = ctl_new_password(c, prompt, twice);
    struct buf b = {0};

    if (password == NULL)
        return CTL_USAGE;
    buf_reserve(&b, 8192);
    buf_append_str(&b, command);
    ctl_arg(&b, name);
    buf_append_str(&b, " PASSWORD");
    ctl_arg(&b, password);
    secret_free(&password);
    return ctl_cli_quiet(c, &b);
}

static int
run_password(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    return send_password(c, "SETACCOUNTPASSWORD", argv[0],
                         "New password: ", true);
}

static int
run_verify(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    return send_password(c, "VERIFYACCOUNTPASSWORD", argv[0],
                         "Password to check: ", false);
}

static int
run_settings(struct ctl *c, int argc, char **argv)
{
    struct buf b = {0};

    if (argc == 1)
        return run_query(c,
                         ctl_option(c, "effective") != NULL
                             ? "GETACCOUNTEFFECTIVESETTINGS"
                             : "GETACCOUNTSETTINGS",
                         argv[0]);
    buf_append_str(&b, "UPDATEACCOUNTSETTINGS");
    ctl_arg(&b, argv[0]);
    if (ctl_settings(&b, argc - 1, argv + 1) == 0)
        return ctl_cli_quiet(c, &b);
    buf_clear(&b);
    return CTL_USAGE;
}

static int
run_info(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    return run_query(c, "GETACCOUNTINFO", argv[0]);
}

static int
run_rights(struct ctl *c, int argc, char **argv)
{
    bool clear = ctl_option(c, "clear") != NULL;
    struct buf b = {0};

    if (argc == 1 && !clear)
        return run_query(c, "GETACCOUNTRIGHTS", argv[0]);
    if (argc > 1 && clear)
        return ctl_error(CTL_USAGE, "either rights or --clear");
    buf_append_str(&b, "SETACCOUNTRIGHTS");
    ctl_arg(&b, argv[0]);
    buf_append_str(&b, " (");
    for (int i = 1; i < argc; i++) {
        if (i > 1)
            buf_append_char(&b, ',');
        cli_data_write_string(&b, argv[i], strlen(argv[i]));
    }
    buf_append_char(&b, ')');
    return ctl_cli_quiet(c, &b);
}

#define PASSWORD_HELP                                                \
    "The account's password comes from --new-password-fd, from the " \
    "environment variable\nXIMSS_NEW_PASSWORD, or is asked on the "  \
    "terminal; never from the arguments, which all\ncan see.\n"

const struct ctl_command ctl_account_commands[] = {
    {"account", "list", "[DOMAIN]", "Lists the accounts of a domain",
     "Without a domain: the main domain.\n", NULL, 0, 1, run_list},
    {"account", "create", "NAME [KEY=VALUE...]", "Makes an account",
     PASSWORD_HELP, create_options, 1, -1, run_create},
    {"account", "delete", "NAME", "Deletes an account and its alerts", NULL,
     delete_options, 1, 1, run_delete},
    {"account", "rename", "OLD NEW", "Renames an account", NULL, NULL, 2, 2,
     run_rename},
    {"account", "password", "NAME", "Sets an account's password", PASSWORD_HELP,
     password_options, 1, 1, run_password},
    {"account", "settings", "NAME [KEY=VALUE...]",
     "Shows or changes an account's settings",
     "With settings: changes those; the value \"default\" removes one.\n",
     settings_options, 1, -1, run_settings},
    {"account", "info", "NAME", "Shows what the server knows of an account",
     NULL, NULL, 1, 1, run_info},
    {"account", "rights", "NAME [RIGHT...]",
     "Shows or sets an account's rights",
     "With rights: replaces all, for example \"All Domains\" CanPostAlerts.\n",
     rights_options, 1, -1, run_rights},
    {"account", "verify", "NAME", "Checks an account's password (exit code)",
     PASSWORD_HELP, password_options, 1, 1, run_verify},
    {"account", "import", "FILE.csv", "Makes accounts from a file",
     "Each line is name,password,real name. A first line that begins with\n"
     "name,password names the columns; further columns are then settings.\n"
     "Accounts that exist already are left as they are and counted, so that\n"
     "an import can be repeated. \"-\" is standard input.\n",
     import_options, 1, 1, ctl_import_run},
    {0}};
