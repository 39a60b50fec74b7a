/* SPDX-License-Identifier: BSD-2-Clause */
/* From figures to alerts. quota/policy.c decides; this file collects what it
 * decides about: the record of the account, the effective settings, and the
 * effects of the verdict.  A quota alert is generated, not posted.  It takes an
 * id from the common sequence but is kept only in memory, where it is delivered
 * like an alert to the account.  The record has the id of the last one, so that
 * it can be removed from screens even after a restart; and whether anybody was
 * shown it, so that another is generated if it is lost with the memory. */
#include "config.h"

#include "ximss/server/rules/usage.h"

#include <stdlib.h>
#include <string.h>

#include "quota/size.h"
#include "quota/template.h"
#include "util/arena.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/rules/settings.h"

void
usage_clear(struct usage *u)
{
    domain_rec_clear(&u->domain);
    account_rec_clear(&u->account);
    memset(u, 0, sizeof *u);
}

/* --- what is in force --- */

/* Values that cannot be read were stored by older programs: no limit. */
static void
read_level(const struct cli_value *settings, struct quota_level *level)
{
    const char *size = settings_string(settings, SETTINGS_MAX_SIZE);
    const char *percent = settings_string(settings, SETTINGS_QUOTA_ALERT);
    struct errbuf err;

    if (size == NULL || quota_size_parse(size, &level->limit, &err) < 0)
        level->limit = 0;
    if (percent == NULL ||
        quota_percent_parse(percent, &level->percent, &err) < 0)
        level->percent = 0;
}

static enum store_result
find_level(struct admin_context *x, struct usage *u, struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct cli_value *settings;
    enum store_result r = settings_account(x->txn, arena, &u->domain,
                                           &u->account, &settings, err);

    if (r == STORE_OK)
        read_level(settings, &u->level);
    if (u->rec.has_limit && x->settings->source_limits)
        u->level.limit = u->rec.limit;
    arena_free(&arena);
    return r;
}

enum store_result
usage_of(struct admin_context *x, const struct domain_rec *d,
         const struct account_rec *a, struct usage *u_r, struct errbuf *err)
{
    enum store_result r;

    usage_clear(u_r);
    domain_rec_copy(&u_r->domain, d);
    account_rec_copy(&u_r->account, a);
    r = usage_get(x->txn, a->number, &u_r->rec, err);
    return r == STORE_OK ? find_level(x, u_r, err) : r;
}

enum store_result
usage_find(struct admin_context *x, uint64_t account, struct usage *u_r,
           struct errbuf *err)
{
    enum store_result r;

    usage_clear(u_r);
    r = account_get(x->txn, account, &u_r->account, err);
    if (r == STORE_OK)
        r = domain_get(x->txn, u_r->account.domain, &u_r->domain, err);
    if (r == STORE_OK)
        r = usage_get(x->txn, account, &u_r->rec, err);
    return r == STORE_OK ? find_level(x, u_r, err) : r;
}

enum store_result
usage_load(struct admin_context *x, const struct domain_rec *d,
           const struct account_rec *a, struct usage_state *state_r,
           struct errbuf *err)
{
    struct usage_rec rec;
    struct usage u = {0};
    enum store_result r = usage_get(x->txn, a->number, &rec, err);

    /* What it was when last looked at, and what it is: if they differ, a look
     * is due, or the next crossing would be none. */
    *state_r = (struct usage_state){rec.reached, rec.unshown ? rec.alert : 0};
    if (r != STORE_OK || rec.used == 0 || rec.reached)
        return r;
    r = usage_of(x, d, a, &u, err);
    state_r->reached = r == STORE_OK && quota_is_reached(u.rec.used, &u.level);
    usage_clear(&u);
    return r;
}

/* --- the text --- */

static void
fill_text(struct buf *b, const struct usage *u, const char *name,
          const char *template)
{
    struct quota_figures figures = {.used = u->rec.used,
                                    .limit = u->level.limit,
                                    .level = u->level.percent,
                                    .account = name,
                                    .name = u->account.real_name,
                                    .domain = u->domain.name};

    b->len = 0;
    quota_template_fill(b, template, &figures);
}

/* The domain's text, or the server's; where it cannot be an alert (a name that
 * makes it too long) ours, which always can. */
static enum store_result
make_text(struct admin_context *x, const struct usage *u, struct buf *b,
          struct errbuf *err)
{
    struct arena *arena = arena_new();
    char *name = xasprintf("%s@%s", u->account.name, u->domain.name);
    struct cli_value *settings;
    const char *template = NULL;
    struct errbuf why;
    enum store_result r =
        settings_domain(x->txn, arena, &u->domain, &settings, err);

    if (r == STORE_OK)
        template = settings_string(settings, SETTINGS_QUOTA_TEXT);
    if (r == STORE_OK && template != NULL)
        fill_text(b, u, name, template);
    if (r == STORE_OK &&
        (b->len == 0 ||
         text_check_alert(b->data, b->len, x->settings->alert_bytes, &why) < 0))
        fill_text(b, u, name, quota_template_default);
    arena_free(&arena);
    free(name);
    return r;
}

/* --- effects --- */

static void
take_off_screens(struct admin_context *x, struct usage *u)
{
    struct effect *e;

    if (u->rec.alert == 0)
        return;
    e = effect_add(x->effects, EFFECT_QUOTA_OVER);
    e->alert.id = u->rec.alert;
    e->alert.scope = ALERT_ACCOUNT;
    e->alert.target = u->account.number;
    u->rec.alert = 0;
}

