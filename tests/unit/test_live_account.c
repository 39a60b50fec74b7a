/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/account.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "tests/unit/stage.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/rules/rights.h"

Suite *live_account_suite(void);

/* --- what was shown --- */

static void
print_ids(struct buf *b, const char *name, const uint64_t *v, uint32_t n)
{
    buf_appendf(b, " %s", name);
    for (uint32_t i = 0; i < n; i++)
        buf_appendf(b, "%s%llu", i > 0 ? "," : "", (unsigned long long)v[i]);
}

/* "position shown=ids dismissed=ids own=ids" */
static const char *
print(const struct account *a)
{
    static struct buf b;

    b.len = 0;
    buf_appendf(&b, "%llu", (unsigned long long)a->position);
    print_ids(&b, "shown=", a->shown, a->n_shown);
    print_ids(&b, "dismissed=", a->dismissed, a->n_dismissed);
    buf_append_str(&b, " own=");
    for (uint32_t i = 0; i < a->alerts.n; i++)
        buf_appendf(&b, "%s%llu", i > 0 ? "," : "",
                    (unsigned long long)a->alerts.v[i]->rec.id);
    return buf_cstr(&b);
}

static void
post_six(void)
{
    ck_assert_uint_eq(stage_post(ALERT_SERVER, 0, "1"), 1);
    ck_assert_uint_eq(stage_post(ALERT_DOMAIN, DAN, "2: not Ann's"), 2);
    ck_assert_uint_eq(stage_post(ALERT_SERVER, 0, "3"), 3);
    ck_assert_uint_eq(stage_post(ALERT_ACCOUNT, ANN, "4"), 4);
    ck_assert_uint_eq(stage_post(ALERT_DOMAIN, ANN, "5"), 5);
    ck_assert_uint_eq(stage_post(ALERT_SERVER, 0, "6"), 6);
}

static const struct scenario {
    struct {
        char what; /* 's'hown, shown 'u'p to, 'd'ismissed, 'r'emoved */
        uint64_t id;
        const char *then;
    } steps[7];
} scenarios[] = {
    /* in order: the position follows, over what is not of the audience too */
    {{{'s', 1, "2 shown= dismissed= own=4"},
      {'s', 3, "3 shown= dismissed= own=4"},
      {'s', 4, "4 shown= dismissed= own="},
      {'s', 5, "5 shown= dismissed= own="},
      {'s', 6, "6 shown= dismissed= own="}}},
    /* out of order: remembered beside the position until the gap closes */
    {{{'s', 3, "0 shown=3 dismissed= own=4"},
      {'s', 6, "0 shown=3,6 dismissed= own=4"},
      {'s', 3, "0 shown=3,6 dismissed= own=4"},
      {'s', 1, "3 shown=6 dismissed= own=4"},
      {'s', 5, "3 shown=5,6 dismissed= own=4"},
      {'s', 4, "6 shown= dismissed= own="}}},
    /* all up to one: never back */
    {{{'u', 3, "3 shown= dismissed= own=4"},
      {'u', 2, "3 shown= dismissed= own=4"},
      {'s', 6, "3 shown=6 dismissed= own=4"},
      {'u', 5, "5 shown=6 dismissed= own="},
      {'u', 6, "6 shown= dismissed= own="},
      {'u', 6, "6 shown= dismissed= own="}}},
    /* dismissed counts as shown; an account's own alert is gone with it */
    {{{'d', 3, "0 shown=3 dismissed=3 own=4"},
      {'d', 1, "3 shown= dismissed=1,3 own=4"},
      {'d', 4, "4 shown= dismissed=1,3 own="},
      {'d', 5, "5 shown= dismissed=1,3,5 own="},
      {'s', 6, "6 shown= dismissed=1,3,5 own="}}},
    /* a gap that is removed is no gap, from the next one shown on */
    {{{'s', 3, "0 shown=3 dismissed= own=4"},
      {'r', 1, "0 shown=3 dismissed= own=4"},
      {'s', 4, "4 shown= dismissed= own="},
      {'r', 5, "4 shown= dismissed= own="},
      {'s', 6, "6 shown= dismissed= own="}}},
    /* the last ones are removed: everything known is dealt with */
    {{{'r', 6, "0 shown= dismissed= own=4"},
      {'r', 5, "0 shown= dismissed= own=4"},
      {'r', 4, "0 shown= dismissed= own="},
      {'s', 1, "2 shown= dismissed= own="},
      {'s', 3, "6 shown= dismissed= own="}}},
};

