/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl_change.h"
#include "clients/ctl/ctl_line.h"
#include "clients/ctl/ctl_sync.h"
#include "clients/sample/secret.h"
#include "ximss/proto/answer.h"

/* account ...: lines of the CLI, but where a password goes into it.  import is in
 * ctl_import.c. */

#define PASSWORD_OPTION                    \
    {                                      \
        "new-password-fd", "N",            \
            "read the account's password " \
            "from descriptor N"            \
    }

static const struct ctl_option create_options[] = {
    PASSWORD_OPTION,
    {"hash-stdin", NULL, "read a hash of the password from standard input"},
    {"no-password", NULL, "without a password: nobody can log in"},
    {"real-name", "TEXT", "the person's name"},
    CTL_FORCE,
    CTL_OPTIONS_END};

static const struct ctl_option password_options[] = {PASSWORD_OPTION,
                                                     CTL_OPTIONS_END};

static const struct ctl_option set_password_options[] = {
    PASSWORD_OPTION,
    {"if-different", NULL, "leave it if it is that already"},
    CTL_OPTIONS_END};

static const struct ctl_option delete_options[] = {CTL_YES, CTL_OPTIONS_END};

static const struct ctl_option settings_options[] = {CTL_EFFECTIVE, CTL_FORCE,
                                                     CTL_OPTIONS_END};

static const struct ctl_option prefs_options[] = {CTL_EFFECTIVE,
                                                  CTL_OPTIONS_END};

static const struct ctl_option set_options[] = {CTL_SET, CTL_OPTIONS_END};

static const struct ctl_option rights_options[] = {CTL_SET, CTL_FORCE,
                                                   CTL_OPTIONS_END};

static const struct ctl_option token_options[] = {
    {"name", "TEXT", "the token (create: chosen if not given)"},
    {"expires", "WHEN", "create: +30d, YYYY-MM-DD..., or never"},
    CTL_OPTIONS_END};

static const struct ctl_option device_options[] = {
    {"id", "NUMBER", "revoke: the device"},
    {"all", NULL, "revoke: all devices of the account"},
    CTL_OPTIONS_END};

static const struct ctl_option import_options[] = {
    {"domain", "NAME", "the domain of names without one"},
    {"from", "LINE", "begin at this line of the file"},
    {"window", "N", "accounts in progress at once (64)"},
    {"passwd-file", "FILE", "read a passwd-file of Dovecot"},
    {"shadow", "FILE", "read a shadow file"},
    {"scheme", "NAME", "the scheme of hashes without one (passwd-file)"},
    {"quiet", NULL, "no progress bar"},
    CTL_FORCE,
    CTL_OPTIONS_END};

static const struct ctl_option sync_options[] = {
    {"dry-run", NULL, "change nothing; say what would be done"},
    {"delete", NULL, "delete what would be disabled, or is already"},
    {"force", NULL, "even if many users have gone"},
    CTL_YES,
    {"quiet", NULL, "no progress on the terminal"},
    CTL_OPTIONS_END};

/* The keys are the names; their values, kinds of mailboxes, say nothing here.*/
static void
show_names(const struct ctl *c, const struct cli_value *v)
{
    struct cli_value *names = cli_data_array(c->arena);

    for (v = v->first; v != NULL; v = v->next)
        cli_data_append(names,
                        cli_data_string(c->arena, v->key, strlen(v->key)));
    ctl_print_value(c, names);
}

static void
append_setting(struct buf *b, const char *key, const char *value)
{
    buf_append_str(b, key);
    buf_append_char(b, '=');
    cli_data_write_string(b, value, strlen(value));
    buf_append_char(b, ';');
}

/* {KEY=VALUE;...Password=...;RealName=...;}; key: Password or PasswordHash. */
static int
append_settings(struct ctl *c, struct buf *b, int argc, char **argv,
                const char *key, const char *password)
{
    const char *real_name = ctl_option(c, "real-name");
    struct errbuf err;

    buf_append_char(b, ' ');
    if (ctl_line_settings(b, argc, argv, &err) < 0)
        return ctl_error(CTL_USAGE, "%s", err.text);
    b->len--; /* goes on before the "}" */
    if (password != NULL)
        append_setting(b, key, password);
    if (real_name != NULL)
        append_setting(b, "RealName", real_name);
    buf_append_str(b, ctl_option(c, "force") != NULL ? "} FORCE" : "}");
    return CTL_OK;
}

/* NULL: there is none, which was told. */
static char *
hash_of_stdin(void)
{
    const char *why;
    char *hash = secret_get(STDIN_FILENO, "", "Hash of the password: ", &why);

    if (hash == NULL)
        ctl_error(0, "%s; --hash-stdin reads a hash from standard input", why);
    return hash;
}

/* -1: it is to be given, and was not. */
static int
get_password(struct ctl *c, bool is_hash, char **password_r)
{
    *password_r = NULL;
    if (ctl_option(c, "no-password") != NULL)
        return 0;
    *password_r =
        is_hash ? hash_of_stdin()
                : ctl_new_password(c, "Password of the new account: ", true);
    return *password_r != NULL ? 0 : -1;
}

