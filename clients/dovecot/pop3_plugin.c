/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts in Dovecot's POP3 sessions.  POP3 cannot say anything by itself, so an
 * alert refuses the log-in once: programs show that error, and the next try gets
 * in.  One alert is one refusal, oldest first.
 *
 * The hook runs in the middle of the creation of the client.  Dovecot goes on with
 * it afterwards, so the client may be neither disconnected nor destroyed here, nor
 * may its output be closed or fail (Dovecot would free the client and then use it).
 * So the refusal is written past the output, and the descriptor is shut: Dovecot's
 * own "+OK" fails then, and with its output closed it carries out no command that
 * the mail program had sent ahead.
 *
 * The alert counts as shown when the program has given up: when it says something
 * that is no log-in, closes the connection, or is silent.  Some programs show an
 * error only if it is that of their last way to log in, and after that of another
 * they go on with the next.
 *
 * Within TLS nothing is heard from the program any more: Dovecot's log-in process
 * closes its connection as soon as ours is shut.  So there the session ends, but the
 * alert is left unconfirmed for as long as a silent program has. */
#include "clients/dovecot/compat.h"

#include <pop3-common.h>

#include <istream.h>
#include <linux/sockios.h>
#include <llist.h>
#include <module-context.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time-util.h>

#include "clients/dovecot/door.h"
#include "clients/dovecot/door_choice.h"
#include "clients/dovecot/door_text.h"
#include "clients/dovecot/plugin.h"
#include "clients/dovecot/plugin_config.h"
#include "clients/dovecot/relayed.h"

struct pop3_plugin { /* may outlive its client */
    union pop3_module_context module_ctx;
    struct pop3_plugin *prev, *next; /* in `late` */
    pool_t pool;
    struct event *event;
    struct door *door;
    struct timeout *to_late;
    unsigned linger; /* milliseconds after which a program counts as silent */
    uint64_t late_from;
    uint64_t alert; /* that refuses; 0: it could not be written */
    bool silent;    /* the program has read it, and said nothing */
};

const char *pop3_ximss_plugin_version = DOVECOT_ABI_VERSION;
const char pop3_ximss_plugin_binary_dependency[] = "pop3";

static struct module *this_module;
static pop3_client_created_func_t *next_hook;
static struct pop3_plugin *late; /* owned: without a client */
static MODULE_CONTEXT_DEFINE_INIT(pop3_plugin_module, &pop3_module_register);

static struct pop3_plugin *
plugin_of(struct client *client)
{
    return MODULE_CONTEXT_REQUIRE(client, pop3_plugin_module);
}

/* Does the program, which was refused, try to log in in another way? */
static bool
tries_again(struct client *client)
{
    static const char *const commands[] = {"AUTH", "USER", "APOP", "PASS"};
    size_t len;
    const unsigned char *said = i_stream_get_data(client->input, &len);

    for (size_t i = 0; i < N_ELEMENTS(commands); i++)
        if (len >= 4 && strncasecmp((const char *)said, commands[i], 4) == 0)
            return true;
    return false;
}

static void
plugin_close(struct pop3_plugin *x, bool shown)
{
    struct door_alert *a = door_alerts(x->door)->first;

    while (a != NULL && a->id != x->alert)
        a = a->next;
    if (a != NULL && shown)
        door_shown(x->door, a);
    door_close(&x->door, false);
    event_unref(&x->event);
    pool_unref(&x->pool);
}

/* --- after the end of a client of which nothing is heard --- */

static void
end_late(struct pop3_plugin *x, bool shown)
{
    timeout_remove(&x->to_late);
    DLLIST_REMOVE(&late, x);
    plugin_close(x, shown);
}

static void
on_late(struct pop3_plugin *x)
{
    end_late(x, true);
}

static void
begin_late(struct pop3_plugin *x)
{
    DLLIST_PREPEND(&late, x);
    x->late_from = i_microseconds();
    x->to_late = timeout_add_short(x->linger, on_late, x);
}

/* The process ends, and has no loop any more.  False: it was told to be quick, or
 * the clock was set. */
static bool
wait_late(const struct pop3_plugin *x)
{
    uint64_t now = i_microseconds(), end = x->late_from + x->linger * 1000ULL;

    return now >= x->late_from &&
           (now >= end || poll(NULL, 0, (int)((end - now + 999) / 1000)) == 0);
}

/* --- the end of a client --- */

