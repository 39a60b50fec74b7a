/* SPDX-License-Identifier: BSD-2-Clause */
/* Start, reload and stop of the server: what happens once for all threads. */
#include "config.h"

#include "ximss/server/server.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "notify/notify.h"
#include "passdb/dovecot_source.h"
#include "passdb/pam_source.h"
#include "passdb/passdb.h"
#include "passdb/userdb.h"
#include "quota/sources.h"
#include "storage/backup.h"
#include "util/alive.h"
#include "util/clock.h"
#include "util/descriptors.h"
#include "util/local_socket.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/status_http.h"
#include "util/text.h"
#include "util/tls.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/login_slots.h"
#include "ximss/server/auth/session_id.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/base/config_notify.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/admission.h"
#include "ximss/server/live/alias_renew.h"
#include "ximss/server/live/bridge_door.h"
#include "ximss/server/live/broadcast.h"
#include "ximss/server/live/door.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/listener.h"
#include "ximss/server/live/newcomers.h"
#include "ximss/server/live/quota_check.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/stat_feed.h"
#include "ximss/server/live/trigger_loop.h"
#include "ximss/server/live/upkeep.h"
#include "ximss/server/live/usage_feed.h"
#include "ximss/server/live/wake_files.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/requests/dialects.h"
#include "ximss/server/rules/audit_budget.h"
#include "ximss/server/server_load.h"
#include "ximss/server/status.h"

#define HASH_WAITING_MOST  4096
#define DRAIN_US           (9 * CLOCK_SECOND)
#define SOURCE_CONNECTIONS 512
#define SOURCE_OWN         12
/* Refusals by PAM come at multiples of it: see passdb_pam_config. */
#define REFUSAL_STEP (CLOCK_SECOND / 2)

/* --- settings that follow from the configuration --- */

static void
fill_admin(struct admin_settings *a, const struct config *c, int64_t started,
           bool test_hooks)
{
    memset(a, 0, sizeof *a);
    a->started = started;
    a->prefs_bytes = c->prefs_bytes;
    snprintf(a->time_zone, sizeof a->time_zone, "%s", c->time_zone);
    a->alert_bytes = c->alert_bytes;
    a->max_alerts[ALERT_SERVER] = c->max_server_alerts;
    a->max_alerts[ALERT_CLUSTER] = c->max_server_alerts;
    a->max_alerts[ALERT_DOMAIN] = c->max_domain_alerts;
    a->max_alerts[ALERT_ACCOUNT] = c->max_account_alerts;
    a->lifetime[ALERT_SERVER] = c->lifetime_server;
    a->lifetime[ALERT_CLUSTER] = c->lifetime_cluster;
    a->lifetime[ALERT_DOMAIN] = c->lifetime_domain;
    a->lifetime[ALERT_ACCOUNT] = c->lifetime_account;
    a->iterations = c->password_iterations;
    a->min_length = c->password_min_length;
    a->hash_limits = c->hash_limits;
    a->max_tickets = c->max_account_tickets;
    a->max_tokens = c->max_account_tokens;
    a->max_members = c->max_group_members;
    a->max_groups = c->max_domain_groups;
    a->max_forwarders = c->max_domain_forwarders;
    a->max_triggers = c->max_triggers;
    a->max_handlers = c->max_handlers;
    a->source_limits = c->quota_limits == CONFIG_LIMITS_OF_SOURCES;
    a->can_ask = c->quota_doveadm_url[0] != '\0' || c->quota_maildir[0] != '\0';
    a->has_userdb = c->auth_userdb_socket[0] != '\0';
    a->auto_domains = &c->auto_domains;
    a->backup_max_age = c->backup_max_age;
    a->version = PACKAGE_NAME " " PACKAGE_VERSION;
    a->test_hooks = test_hooks;
    for (size_t i = 0; i < c->auth.count; i++)
        if (auth_list_add(&a->auth, c->auth.items[i], &(struct errbuf){0}) < 0)
            log_fatal("auth was not checked");
}

