/* SPDX-License-Identifier: BSD-2-Clause */
/* One count for all kinds.  They are rare, and a log-in that asks again because
 * of another account loses little. */
#include "config.h"

#include "ximss/server/rules/revocation.h"

#include <stdatomic.h>

static atomic_uint count;

unsigned
revocation_count(void)
{
    return atomic_load(&count);
}

void
revocation_note(void)
{
    atomic_fetch_add(&count, 1);
}
