/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of the family for what this server does not have: mail, lists,
 * files, skins and so on (protocol.md C.6).
 *
 * Scripts ask for these things on their way to others.  So what lists them says
 * that there are none, what sets them to none is content, and the rest is
 * refused in words; a domain or an account that is not there, and want of
 * rights, are answered as everywhere.  Arguments behind the target are not
 * looked at. */
#include "config.h"

#include <string.h>

#include "ximss/server/cli/admin_account.h"

enum what {
    ACL,
    DEFAULT_PREFS,
    DIRECTORY,
    FILES,
    LISTS,
    MAILBOXES,
    MOUNT_POINTS,
    RPOP,
    RSIP,
    RULES,
    SKINS,
    STAT_RESETS,
    TASKS,
    TELNUMS
};

static const char *const names[] = {
    [ACL] = "access rights of accounts",
    [DEFAULT_PREFS] = "default preferences",
    [DIRECTORY] = "directories",
    [FILES] = "files",
    [LISTS] = "mailing lists",
    [MAILBOXES] = "mailboxes",
    [MOUNT_POINTS] = "storage mount points",
    [RPOP] = "RPOP records",
    [RSIP] = "RSIP records",
    [RULES] = "rules",
    [SKINS] = "skins",
    [STAT_RESETS] = "resets of statistics",
    [TASKS] = "tasks",
    [TELNUMS] = "telephone numbers",
};

/* What the command is about, by its first argument. */
enum target {
    SERVER,  /* it names nothing */
    DOMAIN,  /* a domain; the caller's own may be left out */
    ACCOUNT, /* an account or * */
    OBJECT   /* name@domain: something of the domain */
};

enum answer {
    NO_ARRAY,   /* () */
    NO_DICT,    /* {} */
    NO_TEXT,    /* "" */
    NO_FILES,   /* (0,0): their size and number */
    NO_TELNUMS, /* {""=0;}: their number */
    ONLY_EMPTY, /* sets an array or a dictionary, which must be empty */
    NOT_HERE,   /* refused */
    UNKNOWN,    /* there is no such list */
    IN_CLUSTER  /* needs a cluster */
};

#define ABSENT(NAME, what, target, answer)                                \
    {                                                                     \
        .name = NAME, .run = absent,                                      \
        .detail = (int)((unsigned)(what) << 8 | (unsigned)(target) << 4 | \
                        (unsigned)(answer))                               \
    }

static bool
only_reads(enum answer answer)
{
    return answer < ONLY_EMPTY;
}

/* A domain administrator needs some code, as for everything of which nothing
 * is there to be protected. */
static unsigned
need_of(enum answer answer)
{
    return only_reads(answer) ? NEED_READ : (unsigned)RIGHTS_OF_DOMAIN;
}

static enum store_result
check_server(struct admin_call *c, enum answer answer)
{
    if (!only_reads(answer) && answer != IN_CLUSTER)
        return admin_call_all_domains(c);
    return rights_may_read(c->x->caller, 0)
               ? STORE_OK
               : admin_refuse(c, ANSWER(NO_RIGHTS));
}

static enum store_result
check_domain(struct admin_call *c, const char *name, enum answer answer,
             struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = admin_call_domain(c, name, need_of(answer), &d, err);

    domain_rec_clear(&d);
    return r;
}

static enum store_result
check_account(struct admin_call *c, enum answer answer, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_call_account(c, name, need_of(answer) | NEED_OWN, &d, &a,
                               err);
    admin_clear(&d, &a);
    return r;
}

static enum store_result
check_object(struct admin_call *c, enum answer answer, struct errbuf *err)
{
    const char *name, *at;
    enum store_result r = admin_arg_text(c, "name", &name);

    if (r != STORE_OK)
        return r;
    at = strrchr(name, '@');
    return check_domain(c, at != NULL ? at + 1 : NULL, answer, err);
}