static struct throttle_limits
throttle_limits_of(const struct config *c)
{
    struct throttle_limits l = throttle_defaults;

    l.pair.free = c->login_free_tries;
    l.pair.base_us = c->login_delay;
    l.pair.max_us = c->login_max_delay;
    l.address.free = c->login_address_free_tries;
    l.network.free = c->login_network_free_tries;
    if (c->login_delay == 0)
        l.address.base_us = l.network.base_us = 0;
    return l;
}

/* No address has all of it. */
static struct passdb_limits
passdb_limits_of(const struct config *c)
{
    return (struct passdb_limits){.most = c->auth_max_waiting,
                                  .most_each = (c->auth_max_waiting + 1) / 2};
}

/* Connections of each of the sockets that Dovecot writes to. */
static unsigned
source_connections(const struct server *s)
{
    unsigned share = s->descriptors / 16;

    return share < SOURCE_CONNECTIONS ? share : SOURCE_CONNECTIONS;
}

static unsigned
descriptors_of_sources(const struct server *s, const struct config *c)
{
    unsigned sockets =
        (*c->quota_dict_socket != '\0') + (*c->quota_warning_socket != '\0');

    if (sockets == 0 && *c->quota_maildir == '\0' &&
        *c->quota_doveadm_url == '\0')
        return 0;
    return sockets * source_connections(s) + SOURCE_OWN;
}

static int
apply_limits(struct server *s, const struct config *c, struct errbuf *err)
{
    struct throttle_limits t = throttle_limits_of(c);
    struct lobby_limits l;
    struct audit_limits a = {c->audit_refused, c->audit_refused_all};
    struct passdb_limits p = passdb_limits_of(c);

    if (admission_limits(c, s->descriptors, s->own_descriptors, &l, err) < 0 ||
        door_configure(s->door, c, err) < 0)
        return -1;
    bridge_door_configure(s->bridge_door, c);
    if (s->wake_files != NULL)
        wake_files_set_limit(s->wake_files, c->door_sessions);
    throttle_set_limits(s->throttle, &t);
    passdb_set_limits(s->passdb, &p);
    login_slots_set(s->login_slots, c->login_checks_per_address);
    login_slots_set(s->guess_slots, c->login_checks_per_address);
    lobby_set_limits(s->lobby, &l);
    stat_set(STAT_CONNECTIONS_MOST,
             l.all != 0 && l.all < l.descriptors ? l.all : l.descriptors);
    stat_set(STAT_BACKUP_MAX_AGE, c->backup_max_age / CLOCK_SECOND);
    audit_budget_set_limits(s->audit_budget, &a);
    usage_feed_set_limit_age(s->usage_feed, c->quota_limit_age);
    log_set_level(c->log_level);
    log_set_format(c->log_format);
    atomic_store(&s->log_alerts, c->log_alerts);
    atomic_store(&s->log_failures, c->log_failures);
    return 0;
}

/* Once all is open that stays open, but for the sources' and the notices'. */
static int
count_descriptors(struct server *s, const struct config *c, struct errbuf *err)
{
    s->own_descriptors = descriptors_open() + descriptors_of_sources(s, c) +
                         notify_descriptors(c->notify_parallel);
    if (c->listen_status.count > 0)
        s->own_descriptors += STATUS_HTTP_CONNECTIONS;
    return apply_limits(s, c, err);
}

int
server_load_tls(const struct config *c, struct ssl_ctx_st **tls_r,
                struct errbuf *err)
{
    const struct tls_files files = {c->tls_certificate, c->tls_key,
                                    c->tls_roots};

    *tls_r = NULL;
    if (c->tls_certificate[0] == '\0')
        return 0;
    *tls_r = tls_server_context(
        &files, c->tls_min_version == CONFIG_TLS_1_3 ? "1.3" : "1.2", err);
    return *tls_r != NULL ? 0 : -1;
}

/* --- start --- */

/* Who cannot be found is named when the socket is opened. */
static int
add_group(gid_t *groups, int n, const char *name)
{
    struct errbuf err;

    return name[0] != '\0' && local_socket_group(name, &groups[n], &err) == 0
               ? n + 1
               : n;
}

