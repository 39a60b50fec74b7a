/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/requests/login_stat.h"

#include <string.h>

#include "ximss/server/base/stat.h"
#include "ximss/server/requests/attempt.h"

/* The methods of attempt_new.  A SCRAM has a hash in its name. */
static const struct {
    const char *method;
    enum stat_mechanism by;
} methods[] = {
    {"clear", STAT_BY_CLEAR},       {"PASS", STAT_BY_CLEAR},
    {"WEBUSER", STAT_BY_CLEAR},     {"PLAIN", STAT_BY_PLAIN},
    {"LOGIN", STAT_BY_PLAIN},       {"CRAM-MD5", STAT_BY_CRAM},
    {"APOP", STAT_BY_APOP},         {"ticket", STAT_BY_TICKET},
    {"session", STAT_BY_SESSION},   {"device", STAT_BY_DEVICE},
    {"EXTERNAL", STAT_BY_EXTERNAL},
};

static enum stat_mechanism
mechanism_of(const struct attempt *a)
{
    if (a->cli_token != NULL)
        return STAT_BY_TOKEN;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(a->method, methods[i].method) == 0)
            return methods[i].by;
    return strncmp(a->method, "SCRAM", 5) == 0 ? STAT_BY_SCRAM : STAT_BY_OTHER;
}

void
login_stat_succeeded(const struct attempt *a)
{
    enum stat_mechanism by = mechanism_of(a);

    stat_add(STAT_LOGINS_BY + by, 1);
    if (by == STAT_BY_EXTERNAL)
        return; /* nobody was asked */
    if (a->recalled)
        stat_add(STAT_LOGINS_SAID + STAT_SAYS_MEMORY, 1);
    else if (a->outside.let_in)
        stat_add(STAT_LOGINS_SAID + (unsigned)a->outside.by, 1);
    else
        stat_add(STAT_LOGINS_SAID + STAT_SAYS_STORE, 1);
}

void
login_stat_failed(const struct attempt *a)
{
    enum stat_mechanism by = mechanism_of(a);

    stat_add(STAT_LOGINS_FAILED_BY + by, 1);
    if (by != STAT_BY_EXTERNAL)
        stat_add(STAT_LOGINS_FAILED_SAID + (a->outside.is_wrong
                                                ? (unsigned)a->outside.wrong_by
                                                : STAT_SAYS_STORE),
                 1);
}

void
login_stat_throttled(const struct attempt *a)
{
    stat_add(STAT_LOGINS_THROTTLED_BY + mechanism_of(a), 1);
}
