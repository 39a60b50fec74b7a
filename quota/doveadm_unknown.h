/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DOVEADM_UNKNOWN_H
#define QUOTA_DOVEADM_UNKNOWN_H

#include <stdbool.h>

/* Users that Dovecot does not know, each of whom is an error in its log
 * whenever it is asked: the rounds over all accounts leave them out, first one
 * time, then two, then four each time, for they may be made there later.  For
 * one thread. */
struct doveadm_unknown;

/* An empty set, which the caller owns. */
struct doveadm_unknown *doveadm_unknown_new(void);
/* Frees the set, and sets *u to NULL. */
void doveadm_unknown_free(struct doveadm_unknown **u);

/* What Dovecot said.  u may be NULL. */
void doveadm_unknown_add(struct doveadm_unknown *u, const char *user);
/* Dovecot knows the user now.  u may be NULL. */
void doveadm_unknown_remove(struct doveadm_unknown *u, const char *user);

/* Whether a round leaves the user out; counts that it did. */
bool doveadm_unknown_skips(struct doveadm_unknown *u, const char *user);

/* All are asked about once more. */
void doveadm_unknown_forget(struct doveadm_unknown *u);

#endif