/* Those of the user, and those that sockets are given to, as the unit's
 * SupplementaryGroups= has it. */
static int
set_groups(const struct config *c, const struct passwd *pw)
{
    int n = getgroups(0, NULL), r;
    gid_t *groups;

    if (n < 0)
        return -1;
    groups = xcalloc((size_t)n + 2, sizeof *groups);
    n = getgroups(n, groups);
    if (n >= 0 && c->door_socket[0] != '\0')
        n = add_group(groups, n, c->door_socket_group);
    if (n >= 0)
        n = add_group(groups, n, c->quota_socket_group);
    r = n >= 0 ? setgroups((size_t)n, groups) : -1;
    free(groups);
    return r < 0 ? r : setgid(pw->pw_gid);
}

int
server_drop_privileges(const struct config *c, struct errbuf *err)
{
    struct passwd *pw;

    if (c->user[0] == '\0')
        return 0;
    pw = getpwnam(c->user);
    if (pw == NULL)
        return err_set(err, "user %s: there is no such user", c->user);
    if (pw->pw_uid == geteuid())
        return 0;
    if (initgroups(c->user, pw->pw_gid) < 0 || set_groups(c, pw) < 0 ||
        setuid(pw->pw_uid) < 0)
        return err_set(err, "becoming user %s: %s", c->user, strerror(errno));
    return 0;
}

static int
open_listeners(struct server *s, const struct config *c, struct buf *ports,
               struct errbuf *err)
{
    const struct {
        const struct config_listen *at;
        enum session_door door;
        const struct dialect *dialect;
    } doors[] = {{&c->listen, SESSION_TCP, &dialect_ximss},
                 {&c->listen_tls, SESSION_TLS, &dialect_ximss},
                 {&c->listen_pwd, SESSION_PWD, &dialect_pwd},
                 {&c->listen_pwd_apop, SESSION_PWD_APOP, &dialect_pwd},
                 {&c->listen_pwd_tls, SESSION_PWD_TLS, &dialect_pwd}};

    if (s->tls == NULL && c->listen_tls.count + c->listen_pwd_tls.count > 0)
        return err_set(err, "%s needs tls-certificate and tls-key",
                       c->listen_tls.count > 0 ? "listen-tls"
                                               : "listen-pwd-tls");
    for (size_t i = 0; i < sizeof doors / sizeof doors[0]; i++)
        if (listener_open_all(s->workers, s->n_workers, doors[i].at,
                              doors[i].door, doors[i].dialect, ports, err) < 0)
            return -1;
    return 0;
}

/* STORE/ports: the addresses, for whoever asked for free ones.  It appears when
 * the server is ready, and goes with it. */
static void
write_ports(struct server *s, const struct config *c, struct buf *ports)
{
    char *temporary = xasprintf("%s/ports.new", c->store);
    FILE *f = fopen(temporary, "w");
    bool ok = f != NULL && fwrite(ports->data, 1, ports->len, f) == ports->len;

    s->ports_file = xasprintf("%s/ports", c->store);
    if (f != NULL)
        ok = fclose(f) == 0 && ok;
    if (!ok || rename(temporary, s->ports_file) < 0)
        log_warn("writing %s: %s", s->ports_file, strerror(errno));
    free(temporary);
}

static unsigned
count_workers(const struct config *c)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (c->workers > 0)
        return c->workers;
    return cores > 0 ? (unsigned)cores : 1;
}

int
server_find_zone(const struct config *c, const struct zone **zone_r,
                 struct errbuf *err)
{
    *zone_r = zone_find(c->time_zone);
    if (*zone_r != NULL)
        return 0;
    return err_set(err,
                   "time-zone: %s is not known to this machine, which may lack "
                   "the package tzdata",
                   c->time_zone);
}

static int
make_workers(struct server *s, const struct config *c, struct errbuf *err)
{
    const struct zone *zone;

    if (server_find_zone(c, &zone, err) < 0)
        return -1;
    s->n_workers = count_workers(c);
    s->workers = xcalloc(s->n_workers, sizeof s->workers[0]);
    for (unsigned i = 0; i < s->n_workers; i++) {
        s->workers[i] = worker_new(s, i);
        s->workers[i]->zone = zone;
        worker_set_config(s->workers[i], c, s->tls);
    }
    return 0;
}

