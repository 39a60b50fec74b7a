/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/rules/admin_target.h"

Suite *admin_accounts_suite(void);

START_TEST(makes_accounts)
{
    static const struct exchange e[] = {
        {CREATOR, "CreateAccount new@a.test", "200 OK"},
        {CREATOR, "CreateAccount NEW@a.test",
         "520 account with this name already exists"},
        {CREATOR, "CreateAccount \"u2@A.TEST\" {Password = \"pw\";}", "200 OK"},
        {CREATOR,
         "CreateAccount u3 TextMailbox PATH x/y LEGACY "
         "{RealName=\"U. Three\";MaxAccountSize=40M;}",
         "200 OK"},
        {CREATOR, "CreateAccount u4 external cgrade {}", "200 OK"},
        {CREATOR, "GetAccountSettings u3",
         "201 {RealName=\"U. Three\";MaxAccountSize=40M;}"},
        {CREATOR, "GetAccountSettings u2", "201 {}"},
        {CREATOR, "GetAccountInfo u2", "201 {StorageUsed=0;}"},
        {CREATOR, "GetAccountRights u2", "201 ()"},
        {CREATOR, "GetAccountAlerts u2", "510 insufficient access rights"},
        {CREATOR, "ListAccounts",
         "201 {admin=macnt;creator=macnt;joe=macnt;new=macnt;other=macnt;"
         "poster=macnt;setter=macnt;u2=macnt;u3=macnt;u4=macnt;"
         "watcher=macnt;}"},
        {LOCAL, "CreateAccount root", "200 OK"}, /* in the main domain */
        {LOCAL, "GetAccountSettings root@main.test", "201 {}"},
        {CREATOR, "CreateAccount", "501 account name is missing"},
        {CREATOR, "CreateAccount x@y@a.test",
         "501 illegal account name. character 2. .@.. is not possible. legal are letters. "
         "digits. the signs of a mail address without quotes. and single dots "
         "between"},
        {CREATOR, "CreateAccount .x",
         "501 illegal account name. a dot is at an end. dots are between others only"},
        {CREATOR, "CreateAccount \"a b@a.test\"",
         "501 illegal account name. character 2. U.0020. is not seen. legal are letters. "
         "digits. the signs of a mail address without quotes. and single dots "
         "between"},
        {CREATOR, "CreateAccount \"\"",
         "501 illegal account name. a name is not empty"},
        {CREATOR, "CreateAccount u5 StrangeMailbox",
         "501 unknown account type"},
        {CREATOR, "CreateAccount u5 {} x", "501 too many arguments"},
        {CREATOR, "CreateAccount u5 PATH", "501 path is missing"},
        {CREATOR, "CreateAccount u5 {Password=\"\";}",
         "501 password is empty or too long"},
        {CREATOR, "CreateAccount u5 {Password=default;}",
         "501 password can not be used"},
        {CREATOR, "CreateAccount u5 {RealName=\"a\\eb\";}",
         "501 RealName can not be used"},
        {CREATOR, "CreateAccount u5 {a=b}", "501 malformed at byte 22"},
        {LOCAL, "CreateAccount u5@nowhere.test",
         "512 unknown secondary domain name"},
        {CREATOR, "GetAccountSettings u5", "513 unknown user account"},
    };

    CONVERSE(e);
    fixture_say(CREATOR, "CreateAccount u6");
    ck_assert_str_eq(fixture_effects, "account u6@a.test;");
}
END_TEST

