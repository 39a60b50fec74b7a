/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/device_sessions.h"

#include <stdlib.h>

#include "util/xmalloc.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/broadcast.h"
#include "ximss/server/live/session.h"
#include "ximss/server/live/worker.h"

struct end {
    uint64_t account, device;
};

static void
end_visit(struct worker *w, void *arg)
{
    const struct end *e = arg;
    struct account *a = account_lookup(w, e->account);

    if (a != NULL)
        session_kill_device(&a->sessions, e->device);
}

static void
end_done(void *arg)
{
    free(arg);
}

void
device_sessions_end(struct server *s, uint64_t account, uint64_t device)
{
    const struct end e = {account, device};

    broadcast(s, end_visit, end_done, xmemdup(&e, sizeof e));
}
