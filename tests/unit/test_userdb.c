/* SPDX-License-Identifier: BSD-2-Clause */
/* The test is Dovecot: it takes the connections and says the lines by hand. */
#include "config.h"

#include "passdb/userdb.h"
#include "passdb/userdb_list.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "tests/unit/local_peer.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/moved_clock.h"
#include "tests/unit/pump.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/conn.h"
#include "util/local_socket.h"

Suite *userdb_suite(void);

#define HELLO    "VERSION\t1\t0\n"
#define GREETING "VERSION\t1\t2\nSPID\t4711\n"
#define ASK(id, name)          \
    "USER\t" id "\t" name "\t" \
    "service=ximssd\n"

static struct event_base *base;
static struct conn_loop *loop;
static struct local_socket door;
static struct userdb_dovecot *userdb;
static struct buf heard; /* what was answered */

static struct asking {
    struct userdb_question q; /* first */
    bool is_over;
} asked[16];
static size_t n_asked;

/* Lists. */
static unsigned most_names; /* until a pause */
static unsigned ended;

static void
open_door(void)
{
    struct errbuf err;

    ck_assert_msg(
        local_socket_open(&door, local_path("userdb"), 0600, NULL, &err) == 0,
        "%s", err.text);
}

static void
start(unsigned most)
{
    const struct userdb_dovecot_config config = {.socket = local_path("userdb"),
                                                 .most = most};

    userdb = userdb_dovecot_new(base, loop, &config);
}

static void
setup(void)
{
    log_capture_begin(LOG_INFO_);
    local_dir_make();
    memset(asked, 0, sizeof asked);
    n_asked = 0;
    most_names = ended = 0;
    door.fd = -1;
    base = event_base_new();
    loop = conn_loop_new(base, NULL);
    start(0);
}

static void
teardown(void)
{
    userdb_dovecot_free(&userdb);
    ck_assert_ptr_null(userdb);
    userdb_dovecot_free(&userdb);
    if (door.fd >= 0)
        local_socket_close(&door);
    conn_loop_free(&loop);
    event_base_free(base);
    buf_clear(&heard);
    local_dir_remove();
    log_capture_end();
}

static const char *const words[] = {[USERDB_IS_THERE] = "there",
                                    [USERDB_IS_NOT] = "not",
                                    [USERDB_AWAY] = "away",
                                    [USERDB_CROWDED] = "crowded"};

static void
on_answer(struct userdb_question *q, enum userdb_answer a, const char *why)
{
    struct asking *asking = (struct asking *)q;

    ck_assert(!asking->is_over);
    asking->is_over = true;
    ck_assert(why != NULL || a == USERDB_IS_THERE || a == USERDB_IS_NOT);
    buf_appendf(&heard, "%s:%s ", q->name, words[a]);
}

static void
on_mail_answer(struct userdb_question *q, enum userdb_answer a, const char *why)
{
    (void)why;
    buf_appendf(&heard, "%s:%s ", q->name, words[a]);
}

static void
ask(const char *name)
{
    struct asking *a = &asked[n_asked++ % (sizeof asked / sizeof asked[0])];

    *a = (struct asking){.q = {.name = name, .done = on_answer}};
    userdb_dovecot_ask(userdb, &a->q);
}

static bool
has_heard(void *arg)
{
    return heard.len >= *(const size_t *)arg;
}

static void
expect(const char *answers)
{
    size_t len = strlen(answers);

    pump_until(&base, 1, has_heard, &len);
    ck_assert_str_eq(buf_cstr(&heard), answers);
    heard.len = 0;
}

static bool
accepts(void *arg)
{
    int *fd = arg;

    *fd = accept(door.fd, NULL, NULL);
    ck_assert(*fd >= 0 || errno == EAGAIN);
    return *fd >= 0;
}

/* The next connection. */
static int
answer_door(void)
{
    int fd;

    pump_until(&base, 1, accepts, &fd);
    return fd;
}

/* --- questions --- */

/* Nothing is connected before somebody asks; what is asked together leaves
 * together, and each answer finds its question. */
