/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/lobby.h"

#include <arpa/inet.h>
#include <check.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

Suite *lobby_suite(void);

#define SECOND      1000000
#define N_SCENES(x) (int)(sizeof(x) / sizeof((x)[0]))

static struct lobby *lobby;
static int owner; /* its address */

/* A connection each for 'a' to 'z'. */
static struct one {
    struct lobby_guest *guest;
    struct lobby_key key;
    bool open, settled;
} ones[26];

static void
setup(void)
{
    memset(ones, 0, sizeof ones);
    lobby = lobby_new();
}

static void
teardown(void)
{
    for (size_t i = 0; i < 26; i++)
        lobby_leave(lobby, &ones[i].guest);
    lobby_free(&lobby);
    ck_assert_ptr_null(lobby);
    lobby_free(&lobby);
}

/* "" and "1", "2", ...: the local socket, of that user; "d1", ...: the other
 * one. */
static struct lobby_key
at(const char *address)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr un = {.sa_family = AF_UNIX};
    struct lobby_key key;

    if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
        lobby_key_set(&key, (struct sockaddr *)&in, 0);
    else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
        lobby_key_set(&key, (struct sockaddr *)&in6, 0);
    else if (address[0] == 'd')
        lobby_key_set_door(&key, address[1] - '0');
    else
        lobby_key_set(&key, &un, address[0] == '\0' ? 0 : address[0] - '0');
    return key;
}

/* What happens to the connection `who`: '+' it comes; '-' it is refused; '<' it
 * comes, and `other` gives way for it; 's' it speaks; 'b' it is busy; 'i' it is
 * idle; 'l' it logs in; 'e' it ends; 'm' it moves to the address; 'M' it may not
 * move there; 't' so many seconds pass. */
struct step {
    char what, who;
    const char *address;
    char other;
};

/* A test: under these limits, all this happens. */
struct scene {
    const char *name;
    struct lobby_limits limits;
    struct step steps[16]; /* up to an empty one */
};

static void
gave_way(const char *name, size_t i, const struct step *s, const void *away)
{
    struct one *other = lobby_next_sent_away(lobby, &owner);

    if (s->other == 0) {
        ck_assert_msg(away == NULL && other == NULL, "%s, step %zu", name, i);
        return;
    }
    ck_assert_msg(away == &owner && other == &ones[s->other - 'a'],
                  "%s, step %zu: %c gave way", name, i,
                  other != NULL ? (char)('a' + (other - ones)) : '-');
    ck_assert_ptr_null(lobby_next_sent_away(lobby, &owner));
    lobby_leave(lobby, &other->guest);
    other->open = false;
}

static void
leave(struct one *c)
{
    if (c->settled)
        lobby_leave_settled(lobby, &c->key);
    else
        lobby_leave(lobby, &c->guest);
    c->settled = c->open = false;
}

static void
run(const char *name, const struct step *steps)
{
    int64_t now = 0;
    void *away = NULL;

    for (size_t i = 0; steps[i].what != '\0'; i++) {
        const struct step *s = &steps[i];
        struct one *c = &ones[islower(s->who) ? s->who - 'a' : 0];

        switch (s->what) {
        case '+':
        case '-':
        case '<':
            c->key = at(s->address);
            c->guest = lobby_enter(lobby, &c->key, &owner, c, now++, &away);
            ck_assert_msg((c->guest != NULL) == (s->what != '-'),
                          "%s, step %zu", name, i);
            c->open = c->guest != NULL;
            gave_way(name, i, s, away);
            break;
        case 'm':
        case 'M':
            c->key = at(s->address);
            ck_assert_msg(lobby_move(lobby, c->guest, &c->key, now, &away) ==
                              (s->what == 'm'),
                          "%s, step %zu", name, i);
            gave_way(name, i, s, away);
            break;
        case 's':
            lobby_spoke(lobby, c->guest);
            break;
        case 'b':
            lobby_busy(lobby, c->guest);
            break;
        case 'i':
            lobby_idle(lobby, c->guest, now++);
            break;
        case 'l':
            lobby_settle(lobby, &c->guest);
            c->settled = true;
            break;
        case 'e':
            leave(c);
            break;
        default:
            now += (s->who - '0') * SECOND;
            break;
        }
    }
    for (size_t i = 0; i < 26; i++)
        if (ones[i].open)
            leave(&ones[i]);
}

