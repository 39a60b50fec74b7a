/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"
#include "util/xmalloc.h"

Suite *account_table_suite(void);

static uint64_t domain, other;

static void
setup(void)
{
    fixture_setup();
    domain = fixture_domain("example.test");
    other = fixture_domain("other.test");
}

struct ask {
    uint64_t number, domain, count, alert;
    const char *name, *after, *put;
    char *text;
    struct account_rec a;
    struct account_state s;
    char names[512];
    unsigned stop_at, n;
};

static enum store_result
add(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return account_add(t, &q->a, &q->number, err);
}

static enum store_result
get(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return account_get(t, q->number, &q->a, err);
}

static enum store_result
find(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return account_find(t, q->domain, q->name, &q->a, err);
}

/* `number` is the point; `count` what comes back. */
static enum store_result
sample(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct credential cred = {.iterations = 7};
    enum store_result r = account_sample_credential(t, q->number, &cred, err);

    q->count = cred.iterations;
    strcpy(q->a.cred.hash, cred.hash);
    return r;
}

static enum store_result
put(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return account_put(t, &q->a, err);
}

static enum store_result
drop(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return account_remove(t, q->number, err);
}

static enum store_result
count(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return account_count(t, q->domain, &q->count, err);
}

/* "name=1 alias->1 " */
static bool
collect(const struct account_name *n, void *arg)
{
    struct ask *q = arg;
    char part[300];

    snprintf(part, sizeof part, "%s%s%llu ", n->name, n->alias ? "->" : "=",
             (unsigned long long)n->number);
    strcat(q->names, part);
    return ++q->n != q->stop_at;
}

static enum store_result
walk(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    q->names[0] = 0;
    q->n = 0;
    return account_walk(t, q->domain, q->after, collect, q, err);
}

static enum store_result
get_prefs(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    free(q->text);
    return prefs_get(t, q->number, &q->text, err);
}

static enum store_result
put_prefs(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return prefs_put(t, q->number, q->put, err);
}

static enum store_result
put_state(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return state_put(t, q->number, &q->s, err);
}

static enum store_result
get_state(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return state_get(t, q->number, &q->s, err);
}

static uint64_t
count_of(uint64_t number)
{
    struct ask q = {.domain = number};

    fixture_run(count, &q, STORE_OK);
    return q.count;
}

START_TEST(all_fields_come_back)
{
    char name[] = "Joe.Doe", real[] = "Jo\xc3\xa9", type[] = "MultiMailbox";
    char settings[] = "{a=1;}", rights[] = "(Master)";
    struct ask q = {.a = {.domain = domain,
                          .name = name,
                          .real_name = real,
                          .created = -3,
                          .cred_serial = 4000000000,
                          .type = type,
                          .settings = settings,
                          .rights = rights}};
    struct ask r = {.domain = domain, .name = "JOE.doe"};

    q.a.cred.iterations = 10000;
    memset(q.a.cred.salt, 1, sizeof q.a.cred.salt);
    memset(q.a.cred.stored_key, 2, sizeof q.a.cred.stored_key);
    memset(q.a.cred.server_key, 3, sizeof q.a.cred.server_key);
    q.a.cred.has_cram = true;
    memset(q.a.cred.cram, 4, sizeof q.a.cred.cram);
    fixture_run(add, &q, STORE_OK);
    fixture_reopen();
    fixture_run(find, &r, STORE_OK);
    ck_assert_uint_eq(r.a.number, q.number);
    ck_assert_uint_eq(r.a.domain, domain);
    ck_assert_str_eq(r.a.name, "joe.doe");
    ck_assert_str_eq(r.a.real_name, real);
    ck_assert_int_eq(r.a.created, -3);
    ck_assert_uint_eq(r.a.cred_serial, 4000000000);
    ck_assert_uint_eq(r.a.cred.iterations, 10000);
    ck_assert_mem_eq(r.a.cred.salt, q.a.cred.salt, sizeof q.a.cred.salt);
    ck_assert_mem_eq(r.a.cred.stored_key, q.a.cred.stored_key,
                     sizeof q.a.cred.stored_key);
    ck_assert_mem_eq(r.a.cred.server_key, q.a.cred.server_key,
                     sizeof q.a.cred.server_key);
    ck_assert(r.a.cred.has_cram);
    ck_assert_mem_eq(r.a.cred.cram, q.a.cred.cram, sizeof q.a.cred.cram);
    ck_assert_str_eq(r.a.type, type);
    ck_assert_str_eq(r.a.settings, settings);
    ck_assert_str_eq(r.a.rights, rights);
    account_rec_clear(&r.a);
    fixture_verify();
}
END_TEST

