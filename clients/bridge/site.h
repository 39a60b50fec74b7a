/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_SITE_H
#define CLIENTS_BRIDGE_SITE_H

#include "util/buf.h"

/* What the configuration says of the site, and where it stands in the pages. */
struct site {
    const char *name;
    const char *organisation; /* "": none */
    const char *logo;         /* a file; "": none */
};

/* Where the logo is served. */
#define SITE_LOGO_PATH "/pages/site-logo"

/* Puts in a page, for {{site-name}} and {{organisation}}, the text of that, and
 * for {{site-logo}} an img element or nothing.  All else stays. */
void site_fill(const struct site *site, struct buf *page);

#endif
