/* SPDX-License-Identifier: BSD-2-Clause */
/* The load generator.  It reads commands from standard input, a line each,
 * and answers each with a line of JSON, so that a script can have several of
 * them at work on several servers and let these take turns. */
#include "config.h"

#include <getopt.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/fleet.h"
#include "bench/procfs.h"
#include "util/text.h"

#define WORDS 5

struct load {
    struct fleet_options o;
    struct fleet *fleet; /* owned */
    unsigned text_bytes;
};

typedef int command_fn(struct load *l, const unsigned *args,
                       struct errbuf *err);

static void
print_result(const struct fleet_result *r)
{
    double n = r->count > 0 ? (double)r->count : 1;

    printf("{\"count\": %zu, \"ms\": %.3f, \"per_s\": %.1f, "
           "\"cpu_us\": %.1f, \"cpu_us_each\": %.3f",
           r->count, (double)r->us / 1e3,
           r->us > 0 ? (double)r->count * 1e6 / (double)r->us : 0,
           (double)r->cpu_ns / 1e3, (double)r->cpu_ns / 1e3 / n);
}

static int
do_login(struct load *l, const unsigned *args, struct errbuf *err)
{
    struct fleet_result r;

    if (fleet_login(l->fleet, args[0], &r, err) != 0)
        return -1;
    print_result(&r);
    return 0;
}

static int
do_pass(struct load *l, const unsigned *args, struct errbuf *err)
{
    struct fleet_result r;

    if (fleet_pass(l->fleet, args[0], &r, err) != 0)
        return -1;
    print_result(&r);
    return 0;
}

static int
do_logout(struct load *l, const unsigned *args, struct errbuf *err)
{
    struct fleet_result r;

    (void)args;
    if (fleet_logout(l->fleet, &r, err) != 0)
        return -1;
    print_result(&r);
    return 0;
}

static int
do_flush(struct load *l, const unsigned *args, struct errbuf *err)
{
    struct fleet_result r;

    (void)args;
    if (fleet_flush(l->fleet, &r, err) != 0)
        return -1;
    print_result(&r);
    return 0;
}

static int
do_idle(struct load *l, const unsigned *args, struct errbuf *err)
{
    struct fleet_result r;

    if (fleet_idle(l->fleet, args[0], &r, err) != 0)
        return -1;
    print_result(&r);
    return 0;
}

static int
do_post(struct load *l, const unsigned *args, struct errbuf *err)
{
    struct fleet_result r;
    const struct sample *times;

    if (fleet_post(l->fleet, args[0], l->text_bytes, &r, &times, err) != 0)
        return -1;
    print_result(&r);
    printf(", \"bytes\": %zu, \"first_ms\": %.3f, \"median_ms\": %.3f, "
           "\"p99_ms\": %.3f, \"last_ms\": %.3f",
           r.bytes, (double)sample_rank(times, 0) / 1e3,
           (double)sample_rank(times, 500) / 1e3,
           (double)sample_rank(times, 990) / 1e3,
           (double)sample_rank(times, 1000) / 1e3);
    return 0;
}

static int
do_memory(struct load *l, const unsigned *args, struct errbuf *err)
{
    int64_t kib = procfs_pss_kib(l->o.pid, err);

    (void)args;
    if (kib < 0)
        return -1;
    printf("{\"pss_kib\": %lld", (long long)kib);
    return 0;
}

/* --- administration --- */

static int
pipeline(struct load *l, const struct fleet_pipeline *p, struct errbuf *err)
{
    struct fleet_result r;

    if (fleet_pipeline(l->fleet, p, &r, err) != 0)
        return -1;
    print_result(&r);
    return 0;
}

static void
make_clear(struct buf *b, size_t i, void *arg)
{
    static const char line[] =
        "<cliExecute id=\"C\">SetServerAlerts {}</cliExecute>";

    (void)i;
    (void)arg;
    buf_append(b, line, sizeof(line));
}