static void
server_free(struct server *s)
{
    status_stop(&s->status);
    backups_free(&s->backups);
    for (unsigned i = 0; i < s->n_workers; i++)
        worker_free(&s->workers[i]);
    free(s->workers);
    hash_pool_free(&s->hash_pool);
    hash_pool_free(&s->name_pool);
    auth_cache_free(&s->auth_cache);
    throttle_free(&s->throttle);
    login_slots_free(&s->login_slots);
    login_slots_free(&s->guess_slots);
    alias_renew_free(&s->alias_renew);
    audit_budget_free(&s->audit_budget);
    usage_feed_free(&s->usage_feed);
    newcomers_free(&s->newcomers);
    notify_free(&s->notify);
    trigger_loop_free(&s->trigger_loop);
    userdb_free(&s->userdb);
    passdb_free(&s->passdb);
    lobby_free(&s->lobby);
    bridge_door_free(&s->bridge_door);
    door_free(&s->door);
    wake_files_close(&s->wake_files);
    tls_context_unref(&s->tls);
    config_free(&s->config);
    token_key_clear(&s->token_key);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->drained);
    free(s->main_domain);
    free(s->ports_file);
    free(s);
}

static struct server *
server_new(const struct server_options *o, struct config *c)
{
    struct server *s = xcalloc(1, sizeof *s);
    struct throttle_limits t = throttle_limits_of(c);
    struct passdb_limits p = passdb_limits_of(c);

    s->config = c;
    s->test_hooks = o->test_hooks;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->drained, NULL);
    atomic_init(&s->next_session, SESSION_ID_FIRST);
    atomic_init(&s->next_expiry, 0);
    token_key_init(&s->token_key, c->store, c->token_key_file);
    fill_admin(&s->admin, c, clock_now(), o->test_hooks);
    s->admin.next_session = &s->next_session;
    s->auth_cache = auth_cache_new(c->remember_logins, c->remember_time);
    s->throttle = throttle_new(&t);
    s->login_slots = login_slots_new(c->login_checks_per_address);
    s->guess_slots = login_slots_new(c->login_checks_per_address);
    s->alias_renew = alias_renew_new();
    s->passdb = passdb_new(&p);
    s->lobby = lobby_new();
    s->bridge_door = bridge_door_new();
    s->door = door_new();
    s->descriptors = descriptors_limit();
    s->audit_budget = audit_budget_new(&(struct audit_limits){0});
    s->usage_feed = usage_feed_new(s, USAGE_FEED_PAUSE);
    s->newcomers = newcomers_new(s);
    s->trigger_loop = trigger_loop_new(s);
    return s;
}

static int
start_sources(struct server *s, const struct config *c, struct errbuf *err)
{
    static const unsigned modes[] = {
        [CONFIG_MODE_0600] = 0600,
        [CONFIG_MODE_0660] = 0660,
        [CONFIG_MODE_0666] = 0666,
    };
    struct quota_sources_config q = {
        .dict_socket = c->quota_dict_socket,
        .warning_socket = c->quota_warning_socket,
        .socket_mode = modes[c->quota_socket_mode],
        .socket_group = c->quota_socket_group,
        .socket_connections = source_connections(s),
        .maildir = {.path = c->quota_maildir,
                    .main_domain = s->main_domain,
                    .interval = c->quota_maildir_interval,
                    .use_limits = true},
        .doveadm = {.url = c->quota_doveadm_url,
                    .key_file = c->quota_doveadm_key_file,
                    .interval = c->quota_doveadm_interval,
                    .use_limits = true},
    };

    s->quota_sources =
        quota_sources_start(&q, usage_feed_sink(s->usage_feed), err);
    usage_feed_set_sources(s->usage_feed, s->quota_sources);
    return s->quota_sources != NULL ? 0 : -1;
}

