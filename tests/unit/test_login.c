/* SPDX-License-Identifier: BSD-2-Clause */
/* What may happen to an account while somebody logs in to it.  The test holds
 * the store's writer, or the hash pool, where the log-in is to be met, so that
 * nothing here depends on which thread is faster. */
#include "config.h"

#include "ximss/server/requests/login.h"

#include <check.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "tests/unit/stage.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/auth/login_slots.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/throttle.h"
#include "ximss/server/auth/ticket.h"
#include "ximss/server/live/alias_renew.h"
#include "ximss/server/live/job.h"
#include "ximss/server/requests/attempt.h"
#include "ximss/server/requests/dialects.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/rules/lasting.h"
#include "ximss/server/rules/revocation.h"
#include "ximss/server/rules/token.h"

Suite *login_suite(void);

#define NAME     "ann@main.test"
#define PASSWORD "correct horse"
#define SLOTS    8 /* of an address */

static struct hash_pool *pool;
static struct login_slots *slots;
static struct alias_renew *renewals;
static char key_file[64];

/* --- the account --- */

struct secret {
    char token[TOKEN_SECRET_SIZE];
    uint64_t id;
};

static enum store_result
set_password(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_get(t, stage_account(ANN), &a, err);

    if (r == STORE_OK) {
        password_make(arg, 1, true, &a.cred);
        a.cred_serial++;
        r = account_put(t, &a, err);
    }
    account_rec_clear(&a);
    return r;
}

static enum store_result
make_token(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct secret *s = arg;
    struct token_rec k = {.account = stage_account(ANN),
                          .id = s->id,
                          .name = xstrdup("script"),
                          .author = xstrdup("local:0")};
    enum store_result r = STORE_ERROR;

    if (token_seal(&stage->token_key, &k, s->token, err) == 0)
        r = token_put(t, &k, err);
    token_rec_clear(&k);
    return r;
}

/* --- beginning and end --- */

static void
prepare(void)
{
    struct errbuf err = {""};
    const char *tmp = getenv("TMPDIR");
    int fd;

    stage->hash_pool = pool = hash_pool_new(1, 16, &err);
    ck_assert_msg(pool != NULL, "%s", err.text);
    stage->login_slots = slots = login_slots_new(SLOTS);
    stage->alias_renew = renewals = alias_renew_new();
    stage_config->password_iterations = 1;
    snprintf(key_file, sizeof key_file, "%s/token.XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    fd = mkstemp(key_file);
    ck_assert_int_ge(fd, 0);
    close(fd);
    unlink(key_file);
    token_key_init(&stage->token_key, "", key_file);
    stage_run(set_password, (char[]){PASSWORD});
}

static void
setup(void)
{
    stage_setup();
    prepare();
}

static void
setup_three(void)
{
    stage_setup_three();
    prepare();
}

static void
teardown(void)
{
    token_key_clear(&stage->token_key);
    stage_teardown();
    hash_pool_free(&pool);
    login_slots_free(&slots);
    alias_renew_free(&renewals);
    unlink(key_file);
}

/* --- clients --- */

static struct client *
connect_pwd(void)
{
    struct worker *w = stage_worker(ANN);
    struct peer local = {.kind = PEER_LOCAL};
    struct client *c = xcalloc(1, sizeof *c);
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
                     0);
    c->fd = fds[1];
    session_new(w, fds[0], SESSION_PWD, &dialect_pwd, &local, 7, false);
    c->s = TAILQ_LAST(&w->sessions, session_list);
    return c;
}

/* What the server says until `last` is in it; for one answer at a time. */
static const char *
hear_until(struct client *c, const char *last)
{
    static struct buf heard;

    heard.len = 0;
    do {
        stage_sync();
        buf_append_str(&heard, client_hear(c));
    } while (strstr(buf_cstr(&heard), last) == NULL && !client_at_end(c));
    return buf_cstr(&heard);
}

static void
expect_answer(struct client *c, const char *last, const char *text)
{
    const char *heard = hear_until(c, last);

    ck_assert_msg(strstr(heard, text) != NULL, "instead of %s: %s", text,
                  heard);
}

