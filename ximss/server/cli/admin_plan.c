/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/cli/admin_plan.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/xmalloc.h"
#include "ximss/server/cli/admin_command.h"
#include "ximss/server/cli/admin_password.h"

/* Many plans may wait, and most lines are short. */
#define BLOCK_BYTES 512

void
admin_plan_init(struct admin_plan *p, const char *text, size_t len)
{
    size_t before = admin_line_word(text, len, ADMIN_DRY_RUN);

    text += before;
    len -= before;
    *p = (struct admin_plan){
        .text = xmalloc(len + 1), .len = len, .is_trial = before > 0};
    memcpy(p->text, text, len);
    p->text[len] = '\0';
    admin_line_begin(&p->line, p->text, len);
    p->command = admin_command_find(p->line.verb);
}

bool
admin_plan_read(struct admin_plan *p)
{
    struct errbuf bad, *kept;

    if (p->arena != NULL)
        return false;
    p->arena = arena_new_sized(BLOCK_BYTES);
    if (admin_line_read(&p->line, p->text, p->len, p->arena, &bad) < 0) {
        kept = arena_alloc(p->arena, sizeof *kept);
        *kept = bad;
        p->bad = kept;
    }
    return true;
}

static bool
may_hold_password(const struct admin_plan *p)
{
    return p->command != NULL && p->command->password != ADMIN_NO_PASSWORD;
}

void
admin_plan_look_for_password(struct admin_plan *p)
{
    struct admin_password found;

    if (!may_hold_password(p))
        return;
    admin_plan_read(p);
    if (p->bad != NULL)
        return;
    p->hash = admin_password_look(p->command, &p->line, p->arena, &found);
    if (p->hash == ADMIN_HASH_NONE)
        return;
    p->password = xstrdup(found.password);
    p->account = xstrdup(found.account);
    p->is_old = found.is_hash;
}

bool
admin_plan_is_live(const struct admin_plan *p)
{
    return p->command != NULL && p->command->live != ADMIN_LIVE_NONE;
}

bool
admin_plan_is_alone(const struct admin_plan *p)
{
    return admin_plan_is_live(p) || p->hash == ADMIN_HASH_VERIFY ||
           (p->command != NULL && (p->command->flags & ADMIN_ALONE) != 0);
}

static void
forget_arguments(struct admin_plan *p)
{
    if (p->arena != NULL && may_hold_password(p))
        arena_wipe(p->arena);
    arena_free(&p->arena);
    p->line.n = 0;
    p->bad = NULL;
}

void
admin_plan_wait(struct admin_plan *p)
{
    if (p->arena != NULL && arena_bytes(p->arena) > ADMIN_PLAN_HELD)
        forget_arguments(p);
}

size_t
admin_plan_bytes(const struct admin_plan *p)
{
    return p->len + (p->arena != NULL ? arena_bytes(p->arena) : 0);
}

static void
wipe(char **text, size_t len)
{
    if (*text != NULL)
        OPENSSL_cleanse(*text, len);
    free(*text);
    *text = NULL;
}

void
admin_plan_clear(struct admin_plan *p)
{
    forget_arguments(p);
    wipe(&p->text, p->len);
    if (p->password != NULL)
        wipe(&p->password, strlen(p->password));
    free(p->account);
    *p = (struct admin_plan){0};
}