START_TEST(answers)
{
    int fd, none;

    open_door();
    pump_turns(&base, 1);
    ck_assert(!accepts(&none));
    ask("joe@a.test");
    ask("amy@a.test");
    ask("bob@a.test");
    fd = answer_door();
    peer_expect(fd, base,
                HELLO ASK("1", "joe@a.test") ASK("2", "amy@a.test")
                    ASK("3", "bob@a.test"),
                false);
    peer_say(fd, GREETING "NOTFOUND\t2\nUSER\t1\tjoe@a.test\tuid=1\nFAIL\t3\n");
    expect("amy@a.test:not joe@a.test:there bob@a.test:away ");
    ask("eve@a.test");
    peer_expect(fd, base, ASK("4", "eve@a.test"), false);
    peer_say(fd, "USER\t4\teve@a.test\n");
    expect("eve@a.test:there ");
    close(fd);
    pump_turns(&base, 1);
    ck_assert_str_eq(log_capture_text(), ""); /* that is nobody's concern */
}
END_TEST

START_TEST(unfit_names)
{
    ask("a\tb");
    ask("");
    expect("a\tb:not :not ");
}
END_TEST

/* Nobody waits for what cannot come. */
START_TEST(nobody_there)
{
    int fd;

    ask("joe@a.test");
    expect("joe@a.test:away ");
    open_door();
    ask("amy@a.test");
    ck_assert_str_eq(buf_cstr(&heard), "amy@a.test:away ");
    expect("amy@a.test:away ");
    moved_clock_advance(CLOCK_SECOND);
    ask("bob@a.test");
    fd = answer_door();
    peer_expect(fd, base, HELLO ASK("1", "bob@a.test"), false);
    peer_say(fd, GREETING "NOTFOUND\t1\n");
    expect("bob@a.test:not ");
    close(fd);
    ck_assert_uint_eq(log_capture_count("asking Dovecot's user database"), 1);
    ck_assert_uint_eq(log_capture_count("answers again"), 1);
}
END_TEST

/* What a lost connection took along is asked once more, and no more than that. */
START_TEST(lost)
{
    int fd;

    open_door();
    ask("joe@a.test");
    fd = answer_door();
    peer_expect(fd, base, HELLO ASK("1", "joe@a.test"), false);
    peer_say(fd, GREETING);
    close(fd);
    pump_turns(&base, 1);
    ask("amy@a.test");
    ck_assert_uint_eq(heard.len, 0);
    moved_clock_advance(CLOCK_SECOND);
    fd = answer_door();
    peer_expect(fd, base, HELLO ASK("1", "joe@a.test") ASK("2", "amy@a.test"),
                false);
    close(fd);
    expect("joe@a.test:away ");
    moved_clock_advance(CLOCK_SECOND);
    fd = answer_door();
    peer_expect(fd, base, HELLO ASK("1", "amy@a.test"), false);
    peer_say(fd, GREETING "USER\t1\tamy@a.test\n");
    expect("amy@a.test:there ");
    close(fd);
    ck_assert_uint_eq(log_capture_count("asking Dovecot's user database"), 1);
}
END_TEST

/* It is there, and says nothing. */
START_TEST(mute)
{
    int fd;

    open_door();
    ask("joe@a.test");
    fd = answer_door();
    peer_say(fd, GREETING);
    peer_expect(fd, base, HELLO ASK("1", "joe@a.test"), false);
    moved_clock_advance(4 * CLOCK_SECOND);
    pump_turns(&base, 1);
    ck_assert_uint_eq(heard.len, 0);
    moved_clock_advance(2 * CLOCK_SECOND);
    peer_expect(fd, base, "", true);
    expect("joe@a.test:away ");
    close(fd);
}
END_TEST

/* One question takes long: the others have their answers, and its own is of no
 * use when it comes. */
START_TEST(one_late)
{
    int fd;

    open_door();
    ask("joe@a.test");
    fd = answer_door();
    peer_expect(fd, base, HELLO ASK("1", "joe@a.test"), false);
    moved_clock_advance(3 * CLOCK_SECOND);
    ask("amy@a.test");
    peer_expect(fd, base, ASK("2", "amy@a.test"), false);
    peer_say(fd, GREETING "USER\t2\tamy@a.test\n");
    expect("amy@a.test:there ");
    moved_clock_advance(3 * CLOCK_SECOND);
    expect("joe@a.test:away ");
    peer_say(fd, "USER\t1\tjoe@a.test\n");
    ask("bob@a.test");
    peer_expect(fd, base, ASK("3", "bob@a.test"), false);
    peer_say(fd, "NOTFOUND\t3\n");
    expect("bob@a.test:not ");
    close(fd);
}
END_TEST