/* Was the refusal the last word?  A broken connection shows nothing. */
static bool
is_shown(struct client *client, const struct pop3_plugin *x)
{
    if (x->alert == 0)
        return false;
    return x->silent ||
           (client->input->stream_errno == 0 && !tries_again(client));
}

static void
plugin_destroy(struct client *client, const char *reason)
{
    struct pop3_plugin *x = plugin_of(client);
    struct pop3_client_vfuncs super = x->module_ctx.super;

    if (is_shown(client, x) && !x->silent && relayed(client->fd_out) &&
        i_stream_get_data_size(client->input) == 0)
        begin_late(x);
    else
        plugin_close(x, is_shown(client, x));
    super.destroy(client, reason);
}

static void
on_linger(struct client *client)
{
    int left = 0;

    plugin_of(client)->silent =
        ioctl(client->fd_out, SIOCOUTQ, &left) < 0 || left == 0;
    client_disconnect(client, "Refused once, to show an alert");
}

/* --- its beginning --- */

/* True if all of it is on its way: there is room for one line in a socket to which
 * nothing was written yet. */
static bool
write_refusal(struct client *client, const struct plugin_config *config,
              const struct door_alert *a)
{
    char line[DOOR_TEXT_POP3_LINE + 2];
    size_t len = door_text_refusal(config->code, a->line, config->hint, line);

    memcpy(line + len, "\r\n", 2);
    len += 2;
    return send(client->fd_out, line, len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
           (ssize_t)len;
}

static void
refuse(struct client *client, struct pop3_plugin *x,
       const struct plugin_config *config, struct door_alert *a)
{
    if (write_refusal(client, config, a))
        x->alert = a->id;
    (void)shutdown(client->fd_out, SHUT_WR);
    timeout_remove(&client->to_idle);
    client->to_idle = timeout_add_short(x->linger, on_linger, client);
}

/* The oldest alert that refuses a log-in; NULL: there is none, or the server did
 * not say all in time. */
static struct door_alert *
find_refusing(struct door *door, const struct plugin_config *config)
{
    struct door_alert *a;

    if (!door_wait(door, config->pop3_wait))
        return NULL;
    for (a = door_alerts(door)->first; a != NULL; a = a->next)
        if (door_choice_refuses(config->refusals, &a->kind))
            break;
    return a;
}

static struct pop3_plugin *
plugin_open(struct mail_user *user, const struct plugin_config *config)
{
    pool_t pool = pool_alloconly_create("ximss", 512);
    struct pop3_plugin *x = p_new(pool, struct pop3_plugin, 1);
    struct door_settings s = {
        .socket = p_strdup(pool, config->socket),
        .login = {.user = p_strdup(pool, user->username),
                  .service = "pop3",
                  .attended = true},
        .line_max = DOOR_TEXT_POP3,
    };

    if (user->conn.remote_ip != NULL)
        s.login.client = p_strdup(pool, net_ip2addr(user->conn.remote_ip));
    x->pool = pool;
    x->event = s.event = event_create(user->event);
    x->linger = config->pop3_linger;
    x->door = door_open(&s, NULL, NULL);
    return x;
}

/* Without a refusal, the door is closed before the session begins. */
static void
look_for_alerts(struct client *client)
{
    struct plugin_config config;
    struct pop3_plugin *x;
    struct door_alert *a;

    plugin_config_read(client->user, &config);
    if (config.socket == NULL || config.refusals == 0)
        return;
    x = plugin_open(client->user, &config);
    a = find_refusing(x->door, &config);
    if (a == NULL) {
        plugin_close(x, false);
        return;
    }
    x->module_ctx.super = client->v;
    client->v.destroy = plugin_destroy;
    MODULE_CONTEXT_SET(client, pop3_plugin_module, x);
    refuse(client, x, &config, a);
}

static void
on_client_created(struct client **clientp)
{
    struct mail_user *user = (*clientp)->user;

    if (mail_user_is_plugin_loaded(user, this_module) && !user->anonymous)
        look_for_alerts(*clientp);
    if (next_hook != NULL)
        next_hook(clientp);
}

void
pop3_ximss_plugin_init(struct module *module)
{
    this_module = module;
    next_hook = pop3_client_created_hook_set(on_client_created);
}

void
pop3_ximss_plugin_deinit(void)
{
    while (late != NULL)
        end_late(late, wait_late(late));
    pop3_client_created_hook_set(next_hook);
}
