/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_DOOR_WIRE_H
#define CLIENTS_DOVECOT_DOOR_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The wire of the mail door (doc/protocol.md, "The mail door"): the requests a
 * mail process makes, and the few messages it listens to.  Nothing of Dovecot is
 * used here, and no XML library: expat would be a parser of 10 KiB and more in
 * each mail process, for four messages of a known server.  What is read is
 * bounded, and anything unknown is skipped. */

/* The ids of requests.  That of an alertConfirm is the number of the alert. */
#define DOOR_ID_LOGIN    "login"
#define DOOR_ID_TOLD     "told" /* the noop after the log-in */
#define DOOR_ID_ATTENDED "attended"
#define DOOR_ID_BYE      "bye"

enum door_type {
    DOOR_NOTHING = 0, /* no message, or one that does not matter here */
    DOOR_SESSION,     /* the log-in worked: wake_file */
    DOOR_RESPONSE,    /* the answer to a request: id, error, alert */
    DOOR_ALERT,       /* alert, kind, text */
    DOOR_REMOVED,     /* an alert was withdrawn: alert */
    DOOR_BYE          /* the session is over */
};

enum door_severity {
    DOOR_INFO,
    DOOR_WARNING,
    DOOR_CRITICAL
};

/* What is known of an alert but its text. */
struct door_kind {
    enum door_severity severity;
    bool quota;      /* of the account's storage */
    bool to_account; /* to this account alone; quota alerts are */
};

struct door_message {
    enum door_type type;
    const char *id; /* never NULL; "" where the server says something unasked */
    unsigned error; /* of a response: errorNum, 0 on success */
    uint64_t alert; /* number of the alert; of a response: its id, if that is a
                        number, else 0 */
    struct door_kind kind;
    const char *text; /* UTF-8 as the server sent it, not terminated */
    size_t text_len;
    bool text_cut;         /* there was more of the text */
    const char *wake_file; /* NULL: none */
};

/* The beginning of a message that is not complete.  A zeroed struct is empty. */
struct door_wire {
    char *data;
    size_t len, cap;
    bool cut; /* more came than is kept */
};

/* Bytes kept of a message; of one that is longer, the beginning counts. */
#define DOOR_WIRE_MOST 8192

/* Takes bytes from the server, up to the end of the first message among them,
 * and returns how many it has taken (all, if none ends there).  They are changed.
 * *m_r is that message, or DOOR_NOTHING; its strings point into the bytes or into
 * w, and are borrowed until either changes. */
size_t door_wire_take(struct door_wire *w, char *data, size_t len,
                      struct door_message *m_r);

/* Frees the memory; w is empty. */
void door_wire_clear(struct door_wire *w);

/* One message without its 0.  The bytes are changed.  cut: they are only the
 * beginning of it.  True if it is one that matters. */
bool door_wire_parse(char *data, size_t len, bool cut,
                     struct door_message *m_r);

struct door_login {
    const char *user;
    const char *service; /* "imap" or "pop3" */
    const char *client;  /* address of the mail program; NULL: unknown */
    bool attended;       /* somebody sits in front of it */
    bool hibernate;      /* a wake file is wanted */
    bool resumed;        /* it has hibernated */
};

/* Room for any request with a name of an account and an address in it. */
#define DOOR_WIRE_REQUEST 1024

/* Each writes a request with its 0, and returns its length; 0 if it does not fit
 * into `size` bytes. */
size_t door_wire_login(char *out, size_t size, const struct door_login *login);
/* The noop that is answered when all alerts that waited were sent. */
size_t door_wire_told(char *out, size_t size);
/* From now on somebody sits in front of the mail program. */
size_t door_wire_attended(char *out, size_t size);
/* The alert was shown. */
size_t door_wire_confirm(char *out, size_t size, uint64_t alert);
/* hibernate: the mail process is about to sleep. */
size_t door_wire_bye(char *out, size_t size, bool hibernate);

#endif
