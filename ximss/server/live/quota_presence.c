/* SPDX-License-Identifier: BSD-2-Clause */
/* An account keeps the domain's name under which the sources were told of it; so
 * they can be told of its end under the same, and after a domain was renamed it is
 * known who is still to be told of. */
#include "config.h"

#include "ximss/server/live/quota_presence.h"

#include <stdio.h>
#include <stdlib.h>

#include "quota/sources.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/quota_private.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"

/* Sessions that are looked at in a turn after a domain was renamed, and how much
 * mail that is worth. */
#define RENAME_BATCH 64
#define RENAME_WORK  128

static void
tell(struct worker *w, const struct account *a,
     void (*sources_tell)(struct quota_sources *s, const char *user))
{
    char name[ACCOUNT_NAME_SIZE];

    snprintf(name, sizeof name, "%s@%s", a->name, a->told_domain);
    sources_tell(w->server->quota_sources, name);
}

void
quota_presence_begin(struct worker *w, struct account *a)
{
    if (w->server->quota_sources == NULL)
        return;
    if (a->told_domain == NULL)
        a->told_domain = g_ref_string_acquire(a->domain->name);
    tell(w, a, quota_sources_online);
}

void
quota_presence_end(struct worker *w, struct account *a)
{
    if (a->told_domain == NULL)
        return;
    if (w->server->quota_sources != NULL)
        tell(w, a, quota_sources_offline);
    g_ref_string_release(a->told_domain);
    a->told_domain = NULL;
}

void
quota_presence_renamed(struct worker *w, struct account *a)
{
    if (quota_is_present(a))
        quota_presence_begin(w, a);
}

static void go_on_renaming(struct worker *w);

static void
deliver(struct mail *m, void *owner)
{
    free(m);
    go_on_renaming(owner);
}

/* One that comes meanwhile is told of by its new name. */
static void
go_on_renaming(struct worker *w)
{
    struct session_walk *walk = &w->quota->renaming;
    struct session *s;
    struct mail *m;

    for (int i = 0; i < RENAME_BATCH; i++) {
        s = session_walk_step(w, walk);
        if (s == NULL)
            return;
        if (s->account == NULL || s->account->told_domain == NULL ||
            s->account->told_domain == s->account->domain->name)
            continue;
        quota_presence_end(w, s->account);
        quota_presence_renamed(w, s->account);
    }
    m = xcalloc(1, sizeof *m);
    m->deliver = deliver;
    m->work = RENAME_WORK;
    mailbox_put(w->box, m);
}

void
quota_presence_domain_renamed(struct worker *w)
{
    bool under_way = !session_walk_is_over(&w->quota->renaming);

    if (w->server->quota_sources == NULL)
        return;
    session_walk_begin(w, &w->quota->renaming);
    if (!under_way)
        go_on_renaming(w);
}
