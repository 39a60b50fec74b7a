/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may do what.  There are two kinds of rights.  Server-wide rights count
 * everywhere; those of a domain administrator count only in the domain of their
 * account.  Every question about a domain ends in has_domain(). */
#include "config.h"

#include "ximss/server/rules/rights.h"

#include <string.h>

#include "util/arena.h"
#include "util/text.h"
#include "ximss/proto/cli_data.h"

static const struct {
    const char *code;
    unsigned right;
} codes[] = {
    {"Master", RIGHT_MASTER},
    {"All Domains", RIGHT_ALL_DOMAINS},
    {"Domain", RIGHT_ALL_DOMAINS},
    {"Can Monitor", RIGHT_MONITOR},
    {"Server Settings", RIGHT_SETTINGS},
    {"Domains Read", RIGHT_DOMAINS_READ},
    {"Can Reject Queues", RIGHT_OTHER_SERVER},
    {"CanPostAlerts", RIGHT_POST_ALERTS},
    {"CanCreateAccounts", RIGHT_CREATE_ACCOUNTS},
    {"BasicSettings", RIGHT_BASIC_SETTINGS},
    {"CanCreateWebUserSessions", RIGHT_SESSIONS},
    {"CanCreateAliases", RIGHT_CREATE_ALIASES},
    {"CanCreateGroups", RIGHT_CREATE_GROUPS},
    {"CanCreateForwarders", RIGHT_CREATE_FORWARDERS},
};

unsigned
rights_of_code(const char *code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (text_equal_nocase(codes[i].code, code))
            return codes[i].right;
    }
    return RIGHT_OTHER_DOMAIN;
}

unsigned
rights_parse(const char *text)
{
    struct arena *arena;
    struct cli_value *v = NULL;
    unsigned rights = 0;

    if (text == NULL || text[0] == '\0')
        return 0;
    arena = arena_new();
    if (cli_data_parse(text, strlen(text), NULL, arena, &v, NULL) == 0 &&
        v->kind == CLI_ARRAY) {
        for (const struct cli_value *i = v->first; i != NULL; i = i->next) {
            if (i->kind == CLI_STRING)
                rights |= rights_of_code(i->text);
        }
    }
    arena_free(&arena);
    return rights;
}

/* The caller's own domain, with one of `need`. */
static bool
has_domain(const struct caller *c, uint64_t domain, unsigned need)
{
    return domain != 0 && c->domain == domain &&
           (c->rights & need & RIGHTS_OF_DOMAIN) != 0;
}

static bool
has_all_domains(const struct caller *c)
{
    return (c->rights & (RIGHT_MASTER | RIGHT_ALL_DOMAINS)) != 0;
}

static bool
reads_all_domains(const struct caller *c)
{
    return has_all_domains(c) ||
           (c->rights & (RIGHT_MONITOR | RIGHT_DOMAINS_READ)) != 0;
}

bool
rights_may_post(const struct caller *c, enum alert_scope scope, uint64_t domain)
{
    switch (scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        return has_all_domains(c);
    case ALERT_DOMAIN:
    case ALERT_ACCOUNT:
        return rights_administers(c, domain, RIGHT_POST_ALERTS);
    }
    return false;
}

bool
rights_may_list(const struct caller *c, enum alert_scope scope, uint64_t domain)
{
    if (scope == (c->shared ? ALERT_CLUSTER : ALERT_SERVER) &&
        has_domain(c, c->domain, RIGHT_POST_ALERTS))
        return true;
    return reads_all_domains(c) || rights_may_post(c, scope, domain);
}

bool
rights_administers(const struct caller *c, uint64_t domain, unsigned need)
{
    return has_all_domains(c) || has_domain(c, domain, need);
}

bool
rights_may_read(const struct caller *c, uint64_t domain)
{
    return reads_all_domains(c) || has_domain(c, domain, RIGHTS_OF_DOMAIN);
}

bool
rights_cover(const struct caller *c, uint64_t domain, unsigned held)
{
    unsigned have = c->rights & RIGHTS_SERVER_WIDE;

    if ((c->rights & RIGHT_MASTER) != 0)
        return true;
    if (has_all_domains(c))
        have |= RIGHTS_OF_DOMAIN | RIGHT_MONITOR | RIGHT_DOMAINS_READ;
    else if (has_domain(c, domain, RIGHTS_OF_DOMAIN))
        have |= c->rights & RIGHTS_OF_DOMAIN;
    return (held & ~have) == 0;
}
