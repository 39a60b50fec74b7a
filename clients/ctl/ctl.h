/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CTL_H
#define CLIENTS_CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/lib/ximss.h"
#include "util/arena.h"
#include "util/buf.h"
#include "ximss/proto/cli_data.h"

/* ximssctl: what its files share.  A command is a row in the table of its
 * noun's file; main.c finds the row, reads the options, and runs it. */

enum ctl_exit { /* exit codes; documented in ximssctl(1) */
    CTL_OK = 0,
    CTL_REFUSED = 1,
    CTL_USAGE = 2,
    CTL_UNREACHABLE = 3,
    CTL_NO_LOGIN = 4,
    CTL_PARTLY = 5,
    CTL_LOCAL = 6, /* a file or the output on this side */
    CTL_DOUBT = 7, /* what a source outside says cannot be relied on */
    CTL_EXISTS = 8,
    CTL_NOT_FOUND = 9,
    CTL_NO_RIGHTS = 10,
    CTL_BROKEN = 11 /* the audit log was altered, or some of it is missing */
};

/* What else a command takes: bits.  Options of its own are in its table. */
enum ctl_takes {
    CTL_DRY_RUN = 1 << 0,    /* say what would be done; it is a change */
    CTL_IF_MISSING = 1 << 1, /* what exists is no error */
    CTL_IF_EXISTS = 1 << 2   /* what is not there is no error */
};

struct ctl_option {
    const char *name, *arg; /* arg NULL: a switch */
    const char *help;
};

#define CTL_OPTIONS_MAX 10

/* What several commands say alike. */
#define CTL_OPTIONS_END  \
    {                    \
        NULL, NULL, NULL \
    }
#define CTL_YES                   \
    {                             \
        "yes", NULL, "do not ask" \
    }
#define CTL_EFFECTIVE                          \
    {                                          \
        "effective", NULL, "show defaults too" \
    }
#define CTL_SET                                            \
    {                                                      \
        "set", "A,B,...", "replace all; '' takes all away" \
    }
#define CTL_SETTINGS_HELP                                                       \
    "With settings: changes those; the value \"default\" removes one.\nA name " \
    "that is not known is refused, unless --force is given.\n"
#define CTL_FORCE                               \
    {                                           \
        "force", NULL, "take any name as it is" \
    }

enum ctl_names { /* with the option --force */
    CTL_NAMES_NONE,
    CTL_NAMES_SETTINGS, /* KEY=VALUE arguments */
    CTL_NAMES_RIGHTS    /* --set */
};

struct ctl;

typedef void ctl_show_fn(const struct ctl *c, const struct cli_value *v);

/* Most commands are a line of the server's CLI (ctl_line.h); the others are a
 * function. */
struct ctl_command {
    const char *noun, *verb;
    const char *args;                 /* as in the synopsis */
    const char *summary;              /* one line */
    const char *help;                 /* more lines, or NULL */
    const struct ctl_option *options; /* ended by a NULL name; or NULL */

    const char *line;  /* or NULL */
    const char *ask;   /* asked before, with the first argument behind it */
    ctl_show_fn *show; /* the result, if there is one; NULL: ctl_print_value */

    int (*run)(struct ctl *c, int argc, char **argv);
    int min_args, max_args; /* of run; -1: any number */
    int usage; /* the exit code if it is written wrongly; 0: CTL_USAGE */

    enum ctl_names names; /* that a line has in it, and that are checked */

    unsigned takes; /* see enum ctl_takes */
    /* Of a line that changes something (ctl_change.h); the first argument is the
     * name, the second the new one if the line has " INTO ". */
    const char *done;
    const char *probe;
};

/* Ended by NULL; each table by a row without a noun. */
extern const struct ctl_command *const ctl_tables[];

extern const struct ctl_command ctl_alert_commands[];
extern const struct ctl_command ctl_domain_commands[];
extern const struct ctl_command ctl_account_commands[];
extern const struct ctl_command ctl_group_commands[];
extern const struct ctl_command ctl_forwarder_commands[];
extern const struct ctl_command ctl_trigger_commands[];
extern const struct ctl_command ctl_handler_commands[];
extern const struct ctl_command ctl_session_commands[];
extern const struct ctl_command ctl_audit_commands[];
extern const struct ctl_command ctl_server_commands[];
extern const struct ctl_command ctl_quota_commands[];
extern const struct ctl_command ctl_mail_commands[];
extern const struct ctl_command ctl_cli_commands[];