#define A  "192.0.2.1"
#define B  "192.0.2.2"
#define V6 "2001:db8::1"

/* Limits: all, address, new, new of address, descriptors, local, network, new of
 * network. */
static const struct scene limit_scenes[] = {
    {"no limits",
     {0, 0, 0, 0, 0, 0, 0, 0},
     {{'+', 'a', A, 0}, {'+', 'b', A, 0}, {'+', 'c', B, 0}}},
    {"all: who has logged in stays, others make room",
     {2, 0, 0, 0, 0, 0, 0, 0},
     {{'+', 'a', A, 0},
      {'+', 'b', B, 0},
      {'<', 'c', B, 'a'},
      {'l', 'b', NULL, 0},
      {'l', 'c', NULL, 0},
      {'-', 'd', V6, 0},
      {'e', 'b', NULL, 0},
      {'+', 'd', V6, 0},
      {'<', 'e', "::1", 'd'}}},
    {"the other local socket: descriptors are its only limit, and it neither "
     "takes the first one's share nor sends its guests away, nor the reverse",
     {1, 1, 1, 1, 4, 1, 0, 0},
     {{'+', 'a', "d0", 0},
      {'+', 'b', "d0", 0},
      {'+', 'c', A, 0},
      {'+', 'd', "d5", 0},
      {'<', 'e', "d5", 'a'},
      {'+', 'f', "", 0},
      {'<', 'g', "d0", 'b'},
      {'l', 'd', NULL, 0},
      {'l', 'e', NULL, 0},
      {'l', 'g', NULL, 0},
      {'-', 'h', "d0", 0},
      {'e', 'f', NULL, 0},
      {'-', 'h', "1", 0},
      {'+', 'h', "", 0},
      {'<', 'i', A, 'c'}}},
    {"an address",
     {0, 2, 0, 0, 0, 0, 0, 0},
     {{'+', 'a', A, 0},
      {'l', 'a', NULL, 0},
      {'+', 'b', A, 0},
      {'+', 'c', B, 0},
      {'<', 'd', A, 'b'},
      {'l', 'd', NULL, 0},
      {'-', 'e', A, 0},
      {'+', 'e', B, 0},
      {'e', 'a', NULL, 0},
      {'+', 'f', A, 0}}},
    {"not logged in",
     {0, 0, 1, 0, 0, 0, 0, 0},
     {{'+', 'a', A, 0},
      {'<', 'b', B, 'a'},
      {'l', 'b', NULL, 0},
      {'+', 'c', A, 0}}},
    {"not logged in, of an address: only its own give way",
     {0, 0, 0, 2, 0, 0, 0, 0},
     {{'+', 'a', B, 0},
      {'+', 'b', A, 0},
      {'+', 'c', A, 0},
      {'s', 'b', NULL, 0},
      {'<', 'd', A, 'c'},
      {'s', 'd', NULL, 0},
      {'<', 'e', A, 'b'}}},
    {"an IPv6 address is its /64, a mapped one is IPv4",
     {0, 1, 0, 0, 0, 0, 0, 0},
     {{'+', 'a', "2001:db8::1", 0},
      {'l', 'a', NULL, 0},
      {'-', 'b', "2001:db8::2", 0},
      {'-', 'b', "2001:db8::ffff:ffff:ffff:ffff", 0},
      {'+', 'b', "2001:db8:0:1::1", 0},
      {'+', 'c', A, 0},
      {'l', 'c', NULL, 0},
      {'-', 'd', "::ffff:" A, 0},
      {'e', 'a', NULL, 0},
      {'+', 'd', "2001:db8::9", 0}}},
    {"a /48",
     {.network = 2},
     {{'+', 'a', "2001:db8::1", 0},
      {'l', 'a', NULL, 0},
      {'+', 'b', "2001:db8:0:1::1", 0},
      {'l', 'b', NULL, 0},
      {'-', 'c', "2001:db8:0:2::1", 0},
      {'+', 'd', "2001:db8:1::1", 0},
      {'+', 'e', A, 0},
      {'+', 'f', A, 0},
      {'+', 'g', A, 0},
      {'e', 'a', NULL, 0},
      {'+', 'c', "2001:db8:0:2::1", 0},
      {'<', 'h', "2001:db8:0:3::1", 'c'}}},
    {"a /48, not logged in",
     {.new_network = 2, .new_address = 1},
     {{'+', 'a', "2001:db8::1", 0},
      {'+', 'b', "2001:db8:0:1::1", 0},
      {'<', 'c', "2001:db8:0:1::2", 'b'},
      {'<', 'd', "2001:db8:0:2::1", 'a'},
      {'s', 'c', NULL, 0},
      {'l', 'd', NULL, 0},
      {'+', 'e', "2001:db8:0:3::1", 0},
      {'<', 'f', "2001:db8:0:4::1", 'e'},
      {'m', 'f', A, 0},
      {'+', 'g', "2001:db8:0:5::1", 0}}},
    {"the control socket: only descriptors limit it",
     {1, 1, 1, 1, 2, 1, 0, 0},
     {{'+', 'a', A, 0},
      {'l', 'a', NULL, 0},
      {'+', 'b', "", 0},
      {'+', 'c', "", 0},
      {'<', 'd', "1", 'b'},
      {'l', 'c', NULL, 0},
      {'l', 'd', NULL, 0},
      {'-', 'e', "", 0},
      {'e', 'a', NULL, 0},
      {'+', 'e', "", 0},
      {'-', 'f', A, 0}}},
    {"the share of the control socket is its administrators'",
     {0, 0, 0, 0, 1, 2, 0, 0},
     {{'+', 'a', A, 0},
      {'l', 'a', NULL, 0},
      {'-', 'b', "1", 0},
      {'+', 'c', "", 0},
      {'+', 'd', "", 0},
      {'l', 'c', NULL, 0},
      {'l', 'd', NULL, 0},
      {'-', 'e', "", 0}}},
    {"others do not get that share",
     {0, 0, 0, 0, 2, 2, 0, 0},
     {{'+', 'a', A, 0},
      {'+', 'b', A, 0},
      {'l', 'a', NULL, 0},
      {'<', 'c', A, 'b'},
      {'+', 'd', "", 0},
      {'+', 'e', "", 0},
      {'<', 'f', "", 'd'}}},
};

