/* SPDX-License-Identifier: BSD-2-Clause */
/* The sessions of one account.  There are only a few. */
#include "config.h"

#include "ximss/server/live/session_private.h"

#include "util/clock.h"
#include "util/log_event.h"
#include "ximss/server/live/lasting_session.h"

/* A session looks dead when it has said nothing for so long (clients are to say
 * something every five minutes), or has not read for so long. */
#define DEAD_SILENT_SECONDS 300

void
session_link_account(struct session *s, struct account_sessions *head)
{
    TAILQ_INSERT_TAIL(head, s, of_account);
}

void
session_unlink_account(struct session *s, struct account_sessions *head)
{
    TAILQ_REMOVE(head, s, of_account);
}

size_t
session_held_bytes(const struct account_sessions *head)
{
    const struct session *s;
    size_t n = 0;

    TAILQ_FOREACH(s, head, of_account)
        n += s->held != NULL ? s->held->len : 0;
    return n;
}

uint64_t
session_got(const struct account_sessions *head)
{
    const struct session *s;
    uint64_t got = UINT64_MAX;

    TAILQ_FOREACH(s, head, of_account) {
        uint64_t had = s->cursor > s->login_id ? s->cursor : s->login_id;

        if (s->state == SESSION_OPEN && s->opt_alerts && had < got)
            got = had;
    }
    return got;
}

unsigned
session_send_changes(const struct account_sessions *head, const void *data,
                     size_t len, const struct session *except)
{
    struct session *s, *next;
    unsigned n = 0;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        if (s != except && s->state == SESSION_OPEN && s->opt_changes &&
            s->opt_alerts) {
            session_tell(s, data, len);
            n++;
        }
    return n;
}

/* For how many seconds it has looked dead; 0: it does not.  A mail process has
 * nothing to say for hours. */
static uint32_t
dead_for(const struct session *s, uint32_t now)
{
    uint32_t silent = now - s->last_input;
    uint32_t blocked = session_blocked(s);

    if (!session_is_at_door(s) && (int32_t)silent >= DEAD_SILENT_SECONDS)
        return silent;
    return blocked >= SESSION_BLOCKED_SECONDS ? blocked : 0;
}

bool
session_make_room(const struct account_sessions *head, bool at_door)
{
    struct session *s, *dead = NULL;
    uint32_t now = session_seconds(), longest = 0;
    char user[ACCOUNT_NAME_SIZE];

    TAILQ_FOREACH(s, head, of_account) {
        uint32_t n = session_is_at_door(s) == at_door ? dead_for(s, now) : 0;

        if (!s->gave_place && n > longest) {
            dead = s;
            longest = n;
        }
    }
    if (dead == NULL)
        return false;
    session_user(dead, user);
    log_event(LOG_INFO_, "session makes room", LOG_NUMBER("id", dead->number),
              LOG_WORD("user", user), LOG_NUMBER("silent", longest));
    session_kill_now(dead, "makes room for another of its account");
    return true;
}

void
session_kill_all(struct account_sessions *head)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        session_end_for_good(s, "killed by an administrator");
}

void
session_kill_doors(struct account_sessions *head)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        if (session_is_at_door(s))
            session_kill_now(s, "its account was renamed");
}

struct session *
session_of_id(const struct account_sessions *head, const char *id)
{
    struct session *s;

    TAILQ_FOREACH(s, head, of_account)
        if (s->state == SESSION_OPEN && lasting_session_is(s, id))
            return s;
    return NULL;
}

void
session_replace(struct account_sessions *head, const char *id)
{
    struct session *s;

    while ((s = session_of_id(head, id)) != NULL)
        session_end_for_good(s, "goes on by another connection");
}

void
session_kill_device(struct account_sessions *head, uint64_t device)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        if (s->state == SESSION_OPEN && s->device != 0 &&
            (device == 0 || s->device == device))
            session_end_for_good(s, "its device was revoked");
}

void
session_kill_token(struct account_sessions *head, uint64_t token)
{
    struct session *s, *next;

    TAILQ_FOREACH_SAFE(s, head, of_account, next)
        if (s->token != NULL && s->token->id == token)
            session_kill_now(s, "its token was revoked");
}
