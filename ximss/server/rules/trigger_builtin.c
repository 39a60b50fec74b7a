/* SPDX-License-Identifier: BSD-2-Clause */
/* What is built in, so that an administrator hears of trouble before users do,
 * without setting anything up.  The elements are those of GETSTATELEMENT.  Where a
 * limit is the administrator's, the threshold is a part of it. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "ximss/server/rules/settings.h"
#include "ximss/server/rules/trigger_builtin.h"

struct builtin {
    const char *name, *text;
};

#define HANDLERS "Handlers=(" TRIGGER_MASTERS ");"

#define QUOTA_SILENT(NAME, ELEMENT, SOURCE)                                    \
    {                                                                          \
        NAME, "{Element=" ELEMENT ";Above=86400;Severity=warning;" HANDLERS    \
              "Text=\"" SOURCE " has reported no storage for {value} seconds " \
              "(server {server}).\";}"                                         \
    }

#define CERTIFICATE(NAME, DAYS, SEVERITY)                                     \
    {                                                                         \
        NAME, "{Element=certificateDays;Below=" DAYS ";Severity=" SEVERITY    \
              ";" HANDLERS "Text=\"The certificate of {server} ends in less " \
              "than {threshold} days (whole days left: {value}).\";}"         \
    }

static const struct builtin triggers[] = {
    {"alerts-forgotten",
     "{Element=alertsOldest;Above=2592000;Severity=info;" HANDLERS
     "Text=\"An alert to many is older than 30 days: is it still true? "
     "Remove it, or give it an end (server {server}).\";}"},
    {"backup-old",
     "{Element=backupAge;Of=backupMaxAge;Above=100;Severity=warning;" HANDLERS
     "Text=\"The last backup of {server} is too old: {value} % of "
     "backup-max-age.\";}"},
    CERTIFICATE("certificate-21", "22", "info"),
    CERTIFICATE("certificate-7", "8", "warning"),
    CERTIFICATE("certificate-1", "2", "critical"),
    {"disk-low",
     "{Element=diskFree;Of=diskSize;Below=10;Clear=12;For=30s;"
     "Severity=critical;" HANDLERS
     "Text=\"The disk of {server} is nearly full: {value} % are free.\";}"},
    {"logins-failed",
     "{Element=loginsFailed;Growth=200;Period=5m;Clear=100;"
     "Severity=warning;" HANDLERS
     "Text=\"Many log-ins fail at {server}: {value} within 5 minutes.\";}"},
    QUOTA_SILENT("quota-dict-silent", "quotaAgeDict",
                 "Dovecot (quota-dict-socket)"),
    QUOTA_SILENT("quota-doveadm-silent", "quotaAgeDoveadm",
                 "Dovecot (quota-doveadm-url)"),
    QUOTA_SILENT("quota-maildir-silent", "quotaAgeMaildir",
                 "The source of Maildirs"),
    {"sessions-full",
     "{Element=connectionsOpen;Of=connectionsMost;Above=90;Clear=80;For=1m;"
     "Severity=warning;" HANDLERS
     "Text=\"{server} is nearly full: {value} % of its connections are "
     "taken.\";}"},
    {"store-refuses",
     "{Element=storeFull;Above=0;For=5s;Severity=critical;" HANDLERS
     "Text=\"The store of {server} refuses writes: there is no space.\";}"},
    {"worker-stuck",
     "{Element=threadsStuck;Above=0;Severity=critical;" HANDLERS
     "Text=\"{value} threads of {server} give no sign of life.\";}"},
};

static const struct builtin handlers[] = {
    {TRIGGER_MASTERS, "{Masters=YES;Limit=20;Period=1h;}"},
};

static const struct builtin *
table_of(enum trigger_kind kind, size_t *n_r)
{
    *n_r = kind == TRIGGER_HANDLERS ? sizeof handlers / sizeof handlers[0]
                                    : sizeof triggers / sizeof triggers[0];
    return kind == TRIGGER_HANDLERS ? handlers : triggers;
}

const char *
trigger_builtin_name(enum trigger_kind kind, unsigned i)
{
    size_t n;
    const struct builtin *b = table_of(kind, &n);

    return i < n ? b[i].name : NULL;
}

static const char *
find(enum trigger_kind kind, const char *name)
{
    size_t n;
    const struct builtin *b = table_of(kind, &n);

    for (size_t i = 0; i < n; i++)
        if (strcmp(b[i].name, name) == 0)
            return b[i].text;
    return NULL;
}

/* There is one test; whoever sets another takes the place of all of it. */
static void
drop_test(struct arena *arena, struct cli_value *dict,
          const struct cli_value *over)
{
    static const char *const keys[] = {"Above", "Below", "Growth"};
    bool other = false;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        other |= cli_data_find(over, keys[i]) != NULL;
    for (size_t i = 0; other && i < sizeof keys / sizeof keys[0]; i++)
        cli_data_set(arena, dict, keys[i], NULL);
    if (other)
        cli_data_set(arena, dict, "Clear", NULL);
}

int
trigger_builtin_dict(struct arena *arena, enum trigger_kind kind,
                     const char *name, const char *text,
                     struct cli_value **dict_r, bool *builtin_r,
                     struct errbuf *err)
{
    const char *builtin = find(kind, name);
    struct cli_value *over;

    *builtin_r = builtin != NULL;
    if (settings_read(arena, builtin, dict_r, err) != 0 ||
        settings_read(arena, text, &over, err) != 0)
        return -1;
    drop_test(arena, *dict_r, over);
    settings_update(arena, *dict_r, over);
    return 0;
}
