/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts in Dovecot's IMAP sessions, as untagged OK or NO with the code ALERT, at the
 * moments of imap_moment.h.  An alert counts as shown when the client has said something later, or five
 * seconds passed, and all that was written has left this machine. */
#include "clients/dovecot/compat.h"

#include <imap-common.h>

#include <imap-commands.h>
#include <istream.h>
#include <mail-storage-private.h>
#include <mailbox-watch.h>
#include <master-interface.h>
#include <module-context.h>
#include <ostream.h>
#include <sys/stat.h>
#include <time-util.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "clients/dovecot/door.h"
#include "clients/dovecot/door_choice.h"
#include "clients/dovecot/door_text.h"
#include "clients/dovecot/imap_moment.h"
#include "clients/dovecot/plugin.h"
#include "clients/dovecot/plugin_config.h"
#include "clients/dovecot/relayed.h"

/* From one look at a client that has not taken everything to the next. */
#define LOOK_MSECS 5000
/* A session that lasts so long has somebody in front of it. */
#define ATTEND_MSECS 60000
/* An idling client that has not taken so much yet gets its alerts later. */
#define BACKLOG_BYTES 4096

struct imap_plugin {
    union imap_module_context module_ctx;
    struct client *client;
    struct plugin_config config;
    struct door *door;
    struct timeout *to_look, *to_attend, *to_resync;
    bool relayed;     /* only what the client says shows that it is there */
    bool attended;    /* what is shown is seen, and may be confirmed */
    char *watching;   /* the wake file that this IDLE watches, owned; or NULL */
    bool bye_written; /* the answer to LOGOUT was written */
};

const char *imap_ximss_plugin_version = DOVECOT_ABI_VERSION;
const char imap_ximss_plugin_binary_dependency[] = "imap";

static struct module *this_module;
static imap_client_created_func_t *next_hook;
static MODULE_CONTEXT_DEFINE_INIT(imap_plugin_module, &imap_module_register);

static struct imap_plugin *
plugin_of(struct client *client)
{
    return MODULE_CONTEXT_REQUIRE(client, imap_plugin_module);
}

/* --- confirming --- */

static bool
has_waiting(struct imap_plugin *x)
{
    return door_alerts(x->door)->n_waiting > 0;
}

static int64_t
now_msecs(void)
{
    return (int64_t)(i_microseconds() / 1000);
}

/* After a clock was set back, an alert is as good as old. */
static bool
is_old(const struct imap_plugin *x, const struct door_alert *a, int64_t now)
{
    return now < a->sent_at || now - a->sent_at >= x->config.imap_settle;
}

/* It stayed long enough with the client, as far as that can be known. */
static bool
has_settled(const struct imap_plugin *x, const struct door_alert *a,
            int64_t now)
{
    return !x->relayed && is_old(x, a, now);
}

static void on_look(struct imap_plugin *x);

/* The oldest that was written, NULL: none. */
static struct door_alert *
first_sent(struct imap_plugin *x)
{
    struct door_alert *a = door_alerts(x->door)->first;

    while (a != NULL && a->state != DOOR_SENT)
        a = a->next;
    return a;
}

/* Looks again when the next alert is old, or after a while, if it is, or if some
 * wait for room. */
static void
look_later(struct imap_plugin *x)
{
    struct door_alert *a = x->attended && !x->relayed ? first_sent(x) : NULL;
    int64_t now = now_msecs(), settle = x->config.imap_settle;

    timeout_remove(&x->to_look);
    if (a == NULL && !(has_waiting(x) && imap_moment_waiting(x->client)))
        return;
    x->to_look = timeout_add_short(a == NULL || is_old(x, a, now)
                                       ? LOOK_MSECS
                                       : (unsigned)(a->sent_at + settle - now),
                                   on_look, x);
}

/* Confirms what has been shown.  all: the client will say no more. */
static void
settle(struct imap_plugin *x, bool all)
{
    uoff_t heard = i_stream_get_absolute_offset(x->client->input);
    int64_t now = now_msecs();

    for (struct door_alert *a = first_sent(x); a != NULL; a = a->next)
        if (a->state == DOOR_SENT &&
            (all || heard > a->mark || has_settled(x, a, now)))
            door_shown(x->door, a);
    door_flush(x->door);
}

static void
settle_if_taken(struct imap_plugin *x)
{
    if (x->attended && door_alerts(x->door)->n_sent > 0 &&
        imap_moment_taken(x->client))
        settle(x, false);
}

/* Somebody is there now. */
static void
attend(struct imap_plugin *x)
{
    if (x->attended)
        return;
    x->attended = true;
    timeout_remove(&x->to_attend);
    door_attend(x->door);
    settle_if_taken(x);
    look_later(x);
}

