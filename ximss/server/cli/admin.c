/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine of administration.  A line is parsed, its command is found in the
 * tables of the families and run, and the attempt is recorded in the audit log,
 * in the same transaction as the change.  A command checks everything before it
 * writes, so a refused one leaves nothing but its audit record. */
#include "config.h"

#include "ximss/server/cli/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "ximss/server/cli/admin_call.h"
#include "ximss/server/cli/admin_password.h"
#include "ximss/server/rules/admin_audit.h"

void
admin_answer_clear(struct admin_answer *a)
{
    buf_clear(&a->data);
    free(a->next);
    *a = (struct admin_answer){0};
}

/* --- audit --- */

/* Attempts to change something, and whatever was refused for want of rights
 * or for a wrong password. */
static bool
wants_audit(const struct admin_call *c)
{
    return (!c->is_trial && (c->command->flags & ADMIN_CHANGES) != 0) ||
           c->answer->code == ANSWER_NO_RIGHTS ||
           c->answer->code == ANSWER_WRONG_PASSWORD;
}

/* Whether one of the effects is more than a question. */
static bool
has_acted(const struct effect_list *effects)
{
    const struct effect *e;

    STAILQ_FOREACH(e, effects, link)
        if (e->kind != EFFECT_COUNT_AUDIENCE &&
            e->kind != EFFECT_COUNT_DELIVERED)
            return true;
    return false;
}

/* Whether the workers are still to do something.  What they do for a device that
 * goes follows from the store: without a device, nothing. */
static bool
is_left_to_workers(const struct admin_live *l)
{
    return l != NULL && l->command != ADMIN_LIVE_KILL_DEVICE;
}

/* before: store_changes when the command began. */
static bool
has_changed(const struct admin_call *c, unsigned before)
{
    return c->answer->code == 200 &&
           (is_left_to_workers(c->live) || has_acted(c->x->effects) ||
            store_changes(c->x->txn) != before);
}

/* Whether there is such a session, the workers will say; and whether a backup can
 * begin, the backups, when it does. */
static bool
is_known_later(const struct admin_live *l)
{
    return l != NULL && (l->command == ADMIN_LIVE_START_BACKUP ||
                         (l->command == ADMIN_LIVE_KILL_SESSION && !l->lasts));
}

static enum store_result
audit_call(struct admin_call *c, bool malformed, bool changed,
           struct errbuf *err)
{
    struct buf what = {0};
    enum store_result r;

    if (!wants_audit(c) || (c->is_trial && c->answer->code == 200))
        return STORE_OK;
    /* It is run once more, when it is known whether there is such a user. */
    if (c->x->newcomer != NULL && *c->x->newcomer != NULL)
        return STORE_OK;
    if (c->answer->code == 200 && is_known_later(c->live)) {
        c->live->audit_later = true;
        return STORE_OK;
    }
    /* Of a change in many jobs, the first and the last. */
    if (c->answer->more && c->x->target != 0)
        return STORE_OK;
    if (c->is_trial)
        buf_append_str(&what, ADMIN_DRY_RUN " ");
    if (malformed)
        buf_appendf(&what, "%s (malformed)", c->command->name);
    else
        admin_line_write(&what, c->line);
    r = admin_audit_record(c->x, buf_cstr(&what),
                           c->answer->code == 200 ? "ok" : c->answer->text,
                           changed, err);
    buf_clear(&what);
    return r;
}

/* The first part that changes something is recorded with what it changes: if
 * no other part follows it, because the server ends, it was done all the same.
 * STORE_AGAIN if that went well. */
static enum store_result
audit_part(struct admin_call *c, bool changed, struct errbuf *err)
{
    unsigned part = store_part(c->x->txn);
    struct buf what = {0};
    enum store_result r;

    if (!changed || (c->command->flags & ADMIN_CHANGES) == 0 ||
        (c->parts->begun != 0 && c->parts->begun <= part))
        return STORE_AGAIN;
    c->parts->begun = part + 1;
    admin_line_write(&what, c->line);
    r = admin_audit_record(c->x, buf_cstr(&what), "begun", true, err);
    buf_clear(&what);
    return r == STORE_OK ? STORE_AGAIN : r;
}

/* --- running a line --- */

/* Whether it is a command that changes something. */
static bool
is_change(const struct admin_command *k)
{
    return (k->flags & (ADMIN_CHANGES | ADMIN_ACTS)) != 0 ||
           admin_live_acts(k->live);
}

/* What the answer says of a command that is done, or of a trial that has come so
 * far: of that there is no more to be heard, and nothing follows. */
static void
note_change(struct admin_call *c, unsigned before)
{
    struct admin_answer *a = c->answer;

    a->changed = a->code == 200 && is_change(c->command) &&
                 (has_changed(c, before) || c->parts->begun != 0);
    if (!c->is_trial)
        return;
    effect_list_clear(c->x->effects);
    if (!is_change(c->command))
        return;
    buf_clear(&a->data);
    a->more = false;
    a->target = 0;
}

/* Runs the command and brings its outcome into the form of the interface:
 * STORE_OK with an answer, or a failure. */
