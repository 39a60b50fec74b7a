/* SPDX-License-Identifier: BSD-2-Clause */
/* ximssd: the command line, signals, and the main thread's timer. */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>
#include <systemd/sd-daemon.h>

#include "storage/restore.h"
#include "storage/store.h"
#include "util/alive_loop.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/log_journal.h"
#include "util/options.h"
#include "util/xmalloc.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/first_start.h"
#include "ximss/server/live/upkeep.h"
#include "ximss/server/server.h"
#include "ximss/server/server_check.h"

#define OVERRIDES_MOST 64

/* sysexits(3) */
enum {
    EXIT_USAGE = 64,
    EXIT_DAMAGED = 65,
    EXIT_CANNOT_START = 73,
    EXIT_CONFIG = 78
};

struct options {
    struct config_override overrides[OVERRIDES_MOST];
    size_t n_overrides;
    const char *config_file, *init, *password_file, *main_domain, *verify,
        *salvage, *restore;
    bool check_config, print_config, test_hooks;
};

struct process {
    struct server *server;
    const struct server_options *options;
    struct event_base *base;
    struct alive_loop *alive;
};

static void
print_help(void)
{
    puts(
        "Usage: ximssd [OPTION]...\n"
        "The alert server.  It runs in the foreground; see ximssd(8).\n\n"
        "  --config FILE               read the configuration from FILE\n"
        "  --store DIR                 the directory of the store\n"
        "  --listen ADDRESS:PORT       accept clients there (repeatable)\n"
        "  --listen-tls ADDRESS:PORT   the same, with TLS from the start\n"
        "  --listen-pwd ADDRESS:PORT   accept administrators' scripts (PWD)\n"
        "  --listen-pwd-tls ADDRESS:PORT\n"
        "                              the same, with TLS from the start\n"
        "  --listen-pwd-apop ADDRESS:PORT\n"
        "                              the same, for clients that need APOP\n"
        "  --workers N                 threads that serve sessions\n"
        "  --init DIR                  create a store in DIR and exit\n"
        "  --admin-password-file FILE  read postmaster's password in a new\n"
        "                              store from FILE; - is standard input\n"
        "  --main-domain NAME          main domain of a new store\n"
        "  --check-config              check the configuration and exit\n"
        "  --print-config              print the configuration and exit\n"
        "  --verify DIR                check the store in DIR and exit\n"
        "  --salvage DIR               rebuild a damaged store and exit\n"
        "  --restore BACKUP            put a backup in the place of the store\n"
        "                              and exit\n"
        "  --foreground                no effect: always in the foreground\n"
        "  --test-hooks                for tests: let the clock be changed\n"
        "  --version, --help           print the version, or this, and exit");
}

enum {
    OPT_CONFIG = 256,
    OPT_STORE,
    OPT_LISTEN,
    OPT_LISTEN_TLS,
    OPT_LISTEN_PWD,
    OPT_LISTEN_PWD_TLS,
    OPT_LISTEN_PWD_APOP,
    OPT_WORKERS,
    OPT_INIT,
    OPT_PASSWORD_FILE,
    OPT_MAIN_DOMAIN,
    OPT_CHECK,
    OPT_PRINT,
    OPT_VERIFY,
    OPT_SALVAGE,
    OPT_RESTORE,
    OPT_FOREGROUND,
    OPT_TEST_HOOKS,
    OPT_VERSION,
    OPT_HELP
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"store", required_argument, NULL, OPT_STORE},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"listen-tls", required_argument, NULL, OPT_LISTEN_TLS},
    {"listen-pwd", required_argument, NULL, OPT_LISTEN_PWD},
    {"listen-pwd-tls", required_argument, NULL, OPT_LISTEN_PWD_TLS},
    {"listen-pwd-apop", required_argument, NULL, OPT_LISTEN_PWD_APOP},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"init", required_argument, NULL, OPT_INIT},
    {"admin-password-file", required_argument, NULL, OPT_PASSWORD_FILE},
    {"main-domain", required_argument, NULL, OPT_MAIN_DOMAIN},
    {"check-config", no_argument, NULL, OPT_CHECK},
    {"print-config", no_argument, NULL, OPT_PRINT},
    {"verify", required_argument, NULL, OPT_VERIFY},
    {"salvage", required_argument, NULL, OPT_SALVAGE},
    {"restore", required_argument, NULL, OPT_RESTORE},
    {"foreground", no_argument, NULL, OPT_FOREGROUND},
    {"test-hooks", no_argument, NULL, OPT_TEST_HOOKS},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int
