/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_LASTING_SESSION_H
#define XIMSS_SERVER_LIVE_LASTING_SESSION_H

#include "ximss/server/rules/lasting.h"

struct req;
struct session;

/* Lasting sessions that are connected: what a session knows of its record
 * (lasting.h), and what becomes of the record when the session ends. */

/* Of a session (struct session); owned by it. */
struct lasting {
    char id[SESSION_ID_TEXT_SIZE];
    uint8_t hash[TICKET_HASH_BYTES];
    char note[TICKET_NOTE_BYTES + 1];
    int64_t expires; /* of its record, as far as this session knows */
    char device[88]; /* the token to be given with the log-in; wiped then */
    bool over;       /* the record is not its any more */
};

/* What a log-in got, for the session; NULL: nothing. */
struct lasting *lasting_session_new(const struct lasting_wish *w);
/* urlID of any session. */
void lasting_session_id(const struct session *s,
                        char out[SESSION_ID_TEXT_SIZE]);
/* True if that is the id of this session, which lasts. */
bool lasting_session_is(const struct session *s, const char *id);

/* The client says bye: answers when nothing brings the session back. */
void lasting_session_bye(struct req *r);
/* Its connection is gone: it is good for a while yet (session-resume-time). */
void lasting_session_lost(struct session *s);

#endif
