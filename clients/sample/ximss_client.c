/* SPDX-License-Identifier: BSD-2-Clause */

/* ximss-client: logs in and prints alerts as they arrive.  It is also the
 * example for libximss, and needs nothing but <ximss.h>.  Read main first: it
 * sets up the object, sets the callbacks, and runs the loop of the library. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ximss.h>

#include "command.h"
#include "secret.h"

enum { /* exit codes; documented in ximss-client(1) */
    EXIT_LOST = 1,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_NO_LOGIN = 4,
    EXIT_COMMAND = 5,
    EXIT_OUTPUT = 6
};

struct client {
    int json, colour, quiet;
    const char *command; /* of --exec; NULL: print */
    long wanted;         /* alerts until we stop; 0: never */
    long shown;
    int failed; /* exit code: an alert could not be passed on */
};

/* --- output --- */

/* Text from a server must not steer the terminal: control characters are made
 * visible, and lines after the first are indented, so that none can pass for
 * another alert. */
static void
put_text(const char *s, size_t len, const char *indent)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '\n')
            printf("\n%s", indent);
        else if (c == '\r' && i + 1 < len && s[i + 1] == '\n')
            continue;
        else if ((c < 0x20 && c != '\t') || c == 0x7f)
            printf("\\x%02X", c);
        else if (c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0)
            printf("\\x%02X", (unsigned char)s[++i]); /* U+0080 to U+009F */
        else
            putchar(c);
    }
}

