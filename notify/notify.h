/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "notify/notify_config.h"
#include "util/errbuf.h"

/* Sends notices out of the server: by mail, to a URL, by a command.  One thread
 * does it; it knows nothing of who has something to say, nor why.
 *
 * Each method has a queue of its own and places of its own, so that a mail
 * server that hangs keeps no URL waiting. */

enum notify_method {
    NOTIFY_MAIL,
    NOTIFY_URL,
    NOTIFY_COMMAND
};
#define NOTIFY_METHODS 3

/* Longest texts of a notice, in bytes; what is longer cannot be sent. */
#define NOTIFY_TO_MOST      2000
#define NOTIFY_SUBJECT_MOST 1000
#define NOTIFY_BODY_MOST    65536
#define NOTIFY_URL_MOST     8000
#define NOTIFY_SECRET_MOST  500
#define NOTIFY_ARGS_MOST    64   /* arguments, with the program */
#define NOTIFY_ARG_MOST     8192 /* of one */

/* What to send.  Members that the method does not use are not looked at. */
struct notify_notice {
    enum notify_method method;
    const char *to;          /* mail: addresses, with "," between */
    const char *subject;     /* mail: one line of UTF-8 */
    const char *body;        /* mail: UTF-8; URL and command: JSON (see json) */
    const char *url;         /* URL */
    const char *secret;      /* URL: signs it; NULL or "": unsigned */
    const char *const *argv; /* command: absolute path first, ends with NULL */
    bool json;    /* URL: POST of the body, else GET; command: the body is its
                * standard input, else that is empty */
    uint64_t tag; /* for `done` */
};

/* Told on the notify thread, exactly once for each accepted notice: it was
 * taken over (by sendmail or the command with status 0, by the URL with status
 * 2xx), or why it was not, in one line without control characters, which never
 * has the secret.  It may submit others.  It must not stop or free. */
typedef void notify_done_fn(uint64_t tag, bool ok, const char *why, void *arg);

struct notify;

/* Starts the thread.  Free with notify_free; NULL with err if a descriptor or
 * libcurl is not to be had, or the settings are not good (notify_config_check). */
struct notify *notify_new(const struct notify_config *c, notify_done_fn *done,
                          void *arg, struct errbuf *err) WARN_UNUSED;

/* Other settings, for notices that begin from now on; those in progress keep
 * theirs, and `parallel` stays.  Any thread. */
void notify_configure(struct notify *n, const struct notify_config *c);

/* Whether such a notice can be sent by the settings of now: 0, or -1 with what
 * is wrong.  Asks nobody and waits for nothing.  Any thread.  The same is
 * checked again before it is sent. */
int notify_check(struct notify *n, const struct notify_notice *x,
                 struct errbuf *err) WARN_UNUSED;

/* Takes a copy of the notice.  False: its queue is full, or the end has begun,
 * and `done` is not called.  One that is too long is accepted, and refused by
 * `done`.  Any thread; waits for nothing. */
bool notify_submit(struct notify *n, const struct notify_notice *x) WARN_UNUSED;

/* Notices that are accepted and not done, of all methods.  Any thread. */
unsigned notify_pending(struct notify *n);

/* Takes no more notices, gives those in progress a second, ends what is left,
 * says `done` (false) for all that did not get through, and ends the thread:
 * within NOTIFY_STOP_MOST, whoever hangs.  Twice is well. */
#define NOTIFY_STOP_MOST (3 * INT64_C(1000000)) /* microseconds */
void notify_stop(struct notify *n);

/* Stops it first. */
void notify_free(struct notify **n);

/* How many descriptors it may have open at a time, all in all. */
unsigned notify_descriptors(unsigned parallel);

#endif