START_TEST(test_positions)
{
    const struct scenario *sc = &scenarios[_i];
    struct worker *w = stage_worker(ANN);
    struct account *a;

    post_six();
    a = stage_loaded(ANN);
    ck_assert_str_eq(print(a), "0 shown= dismissed= own=4");
    for (size_t i = 0; sc->steps[i].what != '\0'; i++) {
        uint64_t id = sc->steps[i].id;

        switch (sc->steps[i].what) {
        case 's':
            account_shown(w, a, id);
            break;
        case 'u':
            account_shown_up_to(w, a, id);
            break;
        case 'd':
            account_dismiss(w, a, id);
            break;
        default:
            stage_remove(id);
            break;
        }
        ck_assert_msg(strcmp(print(a), sc->steps[i].then) == 0, "step %zu: %s",
                      i, print(a));
        if (sc->steps[i].what != 'r')
            ck_assert(account_was_shown(a, id));
        ck_assert(a->dirty || sc->steps[i].what == 'r');
    }
}
END_TEST

/* Who is in whose audience. */
START_TEST(test_audience)
{
    static const struct {
        enum stage_who who;
        const char *ids;
    } rows[] = {
        {ANN, "1 3 4 5 6 "}, {BOB, "1 3 5 6 "}, {DAN, "1 2 3 6 "},
        {EVE, "1 2 3 6 "},   {SUE, "7 "},
    };
    struct alert_rec rec = {.id = 7, .scope = ALERT_CLUSTER};
    struct alert *a = alert_new(&rec), *next;

    post_six();
    board_add(&stage->workers[0]->board, a, "", false);
    alert_unref(&a);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct worker *w = stage_worker(rows[i].who);
        struct account *u = stage_loaded(rows[i].who);
        struct buf b = {0};

        for (uint64_t at = 0; (next = account_next_alert(w, u, at)) != NULL;
             at = next->rec.id)
            buf_appendf(&b, "%llu ", (unsigned long long)next->rec.id);
        ck_assert_msg(strcmp(buf_cstr(&b), rows[i].ids) == 0, "row %zu: %s", i,
                      buf_cstr(&b));
        for (uint64_t id = 0; id < 9; id++) {
            char text[8] = {(char)('0' + id), ' ', '\0'};

            ck_assert_msg((account_find_alert(w, u, id) != NULL) ==
                              (strstr(rows[i].ids, text) != NULL),
                          "row %zu, id %d", i, (int)id);
        }
        buf_clear(&b);
    }
}
END_TEST

/* --- an account's own alerts --- */

static void
block(struct client *c)
{
    char bytes[512];

    memset(bytes, '.', sizeof bytes);
    while (conn_pending(&c->s->conn) == 0)
        conn_send(&c->s->conn, bytes, sizeof bytes);
}

/* Delivered to one session, it goes from the store, and from memory when every
 * session has it that was open when it was posted. */
START_TEST(test_slow_session)
{
    struct worker *w = stage_worker(ANN);
    struct client *quick = client_open(ANN, 0),
                  *slow = client_open(ANN, CLIENT_SMALL), *late;
    struct account *a = stage_loaded(ANN);
    uint64_t id;

    block(slow);
    id = stage_post(ALERT_ACCOUNT, ANN, "own");
    ck_assert_uint_eq(stage_told, 2);
    client_expect(quick, stage_alert(id, "account", "own"));
    ck_assert_uint_eq(a->alerts.n, 1);
    account_shown_up_to(w, a, id);
    ck_assert_uint_eq(a->alerts.n, 1); /* the slow one has not got it */
    stage_save();
    ck_assert(!stage_has_alert(id));
    late = client_open(ANN, 0);
    ck_assert_str_eq(client_hear(late), ""); /* it was delivered */
    ck_assert_ptr_nonnull(
        strstr(client_hear(slow), stage_alert(id, "account", "own")));
    ck_assert_uint_eq(a->alerts.n, 0);
    client_free(&quick);
    client_free(&slow);
    client_free(&late);
}
END_TEST

/* The slow one ends instead. */
START_TEST(test_slow_session_ends)
{
    struct worker *w = stage_worker(ANN);
    struct client *slow = client_open(ANN, CLIENT_SMALL);
    struct account *a = stage_loaded(ANN);
    uint64_t id;

    block(slow);
    id = stage_post(ALERT_ACCOUNT, ANN, "own");
    account_shown_up_to(w, a, id);
    ck_assert_uint_eq(a->alerts.n, 1);
    client_free(&slow);
    ck_assert_uint_eq(a->alerts.n, 0);
}
END_TEST

/* Removal tells those who asked for it. */
/* Known before the store knows it, and not of who is not in memory. */
START_TEST(test_has_delivered)
{
    struct worker *w = stage_worker(ANN);
    struct account *a;
    uint64_t first, second;

    first = stage_post(ALERT_ACCOUNT, ANN, "own");
    second = stage_post(ALERT_ACCOUNT, ANN, "own");
    ck_assert(!account_has_delivered(w, stage_account(ANN), first));
    a = stage_loaded(ANN);
    ck_assert(!account_has_delivered(w, a->number, first));
    account_shown(w, a, first);
    ck_assert(account_has_delivered(w, a->number, first));
    ck_assert(!account_has_delivered(w, a->number, second));
    account_shown(w, a, second);
    ck_assert(account_has_delivered(w, a->number, second));
}
END_TEST