/* Until an answer of XIMSS has come. */
static void
expect_response(struct client *c, const char *text)
{
    expect_answer(c, "<response", text);
}

static const char ok[] = "<response id=\"1\"/>";
static const char refused[] =
    "<response id=\"1\" errorText=\"incorrect password or account name\" "
    "errorNum=\"515\"/>";

static void
say_password(struct client *c, const char *password)
{
    char text[200];

    snprintf(text, sizeof text,
             "<login id=\"1\" userName=\"" NAME "\" authData=\"%s\"/>\n",
             password);
    client_say(c, text);
}

/* --- holding the writer --- */

static sem_t held, go, committed;

static enum store_result
hold_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)t;
    (void)arg;
    (void)err;
    sem_post(&held);
    sem_wait(&go);
    return STORE_OK;
}

/* From when it returns, no other job runs until release_writer. */
static void
hold_writer(void)
{
    store_submit_lane(stage->store, 0, hold_body, NULL, NULL);
    sem_wait(&held);
}

static enum store_result
nothing_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)t;
    (void)arg;
    (void)err;
    return STORE_OK;
}

static void
nothing_done(enum store_result result, void *arg, const struct errbuf *err)
{
    (void)result;
    (void)arg;
    (void)err;
    sem_post(&committed);
}

/* The writer goes on, and what waited in the lane is done.  No loop turns: what
 * the writer has told the worker waits. */
static void
release_writer(uint64_t lane)
{
    store_submit_lane(stage->store, lane, nothing_body, nothing_done, NULL);
    sem_post(&go);
    sem_wait(&committed);
}

