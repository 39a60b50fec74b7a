/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/admin_fixture.h"

#include <check.h>
#include <ftw.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/long_time.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/token.h"

int64_t fixture_now;
struct audit_budget *fixture_budget;
struct admin_settings fixture_settings;
const char *fixture_effects;
const struct admin_live *fixture_live;
uint64_t fixture_guessed;
unsigned fixture_jobs;
unsigned fixture_parts;
size_t fixture_longest;
void (*fixture_between)(void);

static char dir[64];
static struct token_key token_key;
static atomic_uint_least64_t next_session = 100000;
struct store *store;
static struct caller callers[WHO_N];
static struct buf answer_text, effects_text, audit_text;
static struct admin_live live;
static int64_t audit_since;

static const char all_codes[] =
    "(CanPostAlerts,CanCreateAccounts,BasicSettings,CanCreateWebUserSessions,"
    "CanCreateAliases,CanCreateGroups,CanCreateForwarders)";

static const struct {
    const char *name, *domain, *rights;
} people[WHO_N] = {
    [POSTMASTER] = {"postmaster", "main.test", "(Master)"},
    [ALL] = {"all", "main.test", "(\"All Domains\")"},
    [MONITOR] = {"monitor", "main.test", "(\"Can Monitor\")"},
    [READER] = {"reader", "main.test", "(\"Domains Read\")"},
    [USER] = {"user", "main.test", ""},
    [ADMIN] = {"admin", "a.test", all_codes},
    [POSTER] = {"poster", "a.test", "(CanPostAlerts)"},
    [CREATOR] = {"creator", "a.test", "(CanCreateAccounts)"},
    [SETTER] = {"setter", "a.test", "(BasicSettings)"},
    [WATCHER] = {"watcher", "a.test", "(CanCreateWebUserSessions)"},
    [OTHER] = {"other", "a.test", "(CanCreateAliases)"},
    [JOE] = {"joe", "a.test", ""},
    [STRANGER] = {"stranger", "b.test", all_codes},
};

/* --- jobs --- */

struct fixture_job {
    enum who who;
    fixture_fn *fn;
    void *arg;
    bool keep;
    enum store_result inner;
    struct effect_list effects, earlier; /* of this part, and those before */
    struct admin_parts parts;
    unsigned part;
    struct errbuf err;
};

static enum store_result
run_job(struct store_txn *txn, void *arg, struct errbuf *err)
{
    struct fixture_job *j = arg;
    struct admin_context x = {.txn = txn,
                              .caller = &callers[j->who],
                              .now = fixture_now,
                              .effects = &j->effects,
                              .settings = &fixture_settings,
                              .budget = fixture_budget,
                              .token_key = &token_key,
                              .parts = &j->parts};

    if (store_part(txn) != j->part) { /* the part before is on disk */
        j->part = store_part(txn);
        STAILQ_CONCAT(&j->earlier, &j->effects);
    }
    effect_list_clear(&j->effects);
    j->inner = j->fn(&x, j->arg, err);
    if (j->inner != STORE_OK || j->keep)
        return j->inner;
    err_set(err, "not to be kept");
    return STORE_ERROR;
}