START_TEST(names_are_unique_in_their_domain)
{
    char name[] = "JOE";
    struct ask q = {.a = {.domain = domain, .name = name}};

    fixture_run(add, &q, STORE_OK);
    fixture_run(add, &q, STORE_EXISTS);
    q.a.domain = other;
    fixture_run(add, &q, STORE_OK);
    ck_assert_uint_eq(q.number, 2);
    q.a.domain = 99;
    fixture_run(add, &q, STORE_REFUSED);
    name[0] = 0;
    q.a.domain = domain;
    fixture_run(add, &q, STORE_REFUSED);
    ck_assert_uint_eq(count_of(domain), 1);
    ck_assert_uint_eq(count_of(other), 1);
    ck_assert_uint_eq(count_of(99), 0);
    q = (struct ask){.domain = domain, .name = "nobody"};
    fixture_run(find, &q, STORE_NOTFOUND);
    q.number = 99;
    fixture_run(get, &q, STORE_NOTFOUND);
    fixture_verify();
}
END_TEST

START_TEST(renaming_and_moving)
{
    uint64_t joe = fixture_account(domain, "joe");
    struct ask q = {.number = joe};
    char taken[] = "AMY", fresh[] = "Joseph";

    fixture_account(domain, "amy");
    fixture_run(get, &q, STORE_OK);
    free(q.a.name);
    q.a.name = xstrdup(taken);
    fixture_run(put, &q, STORE_EXISTS);
    free(q.a.name);
    q.a.name = xstrdup(fresh);
    fixture_run(put, &q, STORE_OK);
    q.domain = domain;
    q.name = "joe";
    fixture_run(find, &q, STORE_NOTFOUND);
    q.a.domain = other;
    fixture_run(put, &q, STORE_OK);
    ck_assert_uint_eq(count_of(domain), 1);
    ck_assert_uint_eq(count_of(other), 1);
    q.domain = other;
    q.name = "joseph";
    fixture_run(find, &q, STORE_OK);
    ck_assert_uint_eq(q.a.number, joe);
    q.a.domain = 99;
    fixture_run(put, &q, STORE_REFUSED);
    q.a.domain = other;
    q.a.cred_serial = 5; /* a change that is no renaming */
    fixture_run(put, &q, STORE_OK);
    fixture_run(get, &q, STORE_OK);
    ck_assert_uint_eq(q.a.cred_serial, 5);
    q.a.number = 99;
    fixture_run(put, &q, STORE_NOTFOUND);
    account_rec_clear(&q.a);
    fixture_verify();
}
END_TEST

START_TEST(removing_takes_all_of_it)
{
    uint64_t joe = fixture_account(domain, "joe");
    uint64_t amy = fixture_account(domain, "amy");
    struct ask q = {.number = joe, .put = "{Language=fr;}"};
    struct ask r = {.number = joe};

    fixture_post(ALERT_ACCOUNT, joe, SECOND, "a");
    fixture_post(ALERT_ACCOUNT, amy, SECOND, "b");
    q.s.position = 1;
    fixture_run(put_prefs, &q, STORE_OK);
    fixture_run(put_state, &q, STORE_OK);
    fixture_run(drop, &q, STORE_OK);
    fixture_run(drop, &q, STORE_NOTFOUND);
    fixture_run(get, &q, STORE_NOTFOUND);
    fixture_run(get_prefs, &r, STORE_OK);
    ck_assert_str_eq(r.text, "");
    fixture_run(get_state, &r, STORE_OK);
    ck_assert_uint_eq(r.s.position, 0);
    ck_assert_uint_eq(count_of(domain), 1);
    fixture_run(put_state, &q, STORE_OK); /* does nothing */
    fixture_run(put_prefs, &q, STORE_NOTFOUND);
    fixture_reopen();
    ck_assert_uint_eq(fixture_account(domain, "joe"), amy + 1);
    fixture_verify();
    free(r.text);
}
END_TEST

