/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/web_option.h"

#include <string.h>

#include "clients/bridge/web_session.h"
#include "util/clock.h"
#include "util/text.h"
#include "ximss/proto/xml_parse.h"

#define IDLE_MOST (30 * 86400) /* seconds */

static void
set_idle(struct web_session *s, const char *value, struct errbuf *err)
{
    unsigned long long n;

    if (text_parse_u64(value, IDLE_MOST, &n) < 0 || n == 0)
        err_set(err, "idleTimeout must be a number of seconds");
    else
        web_session_set_idle(s, (int64_t)n * CLOCK_SECOND);
}

static void
set_flag(const char *name, const char *value, bool *flag, struct errbuf *err)
{
    if (text_parse_bool(value, flag) < 0)
        err_set(err, "%s must be yes or no", name);
}

bool
web_option_set(struct web_session *s, const struct xml_elem *e,
               struct errbuf *err)
{
    const char *name = xml_attr(e, "name"), *value = xml_attr(e, "value");

    err->text[0] = '\0';
    if (name == NULL || value == NULL)
        return false;
    if (strcmp(name, "idleTimeout") == 0)
        set_idle(s, value, err);
    else if (strcmp(name, "alertConfirm") == 0)
        set_flag(name, value, &s->confirms_itself, err);
    else if (strcmp(name, "alertChanges") == 0)
        set_flag(name, value, &s->wants_changes, err);
    else
        return false;
    return true;
}