static enum store_result
send_alert(struct admin_context *x, struct usage *u, struct errbuf *err)
{
    struct buf text = {0};
    struct effect *e;
    uint64_t id = 0;
    enum store_result r = make_text(x, u, &text, err);

    if (r == STORE_OK)
        r = meta_next_alert_id(x->txn, &id, err);
    if (r != STORE_OK) {
        buf_clear(&text);
        return r;
    }
    take_off_screens(x, u); /* the figures of last time */
    e = effect_add(x->effects, EFFECT_QUOTA_ALERT);
    e->alert = (struct alert_rec){
        .id = id,
        .scope = ALERT_ACCOUNT,
        .target = u->account.number,
        .severity = quota_percent(u->rec.used, u->level.limit) >= 100
                        ? ALERT_CRITICAL
                        : ALERT_WARNING,
        .posted = x->now,
        .author_name = xstrdup(""),
        .origin = xstrdup(""),
        .text_len = text.len,
    };
    e->alert.text = buf_take(&text);
    e->used = u->rec.used;
    e->limit = u->level.limit;
    u->rec.alert = id;
    return STORE_OK;
}

static void
tell_level(struct admin_context *x, const struct usage *u)
{
    struct effect *e = effect_add(x->effects, EFFECT_QUOTA_LEVEL);

    e->account.number = u->account.number;
    e->reached = u->rec.reached;
}

/* --- decisions --- */

/* One that was withdrawn has no id any more. */
static enum quota_last
last_of(const struct usage_rec *rec, uint64_t lost)
{
    if (!rec->unshown)
        return QUOTA_SHOWN;
    return rec->alert == 0 || rec->alert == lost ? QUOTA_LOST : QUOTA_KEPT;
}

static struct quota_memory
memory_of(const struct usage_rec *rec, uint64_t lost)
{
    return (struct quota_memory){rec->alerted, rec->reached, rec->told,
                                 last_of(rec, lost)};
}

static void
remember(struct usage_rec *rec, const struct quota_memory *memory)
{
    rec->alerted = memory->sent;
    rec->reached = memory->reached;
    rec->told = memory->told;
    rec->unshown = memory->last != QUOTA_SHOWN;
}

/* Brings u->rec up to date, and makes the effects; does not store it. */
static enum store_result
decide(struct admin_context *x, struct usage *u, enum quota_occasion occasion,
       int64_t *due_r, struct errbuf *err)
{
    struct quota_memory memory = memory_of(&u->rec, u->lost);
    enum store_result r = STORE_OK;
    bool was_reached = u->rec.reached;
    enum quota_verdict verdict;

    *due_r = 0;
    verdict =
        quota_decide(&memory, u->rec.used, &u->level, occasion, x->now, due_r);
    remember(&u->rec, &memory);
    switch (verdict) {
    case QUOTA_NOTHING:
    case QUOTA_WAIT:
        break;
    case QUOTA_SEND:
        r = send_alert(x, u, err);
        break;
    case QUOTA_OVER:
        take_off_screens(x, u);
        break;
    }
    if (r == STORE_OK && u->rec.reached != was_reached)
        tell_level(x, u);
    return r;
}

enum store_result
usage_check(struct admin_context *x, struct usage *u,
            enum quota_occasion occasion, int64_t *due_r, struct errbuf *err)
{
    struct usage_rec before = u->rec;
    enum store_result r = decide(x, u, occasion, due_r, err);

    if (r != STORE_OK ||
        (u->rec.alerted == before.alerted && u->rec.alert == before.alert &&
         u->rec.reached == before.reached && u->rec.told == before.told &&
         u->rec.unshown == before.unshown))
        return r;
    return usage_put(x->txn, u->account.number, &u->rec, err);
}

enum store_result
usage_shown(struct admin_context *x, uint64_t account, uint64_t alert,
            struct errbuf *err)
{
    struct usage_rec rec;
    struct quota_memory memory;
    enum store_result r = usage_get(x->txn, account, &rec, err);

    if (r != STORE_OK || !rec.unshown || rec.alert != alert)
        return r;
    memory = memory_of(&rec, 0);
    quota_note_shown(&memory, x->now);
    remember(&rec, &memory);
    return usage_put(x->txn, account, &rec, err);
}

/* A per cent of the limit, rounded up. */
static uint64_t
part_of(uint64_t limit, uint64_t percent)
{
    __extension__ typedef unsigned __int128 wide;
    wide part = ((wide)limit * percent + 99) / 100;

    return part > UINT64_MAX ? UINT64_MAX : (uint64_t)part;
}

/* What is used according to the report. */
static uint64_t
used_of(const struct quota_report *report, const struct usage *u)
{
    uint64_t old = u->rec.used, used = report->used;

    if (report->rounded && old / 1024 + (old % 1024 != 0) == used / 1024)
        return old;
    if (!report->is_percent)
        return used;
    used = part_of(u->level.limit, report->used);
    return used > old ? used : old;
}

enum store_result
usage_report(struct admin_context *x, struct usage *u,
             const struct quota_report *report, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    int64_t due;

    if (report->has_limit) {
        u->rec.has_limit = true;
        u->rec.limit = report->limit;
        r = find_level(x, u, err);
    }
    if (r != STORE_OK)
        return r;
    u->rec.used = used_of(report, u);
    u->rec.reported = x->now;
    u->rec.source = (uint8_t)report->source;
    /* Whether somebody is there is known to the account's worker alone; it asks
     * for a check when the level was reached. */
    r = decide(x, u, QUOTA_ABSENT, &due, err);
    return r == STORE_OK ? usage_put(x->txn, u->account.number, &u->rec, err)
                         : r;
}