static const char *const garbage[] = {
    "HTTP/1.0 400 Bad Request\r\n",   "VERSION\t2\t0\n",
    "USER\t1\tjoe@a.test\n",          GREETING "USER\t2\tjoe@a.test\n",
    GREETING "USER\t0\tjoe@a.test\n", GREETING "LIST\t1\tjoe@a.test\n",
    GREETING "DONE\t1\t\n",           GREETING "USER\tx\tjoe@a.test\n",
};

/* Garbage is no answer; the connection ends each time. */
START_TEST(nonsense)
{
    open_door();
    ask("joe@a.test");
    for (int i = 0; i < 2; i++) {
        int fd = answer_door();

        peer_expect(fd, base, HELLO ASK("1", "joe@a.test"), false);
        peer_say(fd, garbage[_i]);
        peer_expect(fd, base, "", true);
        close(fd);
        moved_clock_advance(CLOCK_SECOND);
    }
    expect("joe@a.test:away ");
}
END_TEST

START_TEST(crowd)
{
    int fd;

    userdb_dovecot_free(&userdb);
    start(2);
    open_door();
    ask("joe@a.test");
    ask("amy@a.test");
    ask("bob@a.test");
    expect("bob@a.test:crowded ");
    fd = answer_door();
    peer_say(fd, GREETING "NOTFOUND\t1\n");
    expect("joe@a.test:not ");
    ask("eve@a.test");
    pump_turns(&base, 1);
    ck_assert_uint_eq(heard.len, 0);
    close(fd);
}
END_TEST

/* --- lists --- */

static bool
on_name(void *arg, const char *name)
{
    ck_assert_ptr_eq(arg, &most_names);
    buf_appendf(&heard, "%s ", name);
    return --most_names > 0;
}

static void
on_end(void *arg, const char *why)
{
    ck_assert_ptr_eq(arg, &most_names);
    buf_appendf(&heard, "%s ", why == NULL ? "all" : "broken");
    ended++;
}

static const struct userdb_list_ops list_ops = {on_name, on_end};

static struct userdb_list *
list(int *fd_r)
{
    struct errbuf err;
    struct userdb_list *l = userdb_list_start(base, loop, local_path("userdb"),
                                              0, &list_ops, &most_names, &err);

    ck_assert_msg(l != NULL, "%s", err.text);
    most_names = 1000;
    *fd_r = answer_door();
    peer_expect(*fd_r, base, HELLO "LIST\t1\tservice=ximssd\n", false);
    peer_say(*fd_r, GREETING);
    return l;
}

START_TEST(whole_list)
{
    int fd;

    open_door();
    list(&fd);
    peer_say(fd, "LIST\t1\tjoe@a.test\nLIST\t1\tamy\nDONE\t1\t\n");
    expect("joe@a.test amy all ");
    peer_expect(fd, base, "", true);
    close(fd);
}
END_TEST

/* Who is full gets nothing more, and no time-out for that. */
START_TEST(held_up)
{
    struct userdb_list *l;
    int fd;

    open_door();
    l = list(&fd);
    most_names = 2;
    peer_say(fd, "LIST\t1\ta\nLIST\t1\tb\nLIST\t1\tc\nDONE\t1\t\n");
    expect("a b ");
    moved_clock_advance(60 * CLOCK_SECOND);
    pump_turns(&base, 1);
    ck_assert_uint_eq(heard.len, 0);
    most_names = 2;
    userdb_list_go_on(l);
    expect("c all ");
    close(fd);
}
END_TEST

static const char *const broken[] = {
    "LIST\t1\ta\nDONE\t1\tfail\n",
    "LIST\t1\ta\nFAIL\t1\n",
    "LIST\t1\ta\nLIST\t2\tb\n",
    "LIST\t1\ta\nUSER\t1\ta\n",
    "LIST\t1\ta\nLIST\t1\t\n",
    "LIST\t1\ta\nDONE\t2\t\n",
    "LIST\t1\ta\n",
};

/* The last one ends with the connection. */
START_TEST(broken_list)
{
    int fd;

    open_door();
    list(&fd);
    peer_say(fd, broken[_i]);
    if ((size_t)_i + 1 == sizeof broken / sizeof broken[0])
        shutdown(fd, SHUT_WR);
    expect("a broken ");
    peer_expect(fd, base, "", true);
    close(fd);
    ck_assert_uint_eq(ended, 1);
}
END_TEST

