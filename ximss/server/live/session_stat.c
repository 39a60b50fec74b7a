/* SPDX-License-Identifier: BSD-2-Clause */
/* What a session was counted as is kept in it: at its end its account may be
 * gone from it. */
#include "config.h"

#include "ximss/server/live/session_stat.h"

#include "ximss/server/base/stat.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/session_private.h"

static enum stat_door
door_of(const struct session *s)
{
    switch ((enum session_door)s->door) {
    case SESSION_TCP:
        return STAT_AT_TCP;
    case SESSION_TLS:
        return STAT_AT_TLS;
    case SESSION_LOCAL:
        return STAT_AT_LOCAL;
    case SESSION_PWD:
    case SESSION_PWD_APOP:
        return STAT_AT_PWD;
    case SESSION_PWD_TLS:
        return STAT_AT_PWD_TLS;
    case SESSION_DOOR:
    case SESSION_DOOR_IMAP:
    case SESSION_DOOR_POP3:
        return STAT_AT_MAIL;
    }
    return STAT_AT_TCP;
}

void
session_stat_connected(struct session *s)
{
    stat_add(STAT_CONNECTIONS, 1);
    stat_add(STAT_CONNECTIONS_OPEN_AT + door_of(s), 1);
}

static void
count_open(const struct session *s, int n)
{
    stat_add(STAT_SESSIONS_OPEN_AT + door_of(s), n);
    if (s->stat_lasting)
        stat_add(STAT_SESSIONS_LASTING, n);
    if (s->stat_shared)
        stat_add(STAT_SESSIONS_SHARED, n);
}

void
session_stat_opened(struct session *s)
{
    s->stat_open = true;
    s->stat_lasting = s->lasting != NULL;
    s->stat_shared = s->account != NULL && s->account->domain->shared;
    count_open(s, 1);
}

void
session_stat_ended(const struct session *s)
{
    stat_add(STAT_CONNECTIONS_OPEN_AT + door_of(s), -1);
    if (s->stat_open)
        count_open(s, -1);
}