START_TEST(test_alert_removed)
{
    struct client *plain = client_open(ANN, 0),
                  *changes = client_open(ANN, CLIENT_CHANGES),
                  *other = client_open(BOB, CLIENT_CHANGES);
    uint64_t id = stage_post(ALERT_ACCOUNT, ANN, "own");

    ck_assert_uint_eq(stage_told, 2);
    client_expect(plain, stage_alert(id, "account", "own"));
    client_expect(changes, stage_alert(id, "account", "own"));
    stage_remove(id);
    ck_assert_str_eq(client_hear(changes), "<alertRemoved alertID=\"1\"/>\n");
    ck_assert_str_eq(client_hear(plain), "");
    ck_assert_str_eq(client_hear(other), "");
    ck_assert_uint_eq(stage_loaded(ANN)->alerts.n, 0);
    client_free(&plain);
    client_free(&changes);
    client_free(&other);
}
END_TEST

/* --- loading and saving --- */

START_TEST(test_save_and_reload)
{
    struct worker *w = stage_worker(ANN);
    struct peer peer;
    struct account *a;

    post_six();
    a = stage_loaded(ANN);
    account_shown(w, a, 1);
    account_dismiss(w, a, 6);
    account_dismiss(w, a, 5);
    stage_remove(6); /* need not be remembered */
    a->last_login = 12345;
    ck_assert_int_eq(peer_parse(&peer, "192.0.2.1"), 0);
    a->last_peer = peer;
    ck_assert_str_eq(print(a), "2 shown=5,6 dismissed=5,6 own=4");
    stage_save();
    ck_assert(!a->dirty);
    account_shown(w, a, 3); /* not saved: shown again, never lost */
    stage_restart();
    w = stage_worker(ANN);
    ck_assert_ptr_null(account_lookup(w, stage_account(ANN)));
    a = stage_loaded(ANN);
    ck_assert_str_eq(print(a), "2 shown=5 dismissed=5 own=4");
    ck_assert_int_eq(a->last_login, 12345);
    ck_assert_mem_eq(a->last_peer.address, peer.address, 16);
    ck_assert_str_eq(a->name, "ann");
    ck_assert_ptr_null(a->real_name);
    ck_assert_ptr_eq(account_lookup(w, stage_account(ANN)), a);
}
END_TEST

struct put {
    uint64_t account;
    struct account_state state;
};

static enum store_result
put_state(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct put *p = arg;

    return state_put(t, p->account, &p->state, err);
}

/* The position was saved, the removal of what it covers was not. */
START_TEST(test_delivered_before_crash)
{
    struct put p = {stage_account(ANN), {.position = 1}};
    struct account *a;

    ck_assert_uint_eq(stage_post(ALERT_ACCOUNT, ANN, "delivered"), 1);
    ck_assert_uint_eq(stage_post(ALERT_ACCOUNT, ANN, "not yet"), 2);
    stage_run(put_state, &p);
    a = stage_loaded(ANN);
    ck_assert_str_eq(print(a), "1 shown= dismissed= own=2");
    stage_save();
    ck_assert(!stage_has_alert(1));
    ck_assert(stage_has_alert(2));
}
END_TEST

/* Who has dismissed much is a batch by himself. */
START_TEST(test_save_of_many_ids)
{
    struct worker *w = stage_worker(ANN);
    struct account *a = stage_loaded(ANN);
    struct account_state state;
    const uint32_t many = 20000;

    a->dismissed = xcalloc(many, sizeof *a->dismissed);
    for (a->n_dismissed = 0; a->n_dismissed < many; a->n_dismissed++)
        a->dismissed[a->n_dismissed] = 1000 + a->n_dismissed;
    a->last_login = 12345;
    account_touch(w, a);
    for (uint64_t number = 1000000; number < 1000003; number++)
        g_array_append_val(w->dirty, number);
    ck_assert(!account_save(w));
    ck_assert_uint_eq(w->dirty->len, 3);
    stage_save(); /* and so the others come at once */
    ck_assert_uint_eq(w->dirty->len, 0);
    state = stage_state(ANN);
    ck_assert_int_eq(state.last_login, 12345);
    account_state_clear(&state);
}
END_TEST