static enum store_result
run(struct admin_call *c, const struct admin_plan *p, struct errbuf *err)
{
    unsigned before = store_changes(c->x->txn);
    enum store_result r;

    c->answer->code = 200;
    snprintf(c->answer->text, sizeof c->answer->text, "OK");
    r = p->bad != NULL ? admin_refuse(c, ANSWER_ARGUMENTS, "%s", p->bad->text)
                       : c->command->run(c, err);
    switch (r) {
    case STORE_OK:
        break;
    case STORE_AGAIN:
        if (!c->is_trial || !has_changed(c, before))
            return audit_part(c, has_changed(c, before), err);
        break; /* it is known what was asked */
    case STORE_REFUSED:
        /* By the store, where the command did not expect it. */
        if (c->answer->code == 200)
            return STORE_ERROR;
        break;
    case STORE_NOTFOUND:
    case STORE_EXISTS:
        /* A command turns these into answers where they are expected. */
        err_prefix(err, "%s: unexpected", c->command->name);
        return STORE_ERROR;
    case STORE_FULL:
    case STORE_ERROR:
        return r;
    }
    if (c->answer->code != 200)
        buf_clear(&c->answer->data);
    if (c->hash_wanted != NULL)
        return STORE_OK;
    r = audit_call(c, p->bad != NULL, has_changed(c, before), err);
    note_change(c, before);
    return r;
}

static bool
is_known(const struct admin_command *k, const struct admin_settings *s)
{
    return k != NULL && ((k->flags & ADMIN_HIDDEN) == 0 || s->test_hooks);
}

/* Bytes of a line that are read in the time of one unit of work. */
#define LINE_BYTES_READ 128

/* Unless that was done when the line came. */
static void
read_arguments(struct admin_context *x, struct admin_plan *p)
{
    if (admin_plan_read(p))
        store_charge(x->txn, p->len / LINE_BYTES_READ);
}

static const struct admin_hashed nothing_hashed;

/* live: NULL for admin_execute; then the commands that need it are unknown
 * here, and the other way round. */
static enum store_result
execute(struct admin_context *x, struct admin_plan *p,
        const struct admin_hashed *hashed, struct admin_live *live,
        struct admin_answer *answer, struct errbuf *err)
{
    struct admin_parts alone = {0};
    struct admin_parts *parts = x->parts != NULL ? x->parts : &alone;
    struct admin_call c = {.x = x,
                           .parts = parts,
                           .command = p->command,
                           .line = &p->line,
                           .hashed = hashed != NULL ? hashed : &nothing_hashed,
                           .answer = answer,
                           .live = live,
                           .is_trial = p->is_trial};
    enum store_result r;

    admin_answer_clear(answer);
    if (!is_known(p->command, x->settings) ||
        admin_plan_is_live(p) != (live != NULL)) {
        admin_refuse(&c, ANSWER(UNKNOWN_COMMAND));
        return STORE_OK;
    }
    read_arguments(x, p);
    if (parts->arena == NULL)
        parts->arena = arena_new();
    c.arena = parts->arena;
    if (live != NULL) {
        live->command = p->command->live;
        live->is_trial = p->is_trial;
    }
    r = run(&c, p, err);
    if (p->command->password != ADMIN_NO_PASSWORD)
        arena_wipe(alone.arena != NULL ? alone.arena : c.arena);
    admin_parts_clear(&alone);
    return r;
}

enum store_result
admin_execute(struct admin_context *x, struct admin_plan *p,
              const struct admin_hashed *hashed, struct admin_answer *answer,
              struct errbuf *err)
{
    return execute(x, p, hashed, NULL, answer, err);
}

void
admin_live_clear(struct admin_live *l)
{
    arena_free(&l->arena);
    *l = (struct admin_live){0};
}

enum store_result
admin_live_begin(struct admin_context *x, struct admin_plan *p,
                 struct admin_live *live_r, struct admin_answer *answer,
                 struct errbuf *err)
{
    admin_live_clear(live_r); /* it may be a second try */
    return execute(x, p, NULL, live_r, answer, err);
}

enum store_result
admin_live_audit(struct admin_context *x, struct admin_plan *p, int code,
                 const char *text, struct errbuf *err)
{
    struct buf what = {0};
    enum store_result r;

    admin_line_write(&what, &p->line);
    r = admin_audit_record(x, buf_cstr(&what), code == 200 ? "ok" : text,
                           code == 200, err);
    buf_clear(&what);
    return r;
}

/* --- passwords --- */

enum store_result
admin_hash_wanted(struct admin_context *x, struct admin_plan *p, bool *wanted_r,
                  struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct admin_answer answer = {0};
    struct admin_call c = {.x = x,
                           .command = p->command,
                           .line = &p->line,
                           .arena = arena,
                           .hashed = &nothing_hashed,
                           .hash_wanted = wanted_r,
                           .answer = &answer};
    enum store_result r;

    *wanted_r = false;
    read_arguments(x, p);
    r = run(&c, p, err);
    /* It ends where the credential is missing, before anything is done. */
    if (r == STORE_OK && answer.code == 200) {
        err_set(err, "%s: was done without its password", p->command->name);
        r = STORE_ERROR;
    }
    admin_answer_clear(&answer);
    arena_wipe(arena); /* a password may be a number, and then a text here */
    arena_free(&arena);
    return r;
}

static bool
may_set(const struct caller *by, const struct domain_rec *d,
        const struct account_rec *a)
{
    return rights_administers(by, d->number, RIGHT_BASIC_SETTINGS) &&
           rights_cover(by, d->number, rights_parse(a->rights));
}

enum store_result
admin_verify_find(struct admin_context *x, const struct admin_plan *p,
                  struct credential *cred_r, bool *found_r, uint64_t *guessed_r,
                  struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct admin_answer answer = {0};
    struct admin_call c = {.x = x, .arena = arena, .answer = &answer};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_password_find(&c, p->account, &d, &a, err);

    *cred_r = (struct credential){0};
    *guessed_r = 0;
    *found_r = r == STORE_OK;
    if (r == STORE_OK) {
        *cred_r = a.cred;
        *guessed_r = may_set(x->caller, &d, &a) ? 0 : a.number;
    } else if (r == STORE_REFUSED) {
        r = STORE_OK;
    }
    admin_clear(&d, &a);
    arena_free(&arena);
    return r;
}
