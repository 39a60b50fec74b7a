/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_CONFIG_H
#define NOTIFY_NOTIFY_CONFIG_H

#include <stdint.h>

#include "util/config_value.h"
#include "util/errbuf.h"

/* The settings that ximssd.conf(5) describes under these names, with "notify-"
 * before them. */
struct notify_config {
    char *sendmail; /* absolute path; "": no mail */
    char *from;     /* an address, NAME@DOMAIN; "": no mail */
    char *roots;    /* a file of PEM; "": the system's alone */
    struct config_texts urls, commands; /* what is allowed; empty: nothing */
    struct config_nets networks;        /* not public; a name may lead there */
    int64_t timeout;   /* of a notice, from its beginning; microseconds */
    unsigned parallel; /* notices in progress, of each method; 1 or more */
    unsigned waiting;  /* notices that wait for that, of each method */
};

/* Whether the settings mean something: NULL, or the key of the first that does
 * not, with err.  Looks at no file. */
const char *notify_config_check(const struct notify_config *c,
                                struct errbuf *err) WARN_UNUSED;

/* A copy; clear it. */
void notify_config_copy(struct notify_config *to,
                        const struct notify_config *from);
/* Frees what it owns and zeroes it. */
void notify_config_clear(struct notify_config *c);

#endif
