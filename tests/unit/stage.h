/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_STAGE_H
#define TESTS_UNIT_STAGE_H

#include "util/buf.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/request.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"

/* A server for tests of what happens inside of it: the real store in a
 * directory of its own, workers without threads, whose loops the test turns,
 * and sessions over socketpairs.  Nothing happens behind the test's back but
 * what the store's writer does. */

enum stage_who {
    MASTER, /* postmaster@main.test: Master */
    ANN,    /* ann@main.test */
    BOB,    /* bob@main.test */
    DAN,    /* dan@a.test */
    EVE,    /* eve@a.test: CanPostAlerts */
    SUE,    /* sue@shared.test, a shared domain */
    STAGE_WHO_N
};

extern struct server *stage;
extern struct config *stage_config; /* of all workers; tests change it */

/* For tests with one worker and with three: fixtures. */
void stage_setup(void);
void stage_setup_three(void);
void stage_teardown(void);
/* The same store and other workers: what was not saved is lost. */
void stage_restart(void);

uint64_t stage_account(enum stage_who who);
uint64_t stage_domain(enum stage_who who);
struct worker *stage_worker(enum stage_who who);
/* The account in memory, loaded if it is not. */
struct account *stage_loaded(enum stage_who who);

/* Some turns of each loop. */
void stage_turns(void);
/* What was submitted to the store is committed, all workers have followed, and
 * what they had to send is sent. */
void stage_sync(void);
void stage_until(bool (*holds)(void *arg), void *arg);
/* Saves what is to be saved, and waits for it. */
void stage_save(void);
/* Runs a body in the store and waits for it. */
void stage_run(enum store_result (*body)(struct store_txn *t, void *arg,
                                         struct errbuf *err),
               void *arg);
struct account_state
stage_state(enum stage_who who); /* as it is in the store */
/* From now on the disk is full (or has space again): the store refuses. */
void stage_disk_full(bool full);
/* Whether the store has the alert. */
bool stage_has_alert(uint64_t id);

/* Posts as an administrator does, at 2026-11-22 13:30:00 GMT, and returns the
 * id.  who: the account, or one of the domain; of no meaning else. */
uint64_t stage_post(enum alert_scope scope, enum stage_who who,
                    const char *text);
uint64_t stage_post_until(enum alert_scope scope, enum stage_who who,
                          const char *text, int64_t until);
/* The same without waiting. */
void stage_post_soon(enum alert_scope scope, enum stage_who who,
                     const char *text);
/* How many sessions were told of the last stage_post. */
extern unsigned stage_told;
void stage_remove(uint64_t id);
/* Notes one effect in a job of its own and waits until all have followed. */
void stage_effect(void (*fill)(struct effect *e, void *arg),
                  enum effect_kind kind, void *arg);

/* --- clients --- */

enum {
    CLIENT_CONFIRM = 1, /* alertConfirm="yes" */
    CLIENT_CHANGES = 2,
    CLIENT_NO_ALERTS = 4,
    CLIENT_PACKETS = 8, /* each write of the server is one packet */
    CLIENT_SMALL = 16,  /* its socket takes some kilobytes only */
    CLIENT_DOOR = 32    /* by the mail door; the test makes stage->door */
};

struct client {
    int fd;
    struct session *s; /* good until the session is freed */
    uint64_t number;   /* of the session */
    struct buf in;
};

/* Connected, not logged in. */
struct client *client_connect(enum stage_who who, unsigned flags);
/* Logged in. */
struct client *client_open(enum stage_who who, unsigned flags);
/* An administrator on the local socket. */
struct client *client_open_local(void);
void client_free(struct client **c);
/* True if the session is there and logged in. */
bool client_is_open(const struct client *c);

/* Sends the messages: '\n' in the text stands for the 0 behind each. */
void client_say(struct client *c, const char *text);
/* Turns the loops, and gives what came since the last time, with '\n' for 0. */
const char *client_hear(struct client *c);
/* The same without turning loops: one packet or piece. */
const char *client_packet(struct client *c);
/* Waits until that much has come, and compares. */
void client_expect(struct client *c, const char *text);
/* True if the server has ended the connection, and all was heard. */
bool client_at_end(struct client *c);

/* An alert posted by stage_post, as it is pushed, in the style above; two of
 * them may be in use at a time. */
const char *stage_alert(uint64_t id, const char *scope, const char *text);

#endif
