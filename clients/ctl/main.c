/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl.h"
#include "util/options.h"
#include "util/text.h"

/* ximssctl: finds the command in the tables, reads options wherever they
 * stand, and runs it. */

/* Places in ctl_globals. */
enum global {
    GLOBAL_SOCKET,
    GLOBAL_HOST,
    GLOBAL_PORT,
    GLOBAL_USER,
    GLOBAL_PASSWORD_FD,
    GLOBAL_TLS,
    GLOBAL_CA_FILE,
    GLOBAL_JSON,
    GLOBAL_HELP,
    GLOBAL_VERSION,
    N_GLOBALS
};

#define FIRST_CODE  256 /* of the globals */
#define FIRST_OWN   (FIRST_CODE + N_GLOBALS)
#define FIRST_TAKES (FIRST_OWN + CTL_OPTIONS_MAX)

static bool want_help;

/* --- options --- */

static int
parse_tls(const char *mode, enum ximss_tls *tls_r)
{
    static const char *const names[] = {
        [XIMSS_TLS_AUTO] = "auto",
        [XIMSS_TLS_NONE] = "none",
        [XIMSS_TLS_START] = "starttls",
        [XIMSS_TLS_IMPLICIT] = "implicit",
    };

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], mode) == 0) {
            *tls_r = (enum ximss_tls)i;
            return 0;
        }
    return ctl_error(-1, "--tls takes auto, none, starttls or implicit, not %s",
                     mode);
}

static int
parse_number(const char *name, const char *text, unsigned max,
             unsigned *value_r)
{
    unsigned long long n;

    if (text_parse_u64(text, max, &n) < 0)
        return ctl_error(-1, "--%s takes a number up to %u", name, max);
    *value_r = (unsigned)n;
    return 0;
}

static int
take_global(struct ctl *c, enum global g, const char *value)
{
    unsigned n = 0;

    switch (g) {
    case GLOBAL_SOCKET:
        c->socket = value;
        return 0;
    case GLOBAL_HOST:
        c->host = value;
        return 0;
    case GLOBAL_PORT:
        return parse_number("port", value, 65535, &c->port);
    case GLOBAL_USER:
        c->user = value;
        return 0;
    case GLOBAL_PASSWORD_FD:
        if (parse_number("password-fd", value, 65535, &n) < 0)
            return -1;
        c->password_fd = (int)n;
        return 0;
    case GLOBAL_TLS:
        return parse_tls(value, &c->tls);
    case GLOBAL_CA_FILE:
        c->ca_file = value;
        return 0;
    case GLOBAL_JSON:
        c->json = true;
        ctl_errors_as_json();
        return 0;
    case GLOBAL_HELP:
        want_help = true;
        return 0;
    case GLOBAL_VERSION:
        printf("ximssctl %s\n", ximss_version());
        exit(CTL_OK);
    case N_GLOBALS:
        break;
    }
    return -1;
}

static unsigned
add_options(struct option *to, const struct ctl_option *from, int code)
{
    unsigned n = 0;

    for (; from != NULL && from[n].name != NULL; n++)
        to[n] = (struct option){
            .name = from[n].name,
            .has_arg = from[n].arg != NULL ? required_argument : no_argument,
            .val = code + (int)n};
    return n;
}

/* Those that the bits say. */
static void
add_takes(struct option *to, unsigned takes)
{
    for (int i = 0; i < CTL_N_TAKES; i++)
        if ((takes & 1u << i) != 0)
            *to++ = (struct option){.name = ctl_takes_options[i].name,
                                    .has_arg = no_argument,
                                    .val = FIRST_TAKES + i};
}

static void
take_bit(struct ctl *c, unsigned bit)
{
    if (bit == CTL_DRY_RUN)
        c->dry_run = true;
    else if (bit == CTL_IF_MISSING)
        c->if_missing = true;
    else
        c->if_exists = true;
}