START_TEST(walking)
{
    struct ask q = {.domain = domain};

    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "");
    fixture_account(domain, "b");
    fixture_account(other, "x");
    fixture_account(domain, "A.b");
    fixture_account(domain, "a");
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "a=4 a.b=3 b=1 ");
    q.after = "A";
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "a.b=3 b=1 ");
    q.stop_at = 1;
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "a.b=3 ");
    q.after = "b";
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "");
    q.domain = 99;
    q.after = NULL;
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "");
}
END_TEST

START_TEST(preferences)
{
    struct ask q = {.number = fixture_account(domain, "joe")};

    fixture_run(get_prefs, &q, STORE_OK);
    ck_assert_str_eq(q.text, "");
    q.put = "{TimeZone=\"Europe/Berlin\";}";
    fixture_run(put_prefs, &q, STORE_OK);
    fixture_reopen();
    fixture_run(get_prefs, &q, STORE_OK);
    ck_assert_str_eq(q.text, q.put);
    q.put = "";
    fixture_run(put_prefs, &q, STORE_OK);
    fixture_run(get_prefs, &q, STORE_OK);
    ck_assert_str_eq(q.text, "");
    free(q.text);
    fixture_verify();
}
END_TEST

START_TEST(state)
{
    struct ask q = {.number = fixture_account(domain, "joe")};
    uint64_t shown[] = {5, 7, UINT64_MAX}, dismissed[] = {6};
    char address[] = "2001:db8::1";
    uint64_t alert = 0;

    for (unsigned i = 0; i < 3; i++)
        alert = fixture_post(ALERT_SERVER, 0, SECOND, "x");
    fixture_run(get_state, &q, STORE_OK);
    ck_assert_uint_eq(q.s.position, 0);
    ck_assert_uint_eq(q.s.n_shown, 0);
    ck_assert_ptr_null(q.s.last_address);
    q.s = (struct account_state){.position = alert,
                                 .shown = shown,
                                 .n_shown = 3,
                                 .dismissed = dismissed,
                                 .n_dismissed = 1,
                                 .last_login = 99,
                                 .last_address = address};
    fixture_run(put_state, &q, STORE_OK);
    q.s = (struct account_state){0};
    fixture_reopen();
    fixture_run(get_state, &q, STORE_OK);
    ck_assert_uint_eq(q.s.position, alert);
    ck_assert_uint_eq(q.s.n_shown, 3);
    ck_assert_mem_eq(q.s.shown, shown, sizeof shown);
    ck_assert_uint_eq(q.s.n_dismissed, 1);
    ck_assert_uint_eq(q.s.dismissed[0], 6);
    ck_assert_int_eq(q.s.last_login, 99);
    ck_assert_str_eq(q.s.last_address, address);
    fixture_run(get_state, &q, STORE_OK); /* frees what was in it */
    account_state_clear(&q.s);
    fixture_verify();
}
END_TEST

/* --- aliases --- */

/* From "a b c" */
static struct alias_list
list_of(const char *words)
{
    struct alias_list l = {0};
    char *copy = xstrdup(words);

    for (char *w = strtok(copy, " "); w != NULL; w = strtok(NULL, " "))
        alias_list_add(&l, w);
    free(copy);
    return l;
}

static enum store_result
set_aliases(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct alias_list l = list_of(q->name);
    enum store_result r = account_aliases_set(t, q->number, &l, err);

    alias_list_clear(&l);
    return r;
}

static enum store_result
get_aliases(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct alias_list l = {0};
    enum store_result r = account_aliases_get(t, q->number, &l, err);

    q->names[0] = 0;
    for (size_t i = 0; i < l.n; i++) {
        strcat(q->names, l.name[i]);
        strcat(q->names, " ");
    }
    alias_list_clear(&l);
    return r;
}

static enum store_result
count_aliases(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return account_alias_count(t, q->domain, &q->count, err);
}

static void
give(uint64_t account, const char *aliases, enum store_result expected)
{
    struct ask q = {.number = account, .name = aliases};

    fixture_run(set_aliases, &q, expected);
}