/* Many at a time go in batches; what is not in memory any more is passed. */
START_TEST(test_save_in_batches)
{
    struct worker *w = stage_worker(ANN);
    struct account *a = stage_loaded(ANN);
    struct account_state state;

    ck_assert(account_save(w)); /* nothing */
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t number = 1000000 + i;

        g_array_append_val(w->dirty, number);
    }
    stage_post(ALERT_SERVER, 0, "1");
    account_shown(w, a, 1);
    account_touch(w, a); /* once is enough */
    ck_assert_uint_eq(w->dirty->len, 301);
    ck_assert(!account_save(w));
    ck_assert_uint_eq(w->dirty->len, 45);
    ck_assert(!account_save(w)); /* one at a time */
    ck_assert_uint_eq(w->dirty->len, 45);
    stage_save();
    ck_assert_uint_eq(w->dirty->len, 0);
    state = stage_state(ANN);
    ck_assert_uint_eq(state.position, 1);
    account_state_clear(&state);
    account_save(w);
    ck_assert(account_save(w));
}
END_TEST

static unsigned n_saved, dirty_then;
static enum store_result saved_result;

static void
note_saved(void *arg, enum store_result result, const struct errbuf *err)
{
    const struct worker *w = arg;

    ck_assert_int_eq(err->text[0] != '\0', result != STORE_OK);
    n_saved++;
    dirty_then = w->dirty->len;
    saved_result = result;
}

/* Who waits takes turns with all others, and hears of a failure. */
START_TEST(test_save_that_somebody_waits_for)
{
    struct worker *w = stage_worker(ANN);
    struct account_state state;
    struct account *a;

    n_saved = 0;
    post_six();
    a = stage_loaded(ANN);
    for (uint64_t number = 1000; number < 2000; number++)
        g_array_append_val(w->dirty, number);
    account_dismiss(w, a, 5);
    account_when_saved(w, a, 5, note_saved, w);
    account_dismiss(w, a, 1);
    account_when_saved(w, a, 1, note_saved, w); /* one is on its way */
    ck_assert_uint_eq(n_saved, 0);
    while (n_saved < 2)
        stage_sync();
    ck_assert_int_eq(saved_result, STORE_OK);
    state = stage_state(ANN);
    ck_assert_uint_eq(state.n_dismissed, 2);
    account_state_clear(&state);
    ck_assert_uint_ge(dirty_then, 700); /* one batch was between the two */
    ck_assert_uint_lt(dirty_then, 1000);
    ck_assert(stage_has_alert(1)); /* nobody's own */
    account_dismiss(w, a, 4);
    account_when_saved(w, a, 4, note_saved, w);
    while (n_saved < 3)
        stage_sync();
    ck_assert(!stage_has_alert(4));
    log_set_level(LOG_ERROR_ + 1); /* it will complain */
    stage_disk_full(true);
    account_dismiss(w, a, 3);
    account_when_saved(w, a, 3, note_saved, w);
    while (n_saved < 4)
        stage_sync();
    ck_assert_int_ne(saved_result, STORE_OK);
    ck_assert(a->dirty); /* and is tried again */
    stage_disk_full(false);
    stage_save();
    state = stage_state(ANN);
    ck_assert_uint_eq(state.n_dismissed, 3);
    account_state_clear(&state);
}
END_TEST

/* What the store refuses is tried again, until it is kept.  What was delivered is
 * removed even then: that makes space. */
START_TEST(test_save_fails)
{
    struct worker *w = stage_worker(ANN);
    struct account *a;
    struct account_state state;

    stage_post(ALERT_ACCOUNT, ANN, "own");
    a = stage_loaded(ANN);
    account_shown(w, a, 1);
    log_set_level(LOG_ERROR_ + 1); /* it will complain */
    stage_disk_full(true);
    for (int i = 0; i < 3; i++) {
        ck_assert(!account_save(w));
        while (w->saving)
            stage_sync();
        ck_assert(a->dirty);
        ck_assert_uint_eq(w->dirty->len, 1);
        ck_assert_uint_eq(w->delivered->len, 0);
        ck_assert(!stage_has_alert(1));
        account_trim(w, 0); /* it must not be forgotten meanwhile */
    }
    stage_disk_full(false);
    stage_save();
    ck_assert(!stage_has_alert(1));
    state = stage_state(ANN);
    ck_assert_uint_eq(state.position, 1);
    account_state_clear(&state);
}
END_TEST

struct opened {
    unsigned calls;
    struct account *account;
    char text[256];
};

static void
on_opened(struct account *a, void *arg, const struct errbuf *err)
{
    struct opened *o = arg;

    o->calls++;
    o->account = a;
    snprintf(o->text, sizeof o->text, "%s", err != NULL ? err->text : "");
}

