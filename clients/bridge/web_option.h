/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_WEB_OPTION_H
#define CLIENTS_BRIDGE_WEB_OPTION_H

#include <stdbool.h>

#include "util/errbuf.h"

struct web_session;
struct xml_elem;

/* A setSessionOption.  The session on ximssd is the bridge's: how long it may
 * be idle, what counts as delivered, and what is told of changes is between the
 * browser and us.  False: it is for ximssd.  True: it was done, or is refused
 * with err (error 501), whose text is "" if not. */
bool web_option_set(struct web_session *s, const struct xml_elem *e,
                    struct errbuf *err);

#endif
