/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_PWD_COMMANDS_H
#define XIMSS_SERVER_REQUESTS_PWD_COMMANDS_H

#include "ximss/server/live/request.h"
#include "ximss/server/live/session_private.h"

#define PWD_CHALLENGE_SIZE 200

/* A PWD connection: for dialect_pwd.c (lines and replies) and pwd_commands.c
 * (the commands about the connection). */
struct pwd {
    struct session session;             /* first */
    char *user;                         /* owned; of USER, until PASS */
    char challenge[PWD_CHALLENGE_SIZE]; /* of the greeting; "": none */
    bool inline_data;                   /* results stand in the status line */
    bool dropping; /* the rest of a line that was too long */
};

struct pwd *pwd_of(struct session *s);

/* Wipes and frees; *text becomes NULL. */
void pwd_wipe(char **text);

/* What a client says in an exchange: "=" is the empty text. */
const char *pwd_sasl_text(const char *text);

/* The command of that name (any case); NULL: the engine's, or none. */
struct pwd_command;
const struct pwd_command *pwd_command_find(const struct session *s,
                                           const char *word);
/* Carries it out, or says that it is not the time; rest: what stands behind its
 * name.  k NULL: before log-in, something that is not ours. */
enum req_result pwd_command_run(struct req *r, const struct pwd_command *k,
                                const char *rest);

#endif