START_TEST(test_open)
{
    struct worker *w = stage_worker(ANN);
    struct opened first = {0}, second = {0}, third = {0}, none = {0};

    account_open(w, stage_account(ANN), 0, on_opened, &first);
    account_open(w, stage_account(ANN), 0, on_opened, &second); /* one load */
    account_open(w, 999999, 0, on_opened, &none);
    ck_assert_uint_eq(first.calls + second.calls + none.calls, 0);
    ck_assert_ptr_null(account_lookup(w, stage_account(ANN)));
    stage_post(ALERT_ACCOUNT, ANN, "while it loads");
    stage_sync();
    ck_assert_uint_eq(first.calls, 1);
    ck_assert_uint_eq(second.calls, 1);
    ck_assert_ptr_nonnull(first.account);
    ck_assert_ptr_eq(first.account, second.account);
    ck_assert_uint_eq(first.account->alerts.n, 1);
    ck_assert_uint_eq(none.calls, 1);
    ck_assert_ptr_null(none.account);
    ck_assert_str_eq(none.text, "");
    account_open(w, stage_account(ANN), 0, on_opened, &third); /* at once */
    ck_assert_uint_eq(third.calls, 1);
    ck_assert_ptr_eq(third.account, first.account);
}
END_TEST

/* --- an account with many alerts --- */

#define MANY 2000

static enum store_result
add_many(struct store_txn *t, void *arg, struct errbuf *err)
{
    static char text[2000], name[] = "x";
    const uint64_t *account = arg;
    enum store_result r = STORE_OK;

    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < MANY && r == STORE_OK; i++) {
        struct alert_rec a = {.scope = ALERT_ACCOUNT,
                              .target = *account,
                              .severity = ALERT_INFO,
                              .posted = 1000000,
                              .author_name = name,
                              .origin = name,
                              .text = text,
                              .text_len = sizeof text - 1};

        r = alert_add(t, &a, err);
    }
    return r;
}

struct arrival {
    struct account *account; /* loading */
    uint32_t n;
};

static bool
has_come(void *arg)
{
    const struct arrival *a = arg;

    return a->account->alerts.n >= a->n || !a->account->loading;
}

/* What one turn of the writer does at most, and one alert more. */
#define TURN_MOST 2100

START_TEST(test_open_in_pieces)
{
    struct worker *w = stage_worker(ANN);
    uint64_t number = stage_account(ANN), first, last;
    struct opened o = {0};
    struct arrival at = {.n = 1};
    struct store_load load;

    stage_run(add_many, &number);
    stage_sync();
    (void)store_load(stage->store);
    account_open(w, number, 0, on_opened, &o);
    at.account = g_hash_table_lookup(w->accounts, &number);
    stage_until(has_come, &at);
    ck_assert(at.account->loading);
    ck_assert_uint_lt(at.account->alerts.n, MANY);
    ck_assert_ptr_null(account_lookup(w, number));
    /* between two pieces: one goes that has come, one comes */
    first = at.account->alerts.v[0]->rec.id;
    stage_remove(first);
    last = stage_post(ALERT_ACCOUNT, ANN, "while it loads");
    at.n = UINT32_MAX;
    stage_until(has_come, &at);
    stage_sync();
    ck_assert_uint_eq(o.calls, 1);
    ck_assert_ptr_eq(o.account, at.account);
    ck_assert_uint_eq(o.account->alerts.n, MANY);
    ck_assert_ptr_null(alert_array_find(&o.account->alerts, first));
    ck_assert_ptr_nonnull(alert_array_find(&o.account->alerts, last));
    load = store_load(stage->store);
    ck_assert_uint_gt(load.job, 100);
    ck_assert_uint_le(load.job, TURN_MOST);
}
END_TEST

/* All are delivered at once; removing them does not hold the store. */
START_TEST(test_many_delivered)
{
    struct worker *w = stage_worker(ANN);
    uint64_t number = stage_account(ANN);
    struct account *a;
    uint64_t last;

    stage_run(add_many, &number);
    a = stage_loaded(ANN);
    ck_assert_uint_eq(a->alerts.n, MANY);
    last = a->alerts.v[MANY - 1]->rec.id;
    account_shown_up_to(w, a, last);
    /* not all in one turn of the loop */
    ck_assert_uint_gt(a->alerts.n, 0);
    ck_assert_uint_lt(a->alerts.n, MANY);
    stage_turns();
    ck_assert_uint_eq(a->alerts.n, 0);
    (void)store_load(stage->store);
    while (w->delivered->len > 0 || w->dirty->len > 0)
        stage_save();
    ck_assert(!stage_has_alert(last));
    ck_assert(!stage_has_alert(last - MANY + 1));
    ck_assert_uint_le(store_load(stage->store).job, TURN_MOST);
}
END_TEST

