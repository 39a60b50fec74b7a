/* SPDX-License-Identifier: BSD-2-Clause */
/* ximss-bridge: the command line, signals, start. */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <systemd/sd-daemon.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/bridge_check.h"
#include "util/log.h"
#include "util/log_journal.h"
#include "util/options.h"

#define OVERRIDES_MOST 64

/* sysexits(3) */
enum {
    EXIT_USAGE = 64,
    EXIT_CANNOT_START = 73,
    EXIT_CONFIG = 78
};

struct options {
    struct config_override overrides[OVERRIDES_MOST];
    size_t n_overrides;
    const char *config_file;
    bool check_config, print_config;
};

struct process {
    struct bridge *bridge;
    const struct options *options;
    struct event_base *base;
};

static void
print_help(void)
{
    puts("Usage: ximss-bridge [OPTION]...\n"
         "Connects browsers to ximssd.  It runs in the foreground; see\n"
         "ximss-bridge(8).\n\n"
         "  --config FILE               read the configuration from FILE\n"
         "  --listen ADDRESS:PORT       accept HTTP there (repeatable)\n"
         "  --listen-tls ADDRESS:PORT   the same for HTTPS\n"
         "  --server-socket PATH        the UNIX socket of ximssd\n"
         "  --server-address ADDRESS    the address of ximssd\n"
         "  --server-port PORT          the port of ximssd\n"
         "  --pages DIRECTORY           the directory of the pages\n"
         "  --set KEY=VALUE             set any key of the configuration\n"
         "  --check-config              check the configuration and exit\n"
         "  --print-config              print the configuration and exit\n"
         "  --version, --help           print the version, or this, and exit");
}

enum {
    OPT_CONFIG = 256,
    OPT_CHECK,
    OPT_PRINT,
    OPT_SET,
    OPT_VERSION,
    OPT_HELP,
    OPT_KEY /* and above: an option that is a key */
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"check-config", no_argument, NULL, OPT_CHECK},
    {"print-config", no_argument, NULL, OPT_PRINT},
    {"set", required_argument, NULL, OPT_SET},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {"listen", required_argument, NULL, OPT_KEY},
    {"listen-tls", required_argument, NULL, OPT_KEY},
    {"server-socket", required_argument, NULL, OPT_KEY},
    {"server-address", required_argument, NULL, OPT_KEY},
    {"server-port", required_argument, NULL, OPT_KEY},
    {"pages", required_argument, NULL, OPT_KEY},
    {NULL, 0, NULL, 0},
};

static int
override(struct options *o, const char *key, const char *value)
{
    if (o->n_overrides == OVERRIDES_MOST) {
        fprintf(stderr, "ximss-bridge: too many options\n");
        return -1;
    }
    o->overrides[o->n_overrides++] = (struct config_override){key, value};
    return 0;
}

/* KEY=VALUE, in the process's own arguments. */
static int
override_any(struct options *o, char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL) {
        fprintf(stderr, "ximss-bridge: --set takes KEY=VALUE\n");
        return -1;
    }
    *equals = '\0';
    return override(o, text, equals + 1);
}

/* 0: go on; 1: end with status 0; -1: usage. */
static int
take_option(struct options *o, int c, int index)
{
    switch (c) {
    case OPT_CONFIG:
        o->config_file = optarg;
        return 0;
    case OPT_CHECK:
        o->check_config = true;
        return 0;
    case OPT_PRINT:
        o->print_config = true;
        return 0;
    case OPT_SET:
        return override_any(o, optarg);
    case OPT_VERSION:
        puts("ximss-bridge " PACKAGE_VERSION);
        return 1;
    case OPT_HELP:
        print_help();
        return 1;
    case OPT_KEY:
        return override(o, long_options[index].name, optarg);
    default:
        return -1;
    }
}

static int
parse(struct options *o, int argc, char **argv)
{
    int c, index = 0, r;

    while ((c = options_next("ximss-bridge", argc, argv, "", long_options,
                             &index)) != -1) {
        r = take_option(o, c, index);
        if (r != 0)
            return r;
    }
    if (optind < argc) {
        fprintf(stderr, "ximss-bridge: %s: not an option\n", argv[optind]);
        return -1;
    }
    return 0;
}

/* --- the life of the process --- */

