/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_CLI_TALK_H
#define CLIENTS_BRIDGE_CLI_TALK_H

#include <stdbool.h>
#include <stddef.h>

struct bridge;

/* One command of the CLI, in a session with ximssd that is made for it.  ximssd
 * decides all of it: who that is, how often they may try, what they may do, what
 * the audit log says; it is told where they come from. */
struct cli_talk;

struct cli_order {
    const char *user, *password; /* UTF-8 that XML can carry */
    const char *host;    /* whose domain a bare name belongs to; "": none */
    const char *address; /* the client's */
    const char *command; /* as `user` */
};

enum cli_outcome {
    CLI_DONE,
    CLI_NO_LOGIN, /* refused before it was carried out: by number and text */
    CLI_REFUSED,  /* the same of the command */
    CLI_AWAY,     /* ximssd is not there; the command did not get to it */
    CLI_LOST      /* the same, but it may have been carried out */
};

struct cli_talk_ops {
    /* The next piece of the result: text of the data format. */
    void (*on_data)(void *arg, const char *data, size_t len);
    /* The last that is heard of it. */
    void (*on_end)(void *arg, enum cli_outcome outcome, int number,
                   const char *text);
};

/* ops and arg are borrowed; they are called later.  The order is copied, and
 * wiped when it is done with. */
struct cli_talk *cli_talk_start(struct bridge *b, const struct cli_order *order,
                                const struct cli_talk_ops *ops, void *arg);
/* His name and password were right. */
bool cli_talk_is_logged_in(const struct cli_talk *t);
/* Whether the next pieces wait. */
void cli_talk_pause(struct cli_talk *t, bool wait);
/* Nobody waits for it any more; not after on_end.  A command that is under way
 * goes on. */
void cli_talk_cancel(struct cli_talk *t);

#endif
