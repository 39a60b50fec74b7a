/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/auth/saslprep.h"

#include <glib.h>
#include <gsasl.h>

#include "util/xmalloc.h"

char *
saslprep(const char *text)
{
    char *prepared = NULL;

    /* SASLprep leaves ASCII as it is, or refuses it. */
    if (g_str_is_ascii(text) ||
        gsasl_saslprep(text, 0, &prepared, NULL) != GSASL_OK)
        return xstrdup(text);
    if (*prepared == '\0') {
        gsasl_free(prepared);
        return xstrdup(text);
    }
    return prepared;
}