struct ctl {
    /* how to connect */
    const char *socket, *host, *user, *ca_file;
    unsigned port;
    enum ximss_tls tls;
    int password_fd; /* -1: not given */
    bool json;
    bool dry_run, if_missing, if_exists;
    const struct ctl_command *command;
    const char *values[CTL_OPTIONS_MAX]; /* of the command's options */
    struct ximss *x;                     /* NULL before ctl_connect */
    struct arena *arena;                 /* results live here to the end */
};

/* --- ctl_base.c --- */

/* The value of an option of the command that runs; NULL: not given ("" for a
 * switch that is). */
const char *ctl_option(const struct ctl *c, const char *name);

/* "ximssctl: TEXT" on standard error, or with --json an object with the members
 * "error" and, if code is above 0, "exit".  Returns code. */
int ctl_error(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same of what the server said, with its number ("errorNum").  about: what it
 * is about ("alert 5"); NULL: that is clear. */
int ctl_refused(int code, int num, const char *about, const char *text);
/* From now on, errors are objects. */
void ctl_errors_as_json(void);

/* The options that commands take by a bit, in the order of enum ctl_takes. */
#define CTL_N_TAKES 3
extern const struct ctl_option ctl_takes_options[CTL_N_TAKES + 1];

/* Asks "TEXT [y/N] " if standard input and error are a terminal, and --yes was
 * not given.  True: go ahead. */
bool ctl_confirm(const struct ctl *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* --- ctl_connect.c --- */

#define CTL_LIMIT ((size_t)256 << 20) /* of a result: millions of accounts */

/* Logs in (once).  CTL_OK, or the exit code, with the error told. */
int ctl_connect(struct ctl *c) WARN_UNUSED;
void ctl_disconnect(struct ctl *c);
/* After the connection was lost: tries again each second, so many seconds, for
 * a server that is started anew.  As ctl_connect. */
int ctl_reconnect(struct ctl *c, unsigned seconds) WARN_UNUSED;

/* Turns the loop until *done, or the connection is gone. */
void ctl_wait(struct ctl *c, const bool *done);

/* The exit code of a result; tells the error. */
int ctl_result(const struct ximss_result *result);
/* The same, and tells nothing. */
int ctl_result_code(const struct ximss_result *result);

/* --- ctl_call.c --- */

/* A CLI command and what came of it. */
struct ctl_cli_call {
    bool quiet;   /* a refusal is not told */
    bool changes; /* it changes something: with --dry-run it is only tried */

    struct ctl *c;
    const struct cli_value *value; /* NULL: none */
    bool changed;                  /* as far as the server says; else true */
    int error_num;                 /* of a refusal; else 0 */
    char *error_text;              /* owned; the same */
    int code;
    bool done;
};

/* Connects if need be, runs the command, and waits for it.  The exit code; all but
 * a quiet refusal is told.  The command's buffer is wiped and cleared. */
int ctl_cli_run(struct ctl *c, struct buf *command,
                struct ctl_cli_call *call) WARN_UNUSED;
void ctl_cli_clear(struct ctl_cli_call *call);

/* Connects if need be, runs a CLI command, and waits for it.  On CTL_OK
 * *value_r is the result, NULL if the command has none.  The command's buffer
 * is wiped and cleared. */
int ctl_cli(struct ctl *c, struct buf *command,
            const struct cli_value **value_r) WARN_UNUSED;

/* As ctl_cli, but a refusal with the code `quiet` is as a command without
 * result. */
int ctl_cli_but(struct ctl *c, struct buf *command, int quiet,
                const struct cli_value **value_r) WARN_UNUSED;

/* As ctl_cli; if the server says that a source outside cannot be asked, or
 * does not tell, it is CTL_DOUBT. */
int ctl_cli_source(struct ctl *c, struct buf *command,
                   const struct cli_value **value_r) WARN_UNUSED;

/* As ctl_cli for a command without result. */
int ctl_cli_quiet(struct ctl *c, struct buf *command) WARN_UNUSED;

/* --- ctl_run.c --- */

/* Runs "COMMAND ACCOUNT", and shows the result if there is one. */
int ctl_cli_show(struct ctl *c, const char *command, const char *account,
                 ctl_show_fn *show);

/* Runs a command that is a line.  The exit code. */
int ctl_run_line(struct ctl *c, int argc, char **argv);

/* How the command that runs is written, on standard error.  CTL_USAGE, or what
 * the command has for it. */
int ctl_usage(const struct ctl *c);

/* The password of an account that is to be made, changed or checked: from
 * --new-password-fd, the environment XIMSS_NEW_PASSWORD, or asked on the
 * terminal (twice if `twice`).  NULL: the error is told. */
char *ctl_new_password(struct ctl *c, const char *prompt, bool twice);

/* --- ctl_names.c --- */

/* Unless --force is given: CTL_REFUSED, told, for names that were mistyped: of a
 * setting, of those in KEY=VALUE arguments, of the rights of --set. */
int ctl_names_setting(const struct ctl *c, const char *name);
int ctl_names_settings(const struct ctl *c, int argc, char **argv);
int ctl_names_rights(const struct ctl *c);

/* --- ctl_help.c --- */

/* Options that every command takes, ended by a NULL name. */
extern const struct ctl_option ctl_globals[];

/* noun NULL: all commands. */
void ctl_help(const char *noun);
void ctl_help_command(const struct ctl_command *command);

/* --- ctl_output.c --- */

/* A JSON string, with its quotes. */
void ctl_json_string(struct buf *b, const char *s, size_t len);
void ctl_json_value(struct buf *b, const struct cli_value *v);

/* YYYY-MM-DDTHH:MM:SSZ, as RFC 3339 has it. */
#define CTL_UTC_SIZE 40
void ctl_format_utc(int64_t seconds, char out[CTL_UTC_SIZE]);

/* `,"name":` (without the comma behind a "{"). */
void ctl_json_name(struct buf *b, const char *name);

/* Text for one line of a terminal: control characters as \n, \t, \xHH. */
void ctl_plain(struct buf *b, const char *s, size_t len);

/* Columns that are padded to the widest cell; the last is not. */
#define CTL_COLUMNS_MAX 8

struct ctl_table {
    unsigned columns;
    size_t widths[CTL_COLUMNS_MAX];
    struct buf cells; /* terminated texts, row by row */
    unsigned n;       /* of them */
};

/* header: NULL for none; a cell per column. */
void ctl_table_init(struct ctl_table *t, unsigned columns,
                    const char *const *header);
void ctl_table_add(struct ctl_table *t, const char *text);
/* Who did something, as people call them: "local:0", who came by the server's UNIX
 * socket, is "root on this machine"; names of accounts stay as they are. */
void ctl_table_add_who(struct ctl_table *t, const char *name);
/* As it is, for the last column, with a terminal's escapes in it. */
void ctl_table_add_raw(struct ctl_table *t, const char *text);
void ctl_table_print(struct ctl_table *t); /* and clears it */

/* Prints a result as JSON (--json), or for people: an array as lines, a
 * dictionary as a table, all else as text.  NULL prints nothing. */
void ctl_print_value(const struct ctl *c, const struct cli_value *v);

/* The text of a dictionary's value; NULL: there is none. */
const char *ctl_text(const struct cli_value *dict, const char *key);

struct ctl_column {
    const char *header;
    const char *key; /* of the value in the row; NULL: the row's own key */
    bool is_who;     /* as ctl_table_add_who */
};
/* Prints an array or dictionary of dictionaries: a row for each, with "-" for
 * what it does not tell; with --json as ctl_print_value. */
void ctl_print_rows(const struct ctl *c, const struct cli_value *v,
                    const struct ctl_column *columns, unsigned n);

/* YYYY-MM-DD HH:MM:SS in this machine's zone (TZ). */
#define CTL_TIME_SIZE 40
void ctl_format_time(int64_t seconds, char out[CTL_TIME_SIZE]);

/* Prints the buffer and a line end, and clears it. */
void ctl_print_line(struct buf *b);

/* --- ctl_backup.c --- */

int ctl_backup_run(struct ctl *c, int argc, char **argv);

/* --- ctl_import.c --- */

int ctl_import_run(struct ctl *c, int argc, char **argv);

/* --- ctl_stat.c --- */

int ctl_stat_run(struct ctl *c, int argc, char **argv);

/* --- ctl_remove.c --- */

int ctl_remove_run(struct ctl *c, int argc, char **argv);

/* --- ctl_token.c, ctl_device.c --- */

int ctl_token_run(struct ctl *c, int argc, char **argv);
int ctl_device_run(struct ctl *c, int argc, char **argv);

/* --- ctl_quota_import.c, ctl_quota_refresh.c --- */

int ctl_quota_import_run(struct ctl *c, int argc, char **argv);
int ctl_quota_refresh_run(struct ctl *c, int argc, char **argv);

#endif