static int
run_create(struct ctl *c, int argc, char **argv)
{
    bool is_hash = ctl_option(c, "hash-stdin") != NULL;
    char *password;
    struct buf b = {0};
    int r = ctl_names_settings(c, argc - 1, argv + 1);

    if (r != CTL_OK)
        return r;
    if (get_password(c, is_hash, &password) < 0)
        return CTL_USAGE;
    buf_reserve(&b, 8192); /* no copies of the password left behind */
    buf_append_str(&b, "CREATEACCOUNT");
    ctl_line_arg(&b, argv[0]);
    r = append_settings(c, &b, argc - 1, argv + 1,
                        is_hash ? "PasswordHash" : "Password", password);
    secret_free(&password);
    if (r == CTL_OK)
        return ctl_change_quiet(
            c, &b,
            &(struct ctl_change){.kind = "account",
                                 .name = argv[0],
                                 .action = "created",
                                 .probe = "GETACCOUNTSETTINGS"});
    buf_clear(&b);
    return r;
}

static void
append_command(struct buf *b, const char *command, const char *name,
               const char *password)
{
    buf_reserve(b, 8192);
    buf_append_str(b, command);
    ctl_line_arg(b, name);
    buf_append_str(b, " PASSWORD");
    ctl_line_arg(b, password);
}

/* Whether it is the account's already.  Else *code_r says how to go on: CTL_OK, it
 * is another; or why that is not known, which was told. */
static bool
is_password(struct ctl *c, const char *name, const char *password, int *code_r)
{
    struct ctl_cli_call call = {.quiet = true};
    struct buf b = {0};
    bool is;

    append_command(&b, "VERIFYACCOUNTPASSWORD", name, password);
    *code_r = ctl_cli_run(c, &b, &call);
    is = *code_r == CTL_OK;
    if (call.error_num == ANSWER_WRONG_PASSWORD)
        *code_r = CTL_OK;
    else if (call.error_num != 0)
        ctl_refused(*code_r, call.error_num, NULL, call.error_text);
    ctl_cli_clear(&call);
    return is;
}

static int
run_password(struct ctl *c, int argc, char **argv)
{
    const struct ctl_change what = {
        .kind = "account", .name = argv[0], .action = "given a new password"};
    char *password = ctl_new_password(c, "New password: ", true);
    struct buf b = {0};
    int r = CTL_OK;

    (void)argc;
    if (password == NULL)
        return CTL_USAGE;
    if (ctl_option(c, "if-different") != NULL &&
        is_password(c, argv[0], password, &r)) {
        ctl_change_say(c, &what, false, NULL);
    } else if (r == CTL_OK) {
        append_command(&b, "SETACCOUNTPASSWORD", argv[0], password);
        r = ctl_change_quiet(c, &b, &what);
    }
    secret_free(&password);
    return r;
}

static int
run_verify(struct ctl *c, int argc, char **argv)
{
    char *password = ctl_new_password(c, "Password to check: ", false);
    struct buf b = {0};

    (void)argc;
    if (password == NULL)
        return CTL_USAGE;
    append_command(&b, "VERIFYACCOUNTPASSWORD", argv[0], password);
    secret_free(&password);
    return ctl_cli_quiet(c, &b);
}

#define PASSWORD_HELP                                                        \
    "The password of the account is read from --new-password-fd, from the\n" \
    "environment variable XIMSS_NEW_PASSWORD, or from the terminal. It is "  \
    "never\nan argument, because everybody can see those.\n"

