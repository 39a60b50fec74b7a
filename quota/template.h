/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_TEMPLATE_H
#define QUOTA_TEMPLATE_H

#include <stdint.h>

#include "util/buf.h"
#include "util/errbuf.h"

/* The text of quota alerts: words with named fields in braces,
 *   {used} {limit} {free} {percent} {level} {account} {name} {domain}
 * and {{ for a brace. */

extern const char quota_template_default[];

/* What the fields stand for; texts are borrowed. */
struct quota_figures {
    uint64_t used, limit; /* bytes; in readable units */
    unsigned level;       /* per cent at which the alert comes */
    const char *account;  /* name@domain */
    const char *name;     /* the real name; "" or NULL: the account */
    const char *domain;
};

/* 0, or -1 with err naming the field that is not known, or the brace that is
 * not closed. */
int quota_template_check(const char *text, struct errbuf *err) WARN_UNUSED;

/* Appends the text with its fields filled in.  What a template that was not
 * checked has wrong stays as it stands. */
void quota_template_fill(struct buf *b, const char *text,
                         const struct quota_figures *figures);

#endif