static void
check_aliases(uint64_t account, const char *expected)
{
    struct ask q = {.number = account};

    fixture_run(get_aliases, &q, STORE_OK);
    ck_assert_str_eq(q.names, expected);
}

/* The domain's names in order, and how many of them are aliases. */
static void
check_names(uint64_t number, uint64_t aliases, const char *expected)
{
    struct ask q = {.domain = number};

    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, expected);
    fixture_run(count_aliases, &q, STORE_OK);
    ck_assert_uint_eq(q.count, aliases);
}

/* The number of the account that a name leads to, 0 if to none. */
static uint64_t
lookup(uint64_t number, const char *name)
{
    struct ask q = {.domain = number, .name = name};
    enum store_result r = store_run(fixture_store, find, &q, &fixture_err);
    uint64_t found = r == STORE_OK ? q.a.number : 0;

    account_rec_clear(&q.a);
    return found;
}

START_TEST(aliases_lead_to_their_account)
{
    uint64_t joe = fixture_account(domain, "joe");
    uint64_t amy = fixture_account(domain, "amy");

    check_aliases(joe, "");
    give(joe, "Z sales JOSEPH sales", STORE_OK);
    check_aliases(joe, "joseph sales z ");
    check_aliases(amy, "");
    check_names(domain, 3, "amy=2 joe=1 joseph->1 sales->1 z->1 ");
    check_names(other, 0, "");
    ck_assert_uint_eq(count_of(domain), 2);
    ck_assert_uint_eq(lookup(domain, "SALES"), joe);
    ck_assert_uint_eq(lookup(other, "sales"), 0);
    fixture_verify();
    give(joe, "z y", STORE_OK); /* replaces all */
    check_names(domain, 2, "amy=2 joe=1 y->1 z->1 ");
    ck_assert_uint_eq(lookup(domain, "sales"), 0);
    give(amy, "sales", STORE_OK); /* free again */
    ck_assert_uint_eq(lookup(domain, "sales"), amy);
    fixture_reopen();
    check_names(domain, 3, "amy=2 joe=1 sales->2 y->1 z->1 ");
    give(joe, "", STORE_OK);
    give(amy, "", STORE_OK);
    check_names(domain, 0, "amy=2 joe=1 ");
    give(99, "x", STORE_NOTFOUND);
    fixture_verify();
}
END_TEST

START_TEST(aliases_share_the_names_of_accounts)
{
    uint64_t joe = fixture_account(domain, "joe");
    uint64_t amy = fixture_account(domain, "amy");
    char name[] = "Sales", long_name[257] = {0};
    struct ask q = {0}, fresh = {.a = {.domain = domain, .name = name}};

    give(joe, "sales z", STORE_OK);
    /* All of these are refused before anything is changed. */
    give(amy, "a SALES b", STORE_EXISTS);
    ck_assert_str_eq(fixture_err.text, "the name sales is taken");
    give(amy, "a amy", STORE_EXISTS); /* what is its own name */
    give(amy, "a joe", STORE_EXISTS);
    ck_assert_str_eq(fixture_err.text, "the name joe is taken");
    memset(long_name, 'x', 256);
    give(amy, long_name, STORE_REFUSED);
    check_names(domain, 2, "amy=2 joe=1 sales->1 z->1 ");
    fixture_run(add, &fresh, STORE_EXISTS);
    ck_assert_str_eq(fixture_err.text, "the name Sales is taken");
    q.number = amy;
    fixture_run(get, &q, STORE_OK);
    free(q.a.name);
    q.a.name = xstrdup("Z");
    fixture_run(put, &q, STORE_EXISTS);
    account_rec_clear(&q.a);
    q.number = joe; /* not into its own alias either */
    fixture_run(get, &q, STORE_OK);
    free(q.a.name);
    q.a.name = xstrdup("z");
    fixture_run(put, &q, STORE_EXISTS);
    check_names(domain, 2, "amy=2 joe=1 sales->1 z->1 ");
    free(q.a.name);
    q.a.name = xstrdup("Joseph"); /* within the domain they stay */
    fixture_run(put, &q, STORE_OK);
    account_rec_clear(&q.a);
    check_names(domain, 2, "amy=2 joseph=1 sales->1 z->1 ");
    fixture_verify();
}
END_TEST

