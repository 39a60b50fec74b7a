/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_TRIGGER_PRIVATE_H
#define XIMSS_SERVER_LIVE_TRIGGER_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "notify/notify.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/job.h"
#include "ximss/server/rules/trigger_def.h"
#include "ximss/server/rules/trigger_state.h"

/* What the files trigger_*.c of this folder share.  Everything is under the
 * lock. */

/* Notices outside that are not confirmed yet. */
#define TRIGGER_FLIGHTS 64
/* Accounts that hold Master and are told. */
#define TRIGGER_MASTERS_MOST 1000

struct watched {
    char name[TRIGGER_NAME_MOST + 1];
    bool defined; /* else it only finishes what it began */
    char *text;   /* owned; of the definition; NULL: it is not there */
    struct trigger_def def; /* in the loop's arena */
    enum stat_id element, of;
    struct trigger_watch watch;
    struct trigger_state state;
    int64_t unknown; /* mono, since when there is no figure; 0: there is */
    bool dirty;      /* the state is not in the store */
    bool busy;       /* a job of it is under way */
    bool refused;    /* the store did not take the state */
    int64_t retry;   /* mono, when to try that again */
    bool gone;       /* nothing of it is in the store any more */
};

struct watched_handler {
    char name[TRIGGER_NAME_MOST + 1];
    bool defined;
    bool test;              /* is asked for */
    char *text;             /* owned; of the definition; NULL: there was none */
    struct handler_def def; /* in the loop's arena */
    struct handler_state state;
    bool dirty;
    bool busy;
};

struct flight {
    bool used;
    struct watched *trigger; /* NULL: a test */
    char handler[TRIGGER_NAME_MOST + 1];
    enum trigger_method method;
    bool active; /* what was sent */
    int64_t since;
};

struct trigger_load;

struct trigger_loop {
    struct server *server;
    pthread_mutex_t lock;
    struct arena *arena; /* owned; of the definitions */
    struct watched **trigger;
    unsigned n_triggers;
    struct watched_handler **handler;
    unsigned n_handlers;
    bool reload, loading;        /* definitions have changed; are being read */
    bool loaded;                 /* once; the states are in memory */
    struct trigger_load *fresh;  /* owned; read, to be taken */
    struct trigger_list masters; /* items owned */
    struct arena *masters_arena; /* owned */
    int64_t masters_at;          /* mono; 0: never */
    bool asking;                 /* for masters */
    struct flight flight[TRIGGER_FLIGHTS];
    char server_name[256]; /* in texts */
    bool stopped;
};

struct watched_handler *trigger_handler_find(struct trigger_loop *l,
                                             const char *name);
/* The same; one without a definition is made if there is none. */
struct watched_handler *trigger_handler_of(struct trigger_loop *l,
                                           const char *name);
/* The trigger begins, or is over, now. */
void trigger_set_active(struct watched *w, bool active, int64_t value);

/* --- trigger_load.c --- */

/* Reads the definitions, and at first the states; with the lock. */
void trigger_load_begin(struct trigger_loop *l);
/* Takes what was read, if there is something; with the lock. */
void trigger_load_take(struct trigger_loop *l);
void trigger_load_free(struct trigger_load **load);

/* --- trigger_send.c --- */

/* Tells what the trigger has to tell; with the lock. */
void trigger_send(struct trigger_loop *l, struct watched *w, int64_t mono);
/* Sends the tests that are asked for; with the lock. */
void trigger_send_tests(struct trigger_loop *l, int64_t mono);
/* Stores the state of the handler if it is not; with the lock. */
void trigger_save_handler(struct trigger_loop *l, struct watched_handler *h);

/* --- trigger_outside.c --- */

/* Sends a notice of the trigger (NULL: a test) by a method other than alerts.
 * False: it cannot be now. */
bool trigger_outside_send(struct trigger_loop *l, struct watched *w,
                          struct watched_handler *h, enum trigger_method m,
                          bool active);
/* It came back; the flight is free again. */
void trigger_outside_sent(struct trigger_loop *l, struct flight *f, bool ok,
                          const char *why);
/* What a notice of the trigger says; the caller clears it.  w NULL: a test. */
void trigger_outside_text(struct trigger_loop *l, const struct watched *w,
                          const struct watched_handler *h, bool active,
                          struct buf *out);
/* Notes what became of the last notice of that method. */
void trigger_note_last(struct watched_handler *h, enum trigger_method m,
                       bool ok, const char *what);

#endif
