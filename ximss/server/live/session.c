/* SPDX-License-Identifier: BSD-2-Clause */
/* A session: one connection, from accept to close.  Who it is, what it is told
 * beside its answers, and its state; session_begin.c, session_input.c,
 * session_time.c and session_end.c have its life, in this order. */
#include "config.h"

#include "ximss/server/live/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log_event.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/session_time.h"
#include "ximss/server/rules/lane.h"

static const char *const state_names[] = {
    [SESSION_NEW] = "new",       [SESSION_LOGIN] = "login",
    [SESSION_OPEN] = "open",     [SESSION_ENDING] = "ending",
    [SESSION_CLOSED] = "closed",
};

static const char *const door_names[] = {
    [SESSION_TCP] = "ximss",      [SESSION_TLS] = "ximsss",
    [SESSION_LOCAL] = "socket",   [SESSION_PWD] = "pwd",
    [SESSION_PWD_TLS] = "pwds",   [SESSION_PWD_APOP] = "pwd",
    [SESSION_DOOR] = "door",      [SESSION_DOOR_IMAP] = "imap",
    [SESSION_DOOR_POP3] = "pop3",
};

const struct dialect *
session_dialect(const struct session *s)
{
    return s->dialect;
}

uint32_t
session_seconds(void)
{
    return (uint32_t)(clock_mono() / CLOCK_SECOND);
}

struct worker *
session_worker(const struct session *s)
{
    return conn_loop_owner(s->conn.loop);
}

const struct peer *
session_address(const struct session *s)
{
    return s->client != NULL ? s->client : &s->peer;
}

bool
session_is_encrypted(const struct session *s)
{
    return conn_is_encrypted(&s->conn) || s->proxy_tls;
}

bool
session_is_at_door(const struct session *s)
{
    return s->door >= SESSION_DOOR;
}

const char *
session_door_name(const struct session *s)
{
    return door_names[s->door];
}

bool
session_is_local(const struct session *s)
{
    return !s->proxied && peer_is_loopback(&s->peer);
}

void
session_user(const struct session *s, char out[ACCOUNT_NAME_SIZE])
{
    if (s->account != NULL)
        account_full_name(s->account, out);
    else if (s->local_admin)
        snprintf(out, ACCOUNT_NAME_SIZE, "local:%u", s->uid);
    else
        out[0] = '\0';
}

void
session_caller(const struct session *s, struct session_caller *c)
{
    char address[PEER_TEXT_SIZE];

    memset(&c->caller, 0, sizeof c->caller);
    session_user(s, c->name);
    peer_format(session_address(s), address);
    snprintf(c->from, sizeof c->from, "%s %s%s%s", address,
             session_door_name(s), s->token != NULL ? " token " : "",
             s->token != NULL ? s->token->name : "");
    c->caller.by_token = s->token != NULL;
    c->caller.name = c->name;
    c->caller.from = c->from;
    if (s->account != NULL) {
        c->caller.account = s->account->number;
        c->caller.domain = s->account->domain->number;
        c->caller.shared = s->account->domain->shared;
        c->caller.rights = s->account->rights;
    } else if (s->local_admin) {
        c->caller.rights = RIGHT_MASTER;
    }
}

uint64_t
session_lane(const struct session *s)
{
    if (s->number != 0)
        return s->lane;
    return session_is_at_door(s) ? lane_of(LANE_DOOR, s->uid)
                                 : lane_of_stranger(session_address(s));
}

uint32_t
session_blocked(const struct session *s)
{
    return (uint32_t)(conn_blocked_us(&s->conn) / CLOCK_SECOND);
}

void
session_set_state(struct session *s, enum session_state state)
{
    char address[PEER_TEXT_SIZE];

    if (log_wants(LOG_DEBUG_)) {
        peer_format(session_address(s), address);
        log_event(LOG_DEBUG_, "session state", LOG_NUMBER("id", s->number),
                  LOG_WORD("address", address),
                  LOG_WORD("state", state_names[state]),
                  LOG_WORD("was", state_names[s->state]));
    }
    s->state = (uint8_t)state;
    session_time_set(s);
    push_audience_changed(s);
}

/* --- messages that are no answers --- */

void
session_free_held(struct session *s)
{
    if (s->held != NULL)
        buf_clear(s->held);
    free(s->held);
    s->held = NULL;
}

void
session_tell(struct session *s, const void *data, size_t len)
{
    if (!s->mid_message) {
        conn_send(&s->conn, data, len);
        return;
    }
    if (s->held == NULL)
        s->held = xcalloc(1, sizeof *s->held);
    buf_append(s->held, data, len);
    if (s->held->len > session_worker(s)->cfg->output_hard ||
        (s->account != NULL && session_held_bytes(&s->account->sessions) >
                                   session_worker(s)->cfg->account_output))
        session_cut(s, "the client does not read: output limit");
}

void
session_tell_held(struct session *s)
{
    if (s->mid_message || s->state != SESSION_OPEN)
        return;
    if (s->held != NULL)
        conn_send(&s->conn, s->held->data, s->held->len);
    session_free_held(s);
    push_session(session_worker(s), s);
}

/* --- for administrators --- */

void
session_describe(const struct session *s, bool whole_id, struct buf *b)
{
    char id[SESSION_ID_TEXT_SIZE], user[ACCOUNT_NAME_SIZE];
    char address[PEER_TEXT_SIZE];

    lasting_session_id(s, id);
    if (!whole_id)
        id[strcspn(id, "-")] = '\0';
    session_user(s, user);
    peer_format(session_address(s), address);
    buf_append_str(b, "{id=");
    cli_data_write_string(b, id, strlen(id));
    buf_append_str(b, ";user=");
    cli_data_write_string(b, user, strlen(user));
    buf_append_str(b, ";address=");
    cli_data_write_string(b, address, strlen(address));
    buf_appendf(b, ";door=%s;encrypted=%s;seconds=%u;idle=%u;}",
                session_door_name(s), session_is_encrypted(s) ? "YES" : "NO",
                session_seconds() - s->login_since,
                session_seconds() - s->last_input);
}
