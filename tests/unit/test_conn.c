/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/conn.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "tests/unit/conn_end.h"
#include "tests/unit/pump.h"
#include "util/clock.h"
#include "util/xmalloc.h"

Suite *conn_suite(void);

static struct event_base *base;
static struct conn_loop *loop;
static int owner;

static void
setup(void)
{
    base = event_base_new();
    loop = conn_loop_new(base, &owner);
}

static void
teardown(void)
{
    conn_loop_free(&loop);
    ck_assert_ptr_null(loop);
    conn_loop_free(&loop);
    event_base_free(base);
}

static struct conn_end *
end_new(void)
{
    return conn_end_new(loop, CONN_END_STREAM);
}

static void
turns(void)
{
    pump_turns(&base, 1);
}

static void
say(struct conn_end *e, const char *text)
{
    conn_end_say(e, text, strlen(text));
}

/* What the peer has received since the last time, as text. */
static const char *
heard(struct conn_end *e)
{
    static struct buf b;

    b.len = 0;
    conn_end_hear(e, &b);
    return buf_cstr(&b);
}

/* --- what an owner must have --- */

static size_t
take_nothing(struct conn *c, const char *data, size_t len)
{
    (void)c;
    (void)data;
    (void)len;
    return 0;
}

static void
ignore(struct conn *c)
{
    (void)c;
}

static void
ignore_end(struct conn *c, enum conn_close_reason reason)
{
    (void)c;
    (void)reason;
}

static const struct {
    struct conn_ops ops;
    bool whole;
} owners[] = {
    {{take_nothing, ignore, ignore_end}, true},
    {{NULL, ignore, ignore_end}, false},
    {{take_nothing, NULL, ignore_end}, false},
    {{take_nothing, ignore, NULL}, false},
};

/* One that is missing is found at the first connection, whatever it does, and
 * not at the first one that is slow. */
START_TEST(test_owner_without_an_operation)
{
    pid_t pid = fork();
    struct conn c;
    int status;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(STDERR_FILENO);
        conn_init(&c, -1, &owners[_i].ops);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (owners[_i].whole)
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    else
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

/* --- input --- */

/* Takes whole lines. */
static size_t
take_lines(struct conn_end *e, const char *data, size_t len)
{
    const char *last = memrchr(data, '\n', len);

    (void)e;
    return last != NULL ? (size_t)(last - data) + 1 : 0;
}

/* What is not taken comes again with what follows. */
START_TEST(test_kept_input)
{
    static const struct {
        const char *said, *offers, *got;
    } rows[] = {
        {"one\n", "one\n|", "one\n"},
        {"tw", "tw|", ""},
        {"o", "two|", ""},
        {"\nthr", "two\nthr|", "two\n"},
        {"ee\n", "three\n|", "three\n"},
        {"\n\n", "\n\n|", "\n\n"},
    };
    struct conn_end *e = end_new();

    ck_assert_ptr_eq(conn_loop_owner(loop), &owner);
    e->on_data = take_lines;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        e->offers.len = e->got.len = 0;
        say(e, rows[i].said);
        turns();
        ck_assert_msg(strcmp(buf_cstr(&e->offers), rows[i].offers) == 0,
                      "row %zu: %s", i, buf_cstr(&e->offers));
        ck_assert_msg(strcmp(buf_cstr(&e->got), rows[i].got) == 0,
                      "row %zu: %s", i, buf_cstr(&e->got));
    }
    ck_assert_ptr_null(e->c.in); /* an idle connection keeps nothing */
    conn_end_free(&e);
}
END_TEST

static bool
has_bytes(void *arg)
{
    struct conn_end *e = arg;

    return e->got.len >= e->n;
}

/* Far more than the loop's buffer, kept until its end comes. */
START_TEST(test_long_message)
{
    struct conn_end *e = end_new();
    struct buf b = {0};
    size_t sent = 0;

    e->on_data = take_lines;
    conn_end_pattern(&b, 300000);
    buf_append_char(&b, '\n');
    e->n = b.len;
    while (sent < b.len) {
        ssize_t n = send(e->peer, b.data + sent, b.len - sent, MSG_DONTWAIT);

        if (n > 0)
            sent += (size_t)n;
        turns();
    }
    pump_until(&base, 1, has_bytes, e);
    ck_assert_uint_eq(e->got.len, b.len);
    ck_assert_mem_eq(e->got.data, b.data, b.len);
    buf_clear(&b);
    conn_end_free(&e);
}
END_TEST

START_TEST(test_pause)
{
    struct conn_end *e = end_new();

    conn_pause(&e->c, 1);
    conn_pause(&e->c, 4);
    conn_pause(&e->c, 4);
    say(e, "a");
    turns();
    ck_assert_uint_eq(e->n_data, 0);
    conn_resume(&e->c, 2); /* was not set */
    conn_resume(&e->c, 1);
    turns();
    ck_assert_uint_eq(e->n_data, 0);
    say(e, "b");
    conn_resume(&e->c, 4);
    turns();
    ck_assert_str_eq(buf_cstr(&e->offers), "ab|");
    say(e, "c");
    turns();
    ck_assert_str_eq(buf_cstr(&e->offers), "ab|c|");
    conn_end_free(&e);
}
END_TEST

static size_t
pause_and_keep(struct conn_end *e, const char *data, size_t len)
{
    (void)data;
    if (e->n_data > 1)
        return len;
    conn_pause(&e->c, 1);
    return 1;
}