static void
put_json(const char *before, const char *s, size_t len)
{
    printf("%s:\"", before);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

/* A time in the zone of whoever runs this program, or in GMT. */
static const char *
format_time(int64_t seconds, int gmt)
{
    static char text[64];
    time_t t = seconds != 0 ? (time_t)seconds : time(NULL);
    struct tm tm;

    if (gmt && gmtime_r(&t, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    else if (localtime_r(&t, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    return text;
}

static void
print_json(const struct ximss_alert *a)
{
    const char *scope = ximss_scope_name(a->scope);
    const char *severity = ximss_severity_name(a->severity);
    const char *when = format_time(a->gmt_time, 1);

    put_json("{\"event\":\"alert\",\"alertID\"", a->id, strlen(a->id));
    put_json(",\"scope\"", scope, strlen(scope));
    put_json(",\"severity\"", severity, strlen(severity));
    put_json(",\"gmtTime\"", when, strlen(when));
    put_json(",\"localTime\"", a->local_time, strlen(a->local_time));
    if (a->until != 0) {
        when = format_time(a->until, 1);
        put_json(",\"until\"", when, strlen(when));
    }
    put_json(",\"text\"", a->text, a->text_len);
    puts("}");
}

static void
print_alert(const struct client *c, const struct ximss_alert *a)
{
    static const char *const colours[] = {
        [XIMSS_INFO] = "36", [XIMSS_WARNING] = "33", [XIMSS_CRITICAL] = "1;31"};
    const char *when = format_time(a->gmt_time, 0);

    /* The severity is also a word: colour alone says nothing to many. */
    if (c->colour)
        printf("%s  \033[%sm%-8s\033[0m  ", when, colours[a->severity],
               ximss_severity_name(a->severity));
    else
        printf("%s  %-8s  ", when, ximss_severity_name(a->severity));
    put_text(a->text, a->text_len, "                               ");
    putchar('\n');
}

/* --- callbacks --- */

static void
run_command(struct client *c, const struct ximss_alert *a)
{
    int e = command_run(c->command, a);

    if (e == 0)
        return;
    /* Its arguments may hold a secret. */
    fprintf(stderr, "ximss-client: %.*s: %s\n",
            (int)strcspn(c->command + strspn(c->command, " \t"), " \t"),
            c->command + strspn(c->command, " \t"), strerror(e));
    c->failed = EXIT_COMMAND;
}

static void
on_alert(struct ximss *x, const struct ximss_alert *a, void *arg)
{
    struct client *c = arg;

    if (c->failed != 0 || (c->wanted != 0 && c->shown == c->wanted))
        return; /* closing: what is not confirmed comes again */
    /* What came before was shown; only its confirmation was lost. */
    if (!a->repeated) {
        if (c->command != NULL)
            run_command(c, a);
        else if (c->json)
            print_json(a);
        else
            print_alert(c, a);
        if (fflush(stdout) != 0)
            c->failed = EXIT_OUTPUT;
        c->shown++;
    }
    if (c->failed == 0)
        ximss_confirm(x, a->id, NULL, NULL);
    if (c->failed != 0 || c->shown == c->wanted)
        ximss_close(x);
}

static void
on_removed(struct ximss *x, const char *id, void *arg)
{
    const struct client *c = arg;

    (void)x;
    if (c->command != NULL)
        return;
    if (c->json) {
        put_json("{\"event\":\"removed\",\"alertID\"", id, strlen(id));
        puts("}");
    } else {
        printf("%s  withdrawn  alert ", format_time(time(NULL), 0));
        put_text(id, strlen(id), "");
        putchar('\n');
    }
    fflush(stdout);
}

static void
on_state(struct ximss *x, enum ximss_state state, const char *why, void *arg)
{
    const struct client *c = arg;

    if (c->quiet)
        return;
    if (state == XIMSS_WAITING)
        fprintf(stderr, "ximss-client: %s; connecting again in %d s\n", why,
                (ximss_timeout(x) + 999) / 1000);
    else if (state == XIMSS_READY && ximss_session(x, "userName") != NULL)
        fprintf(stderr, "ximss-client: logged in as %s\n",
                ximss_session(x, "userName"));
}

/* --- start --- */

static const char help[] =
    "Usage: ximss-client [options] joe@example.test\n"
    "\n"
    "Logs in to a XIMSS server and prints alerts as they come.\n"
    "\n"
    "  --host HOST         the server (the domain of the name)\n"
    "  --port N            its port (11024)\n"
    "  --socket PATH       its UNIX socket instead\n"
    "  --tls MODE          auto, none, starttls or implicit (auto: "
    "starttls,\n"
    "                      but none on this machine)\n"
    "  --ca-file FILE      trust only the authorities in FILE (PEM)\n"
    "  --password-fd N     read the password from descriptor N; else from "
    "the\n"
    "                      environment (XIMSS_PASSWORD), else it is asked "
    "for\n"
    "  --json              one JSON object a line\n"
    "  --exec COMMAND      run COMMAND for each alert, the text on its "
    "input\n"
    "  --confirm           is always done: for older scripts\n"
    "  --once, --count N   stop after one alert, after N\n"
    "  --wait              keep trying if the server is not there at first\n"
    "  --quiet             say nothing about the connection\n"
    "  --help, --version\n"
    "\n"
    "ximss-client %s; more is in ximss-client(1).\n";

#define BAD (-2)

static int
parse_tls(const char *mode)
{
    static const char *const names[] = {"auto", "none", "starttls", "implicit"};

    for (int i = 0; mode != NULL && i < 4; i++)
        if (strcmp(mode, names[i]) == 0)
            return i;
    return mode == NULL ? 0 : BAD;
}

/* A number, `none` where there is no text, BAD for what is no number. */
static long
parse_number(const char *text, long none)
{
    char *end;
    long n = text != NULL ? strtol(text, &end, 10) : none;

    if (text == NULL)
        return none;
    return *text >= '0' && *text <= '9' && *end == '\0' && n <= 65535 ? n : BAD;
}

/* Options with a value; the others set an int. */
enum {
    HOST = 1,
    PORT,
    SOCKET,
    TLS,
    CA_FILE,
    FD,
    EXEC,
    COUNT,
    N_VALUES
};

/* Sets up x and c; -1: the arguments are wrong. */
static int
parse_options(int argc, char **argv, struct ximss *x, struct client *c)
{
    int once = 0, wait = 0, want_help = 0, want_version = 0, confirm, o;
    const char *value[N_VALUES] = {NULL}, *why;
    const struct option options[] = {{"host", 1, NULL, HOST},
                                     {"port", 1, NULL, PORT},
                                     {"socket", 1, NULL, SOCKET},
                                     {"tls", 1, NULL, TLS},
                                     {"ca-file", 1, NULL, CA_FILE},
                                     {"password-fd", 1, NULL, FD},
                                     {"exec", 1, NULL, EXEC},
                                     {"count", 1, NULL, COUNT},
                                     {"json", 0, &c->json, 1},
                                     {"confirm", 0, &confirm, 1},
                                     {"once", 0, &once, 1},
                                     {"wait", 0, &wait, 1},
                                     {"quiet", 0, &c->quiet, 1},
                                     {"help", 0, &want_help, 1},
                                     {"version", 0, &want_version, 1},
                                     {NULL, 0, NULL, 0}};
    long port, fd, tls;
    char *password;

    opterr = 0;
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (o == '?') { /* what stands behind "=" is perhaps a password */
            fprintf(stderr, "ximss-client: %.*s: wrong option\n",
                    (int)strcspn(argv[optind - 1], "="), argv[optind - 1]);
            return -1;
        }
        value[o] = optarg;
    }
    if (want_help || want_version) {
        printf(want_help ? help : "ximss-client %s\n", ximss_version());
        exit(EXIT_SUCCESS);
    }
    port = parse_number(value[PORT], 0);
    fd = parse_number(value[FD], -1);
    tls = parse_tls(value[TLS]);
    c->wanted = once ? 1 : parse_number(value[COUNT], 0);
    c->command = value[EXEC];
    if (optind + 1 != argc || port == BAD || fd == BAD || tls == BAD ||
        c->wanted == BAD ||
        (c->command && !c->command[strspn(c->command, " ")]))
        return -1;

    ximss_set_server(x, value[HOST], (unsigned)port);
    ximss_set_socket(x, value[SOCKET]);
    ximss_set_tls(x, (enum ximss_tls)tls);
    ximss_set_ca_file(x, value[CA_FILE]);
    ximss_set_reconnect(x, wait ? XIMSS_RECONNECT_ALWAYS
                                : XIMSS_RECONNECT_AFTER_LOGIN);
    ximss_set_user(x, argv[optind]);
    password = secret_get((int)fd, "XIMSS_PASSWORD", "Password: ", &why);
    if (password == NULL) {
        fprintf(stderr, "ximss-client: %s\n", why);
        return -1;
    }
    ximss_set_password(x, password);
    secret_free(&password);
    return 0;
}

static int
exit_code(const struct ximss *x)
{
    static const int codes[] = {[XIMSS_UNREACHABLE] = EXIT_UNREACHABLE,
                                [XIMSS_NO_LOGIN] = EXIT_NO_LOGIN,
                                [XIMSS_LOST] = EXIT_LOST,
                                [XIMSS_BAD_SERVER] = EXIT_LOST,
                                [XIMSS_MISUSE] = EXIT_USAGE};

    return codes[ximss_failure(x)];
}

int
main(int argc, char **argv)
{
    struct ximss *x = ximss_new();
    const char *no_colour = getenv("NO_COLOR");
    struct client c = {.quiet = 0};
    int r = EXIT_SUCCESS;

    c.colour = isatty(STDOUT_FILENO) && (no_colour == NULL || !*no_colour);
    if (parse_options(argc, argv, x, &c) < 0) {
        fputs("Try: ximss-client --help\n", stderr);
        ximss_free(&x);
        return EXIT_USAGE;
    }
    /* What we do not get round to showing, or cannot write, comes again. */
    ximss_set_options(x, XIMSS_ALERT_CHANGES | XIMSS_TICKETS |
                             XIMSS_ALERT_CONFIRM);
    ximss_on_alert(x, on_alert, &c);
    ximss_on_removed(x, on_removed, &c);
    ximss_on_state(x, on_state, &c);

    if (ximss_start(x) == 0)
        while (ximss_run_once(x, command_reap() > 0 ? 1000 : -1) == 0)
            ;
    if (ximss_state(x) != XIMSS_OFF || ximss_failure(x) != XIMSS_OK) {
        fprintf(stderr, "ximss-client: %s\n", ximss_error(x));
        r = exit_code(x);
    }
    if (c.failed != 0)
        r = c.failed;
    command_wait();
    ximss_free(&x);
    return r;
}