static void
print_effect(const struct effect *e)
{
    switch (e->kind) {
    case EFFECT_ALERT_ADDED:
        buf_appendf(&effects_text, "added %llu",
                    (unsigned long long)e->alert.id);
        break;
    case EFFECT_ALERT_REMOVED:
        buf_appendf(&effects_text, "removed %llu",
                    (unsigned long long)e->alert.id);
        break;
    case EFFECT_ACCOUNT_CHANGED:
        buf_appendf(&effects_text, "account %s@%s", e->account.name,
                    e->domain.name);
        break;
    case EFFECT_ACCOUNT_REMOVED:
        buf_appendf(&effects_text, "no account %s@%s", e->account.name,
                    e->domain.name);
        break;
    case EFFECT_PREFS_CHANGED:
        buf_appendf(&effects_text, "prefs %llu zone %d",
                    (unsigned long long)e->account.number,
                    e->zone != NULL ? zone_offset(e->zone, FIXTURE_NOW) : -1);
        break;
    case EFFECT_DOMAIN_CHANGED:
        buf_appendf(&effects_text, "domain %s", e->domain.name);
        break;
    case EFFECT_DOMAIN_REMOVED:
        buf_appendf(&effects_text, "no domain %s", e->domain.name);
        break;
    case EFFECT_STAT_SET:
    case EFFECT_STAT_ADD:
        buf_appendf(&effects_text, "stat %u %s%lld", e->element,
                    e->kind == EFFECT_STAT_ADD ? "+" : "", (long long)e->value);
        break;
    case EFFECT_LOGINS_CHANGED:
        buf_appendf(&effects_text, "logins");
        break;
    case EFFECT_KILL_SESSIONS:
        buf_appendf(&effects_text, "kill %s@%s", e->account.name,
                    e->domain.name);
        break;
    case EFFECT_KILL_SESSION:
        buf_append_str(&effects_text, "kill one");
        break;
    case EFFECT_SHUTDOWN:
        buf_append_str(&effects_text, "shutdown");
        break;
    case EFFECT_COUNT_AUDIENCE:
        buf_append_str(&effects_text, "count");
        break;
    case EFFECT_COUNT_DELIVERED:
        buf_appendf(&effects_text, "delivered? %llu",
                    (unsigned long long)e->alert.id);
        break;
    case EFFECT_QUOTA_ALERT:
        buf_appendf(&effects_text, "quota %llu %s",
                    (unsigned long long)e->alert.id, e->alert.text);
        break;
    case EFFECT_QUOTA_OVER:
        buf_appendf(&effects_text, "no quota %llu",
                    (unsigned long long)e->alert.id);
        break;
    case EFFECT_QUOTA_LEVEL:
        buf_append_str(&effects_text, e->reached ? "reached" : "not reached");
        break;
    case EFFECT_TOKEN_REVOKED:
        buf_append_str(&effects_text, "token revoked");
        break;
    case EFFECT_TRIGGERS_CHANGED:
        buf_append_str(&effects_text, "triggers");
        break;
    case EFFECT_HANDLER_TEST:
        buf_appendf(&effects_text, "test %s", e->account.name);
        break;
    case EFFECT_QUOTA_ASK:
        if (e->account.name != NULL)
            buf_appendf(&effects_text, "ask %s@%s", e->account.name,
                        e->domain.name);
        else
            buf_append_str(&effects_text, "ask all");
        break;
    case EFFECT_QUOTA_DEFAULTS:
        buf_append_str(&effects_text, "defaults");
        break;
    }
    buf_append_str(&effects_text, "; ");
}

/* --- trials --- */

struct trial {
    struct fixture_job *job;
    enum store_result result;
    sem_t done;
};

static enum store_result
trial_body(struct store_txn *txn, void *arg, struct errbuf *err)
{
    return run_job(txn, ((struct trial *)arg)->job, err);
}

static void
trial_done(enum store_result result, void *arg, const struct errbuf *err)
{
    struct trial *t = arg;

    if (result == STORE_AGAIN)
        return;
    t->result = result;
    t->job->err = *err;
    sem_post(&t->done);
}

/* As store_run, but what is written is taken back. */
static enum store_result
run_trial(struct fixture_job *j)
{
    struct trial t = {.job = j};

    sem_init(&t.done, 0, 0);
    store_submit_trial(store, 0, trial_body, trial_done, &t);
    while (sem_wait(&t.done) != 0)
        ;
    sem_destroy(&t.done);
    return t.result;
}

static bool is_trial; /* the line that is said */

static void
run(enum who who, fixture_fn *fn, void *arg, bool keep)
{
    struct fixture_job j = {.who = who, .fn = fn, .arg = arg, .keep = keep};
    const struct effect *e;
    enum store_result r;

    STAILQ_INIT(&j.effects);
    STAILQ_INIT(&j.earlier);
    r = is_trial ? run_trial(&j) : store_run(store, run_job, &j, &j.err);
    fixture_parts = j.part + 1;
    admin_parts_clear(&j.parts);
    STAILQ_CONCAT(&j.earlier, &j.effects);
    ck_assert_msg(j.inner == STORE_OK, "the job failed: %s", j.err.text);
    ck_assert_int_eq(r, keep ? STORE_OK : STORE_ERROR);
    STAILQ_FOREACH(e, &j.earlier, link)
        print_effect(e);
    if (effects_text.len > 0)
        effects_text.len--;
    fixture_effects = buf_cstr(&effects_text);
    effect_list_clear(&j.earlier);
}

void
fixture_run(enum who who, fixture_fn *fn, void *arg)
{
    effects_text.len = 0;
    run(who, fn, arg, true);
}

/* --- the people --- */

static enum store_result
add_domain(struct store_txn *t, const char *name, uint64_t *number_r,
           struct errbuf *err)
{
    struct domain_rec d = {.name = (char *)(uintptr_t)name, .created = 1};

    return domain_add(t, &d, number_r, err);
}

