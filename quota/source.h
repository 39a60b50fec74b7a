/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_SOURCE_H
#define QUOTA_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where usage comes from.  A source learns in its own way how much storage an
 * account uses and says so to the sink; several may run at once, and of what
 * they say of one account the newest counts.  A source knows nothing of alerts,
 * accounts' settings or the store. */

enum quota_source {
    QUOTA_SOURCE_ADMIN = 1, /* an administrator or a script said it */
    QUOTA_SOURCE_DICT,      /* Dovecot's quota_clone, live */
    QUOTA_SOURCE_MAILDIR,   /* maildirsize, or the names of files */
    QUOTA_SOURCE_DOVEADM,   /* Dovecot was asked */
    QUOTA_SOURCE_WARNING    /* Dovecot's quota_warning: a level, no figure */
};

struct quota_report {
    const char *user; /* borrowed: "name@domain"; without "@": of the main
                         domain */
    enum quota_source source;
    uint64_t used; /* bytes */
    /* used is a figure in whole KiB, rounded up: a stored one that rounds to
     * the same is exact and stays. */
    bool rounded;
    /* used is a per cent of whatever the account's limit is, and only if less
     * is known to be used. */
    bool is_percent;
    /* The source also knows what the account may use; 0: as much as it likes. */
    bool has_limit;
    uint64_t limit; /* bytes */
};

/* A question for names of accounts, embedded in what the source needs to go on
 * with the answer. */
struct quota_listing {
    char *after;   /* owned by who asks: the last name got before, or what
                      `resume` was; NULL: from the start */
    unsigned most; /* names that are wanted */
    /* The names are for a mail server: not the account that the server makes by
     * itself, and of which no mail server ever told. */
    bool leave_own;
    /* Part of the answer, and then of who asked: if it is not NULL, there may be
     * more, however few came, and the next question goes on from there. */
    char *resume;
    /* The answer, on some other thread: the names (borrowed for the call), in
     * an order of its own; fewer than `most` (perhaps none) without `resume`:
     * these were the last.  failed: the store could not tell, try later. */
    void (*done)(struct quota_listing *l, const char *const *users, size_t n,
                 bool failed);
};

/* How far the sources are that look at all accounts. */
enum quota_progress {
    QUOTA_ROUND_DUE,   /* a look at all of them is to begin, or begins */
    QUOTA_ROUND_ENDED, /* one that was due has ended */
    QUOTA_ANSWERED,    /* Dovecot was asked, and told (1), or did not (0) */
    QUOTA_LOOKED       /* at so many accounts more */
};

/* What sources say goes here.  All of it may be called by any thread, and none
 * of it blocks. */
struct quota_sink {
    void (*report)(void *arg, const struct quota_report *r); /* copies */
    void (*list)(void *arg, struct quota_listing *l);
    void *arg;
    void (*progress)(void *arg, enum quota_progress what,
                     unsigned n); /* NULL: nobody wants to know */
};

/* Reports progress to the sink, if it wants to know. */
void quota_sink_progress(const struct quota_sink *sink,
                         enum quota_progress what, unsigned n);

/* "admin", "dict", "maildir", "doveadm", "warning"; "" for none of them. */
const char *quota_source_name(enum quota_source source);

#endif