/* Before passdb runs. */
static void
make_userdb(struct server *s, const struct config *c)
{
    const struct userdb_dovecot_config u = {.socket = c->auth_userdb_socket};

    if (c->auth_userdb_socket[0] != '\0')
        s->userdb = userdb_new(passdb_base(s->passdb), &u);
}

static void
start_passdb(struct server *s, const struct config *c)
{
    const struct dovecot_source_config dovecot = {
        .socket = c->auth_dovecot_socket, .greeting = c->auth_timeout};

    make_userdb(s, c);
    if (*c->auth_dovecot_socket != '\0')
        passdb_add(s->passdb, PASSDB_DOVECOT,
                   dovecot_source_new(passdb_base(s->passdb),
                                      passdb_loop(s->passdb), &dovecot));
    if (*c->auth_dovecot_socket != '\0' || *c->pam_service != '\0' ||
        s->userdb != NULL)
        passdb_run(s->passdb);
}

/* With the rights that the server still has. */
static int
start_pam(struct server *s, const struct config *c, struct errbuf *err)
{
    const struct passdb_pam_config pam = {.program = c->pam_program,
                                          .service = c->pam_service,
                                          .user = c->pam_user,
                                          .user_format = c->pam_user_format,
                                          .processes = c->pam_processes,
                                          .timeout = c->auth_timeout,
                                          .refusal_step = REFUSAL_STEP};
    struct passdb_source *source;

    if (c->pam_service[0] == '\0')
        return 0;
    source = passdb_pam_new(passdb_base(s->passdb), &pam, err);
    if (source == NULL)
        return -1;
    passdb_add(s->passdb, PASSDB_PAM, source);
    return 0;
}

/* One thread asks for names: who waits for them waits for nothing else. */
static int
open_door(struct server *s, const struct config *c, struct buf *ports,
          struct errbuf *err)
{
    if (c->door_socket[0] == '\0')
        return 0;
    s->name_pool = hash_pool_new(1, HASH_WAITING_MOST, err);
    if (s->name_pool == NULL)
        return -1;
    hash_pool_set_uncounted(s->name_pool);
    if (listener_open_door(s->workers[0], c->door_socket, c->door_socket_group,
                           &dialect_ximss, ports, err) < 0)
        return -1;
    s->wake_files =
        wake_files_open(c->door_wake_directory, c->door_sessions, err);
    door_warn_of_namespace("/proc/self/uid_map");
    return s->wake_files != NULL ? 0 : -1;
}

/* The settings, with somebody they are from, whom the caller frees. */
static struct notify_config
notify_settings(struct server *s, const struct config *c, char **from_r)
{
    struct notify_config n = config_notify(c);

    pthread_mutex_lock(&s->lock);
    *from_r = xasprintf("ximssd@%s", s->main_domain);
    pthread_mutex_unlock(&s->lock);
    if (*n.from == '\0')
        n.from = *from_r;
    return n;
}

static int
start_notify(struct server *s, const struct config *c, struct errbuf *err)
{
    char *from;
    struct notify_config n = notify_settings(s, c, &from);

    s->notify = notify_new(&n, trigger_loop_sent, s->trigger_loop, err);
    free(from);
    return s->notify != NULL ? 0 : -1;
}

static void
reload_notify(struct server *s, const struct config *c)
{
    char *from;
    struct notify_config n = notify_settings(s, c, &from);

    notify_configure(s->notify, &n);
    free(from);
}

static int
open_bridge(struct server *s, const struct config *c, struct buf *ports,
            struct errbuf *err)
{
    if (c->bridge_socket[0] == '\0')
        return 0;
    return listener_open_bridge(s->workers[0], c->bridge_socket, &dialect_ximss,
                                ports, err);
}

/* While the server still may open any port. */
static int
open_status(struct server *s, const struct server_options *o, struct buf *ports,
            struct errbuf *err)
{
    const struct status_options so = {.listen = &s->config->listen_status,
                                      .most_behind = s->config->ready_backlog,
                                      .feed = o->feed,
                                      .feed_every = o->feed_every};