START_TEST(aliases_move_with_their_account)
{
    uint64_t joe = fixture_account(domain, "joe");
    struct ask q = {.number = joe};

    give(joe, "b a", STORE_OK);
    give(fixture_account(domain, "amy"), "c", STORE_OK);
    fixture_account(other, "b");
    fixture_run(get, &q, STORE_OK);
    q.a.domain = other;
    fixture_run(put, &q, STORE_EXISTS);
    ck_assert_str_eq(fixture_err.text, "the name b is taken");
    free(q.a.name);
    q.a.name = xstrdup("A"); /* which would be there twice */
    give(joe, "a", STORE_OK);
    fixture_run(put, &q, STORE_EXISTS);
    check_names(domain, 2, "a->1 amy=2 c->2 joe=1 ");
    check_names(other, 0, "b=3 ");
    free(q.a.name);
    q.a.name = xstrdup("joseph");
    fixture_run(put, &q, STORE_OK);
    check_names(domain, 1, "amy=2 c->2 ");
    check_names(other, 1, "a->1 b=3 joseph=1 ");
    check_aliases(joe, "a ");
    account_rec_clear(&q.a);
    fixture_verify();
}
END_TEST

START_TEST(aliases_go_with_their_account)
{
    uint64_t joe = fixture_account(domain, "joe");
    struct ask q = {.number = joe};

    give(joe, "b a", STORE_OK);
    give(fixture_account(domain, "amy"), "c", STORE_OK);
    fixture_run(drop, &q, STORE_OK);
    check_names(domain, 1, "amy=2 c->2 ");
    ck_assert_uint_eq(lookup(domain, "a"), 0);
    ck_assert_uint_eq(fixture_account(domain, "a"), 3);
    fixture_verify();
}
END_TEST

/* --- verifiers of aliases --- */

static enum store_result
list_verifiers(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct alias_verifier list[3];
    struct account_rec a = {0};
    size_t n = 0;
    enum store_result r = account_get(t, q->number, &a, err);

    if (r == STORE_OK)
        r = alias_verifier_list(t, &a, list, 3, &n, err);
    q->names[0] = 0;
    for (size_t i = 0; r == STORE_OK && i < n; i++)
        sprintf(q->names + strlen(q->names), "%.9s:%u ", list[i].name,
                list[i].cred.iterations);
    account_rec_clear(&a);
    return r;
}

/* One with that salt, of the password that the account has. */
static enum store_result
put_verifier(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct alias_verifier v = {.cred = {.iterations = (uint32_t)q->count}};
    struct account_rec a = {0};
    enum store_result r = account_get(t, q->number, &a, err);

    strcpy(v.name, q->name);
    memset(v.cred.salt, q->name[0], sizeof v.cred.salt);
    if (r == STORE_OK)
        r = alias_verifier_put(t, &a, &v, err);
    account_rec_clear(&a);
    return r;
}

static enum store_result
find_verifier(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct account_rec a = {0};
    enum store_result r = account_get(t, q->number, &a, err);

    if (r == STORE_OK)
        r = alias_verifier_find(t, q->number, q->name, &a.cred, err);
    sprintf(q->names, "%c %u %d %d", a.cred.salt[0], a.cred.iterations,
            a.cred.has_cram, a.cred.cram[0]);
    account_rec_clear(&a);
    return r;
}

/* Gives the account a password with salt and iterations. */
static enum store_result
set_password(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct account_rec a = {0};
    enum store_result r = account_get(t, q->number, &a, err);

    a.cred = (struct credential){
        .iterations = (uint32_t)q->count, .has_cram = true, .cram = {7}};
    memset(a.cred.salt, q->name[0], sizeof a.cred.salt);
    if (r == STORE_OK)
        r = account_put(t, &a, err);
    account_rec_clear(&a);
    return r;
}

static void
password(uint64_t account, const char *salt, uint64_t iterations)
{
    struct ask q = {.number = account, .name = salt, .count = iterations};

    fixture_run(set_password, &q, STORE_OK);
}

static void
put_verifier_of(uint64_t account, const char *name, uint64_t iterations)
{
    struct ask q = {.number = account, .name = name, .count = iterations};

    fixture_run(put_verifier, &q, STORE_OK);
}