/* Input that was kept is looked at again when the last bit falls, though no
 * byte follows. */
START_TEST(test_resume_offers_kept)
{
    struct conn_end *e = end_new();

    e->on_data = pause_and_keep;
    say(e, "abc");
    turns();
    ck_assert_str_eq(buf_cstr(&e->offers), "abc|");
    conn_continue(&e->c); /* not while it is paused */
    turns();
    ck_assert_uint_eq(e->n_data, 1);
    conn_resume(&e->c, 1);
    ck_assert_uint_eq(e->n_data, 1); /* in the next turn */
    turns();
    ck_assert_str_eq(buf_cstr(&e->offers), "abc|bc|");
    conn_end_free(&e);
}
END_TEST

static struct buf order;

static size_t
take_one(struct conn_end *e, const char *data, size_t len)
{
    buf_append(&order, data, 1);
    if (len > 1)
        conn_continue(&e->c);
    return 1;
}

/* Two that have much to say have their turns one after the other. */
START_TEST(test_continue_is_fair)
{
    struct conn_end *a = end_new(), *b = end_new();

    a->on_data = b->on_data = take_one;
    say(a, "aaa");
    say(b, "bbb");
    turns();
    ck_assert_uint_eq(order.len, 6);
    for (size_t i = 0; i < 6; i += 2)
        ck_assert_msg(order.data[i] != order.data[i + 1], "%s",
                      buf_cstr(&order));
    ck_assert_ptr_null(a->c.in);
    buf_clear(&order);
    conn_end_free(&a);
    conn_end_free(&b);
}
END_TEST

/* Whoever asks again and again does not keep the others from being read. */
static size_t
never_content(struct conn_end *e, const char *data, size_t len)
{
    (void)data;
    (void)len;
    conn_continue(&e->c);
    return 0;
}

START_TEST(test_continue_starves_nobody)
{
    struct conn_end *a = end_new(), *b = end_new();

    a->on_data = never_content;
    say(a, "a");
    event_base_loop(base, EVLOOP_ONCE);
    say(b, "b");
    turns();
    ck_assert_str_eq(buf_cstr(&b->got), "b");
    ck_assert_uint_gt(a->n_data, 1);
    conn_end_free(&a); /* while it is on the list */
    turns();
    conn_end_free(&b);
}
END_TEST

/* What is kept is looked at before what comes behind it, and before the end:
 * a client may ask much at once and close its side. */
START_TEST(test_kept_before_the_end)
{
    struct conn_end *e = end_new();

    e->on_data = take_one;
    say(e, "abc");
    shutdown(e->peer, SHUT_WR);
    turns();
    ck_assert_str_eq(buf_cstr(&order), "abc");
    ck_assert_str_eq(buf_cstr(&e->offers), "abc|bc|c|");
    ck_assert_uint_eq(e->n_closed, 1);
    ck_assert_int_eq(e->reason, CONN_EOF);
    buf_clear(&order);
    conn_end_free(&e);
}
END_TEST

/* Who sends more than he is served does not fill the memory. */
START_TEST(test_flood)
{
    struct conn_end *e = end_new();
    char bytes[4096];
    uint32_t most = 0;

    memset(bytes, 'x', sizeof bytes);
    e->on_data = take_one;
    for (int i = 0; i < 500; i++) {
        send(e->peer, bytes, sizeof bytes, MSG_DONTWAIT);
        event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        if (e->c.in_len > most)
            most = e->c.in_len;
        e->offers.len = 0;
    }
    ck_assert_uint_le(most, 65536);
    buf_clear(&order);
    conn_end_free(&e);
}
END_TEST

/* --- output --- */

START_TEST(test_cork)
{
    struct conn_end *e = conn_end_new(loop, CONN_END_PACKETS);
    struct shared_buf *shared = shared_buf_new("shared", 6);

    conn_send(&e->c, "plain", 5);
    conn_send_shared(&e->c, shared);
    ck_assert_str_eq(conn_end_packet(e), "plain");
    ck_assert_str_eq(conn_end_packet(e), "shared");
    ck_assert(!conn_is_corked(&e->c));
    conn_cork(&e->c);
    ck_assert(conn_is_corked(&e->c));
    conn_send(&e->c, "a ", 2);
    conn_send_shared(&e->c, shared);
    conn_send(&e->c, "", 0);
    conn_send(&e->c, " b", 2);
    ck_assert_uint_eq(conn_pending(&e->c), 10);
    ck_assert_str_eq(conn_end_packet(e), "");
    conn_uncork(&e->c);
    ck_assert_uint_eq(conn_pending(&e->c), 0);
    ck_assert(!conn_is_corked(&e->c));
    ck_assert_str_eq(conn_end_packet(e), "a shared b");
    conn_cork(&e->c);
    conn_uncork(&e->c); /* nothing: no write */
    ck_assert_str_eq(conn_end_packet(e), "");
    ck_assert_uint_eq(atomic_load(&shared->refs), 1);
    shared_buf_unref(&shared);
    conn_end_free(&e);
}
END_TEST

static size_t
echo_twice(struct conn_end *e, const char *data, size_t len)
{
    ck_assert(conn_is_corked(&e->c));
    conn_send(&e->c, data, len);
    conn_send(&e->other->c, data, len); /* not corked: leaves at once */
    conn_send(&e->c, data, len);
    ck_assert_str_eq(conn_end_packet(e->other), data);
    ck_assert_str_eq(conn_end_packet(e), "");
    return len;
}