override(struct options *o, const char *key, const char *value)
{
    if (o->n_overrides == OVERRIDES_MOST) {
        fprintf(stderr, "ximssd: too many options\n");
        return -1;
    }
    o->overrides[o->n_overrides++] = (struct config_override){key, value};
    return 0;
}

/* 0: go on; 1: end with status 0; -1: usage. */
static int
take_option(struct options *o, int c)
{
    switch (c) {
    case OPT_CONFIG:
        o->config_file = optarg;
        return 0;
    case OPT_STORE:
        return override(o, "store", optarg);
    case OPT_LISTEN:
        return override(o, "listen", optarg);
    case OPT_LISTEN_TLS:
        return override(o, "listen-tls", optarg);
    case OPT_LISTEN_PWD:
        return override(o, "listen-pwd", optarg);
    case OPT_LISTEN_PWD_TLS:
        return override(o, "listen-pwd-tls", optarg);
    case OPT_LISTEN_PWD_APOP:
        return override(o, "listen-pwd-apop", optarg);
    case OPT_WORKERS:
        return override(o, "workers", optarg);
    case OPT_INIT:
        o->init = optarg;
        return 0;
    case OPT_PASSWORD_FILE:
        o->password_file = optarg;
        return 0;
    case OPT_MAIN_DOMAIN:
        o->main_domain = optarg;
        return 0;
    case OPT_CHECK:
        o->check_config = true;
        return 0;
    case OPT_PRINT:
        o->print_config = true;
        return 0;
    case OPT_VERIFY:
        o->verify = optarg;
        return 0;
    case OPT_SALVAGE:
        o->salvage = optarg;
        return 0;
    case OPT_RESTORE:
        o->restore = optarg;
        return 0;
    case OPT_FOREGROUND:
        return 0;
    case OPT_TEST_HOOKS:
        o->test_hooks = true;
        return 0;
    case OPT_VERSION:
        puts(PACKAGE_NAME " " PACKAGE_VERSION);
        return 1;
    case OPT_HELP:
        print_help();
        return 1;
    default:
        return -1;
    }
}

static int
parse(struct options *o, int argc, char **argv)
{
    int c, r;

    while ((c = options_next("ximssd", argc, argv, "", long_options, NULL)) !=
           -1) {
        r = take_option(o, c);
        if (r != 0)
            return r;
    }
    if (optind < argc) {
        fprintf(stderr, "ximssd: %s: not an option\n", argv[optind]);
        return -1;
    }
    return 0;
}

/* --- the life of the process --- */

static void
on_end(evutil_socket_t sig, short what, void *arg)
{
    struct process *p = arg;

    (void)what;
    log_info("ending: signal %d", (int)sig);
    event_base_loopbreak(p->base);
}

static void
on_hup(evutil_socket_t sig, short what, void *arg)
{
    struct process *p = arg;
    struct errbuf err;

    (void)sig;
    (void)what;
    sd_notify(0, "RELOADING=1");
    /* Users are looked up, perhaps in a directory that does not answer. */
    alive_loop_rest(p->alive);
    if (server_reload(p->server, p->options, &err) < 0)
        log_error("configuration not reloaded, the old one stays: %s",
                  err.text);
    sd_notify(0, "READY=1");
}

/* On the status thread. */
static void
feed_watchdog(void)
{
    sd_notify(0, "WATCHDOG=1");
}

/* Three times in the time that systemd wants a sign in, if it wants any of this
 * process. */
static void
set_watchdog(struct server_options *so)
{
    uint64_t us;

    if (sd_watchdog_enabled(0, &us) <= 0)
        return;
    so->feed = feed_watchdog;
    so->feed_every = (int64_t)us / 3;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct process *p = arg;

    (void)fd;
    (void)what;
    upkeep_tick(p->server);
}

