/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_ADMIN_FIXTURE_H
#define TESTS_UNIT_ADMIN_FIXTURE_H

#include "ximss/server/cli/admin.h"

/* A real store in a directory of its own with two domains beside the main one,
 * an administrator of each kind, and a way to say a command line to the engine
 * as a door of the server does. */

enum who {
    LOCAL,      /* the socket */
    POSTMASTER, /* postmaster@main.test: Master */
    ALL,        /* all@main.test: All Domains */
    MONITOR,    /* monitor@main.test: Can Monitor */
    READER,     /* reader@main.test: Domains Read */
    USER,       /* user@main.test: nothing */
    ADMIN,      /* admin@a.test: every code of a domain */
    POSTER,     /* poster@a.test: CanPostAlerts */
    CREATOR,    /* creator@a.test: CanCreateAccounts */
    SETTER,     /* setter@a.test: BasicSettings */
    WATCHER,    /* watcher@a.test: CanCreateWebUserSessions */
    OTHER,      /* other@a.test: CanCreateAliases */
    JOE,        /* joe@a.test: nothing */
    STRANGER,   /* stranger@b.test: every code of a domain */
    WHO_N
};

/* 2026-11-22 13:30:00.25 GMT; tests move it. */
#define FIXTURE_NOW INT64_C(1795354200250000)
extern int64_t fixture_now;
extern struct admin_settings fixture_settings;
extern struct audit_budget *fixture_budget; /* NULL: none */
/* What the last job noted, in order: "added 1; removed 2; account joe;" */
extern const char *fixture_effects;
extern const struct admin_live *fixture_live;
/* Of the last line that checked a password: see admin_verify_find. */
extern uint64_t fixture_guessed;

void fixture_setup(void); /* for tcase_add_checked_fixture */
void fixture_teardown(void);

const struct caller *fixture_caller(enum who who);
/* Reads the caller's rights and names again. */
void fixture_refresh(void);

/* "200 OK", "201 DATA", "5NN text"; with `more` set, runs the line until it is
 * done, and puts the pieces together.  The text is good until the next call. */
const char *fixture_say(enum who who, const char *line);
const char *fixture_say_len(enum who who, const char *line, size_t len);
/* The same without keeping what it changed. */
const char *fixture_try(enum who who, const char *line);
/* What the last answer says of the change. */
extern bool fixture_changed;
/* How many jobs the last line took. */
extern unsigned fixture_jobs;
/* In how many parts the last job ran. */
extern unsigned fixture_parts;
/* The most work that was done in one turn, since the last call. */
struct store_load fixture_load(void);
/* The longest piece of a result since the set-up. */
extern size_t fixture_longest;
/* Called between the jobs of one line; NULL: nothing.  It must not say a
 * line: fixture_run is for it. */
extern void (*fixture_between)(void);

/* Runs a body in a job and fails the test unless it ends with STORE_OK. */
typedef enum store_result fixture_fn(struct admin_context *x, void *arg,
                                     struct errbuf *err);
void fixture_run(enum who who, fixture_fn *fn, void *arg);

/* The audit log since the last call: "who|from|what|outcome\n" each. */
const char *fixture_audit(void);

/* Says each line and compares: a table is a conversation. */
struct exchange {
    enum who who;
    const char *line, *answer;
};
void fixture_converse(const struct exchange *e, size_t n);
#define CONVERSE(e) fixture_converse(e, sizeof(e) / sizeof(e)[0])

#endif