START_TEST(test_trim)
{
    struct worker *w = stage_worker(ANN);
    struct client *c = client_open(BOB, 0);

    stage_loaded(ANN);
    stage_loaded(DAN);
    stage_loaded(EVE);
    stage_save();
    account_touch(w, stage_loaded(DAN));
    ck_assert_uint_eq(w->n_idle, 3);
    account_trim(w, 3);
    ck_assert_uint_eq(w->n_idle, 3);
    account_trim(w, 2); /* the oldest goes */
    ck_assert_ptr_null(account_lookup(w, stage_account(ANN)));
    account_trim(w, 0); /* but not who is not saved, nor who is there */
    ck_assert_uint_eq(w->n_idle, 1);
    ck_assert_ptr_nonnull(account_lookup(w, stage_account(DAN)));
    ck_assert_ptr_nonnull(account_lookup(w, stage_account(BOB)));
    ck_assert(!account_save(w)); /* nor who is not saved yet */
    account_trim(w, 0);
    ck_assert_ptr_nonnull(account_lookup(w, stage_account(DAN)));
    stage_save();
    account_trim(w, 0);
    ck_assert_uint_eq(w->n_idle, 0);
    ck_assert_ptr_null(board_find_domain(&w->board, stage_domain(DAN)));
    client_free(&c);
    ck_assert_uint_eq(w->n_idle, 1);
}
END_TEST

/* --- what others change --- */

static void
fill_account(struct effect *e, void *arg)
{
    const struct account_rec *rec = arg;

    account_rec_copy(&e->account, rec);
    e->domain.number = rec->domain;
    e->domain.name = xstrdup("a.test");
}

static struct account_rec
ann_rec(void)
{
    static char name[] = "anna", real[] = "Anna A.", rights[] = "(Master)";

    return (struct account_rec){.number = stage_account(ANN),
                                .domain = stage_domain(ANN),
                                .name = name,
                                .real_name = real,
                                .rights = rights,
                                .cred_serial = 9};
}

START_TEST(test_changed)
{
    struct client *c = client_open(ANN, 0);
    struct account_rec rec = ann_rec();
    struct account *a = stage_loaded(ANN);
    char name[ACCOUNT_NAME_SIZE], empty[] = "";

    stage_effect(fill_account, EFFECT_ACCOUNT_CHANGED, &rec);
    account_full_name(a, name);
    ck_assert_str_eq(name, "anna@main.test");
    ck_assert_str_eq(a->real_name, "Anna A.");
    ck_assert_uint_eq(a->rights, RIGHT_MASTER);
    ck_assert_uint_eq(a->cred_serial, 9);
    ck_assert(client_is_open(c));
    rec.real_name = empty;
    stage_effect(fill_account, EFFECT_ACCOUNT_CHANGED, &rec);
    ck_assert_ptr_null(a->real_name);
    rec.number = 999999; /* not in memory: nothing */
    stage_effect(fill_account, EFFECT_ACCOUNT_CHANGED, &rec);
    client_free(&c);
}
END_TEST

/* Another domain is another audience: its sessions end. */
START_TEST(test_moved)
{
    struct worker *w = stage_worker(ANN);
    struct client *c = client_open(ANN, 0), *bob = client_open(BOB, 0);
    struct account_rec rec = ann_rec();
    char name[ACCOUNT_NAME_SIZE];
    struct account *a;

    rec.domain = stage_domain(DAN);
    stage_effect(fill_account, EFFECT_ACCOUNT_CHANGED, &rec);
    ck_assert_str_eq(client_hear(c), "<bye/>\n");
    ck_assert(client_at_end(c));
    a = stage_loaded(ANN);
    account_full_name(a, name);
    ck_assert_str_eq(name, "anna@a.test");
    ck_assert_uint_eq(a->domain->accounts, 1);
    ck_assert_uint_eq(w->n_idle, 1);
    ck_assert_ptr_eq(TAILQ_FIRST(&w->idle), a);
    client_free(&c);
    client_free(&bob);
    ck_assert_uint_eq(w->n_idle, 2);
    account_trim(w, 0); /* Bob's log-in is not saved; Ann's neither */
    stage_save();
    account_trim(w, 0);
    ck_assert_ptr_null(board_find_domain(&w->board, stage_domain(DAN)));
    ck_assert_ptr_null(board_find_domain(&w->board, stage_domain(ANN)));
}
END_TEST

static void
fill_number(struct effect *e, void *arg)
{
    e->account.number = stage_account(*(enum stage_who *)arg);
    e->account.domain = stage_domain(*(enum stage_who *)arg);
}