static enum store_result
add_person(struct admin_context *x, enum who who, uint64_t domain,
           struct errbuf *err)
{
    char type[] = "MultiMailbox";
    struct account_rec a = {.domain = domain,
                            .name = (char *)(uintptr_t)people[who].name,
                            .rights = (char *)(uintptr_t)people[who].rights,
                            .type = type,
                            .created = 1,
                            .cred_serial = 1};
    uint64_t number;

    return account_add(x->txn, &a, &number, err);
}

static enum store_result
make_people(struct admin_context *x, void *arg, struct errbuf *err)
{
    static const char *const domains[] = {"main.test", "a.test", "b.test"};
    uint64_t number = 0;
    enum store_result r =
        meta_text_put(x->txn, STORE_TEXT_MAIN_DOMAIN, domains[0], err);

    (void)arg;
    for (size_t d = 0; d < 3 && r == STORE_OK; d++) {
        r = add_domain(x->txn, domains[d], &number, err);
        for (enum who w = POSTMASTER; w < WHO_N && r == STORE_OK; w++) {
            if (strcmp(people[w].domain, domains[d]) == 0)
                r = add_person(x, w, number, err);
        }
    }
    return r;
}

/* By number if it is known, since tests rename people. */
static enum store_result
make_callers(struct admin_context *x, void *arg, struct errbuf *err)
{
    (void)arg;
    callers[LOCAL] = (struct caller){
        .rights = RIGHT_MASTER, .name = "local:0", .from = "local socket"};
    for (enum who w = POSTMASTER; w < WHO_N; w++) {
        struct domain_rec d = {0};
        struct account_rec a = {0};
        bool found;
        char *address = xasprintf("%s@%s", people[w].name, people[w].domain);

        if (admin_account_find(x->txn, address, NULL, &d, &a, &found, err) ==
            STORE_OK)
            callers[w] = (struct caller){.account = a.number,
                                         .domain = d.number,
                                         .rights = rights_parse(a.rights),
                                         .name = address,
                                         .from = "192.0.2.1 ximss"};
        else
            free(address);
        domain_rec_clear(&d);
        account_rec_clear(&a);
    }
    return STORE_OK;
}

const struct caller *
fixture_caller(enum who who)
{
    return &callers[who];
}

static void
forget_callers(void)
{
    for (enum who w = POSTMASTER; w < WHO_N; w++)
        free((char *)(uintptr_t)callers[w].name);
    memset(callers, 0, sizeof callers);
}

void
fixture_refresh(void)
{
    forget_callers();
    fixture_run(LOCAL, make_callers, NULL);
}

/* --- set up and tear down --- */

void
fixture_setup(void)
{
    struct store_options o = {.dir = dir,
                              .create = true,
                              .cache_bytes = 1 << 20,
                              .batch_us = FIXTURE_LONG_S * CLOCK_SECOND,
                              .checkpoint_s = FIXTURE_LONG_S};
    struct errbuf err = {""};
    const char *tmp = getenv("TMPDIR");

    snprintf(dir, sizeof dir, "%s/admin.XXXXXX", tmp != NULL ? tmp : "/tmp");
    ck_assert(mkdtemp(dir) != NULL);
    store = store_open(&o, &err);
    ck_assert_msg(store != NULL, "%s", err.text);
    token_key_init(&token_key, dir, "");
    fixture_now = FIXTURE_NOW;
    fixture_settings =
        (struct admin_settings){.alert_bytes = 100,
                                .iterations = 1,
                                .hash_limits = {5, 5000, 5000, 1, 1 << 20},
                                .max_tickets = 300,
                                .max_tokens = 20,
                                .max_members = 1000,
                                .max_triggers = 10,
                                .max_handlers = 10,
                                .next_session = &next_session,
                                .prefs_bytes = 200,
                                .time_zone = "Europe/Berlin",
                                .started = FIXTURE_NOW - 90 * CLOCK_SECOND,
                                .version = "ximssd 1.2.3"};
    audit_since = 0;
    fixture_longest = 0;
    fixture_between = NULL;
    fixture_run(LOCAL, make_people, NULL);
    fixture_refresh();
}

static int
remove_entry(const char *path, const struct stat *st, int flag,
             struct FTW *walk)
{
    (void)st;
    (void)flag;
    (void)walk;
    return remove(path);
}

void
fixture_teardown(void)
{
    forget_callers();
    store_close(&store);
    token_key_clear(&token_key);
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    buf_clear(&answer_text);
    buf_clear(&effects_text);
    buf_clear(&audit_text);
}

/* --- saying lines --- */

bool fixture_changed;

struct line {
    struct admin_plan plan;
    struct credential cred;
    struct admin_hashed hashed;
    bool wanted, found;
    struct admin_answer answer;
    char *from; /* where the piece begins */
    uint64_t target;
};