static struct bridge_config *
load(const struct options *o, struct errbuf *err)
{
    return config_table_load(&bridge_config_table, o->config_file, o->overrides,
                             o->n_overrides, err);
}

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
    struct bridge_config *cfg;
    struct errbuf err;

    (void)sig;
    (void)what;
    sd_notify(0, "RELOADING=1");
    cfg = load(p->options, &err);
    if (cfg == NULL || bridge_reload(p->bridge, cfg, &err) < 0)
        log_error("configuration not reloaded, the old one stays: %s",
                  err.text);
    else
        log_info("configuration reloaded");
    sd_notify(0, "READY=1");
}

/* If the loop hangs, nobody feeds the watchdog. */
static void
on_feed(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    sd_notify(0, "WATCHDOG=1");
}

/* Three times in the time that systemd wants a sign in.  NULL: it wants none. */
static struct event *
feed_begin(struct process *p)
{
    struct timeval tv;
    struct event *feed;
    uint64_t us;

    if (sd_watchdog_enabled(0, &us) <= 0)
        return NULL;
    us /= 3;
    tv.tv_sec = (time_t)(us / 1000000);
    tv.tv_usec = (suseconds_t)(us % 1000000);
    feed = event_new(p->base, -1, EV_PERSIST, on_feed, p);
    event_add(feed, &tv);
    return feed;
}

static int
drop_privileges(const char *user, struct errbuf *err)
{
    struct passwd *pw;

    if (*user == '\0' || geteuid() != 0)
        return 0;
    pw = getpwnam(user);
    if (pw == NULL)
        return err_set(err, "user %s: there is no such user", user);
    if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
        setuid(pw->pw_uid) < 0)
        return err_set(err, "becoming user %s: %s", user, strerror(errno));
    return 0;
}

static void
serve(struct process *p)
{
    struct event *term = evsignal_new(p->base, SIGTERM, on_end, p);
    struct event *intr = evsignal_new(p->base, SIGINT, on_end, p);
    struct event *hup = evsignal_new(p->base, SIGHUP, on_hup, p);
    struct event *feed = feed_begin(p);

    event_add(term, NULL);
    event_add(intr, NULL);
    event_add(hup, NULL);
    log_info("ximss-bridge " PACKAGE_VERSION " is ready");
    sd_notify(0, "READY=1");
    event_base_dispatch(p->base);
    sd_notify(0, "STOPPING=1");
    event_free(term);
    event_free(intr);
    event_free(hup);
    if (feed != NULL)
        event_free(feed);
}

static int
run(const struct options *o, struct bridge_config *cfg)
{
    struct process p = {.options = o, .base = event_base_new()};
    struct errbuf err;
    int r = 0;

    p.bridge = bridge_start(cfg, p.base, &err);
    if (p.bridge == NULL || drop_privileges(p.bridge->cfg->user, &err) < 0) {
        log_error("%s", err.text);
        r = EXIT_CANNOT_START;
    } else {
        serve(&p);
    }
    bridge_stop(&p.bridge);
    event_base_free(p.base);
    if (r == 0)
        log_info("ended");
    return r;
}

int
main(int argc, char **argv)
{
    struct options o = {.n_overrides = 0};
    struct bridge_config *cfg;
    struct errbuf err;
    int r = parse(&o, argc, argv);

    if (r != 0) {
        if (r < 0)
            fprintf(stderr, "Try 'ximss-bridge --help'.\n");
        return r < 0 ? EXIT_USAGE : 0;
    }
    o.config_file = options_file(o.config_file);
    signal(SIGPIPE, SIG_IGN);
    log_init("ximss-bridge", LOG_INFO_, log_journal_begin());
    cfg = load(&o, &err);
    if (cfg == NULL) {
        fprintf(stderr, "ximss-bridge: %s\n", err.text);
        return EXIT_CONFIG;
    }
    log_set_level(cfg->log_level);
    log_set_format(cfg->log_format);
    if (!o.check_config && !o.print_config)
        return run(&o, cfg);
    if (o.print_config)
        config_table_print(&bridge_config_table, stdout, cfg);
    else if (bridge_check(cfg, stderr) > 0)
        r = EXIT_CONFIG;
    config_table_free(&bridge_config_table, cfg);
    return r;
}
