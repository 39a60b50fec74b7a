/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/buf.h"

Suite *admin_objects_suite(void);

#define TAKEN "520 account with this name already exists"

START_TEST(groups_have_settings)
{
    static const struct exchange e[] = {
        {ADMIN, "ListGroups", "201 ()"},
        {ADMIN, "CreateGroup Sales", "200 OK"},
        {ADMIN, "GetGroup SALES@A.test", "201 {}"},
        {ALL,
         "CREATEGROUP \"staff@a.test\" {Members=(joe,\"x@y.test\");"
         "RealName=\"All of us\";Expand=YES;Own=#NULL#;}",
         "200 OK"},
        {ADMIN, "ListGroups a.test", "201 (sales,staff)"},
        {ALL, "listgroups A.test", "201 (sales,staff)"},
        {ALL, "ListGroups", "201 ()"},
        {MONITOR, "GetGroup staff@a.test",
         "201 {Members=(joe,x@y.test);RealName=\"All of us\";Expand=YES;}"},
        /* what is set takes the place of all */
        {ADMIN, "SetGroup staff {Members=(joe);}", "200 OK"},
        {ADMIN, "GetGroup staff", "201 {Members=(joe);}"},
        {ADMIN, "SetGroup staff {Members=();\"Own Key\"=(a,{b=c;});}",
         "200 OK"},
        {ADMIN, "GetGroup staff", "201 {Members=();\"Own Key\"=(a,{b=c;});}"},
        {ADMIN, "SetGroup staff {Members=default;}", "200 OK"},
        {ADMIN, "GetGroup staff", "201 {}"},
        {ADMIN, "RenameGroup staff INTO Team", "200 OK"},
        {ADMIN, "RenameGroup team into TEAM", "200 OK"},
        {ADMIN, "GetGroup staff", "552 group is not found"},
        {ADMIN, "DeleteGroup team@a.test", "200 OK"},
        {ADMIN, "ListGroups", "201 (sales)"},
        {ADMIN, "DeleteGroup team", "552 group is not found"},
        {ADMIN, "RenameGroup team INTO x", "552 group is not found"},
        {ADMIN, "SetGroup team {}", "552 group is not found"},
        {ADMIN, "UpdateGroup team {}", "552 group is not found"},
        {ADMIN, "GetGroup joe", "552 group is not found"},
        {ALL, "RenameGroup sales@a.test INTO sales@b.test", "200 OK"},
        {ALL, "ListGroups b.test", "201 (sales)"},
        {ALL, "ListGroups nowhere.test", "512 unknown secondary domain name"},
        {ALL, "GetGroup g@nowhere.test", "512 unknown secondary domain name"},
        {ALL, "CreateGroup g@nowhere.test",
         "512 unknown secondary domain name"},
        /* arguments */
        {ADMIN, "CreateGroup", "501 group name is missing"},
        {ADMIN, "CreateGroup g (a)", "501 dictionary is missing"},
        {ADMIN, "CreateGroup g {} x", "501 too many arguments"},
        {ADMIN, "CreateGroup a..b",
         "501 illegal group name. two dots follow each other. single dots "
         "only"},
        {ADMIN, "CreateGroup \"\"",
         "501 illegal group name. a name is not empty"},
        {ADMIN, "CreateGroup @a.test",
         "501 illegal group name. a name is not empty"},
        {ADMIN, "CreateGroup g {Members=joe;}",
         "501 Members must be an array of addresses"},
        {ADMIN, "CreateGroup g {Members=(\"\");}",
         "501 Members must be an array of addresses"},
        {ADMIN, "CreateGroup g {Members=(\"a b\");}",
         "501 Members must be an array of addresses"},
        {ADMIN, "CreateGroup g {Members=((a));}",
         "501 Members must be an array of addresses"},
        {ADMIN, "CreateGroup g {Members=(\"a\\eb\");}",
         "501 Members must be an array of addresses"},
        {ADMIN, "RenameGroup g x", "501 keyword INTO is missing"},
        {ADMIN, "RenameGroup g INTO", "501 new group name is missing"},
        {ADMIN, "SetGroup g", "501 dictionary is missing"},
        {ADMIN, "GetGroup", "501 group name is missing"},
        {ADMIN, "GetGroup a b", "501 too many arguments"},
        {ADMIN, "ListGroups a.test b", "501 too many arguments"},
        {ADMIN, "ListGroups", "201 ()"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(changes_members_of_groups)
{
    static const struct exchange e[] = {
        {ADMIN, "CreateGroup g {Members=(joe,ann@b.test);a=b;}", "200 OK"},
        {ADMIN, "UpdateGroup g ADD (Joe@A.test,\"new\",NEW,x@y.test)",
         "200 OK"},
        {ADMIN, "GetGroup g",
         "201 {Members=(joe,ann@b.test,new,x@y.test);a=b;}"},
        {ADMIN, "UpdateGroup g REMOVE (ANN@b.test,joe@a.test,nobody)",
         "200 OK"},
        {ADMIN, "GetGroup g", "201 {Members=(new,x@y.test);a=b;}"},
        {ADMIN, "UpdateGroup g {c=d;a=default;} REMOVE (new) ADD (z,new)",
         "200 OK"},
        {ADMIN, "GetGroup g", "201 {Members=(x@y.test,z,new);c=d;}"},
        {ADMIN, "UpdateGroup g {Members=#NULL#;} add (one)", "200 OK"},
        {ADMIN, "GetGroup g", "201 {c=d;Members=(one);}"},
        {ADMIN, "UpdateGroup g", "200 OK"},
        {ADMIN, "UpdateGroup g ADD (\"a b\")",
         "501 Members must be an array of addresses"},
        {ADMIN, "UpdateGroup g ADD joe", "501 array is missing"},
        {ADMIN, "UpdateGroup g ADD (a) ADD (b)", "501 too many arguments"},
        {ADMIN, "UpdateGroup g {} {}", "501 too many arguments"},
        {ADMIN, "UpdateGroup g {Members=x;} ADD (a)",
         "501 Members must be an array of addresses"},
        {ADMIN, "GetGroup g", "201 {c=d;Members=(one);}"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(forwarders_lead_somewhere)
{
    static const struct exchange e[] = {
        {ADMIN, "ListForwarders", "201 ()"},
        {ADMIN, "CreateForwarder Info TO joe@b.test", "200 OK"},
        {ALL, "CREATEFORWARDER help@a.test to \"Joe@B.test\"", "200 OK"},
        {ADMIN, "CreateForwarder own TO joe", "200 OK"},
        {ADMIN, "ListForwarders a.test", "201 (help,info,own)"},
        {ADMIN, "GetForwarder INFO", "201 joe@b.test"},
        {MONITOR, "GetForwarder help@a.test", "201 Joe@B.test"},
        {ADMIN, "FindForwarders a.test TO JOE@b.TEST", "201 (help,info)"},
        {ADMIN, "FindForwarders a.test TO joe@a.test", "201 (own)"},
        {ADMIN, "FindForwarders a.test TO joe", "201 (own)"},
        {ADMIN, "FindForwarders a.test TO nobody@b.test", "201 ()"},
        {ADMIN, "RenameForwarder info INTO post", "200 OK"},
        {ADMIN, "GetForwarder info", "553 forwarder is not found"},
        {ADMIN, "GetForwarder post", "201 joe@b.test"},
        {ADMIN, "DeleteForwarder post", "200 OK"},
        {ADMIN, "DeleteForwarder post", "553 forwarder is not found"},
        {ADMIN, "RenameForwarder post INTO x", "553 forwarder is not found"},
        {ADMIN, "GetForwarder joe", "553 forwarder is not found"},
        {ALL, "GetForwarder f@nowhere.test",
         "512 unknown secondary domain name"},
        {ALL, "FindForwarders nowhere.test TO x",
         "512 unknown secondary domain name"},
        {ALL, "RenameForwarder own@a.test INTO own@b.test", "200 OK"},
        {ALL, "FindForwarders b.test TO joe@b.test", "201 (own)"},
        /* arguments */
        {ADMIN, "CreateForwarder", "501 forwarder name is missing"},
        {ADMIN, "CreateForwarder f x@y.test", "501 keyword TO is missing"},
        {ADMIN, "CreateForwarder f TO", "501 forwarder address is missing"},
        {ADMIN, "CreateForwarder f TO \"\"", "501 illegal forwarder address"},
        {ADMIN, "CreateForwarder f TO \"a b\"",
         "501 illegal forwarder address"},
        {ADMIN, "CreateForwarder f TO a b", "501 too many arguments"},
        {ADMIN, "CreateForwarder .f TO a",
         "501 illegal forwarder name. a dot is at an end. dots are between others only"},
        {ADMIN, "FindForwarders a.test", "501 keyword TO is missing"},
        {ADMIN, "FindForwarders", "501 domain name is missing"},
        {ADMIN, "ListForwarders", "201 (help)"},
    };

    CONVERSE(e);
}
END_TEST

/* Whatever has a name, nothing else can have it. */
START_TEST(names_are_taken_once)
{
    static const struct exchange e[] = {
        {ADMIN, "CreateGroup group", "200 OK"},
        {ADMIN, "CreateForwarder forwarder TO x@y.test", "200 OK"},
        {ADMIN, "SetAccountAliases joe (alias)", "200 OK"},
        {ADMIN, "CreateGroup GROUP", "523 group with this name already exists"},
        {ADMIN, "CreateGroup forwarder",
         "524 forwarder with this name already exists"},
        {ADMIN, "CreateGroup joe", TAKEN},
        {ADMIN, "CreateGroup Alias", TAKEN},
        {ADMIN, "CreateForwarder group TO x",
         "523 group with this name already exists"},
        {ADMIN, "CreateForwarder forwarder TO x",
         "524 forwarder with this name already exists"},
        {ADMIN, "CreateForwarder joe TO x", TAKEN},
        {ADMIN, "CreateForwarder alias TO x", TAKEN},
        {ADMIN, "RenameGroup group INTO forwarder",
         "524 forwarder with this name already exists"},
        {ADMIN, "RenameGroup group INTO joe", TAKEN},
        {ADMIN, "RenameGroup group INTO alias", TAKEN},
        {ADMIN, "RenameForwarder forwarder INTO group",
         "523 group with this name already exists"},
        {ADMIN, "RenameForwarder forwarder INTO joe", TAKEN},
        {ADMIN, "RenameForwarder forwarder INTO alias", TAKEN},
        {ADMIN, "CreateAccount group", TAKEN},
        {ADMIN, "CreateAccount Forwarder@a.test", TAKEN},
        {ADMIN, "RenameAccount joe INTO group", TAKEN},
        {ADMIN, "RenameAccount joe INTO forwarder@a.test", TAKEN},
        {ALL, "RenameAccount user@main.test INTO group@a.test", TAKEN},
        {ADMIN, "SetAccountAliases joe (alias,group)",
         "520 the name group is taken"},
        {ADMIN, "SetAccountAliases joe (forwarder)",
         "520 the name forwarder is taken"},
        {ALL, "CreateGroup alias@b.test", "200 OK"},
        {ALL, "RenameAccount joe@a.test INTO joe@b.test",
         "520 the name alias is taken"}, /* which would come along */
        {ADMIN, "GetAccountAliases joe", "201 (alias)"},
        /* and none is an account */
        {ADMIN, "GetAccountSettings group", "513 unknown user account"},
        {ADMIN, "SetAccountPassword group PASSWORD x",
         "513 unknown user account"},
        {ADMIN, "VerifyAccountPassword group PASSWORD x",
         "513 unknown user account"},
        {ADMIN, "PostAccountAlert forwarder ALERT hi",
         "513 unknown user account"},
        {ADMIN, "DeleteAccount group", "513 unknown user account"},
        {ADMIN, "RenameAccount group INTO x", "513 unknown user account"},
        {ADMIN, "Route forwarder", "513 unknown user account"},
        {ADMIN, "ListAccounts",
         "201 {admin=macnt;creator=macnt;joe=macnt;other=macnt;poster=macnt;"
         "setter=macnt;watcher=macnt;}"},
        /* until it is free */
        {ADMIN, "DeleteGroup group", "200 OK"},
        {ADMIN, "CreateAccount group", "200 OK"},
        {ADMIN, "GetGroup group", "552 group is not found"},
        {ADMIN, "DeleteAccount group", "200 OK"},
        {ADMIN, "RenameForwarder forwarder INTO group", "200 OK"},
        {ADMIN, "CreateGroup forwarder", "200 OK"},
        {ADMIN, "DeleteAccount joe", "200 OK"},
        {ADMIN, "CreateForwarder joe TO x", "200 OK"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(rights_are_needed)
{
    static const struct exchange e[] = {
        {ALL, "SetAccountRights joe@a.test (CanCreateGroups)", "200 OK"},
        {ALL, "SetAccountRights poster@a.test (CanCreateForwarders)", "200 OK"},
    };
    static const struct exchange after[] = {
        {JOE, "CreateGroup g {Members=(joe);}", "200 OK"},
        {JOE, "UpdateGroup g ADD (x)", "200 OK"},
        {JOE, "SetGroup g {}", "200 OK"},
        {JOE, "RenameGroup g INTO h", "200 OK"},
        {JOE, "CreateForwarder f TO x", "510 insufficient access rights"},
        {POSTER, "CreateForwarder f TO x", "200 OK"},
        {POSTER, "RenameForwarder f INTO i", "200 OK"},
        {POSTER, "CreateGroup g", "510 insufficient access rights"},
        {POSTER, "DeleteGroup h", "510 insufficient access rights"},
        {CREATOR, "CreateGroup g", "510 insufficient access rights"},
        {CREATOR, "SetGroup h {}", "510 insufficient access rights"},
        {CREATOR, "UpdateGroup h ADD (x)", "510 insufficient access rights"},
        {CREATOR, "RenameGroup h INTO k", "510 insufficient access rights"},
        {CREATOR, "DeleteForwarder i", "510 insufficient access rights"},
        {CREATOR, "RenameForwarder i INTO k", "510 insufficient access rights"},
        /* every administrator of the domain reads, and who reads all */
        {CREATOR, "ListGroups", "201 (h)"},
        {CREATOR, "GetGroup h", "201 {}"},
        {SETTER, "GetForwarder i", "201 x"},
        {READER, "FindForwarders a.test TO x", "201 (i)"},
        {READER, "DeleteForwarder i@a.test", "510 insufficient access rights"},
        /* nobody else hears what there is */
        {STRANGER, "ListGroups a.test", "510 insufficient access rights"},
        {STRANGER, "GetGroup h@a.test", "510 insufficient access rights"},
        {STRANGER, "GetGroup none@a.test", "510 insufficient access rights"},
        {STRANGER, "GetGroup h@nowhere.test", "510 insufficient access rights"},
        {STRANGER, "CreateGroup h@a.test", "510 insufficient access rights"},
        {STRANGER, "DeleteForwarder i@a.test",
         "510 insufficient access rights"},
        {USER, "ListForwarders", "510 insufficient access rights"},
        {USER, "GetGroup h@a.test", "510 insufficient access rights"},
        /* both domains */
        {JOE, "RenameGroup h INTO h@b.test", "510 insufficient access rights"},
        {JOE, "DeleteGroup h", "200 OK"},
        {POSTER, "DeleteForwarder i", "200 OK"},
    };

    CONVERSE(e);
    fixture_refresh();
    CONVERSE(after);
}
END_TEST

START_TEST(limits_can_be_reached)
{
    static const struct exchange e[] = {
        {ADMIN, "CreateGroup a {Members=(1,2,3);}", "200 OK"},
        {ADMIN, "CreateGroup b {Members=(1,2,3,4);}",
         "526 too many members. a group may have 3"},
        {ADMIN, "SetGroup a {Members=(1,2,3,4);}",
         "526 too many members. a group may have 3"},
        {ADMIN, "UpdateGroup a ADD (4)",
         "526 too many members. a group may have 3"},
        {ADMIN, "UpdateGroup a ADD (4) REMOVE (1)", "200 OK"},
        {ADMIN, "GetGroup a", "201 {Members=(2,3,4);}"},
        {ADMIN, "CreateGroup b", "200 OK"},
        {ADMIN, "CreateGroup c", "526 too many groups. a domain may have 2"},
        {ALL, "CreateGroup c@b.test", "200 OK"},
        {ALL, "RenameGroup c@b.test INTO c@a.test",
         "526 too many groups. a domain may have 2"},
        {ADMIN, "RenameGroup b INTO c", "200 OK"},
        {ADMIN, "DeleteGroup c", "200 OK"},
        {ALL, "RenameGroup c@b.test INTO c@a.test", "200 OK"},
        {ADMIN, "CreateForwarder f TO x", "200 OK"},
        {ADMIN, "CreateForwarder g TO x",
         "526 too many forwarders. a domain may have 1"},
        {ALL, "CreateForwarder f@b.test TO x", "200 OK"},
        {ALL, "RenameForwarder f@b.test INTO g@a.test",
         "526 too many forwarders. a domain may have 1"},
    };
    static const struct exchange lower[] = {
        /* what is there stays, and may become less */
        {ADMIN, "UpdateGroup a {x=y;}", "200 OK"},
        {ADMIN, "UpdateGroup a REMOVE (2)", "200 OK"},
        {ADMIN, "UpdateGroup a ADD (2)",
         "526 too many members. a group may have 1"},
        {ADMIN, "GetGroup a", "201 {Members=(3,4);x=y;}"},
        {ADMIN, "CreateForwarder g TO x", "200 OK"},
    };

    fixture_settings.max_members = 3;
    fixture_settings.max_groups = 2;
    fixture_settings.max_forwarders = 1;
    CONVERSE(e);
    fixture_settings.max_members = 1;
    fixture_settings.max_forwarders = 0;
    CONVERSE(lower);
}
END_TEST

/* Longest texts that are possible, and one more. */
START_TEST(bounds_what_is_stored)
{
    struct buf line = {0};

    fixture_settings.max_members = 3000;
    for (unsigned extra = 0; extra < 2; extra++) {
        line.len = 0;
        buf_append_str(&line, "CreateGroup g {Members=(");
        for (unsigned i = 0; i < 3000 + extra; i++)
            buf_appendf(&line, "%s\"!%0254u\"", i > 0 ? "," : "", i);
        buf_append_str(&line, ");}");
        ck_assert_str_eq(fixture_say_len(ADMIN, line.data, line.len),
                         extra == 0
                             ? "200 OK"
                             : "526 too many members. a group may have 3000");
    }
    ck_assert_uint_gt(strlen(fixture_say(ADMIN, "GetGroup g")), 3000 * 258);
    ck_assert_str_eq(fixture_say(ADMIN, "UpdateGroup g ADD (x) REMOVE (y)"),
                     "526 too many members. a group may have 3000");
    ck_assert_str_eq(fixture_say(ADMIN, "UpdateGroup g {a=b;}"), "200 OK");
    for (unsigned extra = 0; extra < 2; extra++) {
        line.len = 0;
        buf_appendf(&line, "SetGroup g {a=%0*u;}", 65536 - 5 + (int)extra, 1);
        ck_assert_str_eq(fixture_say_len(ADMIN, line.data, line.len),
                         extra == 0 ? "200 OK" : "501 too many settings");
    }
    line.len = 0;
    buf_appendf(&line, "CreateForwarder f TO %0384u", 1);
    ck_assert_str_eq(fixture_say_len(ADMIN, line.data, line.len), "200 OK");
    line.len = 0;
    buf_appendf(&line, "CreateForwarder h TO %0385u", 1);
    ck_assert_str_eq(fixture_say_len(ADMIN, line.data, line.len),
                     "501 illegal forwarder address");
    buf_clear(&line);
}
END_TEST

START_TEST(changes_are_audited)
{
    static const struct exchange e[] = {
        {ADMIN, "CreateGroup g {Members=(joe);}", "200 OK"},
        {ADMIN, "SetGroup g {Members=(joe);}", "200 OK"},
        {ADMIN, "CreateGroup joe", TAKEN},
        {ADMIN, "GetGroup g", "201 {Members=(joe);}"},
        {ADMIN, "CreateForwarder f TO x", "200 OK"},
        {CREATOR, "DeleteForwarder f", "510 insufficient access rights"},
    };

    fixture_audit();
    CONVERSE(e);
    ck_assert_str_eq(
        fixture_audit(),
        "admin@a.test|192.0.2.1 ximss|CREATEGROUP g {Members=(joe,);}|ok\n"
        "admin@a.test|192.0.2.1 ximss|SETGROUP g {Members=(joe,);}|ok\n"
        "admin@a.test|192.0.2.1 ximss|CREATEGROUP joe|account with this name "
        "already exists\n"
        "admin@a.test|192.0.2.1 ximss|CREATEFORWARDER f TO x|ok\n"
        "creator@a.test|192.0.2.1 ximss|DELETEFORWARDER f|insufficient access "
        "rights\n");
}
END_TEST

START_TEST(domains_list_them)
{
    static const struct exchange e[] = {
        {ALL, "CreateGroup g@b.test", "200 OK"},
        {ALL, "CreateForwarder f@b.test TO joe@a.test", "200 OK"},
        {ALL, "CreateForwarder z@b.test TO \"*\"", "200 OK"},
        {ALL, "SetAccountAliases stranger@b.test (h)", "200 OK"},
        {ALL, "ListDomainObjects b.test 10 ACCOUNTS ALIASES FORWARDERS",
         "201 (1,{f=joe@a.test;h=stranger;stranger=macnt;z=\"*\";},1,2)"},
        {ALL, "ListDomainObjects b.test 10 FORWARDERS",
         "201 (1,{f=joe@a.test;z=\"*\";},1,2)"},
        {ALL, "ListDomainObjects b.test FILTER z 10 FORWARDERS ACCOUNTS",
         "201 (1,{z=\"*\";},1,2)"},
        {ALL, "ListDomainObjects b.test 1 FORWARDERS COOKIE \"\"",
         "201 (1,{f=joe@a.test;},1,2,f)"},
        {ALL, "ListDomainObjects b.test 10 FORWARDERS COOKIE f",
         "201 (1,{z=\"*\";},1,2,\"\")"},
        {ALL, "ListDomainObjects b.test 0", "201 (1,{},1,2)"},
        {ALL, "RenameDomain b.test INTO c.test", "200 OK"},
        {ALL, "ListGroups c.test", "201 (g)"},
        {ALL, "GetForwarder f@c.test", "201 joe@a.test"},
        {ALL, "GetGroup g@b.test", "512 unknown secondary domain name"},
        {ALL, "DeleteAccount stranger@c.test", "200 OK"},
        {ALL, "DeleteDomain c.test", "501 the domain has groups or forwarders"},
        {ALL, "DeleteDomain c.test FORCE", "200 OK"},
        {ALL, "CreateDomain c.test", "200 OK"},
        {ALL, "ListGroups c.test", "201 ()"},
        {ALL, "ListForwarders c.test", "201 ()"},
        {ALL, "DeleteDomain c.test", "200 OK"},
    };

    CONVERSE(e);
}
END_TEST

/* In b.test. */
static enum store_result
make_many(struct admin_context *x, void *arg, struct errbuf *err)
{
    char name[16], text[] = "joe";
    struct object_rec o = {.name = name, .created = 1, .text = text};
    struct domain_rec d = {0};
    enum store_result r = domain_find(x->txn, "b.test", &d, err);

    o.domain = d.number;
    domain_rec_clear(&d);
    for (unsigned i = 0; r == STORE_OK && i < *(const unsigned *)arg; i++) {
        o.kind = OBJECT_GROUP;
        snprintf(name, sizeof name, "g%04u", i);
        r = object_add(x->txn, &o, err);
        o.kind = OBJECT_FORWARDER;
        name[0] = 'f';
        if (r == STORE_OK)
            r = object_add(x->txn, &o, err);
    }
    return r;
}

/* As long as accounts, in pieces, and whole. */
START_TEST(many_are_listed_and_deleted_in_pieces)
{
    struct buf expected = {0};
    unsigned n = 2000;

    fixture_run(LOCAL, make_many, &n);
    buf_append_str(&expected, "201 (");
    for (unsigned i = 0; i < n; i++)
        buf_appendf(&expected, "%sg%04u", i > 0 ? "," : "", i);
    buf_append_char(&expected, ')');
    ck_assert_str_eq(fixture_say(ALL, "ListGroups b.test"),
                     buf_cstr(&expected));
    ck_assert_uint_ge(fixture_jobs, 2);
    for (char *g = expected.data; (g = strchr(g, 'g')) != NULL;)
        *g = 'f';
    ck_assert_str_eq(fixture_say(ALL, "FindForwarders b.test TO joe"),
                     buf_cstr(&expected));
    ck_assert_uint_ge(fixture_jobs, 2);
    ck_assert_uint_lt(fixture_longest, 40000);
    fixture_load();
    ck_assert_str_eq(fixture_say(ALL, "DeleteDomain b.test FORCE"), "200 OK");
    ck_assert_uint_gt(fixture_jobs, 10);
    ck_assert_uint_lt(fixture_load().job, 5000);
    ck_assert_str_eq(fixture_say(ALL, "CreateDomain b.test"), "200 OK");
    ck_assert_str_eq(fixture_say(ALL, "ListDomainObjects b.test 10 FORWARDERS"),
                     "201 (0,{},0,0)");
    buf_clear(&expected);
}
END_TEST

static enum store_result
rename_first(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct object_rec o = {0};
    enum store_result r =
        object_get(x->txn, *(uint64_t *)arg, OBJECT_GROUP, "g0000", &o, err);

    if (r == STORE_OK)
        r = object_rename(x->txn, &o, o.domain, "zz", err);
    object_rec_clear(&o);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static void
between(void)
{
    uint64_t domain = 3; /* b.test */

    fixture_run(ALL, rename_first, &domain);
}

/* What changes while a listing is made does not break it. */
START_TEST(listings_survive_changes)
{
    unsigned n = 1600;
    const char *got;

    fixture_run(LOCAL, make_many, &n);
    fixture_between = between;
    got = fixture_say(ALL, "ListGroups b.test");
    ck_assert_int_eq(strncmp(got, "201 (g0000,g0001,", 17), 0);
    ck_assert_ptr_nonnull(strstr(got, ",g1599,zz)"));
}
END_TEST

Suite *
admin_objects_suite(void)
{
    Suite *s = suite_create("admin_objects");
    TCase *t = tcase_create("admin_objects");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_set_timeout(t, 600);
    tcase_add_test(t, groups_have_settings);
    tcase_add_test(t, changes_members_of_groups);
    tcase_add_test(t, forwarders_lead_somewhere);
    tcase_add_test(t, names_are_taken_once);
    tcase_add_test(t, rights_are_needed);
    tcase_add_test(t, limits_can_be_reached);
    tcase_add_test(t, bounds_what_is_stored);
    tcase_add_test(t, changes_are_audited);
    tcase_add_test(t, domains_list_them);
    tcase_add_test(t, many_are_listed_and_deleted_in_pieces);
    tcase_add_test(t, listings_survive_changes);
    suite_add_tcase(s, t);
    return s;
}