static void
turn(void)
{
    event_base_loop(stage_worker(ANN)->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* Until it has asked the store for the first time. */
static void
turn_until_asked(const struct client *c)
{
    while (c->s->state != SESSION_LOGIN)
        turn();
}

/* --- the account in memory --- */

struct known {
    const char *name;
    uint32_t serial;
};

static void
fill_account(struct effect *e, void *arg)
{
    const struct known *k = arg;

    e->account.number = stage_account(ANN);
    e->account.name = xstrdup(k->name);
    e->account.domain = stage_domain(ANN);
    e->account.cred_serial = k->serial;
    e->domain.number = stage_domain(ANN);
    e->domain.name = xstrdup("main.test");
}

static void
fill_suspended(struct effect *e, void *arg)
{
    (void)arg;
    e->domain.number = stage_domain(ANN);
    e->domain.name = xstrdup("main.test");
    e->domain.suspended = true;
}

/* --- a password that the auth cache knows --- */

static void
remember(const char *password, uint32_t serial)
{
    auth_cache_add(stage->auth_cache, NAME, password, clock_mono(),
                   stage_account(ANN), serial);
}

/* That it was right once is worth nothing: the account's serial says whether it
 * is the one of now. */
START_TEST(test_cached)
{
    static const struct {
        const char *password;
        uint32_t older; /* so much the serial was less then */
        const char *answer;
    } rows[] = {
        {"changed since", 1, refused},
        {PASSWORD, 1, ok}, /* looked up again, and checked */
        {"not looked at", 0, ok},
    };
    uint32_t serial = stage_loaded(ANN)->cred_serial;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_connect(ANN, 0);

        remember(rows[i].password, serial - rows[i].older);
        say_password(c, rows[i].password);
        expect_response(c, rows[i].answer);
        client_free(&c);
        auth_cache_forget(stage->auth_cache, stage_account(ANN));
    }
}
END_TEST

static enum store_result
rename_account(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_get(t, stage_account(ANN), &a, err);

    if (r == STORE_OK) {
        free(a.name);
        a.name = xstrdup(((struct known *)arg)->name);
        r = account_put(t, &a, err);
    }
    account_rec_clear(&a);
    return r;
}

/* The old name is nobody's, whatever the cache still has. */
START_TEST(test_cached_by_old_name)
{
    struct client *c = client_connect(ANN, 0);
    struct known k = {"annie", stage_loaded(ANN)->cred_serial};

    stage_run(rename_account, &k);
    stage_effect(fill_account, EFFECT_ACCOUNT_CHANGED, &k);
    remember(PASSWORD, k.serial);
    say_password(c, PASSWORD);
    expect_response(c, refused);
    client_free(&c);
}
END_TEST

START_TEST(test_cached_but_suspended)
{
    struct client *c = client_connect(ANN, 0);
    uint32_t serial = stage_loaded(ANN)->cred_serial;

    stage_effect(fill_suspended, EFFECT_DOMAIN_CHANGED, NULL);
    remember(PASSWORD, serial);
    say_password(c, PASSWORD);
    expect_response(c, refused);
    client_free(&c);
}
END_TEST

/* --- an attempt that waits on two workers --- */

static struct login_slot taken[SLOTS];

static void
nobody_waits(struct login_slot *slot)
{
    (void)slot;
}

static void
take_all_slots(uint64_t address)
{
    for (int i = 0; i < SLOTS; i++) {
        taken[i] = (struct login_slot){0};
        ck_assert(login_slot_take(slots, address, &taken[i], nobody_waits));
    }
}

static bool
waits_for_time(void *arg)
{
    const struct login *l = ((struct client *)arg)->s->login;

    return l != NULL && l->waiting != NULL && l->waiting->timer != NULL &&
           l->waiting->slot.state == LOGIN_SLOT_NONE;
}

static bool
waits_for_slot(void *arg)
{
    const struct login *l = ((struct client *)arg)->s->login;

    return l != NULL && l->waiting != NULL &&
           l->waiting->slot.state == LOGIN_SLOT_WAITING;
}

static void
fail_often(const char *address)
{
    for (int i = 0; i < 20; i++)
        throttle_failed(stage->throttle, NAME, address, clock_mono());
}

/* The time is over, as if nobody had failed. */
static void
end_wait(struct client *c, const char *address)
{
    throttle_succeeded(stage->throttle, NAME, address, clock_mono());
    event_active(c->s->login->waiting->timer, EV_TIMEOUT, 1);
}

/* A loop has no lock: a timer belongs to the worker on which it waits. */
START_TEST(test_waits_on_two_workers)
{
    enum stage_who other = BOB;
    struct client *c;
    char address[PEER_TEXT_SIZE];
    uint32_t serial = stage_loaded(ANN)->cred_serial;

    while (other < STAGE_WHO_N && stage_worker(other) == stage_worker(ANN))
        other++;
    ck_assert_int_lt(other, STAGE_WHO_N);
    stage_effect(fill_suspended, EFFECT_DOMAIN_CHANGED, NULL);
    remember(PASSWORD, serial);
    c = client_connect(other, 0);
    peer_format(session_address(c->s), address);
    fail_often(address);
    say_password(c, PASSWORD);
    stage_until(waits_for_time, c);
    ck_assert_ptr_eq(event_get_base(c->s->login->waiting->timer),
                     stage_worker(other)->base);

    take_all_slots(throttle_address(stage->throttle, address));
    end_wait(c, address);
    stage_until(waits_for_slot, c);
    ck_assert_ptr_eq(session_worker(c->s), stage_worker(ANN));
    fail_often(address);
    login_slot_release(&taken[0]);
    stage_until(waits_for_time, c);
    ck_assert_ptr_eq(event_get_base(c->s->login->waiting->timer),
                     stage_worker(ANN)->base);
    ck_assert(!auth_cache_find(stage->auth_cache, NAME, PASSWORD, clock_mono(),
                               &(uint64_t){0}, &(uint32_t){0}, &(bool){false}));

    end_wait(c, address);
    expect_response(c, refused);
    for (int i = 1; i < SLOTS; i++)
        login_slot_release(&taken[i]);
    client_free(&c);
}
END_TEST

/* --- a password that changes while it is being checked --- */

static void
hold_work(void *arg)
{
    (void)arg;
    sem_post(&held);
    sem_wait(&go);
}

static bool
is_in_pool(void *arg)
{
    (void)arg;
    return hash_pool_waiting(pool) == 1;
}

START_TEST(test_changed_while_checked)
{
    struct client *c = client_connect(ANN, 0);
    struct known next = {"ann", stage_loaded(ANN)->cred_serial + 1};

    ck_assert_int_eq(hash_pool_submit(pool, 0, hold_work, NULL, NULL), 0);
    sem_wait(&held);
    say_password(c, PASSWORD);
    stage_until(is_in_pool, NULL);
    stage_run(set_password, (char[]){"another"});
    stage_effect(fill_account, EFFECT_ACCOUNT_CHANGED, &next);
    sem_post(&go);
    expect_response(c, refused);
    client_free(&c);
}
END_TEST

/* The same password is set again behind the change that made the ticket: the
 * ticket that is given is another, which is good. */
START_TEST(test_cached_ticket_behind_password)
{
    struct client *c = client_connect(ANN, 0), *back = client_connect(ANN, 0);
    uint64_t lane = session_lane(c->s);
    uint32_t serial = stage_loaded(ANN)->cred_serial;
    const char *value, *heard;
    char text[200];

    remember(PASSWORD, serial);
    hold_writer();
    client_say(c, "<login id=\"1\" userName=\"" NAME "\" authData=\"" PASSWORD
                  "\" ticket=\"yes\"/>\n");
    while (stage_loaded(ANN)->n_coming == 0)
        turn();
    release_writer(lane);
    stage_run(set_password, (char[]){PASSWORD});
    stage_loaded(ANN)->cred_serial++; /* its effect comes before the change */
    heard = hear_until(c, "<response");
    value = strstr(heard, " ticket=\"");
    ck_assert_msg(value != NULL, "%s", heard);
    value += strlen(" ticket=\"");
    snprintf(text, sizeof text, "<login id=\"1\" ticket=\"%.*s\"/>\n",
             (int)strcspn(value, "\""), value);
    client_say(back, text);
    expect_response(back, ok);
    client_free(&back);
    client_free(&c);
}
END_TEST

/* --- a session that ends while somebody comes back to it --- */

struct end {
    const char *id; /* NULL: another session's */
};

static enum store_result
end_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct end *e = arg;
    uint8_t hash[TICKET_HASH_BYTES];

    revocation_note();
    if (e->id == NULL)
        return STORE_OK;
    ck_assert_int_eq(lasting_hash(e->id, hash), 0);
    return ticket_drop_of(t, stage_account(ANN), ticket_number(hash), 0, err);
}

