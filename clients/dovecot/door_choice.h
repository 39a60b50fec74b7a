/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_DOOR_CHOICE_H
#define CLIENTS_DOVECOT_DOOR_CHOICE_H

#include <stdbool.h>

#include "clients/dovecot/door_wire.h"

/* What the settings of an operator say about an alert.  Nothing of Dovecot is
 * used here.  A setting that is NULL or empty is the default. */

/* ximss_imap_word = auto, ok or no: the word before [ALERT].  By default it is
 * NO, which more programs show, for all but alerts that only inform. */
enum door_word {
    DOOR_WORD_AUTO,
    DOOR_WORD_OK,
    DOOR_WORD_NO
};

/* -1: no such word; *word_r is the default then. */
int door_choice_word(const char *setting, enum door_word *word_r);
/* "OK" or "NO". */
const char *door_choice_word_for(enum door_word word,
                                 const struct door_kind *alert);

/* ximss_pop3: which alerts refuse a log-in by POP3.  One or several of the words
 * quota, account (to this account, those of its quota too), critical (of any
 * scope), all, none, with blanks or commas between. */
#define DOOR_REFUSE_QUOTA    1U
#define DOOR_REFUSE_ACCOUNT  2U
#define DOOR_REFUSE_CRITICAL 4U
#define DOOR_REFUSE_ALL      8U
#define DOOR_REFUSE_DEFAULT \
    (DOOR_REFUSE_QUOTA | DOOR_REFUSE_ACCOUNT | DOOR_REFUSE_CRITICAL)

/* -1: there is another word in it; *kinds_r is the default then. */
int door_choice_refusals(const char *setting, unsigned *kinds_r);
/* True if the alert refuses a log-in. */
bool door_choice_refuses(unsigned kinds, const struct door_kind *alert);

/* ximss_confirm = attended or all: whether by IMAP only sessions in front of which
 * somebody is likely to sit use alerts up, which is the default.
 * -1: no such word; *attended_only_r is the default then. */
int door_choice_confirm(const char *setting, bool *attended_only_r);

#endif
