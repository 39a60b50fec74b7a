/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "clients/ctl/ctl.h"

/* All commands, the options that they share, and what --help says of them. */

const struct ctl_command *const ctl_tables[] = {
    ctl_alert_commands,     ctl_domain_commands,
    ctl_account_commands,   ctl_group_commands,
    ctl_forwarder_commands, ctl_trigger_commands,
    ctl_handler_commands,   ctl_session_commands,
    ctl_quota_commands,     ctl_mail_commands,
    ctl_audit_commands,     ctl_server_commands,
    ctl_cli_commands,       NULL,
};

/* Options that every command takes; main.c knows their places. */
const struct ctl_option ctl_globals[] = {
    {"socket", "PATH", "the server's UNIX socket on this machine"},
    {"host", "HOST", "a server on the network"},
    {"port", "N", "its port (11024)"},
    {"user", "NAME", "log in as NAME with a password"},
    {"password-fd", "N", "read that password from descriptor N"},
    {"tls", "MODE", "auto, none, starttls or implicit (auto)"},
    {"ca-file", "FILE", "trust only the authorities in FILE (PEM)"},
    {"json", NULL, "print JSON"},
    {"help", NULL, "print help"},
    {"version", NULL, "print the version"},
    CTL_OPTIONS_END,
};

static void
print_option(const struct ctl_option *o)
{
    char left[64];

    snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg != NULL ? " " : "",
             o->arg != NULL ? o->arg : "");
    printf("  %-22s %s\n", left, o->help);
}

static void
print_options(const struct ctl_option *o)
{
    for (; o != NULL && o->name != NULL; o++)
        print_option(o);
}

static void
print_names(const struct ctl_command *c)
{
    char left[100];

    snprintf(left, sizeof left, "%s%s%s%s%s", c->noun,
             c->verb[0] != '\0' ? " " : "", c->verb,
             c->args[0] != '\0' ? " " : "", c->args);
    printf("  %-38s %s\n", left, c->summary);
}

void
ctl_help(const char *noun)
{
    printf("Usage: ximssctl [options] %s%sCOMMAND ...\n\n%s",
           noun != NULL ? noun : "", noun != NULL ? " " : "",
           noun != NULL ? "" : "Administers a ximssd server.\n\n");
    fputs("Commands:\n", stdout);
    for (size_t i = 0; ctl_tables[i] != NULL; i++)
        for (const struct ctl_command *c = ctl_tables[i]; c->noun != NULL; c++)
            if (noun == NULL || strcmp(c->noun, noun) == 0)
                print_names(c);
    fputs("\nOptions for every command:\n", stdout);
    print_options(ctl_globals);
    fputs("\n"
          "\"ximssctl COMMAND --help\" describes a command; ximssctl(1) "
          "describes all.\n",
          stdout);
}

void
ctl_help_command(const struct ctl_command *c)
{
    printf("Usage: ximssctl %s%s%s [options] %s\n\n%s.\n", c->noun,
           c->verb[0] != '\0' ? " " : "", c->verb, c->args, c->summary);
    if (c->help != NULL)
        printf("\n%s", c->help);
    if (c->options != NULL || c->takes != 0)
        fputs("\nOptions:\n", stdout);
    print_options(c->options);
    for (unsigned i = 0; i < CTL_N_TAKES; i++)
        if ((c->takes & 1u << i) != 0)
            print_option(&ctl_takes_options[i]);
    fputs("\nOptions for every command:\n", stdout);
    print_options(ctl_globals);
}