/* Begins a lasting session of a new device, and gives what it was told: the
 * caller frees.  attribute: with its quote. */
static char *
begin_session(struct client *c, const char *attribute)
{
    const char *heard, *value;

    client_say(c, "<login id=\"1\" userName=\"" NAME "\" authData=\"" PASSWORD
                  "\" ticket=\"yes\" lasting=\"yes\" device=\"yes\"/>\n");
    heard = hear_until(c, "<response");
    value = strstr(heard, attribute);
    ck_assert_msg(value != NULL, "%s", heard);
    value += strlen(attribute);
    return xstrndup(value, strcspn(value, "\""));
}

static void
say_session(struct client *c, const char *id)
{
    char text[200];

    snprintf(text, sizeof text,
             "<login id=\"1\" session=\"%s\" lasting=\"yes\"/>\n", id);
    client_say(c, text);
}

/* The end is in the store behind the log-in's change, and before the log-in has
 * heard of that. */
static void
end_behind_change(struct client *c, struct end *e)
{
    uint64_t lane = session_lane(c->s);

    hold_writer();
    turn_until_asked(c);
    release_writer(lane); /* it is found */
    hold_writer();
    while (stage_loaded(ANN)->n_coming == 0)
        turn();
    store_submit_lane(stage->store, lane, end_body, NULL, e);
    release_writer(lane); /* it goes on, and ends */
}

START_TEST(test_ended_behind_change)
{
    static const struct {
        bool own;
        const char *answer;
    } rows[] = {{true, refused}, {false, ok}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_connect(ANN, 0);
        char *id = begin_session(c, "urlID=\"");
        struct client *back = client_connect(ANN, 0);
        struct end e = {rows[i].own ? id : NULL};

        say_session(back, id);
        end_behind_change(back, &e);
        expect_response(back, rows[i].answer);
        client_free(&back);
        client_free(&c);
        free(id);
    }
}
END_TEST

