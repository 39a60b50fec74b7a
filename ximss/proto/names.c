/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/proto/names.h"

#include <stddef.h>
#include <string.h>

#include "util/spell.h"
#include "util/text.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const settings[] = {
    /* Those that are acted on. */
    "Auth",
    "AutoCreate",
    "CRAMMD5",
    "MaxAccountSize",
    "Outside",
    "Password",
    "PlusDetail",
    "QuotaAlert",
    "QuotaAlertText",
    "RealName",
    /* Of the family: storage. */
    "MaxFileSize",
    "MaxMailOutSize",
    "MaxMessageSize",
    "MaxWebFiles",
    "MaxWebSize",
    "QuotaNotice",
    "QuotaSuspend",
    /* Log-in. */
    "AccessModes",
    "CertificateType",
    "DIGESTMD5",
    "FailedLoginFlow",
    "HideAccountUnknown",
    "LoginPlain",
    "PWDAllowed",
    "PasswordComplexity",
    "PasswordEncryption",
    "PasswordRecovery",
    "RequireAPOP",
    "UseAppPassword",
    "UseExtPassword",
    "UseKerberosPassword",
    "UseSysPassword",
    /* Mail, rules, pages. */
    "AddMailTrailer",
    "AddWebBanner",
    "ArchiveMessagesAfter",
    "DefaultMailboxType",
    "DeleteMessagesAfter",
    "ExternalINBOX",
    "MailInpFlow",
    "MailOutFlow",
    "MailTrailer",
    "MailToAll",
    "MailToUnknown",
    "MaxAccounts",
    "MaxAliases",
    "MaxMailboxes",
    "RPOPAllowed",
    "RPOPMinPeriod",
    "RSIPMinPeriod",
    "RulesAllowed",
    "ServiceClass",
    "SignalRulesAllowed",
    "WebBanner",
    "WebUserCache",
    /* Domains. */
    "AccountsLog",
    "AdminDomainName",
    "AutoSignup",
    "CentralDirectory",
    "ClientIPs",
    "DomainAccessModes",
    "DomainComment",
    "ForceSMTPAUTH",
    "IPMode",
    "LogLevel",
    "MailRerouteAddress",
    "OsUserName",
    "TrailerText",
};

static const char *const rights[] = {
    /* Of the server. */
    "Master",
    "All Domains",
    "Domain",
    "Domains Read",
    "Server Settings",
    "Can Monitor",
    "Can Reject Queues",
    /* Of a domain. */
    "BasicSettings",
    "CanAccessWebSites",
    "CanCreateAccounts",
    "CanCreateAliases",
    "CanCreateForwarders",
    "CanCreateGroups",
    "CanCreateLists",
    "CanCreateNamedTasks",
    "CanCreateSpecialAccounts",
    "CanCreateTelnums",
    "CanCreateWebUserSessions",
    "CanImpersonate",
    "CanModifyRPOP",
    "CanModifyRSIP",
    "CanPostAlerts",
    "CentralDirectory",
    "PSTNSettings",
    "RulesAllowed",
    "SignalRulesAllowed",
    "WebUserSettings",
};

bool
names_has_setting(const char *name)
{
    if (text_equal_nocase(name, "Password"))
        return true;
    for (size_t i = 0; i < COUNT(settings); i++)
        if (strcmp(settings[i], name) == 0)
            return true;
    return false;
}

const char *
names_meant_setting(const char *name)
{
    return spell_nearest(name, settings, COUNT(settings));
}

bool
names_has_right(const char *code)
{
    for (size_t i = 0; i < COUNT(rights); i++)
        if (text_equal_nocase(rights[i], code))
            return true;
    return names_has_setting(code);
}

const char *
names_meant_right(const char *code)
{
    const char *found = spell_nearest(code, rights, COUNT(rights));

    return found != NULL ? found : names_meant_setting(code);
}