/* While the server starts, signals wait: whoever has seen that it listens may
 * tell it to end.  The threads that are made meanwhile leave them to this
 * one for good. */
static void
hold_signals(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(how, &set, NULL);
}

static void
serve(struct process *p)
{
    static const struct timeval second = {1, 0};
    struct event *term, *intr, *hup, *tick;

    p->base = event_base_new();
    term = evsignal_new(p->base, SIGTERM, on_end, p);
    intr = evsignal_new(p->base, SIGINT, on_end, p);
    hup = evsignal_new(p->base, SIGHUP, on_hup, p);
    tick = event_new(p->base, -1, EV_PERSIST, on_tick, p);
    event_add(term, NULL);
    event_add(intr, NULL);
    event_add(hup, NULL);
    event_add(tick, &second);
    p->alive = alive_loop_new(p->base, "main");
    hold_signals(SIG_UNBLOCK);
    log_info(PACKAGE_NAME " " PACKAGE_VERSION " is ready");
    sd_notify(0, "READY=1");
    event_base_dispatch(p->base);
    alive_loop_free(
        &p->alive); /* the end has a time of its own: TimeoutStopSec */
    sd_notify(0, "STOPPING=1");
    server_stop(&p->server);
    event_free(term);
    event_free(intr);
    event_free(hup);
    event_free(tick);
    event_base_free(p->base);
    log_info("ended");
}

static void
on_libevent_log(int severity, const char *text)
{
    if (severity >= EVENT_LOG_ERR)
        log_error("libevent: %s", text);
    else if (severity == EVENT_LOG_WARN)
        log_warn("libevent: %s", text);
}

/* Makes dir and gives it to the user that the server will run as. */
static int
prepare_directory(const char *dir, const char *user, struct errbuf *err)
{
    struct passwd *pw = user[0] != '\0' ? getpwnam(user) : NULL;

    if (mkdir(dir, 0750) < 0 && errno != EEXIST)
        return err_set(err, "making %s: %s", dir, strerror(errno));
    if (pw != NULL && geteuid() == 0 && chown(dir, pw->pw_uid, pw->pw_gid) < 0)
        return err_set(err, "giving %s to %s: %s", dir, user, strerror(errno));
    return 0;
}

static int
init_store(const struct options *o, const struct config *c, const char *dir)
{
    const char *domain = c->hostname[0] != '\0' ? c->hostname : NULL;
    struct errbuf err;

    if (o->main_domain != NULL)
        domain = o->main_domain;
    if (prepare_directory(dir, c->user, &err) < 0 ||
        server_drop_privileges(c, &err) < 0 ||
        first_start(dir, domain, o->password_file, c->password_iterations,
                    &err) < 0) {
        log_error("%s", err.text);
        return EXIT_CANNOT_START;
    }
    log_info("created a store in %s", dir);
    return 0;
}

static void
advise_salvage(const char *dir)
{
    log_error("restore a backup of the store: ximssd --restore BACKUP --store "
              "%s (by hand: all of its db, not single files); or rebuild the "
              "store from what can be read: ximssd --salvage %s",
              dir, dir);
}

static int
verify_store(const char *dir)
{
    struct errbuf err;
    enum store_presence found = store_look(dir, &err);

    if (found != STORE_PRESENT) {
        log_error("%s", err.text);
        return found != STORE_BARRED ? EXIT_DAMAGED : EXIT_CANNOT_START;
    }
    switch (store_verify(dir, stdout, &err)) {
    case STORE_SOUND:
        printf("%s: the store is sound\n", dir);
        return 0;
    case STORE_DAMAGED:
        log_error("%s", err.text);
        advise_salvage(dir);
        return EXIT_DAMAGED;
    case STORE_UNKNOWN:
        break;
    }
    log_error("%s", err.text);
    return EXIT_CANNOT_START;
}