const struct ctl_command ctl_account_commands[] = {
    {"account", "list", "[DOMAIN]", "Lists the accounts of a domain",
     "Without a domain: the main domain, or that of --user.\n",
     .line = "LISTACCOUNTS[ $1]", .show = show_names},
    {"account", "create", "NAME [KEY=VALUE...]", "Creates an account",
     PASSWORD_HELP
     "A hash that another program made of it, such as {SHA512-CRYPT}$6$..., is "
     "read\nfrom standard input with --hash-stdin.\n",
     create_options, .run = run_create, .min_args = 1, .max_args = -1,
     .takes = CTL_DRY_RUN | CTL_IF_MISSING},
    {"account", "delete", "NAME", "Deletes an account and its alerts",
     .options = delete_options, .line = "DELETEACCOUNT $1[$yes]",
     .ask = "Delete the account", .takes = CTL_DRY_RUN | CTL_IF_EXISTS,
     .done = "deleted", .probe = "GETACCOUNTSETTINGS"},
    {"account", "rename", "OLD NEW", "Renames an account",
     .line = "RENAMEACCOUNT $1 INTO $2", .takes = CTL_DRY_RUN | CTL_IF_EXISTS,
     .done = "renamed", .probe = "GETACCOUNTSETTINGS"},
    {"account", "password", "NAME", "Sets an account's password", PASSWORD_HELP,
     set_password_options, .run = run_password, .min_args = 1, .max_args = 1,
     .takes = CTL_DRY_RUN},
    {"account", "verify", "NAME", "Checks an account's password (exit code)",
     PASSWORD_HELP, password_options, .run = run_verify, .min_args = 1,
     .max_args = 1},
    {"account", "settings", "NAME [KEY=VALUE...]",
     "Shows or changes an account's settings", CTL_SETTINGS_HELP,
     settings_options,
     .line = "UPDATEACCOUNTSETTINGS $1 $=[ FORCE$force]|"
             "GETACCOUNTEFFECTIVESETTINGS $1$effective|"
             "GETACCOUNTSETTINGS $1",
     .names = CTL_NAMES_SETTINGS, .takes = CTL_DRY_RUN, .done = "changed"},
    {"account", "prefs", "NAME [KEY=VALUE...]",
     "Shows or changes its preferences",
     "With preferences: changes those; the value \"default\" removes one.\n",
     prefs_options,
     .line = "UPDATEACCOUNTPREFS $1 $=|"
             "GETACCOUNTEFFECTIVEPREFS $1$effective|"
             "GETACCOUNTPREFS $1",
     .takes = CTL_DRY_RUN, .done = "changed"},
    {"account", "aliases", "NAME [--set A,B,...]",
     "Shows or sets an account's aliases", .options = set_options,
     .line = "SETACCOUNTALIASES $1 $,set|GETACCOUNTALIASES $1",
     .takes = CTL_DRY_RUN, .done = "changed"},
    {"account", "rights", "NAME [--set A,B,...]",
     "Shows or sets an account's rights",
     "For example: --set \"All Domains,CanPostAlerts\"\n"
     "A name that is not known is refused, unless --force is given.\n",
     rights_options,
     .line = "SETACCOUNTRIGHTS $1 $,set[ FORCE$force]|GETACCOUNTRIGHTS $1",
     .names = CTL_NAMES_RIGHTS, .takes = CTL_DRY_RUN, .done = "changed"},
    {"account", "token", "create|list|revoke NAME",
     "Secrets for scripts on the PWD port (APOP)",
     "With a token, a script can log in as the account on the PWD port, and "
     "nowhere\n"
     "else: by APOP, or in the place of the password. create prints the "
     "secret once;\n"
     "revoke also ends the sessions that logged in with the token.\n",
     token_options, .run = ctl_token_run, .min_args = 2, .max_args = 2,
     .takes = CTL_DRY_RUN | CTL_IF_EXISTS},
    {"account", "device", "list|revoke NAME",
     "Browsers that stay logged in without the password",
     "revoke logs out one device, or all, and ends their sessions.\n",
     device_options, .run = ctl_device_run, .min_args = 2, .max_args = 2,
     .takes = CTL_DRY_RUN | CTL_IF_EXISTS},
    {"account", "info", "NAME [KEY...]", "Shows what is known about an account",
     .line = "GETACCOUNTINFO $1[ $+]"},
    {"account", "stat", "NAME [KEY]", "Shows counters of an account, or one",
     .line = "GETACCOUNTSTAT $1[ KEY $2]"},
    {"account", "sessions", "NAME", "Lists an account's sessions",
     .line = "LISTACCOUNTSESSIONS $1"},
    {"account", "kill", "NAME", "Ends an account's sessions and tickets",
     .line = "KILLACCOUNTSESSIONS $1", .takes = CTL_DRY_RUN,
     .done = "logged out"},
    {"account", "forget", "NAME", "Forgets the passwords of past log-ins",
     "The next log-in asks where its passwords are checked, such as Dovecot. "
     "Use it\n"
     "after a password was changed there, or a user locked. Sessions, tickets "
     "and\n"
     "devices stay; account kill ends them, too.\n",
     .line = "FORGETACCOUNTLOGINS $1", .takes = CTL_DRY_RUN,
     .done = "to be asked about"},
    {"account", "import", "FILE.csv|--passwd-file FILE|--shadow FILE",
     "Creates accounts from a file",
     "Each line is name,password,real name. A first line that begins with\n"
     "name,password or name,hash names the columns; further columns are then\n"
     "settings. Hashes are what other programs made of passwords.\n"
     "Accounts that exist already are left as they are and counted, so that\n"
     "an import can be repeated. \"-\" is standard input.\n",
     import_options, .run = ctl_import_run, .min_args = 0, .max_args = 1},
    {"account", "sync", "DOMAIN",
     "Brings accounts in line with the users of Dovecot",
     "Makes the accounts that are missing, and disables those that made\n"
     "themselves and whose users Dovecot has no more; they are enabled again\n"
     "when it has. Accounts with rights or a password here, and those that\n"
     "somebody made, are only named. Nothing is changed if the list of users\n"
     "is broken or empty, or if more than 10 of them, and more than 10 per\n"
     "cent, are missing (exit code 7).\n",
     sync_options, .run = ctl_sync_run, .min_args = 1, .max_args = 1},
    {0}};