/* Silence first, but not before some seconds of it. */
static const struct scene order_scenes[] = {
    {"the oldest goes",
     {.new_all = 3},
     {{'+', 'a', A, 0},
      {'+', 'b', A, 0},
      {'+', 'c', A, 0},
      {'<', 'd', B, 'a'},
      {'<', 'e', B, 'b'}}},
    {"who spoke is older, and goes, while silent ones are young",
     {.new_all = 3},
     {{'+', 'a', A, 0},
      {'s', 'a', NULL, 0},
      {'+', 'b', B, 0},
      {'+', 'c', B, 0},
      {'<', 'd', B, 'a'}}},
    {"silent ones go first when they are not young",
     {.new_all = 3},
     {{'+', 'a', A, 0},
      {'s', 'a', NULL, 0},
      {'+', 'b', B, 0},
      {'+', 'c', B, 0},
      {'t', '5', NULL, 0},
      {'<', 'd', B, 'b'},
      {'<', 'e', B, 'c'},
      {'<', 'f', B, 'a'}}},
    {"who is busy does not wait, and waits anew afterwards",
     {.new_all = 3},
     {{'+', 'a', A, 0},
      {'+', 'b', A, 0},
      {'b', 'a', NULL, 0},
      {'+', 'c', A, 0},
      {'+', 'd', A, 0},
      {'<', 'e', B, 'b'},
      {'i', 'a', NULL, 0},
      {'<', 'f', B, 'c'},
      {'<', 'g', B, 'd'},
      {'<', 'h', B, 'e'},
      {'<', 'j', B, 'a'}}},
};