/* Killed (0), removed (1): the sessions end; only then it is gone. */
START_TEST(test_ended_by_others)
{
    struct worker *w = stage_worker(ANN);
    struct client *one = client_open(ANN, 0), *two = client_open(ANN, 0),
                  *bob = client_open(BOB, 0);
    enum stage_who who = ANN;

    stage_effect(fill_number,
                 _i == 0 ? EFFECT_KILL_SESSIONS : EFFECT_ACCOUNT_REMOVED, &who);
    ck_assert_str_eq(client_hear(one), "<bye/>\n");
    ck_assert_str_eq(client_hear(two), "<bye/>\n");
    ck_assert(client_at_end(one) && client_at_end(two));
    ck_assert(client_is_open(bob));
    ck_assert_uint_eq(account_lookup(w, stage_account(ANN)) != NULL, _i == 0);
    stage_effect(fill_number, EFFECT_ACCOUNT_REMOVED, &who); /* again */
    client_free(&one);
    client_free(&two);
    client_free(&bob);
    ck_assert_uint_eq(w->n_sessions, 0);
}
END_TEST

struct domain_change {
    uint64_t number;
    const char *name;
    bool shared, suspended;
};

static void
fill_domain(struct effect *e, void *arg)
{
    const struct domain_change *d = arg;

    e->domain.number = d->number;
    e->domain.name = xstrdup(d->name);
    e->domain.shared = d->shared;
    e->domain.suspended = d->suspended;
}

START_TEST(test_domain_changed)
{
    struct worker *w = stage_worker(DAN);
    struct account *a = stage_loaded(DAN);
    struct domain_change d = {.number = stage_domain(DAN), .name = "new.test"};
    uint64_t version = w->board.version;
    char name[ACCOUNT_NAME_SIZE];

    stage_post(ALERT_SERVER, 0, "for local domains");
    ck_assert_ptr_nonnull(account_next_alert(w, a, 0));
    version = w->board.version;
    stage_effect(fill_domain, EFFECT_DOMAIN_CHANGED, &d);
    account_full_name(a, name);
    ck_assert_str_eq(name, "dan@new.test");
    ck_assert_uint_eq(w->board.version, version);
    d.shared = true;
    stage_effect(fill_domain, EFFECT_DOMAIN_CHANGED, &d);
    ck_assert_ptr_null(account_next_alert(w, a, 0));
    ck_assert_uint_gt(w->board.version, version); /* shared bytes are void */
    d.number = 999999;
    stage_effect(fill_domain, EFFECT_DOMAIN_CHANGED, &d);
}
END_TEST

/* Sessions of its accounts end; accounts that come into memory later, or by
 * another's move, know of it too. */
START_TEST(test_domain_suspended)
{
    struct client *dan = client_open(DAN, 0), *ann = client_open(ANN, 0);
    struct client *eve = client_open(EVE, 0);
    struct domain_change d = {
        .number = stage_domain(DAN), .name = "a.test", .suspended = true};

    ck_assert(!stage_loaded(DAN)->domain->suspended);
    stage_effect(fill_domain, EFFECT_DOMAIN_CHANGED, &d);
    ck_assert_str_eq(client_hear(dan), "<bye/>\n");
    ck_assert_str_eq(client_hear(eve), "<bye/>\n");
    ck_assert(client_at_end(dan) && client_at_end(eve));
    ck_assert(client_is_open(ann));
    ck_assert(stage_loaded(DAN)->domain->suspended);
    ck_assert(!stage_loaded(ANN)->domain->suspended);
    d.suspended = false;
    stage_effect(fill_domain, EFFECT_DOMAIN_CHANGED, &d);
    ck_assert(!stage_loaded(DAN)->domain->suspended);
    client_free(&dan);
    client_free(&eve);
    client_free(&ann);
}
END_TEST

#define PEOPLE 300 /* more than end in one turn, and than in two */

static enum store_result
add_people(struct store_txn *t, void *arg, struct errbuf *err)
{
    uint64_t *numbers = arg;
    enum store_result r = STORE_OK;
    char name[16];

    for (unsigned i = 0; i < PEOPLE && r == STORE_OK; i++) {
        struct account_rec a = {.name = name,
                                .rights = (char *)(uintptr_t) "",
                                .created = 1,
                                .domain = stage_domain(DAN)};

        snprintf(name, sizeof name, "u%u", i);
        r = account_add(t, &a, &numbers[i], err);
    }
    return r;
}

static bool
is_opened(void *arg)
{
    return ((struct opened *)arg)->calls > 0;
}

static unsigned
count_open(struct client *const *c)
{
    unsigned n = 0;

    for (unsigned i = 0; i < PEOPLE; i++)
        n += client_is_open(c[i]);
    return n;
}

