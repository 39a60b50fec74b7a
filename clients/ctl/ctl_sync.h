/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CTL_SYNC_H
#define CLIENTS_CTL_CTL_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/ctl/ctl.h"

/* account sync: what its files share. */

/* A list of names; a zeroed one is empty. */
struct sync_names {
    const char **name; /* owned; the names are the arena's */
    size_t n, cap;
};

struct sync {
    struct ctl *c;
    const char *domain;
    bool dry_run, deletes;
    struct sync_names users, accounts;
    struct sync_names missing; /* users without an account */
    struct sync_names both;    /* and with one */
    struct sync_names absent;  /* accounts without a user */
    struct sync_names named;   /* accounts with a user of another name */
    struct sync_names made, enabled, disabled, deleted;
    struct sync_names kept, why; /* side by side */
    size_t looked, to_look;      /* for the terminal */
    int64_t drawn;
};

/* --- ctl_sync_names.c --- */

/* The name is borrowed. */
void sync_names_add(struct sync_names *l, const char *name);
/* The strings of an array; NULL and other values have none. */
void sync_names_add_all(struct sync_names *l, const struct cli_value *array);
/* Puts them into an order, each once. */
void sync_names_sort(struct sync_names *l);
/* Empties it. */
void sync_names_forget(struct sync_names *l);

/* --- ctl_sync_say.c --- */

/* Prints what was done, or would be. */
void ctl_sync_say(const struct sync *s);

/* --- ctl_sync.c --- */

int ctl_sync_run(struct ctl *c, int argc, char **argv);

#endif