static void
play(const struct scene *scene)
{
    lobby_set_limits(lobby, &scene->limits);
    run(scene->name, scene->steps);
}

START_TEST(test_limits)
{
    play(&limit_scenes[_i]);
}
END_TEST

START_TEST(test_order)
{
    play(&order_scenes[_i]);
}
END_TEST

/* Who holds many gives way, whoever comes. */
START_TEST(test_holder_of_many)
{
    static const struct lobby_limits limits = {.new_all = 20};
    struct step steps[30] = {{'+', 'a', A, 0}, {'+', 'b', "::1", 0}};
    size_t n = 2;

    for (char who = 'c'; n < 20; who++)
        steps[n++] = (struct step){'+', who, B, 0};
    steps[n++] = (struct step){'<', 'u', B, 'c'};
    steps[n++] = (struct step){'<', 'v', "192.0.2.3", 'd'};
    steps[n++] = (struct step){'<', 'w', "192.0.2.4", 'e'};
    steps[n++] = (struct step){'<', 'x', "192.0.2.4", 'f'};
    lobby_set_limits(lobby, &limits);
    run("many", steps);
}
END_TEST

/* Many come by a proxy: it has no share, and gives way in its turn alone. */
START_TEST(test_shared)
{
    const struct lobby_limits limits = {.new_all = 30, .new_address = 2};
    struct lobby_key proxy = at(A), b = at(B);
    struct lobby_guest *g[30], *h;
    void *away;
    int args[30];

    lobby_key_set_shared(&proxy);
    lobby_set_limits(lobby, &limits);
    h = lobby_enter(lobby, &b, &owner, &h, 0, &away);
    for (int i = 0; i < 29; i++) {
        g[i] = lobby_enter(lobby, &proxy, &owner, &args[i], i + 1, &away);
        ck_assert_ptr_null(away);
    }
    g[29] = lobby_enter(lobby, &proxy, &owner, &args[29], 30, &away);
    ck_assert_ptr_eq(lobby_next_sent_away(lobby, &owner), &h);
    lobby_leave(lobby, &h);
    h = lobby_enter(lobby, &b, &owner, &h, 31, &away);
    ck_assert_ptr_eq(lobby_next_sent_away(lobby, &owner), &args[0]);
    lobby_leave(lobby, &h);
    for (int i = 0; i < 30; i++)
        lobby_leave(lobby, &g[i]);
}
END_TEST

START_TEST(test_moves)
{
    static const struct lobby_limits limits = {
        .address = 1, .descriptors = 3, .local = 1};

    lobby_set_limits(lobby, &limits);
    run("moves", (struct step[]){{'+', 'a', "", 0},
                                 {'m', 'a', A, 0},
                                 {'+', 'b', "", 0},
                                 {'m', 'b', A, 'a'},
                                 {'l', 'b', NULL, 0},
                                 {'+', 'c', "", 0},
                                 {'M', 'c', A, 0},
                                 {'e', 'c', NULL, 0},
                                 {'-', 'd', A, 0},
                                 {0}});
}
END_TEST

/* New limits count who is there already. */
START_TEST(test_changed_limits)
{
    const struct lobby_limits limits = {.all = 2};
    struct lobby_key key = at(A);
    struct lobby_guest *g[3];
    void *away;

    for (int i = 0; i < 3; i++)
        g[i] = lobby_enter(lobby, &key, &owner, NULL, i, &away);
    for (int i = 0; i < 3; i++)
        lobby_settle(lobby, &g[i]);
    lobby_set_limits(lobby, &limits);
    ck_assert_ptr_null(lobby_enter(lobby, &key, &owner, NULL, 3, &away));
    lobby_leave_settled(lobby, &key);
    ck_assert_ptr_null(lobby_enter(lobby, &key, &owner, NULL, 3, &away));
    lobby_leave_settled(lobby, &key);
    g[0] = lobby_enter(lobby, &key, &owner, NULL, 3, &away);
    ck_assert_ptr_nonnull(g[0]);
    lobby_leave(lobby, &g[0]);
    lobby_leave_settled(lobby, &key);
}
END_TEST