    alive_set_limit(s->config->watchdog_time);
    s->status = status_new(&so, ports, err);
    return s->status != NULL ? 0 : -1;
}

static int
start_parts(struct server *s, const struct server_options *o, struct buf *ports,
            bool *damaged_r, struct errbuf *err)
{
    struct config *c = s->config;

    if (server_load_tls(c, &s->tls, err) < 0 || make_workers(s, c, err) < 0 ||
        open_listeners(s, c, ports, err) < 0 ||
        open_status(s, o, ports, err) < 0 || start_pam(s, c, err) < 0 ||
        server_drop_privileges(c, err) < 0)
        return -1;
    status_start(s->status);
    if (chdir(c->store) < 0)
        return err_set(err, "the store %s: %s", c->store, strerror(errno));
    if (server_load(s, c, damaged_r, err) < 0)
        return -1;
    s->backups = s->admin.backups = backups_new(s->store);
    if (listener_open_local(s->workers[0], c->control_socket, &dialect_ximss,
                            ports, err) < 0 ||
        open_bridge(s, c, ports, err) < 0 || open_door(s, c, ports, err) < 0)
        return -1;
    s->hash_pool = hash_pool_new(c->hash_threads, HASH_WAITING_MOST, err);
    if (s->hash_pool == NULL)
        return -1;
    start_passdb(s, c);
    if (start_notify(s, c, err) < 0 || count_descriptors(s, c, err) < 0 ||
        start_sources(s, c, err) < 0)
        return -1;
    stat_feed_certificate(s->tls);
    stat_feed_start(s);
    return 0;
}

struct server *
server_start(const struct server_options *o, struct config *config,
             bool *damaged_r, struct errbuf *err)
{
    struct server *s = server_new(o, config);
    struct buf ports = {0};

    *damaged_r = false;
    if (start_parts(s, o, &ports, damaged_r, err) < 0) {
        if (s->backups != NULL)
            backups_close(s->backups);
        if (s->store != NULL)
            store_close(&s->store);
        buf_clear(&ports);
        server_free(s);
        return NULL;
    }
    for (unsigned i = 0; i < s->n_workers; i++)
        worker_start(s->workers[i]);
    status_enter(s->status, s);
    write_ports(s, config, &ports);
    for (char *line = ports.data, *end; ports.len > 0; line = end + 1) {
        end = memchr(line, '\n', ports.len - (size_t)(line - ports.data));
        if (end == NULL)
            break;
        log_info("listening on %.*s", (int)(end - line), line);
        if (end + 1 >= ports.data + ports.len)
            break;
    }
    buf_clear(&ports);
    return s;
}

/* --- reload --- */

struct reload {
    struct server *server;
    struct config *next; /* becomes the server's */
    struct config *old;  /* freed when no worker sees it any more */
    struct ssl_ctx_st *tls;
    struct admin_settings admin;
};

static void
visit_reload(struct worker *w, void *arg)
{
    struct reload *r = arg;

    worker_set_config(w, r->next, r->tls);
    if (r->next->quota_limits != r->old->quota_limits)
        quota_check_defaults(w);
}

static bool
is_same_list(const struct config_texts *a, const struct config_texts *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (!text_equal_nocase(a->items[i], b->items[i]))
            return false;
    return a->count == b->count;
}

static void
reload_done(void *arg)
{
    struct reload *r = arg;

    if (!is_same_list(&r->old->auth, &r->next->auth))
        auth_cache_clear(r->server->auth_cache);
    config_free(&r->old);
    tls_context_unref(&r->tls);
    log_info("configuration and certificates were read again");
    free(r);
}

/* The writer thread's settings change between two jobs. */
static enum store_result
reload_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct reload *r = arg;

    (void)t;
    (void)err;
    r->admin.started = r->server->admin.started;
    r->admin.next_session = &r->server->next_session;
    r->server->admin = r->admin;
    return STORE_OK;
}

static void
reload_stored(enum store_result result, void *arg, const struct errbuf *err)
{
    struct reload *r = arg;

    (void)result;
    (void)err;
    broadcast(r->server, visit_reload, reload_done, r);
}

