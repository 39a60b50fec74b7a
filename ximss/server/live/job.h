/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_JOB_H
#define XIMSS_SERVER_LIVE_JOB_H

#include <stdint.h>

#include "storage/store.h"
#include "util/mailbox.h"
#include "ximss/server/rules/effect.h"
#include "ximss/server/rules/rights.h"

struct admin_context;
struct server;
struct worker;

/* A store job that a worker waits for.  Embedded as the first member in a
 * struct with what its body needs.
 *
 * The body runs on the writer thread; what it changed for those who are
 * connected it notes in `effects`.  After the commit the effects go to all
 * workers (publish.c), and then finish runs on the worker that submitted the
 * job: it owns the job again and frees it.  A body that returns STORE_AGAIN runs
 * again behind others (store.h); the effects of its part go to the workers at
 * once, and finish runs when it has come to its end. */
struct job {
    struct mail mail;
    struct server *server;
    struct worker *worker; /* who submitted; NULL: finish runs on any thread */
    uint64_t lane;         /* whose turn it takes (lane.h); 0: the server's */
    enum store_result (*body)(struct job *j, struct store_txn *t,
                              struct errbuf *err);
    void (*finish)(struct job *j);
    void (*ended)(struct job *j); /* on the writer thread, with the result; may
                                     be NULL */
    enum store_result result;
    struct errbuf err;
    struct effect_list effects;
    bool is_trial;     /* what the body writes is taken back; it leaves no
                          effects */
    bool in_parts;     /* effects of earlier parts are on their way */
    unsigned sessions; /* told of an alert added or removed, when finish runs */
};

/* Fills the job (the rest of the caller's struct is its own). */
void job_init(struct job *j, struct server *server, struct worker *worker);
void job_submit(struct job *j);
/* With what its body changes the store: for the caller (NULL: the server
 * itself), now, under the server's settings, with the job's effects.  Whatever
 * else the body needs it adds. */
void job_context(struct admin_context *x, struct job *j, struct store_txn *t,
                 const struct caller *caller);
/* Frees what job_init and the body made (not the job itself). */
void job_clear(struct job *j);

/* A caller of the administration engine whose texts belong to the job. */
struct job_caller {
    struct caller caller;
    char *name, *from; /* owned */
};
void job_caller_set(struct job_caller *to, const struct caller *from);
void job_caller_clear(struct job_caller *c);

#endif
