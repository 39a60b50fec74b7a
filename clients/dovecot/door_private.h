/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_DOOR_PRIVATE_H
#define CLIENTS_DOVECOT_DOOR_PRIVATE_H

#include "clients/dovecot/door.h"

struct io;
struct timeout;

enum door_phase {
    DOOR_AWAY,   /* no connection */
    DOOR_ASKED,  /* the log-in was sent */
    DOOR_INSIDE, /* it worked; the server tells what waits */
    DOOR_TOLD    /* it has told everything */
};

struct door {
    struct door_settings set; /* login.attended: as of now */
    door_changed_cb *changed; /* NULL: none */
    void *arg;
    enum door_phase phase;
    int fd;
    struct io *io_in;  /* NULL while nothing is to be read */
    struct io *io_out; /* while the socket takes nothing */
    struct timeout *to_retry, *to_pace;
    unsigned retry_msecs;
    int64_t pace_left; /* what may still be read until to_pace; below 0: owed */
    bool attend;       /* the server does not know yet that somebody is there */
    bool complained;   /* something was logged that an operator can mend */
    unsigned refusal;  /* errorNum of the log-in, 0 */
    char *wake_file;   /* owned */
    struct door_wire wire;
    struct door_queue queue;
};

/* Takes a message in.  False: the connection is over. */
bool door_hear(struct door *d, const struct door_message *m);

/* Logs what an operator can mend, once in a session. */
void door_complain(struct door *d, const char *what);

#endif
