/* SPDX-License-Identifier: BSD-2-Clause */
/* A short name is a verb and what it is about, both without most vowels: GT, ST,
 * UPD, LST, CR, RN, DL; and for an account ACNT (ACN before DFL and TMP), for a
 * domain DMN.  GTALRT is of a domain, as the alerts of others are younger than
 * short names.  Most rows were seen in a client; the few that only complete
 * GT, ST and UPD of one kind, or CR, RN and DL, follow the same rule. */
#include "config.h"

#include "ximss/server/cli/admin_names.h"

#include <string.h>

#define ROWS_OF_SETTINGS(SHORT, FULL)                       \
    {"GT" SHORT, "GET" FULL}, {"UPD" SHORT, "UPDATE" FULL}, \
    {                                                       \
        "ST" SHORT, "SET" FULL                              \
    }
#define ROWS_OF_WHOLE(SHORT, FULL) \
    {"GT" SHORT, "GET" FULL},      \
    {                              \
        "ST" SHORT, "SET" FULL     \
    }
#define ROWS_OF_OBJECTS(SHORT, FULL)                          \
    {"CR" SHORT, "CREATE" FULL}, {"RN" SHORT, "RENAME" FULL}, \
    {                                                         \
        "DL" SHORT, "DELETE" FULL                             \
    }

const struct admin_short_name admin_short_names[] = {
    {"LSTACNT", "LISTACCOUNTS"},
    {"LSTDMN", "LISTDOMAINS"},
    {"LSTMBX", "LISTMAILBOXES"},
    {"GTACNTINF", "GETACCOUNTINFO"},
    ROWS_OF_OBJECTS("ACNT", "ACCOUNT"),
    ROWS_OF_OBJECTS("DMN", "DOMAIN"),
    ROWS_OF_OBJECTS("MBX", "MAILBOX"),
    ROWS_OF_SETTINGS("ACNT", "ACCOUNTSETTINGS"),
    ROWS_OF_SETTINGS("DMN", "DOMAINSETTINGS"),
    ROWS_OF_SETTINGS("DMNDFL", "DOMAINDEFAULTS"),
    ROWS_OF_SETTINGS("ACNDFL", "ACCOUNTDEFAULTS"),
    ROWS_OF_SETTINGS("ALACNDFL", "ALLACCOUNTSDEFAULTS"),
    ROWS_OF_SETTINGS("ACNTMP", "ACCOUNTTEMPLATE"),
    ROWS_OF_SETTINGS("WUSRDFL", "WEBUSERDEFAULTS"),
    ROWS_OF_WHOLE("WUSR", "WEBUSER"),
    ROWS_OF_WHOLE("ACNTALS", "ACCOUNTALIASES"),
    ROWS_OF_WHOLE("DMNALS", "DOMAINALIASES"),
    ROWS_OF_WHOLE("ACNTRGHT", "ACCOUNTRIGHTS"),
    ROWS_OF_WHOLE("ACNTRL", "ACCOUNTRULES"),
    ROWS_OF_WHOLE("DMNRL", "DOMAINRULES"),
    ROWS_OF_WHOLE("ALRT", "DOMAINALERTS"),
};

const size_t admin_short_names_n =
    sizeof admin_short_names / sizeof admin_short_names[0];

const char *
admin_full_name(const char *verb)
{
    for (size_t i = 0; i < admin_short_names_n; i++)
        if (strcmp(admin_short_names[i].name, verb) == 0)
            return admin_short_names[i].full;
    return NULL;
}
