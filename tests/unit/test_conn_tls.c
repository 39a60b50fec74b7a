/* SPDX-License-Identifier: BSD-2-Clause */
/* conn.c with TLS: the peer is OpenSSL on the other end of a socketpair, in
 * the same thread. */
#include "config.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/unit/certificate.h"
#include "tests/unit/conn_end.h"
#include "tests/unit/pump.h"
#include "util/conn.h"
#include "util/tls.h"

Suite *conn_tls_suite(void);

static struct certificates files;
static struct event_base *base;
static struct conn_loop *loop;
static struct ssl_ctx_st *server_ctx, *client_ctx;

/* The client's side of one connection. */
static struct conn_end *end;
static SSL *client;
static struct buf heard;
static size_t wanted;
static int ended; /* what SSL_get_error said when no more came */

static void
setup(void)
{
    struct errbuf err = {""};
    struct tls_files pair;

    /* As in the server: OpenSSL writes without MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    certificates_make(&files);
    base = event_base_new();
    loop = conn_loop_new(base, NULL);
    pair = (struct tls_files){files.cert, files.key, NULL};
    server_ctx = tls_server_context(&pair, "1.2", &err);
    ck_assert_msg(server_ctx != NULL, "%s", err.text);
    client_ctx = SSL_CTX_new(TLS_client_method());
    end = conn_end_new(loop, CONN_END_STREAM);
    client = SSL_new(client_ctx);
    SSL_set_fd(client, end->peer);
    SSL_set_connect_state(client);
    SSL_set_mode(client, SSL_MODE_ENABLE_PARTIAL_WRITE |
                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    ended = 0;
    wanted = 0;
}

static void
teardown(void)
{
    SSL_free(client);
    conn_end_free(&end);
    SSL_CTX_free(client_ctx);
    tls_context_unref(&server_ctx);
    conn_loop_free(&loop);
    event_base_free(base);
    buf_clear(&heard);
    certificates_remove(&files);
}

static bool
handshaken(void *arg)
{
    (void)arg;
    ERR_clear_error();
    SSL_do_handshake(client);
    return SSL_is_init_finished(client) && !end->c.tls_handshake;
}

static void
start(void)
{
    ck_assert_int_eq(conn_start_tls(&end->c, server_ctx, 0), 0);
    ck_assert(conn_is_encrypted(&end->c));
    pump_until(&base, 1, handshaken, NULL);
}

static bool
hears(void *arg)
{
    char bytes[16384];
    int n;

    (void)arg;
    ERR_clear_error();
    while ((n = SSL_read(client, bytes, sizeof bytes)) > 0)
        buf_append(&heard, bytes, (size_t)n);
    n = SSL_get_error(client, n);
    if (n != SSL_ERROR_WANT_READ)
        ended = n;
    return heard.len >= wanted && (wanted > 0 || ended != 0);
}

static void
hear(size_t n)
{
    wanted = n;
    pump_until(&base, 1, hears, NULL);
}

static struct buf to_say;

static bool
says(void *arg)
{
    int n;

    (void)arg;
    while (to_say.len > 0 &&
           (n = SSL_write(client, to_say.data, (int)to_say.len)) > 0)
        buf_drop(&to_say, (size_t)n);
    return to_say.len == 0 && end->got.len >= end->n;
}

/* --- tests --- */

START_TEST(test_data)
{
    ck_assert(!conn_is_encrypted(&end->c));
    start();
    conn_send(&end->c, "hello", 5);
    hear(5);
    ck_assert_str_eq(buf_cstr(&heard), "hello");
    buf_append_str(&to_say, "answer");
    end->n = 6;
    pump_until(&base, 1, says, NULL);
    ck_assert_str_eq(buf_cstr(&end->got), "answer");
    buf_clear(&to_say);
}
END_TEST

/* Large, both ways at once, with a full socket in between. */
START_TEST(test_much_data)
{
    struct shared_buf *shared;
    struct buf b = {0};

    conn_end_pattern(&b, 400000);
    start();
    conn_send(&end->c, b.data, 150000);
    shared = shared_buf_new(b.data + 150000, 250000);
    conn_send_shared(&end->c, shared);
    ck_assert_uint_gt(conn_pending(&end->c), 0);
    hear(b.len);
    ck_assert_uint_eq(heard.len, b.len);
    ck_assert_mem_eq(heard.data, b.data, b.len);
    pump_turns(&base, 1);
    ck_assert_uint_eq(end->n_drained, 1);
    ck_assert_uint_eq(atomic_load(&shared->refs), 1);
    buf_append(&to_say, b.data, b.len);
    end->n = b.len;
    pump_until(&base, 1, says, NULL);
    ck_assert_mem_eq(end->got.data, b.data, b.len);
    shared_buf_unref(&shared);
    buf_clear(&to_say);
    buf_clear(&b);
}
END_TEST

/* What is sent before the handshake is over waits for it. */
START_TEST(test_output_before_handshake)
{
    ck_assert_int_eq(conn_start_tls(&end->c, server_ctx, 0), 0);
    conn_send(&end->c, "early", 5);
    ck_assert_uint_eq(conn_pending(&end->c), 5);
    pump_until(&base, 1, handshaken, NULL);
    hear(5);
    ck_assert_str_eq(buf_cstr(&heard), "early");
}
END_TEST

static size_t
keep(struct conn_end *e, const char *data, size_t len)
{
    (void)e;
    return memchr(data, '!', len) != NULL ? len : 0;
}

/* Kept bytes that came in clear are dropped: nobody speaks before TLS in the
 * name of who speaks in it. */
START_TEST(test_clear_input_is_dropped)
{
    end->on_data = keep;
    conn_end_say(end, "injected", 8);
    pump_turns(&base, 1);
    ck_assert_str_eq(buf_cstr(&end->offers), "injected|");
    start();
    buf_append_str(&to_say, "!");
    end->n = 1;
    pump_until(&base, 1, says, NULL);
    ck_assert_str_eq(buf_cstr(&end->offers), "injected|!|");
    buf_clear(&to_say);
}
END_TEST

static size_t
start_in_callback(struct conn_end *e, const char *data, size_t len)
{
    (void)data;
    if (e->n_data > 1)
        return len;
    conn_uncork(&e->c);
    ck_assert_int_eq(conn_start_tls(&e->c, server_ctx, 0), 0);
    return 1; /* what is behind it is dropped all the same */
}

/* A header of three bytes, and TLS behind it. */
static size_t
take_header(struct conn_end *e, const char *data, size_t len)
{
    (void)data;
    if (conn_is_encrypted(&e->c))
        return len;
    if (len < 3)
        return 0;
    ck_assert_int_eq(conn_start_tls(&e->c, server_ctx, 0), 0);
    return 3;
}

/* Not a byte of the handshake is lost, however the header comes. */
START_TEST(test_header_before_tls)
{
    static const char *const pieces[][4] = {
        {"abc", NULL}, {"a", "bc", NULL}, {"a", "b", "c", NULL}};

    conn_read_exactly(&end->c);
    end->on_data = take_header;
    for (size_t i = 0; pieces[_i][i] != NULL; i++) {
        conn_end_say(end, pieces[_i][i], strlen(pieces[_i][i]));
        if (pieces[_i][i + 1] != NULL)
            pump_turns(&base, 1);
        else /* the first flight comes together with its end */
            SSL_do_handshake(client);
    }
    pump_until(&base, 1, handshaken, NULL);
    ck_assert(conn_is_encrypted(&end->c));
    buf_append_str(&to_say, "!");
    end->n = 4;
    pump_until(&base, 1, says, NULL);
    ck_assert_str_eq(buf_cstr(&end->got), "abc!");
    buf_clear(&to_say);
}
END_TEST

START_TEST(test_start_in_on_data)
{
    end->on_data = start_in_callback;
    conn_end_say(end, "s and more", 10);
    pump_turns(&base, 1);
    pump_until(&base, 1, handshaken, NULL);
    buf_append_str(&to_say, "x");
    end->n = 2;
    pump_until(&base, 1, says, NULL);
    ck_assert_str_eq(buf_cstr(&end->offers), "s and more|x|");
    buf_clear(&to_say);
}
END_TEST

START_TEST(test_no_tls)
{
    conn_start_tls(&end->c, server_ctx, 0);
    conn_end_say(end, "<login id=\"1\"/>", 15);
    pump_flag(base, &end->n_closed);
    ck_assert_int_eq(end->reason, CONN_TLS_ERROR);
    ck_assert_uint_eq(end->n_data, 0);
}
END_TEST

/* The peer goes before the handshake is over. */
START_TEST(test_gone_in_handshake)
{
    conn_start_tls(&end->c, server_ctx, 0);
    SSL_do_handshake(client);
    event_base_loop(base, EVLOOP_NONBLOCK);
    conn_end_hang_up(end);
    pump_flag(base, &end->n_closed);
    ck_assert(end->reason == CONN_RESET || end->reason == CONN_TLS_ERROR);
    ck_assert_uint_eq(end->n_data, 0);
}
END_TEST

/* How a peer ends: with and without TLS's own goodbye. */
START_TEST(test_end_of_peer)
{
    start();
    hears(NULL); /* the ticket: unread bytes would make it a reset */
    if (_i == 0)
        SSL_shutdown(client);
    else
        conn_end_hang_up(end);
    pump_flag(base, &end->n_closed);
    ck_assert_int_eq(end->reason, CONN_EOF);
}
END_TEST

/* Our end: the client gets TLS's goodbye behind the last byte. */
START_TEST(test_finish)
{
    struct buf b = {0};

    conn_end_pattern(&b, 300000);
    start();
    if (_i == 0) {
        conn_send(&end->c, b.data, b.len);
        conn_finish(&end->c);
    } else {
        conn_send(&end->c, b.data, 100);
        b.len = 100;
        conn_close(&end->c);
    }
    hear(0);
    ck_assert_uint_eq(heard.len, b.len);
    ck_assert_mem_eq(heard.data, b.data, b.len);
    ck_assert_int_eq(ended, SSL_ERROR_ZERO_RETURN);
    if (_i == 0) {
        conn_end_hang_up(end);
        pump_flag(base, &end->n_closed);
        ck_assert_int_eq(end->reason, CONN_EOF);
    }
    buf_clear(&b);
}
END_TEST

/* Input that OpenSSL holds decrypted comes when the pause is over. */
START_TEST(test_pause)
{
    start();
    conn_pause(&end->c, 1);
    buf_append_str(&to_say, "waits");
    pump_until(&base, 1, says, NULL);
    pump_turns(&base, 1);
    ck_assert_uint_eq(end->n_data, 0);
    conn_resume(&end->c, 1);
    pump_turns(&base, 1);
    ck_assert_str_eq(buf_cstr(&end->got), "waits");
    buf_clear(&to_say);
}
END_TEST

static size_t
take_all(struct conn_end *e, const char *data, size_t len)
{
    (void)data;
    conn_send(&e->c, data, len);
    return len;
}

/* A TLS connection goes to another loop with what waits for it. */
START_TEST(test_move)
{
    struct event_base *base2 = event_base_new();
    struct conn_loop *loop2 = conn_loop_new(base2, NULL);

    end->on_data = take_all;
    start();
    SSL_write(client, "ping", 4);
    conn_detach(&end->c);
    conn_attach(&end->c, loop2);
    wanted = 4;
    pump_until(&base2, 1, hears, NULL);
    ck_assert_str_eq(buf_cstr(&heard), "ping");
    conn_close(&end->c);
    conn_loop_free(&loop2);
    event_base_free(base2);
}
END_TEST

/* --- many --- */

#define CROWD 12

static struct guest {
    struct conn_end *end;
    SSL *client;
    bool greeted; /* the server has answered its first flight */
} guests[CROWD];

/* Each has sent its first flight, which costs the server a signature. */
static void
crowd_comes(uint64_t (*crowd_of)(size_t i))
{
    for (size_t i = 0; i < CROWD; i++) {
        struct guest *g = &guests[i];

        g->end = conn_end_new(loop, CONN_END_STREAM);
        g->client = SSL_new(client_ctx);
        SSL_set_fd(g->client, g->end->peer);
        SSL_set_connect_state(g->client);
        ck_assert_int_eq(conn_start_tls(&g->end->c, server_ctx, crowd_of(i)),
                         0);
        SSL_do_handshake(g->client);
    }
}

static void
crowd_goes(void)
{
    for (size_t i = 0; i < CROWD; i++) {
        SSL_free(guests[i].client);
        conn_end_free(&guests[i].end);
        guests[i].greeted = false;
    }
}

static bool
is_greeted(struct guest *g)
{
    char byte;

    g->greeted = g->greeted || recv(g->end->peer, &byte, 1, MSG_PEEK) == 1;
    return g->greeted;
}

static unsigned
count_greeted(size_t from, size_t to)
{
    unsigned n = 0;

    for (size_t i = from; i < to; i++)
        n += is_greeted(&guests[i]);
    return n;
}

static bool
crowd_is_in(void *arg)
{
    bool all = true;

    (void)arg;
    for (size_t i = 0; i < CROWD; i++) {
        struct guest *g = &guests[i];

        ERR_clear_error();
        SSL_do_handshake(g->client);
        all = all && SSL_is_init_finished(g->client) &&
              g->end->c.tls_handshake == NULL;
    }
    return all;
}

static void
one_turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static uint64_t
all_the_same(size_t i)
{
    (void)i;
    return 7;
}

/* A turn of the loop does a few; whoever is in is served between them. */
START_TEST(test_few_handshakes_in_a_turn)
{
    unsigned before = 0, n;

    start();
    one_turn(); /* what is left of the share that this began is none of theirs */
    crowd_comes(all_the_same);
    SSL_write(client, "ping", 4);
    one_turn();
    ck_assert_uint_le(count_greeted(0, CROWD), 4);
    ck_assert_str_eq(buf_cstr(&end->got), "ping");
    while (before < CROWD) {
        one_turn();
        n = count_greeted(0, CROWD);
        /* What a turn has left may be begun before the next one's share. */
        ck_assert_uint_le(n - before, 8);
        before = n;
    }
    pump_until(&base, 1, crowd_is_in, NULL);
    crowd_goes();
}
END_TEST

static uint64_t
last_is_alone(size_t i)
{
    return i < CROWD - 1 ? 7 : 8;
}

static bool
last_is_greeted(void *arg)
{
    (void)arg;
    return is_greeted(&guests[CROWD - 1]);
}

/* However many wait of one place, one of another is next. */
START_TEST(test_handshakes_in_turn_by_crowd)
{
    crowd_comes(last_is_alone);
    pump_until(&base, 1, last_is_greeted, NULL);
    ck_assert_uint_lt(count_greeted(0, CROWD - 1), CROWD - 1);
    pump_until(&base, 1, crowd_is_in, NULL);
    crowd_goes();
}
END_TEST

/* They may go, or move, while they wait. */
START_TEST(test_gone_while_it_waits)
{
    crowd_comes(all_the_same);
    one_turn();
    for (size_t i = 0; i < CROWD; i++) {
        if (i % 3 == 0) {
            conn_close(&guests[i].end->c);
        } else if (i % 3 == 1) {
            conn_finish(&guests[i].end->c);
        } else {
            conn_detach(&guests[i].end->c);
            conn_attach(&guests[i].end->c, loop);
        }
    }
    for (size_t i = 2; i < CROWD; i += 3)
        while (!is_greeted(&guests[i]))
            one_turn();
    crowd_goes();
}
END_TEST

/* A peer that sends new keys without end, and no data: a read takes one of them,
 * and is over. */
START_TEST(test_new_keys_without_end)
{
    size_t sent = 0;
    int left = 0;

    start();
    ck_assert_int_eq(SSL_version(client), TLS1_3_VERSION);
    hears(NULL);
    while (sent < 100) {
        ck_assert_int_eq(SSL_key_update(client, SSL_KEY_UPDATE_NOT_REQUESTED),
                         1);
        if (SSL_do_handshake(client) != 1)
            break;
        sent++;
    }
    ck_assert_uint_gt(sent, 2);
    one_turn();
    ck_assert_int_eq(ioctl(end->c.fd, FIONREAD, &left), 0);
    ck_assert_int_gt(left, 0);
    /* They are keys all the same. */
    buf_append_str(&to_say, "hello");
    end->n = 5;
    pump_until(&base, 1, says, NULL);
    ck_assert_str_eq(buf_cstr(&end->got), "hello");
    buf_clear(&to_say);
}
END_TEST

Suite *
conn_tls_suite(void)
{
    Suite *s = suite_create("conn_tls");
    TCase *t = tcase_create("conn_tls");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_data);
    tcase_add_test(t, test_much_data);
    tcase_add_test(t, test_output_before_handshake);
    tcase_add_test(t, test_clear_input_is_dropped);
    tcase_add_loop_test(t, test_header_before_tls, 0, 3);
    tcase_add_test(t, test_start_in_on_data);
    tcase_add_test(t, test_no_tls);
    tcase_add_test(t, test_gone_in_handshake);
    tcase_add_loop_test(t, test_end_of_peer, 0, 2);
    tcase_add_loop_test(t, test_finish, 0, 2);
    tcase_add_test(t, test_pause);
    tcase_add_test(t, test_move);
    tcase_add_test(t, test_few_handshakes_in_a_turn);
    tcase_add_test(t, test_handshakes_in_turn_by_crowd);
    tcase_add_test(t, test_gone_while_it_waits);
    tcase_add_test(t, test_new_keys_without_end);
    suite_add_tcase(s, t);
    return s;
}
