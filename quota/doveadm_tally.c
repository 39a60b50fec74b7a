/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/doveadm_tally.h"

#include <assert.h>

#include "quota/doveadm_reply.h"
#include "quota/doveadm_unknown.h"
#include "quota/source.h"
#include "util/log.h"

struct batch {
    struct doveadm_tally *tally;
    char *const *users;
    size_t n;
    bool answered[DOVEADM_BATCH];
};

static void
report(struct doveadm_tally *t, const char *user,
       const struct doveadm_answer *a)
{
    const struct quota_report report = {
        .user = user,
        .source = QUOTA_SOURCE_DOVEADM,
        .used = a->used,
        .rounded = true,
        .has_limit = t->use_limits,
        .limit = t->use_limits ? a->limit : 0,
    };

    t->told++;
    doveadm_unknown_remove(t->unknown, user);
    t->sink->report(t->sink->arg, &report);
}

static void
complain(struct doveadm_tally *t, const char *user, int exit_code)
{
    t->untold++;
    if (t->said) {
        log_debug("quota: Dovecot cannot tell the use of %s (%d)", user,
                  exit_code);
        return;
    }
    log_warn("quota: Dovecot cannot tell the use of %s (exit code %d): its log"
             " says why; of others nothing is said",
             user, exit_code);
    t->said = true;
}

static void
take_answer(const struct doveadm_answer *a, void *arg)
{
    struct batch *b = arg;

    if (a->tag >= b->n || b->answered[a->tag])
        return;
    b->answered[a->tag] = true;
    switch (a->outcome) {
    case DOVEADM_USAGE:
        report(b->tally, b->users[a->tag], a);
        break;
    case DOVEADM_NO_USER:
        doveadm_unknown_add(b->tally->unknown, b->users[a->tag]);
        b->tally->n_unknown++;
        break;
    case DOVEADM_NO_QUOTA:
        b->tally->n_unknown++;
        break;
    case DOVEADM_ERROR:
        complain(b->tally, b->users[a->tag], a->exit_code);
        break;
    }
}

int
doveadm_tally_reply(struct doveadm_tally *t, char *const *users, size_t n,
                    const char *body, size_t len, struct errbuf *err)
{
    struct batch b = {.tally = t, .users = users, .n = n};

    assert(n <= DOVEADM_BATCH);
    if (doveadm_reply_parse(body, len, take_answer, &b, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!b.answered[i])
            complain(t, users[i], 0);
    return 0;
}