static void
check_verifier(uint64_t account, const char *name, const char *expected)
{
    struct ask q = {.number = account, .name = name};

    fixture_run(find_verifier, &q, STORE_OK);
    ck_assert_str_eq(q.names, expected);
}

static void
check_missing(uint64_t account, const char *expected)
{
    struct ask q = {.number = account};

    fixture_run(list_verifiers, &q, STORE_OK);
    ck_assert_str_eq(q.names, expected);
}

START_TEST(aliases_have_verifiers)
{
    uint64_t joe = fixture_account(domain, "joe");
    uint64_t amy = fixture_account(domain, "amy");

    check_missing(joe, "");
    give(joe, "d c b a", STORE_OK);
    give(amy, "x", STORE_OK);
    check_missing(joe, ""); /* it has no password */
    password(joe, "1", 5000);
    password(amy, "2", 5000);
    check_missing(joe, "a:0 b:0 c:0 "); /* three, as was asked for */
    put_verifier_of(joe, "b", 5000);
    put_verifier_of(joe, "a", 5000);
    put_verifier_of(joe, "x", 5000); /* amy's */
    put_verifier_of(joe, "joe", 5000);
    check_missing(joe, "c:0 d:0 ");
    check_missing(amy, "x:0 ");
    check_verifier(joe, "a", "a 5000 1 7");
    check_verifier(joe, "B", "b 5000 1 7");
    check_verifier(joe, "c", "1 5000 1 7");
    check_verifier(joe, "x", "1 5000 1 7");
    check_verifier(joe, "joe", "1 5000 1 7");
    check_verifier(joe, "", "1 5000 1 7");
    check_verifier(amy, "a", "2 5000 1 7");
    fixture_verify();
}
END_TEST

START_TEST(verifiers_are_of_a_password)
{
    uint64_t joe = fixture_account(domain, "joe");

    give(joe, "b a", STORE_OK);
    password(joe, "1", 5000);
    put_verifier_of(joe, "a", 5000);
    put_verifier_of(joe, "b", 5000);
    password(joe, "1", 6000); /* the same one, hashed anew */
    check_verifier(joe, "a", "a 5000 1 7");
    check_missing(joe, "a:5000 b:5000 ");
    put_verifier_of(joe, "a", 6000);
    check_missing(joe, "b:5000 ");
    give(joe, "a b c", STORE_OK);
    check_missing(joe, "b:5000 c:0 ");
    password(joe, "2", 6000);
    check_verifier(joe, "a", "2 6000 1 7");
    check_missing(joe, "a:0 b:0 c:0 ");
    put_verifier_of(joe, "a", 6000);
    give(joe, "b", STORE_OK);
    check_verifier(joe, "a", "2 6000 1 7");
    give(joe, "a", STORE_OK);
    check_verifier(joe, "a", "2 6000 1 7");
    fixture_verify();
}
END_TEST

/* Many states in one job, as the server saves them. */
#define CROWD 3000

static enum store_result
add_crowd(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    enum store_result r = STORE_OK;

    for (unsigned i = 0; r == STORE_OK && i < CROWD; i++) {
        char name[32];
        struct account_rec a = {.domain = q->domain, .name = name};

        snprintf(name, sizeof name, "user%u", i);
        r = account_add(t, &a, &q->number, err);
    }
    return r;
}

static enum store_result
put_crowd(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    enum store_result r = STORE_OK;

    for (unsigned i = 0; r == STORE_OK && i < CROWD; i++)
        r = state_put(t, (uint64_t)i * 7919 % CROWD + 1, &q->s, err);
    return r;
}

static uint32_t
sample_at(uint64_t point)
{
    struct ask q = {.number = point};

    fixture_run(sample, &q, STORE_OK);
    return (uint32_t)q.count;
}

static void
set_iterations(uint64_t number, uint32_t iterations)
{
    struct ask q = {.number = number};

    fixture_run(get, &q, STORE_OK);
    q.a.cred.iterations = iterations;
    fixture_run(put, &q, STORE_OK);
    account_rec_clear(&q.a);
}

/* Each account comes as often as the others, by points of its own, whatever
 * number it has got; those without a password are passed over. */
