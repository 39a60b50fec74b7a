/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/peers.h"

#include <check.h>

Suite *peers_suite(void);

static struct peers *peers;

static void
setup(void)
{
    peers = peers_new();
}

static void
teardown(void)
{
    peers_free(&peers);
    ck_assert_ptr_null(peers);
    peers_free(&peers);
}

static struct peer
at(const char *address)
{
    static uint16_t port;
    struct peer p;

    if (address[0] == '\0')
        p = (struct peer){.kind = PEER_LOCAL};
    else
        ck_assert_int_eq(peer_parse(&p, address), 0);
    p.port = ++port; /* does not matter */
    return p;
}

/* What happens in a row, from nothing. */
struct step {
    char what; /* '+' may come, '-' may not, 'l' logs in, 'e' ends before
                  log-in, 'E' after it */
    const char *address; /* "": the local socket */
};

static void
run(size_t row, const struct step *steps)
{
    for (size_t i = 0; steps[i].what != '\0'; i++) {
        struct peer p = at(steps[i].address);

        switch (steps[i].what) {
        case '+':
        case '-':
            ck_assert_msg(peers_add(peers, &p) == (steps[i].what == '+'),
                          "row %zu, step %zu", row, i);
            break;
        case 'l':
            peers_logged_in(peers, &p);
            break;
        default:
            peers_remove(peers, &p, steps[i].what == 'E');
            break;
        }
    }
}

#define A  "192.0.2.1"
#define B  "192.0.2.2"
#define V6 "2001:db8::1"

START_TEST(test_limits)
{
    static const struct {
        struct peers_limits limits; /* all, address, new, new of address */
        struct step steps[12];
    } rows[] = {
        {{0, 0, 0, 0}, {{'+', A}, {'+', A}, {'+', B}, {'+', A}}},
        /* in all */
        {{2, 0, 0, 0},
         {{'+', A},
          {'+', B},
          {'-', A},
          {'l', A},
          {'-', A},
          {'E', A},
          {'+', V6},
          {'-', B}}},
        /* of an address, logged in or not */
        {{0, 2, 0, 0},
         {{'+', A},
          {'+', A},
          {'-', A},
          {'+', B},
          {'l', A},
          {'-', A},
          {'e', A},
          {'+', A},
          {'-', A}}},
        /* not logged in */
        {{0, 0, 1, 0},
         {{'+', A},
          {'-', B},
          {'l', A},
          {'+', B},
          {'-', A},
          {'e', B},
          {'+', A}}},
        /* not logged in, of an address */
        {{0, 0, 0, 1},
         {{'+', A},
          {'-', A},
          {'+', B},
          {'l', A},
          {'+', A},
          {'-', A},
          {'E', A},
          {'-', A},
          {'e', A},
          {'+', A}}},
        /* an IPv6 address is its network; a mapped one is the IPv4 one */
        {{0, 1, 0, 0},
         {{'+', "2001:db8::1"},
          {'-', "2001:db8::2"},
          {'-', "2001:db8::ffff:ffff:ffff:ffff"},
          {'+', "2001:db8:0:1::1"},
          {'+', A},
          {'-', "::ffff:" A},
          {'e', "2001:db8::9"},
          {'+', "2001:db8::3"}}},
        /* the local socket is never refused */
        {{1, 1, 1, 1},
         {{'+', A},
          {'+', ""},
          {'+', ""},
          {'-', B},
          {'l', ""},
          {'E', ""},
          {'e', ""},
          {'e', A},
          {'+', B}}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        peers_free(&peers);
        peers = peers_new();
        peers_set_limits(peers, &rows[i].limits);
        run(i, rows[i].steps);
    }
}
END_TEST

/* New limits count who is there already, and drop nobody. */
START_TEST(test_changed_limits)
{
    static const struct step three[] = {{'+', A}, {'+', A}, {'+', B}, {0}},
                             later[] = {{'-', A}, {'-', B}, {'e', A}, {'-', B},
                                        {'e', B}, {'+', B}, {0}};
    const struct peers_limits limits = {.all = 2};

    run(0, three);
    peers_set_limits(peers, &limits);
    run(1, later);
}
END_TEST

Suite *
peers_suite(void)
{
    Suite *s = suite_create("peers");
    TCase *t = tcase_create("peers");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_limits);
    tcase_add_test(t, test_changed_limits);
    suite_add_tcase(s, t);
    return s;
}
