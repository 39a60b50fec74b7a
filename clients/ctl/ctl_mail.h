/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CTL_MAIL_H
#define CLIENTS_CTL_CTL_MAIL_H

#include <sys/types.h>

#include "clients/ctl/ctl.h"

/* mail check: the chain from ximssd's door to the user's mail program, link by
 * link.  What one link finds, later ones use. */

enum mail_state {
    MAIL_OK,
    MAIL_BROKEN,
    MAIL_UNKNOWN /* it could not be looked at: says why */
};

struct mail_check {
    struct ctl *c;
    const char *account; /* as the mail user logs in; NULL: none */
    char *user;          /* what Dovecot calls them, owned; NULL: no account */
    char *door;          /* path of the socket, owned; NULL: not known */
    bool door_is_usable; /* by its group */
    uid_t door_owner;
    gid_t door_group;
    mode_t door_mode;
    bool is_down;        /* Dovecot has no process */
    bool uses_postlogin; /* ximss-postlogin instead of the plugin, for IMAP */
    struct buf found;    /* of this link: what it is, in one line */
    struct buf advice;   /* what to do; empty: nothing */
};

/* A link.  Fills found and advice. */
typedef enum mail_state mail_link_fn(struct mail_check *m);

/* --- ctl_mail_say.c --- */

/* Each appends to `found` what a link found, and returns its state. */
enum mail_state mail_ok(struct mail_check *m, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
enum mail_state mail_unknown(struct mail_check *m, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
/* The caller appends the advice. */
enum mail_state mail_broken(struct mail_check *m, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

/* --- ctl_mail_dovecot.c --- */

/* The value of a setting, without its line end; filter: as of doveconf -f, or
 * NULL.  -1: doveconf does not work, and err says why. */
int mail_doveconf(const struct mail_check *m, const char *filter,
                  const char *name, struct buf *value,
                  struct errbuf *err) WARN_UNUSED;

/* The output of a program, at most 64 KiB of it.  argv ends with NULL.  -1: it
 * could not be run or failed, and err says why. */
int mail_run(const char *const *argv, struct buf *out,
             struct errbuf *err) WARN_UNUSED;

/* Whether the word is in a list with blanks or commas between. */
bool mail_has_word(struct buf *list, const char *word);

/* Whether the plugin is one of the protocol's mail_plugins. */
bool mail_has_plugin(const struct mail_check *m, const char *protocol,
                     const char *plugin);

mail_link_fn mail_link_file;

/* --- ctl_mail_service.c --- */

/* Dovecot is known not to run. */
bool mail_is_down(const struct mail_check *m);

/* A service of Dovecot runs ximss-postlogin for the protocol. */
bool mail_has_postlogin(const struct mail_check *m, const char *protocol);

mail_link_fn mail_link_group;

/* --- ctl_mail_plugin.c --- */

mail_link_fn mail_link_dovecot, mail_link_plugin;

/* --- ctl_mail_door.c --- */

/* The path that --door names, or Dovecot's configuration, or the usual one. */
void mail_find_door(struct mail_check *m);

/* A connection to it; -1: errno says why. */
int mail_connect_door(const struct mail_check *m);

mail_link_fn mail_link_door;

/* --- ctl_mail_rights.c --- */

/* Fills m->user: as the account, if Dovecot has no other name or does not say. */
void mail_find_user(struct mail_check *m);

mail_link_fn mail_link_rights;

/* --- ctl_mail_imap.c --- */

/* A test alert, until it is in an IMAP session; it is withdrawn then. */
mail_link_fn mail_link_alert;

#endif
