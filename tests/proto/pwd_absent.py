# SPDX-License-Identifier: BSD-2-Clause
"""What this server does not have (ximss-cli(7)): the commands that scripts of
the family say all the same, with their first argument and their answer."""

NO_CLUSTER = "501 available in the Dynamic Cluster only"
DOMAIN, ACCOUNT, OBJECT, SERVER = "a.test", "joe@a.test", "thing@a.test", ""
SET = "set"  # to nothing: 200; to something: refused

# (answer or SET, first argument, what is refused, commands)
TABLE = [
    ("201 ()", DOMAIN, "mailing lists", "LISTLISTS"),
    ("201 {}", DOMAIN, "mailing lists", "GETDOMAINLISTS"),
    ("201 {}", ACCOUNT, "mailing lists", "GETACCOUNTLISTS"),
    ("501", OBJECT, "mailing lists", "CREATELIST"),
    ("554 Unknown Mailing List", OBJECT, "mailing lists", "RENAMELIST "
     "DELETELIST GETLIST UPDATELIST LIST LISTSUBSCRIBERS READSUBSCRIBERS "
     "GETSUBSCRIBERINFO SETPOSTINGMODE PROCESSBOUNCE"),

    ("201 ()", ACCOUNT, "rules", "GETACCOUNTMAILRULES GETACCOUNTSIGNALRULES "
     "GETACCOUNTRULES"),
    (SET, ACCOUNT, "rules", "SETACCOUNTMAILRULES SETACCOUNTSIGNALRULES "
     "SETACCOUNTRULES"),
    ("501", ACCOUNT, "rules", "UPDATEACCOUNTMAILRULE "
     "UPDATEACCOUNTSIGNALRULE"),
    ("201 ()", DOMAIN, "rules", "GETDOMAINMAILRULES GETDOMAINSIGNALRULES "
     "GETDOMAINRULES"),
    (SET, DOMAIN, "rules", "SETDOMAINMAILRULES SETDOMAINSIGNALRULES "
     "SETDOMAINRULES"),
    ("201 ()", SERVER, "rules", "GETSERVERMAILRULES GETSERVERSIGNALRULES "
     "GETSERVERRULES"),
    (SET, SERVER, "rules", "SETSERVERMAILRULES SETSERVERSIGNALRULES "
     "SETSERVERRULES"),

    ("201 ()", ACCOUNT, "telephone numbers", "GETACCOUNTTELNUMS"),
    (SET, ACCOUNT, "telephone numbers", "SETACCOUNTTELNUMS"),
    ("501", ACCOUNT, "telephone numbers", "MODIFYACCOUNTTELNUMS"),
    ('201 {""=0;}', DOMAIN, "telephone numbers", "LISTDOMAINTELNUMS"),
    ('201 {""=0;}', SERVER, "telephone numbers", "LISTSERVERTELNUMS"),

    ("201 {}", ACCOUNT, "RPOP records", "GETACCOUNTRPOPS"),
    ("201 ()", ACCOUNT, "RPOP records", "GETACCOUNTRPOP"),
    (SET, ACCOUNT, "RPOP records", "SETACCOUNTRPOPS SETACCOUNTRPOP"),
    ("201 {}", ACCOUNT, "RSIP records", "GETACCOUNTRSIPS"),
    (SET, ACCOUNT, "RSIP records", "SETACCOUNTRSIPS"),

    ("201 {}", ACCOUNT, "mailboxes", "LISTMAILBOXES GETMAILBOXALIASES"),
    ("201 ()", ACCOUNT, "mailboxes", "GETMAILBOXSUBSCRIPTION "
     "GETACCOUNTSUBSCRIPTION"),
    (SET, ACCOUNT, "mailboxes", "SETMAILBOXSUBSCRIPTION "
     "SETACCOUNTSUBSCRIPTION SETMAILBOXALIASES"),
    ("501", ACCOUNT, "mailboxes", "CREATEMAILBOX DELETEMAILBOX RENAMEMAILBOX "
     "GETMAILBOXINFO GETMAILBOXACL SETMAILBOXACL GETMAILBOXRIGHTS "
     "SETMAILBOXCLASS"),

    ("201 {}", ACCOUNT, "access rights of accounts", "GETACCOUNTACL"),
    ('201 ""', ACCOUNT, "access rights of accounts", "GETACCOUNTACLRIGHTS"),
    (SET, ACCOUNT, "access rights of accounts", "SETACCOUNTACL"),

    ("201 {}", ACCOUNT, "files", "LISTSTORAGEFILES LISTWEBFILES"),
    ("201 (0,0)", ACCOUNT, "files", "GETSTORAGEFILEINFO GETWEBFILESINFO"),
    ("201 ()", ACCOUNT, "files", "GETFILESUBSCRIPTION"),
    (SET, ACCOUNT, "files", "SETFILESUBSCRIPTION"),
    ("501", ACCOUNT, "files", "READSTORAGEFILE WRITESTORAGEFILE "
     "RENAMESTORAGEFILE DELETESTORAGEFILE READSTORAGEFILEATTR "
     "UPDATESTORAGEFILEATTR GETWEBFILE PUTWEBFILE RENAMEWEBFILE "
     "DELETEWEBFILE"),

    ("201 ()", SERVER, "storage mount points", "LISTDOMAINSTORAGE"),
    ("501", SERVER, "storage mount points", "CREATEDOMAINSTORAGE"),
    ("201 ()", DOMAIN, "storage mount points", "LISTACCOUNTSTORAGE"),
    ("501", DOMAIN, "storage mount points", "CREATEACCOUNTSTORAGE"),

    ("201 {}", DOMAIN, "tasks", "LISTDOMAINNAMEDTASKS"),
    ("201 {}", ACCOUNT, "tasks", "LISTACCOUNTNAMEDTASKS"),
    ("501", OBJECT, "tasks", "CREATENAMEDTASK RENAMENAMEDTASK "
     "DELETENAMEDTASK GETNAMEDTASK UPDATENAMEDTASK"),
    ("501", ACCOUNT, "tasks", "UPDATESCHEDULEDTASK"),

    ("201 ()", DOMAIN, "skins", "LISTDOMAINSKINS"),
    ("201 ()", SERVER, "skins", "LISTSERVERSKINS"),
    ("201 {}", DOMAIN, "skins", "LISTWEBUSERINTERFACE"),
    ("501", SERVER, "skins", "CREATEDOMAINSKIN RENAMEDOMAINSKIN "
     "DELETEDOMAINSKIN LISTDOMAINSKINFILES READDOMAINSKINFILE "
     "STOREDOMAINSKINFILE CREATESERVERSKIN RENAMESERVERSKIN "
     "DELETESERVERSKIN LISTSERVERSKINFILES READSERVERSKINFILE "
     "STORESERVERSKINFILE LISTSTOCKSKINFILES READSTOCKSKINFILE"),
    ("501", DOMAIN, "skins", "GETWEBUSERINTERFACE PUTWEBUSERINTERFACE "
     "DELETEWEBUSERINTERFACE CLEARWEBUSERCACHE"),

    ("201 {}", SERVER, "directories", "LISTDIRECTORYUNITS "
     "GETDIRECTORYINTEGRATION"),
    ("201 ()", SERVER, "directories", "GETDIRECTORYACCESSRIGHTS"),
    (SET, SERVER, "directories", "SETDIRECTORYACCESSRIGHTS "
     "SETDIRECTORYINTEGRATION"),
    ("501", SERVER, "directories", "CREATEDIRECTORYDOMAIN "
     "RELOADDIRECTORYDOMAINS CREATEDIRECTORYUNIT RELOCATEDIRECTORYUNIT "
     "DELETEDIRECTORYUNIT GETDIRECTORYUNIT SETDIRECTORYUNIT"),
    ("501", DOMAIN, "directories", "INSERTDIRECTORYRECORDS "
     "DELETEDIRECTORYRECORDS"),

    ("201 {}", DOMAIN, "default preferences", "GETACCOUNTDEFAULTPREFS "
     "GETWEBUSERDEFAULTS"),
    (SET, DOMAIN, "default preferences", "UPDATEACCOUNTDEFAULTPREFS "
     "SETACCOUNTDEFAULTPREFS UPDATEWEBUSERDEFAULTS SETWEBUSERDEFAULTS"),
    ("201 {}", SERVER, "default preferences", "GETSERVERACCOUNTPREFS "
     "GETSERVERWEBUSERDEFAULTS"),
    (SET, SERVER, "default preferences", "UPDATESERVERACCOUNTPREFS "
     "SETSERVERACCOUNTPREFS SETSERVERWEBUSERDEFAULTS"),

    ("501", ACCOUNT, "resets of statistics", "RESETACCOUNTSTAT"),
    ("501", DOMAIN, "resets of statistics", "RESETDOMAINSTAT"),

    (NO_CLUSTER, SERVER, "", "GETCLUSTERMAILRULES SETCLUSTERMAILRULES "
     "GETCLUSTERSIGNALRULES SETCLUSTERSIGNALRULES GETCLUSTERRULES "
     "SETCLUSTERRULES LISTCLUSTERTELNUMS LISTCLUSTERSKINS CREATECLUSTERSKIN "
     "RENAMECLUSTERSKIN DELETECLUSTERSKIN LISTCLUSTERSKINFILES "
     "READCLUSTERSKINFILE STORECLUSTERSKINFILE "
     "GETCLUSTERDIRECTORYINTEGRATION SETCLUSTERDIRECTORYINTEGRATION "
     "GETCLUSTERACCOUNTPREFS UPDATECLUSTERACCOUNTPREFS "
     "SETCLUSTERACCOUNTPREFS GETCLUSTERWEBUSERDEFAULTS "
     "SETCLUSTERWEBUSERDEFAULTS"),
]


def transcripts():
    """[(line, answer)]"""
    rows = []
    for answer, target, what, commands in TABLE:
        refused = "501 %s are not supported" % what
        for verb in commands.split():
            line = ("%s %s" % (verb, target)).rstrip()
            if answer == SET:
                rows += [(line + " ()", "200 OK"), (line + " {}", "200 OK"),
                         (line + " (x)", refused)]
            else:
                rows.append((line, refused if answer == "501" else answer))
    return rows


def never_done():
    """Commands that are always refused."""
    return {verb for answer, _, _, commands in TABLE if answer[0] == "5"
            for verb in commands.split()}


def by_right():
    """[(line, is it about the whole server, does it only read)]"""
    return [("%s %s%s" % (verb, target, " ()" if answer == SET else ""),
             target == SERVER, answer[0] == "2" or answer == NO_CLUSTER)
            for answer, target, _, commands in TABLE
            for verb in commands.split()]