/* --- showing --- */

static void
write_alert(struct imap_plugin *x, const struct door_alert *a)
{
    T_BEGIN
    {
        client_send_line(
            x->client,
            t_strdup_printf("* %s [ALERT] %s",
                            door_choice_word_for(x->config.word, &a->kind),
                            a->line));
    }
    T_END;
}

/* Writes all that wait.  What the client has said so far it said before. */
static void
show_if_any(struct imap_plugin *x)
{
    struct istream *input = x->client->input;
    uint64_t mark =
        i_stream_get_absolute_offset(input) + i_stream_get_data_size(input);
    struct door_alert *a;

    if (!has_waiting(x))
        return;
    while ((a = door_queue_waiting(door_alerts(x->door))) != NULL) {
        write_alert(x, a);
        door_sent(x->door, a, mark, now_msecs());
    }
    door_flush(x->door);
    look_later(x);
}

/* May end the client. */
static void
on_resync(struct imap_plugin *x)
{
    struct mailbox *box = x->client->mailbox;

    timeout_remove(&x->to_resync);
    if (box != NULL && box->notify_callback != NULL &&
        imap_moment_idling(x->client))
        box->notify_callback(box, box->notify_context);
}

/* Takes the file of a server that has gone from what is watched, which can be done
 * with all files only.  So what has happened to the mailbox meanwhile must be looked
 * for, and then Dovecot hibernates again, if that was in its way before. */
static void
watch_afresh(struct imap_plugin *x, struct mailbox *box)
{
    mailbox_notify_callback_t *callback = box->notify_callback;
    void *context = box->notify_context;

    if (callback == NULL)
        return;
    mailbox_notify_changes_stop(box);
    (mailbox_notify_changes)(box, callback, context);
    timeout_remove(&x->to_resync);
    x->to_resync = timeout_add_short(0, on_resync, x);
}

/* Hibernation takes the process away, but not the watches of the mailbox: with
 * the wake file among them ximssd can have the process started again.  Dovecot
 * does not hibernate if a watched file is missing. */
static void
watch_wake_file(struct imap_plugin *x)
{
    struct mailbox *box = x->client->mailbox;
    const char *path = door_wake_file(x->door);
    struct stat st;

    if (path == NULL || *path != '/' || box == NULL ||
        null_strcmp(x->watching, path) == 0 || box->notify_files == NULL ||
        stat(path, &st) < 0)
        return;
    if (x->watching != NULL)
        watch_afresh(x, box);
    i_free(x->watching);
    x->watching = i_strdup(path);
    mailbox_watch_add(box, path);
}

/* Shows what waits, if the client waits for news. */
static void
show_now(struct imap_plugin *x)
{
    struct client *client = x->client;

    if (client->destroyed || client->disconnected)
        return;
    if (imap_moment_idling(client) && client->set->imap_hibernate_timeout > 0)
        watch_wake_file(x);
    if (!has_waiting(x) || !imap_moment_waiting(client))
        return;
    if (!imap_moment_writable(client) ||
        o_stream_get_buffer_used_size(client->output) > BACKLOG_BYTES) {
        look_later(x);
        return;
    }
    o_stream_cork(client->output);
    show_if_any(x);
    o_stream_uncork(client->output);
}

static void
on_look(struct imap_plugin *x)
{
    timeout_remove(&x->to_look);
    settle_if_taken(x);
    show_now(x);
    look_later(x);
}

static void
on_changed(void *arg)
{
    show_now(arg);
}

/* --- hooks of a client --- */

/* NULL: this client has no door, or none any more: while a client is destroyed, its
 * commands are cancelled. */
static struct imap_plugin *
plugin_at_work(struct client *client)
{
    struct imap_plugin *x = MODULE_CONTEXT(client, imap_plugin_module);

    return x == NULL || x->door == NULL ? NULL : x;
}

static void
plugin_send_tagline(struct client_command_context *cmd, const char *data)
{
    struct client *client = cmd->client;
    struct imap_plugin *x = plugin_of(client);

    if (x->door != NULL) {
        settle_if_taken(x);
        if (imap_moment_is(cmd, "IDLE"))
            i_free(x->watching);
        if (imap_moment_before(cmd))
            show_if_any(x);
    }
    x->module_ctx.super.send_tagline(cmd, data);
    if (client->logged_out && !client->output->closed)
        x->bye_written = o_stream_flush(client->output) > 0;
}

/* Do alerts wait, or are some on their way to the client, as far as can be known?
 * What a relayed client is sent is, until it says something. */
static bool
owes_alerts(struct imap_plugin *x)
{
    if (x->relayed && x->attended)
        settle(x, false);
    return has_waiting(x) || (door_alerts(x->door)->n_sent > 0 &&
                              (x->relayed || !imap_moment_taken(x->client)));
}