/* Reads options; `command` NULL: the global ones before the command. */
static int
parse_options(struct ctl *c, int argc, char **argv,
              const struct ctl_command *command)
{
    struct option longs[N_GLOBALS + CTL_OPTIONS_MAX + CTL_N_TAKES + 1] = {{0}};
    unsigned n = add_options(longs, ctl_globals, FIRST_CODE);
    int o;

    if (command != NULL) {
        n += add_options(longs + n, command->options, FIRST_OWN);
        add_takes(longs + n, command->takes);
    }
    optind = 0;
    while ((o = options_next("ximssctl", argc, argv,
                             command == NULL ? "+h" : "h", longs, NULL)) !=
           -1) {
        if (o == 'h')
            want_help = true;
        else if (o == '?')
            return -1;
        else if (o >= FIRST_TAKES)
            take_bit(c, 1u << (o - FIRST_TAKES));
        else if (o >= FIRST_OWN)
            c->values[o - FIRST_OWN] = optarg != NULL ? optarg : "";
        else if (take_global(c, (enum global)(o - FIRST_CODE), optarg) < 0)
            return -1;
    }
    return 0;
}

/* --- commands --- */

static bool
is_noun(const char *name)
{
    for (size_t i = 0; ctl_tables[i] != NULL; i++)
        if (strcmp(ctl_tables[i]->noun, name) == 0)
            return true;
    return false;
}

static const struct ctl_command *
find_command(const char *noun, const char *verb)
{
    for (size_t i = 0; ctl_tables[i] != NULL; i++)
        for (const struct ctl_command *c = ctl_tables[i]; c->noun != NULL; c++)
            if (strcmp(c->noun, noun) == 0 &&
                (c->verb[0] == '\0' ||
                 (verb != NULL && strcmp(c->verb, verb) == 0)))
                return c;
    return NULL;
}

static int
run_command(struct ctl *c, int argc, char **argv)
{
    static char name[] = "ximssctl";
    int used = c->command->verb[0] != '\0' ? 2 : 1, n, r;

    /* getopt takes the word before the options for the program's name. */
    argv[used - 1] = name;
    if (parse_options(c, argc - used + 1, argv + used - 1, c->command) < 0)
        return ctl_error(c->command->usage != 0 ? c->command->usage : CTL_USAGE,
                         "try: ximssctl %s %s --help", c->command->noun,
                         c->command->verb);
    if (want_help) {
        ctl_help_command(c->command);
        return CTL_OK;
    }
    argv += used - 1 + optind;
    n = argc - used + 1 - optind;
    if (c->command->run != NULL &&
        (n < c->command->min_args ||
         (c->command->max_args >= 0 && n > c->command->max_args)))
        return ctl_usage(c);
    c->arena = arena_new();
    r = (c->command->run != NULL ? c->command->run : ctl_run_line)(c, n, argv);
    ctl_disconnect(c);
    arena_free(&c->arena);
    return r;
}

static int
run(struct ctl *c, int argc, char **argv)
{
    const char *noun, *verb;

    if (parse_options(c, argc, argv, NULL) < 0)
        return ctl_error(CTL_USAGE, "try: ximssctl --help");
    argc -= optind;
    argv += optind;
    noun = argc > 0 ? argv[0] : NULL;
    verb = argc > 1 ? argv[1] : NULL;
    if (noun == NULL) {
        if (!want_help)
            return ctl_error(CTL_USAGE, "no command; try: ximssctl --help");
        ctl_help(NULL);
        return CTL_OK;
    }
    if (!is_noun(noun))
        return ctl_error(CTL_USAGE, "unknown command: %s; try: ximssctl --help",
                         noun);
    c->command = find_command(noun, verb);
    if (c->command != NULL)
        return run_command(c, argc, argv);
    if (want_help || (verb != NULL && (strcmp(verb, "--help") == 0 ||
                                       strcmp(verb, "-h") == 0))) {
        ctl_help(noun);
        return CTL_OK;
    }
    if (verb == NULL)
        return ctl_error(CTL_USAGE, "%s what? try: ximssctl %s --help", noun,
                         noun);
    return ctl_error(CTL_USAGE,
                     "unknown command: %s %s; try: ximssctl %s --help", noun,
                     verb, noun);
}

int
main(int argc, char **argv)
{
    struct ctl c = {.password_fd = -1};
    int r;

    setlocale(LC_CTYPE, "");
    r = run(&c, argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        return ctl_error(CTL_LOCAL, "standard output cannot be written");
    return r;
}
