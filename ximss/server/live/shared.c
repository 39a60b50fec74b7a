/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/shared.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/xmalloc.h"

void
server_ask_stop(struct server *s)
{
    (void)s;
    kill(getpid(), SIGTERM);
}

void
server_worker_drained(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    if (--s->undrained == 0)
        pthread_cond_signal(&s->drained);
    pthread_mutex_unlock(&s->lock);
}

char *
server_main_domain(struct server *s)
{
    char *name;

    pthread_mutex_lock(&s->lock);
    name = xstrdup(s->main_domain);
    pthread_mutex_unlock(&s->lock);
    return name;
}

void
server_set_main_domain(struct server *s, const char *name)
{
    pthread_mutex_lock(&s->lock);
    free(s->main_domain);
    s->main_domain = xstrdup(name);
    pthread_mutex_unlock(&s->lock);
}