int
server_reload(struct server *s, const struct server_options *o,
              struct errbuf *err)
{
    struct config *next =
        config_load_with(o->config_file, o->overrides, o->n_overrides, err);
    struct ssl_ctx_st *tls;
    struct buf keys = {0};
    struct reload *r;

    if (next == NULL)
        return -1;
    if (server_load_tls(next, &tls, err) < 0) {
        config_free(&next);
        return -1;
    }
    if (apply_limits(s, next, err) < 0) {
        tls_context_unref(&tls);
        config_free(&next);
        return -1;
    }
    if (config_changed_needs_restart(s->config, next, &keys))
        log_warn("these settings take effect at the next start: %s",
                 buf_cstr(&keys));
    buf_clear(&keys);
    config_keep_running(next, s->config);
    r = xcalloc(1, sizeof *r);
    r->server = s;
    r->old = s->config;
    r->next = s->config = next;
    r->tls = tls_context_ref(tls);
    tls_context_unref(&s->tls);
    s->tls = tls;
    stat_feed_certificate(tls);
    fill_admin(&r->admin, next, 0, s->test_hooks);
    reload_notify(s, next);
    r->admin.backups = s->backups;
    store_submit(s->store, reload_body, reload_stored, r);
    return 0;
}

/* --- end --- */

static void
visit_drain(struct worker *w, void *arg)
{
    (void)arg;
    worker_drain(w, DRAIN_US);
}

static void
visit_exit(struct worker *w, void *arg)
{
    (void)arg;
    worker_exit(w);
}

static void
nothing(void *arg)
{
    (void)arg;
}

static void
drain_workers(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    s->undrained = s->n_workers;
    pthread_mutex_unlock(&s->lock);
    broadcast(s, visit_drain, nothing, NULL);
    pthread_mutex_lock(&s->lock);
    while (s->undrained > 0)
        pthread_cond_wait(&s->drained, &s->lock);
    pthread_mutex_unlock(&s->lock);
    broadcast(s, visit_exit, nothing, NULL);
    for (unsigned i = 0; i < s->n_workers; i++)
        worker_join(s->workers[i]);
}

/* What still comes by mail is delivered on this thread, so that nothing that
 * was under way leaks. */
static void
flush_mail(struct server *s)
{
    unsigned n;

    do {
        n = 0;
        for (unsigned i = 0; i < s->n_workers; i++)
            n += mailbox_flush(s->workers[i]->box);
    } while (n > 0);
}

void
server_stop(struct server **sp)
{
    struct server *s = *sp;

    if (s == NULL)
        return;
    atomic_store(&s->stopping, true);
    if (s->backups != NULL)
        backups_cancel(s->backups); /* it may take a while to notice */
    unlink(s->ports_file);
    unlink(s->config->control_socket);
    if (s->config->door_socket[0] != '\0')
        unlink(s->config->door_socket); /* whoever is told bye sees that */
    stat_feed_stop(s);
    userdb_stop(s->userdb); /* whoever waits for it goes on */
    drain_workers(s);
    trigger_loop_stop(s->trigger_loop);
    notify_stop(s->notify); /* what it confirms is noted */
    passdb_stop(s->passdb); /* who waits is told by mail */
    userdb_flush(s->userdb);
    usage_feed_set_sources(s->usage_feed, NULL);
    quota_sources_stop(&s->quota_sources);
    usage_feed_flush(s->usage_feed);
    flush_mail(s);
    hash_pool_free(&s->hash_pool);
    flush_mail(s);
    trigger_loop_save(s->trigger_loop);
    upkeep_last_audit(s);
    status_leave(s->status);
    if (s->backups != NULL)
        backups_close(s->backups);
    store_close(&s->store);
    log_debug("the store is closed");
    backups_free(&s->backups);
    /* Where names of users come from a network, that may take long, and may end
     * by a kill: when nothing can be lost any more.  Who asked is gone. */
    hash_pool_free(&s->name_pool);
    flush_mail(s);
    server_free(s);
    *sp = NULL;
}
