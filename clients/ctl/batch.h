/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_BATCH_H
#define CLIENTS_CTL_BATCH_H

#include <sys/queue.h>

#include "clients/ctl/ctl.h"
#include "clients/ctl/input.h"
#include "clients/ctl/progress.h"

/* A file of things to do, one command each, over one connection: what `account
 * import` and `cli --file` share.  A window of commands is kept under way, so
 * that the server can hash passwords on all its cores and commit many changes
 * at once; it carries them out, and answers, in their order.  The first line
 * without an answer is where a batch that was stopped goes on.
 *
 * The command has the options --from, --window and --quiet. */

struct batch_item { /* under way */
    TAILQ_ENTRY(batch_item) link;
    struct batch *batch;
    unsigned long line;
    char *label; /* what it is about, for messages */
};

struct batch {
    struct ctl *c;
    struct input in;
    const char *path; /* as messages call it */
    unsigned window;
    unsigned long from;   /* lines before are skipped */
    bool stop_at_refusal; /* begin nothing when one was refused */
    bool one_by_one;      /* so that nothing behind it has begun: window is 1 */
    struct progress p;

    /* Reads the next thing of the file and hands it to batch_send or
     * batch_refuse, or skips it.  False: the end of the file. */
    bool (*next)(struct batch *b);
    /* What the server said; not called if the connection was lost.  It counts
     * the item in p.done, or gives it to batch_refuse. */
    void (*answer)(struct batch *b, const struct batch_item *item,
                   const struct ximss_result *result, const char *data,
                   size_t len);

    /* its course */
    TAILQ_HEAD(, batch_item) items; /* oldest first */
    unsigned long resume;           /* where it stopped; 0: nowhere yet */
    unsigned long last_lost;        /* the last line whose answer was lost */
    bool at_end, stop, lost;
};

/* Reads the options, and opens the file ("-": standard input).  CTL_OK, or the
 * exit code, with the error told; to be closed in both cases. */
int batch_open(struct batch *b, struct ctl *c, const char *path) WARN_UNUSED;
void batch_close(struct batch *b);

/* Connects and runs to the end, to the first refusal if that stops it, until
 * the connection is lost or a signal comes.  CTL_OK: it has begun at least, and
 * batch_end says the rest; else the exit code, told. */
int batch_run(struct batch *b) WARN_UNUSED;

/* Says where it stopped, if it did.  The exit code. */
int batch_end(struct batch *b) WARN_UNUSED;

/* The first line that remains to be done; 0: none. */
unsigned long batch_rest(const struct batch *b);

/* Wipes and clears the command; the label is copied.  -1: it cannot be sent, and
 * ximss_error says why. */
int batch_send(struct batch *b, unsigned long line, const char *label,
               struct buf *command) WARN_UNUSED;

/* Counts and tells "FILE:LINE: LABEL: TEXT"; label may be "". */
void batch_refuse(struct batch *b, unsigned long line, const char *label,
                  const char *text);

/* Tells it alike, and counts nothing. */
void batch_note(struct batch *b, unsigned long line, const char *label,
                const char *text);

/* batch_refuse with what the server said. */
void batch_refuse_result(struct batch *b, const struct batch_item *item,
                         const struct ximss_result *result);

#endif