/* Many have their end in parts, so that nobody waits for all of it. */
START_TEST(test_domain_of_many_suspended)
{
    static uint64_t numbers[PEOPLE];
    static struct client *c[PEOPLE];
    struct worker *w = stage_worker(DAN);
    struct domain_rec rec = {.number = stage_domain(DAN),
                             .name = (char *)(uintptr_t) "a.test",
                             .suspended = true};
    unsigned left;

    stage_run(add_people, numbers);
    for (unsigned i = 0; i < PEOPLE; i++) {
        struct opened o = {0};

        account_open(w, numbers[i], 0, on_opened, &o);
        stage_until(is_opened, &o);
        c[i] = client_connect(DAN, 0);
        session_open(c[i]->s, o.account);
        c[i]->number = c[i]->s->number;
    }
    account_domain_changed(w, &rec);
    left = count_open(c);
    ck_assert_uint_gt(left, PEOPLE / 2);
    ck_assert_uint_lt(left, PEOPLE);
    event_base_loop(w->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_uint_gt(count_open(c), 0);
    for (unsigned i = 0; i < PEOPLE && count_open(c) > 0; i += 16)
        stage_turns();
    ck_assert_uint_eq(count_open(c), 0);
    for (unsigned i = 0; i < PEOPLE; i++)
        client_free(&c[i]);
}
END_TEST

static enum store_result
suspend(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = domain_get(t, *(uint64_t *)arg, &d, err);

    d.suspended = true;
    if (r == STORE_OK)
        r = domain_put(t, &d, err);
    domain_rec_clear(&d);
    return r;
}

START_TEST(test_loaded_suspended)
{
    uint64_t number = stage_domain(DAN);

    stage_run(suspend, &number);
    ck_assert(stage_loaded(DAN)->domain->suspended);
    ck_assert(!stage_loaded(ANN)->domain->suspended);
}
END_TEST

struct prefs_change {
    uint64_t number;
    const struct zone *zone;
};

static void
fill_prefs(struct effect *e, void *arg)
{
    const struct prefs_change *p = arg;

    e->account.number = p->number;
    e->zone = p->zone;
}

START_TEST(test_prefs_changed)
{
    struct account *a = stage_loaded(ANN);
    struct prefs_change p = {stage_account(ANN), zone_find("Asia/Tokyo")};

    ck_assert_ptr_nonnull(p.zone);
    stage_effect(fill_prefs, EFFECT_PREFS_CHANGED, &p);
    ck_assert_ptr_eq(a->zone, p.zone);
    p.zone = NULL;
    stage_effect(fill_prefs, EFFECT_PREFS_CHANGED, &p);
    ck_assert_ptr_eq(a->zone, stage_worker(ANN)->zone);
    p.number = 999999; /* not in memory: nothing */
    stage_effect(fill_prefs, EFFECT_PREFS_CHANGED, &p);
}
END_TEST

START_TEST(test_domain_removed)
{
    struct worker *w = stage_worker(DAN);
    struct domain_change d = {.number = stage_domain(DAN), .name = "a.test"};
    enum stage_who who = DAN;

    stage_post(ALERT_DOMAIN, DAN, "of the domain");
    stage_loaded(DAN);
    stage_effect(fill_number, EFFECT_ACCOUNT_REMOVED, &who);
    ck_assert_ptr_nonnull(board_find_domain(&w->board, d.number));
    stage_effect(fill_domain, EFFECT_DOMAIN_REMOVED, &d);
    ck_assert_ptr_null(board_find_domain(&w->board, d.number));
    stage_effect(fill_domain, EFFECT_DOMAIN_REMOVED, &d);
}
END_TEST

Suite *
live_account_suite(void)
{
    Suite *s = suite_create("live_account");
    TCase *t = tcase_create("live_account");

    tcase_add_checked_fixture(t, stage_setup, stage_teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, test_positions, 0,
                        sizeof scenarios / sizeof scenarios[0]);
    tcase_add_test(t, test_audience);
    tcase_add_test(t, test_slow_session);
    tcase_add_test(t, test_slow_session_ends);
    tcase_add_test(t, test_has_delivered);
    tcase_add_test(t, test_alert_removed);
    tcase_add_test(t, test_save_and_reload);
    tcase_add_test(t, test_delivered_before_crash);
    tcase_add_test(t, test_save_in_batches);
    tcase_add_test(t, test_save_of_many_ids);
    tcase_add_test(t, test_save_fails);
    tcase_add_test(t, test_save_that_somebody_waits_for);
    tcase_add_test(t, test_open);
    tcase_add_test(t, test_open_in_pieces);
    tcase_add_test(t, test_many_delivered);
    tcase_add_test(t, test_trim);
    tcase_add_test(t, test_changed);
    tcase_add_test(t, test_moved);
    tcase_add_loop_test(t, test_ended_by_others, 0, 2);
    tcase_add_test(t, test_domain_changed);
    tcase_add_test(t, test_domain_suspended);
    tcase_add_test(t, test_domain_of_many_suspended);
    tcase_add_test(t, test_loaded_suspended);
    tcase_add_test(t, test_prefs_changed);
    tcase_add_test(t, test_domain_removed);
    suite_add_tcase(s, t);
    return s;
}