/* --- a device whose token was stolen --- */

/* The thief does not wait for the answer; the device ends all the same. */
START_TEST(test_stolen_by_who_left)
{
    struct client *c = client_connect(ANN, 0);
    char *token = begin_session(c, " device=\"");
    struct client *thief = client_connect(ANN, 0);
    uint64_t lane = session_lane(thief->s);
    char another[TICKET_TEXT_SIZE], text[300];
    uint8_t hash[TICKET_HASH_BYTES];

    c->number = c->s->number;
    ck_assert(client_is_open(c));
    ticket_make(another, hash);
    snprintf(text, sizeof text,
             "<login id=\"1\" device=\"%.*s.%s\" lasting=\"yes\"/>\n",
             (int)strcspn(token, "."), token, another);
    hold_writer();
    client_say(thief, text);
    turn_until_asked(thief);
    session_close(thief->s, "gone");
    stage_turns();
    release_writer(lane);
    stage_sync();
    ck_assert(!client_is_open(c));
    client_free(&thief);
    client_free(&c);
    free(token);
}
END_TEST

/* --- a token that is revoked while somebody comes by it --- */

struct revocation {
    struct job job; /* first */
    uint64_t token;
    bool done;
};

static enum store_result
revoke_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct revocation *v = (struct revocation *)j;
    struct effect *e = effect_add(&j->effects, EFFECT_TOKEN_REVOKED);

    e->account.number = stage_account(ANN);
    e->token = v->token;
    return v->token != 0 ? token_remove(t, stage_account(ANN), "script", err)
                         : STORE_OK;
}

static void
revoke_finish(struct job *j)
{
    ((struct revocation *)j)->done = true;
}

static void
say_line(struct client *c, const char *word, const char *text)
{
    char line[200];

    snprintf(line, sizeof line, "%s %s\r\n", word, text);
    ck_assert_int_gt(send(c->fd, line, strlen(line), MSG_NOSIGNAL), 0);
}

START_TEST(test_revoked_behind_look_up)
{
    static const struct {
        bool own;
        const char *answer;
    } rows[] = {{false, "200 login OK"},
                {true, "515 incorrect password or account name"}};
    struct secret s = {.id = 77};

    stage_run(make_token, &s);
    stage_loaded(ANN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct revocation v = {.token = rows[i].own ? s.id : 0};
        struct client *c = connect_pwd();
        uint64_t lane = session_lane(c->s);

        expect_answer(c, "\r\n", "200 ");
        say_line(c, "USER", NAME);
        expect_answer(c, "\r\n", "300 ");
        job_init(&v.job, stage, stage_worker(ANN));
        v.job.lane = lane;
        v.job.body = revoke_body;
        v.job.finish = revoke_finish;
        hold_writer();
        say_line(c, "PASS", s.token);
        turn_until_asked(c);
        job_submit(&v.job);
        release_writer(lane);
        expect_answer(c, "\r\n", rows[i].answer);
        client_free(&c);
        ck_assert(v.done);
        job_clear(&v.job);
    }
}
END_TEST

Suite *
login_suite(void)
{
    Suite *s = suite_create("login");
    TCase *tc = tcase_create("login");

    sem_init(&held, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&committed, 0, 0);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_cached);
    tcase_add_test(tc, test_cached_by_old_name);
    tcase_add_test(tc, test_cached_but_suspended);
    tcase_add_test(tc, test_changed_while_checked);
    tcase_add_test(tc, test_cached_ticket_behind_password);
    tcase_add_test(tc, test_ended_behind_change);
    tcase_add_test(tc, test_stolen_by_who_left);
    tcase_add_test(tc, test_revoked_behind_look_up);
    suite_add_tcase(s, tc);
    tc = tcase_create("workers");
    tcase_add_checked_fixture(tc, setup_three, teardown);
    tcase_add_test(tc, test_waits_on_two_workers);
    suite_add_tcase(s, tc);
    return s;
}