/* What on_data sends to its own connection leaves in one write. */
START_TEST(test_cork_while_reading)
{
    struct conn_end *a = conn_end_new(loop, CONN_END_PACKETS),
                    *b = conn_end_new(loop, CONN_END_PACKETS);

    a->on_data = echo_twice;
    a->other = b;
    conn_end_say(a, "xy", 3);
    turns();
    ck_assert_str_eq(conn_end_packet(a), "xy"); /* "xy\0xy\0" */
    ck_assert_str_eq(conn_end_packet(a), "");
    conn_end_free(&a);
    conn_end_free(&b);
}
END_TEST

static void
small_buffers(struct conn_end *e)
{
    int size = 4096;

    ck_assert_int_eq(
        setsockopt(e->c.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
}

/* Reads on the peer's side until there are n bytes. */
struct hearing {
    struct conn_end *e;
    struct buf b;
    size_t n;
    bool ended;
};

static bool
heard_enough(void *arg)
{
    struct hearing *h = arg;

    h->ended = conn_end_hear(h->e, &h->b);
    return h->b.len >= h->n;
}

/* Bytes of its own and shared ones, many more than one writev takes, before
 * and behind the point where the socket is full. */
START_TEST(test_full_socket)
{
    struct conn_end *e = end_new();
    struct hearing h = {.e = e};
    struct shared_buf *shared;
    struct buf all = {0}, piece = {0};

    small_buffers(e);
    conn_end_pattern(&piece, 3001);
    shared = shared_buf_new(piece.data + 500, 2000);
    for (int i = 0; i < 200; i++) {
        conn_send(&e->c, piece.data, piece.len - (size_t)i);
        buf_append(&all, piece.data, piece.len - (size_t)i);
        conn_send_shared(&e->c, shared);
        buf_append(&all, shared->bytes, shared->len);
    }
    ck_assert_uint_gt(conn_pending(&e->c), 0);
    ck_assert_uint_lt(conn_pending(&e->c), all.len);
    ck_assert_uint_gt(atomic_load(&shared->refs), 1);
    ck_assert(!conn_is_acknowledged(&e->c));
    turns();
    ck_assert_uint_eq(e->n_drained, 0);
    conn_cork(&e->c); /* goes behind what waits */
    conn_send(&e->c, "end", 3);
    conn_uncork(&e->c);
    buf_append(&all, "end", 3);
    h.n = all.len;
    pump_until(&base, 1, heard_enough, &h);
    turns();
    ck_assert_uint_eq(h.b.len, all.len);
    ck_assert_mem_eq(h.b.data, all.data, all.len);
    ck_assert_uint_eq(e->n_drained, 1);
    ck_assert_uint_eq(atomic_load(&shared->refs), 1);
    conn_send(&e->c, "x", 1); /* the kernel takes it: no on_drained */
    turns();
    ck_assert_uint_eq(e->n_drained, 1);
    shared_buf_unref(&shared);
    buf_clear(&all);
    buf_clear(&piece);
    buf_clear(&h.b);
    conn_end_free(&e);
}
END_TEST

/* A shared buffer of which the socket took a part. */
START_TEST(test_shared_in_part)
{
    struct conn_end *e = end_new();
    struct hearing h = {.e = e};
    struct shared_buf *shared;
    struct buf all = {0};

    small_buffers(e);
    conn_end_pattern(&all, 200000);
    shared = shared_buf_new(all.data, all.len);
    conn_send_shared(&e->c, shared);
    ck_assert_uint_eq(atomic_load(&shared->refs), 2);
    h.n = all.len;
    pump_until(&base, 1, heard_enough, &h);
    ck_assert_mem_eq(h.b.data, all.data, all.len);
    /* Closing gives back what has not left. */
    conn_send_shared(&e->c, shared);
    ck_assert_uint_eq(atomic_load(&shared->refs), 2);
    conn_close(&e->c);
    ck_assert_uint_eq(atomic_load(&shared->refs), 1);
    ck_assert_uint_eq(conn_pending(&e->c), 0);
    shared_buf_unref(&shared);
    buf_clear(&all);
    buf_clear(&h.b);
    conn_end_free(&e);
}
END_TEST

static void
send_more(struct conn_end *e)
{
    if (e->n_drained < 3)
        for (int i = 0; i < 100; i++)
            conn_send(&e->c, "0123456789", 10);
}

/* A queue that is pulled from in on_drained. */
START_TEST(test_pull_when_drained)
{
    struct conn_end *e = end_new();
    struct hearing h = {.e = e};
    struct buf b = {0};

    small_buffers(e);
    e->on_drained = send_more;
    conn_end_pattern(&b, 100000);
    conn_send(&e->c, b.data, b.len);
    h.n = 100000 + 1000;
    pump_until(&base, 1, heard_enough, &h);
    ck_assert_uint_ge(e->n_drained, 1);
    buf_clear(&b);
    buf_clear(&h.b);
    conn_end_free(&e);
}
END_TEST

static size_t
send_until_full(struct conn_end *e, const char *data, size_t len)
{
    (void)data;
    while (conn_pending(&e->c) < e->n)
        conn_send(&e->c, "0123456789", 10);
    return len;
}

/* An owner that stopped at the soft limit is told when it may go on, also if
 * only the cork was full and the kernel took all of it at once. */
START_TEST(test_drained_after_cork)
{
    static const struct {
        size_t limit;
        unsigned drained;
    } rows[] = {{0, 0}, {1010, 0}, {1000, 1}, {500, 1}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conn_end *e = end_new();

        if (rows[i].limit != 0)
            conn_loop_set_soft_limit(loop, rows[i].limit);
        e->on_data = send_until_full;
        e->n = 1000;
        say(e, "x");
        turns();
        ck_assert_uint_eq(strlen(heard(e)), 1000);
        ck_assert_msg(e->n_drained == rows[i].drained, "row %zu: %u", i,
                      e->n_drained);
        conn_end_free(&e);
    }
}
END_TEST

START_TEST(test_hard_limit)
{
    struct conn_end *e = end_new();
    char piece[10000] = "";

    small_buffers(e);
    conn_loop_set_hard_limit(loop, 50000);
    for (int i = 0; i < 100 && e->n_closed == 0; i++)
        conn_send(&e->c, piece, sizeof piece);
    ck_assert_uint_eq(e->n_closed, 1);
    ck_assert_int_eq(e->reason, CONN_OUTPUT_LIMIT);
    conn_send(&e->c, piece, sizeof piece); /* closed: nothing */
    ck_assert_uint_eq(e->n_closed, 1);
    ck_assert_uint_eq(conn_pending(&e->c), 0);
    conn_end_free(&e);
}
END_TEST

/* --- budgets --- */

#define ENDS 4

/* Ends that do not read, each with what it has been sent. */
static void
fill_ends(struct conn_end *e[ENDS], const size_t sizes[ENDS],
          struct conn_budget *b)
{
    struct buf data = {0};

    for (int i = 0; i < ENDS; i++) {
        e[i] = end_new();
        small_buffers(e[i]);
        conn_set_budget(&e[i]->c, b);
    }
    for (int i = 0; i < ENDS; i++) {
        buf_clear(&data);
        conn_end_pattern(&data, sizes[i]);
        conn_send(&e[i]->c, data.data, data.len);
    }
    buf_clear(&data);
}

static void
free_ends(struct conn_end *e[ENDS])
{
    for (int i = 0; i < ENDS; i++)
        conn_end_free(&e[i]);
}

/* The connection that holds most, and longest, ends, in the next turn, and one
 * of another budget does not; what fits stays. */
START_TEST(test_budget)
{
    static const size_t sizes[ENDS] = {300000, 100000, 200000, 100000};
    struct conn_end *e[ENDS], *other = end_new();
    struct conn_budget b;
    struct buf much = {0};

    conn_budget_init(&b, 500000);
    small_buffers(other);
    conn_end_pattern(&much, 1000000);
    conn_send(&other->c, much.data, much.len);
    fill_ends(e, sizes, &b);
    for (int i = 0; i < ENDS; i++)
        ck_assert_uint_eq(e[i]->n_closed, 0); /* who sends is not disturbed */
    ck_assert(e[0]->c.cut);
    ck_assert_uint_le(b.bytes, 500000);
    conn_send(&e[0]->c, much.data, much.len); /* takes no more */
    ck_assert_uint_le(conn_pending(&e[0]->c), 300000);
    ck_assert(!conn_is_acknowledged(&e[0]->c));
    turns();
    for (int i = 0; i < ENDS; i++)
        ck_assert_uint_eq(e[i]->n_closed, i == 0 ? 1 : 0);
    ck_assert_int_eq(e[0]->reason, CONN_BUDGET);
    ck_assert_uint_eq(other->n_closed, 0);
    free_ends(e);
    ck_assert_uint_eq(b.bytes, 0);
    ck_assert(LIST_EMPTY(&b.outs));
    ck_assert_uint_gt(conn_loop_total(loop), 900000);
    conn_end_free(&other);
    ck_assert_uint_eq(conn_loop_total(loop), 0);
    buf_clear(&much);
}
END_TEST

/* Who takes a long answer just now stays, those go that read nothing. */
START_TEST(test_budget_and_a_reader)
{
    static const size_t sizes[ENDS] = {100000, 100000, 100000, 100000};
    struct conn_end *e[ENDS], *reader = end_new();
    struct hearing h = {.e = reader, .n = 1000000};
    struct conn_budget b;
    struct buf much = {0};

    conn_budget_init(&b, 900000);
    fill_ends(e, sizes, &b);
    clock_advance(60 * CLOCK_SECOND);
    small_buffers(reader);
    conn_set_budget(&reader->c, &b);
    conn_end_pattern(&much, h.n);
    conn_send(&reader->c, much.data, much.len);
    pump_until(&base, 1, heard_enough, &h);
    ck_assert_uint_eq(reader->n_closed, 0);
    for (int i = 0; i < ENDS; i++)
        ck_assert_uint_eq(e[i]->n_closed, 1);
    buf_clear(&much);
    buf_clear(&h.b);
    conn_end_free(&reader);
    free_ends(e);
}
END_TEST

static void
send_much(struct conn_end *e, size_t n)
{
    struct buf data = {0};

    conn_end_pattern(&data, n);
    conn_send(&e->c, data.data, data.len);
    buf_clear(&data);
}

/* Who holds little, however long, stays before who holds much. */
START_TEST(test_budget_by_size_and_time)
{
    struct conn_end *e[3];
    struct conn_budget b;

    conn_budget_init(&b, 450000);
    for (int i = 0; i < 3; i++) {
        e[i] = end_new();
        small_buffers(e[i]);
        conn_set_budget(&e[i]->c, &b);
    }
    send_much(e[0], 40000);
    clock_advance(CLOCK_SECOND);
    send_much(e[1], 400000);
    clock_advance(CLOCK_SECOND);
    send_much(e[2], 100000);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_gt(conn_pending(&e[i]->c), 0);
        ck_assert(e[i]->c.cut == (i == 1));
    }
    for (int i = 0; i < 3; i++)
        conn_end_free(&e[i]);
}
END_TEST

/* What a connection has when it comes to a budget counts there at once. */
START_TEST(test_budget_that_one_comes_to)
{
    struct conn_end *e[2] = {end_new(), end_new()};
    struct conn_budget b;

    conn_budget_init(&b, 100000);
    for (int i = 0; i < 2; i++)
        small_buffers(e[i]);
    conn_set_budget(&e[0]->c, &b);
    send_much(e[0], 90000);
    send_much(e[1], 90000);
    ck_assert(!e[0]->c.cut && !e[1]->c.cut);
    conn_set_budget(&e[1]->c, &b);
    ck_assert(e[0]->c.cut != e[1]->c.cut);
    ck_assert_uint_le(b.bytes, 100000);
    for (int i = 0; i < 2; i++)
        conn_end_free(&e[i]);
}
END_TEST

/* One long answer is let through, whatever the budget. */
START_TEST(test_budget_of_one)
{
    struct conn_end *e = end_new();
    struct conn_budget b;
    struct hearing h = {.e = e, .n = 1000000};
    struct buf much = {0};

    conn_budget_init(&b, 1000);
    conn_set_budget(&e->c, &b);
    small_buffers(e);
    conn_end_pattern(&much, h.n);
    conn_send(&e->c, much.data, much.len);
    ck_assert_uint_gt(b.bytes, 900000);
    pump_until(&base, 1, heard_enough, &h);
    ck_assert_uint_eq(e->n_closed, 0);
    ck_assert_uint_eq(b.bytes, 0);
    buf_clear(&much);
    buf_clear(&h.b);
    conn_end_free(&e);
}
END_TEST

/* All of a loop together, and what one takes along when it leaves its budget. */
START_TEST(test_budget_of_all)
{
    static const size_t sizes[ENDS] = {200000, 100000, 100000, 100000};
    struct conn_end *e[ENDS];
    struct conn_budget b;

    conn_budget_init(&b, SIZE_MAX);
    conn_loop_set_total_limit(loop, 400000);
    fill_ends(e, sizes, NULL);
    conn_set_budget(&e[1]->c, &b);
    ck_assert_uint_ge(b.bytes, 80000);
    conn_set_budget(&e[1]->c, NULL);
    ck_assert_uint_eq(b.bytes, 0);
    turns();
    for (int i = 0; i < ENDS; i++)
        ck_assert_uint_eq(e[i]->n_closed, i == 0 ? 1 : 0);
    free_ends(e);
    ck_assert_uint_eq(conn_loop_total(loop), 0);
    conn_loop_set_total_limit(loop, SIZE_MAX);
}
END_TEST

/* What many share costs nobody; what only this one has does. */
START_TEST(test_budget_of_shared_bytes)
{
    struct conn_end *e[ENDS];
    static const size_t sizes[ENDS] = {50000, 50000, 50000, 50000};
    struct shared_buf *many, *held, *own;
    struct conn_budget b;
    struct buf bytes = {0};
    size_t before;

    conn_budget_init(&b, SIZE_MAX);
    fill_ends(e, sizes, &b);
    before = b.bytes;
    conn_end_pattern(&bytes, 100000);
    many = shared_buf_new(bytes.data, bytes.len);
    held = shared_buf_ref(many);
    for (int i = 0; i < ENDS; i++)
        conn_send_shared(&e[i]->c, many);
    ck_assert_uint_lt(b.bytes - before, 1000);
    own = shared_buf_new(bytes.data, bytes.len);
    conn_send_shared(&e[0]->c, own);
    ck_assert_uint_gt(b.bytes - before, 100000);
    shared_buf_unref(&own);
    free_ends(e);
    shared_buf_unref(&many);
    shared_buf_unref(&held);
    buf_clear(&bytes);
    ck_assert_uint_eq(b.bytes, 0);
}
END_TEST

/* --- the end --- */

/* How a peer ends, and what the owner is told. */
START_TEST(test_reasons)
{
    static const struct {
        bool unread, half;
        enum conn_close_reason reason;
    } rows[] = {
        {false, false, CONN_EOF},
        {true, false, CONN_RESET}, /* with bytes it has not read */
        {false, true, CONN_EOF},
        {true, true, CONN_EOF},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conn_end *e = end_new();

        if (rows[i].unread)
            conn_send(&e->c, "unread", 6);
        say(e, "last");
        turns();
        if (rows[i].half)
            shutdown(e->peer, SHUT_WR);
        else
            conn_end_hang_up(e);
        turns();
        ck_assert_str_eq(buf_cstr(&e->got), "last");
        ck_assert_msg(e->n_closed == 1, "row %zu: %u", i, e->n_closed);
        ck_assert_msg(e->reason == rows[i].reason, "row %zu: %d", i,
                      (int)e->reason);
        conn_end_free(&e);
    }
}
END_TEST

/* Sending to one that is gone: told by on_closed, not by a signal. */
START_TEST(test_send_to_nobody)
{
    struct conn_end *e = end_new();

    conn_end_hang_up(e);
    conn_send(&e->c, "x", 1);
    ck_assert_uint_eq(e->n_closed, 1);
    ck_assert_int_eq(e->reason, CONN_RESET);
    conn_end_free(&e);
    e = end_new();
    small_buffers(e);
    e->n = 100000;
    for (int i = 0; i < 10; i++)
        conn_send(&e->c, e->offers.data, e->offers.len); /* nothing */
    conn_end_pattern(&e->got, 100000);
    conn_send(&e->c, e->got.data, e->got.len);
    conn_end_hang_up(e); /* while output waits */
    turns();
    ck_assert_uint_eq(e->n_closed, 1);
    ck_assert_int_eq(e->reason, CONN_RESET);
    conn_end_free(&e);
}
END_TEST

static void
pause_at_end(struct conn_end *e)
{
    conn_pause(&e->c, 1);
}

/* The same when a cork is pulled, and with more in it than is kept of it. */
START_TEST(test_uncork_to_nobody)
{
    struct conn_end *e = end_new();

    conn_end_hang_up(e);
    conn_end_pattern(&e->got, 300000);
    conn_cork(&e->c);
    conn_send(&e->c, e->got.data, e->got.len);
    ck_assert_uint_eq(conn_pending(&e->c), 300000);
    conn_uncork(&e->c);
    ck_assert_uint_eq(e->n_closed, 1);
    ck_assert_int_eq(e->reason, CONN_RESET);
    ck_assert_uint_eq(e->n_drained, 0);
    conn_end_free(&e);
}
END_TEST

/* An owner that still has answers to send pauses instead of closing. */
START_TEST(test_answers_after_eof)
{
    struct conn_end *e = end_new();

    e->on_closed = pause_at_end;
    say(e, "question");
    shutdown(e->peer, SHUT_WR);
    turns();
    ck_assert_uint_eq(e->n_closed, 1); /* told once, not in each turn */
    conn_send(&e->c, "answer", 6);
    ck_assert_str_eq(heard(e), "answer");
    conn_end_free(&e);
}
END_TEST

/* The peer reads the end behind the last byte, and has all the time to. */
START_TEST(test_finish)
{
    struct conn_end *e = end_new();
    struct buf b = {0};

    conn_send(&e->c, "bye", 3);
    conn_finish(&e->c);
    conn_send(&e->c, "too late", 8);
    ck_assert(conn_end_hear(e, &b));
    ck_assert_str_eq(buf_cstr(&b), "bye");
    say(e, "still talking");
    turns();
    ck_assert_uint_eq(e->n_data, 0); /* thrown away */
    ck_assert_uint_eq(e->n_closed, 0);
    conn_finish(&e->c); /* again: nothing */
    turns();
    ck_assert_uint_eq(e->n_closed, 0); /* a peer that never closes */
    conn_end_hang_up(e);
    turns();
    ck_assert_uint_eq(e->n_closed, 1);
    ck_assert_int_eq(e->reason, CONN_EOF);
    conn_finish(&e->c); /* closed: nothing */
    buf_clear(&b);
    conn_end_free(&e);
}
END_TEST

/* The end waits for output: what is queued, what is corked. */
START_TEST(test_finish_after_output)
{
    struct conn_end *e = end_new();
    struct hearing h = {.e = e, .n = 100006};
    struct buf b = {0};

    small_buffers(e);
    conn_end_pattern(&b, 100000);
    conn_send(&e->c, b.data, b.len);
    conn_cork(&e->c);
    conn_send(&e->c, "corked", 6);
    conn_finish(&e->c);
    conn_uncork(&e->c);
    say(e, "unread"); /* must not cost the peer what it has not read */
    pump_until(&base, 1, heard_enough, &h);
    turns();
    ck_assert(conn_end_hear(e, &h.b));
    ck_assert_uint_eq(h.b.len, 100006);
    ck_assert_mem_eq(h.b.data + 100000, "corked", 6);
    ck_assert_uint_eq(e->n_data, 0);
    ck_assert_uint_eq(e->n_drained, 1); /* which the owner has to know */
    buf_clear(&b);
    buf_clear(&h.b);
    conn_end_free(&e);
}
END_TEST

/* Closing with unread input makes TCP reset the connection, and the peer loses
 * what it has not read; finishing does not. */
START_TEST(test_finish_with_unread_input)
{
    struct conn_end *e = conn_end_new(loop, CONN_END_TCP);
    struct hearing h = {.e = e, .n = 8};

    if (e == NULL)
        return;
    conn_pause(&e->c, 1);
    say(e, "a request that nobody reads");
    turns();
    conn_send(&e->c, "last one", 8);
    conn_finish(&e->c);
    say(e, "and one more");
    turns();
    pump_until(&base, 1, heard_enough, &h);
    ck_assert_str_eq(buf_cstr(&h.b), "last one");
    ck_assert_uint_eq(e->n_data, 0);
    conn_end_hang_up(e);
    e->n = 0;
    pump_flag(base, &e->n_closed);
    ck_assert_int_eq(e->reason, CONN_EOF);
    buf_clear(&h.b);
    conn_end_free(&e);
}
END_TEST

static size_t
close_it(struct conn_end *e, const char *data, size_t len)
{
    (void)data;
    conn_send(&e->c, "lost", 4); /* corked: goes with it */
    conn_close(&e->c);
    conn_close(&e->c);
    return len + 1000; /* does not matter */
}

START_TEST(test_close_in_on_data)
{
    struct conn_end *e = end_new(), *other = end_new();
    struct buf b = {0};

    e->on_data = close_it;
    say(e, "a");
    turns();
    ck_assert(conn_end_hear(e, &b));
    ck_assert_uint_eq(b.len, 0);
    ck_assert_uint_eq(e->n_closed, 0);
    /* The next one finds the cork empty. */
    conn_cork(&other->c);
    conn_send(&other->c, "x", 1);
    conn_uncork(&other->c);
    ck_assert_str_eq(heard(other), "x");
    buf_clear(&b);
    conn_end_free(&e);
    conn_end_free(&other);
}
END_TEST

/* The same when the input had been kept. */
static size_t
close_second(struct conn_end *e, const char *data, size_t len)
{
    return e->n_data == 1 ? 0 : close_it(e, data, len);
}

START_TEST(test_close_in_kept_input)
{
    struct conn_end *e = end_new();

    e->on_data = close_second;
    say(e, "a");
    turns();
    say(e, "b");
    turns();
    ck_assert_str_eq(buf_cstr(&e->offers), "a|ab|");
    ck_assert(e->c.closed);
    conn_end_free(&e);
}
END_TEST

static void
close_drained(struct conn_end *e)
{
    conn_close(&e->c);
}

START_TEST(test_close_in_on_drained)
{
    struct conn_end *e = end_new();
    struct hearing h = {.e = e, .n = 100000};
    struct buf b = {0};

    small_buffers(e);
    e->on_drained = close_drained;
    conn_end_pattern(&b, h.n);
    conn_send(&e->c, b.data, b.len);
    pump_until(&base, 1, heard_enough, &h);
    turns();
    ck_assert_uint_eq(e->n_drained, 1);
    ck_assert(e->c.closed);
    ck_assert_uint_eq(e->n_closed, 0);
    buf_clear(&b);
    buf_clear(&h.b);
    conn_end_free(&e);
}
END_TEST

/* --- deferring --- */

struct note {
    struct conn_deferred d;
    char name;
    struct note *next;
};

static void
write_note(struct conn_deferred *d)
{
    struct note *n = (struct note *)d;

    buf_append_char(&order, n->name);
    if (n->next != NULL)
        conn_loop_defer(loop, &n->next->d);
}

START_TEST(test_defer)
{
    struct note c = {{.run = write_note}, 'c', NULL},
                b = {{.run = write_note}, 'b', NULL},
                a = {{.run = write_note}, 'a', &c};

    conn_loop_defer(loop, &a.d);
    conn_loop_defer(loop, &b.d);
    ck_assert_uint_eq(order.len, 0);
    turns();
    ck_assert_str_eq(buf_cstr(&order), "abc");
    /* What is left is done when the loop ends. */
    conn_loop_defer(loop, &b.d);
    conn_loop_free(&loop);
    ck_assert_str_eq(buf_cstr(&order), "abcb");
    buf_clear(&order);
}
END_TEST

static void
free_end(struct conn_deferred *d)
{
    struct note *n = (struct note *)d;
    struct conn_end **e = (struct conn_end **)(void *)n->next;

    conn_end_free(e);
    free(n);
}

static void
defer_free(struct conn_end *e)
{
    struct note *n = xcalloc(1, sizeof *n);

    conn_close(&e->c);
    n->d.run = free_end;
    n->next = (struct note *)(void *)&e->other->other;
    conn_loop_defer(loop, &n->d);
}

/* The way sessions go: closed in the callback, freed at the end of the turn,
 * with input and output still there. */
START_TEST(test_free_at_the_end_of_the_turn)
{
    struct conn_end *keeper = end_new(), *e = end_new();

    e->on_closed = defer_free;
    e->other = keeper;
    keeper->other = e;
    conn_continue(&e->c);
    conn_send(&e->c, "unread", 6);
    conn_end_hang_up(e);
    conn_send(&e->c, "more", 4);
    turns();
    ck_assert_ptr_null(keeper->other);
    conn_end_free(&keeper);
}
END_TEST

/* --- moving to another loop --- */

static size_t
keep_all(struct conn_end *e, const char *data, size_t len)
{
    (void)data;
    return e->n_data == 1 ? 0 : len;
}

START_TEST(test_move)
{
    struct event_base *base2 = event_base_new();
    struct conn_loop *loop2 = conn_loop_new(base2, NULL);
    struct conn_end *e = conn_end_new(loop, CONN_END_PACKETS);

    e->on_data = keep_all;
    say(e, "kept");
    turns();
    conn_continue(&e->c);
    conn_cork(&e->c);
    conn_send(&e->c, "answer", 6);
    conn_detach(&e->c);
    ck_assert_str_eq(conn_end_packet(e), "answer");
    ck_assert(!conn_is_corked(&e->c));
    turns(); /* nothing of it is on the old loop */
    ck_assert_uint_eq(e->n_data, 1);
    conn_attach(&e->c, loop2);
    turns();
    ck_assert_uint_eq(e->n_data, 1);
    pump_turns(&base2, 1);
    ck_assert_str_eq(buf_cstr(&e->offers), "kept|kept|");
    say(e, "new");
    pump_turns(&base2, 1);
    ck_assert_str_eq(buf_cstr(&e->offers), "kept|kept|new|");
    conn_end_free(&e);
    conn_loop_free(&loop2);
    event_base_free(base2);
}
END_TEST

/* Output that waits goes on from the new loop. */
START_TEST(test_move_with_output)
{
    struct event_base *base2 = event_base_new();
    struct conn_loop *loop2 = conn_loop_new(base2, NULL);
    struct conn_end *e = end_new();
    struct hearing h = {.e = e, .n = 100000};
    struct buf b = {0};

    small_buffers(e);
    conn_end_pattern(&b, h.n);
    conn_send(&e->c, b.data, b.len);
    conn_detach(&e->c);
    ck_assert_uint_gt(conn_pending(&e->c), 0);
    conn_attach(&e->c, loop2);
    pump_until(&base2, 1, heard_enough, &h);
    pump_turns(&base2, 1);
    ck_assert_mem_eq(h.b.data, b.data, b.len);
    ck_assert_uint_eq(e->n_drained, 1);
    buf_clear(&b);
    buf_clear(&h.b);
    conn_end_free(&e);
    conn_loop_free(&loop2);
    event_base_free(base2);
}
END_TEST

/* --- acknowledgement --- */

static bool
is_acknowledged(void *arg)
{
    const struct conn_end *e = arg;

    return conn_is_acknowledged(&e->c);
}

/* TCP acknowledges for a peer that has not read. */
START_TEST(test_acknowledged_tcp)
{
    struct conn_end *e = conn_end_new(loop, CONN_END_TCP);

    if (e == NULL)
        return;
    pump_until(&base, 1, is_acknowledged, e);
    conn_pause(&e->c, 1);
    conn_send(&e->c, "news", 4);
    pump_until(&base, 1, is_acknowledged, e);
    say(e, "x"); /* input that waits: it may be older */
    ck_assert(!conn_is_acknowledged(&e->c));
    e->on_data = keep_all;
    conn_resume(&e->c, 1);
    pump_flag(base, &e->n_data);
    ck_assert(!conn_is_acknowledged(&e->c)); /* read, but not looked at */
    conn_continue(&e->c);
    turns();
    ck_assert(conn_is_acknowledged(&e->c));
    conn_close(&e->c);
    ck_assert(!conn_is_acknowledged(&e->c));
    conn_end_free(&e);
}
END_TEST

/* A socket of the machine acknowledges by reading. */
START_TEST(test_acknowledged_local)
{
    struct conn_end *e = end_new();

    ck_assert(conn_is_acknowledged(&e->c));
    conn_send(&e->c, "news", 4);
    ck_assert(!conn_is_acknowledged(&e->c));
    ck_assert_str_eq(heard(e), "news");
    ck_assert(conn_is_acknowledged(&e->c));
    conn_end_free(&e);
}
END_TEST

Suite *
conn_suite(void)
{
    Suite *s = suite_create("conn");
    TCase *t = tcase_create("conn");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, test_owner_without_an_operation, 0,
                        sizeof owners / sizeof owners[0]);
    tcase_add_test(t, test_kept_input);
    tcase_add_test(t, test_long_message);
    tcase_add_test(t, test_pause);
    tcase_add_test(t, test_resume_offers_kept);
    tcase_add_test(t, test_continue_is_fair);
    tcase_add_test(t, test_continue_starves_nobody);
    tcase_add_test(t, test_kept_before_the_end);
    tcase_add_test(t, test_flood);
    tcase_add_test(t, test_cork);
    tcase_add_test(t, test_cork_while_reading);
    tcase_add_test(t, test_full_socket);
    tcase_add_test(t, test_shared_in_part);
    tcase_add_test(t, test_pull_when_drained);
    tcase_add_test(t, test_drained_after_cork);
    tcase_add_test(t, test_hard_limit);
    tcase_add_test(t, test_budget);
    tcase_add_test(t, test_budget_and_a_reader);
    tcase_add_test(t, test_budget_by_size_and_time);
    tcase_add_test(t, test_budget_that_one_comes_to);
    tcase_add_test(t, test_budget_of_one);
    tcase_add_test(t, test_budget_of_all);
    tcase_add_test(t, test_budget_of_shared_bytes);
    tcase_add_test(t, test_reasons);
    tcase_add_test(t, test_send_to_nobody);
    tcase_add_test(t, test_uncork_to_nobody);
    tcase_add_test(t, test_answers_after_eof);
    tcase_add_test(t, test_finish);
    tcase_add_test(t, test_finish_after_output);
    tcase_add_test(t, test_finish_with_unread_input);
    tcase_add_test(t, test_close_in_on_data);
    tcase_add_test(t, test_close_in_kept_input);
    tcase_add_test(t, test_close_in_on_drained);
    tcase_add_test(t, test_defer);
    tcase_add_test(t, test_free_at_the_end_of_the_turn);
    tcase_add_test(t, test_move);
    tcase_add_test(t, test_move_with_output);
    tcase_add_test(t, test_acknowledged_tcp);
    tcase_add_test(t, test_acknowledged_local);
    suite_add_tcase(s, t);
    return s;
}
