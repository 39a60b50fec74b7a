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
 * they go on with the next. */
#include "clients/dovecot/compat.h"

#include <pop3-common.h>

#include <istream.h>
#include <linux/sockios.h>
#include <module-context.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "clients/dovecot/door.h"
#include "clients/dovecot/door_choice.h"
#include "clients/dovecot/door_text.h"
#include "clients/dovecot/plugin.h"
#include "clients/dovecot/plugin_config.h"

/* A program that was refused is silent if it has said nothing for so long.  mutt
 * shows an error for two seconds before it goes on. */
#define LINGER_MSECS 5000

struct pop3_plugin {
    union pop3_module_context module_ctx;
    struct door *door;
    uint64_t alert; /* that refuses; 0: it could not be written */
    bool silent;    /* the program has read it, and said nothing */
};

const char *pop3_ximss_plugin_version = DOVECOT_ABI_VERSION;
const char pop3_ximss_plugin_binary_dependency[] = "pop3";

static struct module *this_module;
static pop3_client_created_func_t *next_hook;
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
    struct door_alert *a = door_alerts(x->door)->first;

    while (a != NULL && a->id != x->alert)
        a = a->next;
    if (a != NULL && is_shown(client, x))
        door_shown(x->door, a);
    door_close(&x->door, false);
    x->module_ctx.super.destroy(client, reason);
}

static void
on_linger(struct client *client)
{
    int left = 0;

    plugin_of(client)->silent =
        ioctl(client->fd_out, SIOCOUTQ, &left) < 0 || left == 0;
    client_disconnect(client, "Refused once, to show an alert");
}

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
    client->to_idle = timeout_add(LINGER_MSECS, on_linger, client);
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

static struct door *
open_door(struct client *client, const struct plugin_config *config)
{
    struct mail_user *user = client->user;
    struct door_settings s = {
        .socket = config->socket,
        .login = {.user = user->username, .service = "pop3", .attended = true},
        .line_max = DOOR_TEXT_POP3,
        .event = user->event,
    };

    if (user->conn.remote_ip != NULL)
        s.login.client =
            p_strdup(client->pool, net_ip2addr(user->conn.remote_ip));
    return door_open(&s, NULL, NULL);
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
    x = p_new(client->pool, struct pop3_plugin, 1);
    x->door = open_door(client, &config);
    a = find_refusing(x->door, &config);
    if (a == NULL) {
        door_close(&x->door, false);
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
    pop3_client_created_hook_set(next_hook);
}