/* Takes all server-wide alerts away, so that the next log-ins get none. */
static int
do_clear(struct load *l, const unsigned *args, struct errbuf *err)
{
    (void)args;
    return pipeline(
        l,
        &(struct fleet_pipeline){
            .admins = 1, .depth = 1, .count = 1, .make = make_clear},
        err);
}

static void
make_post(struct buf *b, size_t i, void *arg)
{
    const struct load *l = arg;

    buf_appendf(b, "<alertPost id=\"%zu\" scope=\"server\">", i);
    for (unsigned j = 0; j < l->text_bytes; j++)
        buf_append_char(b, (char)('a' + j % 26));
    buf_append(b, "</alertPost>", sizeof("</alertPost>"));
}

static int
do_posts(struct load *l, const unsigned *args, struct errbuf *err)
{
    return pipeline(l,
                    &(struct fleet_pipeline){.admins = args[0],
                                             .depth = args[1],
                                             .count = args[2],
                                             .make = make_post,
                                             .arg = l},
                    err);
}

static void
make_account(struct buf *b, size_t i, void *arg)
{
    const struct load *l = arg;

    if (i == 0)
        buf_appendf(b, "<cliExecute id=\"C\">CreateDomain %s</cliExecute>",
                    l->o.domain);
    else
        buf_appendf(b,
                    "<cliExecute id=\"C\">CreateAccount u%zu@%s {Password="
                    "&quot;%s&quot;;}</cliExecute>",
                    i, l->o.domain, l->o.password);
    buf_append_char(b, '\0');
}

/* The domain and accounts 1 to n; those that are there stay as they are. */
static int
do_setup(struct load *l, const unsigned *args, struct errbuf *err)
{
    struct fleet_pipeline p = {.admins = 1,
                               .depth = 1,
                               .count = 1,
                               .lenient = true,
                               .make = make_account,
                               .arg = l};
    struct fleet_result r;

    if (fleet_pipeline(l->fleet, &p, &r, err) != 0)
        return -1;
    p.depth = 64;
    p.count = (size_t)args[0] + 1;
    return pipeline(l, &p, err);
}

static const struct command {
    const char *name;
    unsigned args;
    command_fn *run;
} commands[] = {
    {"login", 1, do_login},   {"pass", 1, do_pass},   {"logout", 0, do_logout},
    {"flush", 0, do_flush},   {"post", 1, do_post},   {"clear", 0, do_clear},
    {"posts", 3, do_posts},   {"setup", 1, do_setup}, {"idle", 1, do_idle},
    {"memory", 0, do_memory},
};

/* --- the command loop --- */

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int
run_line(struct load *l, char *line, struct errbuf *err)
{
    const struct command *c;
    unsigned args[WORDS] = {0};
    char *rest = NULL, *word = strtok_r(line, " \n", &rest);

    if (word == NULL)
        return 0;
    c = find_command(word);
    if (c == NULL)
        return err_set(err, "no command \"%s\"", word);
    for (unsigned i = 0; i < c->args; i++) {
        unsigned long long n;

        word = strtok_r(NULL, " \n", &rest);
        if (word == NULL || text_parse_u64(word, 100000000, &n) != 0)
            return err_set(err, "\"%s\" takes %u numbers", c->name, c->args);
        args[i] = (unsigned)n;
    }
    if (c->run(l, args, err) != 0)
        return -1;
    printf("}\n");
    return 0;
}

static void
print_error(const char *text)
{
    printf("{\"error\": \"");
    for (; *text != '\0'; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text >= ' ')
            putchar(*text);
    printf("\"}\n");
}

static int
run_lines(struct load *l)
{
    char line[256];
    struct errbuf err;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (run_line(l, line, &err) != 0) {
            print_error(err.text);
            return 1;
        }
        fflush(stdout);
    }
    return 0;
}

/* --- start --- */

