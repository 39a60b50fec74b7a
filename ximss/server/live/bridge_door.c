/* SPDX-License-Identifier: BSD-2-Clause */
/* A bridge on this machine is known by its user, and not by an address: every
 * user of the machine has its addresses.  The socket's file is open to all, so
 * that it needs no group; who it is for is decided here, before a byte is read. */
#include "config.h"

#include "ximss/server/live/bridge_door.h"

#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/base/configuration.h"

#define NEWS_PAUSE (60 * CLOCK_SECOND)

struct bridge_door {
    pthread_mutex_t lock;
    uint32_t *uids; /* owned */
    size_t n_uids;
    int64_t told; /* clock_mono of the last refusal in the log; 0: none */
    atomic_bool doubted;
};

struct bridge_door *
bridge_door_new(void)
{
    struct bridge_door *d = xcalloc(1, sizeof *d);

    pthread_mutex_init(&d->lock, NULL);
    return d;
}

void
bridge_door_free(struct bridge_door **dp)
{
    struct bridge_door *d = *dp;

    if (d == NULL)
        return;
    pthread_mutex_destroy(&d->lock);
    free(d->uids);
    free(d);
    *dp = NULL;
}

static bool
find_uid(const char *user, uint32_t *uid_r)
{
    const struct passwd *pw = getpwnam(user);
    unsigned long long number;

    if (pw != NULL)
        *uid_r = (uint32_t)pw->pw_uid;
    else if (text_parse_u64(user, UINT32_MAX - 1, &number) == 0)
        *uid_r = (uint32_t)number;
    else
        return false;
    return true;
}

void
bridge_door_configure(struct bridge_door *d, const struct config *c)
{
    uint32_t *uids, *old;
    size_t n = 0;

    atomic_store(&d->doubted, false);
    uids = xcalloc(c->bridge_users.count + 1, sizeof *uids);
    for (size_t i = 0; *c->bridge_socket != '\0' && i < c->bridge_users.count;
         i++) {
        const char *user = c->bridge_users.items[i];

        if (find_uid(user, &uids[n]))
            n++;
        else
            log_info("bridge-users: there is no user %s; a reload looks again",
                     user);
    }
    pthread_mutex_lock(&d->lock);
    old = d->uids;
    d->uids = uids;
    d->n_uids = n;
    pthread_mutex_unlock(&d->lock);
    free(old);
}

static bool
is_known(const struct bridge_door *d, uint32_t uid)
{
    if (uid == 0 || uid == geteuid())
        return true;
    for (size_t i = 0; i < d->n_uids; i++)
        if (d->uids[i] == uid)
            return true;
    return false;
}

bool
bridge_door_admits(struct bridge_door *d, uint32_t uid)
{
    int64_t now = clock_mono();
    bool known, tell = false;

    pthread_mutex_lock(&d->lock);
    known = is_known(d, uid);
    if (!known && (d->told == 0 || now - d->told >= NEWS_PAUSE)) {
        d->told = now;
        tell = true;
    }
    pthread_mutex_unlock(&d->lock);
    if (tell)
        log_warn("bridge-socket: a connection of the user %u was closed, who "
                 "is not one of bridge-users (more of this is told in a "
                 "minute)",
                 (unsigned)uid);
    return known;
}

void
bridge_door_doubts(struct bridge_door *d)
{
    if (!atomic_exchange(&d->doubted, true))
        log_warn("a client on this machine names the addresses of others "
                 "(clientAddress) and is not believed; if it is ximss-bridge, "
                 "set bridge-socket in ximssd.conf and server-socket in "
                 "ximss-bridge.conf to one path");
}