static enum store_result
check_target(struct admin_call *c, enum target target, enum answer answer,
             struct errbuf *err)
{
    switch (target) {
    case SERVER:
        return check_server(c, answer);
    case DOMAIN:
        return check_domain(c, admin_arg_optional_text(c), answer, err);
    case ACCOUNT:
        return check_account(c, answer, err);
    case OBJECT:
        return check_object(c, answer, err);
    }
    return STORE_ERROR;
}

static enum store_result
refuse(struct admin_call *c, enum what what)
{
    return admin_refuse(c, ANSWER(NOT_SUPPORTED), names[what]);
}

/* The last argument is what is to be set. */
static enum store_result
set_to_none(struct admin_call *c, enum what what)
{
    const struct cli_value *v =
        c->next < c->line->n ? c->line->arg[c->line->n - 1] : NULL;

    if (v == NULL || (v->kind != CLI_ARRAY && v->kind != CLI_DICTIONARY))
        return admin_refuse(c, ANSWER(MISSING), "array or dictionary");
    return v->n == 0 ? STORE_OK : refuse(c, what);
}

static enum store_result
give(struct admin_call *c, const char *data)
{
    buf_append_str(&c->answer->data, data);
    return STORE_OK;
}

static enum store_result
absent(struct admin_call *c, struct errbuf *err)
{
    unsigned detail = (unsigned)c->command->detail;
    enum what what = (enum what)(detail >> 8);
    enum answer answer = (enum answer)(detail & 15);
    enum store_result r =
        check_target(c, (enum target)(detail >> 4 & 15), answer, err);

    if (r != STORE_OK)
        return r;
    switch (answer) {
    case NO_ARRAY:
        return give(c, "()");
    case NO_DICT:
        return give(c, "{}");
    case NO_TEXT:
        return give(c, "\"\"");
    case NO_FILES:
        return give(c, "(0,0)");
    case NO_TELNUMS:
        return give(c, "{\"\"=0;}");
    case ONLY_EMPTY:
        return set_to_none(c, what);
    case NOT_HERE:
        return refuse(c, what);
    case UNKNOWN:
        return admin_refuse(c, ANSWER(NO_LIST)); /* clients compare it */
    case IN_CLUSTER:
        return admin_refuse_cluster(c);
    }
    return STORE_ERROR;
}