START_TEST(renames_accounts)
{
    static const struct exchange e[] = {
        {ADMIN, "PostAccountAlert joe ALERT kept", "200 OK"},
        {ADMIN, "RenameAccount joe@a.test into JIM@a.test", "200 OK"},
        {ADMIN, "GetAccountAlerts jim", "201 {20261122133000=kept;}"},
        {ADMIN, "GetAccountAlerts joe", "513 unknown user account"},
        {ADMIN, "RenameAccount jim into poster",
         "520 account with this name already exists"},
        {ADMIN, "RenameAccount jim into Jim", "200 OK"},
        {ADMIN, "RenameAccount jim into jam jem", "501 too many arguments"},
        {ADMIN, "RenameAccount jim jam", "501 keyword INTO is missing"},
        {ADMIN, "RenameAccount jim into j@m@a.test",
         "501 illegal account name. character 2. .@.. is not possible. legal "
         "are letters. digits. the signs of a mail address without quotes. and "
         "single dots between"},
        /* a bare name stays in the account's domain */
        {ALL, "RenameAccount jim@a.test into joe", "200 OK"},
        {ALL, "GetAccountSettings joe@a.test", "201 {}"},
        {ALL, "RenameAccount joe@a.test into joe@b.test", "200 OK"},
        {ALL, "GetAccountAlerts joe@b.test", "201 {20261122133000=kept;}"},
        {ALL, "RenameAccount joe@b.test into joe@nowhere.test",
         "512 unknown secondary domain name"},
        /* rights move only where they may be held */
        {POSTMASTER, "RenameAccount monitor into monitor@a.test",
         "501 server wide rights need the main domain"},
        {ALL, "RenameAccount poster@a.test into poster@b.test", "200 OK"},
        {POSTMASTER, "RenameAccount postmaster into chief",
         "501 postmaster of the main domain can not be renamed"},
        {POSTMASTER, "CreateAccount postmaster@a.test", "200 OK"},
        {POSTMASTER, "RenameAccount postmaster@a.test into p@a.test", "200 OK"},
        {POSTMASTER, "RenameAccount p@a.test into q@a.test PATH x", "200 OK"},
        {POSTMASTER, "RenameAccount q@a.test into p@a.test path \"a/b\"",
         "200 OK"},
        {POSTMASTER, "RenameAccount p@a.test into q@a.test PATH",
         "501 path is missing"},
        {POSTMASTER, "RenameAccount p@a.test into q@a.test PATH x y",
         "501 too many arguments"},
    };

    CONVERSE(e);
}
END_TEST

/* What panels send for an empty field: it is as if nothing were set. */
START_TEST(null_is_the_default)
{
    static const struct exchange e[] = {
        {CREATOR,
         "CreateAccount nil {RealName=#NULL#;MaxAccountSize=#NULL#;"
         "QuotaAlert=#NULL#;Password=#NULL#;wn_x=y;}",
         "200 OK"},
        {SETTER, "GetAccountSettings nil", "201 {wn_x=y;}"},
        {SETTER, "SetAccountSettings nil {a=#NULL#;MaxAccountSize=#NULL#;b=c;}",
         "200 OK"},
        {SETTER, "GetAccountSettings nil", "201 {b=c;}"},
        {SETTER, "UpdateAccountSettings nil {MaxAccountSize=5M;RealName=N;}",
         "200 OK"},
        {SETTER,
         "UpdateAccountSettings nil {MaxAccountSize=#NULL#;RealName=#NULL#;"
         "b=#NULL#;}",
         "200 OK"},
        {SETTER, "GetAccountSettings nil", "201 {}"},
        {SETTER, "UpdateDomainSettings {CRAMMD5=YES;City=X;}", "200 OK"},
        {SETTER, "UpdateDomainSettings {CRAMMD5=#NULL#;City=#NULL#;}",
         "200 OK"},
        {SETTER, "GetDomainSettings", "201 {}"},
        {LOCAL, "UpdateServerAccountDefaults {MaxAccountSize=#NULL#;}",
         "200 OK"},
        {LOCAL, "GetServerAccountDefaults", "201 {}"},
        {SETTER, "UpdateAccountPrefs nil {TimeZone=\"Europe/Oslo\";}",
         "200 OK"},
        {SETTER, "UpdateAccountPrefs nil {TimeZone=#NULL#;}", "200 OK"},
        {SETTER, "GetAccountPrefs nil", "201 {}"},
        {SETTER, "UpdateAccountSettings nil {Rules={a=#NULL#;b=c;};}",
         "200 OK"},
        {SETTER, "GetAccountSettings nil", "201 {Rules={b=c;};}"},
    };

    CONVERSE(e);
}
END_TEST

