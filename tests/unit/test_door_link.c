/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection of a mail process, on Dovecot's loop, with a server that this
 * test plays. */
#include "clients/dovecot/compat.h"

#include "clients/dovecot/door.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/suite.h"

Suite *door_link_suite(void);

static struct ioloop *loop;
static struct event *event;
static struct door *door;
static char path[64];
static int listener, peer;
static char heard[16384]; /* what the door has sent, each 0 as a line end */
static size_t n_heard;
static int changes;

static void
on_changed(void *arg)
{
    (void)arg;
    changes++;
}

static void
setup(void)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};

    if (!lib_is_initialized())
        lib_init();
    loop = io_loop_create();
    event = event_create(NULL);
    snprintf(path, sizeof path, "door-%d.sock", (int)getpid());
    strcpy(sun.sun_path, path);
    unlink(path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&sun, sizeof sun), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    peer = -1;
    door = NULL;
    n_heard = 0;
    heard[0] = '\0';
    changes = 0;
}

static void
teardown(void)
{
    door_close(&door, false);
    close(listener);
    if (peer != -1)
        close(peer);
    unlink(path);
    event_unref(&event);
    io_loop_destroy(&loop);
}

static void
open_door(bool attended)
{
    struct door_settings s = {
        .socket = path,
        .login = {.user = "joe", .service = "imap", .attended = attended},
        .line_max = 100,
        .event = event,
        .retry_msecs = 2};

    door = door_open(&s, on_changed, NULL);
}

static void
on_turn(struct ioloop *l)
{
    io_loop_stop(l);
}

/* One turn of the loop, and a look at what has come. */
static void
turn(void)
{
    struct timeout *to = timeout_add_short(1, on_turn, loop);
    ssize_t n;

    io_loop_run(loop);
    timeout_remove(&to);
    if (peer == -1)
        peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (peer == -1)
        return;
    n = recv(peer, heard + n_heard, sizeof heard - 1 - n_heard, 0);
    for (; n > 0; n--, n_heard++)
        if (heard[n_heard] == '\0')
            heard[n_heard] = '\n';
    heard[n_heard] = '\0';
}

/* Waits until the door has said that, and forgets all it has said. */
static void
expect(const char *what)
{
    while (strstr(heard, what) == NULL)
        turn();
    n_heard = 0;
    heard[0] = '\0';
}

static void
say(const char *what)
{
    ck_assert_int_eq(send(peer, what, strlen(what) + 1, 0),
                     (ssize_t)strlen(what) + 1);
}

static void
let_in(void)
{
    expect("<noop id=\"told\"/>\n");
    say("<session id=\"login\" wakeFile=\"/run/w\"/>");
    say("<response id=\"login\"/>");
}

static void
hang_up(void)
{
    close(peer);
    peer = -1;
}

static struct door_alert *
wait_for_alert(void)
{
    struct door_alert *a;

    while ((a = door_queue_waiting(door_alerts(door))) == NULL)
        turn();
    return a;
}

START_TEST(confirms_what_was_shown)
{
    struct door_alert *a;

    open_door(true);
    let_in();
    say("<alert alertID=\"7\">a\nb</alert>");
    say("<response id=\"told\"/>");
    ck_assert(door_wait(door, 10000));
    ck_assert_str_eq(door_wake_file(door), "/run/w");
    a = wait_for_alert();
    ck_assert_str_eq(a->line, "a | b");
    door_sent(door, a, 0, 0);
    door_flush(door);
    turn();
    ck_assert_uint_eq(n_heard, 0);
    door_shown(door, a);
    door_flush(door);
    expect("<alertConfirm id=\"7\" alertID=\"7\"/>\n");
    ck_assert_uint_eq(door_alerts(door)->n_shown, 1);
    say("<response id=\"7\"/>");
    while (door_alerts(door)->first != NULL)
        turn();
    say("<alert alertID=\"8\">gone</alert>");
    wait_for_alert();
    ck_assert_int_gt(changes, 0);
    say("<alertRemoved alertID=\"8\"/>");
    while (door_alerts(door)->first != NULL)
        turn();
}
END_TEST