START_TEST(mute_list)
{
    int fd;

    open_door();
    list(&fd);
    moved_clock_advance(20 * CLOCK_SECOND);
    peer_say(fd, "LIST\t1\ta\n");
    expect("a ");
    moved_clock_advance(20 * CLOCK_SECOND);
    pump_turns(&base, 1);
    ck_assert_uint_eq(ended, 0);
    moved_clock_advance(11 * CLOCK_SECOND);
    expect("broken ");
    close(fd);
}
END_TEST

START_TEST(unwanted_list)
{
    struct userdb_list *l;
    struct errbuf err;
    int fd;

    ck_assert_ptr_null(userdb_list_start(base, loop, local_path("userdb"), 0,
                                         &list_ops, NULL, &err));
    open_door();
    l = list(&fd);
    userdb_list_stop(&l);
    ck_assert_ptr_null(l);
    peer_expect(fd, base, "", true);
    ck_assert_uint_eq(heard.len, 0);
    close(fd);
}
END_TEST

/* --- for all threads --- */

static struct userdb *
open_userdb(void)
{
    const struct userdb_dovecot_config config = {.socket =
                                                     local_path("userdb")};

    return userdb_new(base, &config);
}

static bool
on_name_of(struct userdb_listing *l, const char *name)
{
    (void)l;
    return on_name(&most_names, name);
}

static void
on_end_of(struct userdb_listing *l, const char *why)
{
    (void)l;
    on_end(&most_names, why);
}

/* Lists are taken one at a time, and no longer than somebody has room. */
START_TEST(by_mail)
{
    struct userdb *u = open_userdb();
    struct userdb_asking a = {
        .question = {.name = "joe@a.test", .done = on_mail_answer}};
    struct userdb_listing l[10];
    int fd;

    open_door();
    userdb_ask(u, &a);
    fd = answer_door();
    peer_expect(fd, base, HELLO ASK("1", "joe@a.test"), false);
    peer_say(fd, GREETING "USER\t1\tjoe@a.test\n");
    expect("joe@a.test:there ");
    close(fd);
    for (int i = 0; i < 10; i++) {
        l[i] = (struct userdb_listing){.name = on_name_of, .done = on_end_of};
        userdb_list(u, &l[i]);
    }
    expect("broken "); /* one is on its way, and eight wait */
    fd = answer_door();
    most_names = 2;
    peer_say(fd, GREETING "LIST\t1\ta\nLIST\t1\tb\nLIST\t1\tc\nDONE\t1\t\n");
    expect("a b broken ");
    close(fd);
    for (int i = 0; i < 8; i++) {
        fd = answer_door();
        most_names = 2;
        peer_say(fd, GREETING "LIST\t1\ta\nDONE\t1\t\n");
        expect("a all ");
        close(fd);
    }
    userdb_free(&u);
}
END_TEST

/* Whoever waits when it ends, or comes later, is told. */
START_TEST(stopped)
{
    struct userdb *u = open_userdb();
    struct userdb_asking a[] = {
        {.question = {.name = "joe", .done = on_mail_answer}},
        {.question = {.name = "amy", .done = on_mail_answer}},
        {.question = {.name = "bob", .done = on_mail_answer}}};
    struct userdb_listing l = {.name = on_name_of, .done = on_end_of}, late = l;
    int fd;

    open_door();
    userdb_ask(u, &a[0]);
    fd = answer_door();
    peer_expect(fd, base, HELLO ASK("1", "joe"), false);
    userdb_list(u, &l);
    close(answer_door());
    userdb_ask(u, &a[1]);
    userdb_stop(u);
    userdb_ask(u, &a[2]);
    userdb_list(u, &late);
    expect("bob:away broken joe:away amy:away broken ");
    close(fd);
    userdb_free(&u);
    ck_assert_ptr_null(u);
}
END_TEST

Suite *
userdb_suite(void)
{
    Suite *s = suite_create("userdb");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, answers);
    tcase_add_test(t, unfit_names);
    tcase_add_test(t, nobody_there);
    tcase_add_test(t, lost);
    tcase_add_test(t, mute);
    tcase_add_test(t, one_late);
    tcase_add_loop_test(t, nonsense, 0, sizeof garbage / sizeof garbage[0]);
    tcase_add_test(t, crowd);
    tcase_add_test(t, whole_list);
    tcase_add_test(t, held_up);
    tcase_add_loop_test(t, broken_list, 0, sizeof broken / sizeof broken[0]);
    tcase_add_test(t, mute_list);
    tcase_add_test(t, unwanted_list);
    tcase_add_test(t, by_mail);
    tcase_add_test(t, stopped);
    suite_add_tcase(s, t);
    return s;
}
