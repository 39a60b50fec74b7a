/* SPDX-License-Identifier: BSD-2-Clause */
/* What a message of the server changes.  Nothing is sent from here. */
#include "clients/dovecot/compat.h"

#include "clients/dovecot/door_private.h"

void
door_complain(struct door *d, const char *what)
{
    if (!d->complained)
        e_warning(d->set.event, "ximss: %s: %s", d->set.socket, what);
    d->complained = true;
}

static void
on_refused(struct door *d, unsigned error)
{
    d->refusal = error;
    if (error == 527)
        door_complain(d, "ximssd does not let this user id name the account "
                         "(door-users, door-user-format)");
    else
        e_debug(d->set.event, "ximss: log-in refused: %u", error);
}

static bool
on_response(struct door *d, const struct door_message *m)
{
    if (strcmp(m->id, DOOR_ID_LOGIN) == 0) {
        if (m->error != 0) {
            on_refused(d, m->error);
            return false;
        }
        d->refusal = 0;
        if (d->phase == DOOR_ASKED)
            d->phase = DOOR_INSIDE;
    } else if (strcmp(m->id, DOOR_ID_TOLD) == 0 && d->phase == DOOR_INSIDE) {
        d->phase = DOOR_TOLD;
        d->retry_msecs = d->set.retry_msecs;
        door_queue_end(&d->queue);
    } else if (m->alert != 0) {
        door_queue_remove(&d->queue, m->alert);
    }
    return true;
}

static void
on_session(struct door *d, const struct door_message *m)
{
    i_free(d->wake_file);
    if (m->wake_file != NULL)
        d->wake_file = i_strdup(m->wake_file);
}

bool
door_hear(struct door *d, const struct door_message *m)
{
    switch (m->type) {
    case DOOR_NOTHING:
        break;
    case DOOR_SESSION:
        on_session(d, m);
        break;
    case DOOR_RESPONSE:
        return on_response(d, m);
    case DOOR_ALERT:
        return door_queue_add(&d->queue, m, d->set.line_max);
    case DOOR_REMOVED:
        door_queue_remove(&d->queue, m->alert);
        break;
    case DOOR_BYE:
        return false;
    }
    return true;
}