/* Where a text is wanted it is none: nobody's password is "#NULL#". */
START_TEST(null_is_no_text)
{
    static const struct exchange e[] = {
        {POSTMASTER, "SetAccountPassword joe PASSWORD #NULL#",
         "501 password is missing"},
        {POSTMASTER, "SetAccountPassword joe TO #NULL#",
         "501 password is missing"},
        {POSTMASTER, "VerifyAccountPassword joe PASSWORD #NULL#",
         "501 password is missing"},
        {POSTMASTER, "PostAccountAlert joe ALERT #NULL#",
         "501 alert text is missing"},
        {POSTMASTER, "PostServerAlert #NULL#", "501 alert text is missing"},
        {POSTMASTER, "SetServerAlerts {20260101000000=#NULL#;}",
         "501 alert text is missing"},
        {POSTMASTER, "CreateAccount #NULL#", "501 account name is missing"},
        {POSTMASTER, "RenameAccount joe INTO #NULL#",
         "501 new account name is missing"},
        {POSTMASTER, "SetAccountAliases joe (#NULL#)",
         "501 illegal alias name. a name is not empty"},
        {POSTMASTER, "GetDomainSettings #NULL#", "201 {}"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(deletes_accounts)
{
    static const struct exchange e[] = {
        {ADMIN, "PostAccountAlert joe ALERT x", "200 OK"},
        {CREATOR, "DeleteAccount admin", "510 insufficient access rights"},
        {CREATOR, "DeleteAccount", "501 account name is missing"},
        {CREATOR, "DeleteAccount joe x", "501 too many arguments"},
        {POSTMASTER, "DeleteAccount PostMaster@MAIN.test",
         "501 postmaster of the main domain can not be deleted"},
    };

    CONVERSE(e);
    ck_assert_str_eq(fixture_say(CREATOR, "DeleteAccount JOE@a.test"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects, "removed 1; no account joe@a.test;");
    ck_assert_str_eq(fixture_say(CREATOR, "DeleteAccount joe"),
                     "513 unknown user account");
    /* a new one of that name has nothing of the old one */
    fixture_say(CREATOR, "CreateAccount joe");
    ck_assert_str_eq(fixture_say(ADMIN, "GetAccountAlerts joe"), "201 {}");
    /* whoever is gone while he asks is nobody */
    ck_assert_str_eq(fixture_say(JOE, "GetAccountSettings *"),
                     "510 insufficient access rights");
}
END_TEST

START_TEST(keeps_settings_of_accounts)
{
    static const struct exchange e[] = {
        {JOE, "GetAccountSettings *", "201 {}"},
        {SETTER,
         "UpdateAccountSettings joe {MaxAccountSize=40M;QuotaAlert=70;}",
         "200 OK"},
        {SETTER, "UpdateAccount joe {QuotaAlert=default;wn_x=(a);}", "200 OK"},
        {JOE, "GetAccountSettings joe", "201 {MaxAccountSize=40M;wn_x=(a);}"},
        {JOE, "GetAccount \"joe@a.test\"",
         "201 {MaxAccountSize=40M;wn_x=(a);}"},
        {JOE, "GetAccountEffectiveSettings *",
         "201 {MaxAccountSize=40M;QuotaAlert=80;QuotaNotice=90;"
         "QuotaSuspend=100;wn_x=(a);}"},
        {SETTER, "SetAccountSettings joe {RealName=\"J. \xc3\x96\";}",
         "200 OK"},
        {JOE, "GetAccountSettings *", "201 {RealName=\"J. \xc3\x96\";}"},
        {SETTER, "SetAccount joe {MaxAccountSize=unlimited;}", "200 OK"},
        {JOE, "GetAccountSettings *", "201 {MaxAccountSize=unlimited;}"},
        {SETTER, "UpdateAccountSettings joe", "501 dictionary is missing"},
        {SETTER, "UpdateAccountSettings", "501 account name is missing"},
        {SETTER, "UpdateAccountSettings joe {a=b;} c",
         "501 too many arguments"},
        {SETTER, "UpdateAccountSettings joe {RealName=\"a\\u'85'\";}",
         "501 RealName can not be used"},
        {SETTER, "UpdateAccountSettings joe {RealName=\"\\u'2800'\";}",
         "501 RealName can not be used"},
        {SETTER, "UpdateAccountSettings joe {RealName=\"\\u'3164'\\u'301'\";}",
         "501 RealName can not be used"},
        {SETTER, "UpdateAccountSettings joe {RealName=\"a\\u'2028'b\";}",
         "501 RealName can not be used"},
        {JOE, "UpdateAccountSettings * {a=b;}",
         "510 insufficient access rights"},
        {SETTER, "SetAccountType joe BGRADE", "200 OK"},
        {SETTER, "SetAccountType joe Huge", "501 unknown account type"},
    };

    CONVERSE(e);
    fixture_say(SETTER, "UpdateAccountSettings joe {a=b;}");
    ck_assert_str_eq(fixture_effects, "account joe@a.test;");
}
END_TEST

static enum store_result
log_joe_in(struct admin_context *x, void *arg, struct errbuf *err)
{
    char address[] = "192.0.2.77";
    struct account_state s = {.last_login = FIXTURE_NOW,
                              .last_address = address};

    (void)arg;
    return state_put(x->txn, fixture_caller(JOE)->account, &s, err);
}

START_TEST(tells_about_accounts)
{
    static const struct exchange before[] = {
        {JOE, "GetAccountInfo *", "201 {StorageUsed=0;}"},
        {JOE, "GetAccountInfo * Key LastLogin", "201 \"\""},
        {JOE, "GetAccountInfo * (LastLogin,StorageUsed)",
         "201 {StorageUsed=0;}"},
    };
    static const struct exchange after[] = {
        {ADMIN, "GetAccountInfo joe@a.test",
         "201 {StorageUsed=0;LastLogin=#T22-11-2026_13:30:00;"
         "LastAddress=192.0.2.77;}"},
        {ADMIN, "GetAccountInfo joe Key StorageUsed", "201 0"},
        {ADMIN, "GetAccountInfo joe KEY LastLogin",
         "201 #T22-11-2026_13:30:00"},
        {ADMIN, "GetAccountInfo joe key LastAddress", "201 192.0.2.77"},
        {ADMIN, "GetAccountInfo joe Key storageused", "201 \"\""},
        {ADMIN, "GetAccountInfo joe (LastAddress,None,LastAddress)",
         "201 {LastAddress=192.0.2.77;}"},
        {ADMIN, "GetAccountInfo joe ()", "201 {}"},
        {ADMIN, "GetAccountInfo joe Key", "501 key is missing"},
        {ADMIN, "GetAccountInfo joe StorageUsed",
         "501 array of keys is missing"},
        {ADMIN, "GetAccountInfo joe ((a))", "501 key is missing"},
    };

    CONVERSE(before);
    fixture_run(LOCAL, log_joe_in, NULL);
    CONVERSE(after);
}
END_TEST

/* --- passwords --- */

struct found {
    const char *address;
    struct account_rec account;
};

static enum store_result
find_account(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct found *f = arg;
    struct domain_rec d = {0};
    bool domain_found;
    enum store_result r = admin_account_find(x->txn, f->address, NULL, &d,
                                             &f->account, &domain_found, err);

    domain_rec_clear(&d);
    return r;
}

static void
check_credential(const char *address, const char *password, unsigned serial,
                 bool cram)
{
    struct found f = {.address = address};

    fixture_run(LOCAL, find_account, &f);
    ck_assert(password_matches(&f.account.cred, password, NULL));
    ck_assert_uint_eq(f.account.cred_serial, serial);
    ck_assert(f.account.cred.has_cram == cram);
    if (!cram) {
        for (size_t i = 0; i < CRED_CRAM_BYTES; i++)
            ck_assert_uint_eq(f.account.cred.cram[i], 0);
    }
    account_rec_clear(&f.account);
}

#define SSHA "{SSHA}mc5AYAGaIEokAHK7VSqMMsPnur3uhHcR"
#define SHA5 "$5$abc$nOZfE.eeic9ZR0UXzoVWPTG3jgrO1pM.abRYEw057OC"
#define SCRAM                                                                   \
    "{SCRAM-SHA-256}4096,hdWsQ61/9974XpIXb2o2Pg==,4wiCMiXE/gt4x3I/rSWTqgGABjEA" \
    "rELA3yRC2DPzQIs=,GQvFb7oXH0FmiF2yswiewS+87SSuUzt4LZ4RPXDRJ/I="

/* Each is a hash of Geheim7wort (test_foreign_hash.c). */
START_TEST(takes_hashes_of_others)
{
    static const struct exchange e[] = {
        {OTHER, "SetAccountPassword joe PASSWORD \"" SSHA "\" METHOD hash",
         "510 insufficient access rights"},
        {SETTER, "SetAccountPassword joe PASSWORD \"" SSHA "\" METHOD HASH",
         "200 OK"},
        {OTHER, "VerifyAccountPassword joe PASSWORD Geheim7wort", "200 OK"},
        {OTHER, "VerifyAccountPassword joe PASSWORD geheim7wort",
         "515 incorrect password"},
        {OTHER, "VerifyAccountPassword joe PASSWORD \"" SSHA "\"",
         "515 incorrect password"},
        {CREATOR, "CreateAccount h1 {PasswordHash=\"" SHA5 "\";a=b;}",
         "200 OK"},
        {OTHER, "VerifyAccountPassword h1 PASSWORD Geheim7wort", "200 OK"},
        {CREATOR, "GetAccountSettings h1", "201 {a=b;}"},
        {CREATOR, "CreateAccount h2 {passwordhash=\"" SCRAM "\";}", "200 OK"},
        {OTHER, "VerifyAccountPassword h2 PASSWORD Geheim7wort", "200 OK"},
        {CREATOR, "CreateAccount h3 {PasswordHash=\"{PLAIN}{SSHA}x\";}",
         "200 OK"},
        {OTHER, "VerifyAccountPassword h3 PASSWORD \"{SSHA}x\"", "200 OK"},
        {SETTER, "SetAccountPassword h3 PASSWORD \"{clear}y\" METHOD hash",
         "200 OK"},
        {OTHER, "VerifyAccountPassword h3 PASSWORD y", "200 OK"},
        {SETTER, "UpdateAccountSettings h3 {PasswordHash=\"" SSHA "\";}",
         "200 OK"},
        {OTHER, "VerifyAccountPassword h3 PASSWORD Geheim7wort", "200 OK"},
        {SETTER, "UpdateAccountSettings h3 {Password=z;}", "200 OK"},
        {OTHER, "VerifyAccountPassword h3 PASSWORD Geheim7wort",
         "515 incorrect password"},
        /* Refused, and nothing is made. */
        {CREATOR, "CreateAccount h4 {PasswordHash=\"{PLAIN}\";}",
         "501 password is empty or too long"},
        {CREATOR, "CreateAccount h4 {PasswordHash=\"{PLAIN}a\\eb\";}",
         "501 password has a line end or another control character in it"},
        {CREATOR, "CreateAccount h4 {PasswordHash=\"" SSHA "\";Password=x;}",
         "501 either Password or PasswordHash"},
        {CREATOR, "CreateAccount h4 {PasswordHash=(a,b);}",
         "501 password hash can not be used"},
        {CREATOR, "CreateAccount h4 {PasswordHash=\"{MD5}x\";}",
         "501 this kind of password hash is not taken. legal are "
         "SCRAM-SHA-256 SHA512-CRYPT SHA256-CRYPT BLF-CRYPT ARGON2ID "
         "ARGON2I PBKDF2 SSHA512 SSHA256 SSHA MD5-CRYPT CRYPT and PLAIN"},
        {CREATOR,
         "CreateAccount h4 {PasswordHash=\"$2a$06$WCe.1dI7PaEzunIEU8WfW."
         "gf9D7Y9h5RpYZYFpjKKyXSaVdfxM/ci\";}",
         "501 this hash costs too much. its cost is 6 and max-bcrypt-cost is "
         "5"},
        {SETTER, "SetAccountPassword joe PASSWORD x METHOD hash",
         "501 this kind of password hash is not taken. legal are "
         "SCRAM-SHA-256 SHA512-CRYPT SHA256-CRYPT BLF-CRYPT ARGON2ID "
         "ARGON2I PBKDF2 SSHA512 SSHA256 SSHA MD5-CRYPT CRYPT and PLAIN"},
        {OTHER, "VerifyAccountPassword joe PASSWORD Geheim7wort", "200 OK"},
        {CREATOR, "GetAccountSettings h4", "513 unknown user account"},
        {SETTER, "SetAccountTemplate {PasswordHash=\"" SSHA "\";}",
         "501 a template can not have a password"},
    };

    static const char *const secrets[] = {"mc5AYAGa", "nOZfE",   "GQvFb7",
                                          "SSHA}x",   "clear}y", "WCe.1dI"};
    const char *audit;

    CONVERSE(e);
    check_credential("h2@a.test", "Geheim7wort", 2, false);
    audit = fixture_audit();
    ck_assert_ptr_nonnull(strstr(audit, "h3"));
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        ck_assert_msg(strstr(audit, secrets[i]) == NULL, "%s", audit);
}
END_TEST

START_TEST(sets_and_checks_passwords)
{
    static const struct exchange e[] = {
        {SETTER, "VerifyAccountPassword joe@a.test PASSWORD \"\"",
         "501 password is empty or too long"},
        {SETTER, "VerifyAccountPassword joe@a.test PASSWORD secret",
         "515 incorrect password"},
        {SETTER, "SetAccountPassword joe@a.test PASSWORD \"Foobar is #1\"",
         "200 OK"},
        {OTHER, "VerifyAccountPassword JOE@A.test PASSWORD \"Foobar is #1\"",
         "200 OK"},
        {OTHER, "VerifyAccountPassword joe PASSWORD \"foobar is #1\"",
         "515 incorrect password"},
        {SETTER, "SetAccountPassword joe TO #123", "200 OK"},
        {OTHER, "VerifyAccountPassword joe PASSWORD #123", "200 OK"},
        {OTHER, "VerifyAccountPassword joe PASSWORD 123",
         "515 incorrect password"},
        {SETTER, "SetAccountPassword joe PASSWORD pa$$w0rd METHOD SCRAM CHECK",
         "200 OK"},
        {OTHER, "VerifyAccountPassword joe PASSWORD pa$$w0rd", "200 OK"},
        {SETTER, "UpdateAccountSettings joe {Password=fresh;a=b;}", "200 OK"},
        {OTHER, "VerifyAccountPassword joe PASSWORD fresh", "200 OK"},
        {SETTER, "SetAccountSettings joe {c=d;}", "200 OK"}, /* keeps it */
        {OTHER, "VerifyAccountPassword joe PASSWORD fresh", "200 OK"},
        {SETTER, "SetAccount joe {c=d;password=lower;}", "200 OK"},
        {OTHER, "VerifyAccountPassword joe PASSWORD lower", "200 OK"},
        {JOE, "GetAccountSettings *", "201 {c=d;}"}, /* nothing of it */
        {CREATOR, "CreateAccount new {Password=\"first one\";}", "200 OK"},
        {OTHER, "VerifyAccountPassword new PASSWORD \"first one\"", "200 OK"},
        {SETTER, "GetAccountPlainPassword joe",
         "501 clear passwords are not kept"},
        {SETTER, "SetAccountPassword joe PASSWORD", "501 password is missing"},
        {SETTER, "SetAccountPassword joe secret",
         "501 keyword PASSWORD is missing"},
        {SETTER, "SetAccountPassword joe PASSWORD a b",
         "501 too many arguments"},
        {SETTER, "SetAccountPassword joe PASSWORD \"a\"b\"",
         "501 malformed at byte 36"},
        {SETTER, "SetAccountPassword nobody PASSWORD a",
         "513 unknown user account"},
        {OTHER, "VerifyAccountPassword nobody PASSWORD a",
         "513 unknown user account"},
        {OTHER, "VerifyAccountPassword joe PASSWORD lower", "200 OK"},
    };

    CONVERSE(e);
    check_credential("joe@a.test", "lower", 6, false);
    ck_assert_str_eq(fixture_say(SETTER, "SetAccountPassword joe PASSWORD x"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects, "account joe@a.test;");
}
END_TEST

START_TEST(keeps_cram_where_the_domain_wants_it)
{
    ck_assert_str_eq(fixture_say(SETTER, "SetAccountPassword joe PASSWORD one"),
                     "200 OK");
    check_credential("joe@a.test", "one", 2, false);
    fixture_say(SETTER, "UpdateDomainSettings {CRAMMD5=YES;}");
    check_credential("joe@a.test", "one", 2, false); /* from the next one on */
    fixture_say(SETTER, "SetAccountPassword joe PASSWORD two");
    check_credential("joe@a.test", "two", 3, true);
    fixture_say(CREATOR, "CreateAccount new {Password=three;}");
    check_credential("new@a.test", "three", 2, true);
    fixture_say(SETTER, "UpdateDomainSettings {CRAMMD5=default;}");
    fixture_say(SETTER, "UpdateAccountSettings joe {Password=four;}");
    check_credential("joe@a.test", "four", 4, false);
}
END_TEST

START_TEST(says_which_lines_need_a_hash)
{
    static const struct {
        const char *line;
        enum admin_hash_kind kind;
        const char *password, *account;
    } rows[] = {
        {"NOOP", ADMIN_HASH_NONE, NULL, NULL},
        {"SETACCOUNTPASSWORD", ADMIN_HASH_NONE, NULL, NULL},
        {"SetAccountPassword joe", ADMIN_HASH_NONE, NULL, NULL},
        {"SetAccountPassword joe PASSWORD \"\"", ADMIN_HASH_NONE, NULL, NULL},
        {"setaccountpassword Joe@A.test password \"s \\\"x\"", ADMIN_HASH_NEW,
         "s \"x", "Joe@A.test"},
        {"SetAccountPassword joe TO x", ADMIN_HASH_NEW, "x", "joe"},
        {"SetAccountPassword joe TO x y", ADMIN_HASH_NONE, NULL, NULL},
        {"VerifyAccountPassword joe PASSWORD x", ADMIN_HASH_VERIFY, "x", "joe"},
        {"CreateAccount joe", ADMIN_HASH_NONE, NULL, NULL},
        {"CreateAccount joe {a=b;}", ADMIN_HASH_NONE, NULL, NULL},
        {"CreateAccount joe TextMailbox {Password=x;}", ADMIN_HASH_NEW, "x",
         "joe"},
        {"CreateAccount joe {Password=(x);}", ADMIN_HASH_NONE, NULL, NULL},
        {"UpdateAccountSettings joe {PASSWORD=#1;}", ADMIN_HASH_NEW, "#1",
         "joe"},
        {"SetAccount {Password=x;}", ADMIN_HASH_NONE, NULL, NULL},
        {"UpdateDomainSettings a {Password=x;}", ADMIN_HASH_NONE, NULL, NULL},
        {"SetAccountPassword joe PASSWORD \"x", ADMIN_HASH_NONE, NULL, NULL},
    };
    struct admin_plan p;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        admin_plan_init(&p, rows[i].line, strlen(rows[i].line));
        admin_plan_look_for_password(&p);
        ck_assert_msg(p.hash == rows[i].kind, "%s", rows[i].line);
        ck_assert_pstr_eq(p.password, rows[i].password);
        ck_assert_pstr_eq(p.account, rows[i].account);
        admin_plan_clear(&p);
    }
}
END_TEST

/* --- rights and sessions --- */

START_TEST(gives_and_takes_rights)
{
    static const struct exchange e[] = {
        {ALL, "GetAccountRights joe@a.test", "201 ()"},
        {ALL, "SetAccountRights joe@a.test (CanPostAlerts,\"My Setting\")",
         "200 OK"},
        {ALL, "GetAccountRights joe@a.test",
         "201 (CanPostAlerts,\"My Setting\")"},
        {ALL, "SetAccountRights joe@a.test (BasicSettings)", "200 OK"},
        {ALL, "GetAccountRights joe@a.test", "201 (BasicSettings)"},
        {ALL, "SetAccountRights joe@a.test ()", "200 OK"},
        {ALL, "GetAccountRights joe@a.test", "201 ()"},
        {ALL, "SetAccountRights joe@a.test (\"all domains\")",
         "501 server wide rights need the main domain"},
        {POSTMASTER, "SetAccountRights user (\"All Domains\",CanPostAlerts)",
         "200 OK"},
        {POSTMASTER, "GetAccountRights user",
         "201 (\"All Domains\",CanPostAlerts)"},
        {POSTMASTER, "SetAccountRights postmaster (\"Can Monitor\")",
         "501 postmaster can not give up Master"},
        {POSTMASTER, "SetAccountRights postmaster (Master,\"Can Monitor\")",
         "200 OK"},
        {LOCAL, "SetAccountRights joe@a.test CanPostAlerts",
         "501 array of rights is missing"},
        {LOCAL, "SetAccountRights joe@a.test ((a))", "501 not a right"},
        {LOCAL, "SetAccountRights joe@a.test (\"\")", "501 not a right"},
        {LOCAL, "SetAccountRights joe@a.test",
         "501 array of rights is missing"},
        {LOCAL, "SetAccountRights joe@a.test (a) b", "501 too many arguments"},
        {LOCAL, "GetAccountRights joe@a.test", "201 ()"},
    };

    CONVERSE(e);
    fixture_say(ALL, "SetAccountRights joe@a.test (CanPostAlerts)");
    ck_assert_str_eq(fixture_effects, "account joe@a.test;");
    fixture_refresh();
    ck_assert_str_eq(fixture_say(JOE, "PostDomainAlert a.test ALERT hi"),
                     "200 OK");
    ck_assert_str_eq(fixture_say(JOE, "PostDomainAlert b.test ALERT hi"),
                     "510 insufficient access rights");
}
END_TEST

START_TEST(kills_sessions)
{
    fixture_say(SETTER, "SetAccountPassword joe PASSWORD x");
    ck_assert_str_eq(fixture_say(WATCHER, "KillAccountSessions joe"), "200 OK");
    ck_assert_str_eq(fixture_effects, "account joe@a.test; kill joe@a.test;");
    check_credential("joe@a.test", "x", 3, false);
    ck_assert_str_eq(fixture_say(WATCHER, "KillAccountSessions nobody"),
                     "513 unknown user account");
    ck_assert_str_eq(fixture_say(WATCHER, "KillAccountSessions"),
                     "501 account name is missing");
}
END_TEST

/* Those who might set the password may try as many as they like. */
START_TEST(knows_who_guesses)
{
    static const struct {
        enum who who;
        bool joe, admin; /* whose password he only guesses */
    } rows[] = {
        {LOCAL, false, false}, {POSTMASTER, false, false}, {ALL, false, false},
        {ADMIN, false, false}, {SETTER, false, true},      {POSTER, true, true},
        {OTHER, true, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture_say(rows[i].who, "VerifyAccountPassword joe@a.test PASSWORD x");
        ck_assert_uint_eq(fixture_guessed,
                          rows[i].joe ? fixture_caller(JOE)->account : 0);
        fixture_say(rows[i].who,
                    "VerifyAccountPassword ADMIN@a.test PASSWORD x");
        ck_assert_uint_eq(fixture_guessed,
                          rows[i].admin ? fixture_caller(ADMIN)->account : 0);
    }
    /* nothing is checked for those who may not ask */
    fixture_say(JOE, "VerifyAccountPassword joe@a.test PASSWORD x");
    ck_assert_uint_eq(fixture_guessed, 0);
}
END_TEST

Suite *
admin_accounts_suite(void)
{
    Suite *s = suite_create("admin_accounts");
    TCase *t = tcase_create("admin_accounts");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, makes_accounts);
    tcase_add_test(t, renames_accounts);
    tcase_add_test(t, deletes_accounts);
    tcase_add_test(t, null_is_the_default);
    tcase_add_test(t, null_is_no_text);
    tcase_add_test(t, keeps_settings_of_accounts);
    tcase_add_test(t, tells_about_accounts);
    tcase_add_test(t, takes_hashes_of_others);
    tcase_add_test(t, sets_and_checks_passwords);
    tcase_add_test(t, keeps_cram_where_the_domain_wants_it);
    tcase_add_test(t, says_which_lines_need_a_hash);
    tcase_add_test(t, gives_and_takes_rights);
    tcase_add_test(t, kills_sessions);
    tcase_add_test(t, knows_who_guesses);
    suite_add_tcase(s, t);
    return s;
}