/* Is asked before the process hibernates, which is as good as the five seconds:
 * the process will not be there when they are over.  So it stays until the client
 * has all alerts, or else it would get them again. */
static int
plugin_state_export(struct client *client, bool internal, buffer_t *dest,
                    const char **error_r)
{
    struct imap_plugin *x = plugin_of(client);

    if (internal && owes_alerts(x)) {
        *error_r = "the client does not have all alerts yet";
        return 0;
    }
    if (internal && client->mailbox == NULL &&
        door_wake_file(x->door) != NULL) {
        *error_r = "without a mailbox, alerts could not wake it";
        return 0;
    }
    if (internal && x->attended)
        settle(x, true);
    return x->module_ctx.super.state_export(client, internal, dest, error_r);
}

static void
plugin_destroy(struct client *client, const char *reason)
{
    struct imap_plugin *x = plugin_of(client);

    timeout_remove(&x->to_look);
    timeout_remove(&x->to_attend);
    timeout_remove(&x->to_resync);
    i_free(x->watching);
    if (x->attended && x->bye_written)
        settle(x, true);
    door_close(&x->door, client->hibernated);
    x->module_ctx.super.destroy(client, reason);
}

static void
before_command(struct client_command_context *cmd)
{
    struct imap_plugin *x = plugin_at_work(cmd->client);

    if (x == NULL)
        return;
    settle_if_taken(x);
    if (imap_moment_is(cmd, "LOGOUT") && imap_moment_writable(cmd->client))
        show_if_any(x);
}

/* Before hours of IDLE, what the log-in and the loading of plugins took for a moment
 * goes back to the kernel: more pages than the plugin keeps.  That takes some 20 us,
 * a fifth of what an IDLE does anyway. */
static void
return_memory(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

static void
after_command(struct client_command_context *cmd)
{
    struct imap_plugin *x = plugin_at_work(cmd->client);

    if (x == NULL || !imap_moment_idling(cmd->client))
        return;
    attend(x);
    show_now(x);
    return_memory();
}

/* --- the beginning --- */

static void
open_door(struct imap_plugin *x)
{
    struct client *client = x->client;
    struct mail_user *user = client->user;
    struct door_settings s = {
        .socket = x->config.socket,
        .login = {.user = user->username, .service = "imap"},
        .line_max = DOOR_TEXT_IMAP,
        .event = user->event, /* the client's own ignores mail_debug */
    };

    /* Who was hibernating was idling. */
    x->attended = !x->config.attended_only || user->session_restored;
    x->relayed = relayed(client->fd_out);
    s.login.attended = x->attended;
    s.login.resumed = user->session_restored;
    s.login.hibernate = client->set->imap_hibernate_timeout > 0;
    if (user->conn.remote_ip != NULL)
        s.login.client =
            p_strdup(client->pool, net_ip2addr(user->conn.remote_ip));
    x->door = door_open(&s, on_changed, x);
    if (!x->attended)
        x->to_attend = timeout_add(ATTEND_MSECS, attend, x);
}

/* A process that no master started greets with PREAUTH, which comes first. */
static bool
is_preauth(void)
{
    return getenv(MASTER_IS_PARENT_ENV) == NULL;
}

/* The answer to the log-in is written right after this, so what is written here
 * stands before it. */
static void
greet(struct imap_plugin *x)
{
    if (x->client->user->session_restored || x->config.imap_wait == 0 ||
        is_preauth())
        return;
    (void)door_wait(x->door, x->config.imap_wait);
    show_if_any(x);
}

static void
on_client_created(struct client **clientp)
{
    struct client *client = *clientp;
    struct plugin_config config;
    struct imap_plugin *x;

    if (mail_user_is_plugin_loaded(client->user, this_module) &&
        !client->user->anonymous) {
        plugin_config_read(client->user, &config);
        if (config.socket != NULL) {
            x = p_new(client->pool, struct imap_plugin, 1);
            x->client = client;
            x->config = config;
            x->module_ctx.super = client->v;
            client->v.send_tagline = plugin_send_tagline;
            client->v.state_export = plugin_state_export;
            client->v.destroy = plugin_destroy;
            MODULE_CONTEXT_SET(client, imap_plugin_module, x);
            open_door(x);
            greet(x);
        }
    }
    if (next_hook != NULL)
        next_hook(clientp);
}

void
imap_ximss_plugin_init(struct module *module)
{
    this_module = module;
    next_hook = imap_client_created_hook_set(on_client_created);
    command_hook_register(before_command, after_command);
}

void
imap_ximss_plugin_deinit(void)
{
    command_hook_unregister(before_command, after_command);
    imap_client_created_hook_set(next_hook);
}