static const char usage[] =
    "usage: load --target HOST:PORT|SOCKET [--tls] [--domain D] [--password P]\n"
    "            [--admin USER --admin-password P] [--pid PID] [--window N]\n"
    "            [--sources N] [--text-bytes N] [--patience S] [--door SOCKET]\n"
    "Commands on standard input: setup N, login N, pass N, logout, flush,\n"
    "post K, posts ADMINS DEPTH COUNT, clear, idle MS, memory.\n";

enum option_code {
    OPTION_TARGET = 1,
    OPTION_TLS,
    OPTION_DOMAIN,
    OPTION_PASSWORD,
    OPTION_ADMIN,
    OPTION_ADMIN_PASSWORD,
    OPTION_PID,
    OPTION_WINDOW,
    OPTION_SOURCES,
    OPTION_TEXT_BYTES,
    OPTION_PATIENCE,
    OPTION_DOOR
};

static const struct option options[] = {
    {"target", required_argument, NULL, OPTION_TARGET},
    {"tls", no_argument, NULL, OPTION_TLS},
    {"domain", required_argument, NULL, OPTION_DOMAIN},
    {"password", required_argument, NULL, OPTION_PASSWORD},
    {"admin", required_argument, NULL, OPTION_ADMIN},
    {"admin-password", required_argument, NULL, OPTION_ADMIN_PASSWORD},
    {"pid", required_argument, NULL, OPTION_PID},
    {"window", required_argument, NULL, OPTION_WINDOW},
    {"sources", required_argument, NULL, OPTION_SOURCES},
    {"text-bytes", required_argument, NULL, OPTION_TEXT_BYTES},
    {"patience", required_argument, NULL, OPTION_PATIENCE},
    {"door", required_argument, NULL, OPTION_DOOR},
    {NULL, 0, NULL, 0},
};

static unsigned
number(const char *text, const char *what)
{
    unsigned long long n;

    if (text_parse_u64(text, 100000000, &n) != 0) {
        fprintf(stderr, "load: --%s takes a number\n", what);
        exit(2);
    }
    return (unsigned)n;
}

static SSL_CTX *
new_tls(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (tls != NULL)
        SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS |
                                  SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return tls;
}

static void
parse_option(struct load *l, int code)
{
    switch (code) {
    case OPTION_TARGET:
        l->o.target.address = optarg;
        break;
    case OPTION_TLS:
        l->o.target.tls = new_tls();
        break;
    case OPTION_DOMAIN:
        l->o.domain = optarg;
        break;
    case OPTION_PASSWORD:
        l->o.password = optarg;
        break;
    case OPTION_ADMIN:
        l->o.admin = optarg;
        break;
    case OPTION_ADMIN_PASSWORD:
        l->o.admin_password = optarg;
        break;
    case OPTION_PID:
        l->o.pid = (pid_t)number(optarg, "pid");
        break;
    case OPTION_WINDOW:
        l->o.window = number(optarg, "window");
        break;
    case OPTION_SOURCES:
        l->o.target.sources = number(optarg, "sources");
        break;
    case OPTION_TEXT_BYTES:
        l->text_bytes = number(optarg, "text-bytes");
        break;
    case OPTION_PATIENCE:
        l->o.patience_s = number(optarg, "patience");
        break;
    case OPTION_DOOR:
        l->o.door = optarg;
        break;
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int
main(int argc, char **argv)
{
    struct load l = {.o = {.target = {.sources = 200},
                           .domain = "bench.test",
                           .password = "bench password",
                           .window = 128,
                           .patience_s = 300},
                     .text_bytes = 100};
    struct errbuf err;
    int code, status;

    while ((code = getopt_long(argc, argv, "", options, NULL)) != -1)
        parse_option(&l, code);
    if (l.o.target.address == NULL || optind < argc) {
        fputs(usage, stderr);
        return 2;
    }
    raise_descriptor_limit();
    l.fleet = fleet_new(&l.o, &err);
    if (l.fleet == NULL) {
        fprintf(stderr, "load: %s\n", err.text);
        return 1;
    }
    status = run_lines(&l);
    fleet_free(&l.fleet);
    SSL_CTX_free(l.o.target.tls);
    return status;
}
