/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_WARNING_LINE_H
#define QUOTA_WARNING_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "quota/dict_line.h"
#include "util/errbuf.h"

/* What Dovecot's quota_warning writes to a socket: its script protocol, with
 * the arguments "PERCENT USER", one a line.  Pure.
 *
 *   VERSION<TAB>script<TAB>4<TAB>0
 *   alarm=10                        (perhaps)
 *   noreply                         (or "-": the writer waits for an answer)
 *   80
 *   user1@example.test
 *                                   (an empty line)
 */

/* Bytes of all of it. */
#define WARNING_MOST 4096

struct warning {
    unsigned percent;
    char user[DICT_USER_MOST + 1];
    bool wants_reply;
};

enum warning_outcome {
    WARNING_MORE, /* the end has not come */
    WARNING_DONE,
    WARNING_MALFORMED /* err says why */
};

/* data: all that came.  Arguments beyond the second, and what comes behind the
 * empty line, are ignored.  "80%" is as good as "80". */
enum warning_outcome warning_parse(const char *data, size_t len,
                                   struct warning *warning_r,
                                   struct errbuf *err);

#endif