/* Who logs in meanwhile stays; who is on its way to another owner is found
 * there. */
START_TEST(test_sent_away_and_not_gone_yet)
{
    const struct lobby_limits limits = {.new_all = 1};
    struct lobby_key a = at(A), b = at(B);
    int other, one = 1, two = 2;
    struct lobby_guest *g, *h, *i;
    void *away;

    lobby_set_limits(lobby, &limits);
    g = lobby_enter(lobby, &a, &owner, &one, 0, &away);
    h = lobby_enter(lobby, &b, &owner, &two, 1, &away);
    ck_assert_ptr_eq(away, &owner);
    lobby_settle(lobby, &g);
    ck_assert_ptr_null(lobby_next_sent_away(lobby, &owner));
    lobby_set_owner(lobby, h, NULL, &two);
    i = lobby_enter(lobby, &b, &owner, NULL, 2, &away);
    ck_assert_ptr_null(away);
    ck_assert_ptr_null(lobby_next_sent_away(lobby, &owner));
    lobby_set_owner(lobby, h, &other, &two);
    ck_assert_ptr_eq(lobby_next_sent_away(lobby, &other), &two);
    lobby_leave(lobby, &h);
    lobby_leave(lobby, &i);
    lobby_leave_settled(lobby, &a);
}
END_TEST

/* It counts where its proxy says that it is, though it was to go then. */
START_TEST(test_sent_away_and_moves)
{
    const struct lobby_limits limits = {.new_all = 1};
    struct lobby_key a = at(A), b = at(B), local = at("1");
    struct lobby_guest *g, *h;
    int one = 1;
    void *away;

    lobby_set_limits(lobby, &limits);
    g = lobby_enter(lobby, &local, &owner, &one, 0, &away);
    h = lobby_enter(lobby, &a, &owner, &one, 0, &away);
    ck_assert(lobby_move(lobby, g, &a, 1, &away));
    ck_assert_ptr_eq(away, &owner);
    ck_assert(lobby_move(lobby, h, &b, 2, &away));
    ck_assert_ptr_null(away);
    lobby_settle(lobby, &h);
    ck_assert_ptr_null(lobby_next_sent_away(lobby, &owner));
    lobby_leave_settled(lobby, &b);
    lobby_leave(lobby, &g);
}
END_TEST

/* Descriptors that another thread has not closed yet are few: then one's own
 * make room, which are closed at once. */
START_TEST(test_closing)
{
    const struct lobby_limits limits = {.descriptors = 1};
    struct lobby_guest *g[LOBBY_CLOSING + 2];
    struct lobby_key key = at(A);
    void *away;
    int other;

    lobby_set_limits(lobby, &limits);
    for (int i = 0; i <= LOBBY_CLOSING; i++) {
        g[i] = lobby_enter(lobby, &key, &owner, &g[i], i, &away);
        ck_assert_ptr_nonnull(g[i]);
    }
    ck_assert_ptr_null(lobby_enter(lobby, &key, &other, NULL, 99, &away));
    g[LOBBY_CLOSING + 1] = lobby_enter(lobby, &key, &owner, NULL, 99, &away);
    ck_assert_ptr_nonnull(g[LOBBY_CLOSING + 1]);
    ck_assert_ptr_eq(away, &owner);
    for (int i = 0; i <= LOBBY_CLOSING + 1; i++)
        lobby_leave(lobby, &g[i]);
}
END_TEST

