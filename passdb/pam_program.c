/* SPDX-License-Identifier: BSD-2-Clause */
/* ximss-pam: asks PAM whether passwords are right, for ximssd, which starts it.
 * See ximss-pam(8).
 *
 * The first process is a keeper: it hears nothing and says nothing, but starts
 * another master when one dies.  So the rights that it was started with are not
 * lost with the master. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "passdb/pam_master.h"
#include "passdb/pam_rights.h"
#include "util/clock.h"

#define SOCKET       STDIN_FILENO
#define TIMEOUT_MOST 3600000 /* ms */
#define RESTART_MS   1000    /* before the start of another, if they die soon */
#define SOON_US      (10 * CLOCK_SECOND)
#define MASTER_NAME  "ximss-pam" /* for ps */
#define KEEPER_NAME  "ximss-pam-keep"

struct options {
    struct pam_master_config master;
    const char *user;
    bool test_hooks;
};

/* --- the keeper --- */

static pid_t
start_master(const struct options *o)
{
    pid_t keeper = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper)
        _exit(EX_OSERR);
    prctl(PR_SET_NAME, MASTER_NAME);
    _exit(pam_master_run(&o->master, SOCKET) < 0 ? EX_OSERR : 0);
}

/* True: it ended because the server did. */
static bool
wait_for_master(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFSIGNALED(status))
        fprintf(stderr, "ximss-pam: ended by signal %d\n", WTERMSIG(status));
    return false;
}

/* Waits before the next start, but not after a death that is the first for long.
 * False: the server is gone. */
static bool
pause_keeper(void)
{
    static int64_t last = -SOON_US;
    struct pollfd p = {.fd = SOCKET};
    int64_t now = clock_mono();
    bool soon = now - last < SOON_US;

    last = now;
    return poll(&p, 1, soon ? RESTART_MS : 0) == 0;
}

/* Ends when the server is gone. */
static void __attribute__((noreturn)) keep(const struct options *o)
{
    pid_t pid;

    prctl(PR_SET_NAME, KEEPER_NAME);
    do {
        pid = start_master(o);
        if (pid < 0)
            fprintf(stderr, "ximss-pam: fork: %s\n", strerror(errno));
        else if (wait_for_master(pid))
            break;
    } while (pause_keeper());
    _exit(0);
}

/* --- the command line --- */

static void
help(FILE *to)
{
    fputs("Usage: ximss-pam [OPTION]...\n"
          "Asks PAM whether passwords are right.  ximssd starts it, with a\n"
          "socket as its standard input; see ximss-pam(8).\n\n"
          "  --service NAME     the service of PAM (ximssd)\n"
          "  --processes N      checks at once (8)\n"
          "  --timeout MS       what a check may take (5000)\n"
          "  --user NAME        become that user first\n"
          "  --test-hooks       for tests: allow --directory\n"
          "  --directory DIR    for tests: the services are described there\n"
          "  --version, --help  print the version, or this, and exit\n",
          to);
}

enum {
    OPT_SERVICE = 256,
    OPT_PROCESSES,
    OPT_TIMEOUT,
    OPT_USER,
    OPT_TEST_HOOKS,
    OPT_DIRECTORY,
    OPT_VERSION,
    OPT_HELP
};

static const struct option long_options[] = {
    {"service", required_argument, NULL, OPT_SERVICE},
    {"processes", required_argument, NULL, OPT_PROCESSES},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"user", required_argument, NULL, OPT_USER},
    {"test-hooks", no_argument, NULL, OPT_TEST_HOOKS},
    {"directory", required_argument, NULL, OPT_DIRECTORY},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int
refuse(const char *text)
{
    fprintf(stderr, "ximss-pam: %s\n", text);
    return -1;
}

/* From 1 to most; -1: it is none, which was told. */
static long
number(const char *option, const char *text, long most)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (errno == 0 && *end == '\0' && end != text && n >= 1 && n <= most)
        return n;
    fprintf(stderr, "ximss-pam: %s: a number from 1 to %ld\n", option, most);
    return -1;
}

static int
take_option(struct options *o, int c)
{
    long n;

    switch (c) {
    case OPT_SERVICE:
        o->master.check.service = optarg;
        return 0;
    case OPT_PROCESSES:
        n = number("--processes", optarg, PAM_WIRE_PROCESSES);
        o->master.processes = (unsigned)n;
        return n > 0 ? 0 : -1;
    case OPT_TIMEOUT:
        n = number("--timeout", optarg, TIMEOUT_MOST);
        o->master.timeout = n * INT64_C(1000);
        return n > 0 ? 0 : -1;
    case OPT_USER:
        o->user = optarg;
        return 0;
    case OPT_TEST_HOOKS:
        o->test_hooks = true;
        return 0;
    case OPT_DIRECTORY:
        o->master.check.directory = optarg;
        return 0;
    case OPT_VERSION:
        puts("ximss-pam " PACKAGE_VERSION);
        exit(0);
    case OPT_HELP:
        help(stdout);
        exit(0);
    default:
        return -1;
    }
}

static int
check(const struct options *o)
{
    int type = 0;
    socklen_t len = sizeof type;

    if (o->master.check.directory != NULL && !o->test_hooks)
        return refuse("--directory is for tests: it needs --test-hooks");
    if (getsockopt(SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
        type != SOCK_SEQPACKET)
        return refuse("this program is started by ximssd: see ximss-pam(8)");
    return 0;
}

static int
parse(struct options *o, int argc, char **argv)
{
    int c;

    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (take_option(o, c) < 0)
            return -1;
    if (optind < argc)
        return refuse("it takes options only");
    return check(o);
}

int
main(int argc, char **argv)
{
    struct options o = {.master = {.check = {.service = "ximssd"},
                                   .processes = 8,
                                   .timeout = 5 * CLOCK_SECOND}};

    if (parse(&o, argc, argv) < 0)
        return EX_USAGE;
    if (pam_rights_reduce(o.user) < 0)
        return EX_NOPERM;
    keep(&o);
}