static enum store_result
execute(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct line *l = arg;

    x->from = l->from;
    x->target = l->target;
    if (admin_plan_is_live(&l->plan))
        return admin_live_begin(x, &l->plan, &live, &l->answer, err);
    return admin_execute(x, &l->plan, &l->hashed, &l->answer, err);
}

static enum store_result
find_credential(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct line *l = arg;

    return admin_verify_find(x, &l->plan, &l->cred, &l->found, &fixture_guessed,
                             err);
}

static enum store_result
ask_whether_wanted(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct line *l = arg;
    enum store_result r = admin_hash_wanted(x, &l->plan, &l->wanted, err);

    ck_assert(STAILQ_EMPTY(x->effects));
    return r;
}

/* A line is read once: what was read is not to be read again. */
static void
spoil_text(struct line *l)
{
    if (l->plan.arena != NULL)
        memset(l->plan.text, '"', l->plan.len);
}

/* What a door does before the job. */
static void
prepare(enum who who, struct line *l)
{
    const char *password;

    admin_plan_look_for_password(&l->plan);
    password = l->plan.password;
    switch (l->plan.hash) {
    case ADMIN_HASH_NONE:
        ck_assert_ptr_null(password);
        break;
    case ADMIN_HASH_NEW:
        spoil_text(l);
        fixture_run(who, ask_whether_wanted, l);
        password_make(password, 1, true, &l->cred);
        if (l->wanted)
            l->hashed.made = &l->cred;
        break;
    case ADMIN_HASH_VERIFY:
        fixture_run(who, find_credential, l);
        l->hashed.checked = credential_is_set(&l->cred);
        l->hashed.matches =
            password_matches(&l->cred, password, &fixture_settings.hash_limits);
        break;
    }
    fixture_live = &live;
}

/* Behind the pieces that came before; and on to the next one. */
static void
take_piece(struct line *l)
{
    const struct buf *data = &l->answer.data;

    if (l->from == NULL && data->len > 0)
        buf_append_str(&answer_text, "201 ");
    buf_append(&answer_text, data->data, data->len);
    if (data->len > fixture_longest)
        fixture_longest = data->len;
    free(l->from);
    l->from = l->answer.next;
    l->answer.next = NULL;
    l->target = l->answer.target;
    if (l->answer.more && fixture_between != NULL)
        fixture_between();
}

struct store_load
fixture_load(void)
{
    return store_load(store);
}

static const char *
say(enum who who, const char *text, size_t len, bool keep)
{
    struct line l = {0};

    admin_plan_init(&l.plan, text, len);
    effects_text.len = 0;
    is_trial = l.plan.is_trial;
    prepare(who, &l);
    effects_text.len = 0;
    fixture_jobs = 0;
    answer_text.len = 0;
    do {
        spoil_text(&l);
        run(who, execute, &l, keep);
        take_piece(&l);
        fixture_jobs++;
    } while (l.answer.more && keep);
    is_trial = false;
    fixture_changed = l.answer.changed;
    free(l.from);
    if (answer_text.len == 0)
        buf_appendf(&answer_text, "%d %s", l.answer.code, l.answer.text);
    admin_answer_clear(&l.answer);
    admin_plan_clear(&l.plan);
    return buf_cstr(&answer_text);
}

const char *
fixture_say(enum who who, const char *line)
{
    return say(who, line, strlen(line), true);
}

const char *
fixture_say_len(enum who who, const char *line, size_t len)
{
    return say(who, line, len, true);
}

const char *
fixture_try(enum who who, const char *line)
{
    return say(who, line, strlen(line), false);
}

void
fixture_converse(const struct exchange *e, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *answer = fixture_say(e[i].who, e[i].line);

        ck_assert_msg(strcmp(answer, e[i].answer) == 0,
                      "%zu: %s\n  gave     %s\n  expected %s", i, e[i].line,
                      answer, e[i].answer);
    }
}

/* --- the audit log --- */

static bool
print_audit(const struct audit_rec *a, const struct audit_place *at, void *arg)
{
    (void)at;
    (void)arg;
    if (a->time >= audit_since)
        buf_appendf(&audit_text, "%s|%s|%s|%s\n", a->who, a->from, a->what,
                    a->outcome);
    return true;
}

static enum store_result
walk_audit(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct audit_place from = audit_place_of(audit_since, false);

    (void)arg;
    audit_text.len = 0;
    return audit_walk(x->txn, &from, false, print_audit, NULL, err);
}

const char *
fixture_audit(void)
{
    fixture_run(LOCAL, walk_audit, NULL);
    audit_since = ++fixture_now;
    return buf_cstr(&audit_text);
}
