/* SPDX-License-Identifier: BSD-2-Clause */
#include "clients/dovecot/compat.h"

#include <imap-common.h>

#include "clients/dovecot/imap_moment.h"

#include <imap-commands.h>
#include <istream.h>
#include <linux/sockios.h>
#include <ostream.h>
#include <sys/ioctl.h>

bool
imap_moment_is(const struct client_command_context *cmd, const char *name)
{
    return cmd->name != NULL && strcasecmp(cmd->name, name) == 0;
}

/* Before the tagged lines of these, every client takes an untagged OK. */
static bool
is_safe(const struct client_command_context *cmd)
{
    static const char *const safe[] = {
        "NOOP",   "SELECT", "EXAMINE", "LIST",     "LSUB",
        "STATUS", "CHECK",  "CLOSE",   "UNSELECT", "CAPABILITY",
        "ID",     "ENABLE", "IDLE",    "NAMESPACE"};

    for (size_t i = 0; i < N_ELEMENTS(safe); i++)
        if (imap_moment_is(cmd, safe[i]))
            return true;
    return false;
}

/* Has a command begun, and not answered yet?  One that only waits until the mailbox
 * is synchronized has no function any more. */
static bool
is_at_work(const struct client_command_context *cmd)
{
    return (cmd->func != NULL ||
            cmd->state == CLIENT_COMMAND_STATE_WAIT_SYNC) &&
           !cmd->tagline_sent &&
           cmd->state != CLIENT_COMMAND_STATE_WAIT_UNAMBIGUITY;
}

/* True if a client that pipelines waits for the answer to a command before which
 * nothing may go in. */
static bool
others_are_at_work(const struct client_command_context *cmd)
{
    const struct client_command_context *other = cmd->client->command_queue;

    for (; other != NULL; other = other->next)
        if (other != cmd && is_at_work(other) && !is_safe(other))
            return true;
    return false;
}

bool
imap_moment_writable(const struct client *client)
{
    return !client->destroyed && !client->disconnected &&
           !client->output->closed && client->output_cmd_lock == NULL;
}

bool
imap_moment_before(const struct client_command_context *cmd)
{
    const struct client *client = cmd->client;

    return is_safe(cmd) && !cmd->cancel && !client->logged_out &&
           imap_moment_writable(client) && !others_are_at_work(cmd);
}

bool
imap_moment_idling(const struct client *client)
{
    const struct client_command_context *cmd = client->command_queue;

    return cmd != NULL && cmd->next == NULL && imap_moment_is(cmd, "IDLE") &&
           cmd->state == CLIENT_COMMAND_STATE_WAIT_INPUT && !cmd->tagline_sent;
}

/* With NOTIFY (RFC 5465) a client that does nothing is told things, too. */
static bool
is_listening(const struct client *client)
{
    return client->notify_ctx != NULL && client->command_queue == NULL &&
           client->input_lock == NULL &&
           i_stream_get_data_size(client->input) == 0;
}

bool
imap_moment_waiting(const struct client *client)
{
    return imap_moment_idling(client) || is_listening(client);
}

bool
imap_moment_taken(const struct client *client)
{
    int left = 0;

    return !client->output->closed &&
           o_stream_get_buffer_used_size(client->output) == 0 &&
           (ioctl(client->fd_out, SIOCOUTQ, &left) < 0 || left == 0);
}
