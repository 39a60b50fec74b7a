/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine of administration: a line is read, its command looked up in the
 * families' tables and run, and the attempt goes into the audit log, in the
 * same transaction as the change.
 *
 * A command checks everything before it writes, so that a refused one leaves
 * nothing behind but its audit record. */
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
    return (c->command->flags & ADMIN_CHANGES) != 0 ||
           c->answer->code == ANSWER_NO_RIGHTS ||
           c->answer->code == ANSWER_WRONG_PASSWORD;
}

/* before: store_changes when the command began. */
static bool
has_changed(const struct admin_call *c, unsigned before)
{
    return c->answer->code == 200 &&
           (c->live != NULL || !STAILQ_EMPTY(c->x->effects) ||
            store_changes(c->x->txn) != before);
}

static enum store_result
audit_call(struct admin_call *c, bool malformed, bool changed,
           struct errbuf *err)
{
    struct buf what = {0};
    enum store_result r;

    if (!wants_audit(c))
        return STORE_OK;
    /* Of a change in many jobs, the first and the last. */
    if (c->answer->more && c->x->target != 0)
        return STORE_OK;
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

/* Runs the command and brings its outcome into the form of the interface:
 * STORE_OK with an answer, or a failure. */
static enum store_result
run(struct admin_call *c, const struct errbuf *bad_line, struct errbuf *err)
{
    unsigned before = store_changes(c->x->txn);
    enum store_result r;

    c->answer->code = 200;
    snprintf(c->answer->text, sizeof c->answer->text, "OK");
    r = bad_line != NULL
            ? admin_refuse(c, ANSWER_ARGUMENTS, "%s", bad_line->text)
            : c->command->run(c, err);
    switch (r) {
    case STORE_OK:
        break;
    case STORE_AGAIN:
        return audit_part(c, has_changed(c, before), err);
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
    return audit_call(c, bad_line != NULL, has_changed(c, before), err);
}

static bool
is_known(const struct admin_command *k, const struct admin_settings *s)
{
    return k != NULL && ((k->flags & ADMIN_HIDDEN) == 0 || s->test_hooks);
}

/* Bytes of a line that are read in the time of one unit of work. */
#define LINE_BYTES_READ 128

/* The line, read when the command began. */
static void
read_line(struct admin_context *x, const char *text, size_t len,
          struct admin_parts *parts)
{
    struct errbuf *bad;

    if (parts->line != NULL)
        return;
    if (parts->arena == NULL)
        parts->arena = arena_new();
    parts->line = arena_alloc(parts->arena, sizeof *parts->line);
    store_charge(x->txn, len / LINE_BYTES_READ);
    bad = arena_alloc(parts->arena, sizeof *bad);
    if (admin_line_read(text, len, parts->arena, parts->line, bad) != 0)
        parts->bad = bad;
}

/* live: NULL for admin_execute; then the commands that need it are unknown
 * here, and the other way round. */
static enum store_result
execute(struct admin_context *x, const char *text, size_t len,
        const struct admin_hashed *hashed, struct admin_live *live,
        struct admin_answer *answer, struct errbuf *err)
{
    struct admin_parts alone = {0};
    struct admin_parts *parts = x->parts != NULL ? x->parts : &alone;
    struct admin_call c = {.x = x,
                           .parts = parts,
                           .hashed = hashed,
                           .answer = answer,
                           .live = live};
    enum store_result r = STORE_OK;

    read_line(x, text, len, parts);
    c.line = parts->line;
    c.arena = parts->arena;
    admin_answer_clear(answer);
    c.command = admin_command_find(c.line->verb);
    if (is_known(c.command, x->settings) &&
        (c.command->live != ADMIN_LIVE_NONE) == (live != NULL)) {
        if (live != NULL)
            live->command = c.command->live;
        r = run(&c, parts->bad, err);
    } else {
        admin_refuse(&c, ANSWER(UNKNOWN_COMMAND));
    }
    admin_parts_clear(&alone);
    return r;
}

enum store_result
admin_execute(struct admin_context *x, const char *line, size_t len,
              struct admin_answer *answer, struct errbuf *err)
{
    return execute(x, line, len, NULL, NULL, answer, err);
}

enum store_result
admin_execute_hashed(struct admin_context *x, const char *line, size_t len,
                     const struct admin_hashed *hashed,
                     struct admin_answer *answer, struct errbuf *err)
{
    return execute(x, line, len, hashed, NULL, answer, err);
}

enum store_result
admin_hash_wanted(struct admin_context *x, const char *text, size_t len,
                  bool *wanted_r, struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct admin_line line;
    struct admin_answer answer = {0};
    struct admin_call c = {.x = x,
                           .line = &line,
                           .arena = arena,
                           .hash_wanted = wanted_r,
                           .answer = &answer};
    enum store_result r = STORE_OK;

    *wanted_r = false;
    if (admin_line_read(text, len, arena, &line, NULL) == 0) {
        c.command = admin_command_find(line.verb);
        if (is_known(c.command, x->settings))
            r = run(&c, NULL, err);
        /* It ends where the credential is missing, before anything is done. */
        if (r == STORE_OK && answer.code == 200) {
            err_set(err, "%s: was done without its password", line.verb);
            r = STORE_ERROR;
        }
    }
    admin_answer_clear(&answer);
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
admin_verify_find(struct admin_context *x, const char *account,
                  struct credential *cred_r, bool *found_r, uint64_t *guessed_r,
                  struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct admin_answer answer = {0};
    struct admin_call c = {.x = x, .arena = arena, .answer = &answer};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum store_result r = admin_password_find(&c, account, &d, &a, err);

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

/* The command that the line begins with, also if the rest of it is malformed;
 * NULL if it is unknown.  For event loops: the rest may be long. */
static const struct admin_command *
command_of_line(const char *line, size_t len)
{
    char verb[ADMIN_VERB_SIZE];

    admin_line_verb(line, len, verb);
    return admin_command_find(verb);
}

bool
admin_is_live(const char *line, size_t len)
{
    /* A malformed one is answered by admin_live_begin. */
    const struct admin_command *k = command_of_line(line, len);

    return k != NULL && k->live != ADMIN_LIVE_NONE;
}

bool
admin_runs_alone(const char *line, size_t len)
{
    const struct admin_command *k = command_of_line(line, len);

    return k != NULL &&
           (k->live != ADMIN_LIVE_NONE || (k->flags & ADMIN_ALONE) != 0);
}

enum store_result
admin_live_begin(struct admin_context *x, const char *line, size_t len,
                 struct admin_live *live_r, struct admin_answer *answer,
                 struct errbuf *err)
{
    *live_r = (struct admin_live){0};
    return execute(x, line, len, NULL, live_r, answer, err);
}