START_TEST(samples_of_iterations)
{
    enum {
        ACCOUNTS = 10,
        POINTS = 160
    };
    uint32_t before[POINTS];
    unsigned seen[ACCOUNTS + 1] = {0}, moved = 0;
    char name[16];

    ck_assert_uint_eq(sample_at(5), 0);
    for (unsigned i = 1; i <= ACCOUNTS; i++) {
        snprintf(name, sizeof name, "joe%u", i);
        ck_assert_uint_eq(fixture_account(domain, name), i);
        if (i == 1)
            ck_assert_uint_eq(sample_at(5), 0); /* it has no password */
        set_iterations(i, i);
    }
    for (unsigned i = 0; i < POINTS; i++) {
        before[i] = sample_at(i);
        ck_assert_uint_ge(before[i], 1);
        ck_assert_uint_le(before[i], ACCOUNTS);
        seen[before[i]]++;
    }
    for (unsigned i = 1; i <= ACCOUNTS; i++)
        ck_assert_uint_ge(seen[i], POINTS / ACCOUNTS / 2);
    /* One more takes its share, and no other point is moved. */
    set_iterations(fixture_account(other, "ann"), 99);
    for (unsigned i = 0; i < POINTS; i++) {
        uint32_t now = sample_at(i);

        moved += now != before[i];
        ck_assert(now == before[i] || now == 99);
    }
    ck_assert_uint_gt(moved, 0);
    ck_assert_uint_le(moved, POINTS / 8);
    set_iterations(3, 0);
    for (unsigned i = 0; i < POINTS; i++)
        if (before[i] == 3)
            ck_assert(sample_at(i) == 4 || sample_at(i) == 99);
}
END_TEST

/* A foreign hash is a password like others, and replaces a verifier. */
START_TEST(a_foreign_hash)
{
    struct ask q = {.number = fixture_account(domain, "joe")};
    struct ask sampled = {.number = 5};

    fixture_run(get, &q, STORE_OK);
    q.a.cred.iterations = 0;
    q.a.cred.salt[0] = 9;
    memset(q.a.cred.hash, 'x', CRED_HASH_BYTES - 1);
    fixture_run(put, &q, STORE_OK);
    account_rec_clear(&q.a);
    q = (struct ask){.number = 1};
    fixture_run(get, &q, STORE_OK);
    ck_assert_uint_eq(strlen(q.a.cred.hash), CRED_HASH_BYTES - 1);
    ck_assert_uint_eq(q.a.cred.salt[0], 9);
    ck_assert(credential_is_set(&q.a.cred));
    account_rec_clear(&q.a);
    fixture_run(sample, &sampled, STORE_OK);
    ck_assert_uint_eq(strlen(sampled.a.cred.hash), CRED_HASH_BYTES - 1);
}
END_TEST

START_TEST(a_crowd)
{
    struct ask q = {.domain = domain};

    fixture_run(add_crowd, &q, STORE_OK);
    ck_assert_uint_eq(count_of(domain), CROWD);
    for (unsigned i = 0; i < 2; i++)
        fixture_run(put_crowd, &q, STORE_OK);
    fixture_verify();
}
END_TEST

Suite *
account_table_suite(void)
{
    Suite *s = suite_create("account_table");
    TCase *tc = tcase_create("account_table");

    tcase_add_checked_fixture(tc, setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, all_fields_come_back);
    tcase_add_test(tc, names_are_unique_in_their_domain);
    tcase_add_test(tc, renaming_and_moving);
    tcase_add_test(tc, removing_takes_all_of_it);
    tcase_add_test(tc, walking);
    tcase_add_test(tc, preferences);
    tcase_add_test(tc, state);
    tcase_add_test(tc, aliases_lead_to_their_account);
    tcase_add_test(tc, aliases_share_the_names_of_accounts);
    tcase_add_test(tc, aliases_move_with_their_account);
    tcase_add_test(tc, aliases_go_with_their_account);
    tcase_add_test(tc, aliases_have_verifiers);
    tcase_add_test(tc, verifiers_are_of_a_password);
    tcase_add_test(tc, samples_of_iterations);
    tcase_add_test(tc, a_foreign_hash);
    tcase_add_test(tc, a_crowd);
    suite_add_tcase(s, tc);
    return s;
}