/* The server dies before it has answered: the alert is not shown again. */
START_TEST(remembers_what_was_shown)
{
    open_door(true);
    let_in();
    say("<alert alertID=\"1\">shown</alert>");
    door_shown(door, wait_for_alert());
    say("<alert alertID=\"2\">withdrawn meanwhile</alert>");
    wait_for_alert();
    door_flush(door);
    expect("<alertConfirm id=\"1\"");
    hang_up();
    let_in();
    ck_assert_uint_eq(door_alerts(door)->n_shown, 1);
    say("<alert alertID=\"1\">shown</alert>");
    expect("<alertConfirm id=\"1\"");
    ck_assert_uint_eq(door_alerts(door)->n_waiting, 1);
    say("<response id=\"told\"/>");
    while (door_alerts(door)->n_waiting > 0)
        turn();
    ck_assert_uint_eq(door_alerts(door)->n_shown, 1);
    say("<response id=\"1\" errorText=\"no such alert\" errorNum=\"514\"/>");
    while (door_alerts(door)->first != NULL)
        turn();
}
END_TEST

START_TEST(comes_back_after_bye)
{
    open_door(true);
    for (int i = 0; i < 3; i++) {
        let_in();
        say("<bye/>");
        hang_up();
    }
    expect("<login id=\"login\"");
}
END_TEST

START_TEST(says_that_somebody_is_there)
{
    open_door(false);
    expect("attended=\"no\"/>\n");
    door_attend(door);
    turn();
    ck_assert_uint_eq(n_heard, 0);
    say("<response id=\"login\"/>");
    expect("<noop id=\"attended\" attended=\"yes\"/>\n");
    door_attend(door);
    hang_up();
    expect("attended=\"yes\"/>\n");
}
END_TEST

/* It is asked for at once, and waited for in vain. */
START_TEST(does_not_wait_for_a_server_that_hangs)
{
    open_door(true);
    ck_assert(!door_wait(door, 20));
    let_in();
    ck_assert(!door_wait(door, 20));
}
END_TEST

START_TEST(does_not_wait_where_nobody_listens)
{
    close(listener);
    open_door(true);
    ck_assert(!door_wait(door, 600000));
    listener = -1;
}
END_TEST

START_TEST(does_not_wait_when_it_was_refused)
{
    open_door(true);
    expect("<login");
    say("<response id=\"login\" errorText=\"who\" errorNum=\"515\"/>");
    ck_assert(!door_wait(door, 600000));
}
END_TEST

/* Sends until the socket takes no more; returns how many alerts it took. */
static unsigned
flood(unsigned id)
{
    char alert[600];
    int n = snprintf(alert, sizeof alert,
                     "<alert alertID=\"%u\">%0500d</alert>", id, 0);

    return send(peer, alert, (size_t)n + 1, 0) == n + 1 ? 1 : 0;
}

/* What the door does not read, the server keeps. */
START_TEST(reads_no_more_than_it_can_keep)
{
    struct door_queue *q;
    unsigned id = 0, idle = 0;

    open_door(true);
    let_in();
    q = door_alerts(door);
    while (idle < 200) {
        while (flood(id + 1) > 0)
            id++;
        turn();
        idle = q->bytes >= DOOR_QUEUE_BYTES ? idle + 1 : 0;
        ck_assert_uint_lt(q->bytes, DOOR_QUEUE_BYTES + 16384);
    }
    /* When they were written, it reads on. */
    while (door_queue_waiting(q) != NULL)
        door_sent(door, door_queue_waiting(q), 0, 0);
    door_flush(door);
    wait_for_alert();
}
END_TEST

/* A server that answers no confirmation is as good as dead. */
START_TEST(keeps_no_more_than_it_can_confirm)
{
    struct door_queue *q;
    unsigned id = 0;

    open_door(true);
    let_in();
    q = door_alerts(door);
    while (recv(peer, heard, 1, MSG_PEEK) != 0) {
        while (id < 3 * DOOR_QUEUE_SHOWN && flood(id + 1) > 0)
            id++;
        while (door_queue_waiting(q) != NULL)
            door_shown(door, door_queue_waiting(q));
        turn();
        n_heard = 0;
        ck_assert_uint_lt(q->n_shown, DOOR_QUEUE_SHOWN + 1000);
    }
}
END_TEST

Suite *
door_link_suite(void)
{
    Suite *s = suite_create("door_link");
    TCase *t = tcase_create("door_link");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, confirms_what_was_shown);
    tcase_add_test(t, remembers_what_was_shown);
    tcase_add_test(t, comes_back_after_bye);
    tcase_add_test(t, says_that_somebody_is_there);
    tcase_add_test(t, does_not_wait_for_a_server_that_hangs);
    tcase_add_test(t, does_not_wait_where_nobody_listens);
    tcase_add_test(t, does_not_wait_when_it_was_refused);
    tcase_add_test(t, reads_no_more_than_it_can_keep);
    tcase_add_test(t, keeps_no_more_than_it_can_confirm);
    suite_add_tcase(s, t);
    return s;
}
