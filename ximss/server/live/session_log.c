/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/session_log.h"

#include "util/clock.h"
#include "util/log_event.h"
#include "util/text.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/worker.h"

#define MINUTE (60 * CLOCK_SECOND)

static void
begin_minute(struct account *a, int64_t now)
{
    char name[ACCOUNT_NAME_SIZE];

    if (now >= a->log_since && now - a->log_since < MINUTE)
        return;
    if (a->log_left_out > 0) {
        account_full_name(a, name);
        log_event(LOG_INFO_, "sessions left out", LOG_WORD("user", name),
                  LOG_NUMBER("count", a->log_left_out));
    }
    a->log_since = now;
    a->log_lines = a->log_left_out = 0;
}

static bool
may_log(const struct worker *w, struct account *a)
{
    begin_minute(a, clock_mono());
    if (a->log_lines >= w->cfg->log_sessions) {
        a->log_left_out++;
        return false;
    }
    a->log_lines++;
    return true;
}

static const char *
door_word(const struct session *s)
{
    switch ((enum session_door)s->door) {
    case SESSION_DOOR_IMAP:
        return "imap";
    case SESSION_DOOR_POP3:
        return "pop3";
    case SESSION_DOOR:
        return "unknown";
    case SESSION_TCP:
    case SESSION_TLS:
    case SESSION_LOCAL:
    case SESSION_PWD:
    case SESSION_PWD_TLS:
    case SESSION_PWD_APOP:
        break;
    }
    return NULL;
}

void
session_log_begin(struct session *s, const char *method)
{
    char user[ACCOUNT_NAME_SIZE], address[PEER_TEXT_SIZE], who[TEXT_WHO_SIZE];

    /* A POP3 client comes every few minutes, for as long as it takes to look; and
     * a script of root's as often as it likes. */
    s->unlogged = s->door == SESSION_DOOR_POP3 || s->account == NULL ||
                  !may_log(session_worker(s), s->account);
    if (!log_wants(s->unlogged ? LOG_DEBUG_ : LOG_INFO_))
        return;
    session_user(s, user);
    peer_format(session_address(s), address);
    log_event(s->unlogged ? LOG_DEBUG_ : LOG_INFO_, "session begin",
              LOG_NUMBER("id", s->number),
              LOG_WORD("user", text_who(user, who)),
              LOG_WORD("address", address), LOG_WORD("method", method),
              LOG_YES_NO("tls", session_is_encrypted(s)),
              LOG_WORD("door", door_word(s)),
              LOG_WORD("token", s->token != NULL ? s->token->name : NULL));
}

void
session_log_end(const struct session *s, const char *reason)
{
    bool debug = s->number == 0 || s->unlogged;
    char user[ACCOUNT_NAME_SIZE], address[PEER_TEXT_SIZE], who[TEXT_WHO_SIZE];

    if (!log_wants(debug ? LOG_DEBUG_ : LOG_INFO_))
        return;
    session_user(s, user);
    peer_format(session_address(s), address);
    log_event(debug ? LOG_DEBUG_ : LOG_INFO_, "session end",
              LOG_NUMBER("id", s->number),
              LOG_WORD("user", text_who(user, who)),
              LOG_WORD("address", address), LOG_WORD("door", door_word(s)),
              LOG_QUOTED("reason", reason));
}

void
session_log_refused(const struct session *s, struct account *a,
                    const char *method)
{
    char user[ACCOUNT_NAME_SIZE], address[PEER_TEXT_SIZE];

    if (!may_log(session_worker(s), a))
        return;
    account_full_name(a, user);
    peer_format(session_address(s), address);
    log_event(LOG_WARN_, "login refused", LOG_WORD("user", user),
              LOG_WORD("address", address), LOG_WORD("method", method),
              LOG_WORD("reason", "sessions"));
}