static const struct admin_command commands[] = {
    ABSENT("LISTLISTS", LISTS, DOMAIN, NO_ARRAY),
    ABSENT("GETDOMAINLISTS", LISTS, DOMAIN, NO_DICT),
    ABSENT("GETACCOUNTLISTS", LISTS, ACCOUNT, NO_DICT),
    ABSENT("CREATELIST", LISTS, OBJECT, NOT_HERE),
    ABSENT("RENAMELIST", LISTS, OBJECT, UNKNOWN),
    ABSENT("DELETELIST", LISTS, OBJECT, UNKNOWN),
    ABSENT("GETLIST", LISTS, OBJECT, UNKNOWN),
    ABSENT("UPDATELIST", LISTS, OBJECT, UNKNOWN),
    ABSENT("LIST", LISTS, OBJECT, UNKNOWN),
    ABSENT("LISTSUBSCRIBERS", LISTS, OBJECT, UNKNOWN),
    ABSENT("READSUBSCRIBERS", LISTS, OBJECT, UNKNOWN),
    ABSENT("GETSUBSCRIBERINFO", LISTS, OBJECT, UNKNOWN),
    ABSENT("SETPOSTINGMODE", LISTS, OBJECT, UNKNOWN),
    ABSENT("PROCESSBOUNCE", LISTS, OBJECT, UNKNOWN),

    ABSENT("GETACCOUNTMAILRULES", RULES, ACCOUNT, NO_ARRAY),
    ABSENT("SETACCOUNTMAILRULES", RULES, ACCOUNT, ONLY_EMPTY),
    ABSENT("UPDATEACCOUNTMAILRULE", RULES, ACCOUNT, NOT_HERE),
    ABSENT("GETACCOUNTSIGNALRULES", RULES, ACCOUNT, NO_ARRAY),
    ABSENT("SETACCOUNTSIGNALRULES", RULES, ACCOUNT, ONLY_EMPTY),
    ABSENT("UPDATEACCOUNTSIGNALRULE", RULES, ACCOUNT, NOT_HERE),
    ABSENT("GETACCOUNTRULES", RULES, ACCOUNT, NO_ARRAY),
    ABSENT("SETACCOUNTRULES", RULES, ACCOUNT, ONLY_EMPTY),
    ABSENT("GETDOMAINMAILRULES", RULES, DOMAIN, NO_ARRAY),
    ABSENT("SETDOMAINMAILRULES", RULES, DOMAIN, ONLY_EMPTY),
    ABSENT("GETDOMAINSIGNALRULES", RULES, DOMAIN, NO_ARRAY),
    ABSENT("SETDOMAINSIGNALRULES", RULES, DOMAIN, ONLY_EMPTY),
    ABSENT("GETDOMAINRULES", RULES, DOMAIN, NO_ARRAY),
    ABSENT("SETDOMAINRULES", RULES, DOMAIN, ONLY_EMPTY),
    ABSENT("GETSERVERMAILRULES", RULES, SERVER, NO_ARRAY),
    ABSENT("SETSERVERMAILRULES", RULES, SERVER, ONLY_EMPTY),
    ABSENT("GETSERVERSIGNALRULES", RULES, SERVER, NO_ARRAY),
    ABSENT("SETSERVERSIGNALRULES", RULES, SERVER, ONLY_EMPTY),
    ABSENT("GETSERVERRULES", RULES, SERVER, NO_ARRAY),
    ABSENT("SETSERVERRULES", RULES, SERVER, ONLY_EMPTY),
    ABSENT("GETCLUSTERMAILRULES", RULES, SERVER, IN_CLUSTER),
    ABSENT("SETCLUSTERMAILRULES", RULES, SERVER, IN_CLUSTER),
    ABSENT("GETCLUSTERSIGNALRULES", RULES, SERVER, IN_CLUSTER),
    ABSENT("SETCLUSTERSIGNALRULES", RULES, SERVER, IN_CLUSTER),
    ABSENT("GETCLUSTERRULES", RULES, SERVER, IN_CLUSTER),
    ABSENT("SETCLUSTERRULES", RULES, SERVER, IN_CLUSTER),

    ABSENT("GETACCOUNTTELNUMS", TELNUMS, ACCOUNT, NO_ARRAY),
    ABSENT("SETACCOUNTTELNUMS", TELNUMS, ACCOUNT, ONLY_EMPTY),
    ABSENT("MODIFYACCOUNTTELNUMS", TELNUMS, ACCOUNT, NOT_HERE),
    ABSENT("LISTDOMAINTELNUMS", TELNUMS, DOMAIN, NO_TELNUMS),
    ABSENT("LISTSERVERTELNUMS", TELNUMS, SERVER, NO_TELNUMS),
    ABSENT("LISTCLUSTERTELNUMS", TELNUMS, SERVER, IN_CLUSTER),

    ABSENT("GETACCOUNTRPOPS", RPOP, ACCOUNT, NO_DICT),
    ABSENT("SETACCOUNTRPOPS", RPOP, ACCOUNT, ONLY_EMPTY),
    ABSENT("GETACCOUNTRPOP", RPOP, ACCOUNT, NO_ARRAY),
    ABSENT("SETACCOUNTRPOP", RPOP, ACCOUNT, ONLY_EMPTY),
    ABSENT("GETACCOUNTRSIPS", RSIP, ACCOUNT, NO_DICT),
    ABSENT("SETACCOUNTRSIPS", RSIP, ACCOUNT, ONLY_EMPTY),

    ABSENT("LISTMAILBOXES", MAILBOXES, ACCOUNT, NO_DICT),
    ABSENT("CREATEMAILBOX", MAILBOXES, ACCOUNT, NOT_HERE),
    ABSENT("DELETEMAILBOX", MAILBOXES, ACCOUNT, NOT_HERE),
    ABSENT("RENAMEMAILBOX", MAILBOXES, ACCOUNT, NOT_HERE),
    ABSENT("GETMAILBOXINFO", MAILBOXES, ACCOUNT, NOT_HERE),
    ABSENT("GETMAILBOXACL", MAILBOXES, ACCOUNT, NOT_HERE),
    ABSENT("SETMAILBOXACL", MAILBOXES, ACCOUNT, NOT_HERE),
    ABSENT("GETMAILBOXRIGHTS", MAILBOXES, ACCOUNT, NOT_HERE),
    ABSENT("SETMAILBOXCLASS", MAILBOXES, ACCOUNT, NOT_HERE),
    ABSENT("GETMAILBOXSUBSCRIPTION", MAILBOXES, ACCOUNT, NO_ARRAY),
    ABSENT("SETMAILBOXSUBSCRIPTION", MAILBOXES, ACCOUNT, ONLY_EMPTY),
    ABSENT("GETACCOUNTSUBSCRIPTION", MAILBOXES, ACCOUNT, NO_ARRAY),
    ABSENT("SETACCOUNTSUBSCRIPTION", MAILBOXES, ACCOUNT, ONLY_EMPTY),
    ABSENT("GETMAILBOXALIASES", MAILBOXES, ACCOUNT, NO_DICT),
    ABSENT("SETMAILBOXALIASES", MAILBOXES, ACCOUNT, ONLY_EMPTY),

    ABSENT("GETACCOUNTACL", ACL, ACCOUNT, NO_DICT),
    ABSENT("SETACCOUNTACL", ACL, ACCOUNT, ONLY_EMPTY),
    ABSENT("GETACCOUNTACLRIGHTS", ACL, ACCOUNT, NO_TEXT),

    ABSENT("LISTSTORAGEFILES", FILES, ACCOUNT, NO_DICT),
    ABSENT("GETSTORAGEFILEINFO", FILES, ACCOUNT, NO_FILES),
    ABSENT("READSTORAGEFILE", FILES, ACCOUNT, NOT_HERE),
    ABSENT("WRITESTORAGEFILE", FILES, ACCOUNT, NOT_HERE),
    ABSENT("RENAMESTORAGEFILE", FILES, ACCOUNT, NOT_HERE),
    ABSENT("DELETESTORAGEFILE", FILES, ACCOUNT, NOT_HERE),
    ABSENT("READSTORAGEFILEATTR", FILES, ACCOUNT, NOT_HERE),
    ABSENT("UPDATESTORAGEFILEATTR", FILES, ACCOUNT, NOT_HERE),
    ABSENT("GETFILESUBSCRIPTION", FILES, ACCOUNT, NO_ARRAY),
    ABSENT("SETFILESUBSCRIPTION", FILES, ACCOUNT, ONLY_EMPTY),
    ABSENT("LISTWEBFILES", FILES, ACCOUNT, NO_DICT),
    ABSENT("GETWEBFILESINFO", FILES, ACCOUNT, NO_FILES),
    ABSENT("GETWEBFILE", FILES, ACCOUNT, NOT_HERE),
    ABSENT("PUTWEBFILE", FILES, ACCOUNT, NOT_HERE),
    ABSENT("RENAMEWEBFILE", FILES, ACCOUNT, NOT_HERE),
    ABSENT("DELETEWEBFILE", FILES, ACCOUNT, NOT_HERE),

    ABSENT("LISTDOMAINSTORAGE", MOUNT_POINTS, SERVER, NO_ARRAY),
    ABSENT("CREATEDOMAINSTORAGE", MOUNT_POINTS, SERVER, NOT_HERE),
    ABSENT("LISTACCOUNTSTORAGE", MOUNT_POINTS, DOMAIN, NO_ARRAY),
    ABSENT("CREATEACCOUNTSTORAGE", MOUNT_POINTS, DOMAIN, NOT_HERE),

    ABSENT("LISTDOMAINNAMEDTASKS", TASKS, DOMAIN, NO_DICT),
    ABSENT("LISTACCOUNTNAMEDTASKS", TASKS, ACCOUNT, NO_DICT),
    ABSENT("CREATENAMEDTASK", TASKS, OBJECT, NOT_HERE),
    ABSENT("RENAMENAMEDTASK", TASKS, OBJECT, NOT_HERE),
    ABSENT("DELETENAMEDTASK", TASKS, OBJECT, NOT_HERE),
    ABSENT("GETNAMEDTASK", TASKS, OBJECT, NOT_HERE),
    ABSENT("UPDATENAMEDTASK", TASKS, OBJECT, NOT_HERE),
    ABSENT("UPDATESCHEDULEDTASK", TASKS, ACCOUNT, NOT_HERE),

    /* The domain may be left out of these, with a word behind it that says
     * whether it was: there is nothing to be found either way. */
    ABSENT("LISTDOMAINSKINS", SKINS, DOMAIN, NO_ARRAY),
    ABSENT("CREATEDOMAINSKIN", SKINS, SERVER, NOT_HERE),
    ABSENT("RENAMEDOMAINSKIN", SKINS, SERVER, NOT_HERE),
    ABSENT("DELETEDOMAINSKIN", SKINS, SERVER, NOT_HERE),
    ABSENT("LISTDOMAINSKINFILES", SKINS, SERVER, NOT_HERE),
    ABSENT("READDOMAINSKINFILE", SKINS, SERVER, NOT_HERE),
    ABSENT("STOREDOMAINSKINFILE", SKINS, SERVER, NOT_HERE),
    ABSENT("LISTSERVERSKINS", SKINS, SERVER, NO_ARRAY),
    ABSENT("CREATESERVERSKIN", SKINS, SERVER, NOT_HERE),
    ABSENT("RENAMESERVERSKIN", SKINS, SERVER, NOT_HERE),
    ABSENT("DELETESERVERSKIN", SKINS, SERVER, NOT_HERE),
    ABSENT("LISTSERVERSKINFILES", SKINS, SERVER, NOT_HERE),
    ABSENT("READSERVERSKINFILE", SKINS, SERVER, NOT_HERE),
    ABSENT("STORESERVERSKINFILE", SKINS, SERVER, NOT_HERE),
    ABSENT("LISTCLUSTERSKINS", SKINS, SERVER, IN_CLUSTER),
    ABSENT("CREATECLUSTERSKIN", SKINS, SERVER, IN_CLUSTER),
    ABSENT("RENAMECLUSTERSKIN", SKINS, SERVER, IN_CLUSTER),
    ABSENT("DELETECLUSTERSKIN", SKINS, SERVER, IN_CLUSTER),
    ABSENT("LISTCLUSTERSKINFILES", SKINS, SERVER, IN_CLUSTER),
    ABSENT("READCLUSTERSKINFILE", SKINS, SERVER, IN_CLUSTER),
    ABSENT("STORECLUSTERSKINFILE", SKINS, SERVER, IN_CLUSTER),
    ABSENT("LISTSTOCKSKINFILES", SKINS, SERVER, NOT_HERE),
    ABSENT("READSTOCKSKINFILE", SKINS, SERVER, NOT_HERE),
    ABSENT("LISTWEBUSERINTERFACE", SKINS, DOMAIN, NO_DICT),
    ABSENT("GETWEBUSERINTERFACE", SKINS, DOMAIN, NOT_HERE),
    ABSENT("PUTWEBUSERINTERFACE", SKINS, DOMAIN, NOT_HERE),
    ABSENT("DELETEWEBUSERINTERFACE", SKINS, DOMAIN, NOT_HERE),
    ABSENT("CLEARWEBUSERCACHE", SKINS, DOMAIN, NOT_HERE),

    ABSENT("CREATEDIRECTORYDOMAIN", DIRECTORY, SERVER, NOT_HERE),
    ABSENT("RELOADDIRECTORYDOMAINS", DIRECTORY, SERVER, NOT_HERE),
    ABSENT("INSERTDIRECTORYRECORDS", DIRECTORY, DOMAIN, NOT_HERE),
    ABSENT("DELETEDIRECTORYRECORDS", DIRECTORY, DOMAIN, NOT_HERE),
    ABSENT("LISTDIRECTORYUNITS", DIRECTORY, SERVER, NO_DICT),
    ABSENT("CREATEDIRECTORYUNIT", DIRECTORY, SERVER, NOT_HERE),
    ABSENT("RELOCATEDIRECTORYUNIT", DIRECTORY, SERVER, NOT_HERE),
    ABSENT("DELETEDIRECTORYUNIT", DIRECTORY, SERVER, NOT_HERE),
    ABSENT("GETDIRECTORYUNIT", DIRECTORY, SERVER, NOT_HERE),
    ABSENT("SETDIRECTORYUNIT", DIRECTORY, SERVER, NOT_HERE),
    ABSENT("GETDIRECTORYACCESSRIGHTS", DIRECTORY, SERVER, NO_ARRAY),
    ABSENT("SETDIRECTORYACCESSRIGHTS", DIRECTORY, SERVER, ONLY_EMPTY),
    ABSENT("GETDIRECTORYINTEGRATION", DIRECTORY, SERVER, NO_DICT),
    ABSENT("SETDIRECTORYINTEGRATION", DIRECTORY, SERVER, ONLY_EMPTY),
    ABSENT("GETCLUSTERDIRECTORYINTEGRATION", DIRECTORY, SERVER, IN_CLUSTER),
    ABSENT("SETCLUSTERDIRECTORYINTEGRATION", DIRECTORY, SERVER, IN_CLUSTER),

    ABSENT("GETACCOUNTDEFAULTPREFS", DEFAULT_PREFS, DOMAIN, NO_DICT),
    ABSENT("UPDATEACCOUNTDEFAULTPREFS", DEFAULT_PREFS, DOMAIN, ONLY_EMPTY),
    ABSENT("SETACCOUNTDEFAULTPREFS", DEFAULT_PREFS, DOMAIN, ONLY_EMPTY),
    ABSENT("GETSERVERACCOUNTPREFS", DEFAULT_PREFS, SERVER, NO_DICT),
    ABSENT("UPDATESERVERACCOUNTPREFS", DEFAULT_PREFS, SERVER, ONLY_EMPTY),
    ABSENT("SETSERVERACCOUNTPREFS", DEFAULT_PREFS, SERVER, ONLY_EMPTY),
    ABSENT("GETCLUSTERACCOUNTPREFS", DEFAULT_PREFS, SERVER, IN_CLUSTER),
    ABSENT("UPDATECLUSTERACCOUNTPREFS", DEFAULT_PREFS, SERVER, IN_CLUSTER),
    ABSENT("SETCLUSTERACCOUNTPREFS", DEFAULT_PREFS, SERVER, IN_CLUSTER),
    ABSENT("GETWEBUSERDEFAULTS", DEFAULT_PREFS, DOMAIN, NO_DICT),
    ABSENT("UPDATEWEBUSERDEFAULTS", DEFAULT_PREFS, DOMAIN, ONLY_EMPTY),
    ABSENT("SETWEBUSERDEFAULTS", DEFAULT_PREFS, DOMAIN, ONLY_EMPTY),
    ABSENT("GETSERVERWEBUSERDEFAULTS", DEFAULT_PREFS, SERVER, NO_DICT),
    ABSENT("SETSERVERWEBUSERDEFAULTS", DEFAULT_PREFS, SERVER, ONLY_EMPTY),
    ABSENT("GETCLUSTERWEBUSERDEFAULTS", DEFAULT_PREFS, SERVER, IN_CLUSTER),
    ABSENT("SETCLUSTERWEBUSERDEFAULTS", DEFAULT_PREFS, SERVER, IN_CLUSTER),

    ABSENT("RESETACCOUNTSTAT", STAT_RESETS, ACCOUNT, NOT_HERE),
    ABSENT("RESETDOMAINSTAT", STAT_RESETS, DOMAIN, NOT_HERE),
};

const struct admin_family admin_absent_family = {
    commands, sizeof commands / sizeof commands[0]};