static int
salvage_store(const char *dir)
{
    struct errbuf err;

    switch (store_salvage(dir, clock_now(), stdout, &err)) {
    case STORE_SALVAGED:
        printf("%s: the store is sound, and nothing is missing\n", dir);
        return 0;
    case STORE_SALVAGED_PART:
        printf("%s: the store is sound; what is missing is listed above\n",
               dir);
        return EXIT_DAMAGED;
    case STORE_NOT_SALVAGED:
        break;
    }
    log_error("%s", err.text);
    return EXIT_CANNOT_START;
}

/* As who starts it: root may read a backup that the server's user may not. */
static int
restore_store(const struct config *c, const char *backup)
{
    const struct restore_wanted wanted = {backup, c->store, clock_now()};
    struct errbuf err;
    char *kept;

    if (prepare_directory(c->store, c->user, &err) < 0 ||
        store_restore(&wanted, stdout, &kept, &err) < 0) {
        log_error("%s", err.text);
        return EXIT_CANNOT_START;
    }
    printf("%s: the backup is restored\n", c->store);
    if (kept != NULL)
        printf("what was there is kept in %s\n", kept);
    free(kept);
    return 0;
}

/* Makes a store if there is none and one is wanted.  What root may not see, the
 * user that we become may: a file system of another machine. */
static int
find_store(const struct options *o, const struct config *config)
{
    struct errbuf err;
    enum store_presence found = store_look(config->store, &err);

    if (found == STORE_PRESENT ||
        (found == STORE_BARRED && geteuid() == 0 && config->user[0] != '\0'))
        return 0;
    if (found != STORE_BARRED && found != STORE_UNFINISHED &&
        o->password_file != NULL)
        return init_store(o, config, config->store);
    if (found == STORE_NONE_YET)
        log_error("%s; create one with: ximssd --init %s", err.text,
                  config->store);
    else
        log_error("%s", err.text);
    return EXIT_CANNOT_START;
}

static int
run(const struct options *o, struct config *config)
{
    struct server_options so = {o->config_file, o->overrides, o->n_overrides,
                                o->test_hooks,  NULL,         0};
    struct process p = {.options = &so};
    struct errbuf err;
    bool damaged;
    char *dir;
    int r;

    r = find_store(o, config);
    if (r != 0) {
        config_free(&config);
        return r;
    }
    set_watchdog(&so);
    hold_signals(SIG_BLOCK);
    dir = xstrdup(config->store); /* the server takes the configuration */
    p.server = server_start(&so, config, &damaged, &err);
    if (p.server == NULL) {
        log_error("%s", err.text);
        if (damaged)
            advise_salvage(dir);
        free(dir);
        return damaged ? EXIT_DAMAGED : EXIT_CANNOT_START;
    }
    free(dir);
    serve(&p);
    return 0;
}

int
main(int argc, char **argv)
{
    struct options o = {.n_overrides = 0};
    struct config *config;
    struct errbuf err;
    int r = parse(&o, argc, argv);

    if (r != 0) {
        if (r < 0)
            fprintf(stderr, "Try 'ximssd --help'.\n");
        return r < 0 ? EXIT_USAGE : 0;
    }
    /* The server works in its store's directory, and reads it again there. */
    o.config_file = options_file(o.config_file);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* ignored, programs would end unseen */
    log_init("ximssd", LOG_INFO_, log_journal_begin());
    event_set_log_callback(on_libevent_log);
    config = config_load_with(o.config_file, o.overrides, o.n_overrides, &err);
    if (config == NULL) {
        fprintf(stderr, "ximssd: %s\n", err.text);
        return EXIT_CONFIG;
    }
    log_set_level(config->log_level);
    log_set_format(config->log_format);
    if (!o.check_config && !o.print_config && o.init == NULL &&
        o.verify == NULL && o.salvage == NULL && o.restore == NULL)
        return run(&o, config);
    if (o.print_config)
        config_print(stdout, config);
    else if (o.init != NULL)
        r = init_store(&o, config, o.init);
    else if (o.verify != NULL)
        r = verify_store(o.verify);
    else if (o.salvage != NULL)
        r = salvage_store(o.salvage);
    else if (o.restore != NULL)
        r = restore_store(config, o.restore);
    else if (server_check(config, stderr) > 0)
        r = EXIT_CONFIG;
    config_free(&config);
    return r;
}
