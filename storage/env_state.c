/* SPDX-License-Identifier: BSD-2-Clause */
/* What any part of storage may ask of, or record about, an open environment.
 * env.c opens it. */
#include "config.h"

#include "storage/env_state.h"

#include <errno.h>
#include <stdarg.h>

#include "util/log.h"

/* A broken table needs no million lines. */
#define REPORT_LINES 1000

const char *const table_file[TABLE_COUNT] = {
    [TABLE_META] = "meta.db",
    [TABLE_DOMAIN] = "domain.db",
    [TABLE_DOMAIN_NAME] = "domain_name.db",
    [TABLE_ACCOUNT] = "account.db",
    [TABLE_ACCOUNT_NAME] = "account_name.db",
    [TABLE_PREFS] = "prefs.db",
    [TABLE_STATE] = "state.db",
    [TABLE_ALERT] = "alert.db",
    [TABLE_ALERT_ID] = "alert_id.db",
    [TABLE_ALERT_UNTIL] = "alert_until.db",
    [TABLE_POST_KEY] = "post_key.db",
    [TABLE_POST_KEY_TIME] = "post_key_time.db",
    [TABLE_TICKET] = "ticket.db",
    [TABLE_TICKET_TIME] = "ticket_time.db",
    [TABLE_AUDIT] = "audit.db",
    [TABLE_TRASH] = "trash.db",
    [TABLE_USAGE] = "usage.db",
    [TABLE_TICKET_ACCOUNT] = "ticket_account.db",
    [TABLE_TOKEN] = "token.db",
    [TABLE_OBJECT] = "object.db",
    [TABLE_AUDIT_CHAIN] = "audit_chain.db",
    [TABLE_TRIGGER] = "trigger.db",
    [TABLE_HANDLER] = "handler.db",
};

void
env_report(struct env *env, const char *fmt, ...)
{
    va_list ap;

    if (++env->reported > REPORT_LINES)
        return;
    va_start(ap, fmt);
    vfprintf(env->report, fmt, ap);
    va_end(ap);
    fputc('\n', env->report);
}

bool
env_goes_on(struct env *env)
{
    return env->go_on == NULL || env->go_on(env->go_on_arg);
}

void
env_set_full(struct env *env, bool full)
{
    if (atomic_exchange(&env->full, full) == full)
        return;
    if (full)
        log_error("storage: the disk is full: nothing can be stored until "
                  "there is space in %s",
                  env->home);
    else
        log_info("storage: there is space again in %s", env->home);
}

bool
env_no_space(int code)
{
    return code == ENOSPC || code == EDQUOT;
}

void
env_set_stuck(struct env *env, int code)
{
    int before = atomic_exchange(&env->stuck, code);

    if (code == 0)
        atomic_store(&env->complaints, 0);
    if (env_no_space(code))
        env_set_full(env, true);
    else if (code != 0 && code != before)
        log_error("storage: the tables in %s cannot be written: %s: nothing "
                  "can be stored until they can",
                  env->home, db_strerror(code));
    if (code == 0 && before != 0 && !env_no_space(before))
        log_info("storage: the tables in %s can be written again", env->home);
}