START_TEST(test_news)
{
    const struct lobby_limits limits = {.all = 1};
    struct lobby_key a = at(V6), b = at("7");
    struct lobby_guest *g, *h;
    struct lobby_news news;
    char text[LOBBY_KEY_TEXT_SIZE];
    void *away;

    lobby_set_limits(lobby, &limits);
    ck_assert(!lobby_tell(lobby, 0, &news));
    g = lobby_enter(lobby, &a, &owner, &g, 0, &away);
    ck_assert(!lobby_tell(lobby, 0, &news));
    h = lobby_enter(lobby, &a, &owner, &h, 0, &away);
    ck_assert(lobby_tell(lobby, 0, &news));
    ck_assert_uint_eq(news.sent_away, 1);
    ck_assert_uint_eq(news.refused, 0);
    lobby_key_format(&news.from, text);
    ck_assert_str_eq(text, "2001:db8::/64");
    lobby_leave(lobby, &g);
    lobby_settle(lobby, &h);
    ck_assert_ptr_null(lobby_enter(lobby, &a, &owner, NULL, 0, &away));
    ck_assert(!lobby_tell(lobby, 60 * SECOND - 1, &news));
    ck_assert(lobby_tell(lobby, 60 * SECOND, &news));
    ck_assert_uint_eq(news.sent_away, 0);
    ck_assert_uint_eq(news.refused, 1);
    ck_assert(!lobby_tell(lobby, 999 * SECOND, &news));
    lobby_leave_settled(lobby, &a);
    lobby_key_format(&b, text);
    ck_assert_str_eq(text, "local:7");
    b = at("d7");
    lobby_key_format(&b, text);
    ck_assert_str_eq(text, "door:7");
}
END_TEST

/* Many addresses of one network hold much together. */
START_TEST(test_network_that_holds_many)
{
    const struct lobby_limits limits = {.new_all = 20};
    struct lobby_guest *g[20], *one;
    struct lobby_key key;
    char address[40];
    int arg[20], other;
    void *away;

    lobby_set_limits(lobby, &limits);
    for (int i = 0; i < 20; i++) {
        if (i < 10)
            snprintf(address, sizeof address, "192.0.2.%d", i);
        else
            snprintf(address, sizeof address, "2001:db8:0:%d::1", i);
        key = at(address);
        g[i] = lobby_enter(lobby, &key, &owner, &arg[i], i, &away);
        ck_assert_ptr_nonnull(g[i]);
    }
    key = at("198.51.100.1");
    one = lobby_enter(lobby, &key, &owner, &other, 30, &away);
    ck_assert_ptr_eq(away, &owner);
    ck_assert_ptr_eq(lobby_next_sent_away(lobby, &owner), &arg[10]);
    lobby_leave(lobby, &one);
    for (int i = 0; i < 20; i++)
        lobby_leave(lobby, &g[i]);
}
END_TEST

/* Where handshakes have their turns. */
START_TEST(test_crowds)
{
    struct lobby_key v4 = at(A), other = at(B), v6 = at(V6);
    struct lobby_key near = at("2001:db8:0:9::1"), far = at("2001:db8:9::1");

    ck_assert_uint_eq(lobby_crowd(lobby, &v4), lobby_crowd(lobby, &v4));
    ck_assert_uint_ne(lobby_crowd(lobby, &v4), lobby_crowd(lobby, &other));
    ck_assert_uint_eq(lobby_crowd(lobby, &v6), lobby_crowd(lobby, &near));
    ck_assert_uint_ne(lobby_crowd(lobby, &v6), lobby_crowd(lobby, &far));
}
END_TEST

Suite *
lobby_suite(void)
{
    Suite *s = suite_create("lobby");
    TCase *t = tcase_create("lobby");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, test_limits, 0, N_SCENES(limit_scenes));
    tcase_add_loop_test(t, test_order, 0, N_SCENES(order_scenes));
    tcase_add_test(t, test_holder_of_many);
    tcase_add_test(t, test_shared);
    tcase_add_test(t, test_moves);
    tcase_add_test(t, test_changed_limits);
    tcase_add_test(t, test_sent_away_and_not_gone_yet);
    tcase_add_test(t, test_sent_away_and_moves);
    tcase_add_test(t, test_closing);
    tcase_add_test(t, test_news);
    tcase_add_test(t, test_network_that_holds_many);
    tcase_add_test(t, test_crowds);
    suite_add_tcase(s, t);
    return s;
}
