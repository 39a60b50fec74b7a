/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/request.h"
#include "ximss/server/requests/dialects.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "tests/unit/log_capture.h"
#include "tests/unit/stage.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_call.h"
#include "ximss/server/live/req_job.h"

Suite *request_suite(void);

#define POST(id)                                                       \
    "<alertPost id=\"" id "\" scope=\"domain\" target=\"a.test\">text" \
    "</alertPost>\n"

/* The ids of the messages that have come, in order: "1 1 2 ". */
static const char *
ids(struct client *c)
{
    static struct buf b;
    const char *p = client_hear(c), *end;

    b.len = 0;
    while ((p = strstr(p, " id=\"")) != NULL) {
        p += 5;
        end = strchr(p, '"');
        buf_append(&b, p, (size_t)(end - p));
        buf_append_char(&b, ' ');
    }
    return buf_cstr(&b);
}

static unsigned
count(const char *text, const char *what)
{
    unsigned n = 0;

    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

/* One turn of the loop reads what was said; nothing is answered yet. */
static void
read_only(struct client *c)
{
    event_base_loop(session_worker(c->s)->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* Answers come in the order of the requests, whatever each of them needs. */
START_TEST(test_order)
{
    static const struct {
        const char *say, *ids;
    } rows[] = {
        {"<noop id=\"1\"/>\n<noop id=\"2\"/>\n", "1 2 "},
        {POST("1") POST("2") POST("3"), "1 1 2 2 3 3 "},
        {POST("1") "<noop id=\"2\"/>\n" POST("3"), "1 1 2 3 3 "},
        {POST("1") "<alertRemove id=\"2\" alertID=\"999\"/>\n" POST("3"),
         "1 1 2 3 3 "},
        {POST("1") "<alertPost id=\"2\"/>\n" POST("3"), "1 1 2 3 3 "},
        {POST("1") "<nonsense id=\"2\"/>\n<noop id=\"3\"/>\n", "1 1 2 3 "},
        {POST("1") "<not xml\n" POST("3"), "1 1  3 3 "},
        {POST("1") "<alertWatch id=\"2\" scope=\"server\"/>\n" POST("3"),
         "1 1 2 3 3 "},
        {"<alertList id=\"1\" scope=\"server\"/>\n" POST("2"), "1 2 2 "},
        {POST("1") "<cliExecute id=\"2\">GetServerAlerts</cliExecute>\n" POST(
             "3") "<noop id=\"4\"/>\n",
         "1 1 2 2 3 3 4 "},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_open_local();
        struct buf got = {0};

        client_say(c, rows[i].say);
        while (count(rows[i].ids, " ") > count(buf_cstr(&got), " ")) {
            stage_sync();
            buf_append_str(&got, ids(c));
        }
        ck_assert_msg(strcmp(buf_cstr(&got), rows[i].ids) == 0, "row %zu: %s",
                      i, buf_cstr(&got));
        buf_clear(&got);
        client_free(&c);
    }
}
END_TEST

static enum store_result
remove_account(struct store_txn *t, void *arg, struct errbuf *err)
{
    return account_remove(t, *(uint64_t *)arg, err);
}

/* What is asked between the commit of a deletion and the end of the sessions:
 * an error that says so, and nothing in the log. */
START_TEST(test_deleted_meanwhile)
{
    static const char gone[] = "errorText=\"unknown user account\" "
                               "errorNum=\"513\"/>";
    static const struct {
        const char *say;
        bool refused;
    } rows[] = {
        {"<quotaRead id=\"1\"/>\n", true},
        {"<prefsRead id=\"1\"/>\n", false},
        {"<prefsStore id=\"1\"><Layout>x</Layout></prefsStore>\n", true},
        {"<alertList id=\"1\"/>\n", false},
    };
    struct client *c = client_open(DAN, 0);
    uint64_t number = stage_account(DAN);

    stage_run(remove_account, &number);
    log_capture_begin(LOG_WARN_);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf got = {0};

        client_say(c, rows[i].say);
        while (strstr(buf_cstr(&got), "<response") == NULL) {
            stage_sync();
            buf_append_str(&got, client_hear(c));
        }
        ck_assert_msg((strstr(buf_cstr(&got), gone) != NULL) == rows[i].refused,
                      "row %zu: %s", i, buf_cstr(&got));
        buf_clear(&got);
    }
    ck_assert_str_eq(log_capture_text(), "");
    log_capture_end();
    client_free(&c);
}
END_TEST

/* Whatever code an error has, and wherever its words came from. */
START_TEST(test_no_error_without_words)
{
    for (int code = 500; code < 560; code++)
        ck_assert_str_ne(answer_text(code), "");
}
END_TEST

struct words_job {
    struct job job;
    enum store_result result;
    bool done;
};

static enum store_result
no_words(struct job *j, struct store_txn *t, struct errbuf *err)
{
    (void)t;
    (void)err;
    return ((struct words_job *)j)->result;
}

static void
note_words(struct job *j)
{
    ck_assert_str_ne(j->err.text, "");
    ((struct words_job *)j)->done = true;
}

/* Nor a result of the store. */
START_TEST(test_no_result_without_words)
{
    for (int i = STORE_NOTFOUND; i <= STORE_ERROR; i++) {
        struct words_job j = {.result = (enum store_result)i};

        job_init(&j.job, stage, NULL);
        j.job.body = no_words;
        j.job.finish = note_words;
        job_submit(&j.job);
        stage_sync();
        ck_assert(j.done);
    }
}
END_TEST

struct watching {
    struct client *c;
    unsigned most, answers;
    bool paused;
};

static bool
all_answered(void *arg)
{
    struct watching *w = arg;

    if (w->c->s->n_reqs > w->most)
        w->most = w->c->s->n_reqs;
    if ((w->c->s->conn.paused & PAUSE_BUSY) != 0)
        w->paused = true;
    w->answers += count(client_packet(w->c), "<response");
    return w->answers >= 40;
}

/* No more than `pipeline` requests are in work at a time; input waits. */
START_TEST(test_pipeline)
{
    static const unsigned limits[] = {1, 2, 7};
    struct buf b = {0};

    for (int i = 0; i < 40; i++)
        buf_append_str(&b, POST("1"));
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct watching w = {.c = client_open_local()};

        stage_config->pipeline = limits[i];
        client_say(w.c, buf_cstr(&b));
        stage_until(all_answered, &w);
        ck_assert_uint_le(w.most, limits[i]);
        ck_assert(w.paused);
        ck_assert_uint_eq(w.answers, 40);
        ck_assert_uint_eq(w.c->s->n_reqs, 0);
        ck_assert_uint_eq(w.c->s->conn.paused, 0);
        client_free(&w.c);
    }
    buf_clear(&b);
}
END_TEST

/* Nor more than so many bytes of requests and answers: the rest is not read. */
START_TEST(test_pipelined_bytes)
{
    struct client *c = client_open_local();
    struct buf b = {0};
    char text[4097];
    unsigned answers = 0;

    stage_config->output_soft = 16384;
    worker_set_config(stage->workers[0], stage_config, NULL);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 12; i++)
        buf_appendf(&b, "<cliExecute id=\"1\">ECHO %s</cliExecute>\n", text);
    client_say(c, buf_cstr(&b));
    read_only(c);
    ck_assert_uint_eq(c->s->n_reqs, 4);
    while (answers < 12) {
        stage_sync();
        answers += count(client_hear(c), "<response id=\"1\"/>");
        ck_assert_uint_le(c->s->n_reqs, 4);
    }
    client_free(&c);
    buf_clear(&b);
}
END_TEST

/* More requests in one packet than a turn takes. */
START_TEST(test_requests_per_turn)
{
    struct client *c = client_open_local();
    struct buf b = {0};

    stage_config->requests_per_turn = 3;
    for (int i = 0; i < 20; i++)
        buf_append_str(&b, "<noop id=\"x\"/>\n");
    client_say(c, buf_cstr(&b));
    ck_assert_uint_eq(count(client_hear(c), "<response id=\"x\"/>\n"), 20);
    buf_clear(&b);
    client_free(&c);
}
END_TEST

/* One that has looked at much ends the turn of its session. */
START_TEST(test_long_look)
{
    struct client *c = client_open(ANN, CLIENT_NO_ALERTS);
    char text[4097];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 5; i++)
        stage_post(ALERT_SERVER, 0, text);
    client_say(c, "<noop id=\"1\"/>\n"
                  "<alertList id=\"2\" text=\"yy\"/>\n"
                  "<alertList id=\"3\" text=\"yy\"/>\n"
                  "<alertList id=\"4\" text=\"yy\" limit=\"1\"/>\n"
                  "<noop id=\"5\"/>\n");
    event_base_loop(stage_worker(ANN)->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_str_eq(client_packet(c),
                     "<response id=\"1\"/>\n<alertListed id=\"2\"/>\n"
                     "<response id=\"2\"/>\n");
    ck_assert_str_eq(ids(c), "3 3 4 4 5 ");
    client_free(&c);
}
END_TEST

/* --- messages that wait --- */

/* What has to wait is read once: that a message may have no elements in it from
 * then on does not concern it.  What is malformed takes its place at once. */
START_TEST(test_read_once)
{
    struct client *c = client_open(MASTER, CLIENT_NO_ALERTS);
    struct buf got = {0};

    client_say(c, POST("1") "<prefsRead id=\"2\"><name>Layout</name>"
                            "</prefsRead>\n<not xml\n");
    read_only(c);
    ck_assert_uint_eq(c->s->n_reqs, 2);
    ck_assert_uint_gt(req_parked_bytes(c->s), 0);
    stage_config->xml_depth = 1;
    worker_set_config(stage_worker(MASTER), stage_config, NULL);
    while (count(buf_cstr(&got), "<response") < 3) {
        stage_sync();
        buf_append_str(&got, client_hear(c));
    }
    ck_assert_ptr_nonnull(strstr(
        buf_cstr(&got), "<prefs id=\"2\"/>\n<response id=\"2\"/>\n<response "
                        "id=\"\" errorText=\"malformed message: "));
    ck_assert_uint_eq(req_parked_bytes(c->s), 0);
    client_free(&c);

    c = client_open(MASTER, CLIENT_NO_ALERTS);
    client_say(c, POST("1") "<not xml\n");
    read_only(c);
    ck_assert_uint_eq(c->s->n_reqs, 2);
    ck_assert_uint_eq(c->s->malformed, 1);
    client_free(&c);
    buf_clear(&got);
}
END_TEST

/* It keeps more than its bytes were: that counts with what the account's sessions
 * keep of messages. */
START_TEST(test_what_waits_is_counted)
{
    static const char closed[] = "reason=\"account-input";
    struct client *c = client_open(MASTER, CLIENT_NO_ALERTS);
    struct buf b = {0};

    stage_config->account_input = (size_t)200 << 10;
    worker_set_config(stage_worker(MASTER), stage_config, NULL);
    buf_append_str(&b, POST("1") "<noop id=\"2\">");
    for (int i = 0; i < 5000; i++)
        buf_append_str(&b, "<a/>");
    buf_append_str(&b, "</noop>\n");
    ck_assert_uint_lt(b.len, stage_config->account_input);
    log_capture_begin(LOG_INFO_);
    client_say(c, buf_cstr(&b));
    stage_sync();
    ck_assert_ptr_nonnull(strstr(log_capture_text(), closed));
    log_capture_end();
    ck_assert(!client_is_open(c));
    client_free(&c);
    buf_clear(&b);
}
END_TEST

/* What comes behind one that waits does not overtake it, whatever could begin. */
START_TEST(test_no_overtaking)
{
    struct client *c = client_open_local();
    struct buf got = {0};

    client_say(c, "<cliExecute id=\"1\">GetServerAlerts</cliExecute>\n" POST(
                      "2") POST("3"));
    read_only(c);
    ck_assert_uint_eq(c->s->n_reqs, 2);
    while (count(buf_cstr(&got), "<response") < 3) {
        stage_sync();
        buf_append_str(&got, client_hear(c));
    }
    ck_assert_ptr_nonnull(
        strstr(buf_cstr(&got), "<alertPosted id=\"2\" alertID=\"1\" "));
    ck_assert_ptr_nonnull(
        strstr(buf_cstr(&got), "<alertPosted id=\"3\" alertID=\"2\" "));
    client_free(&c);
    buf_clear(&got);
}
END_TEST

/* --- errors --- */

/* The third malformed message closes, after its answer; what is behind it is
 * not looked at. */
START_TEST(test_malformed)
{
    struct client *c = client_open_local();
    const char *text;

    client_say(c, "<a\n<noop id=\"1\"/>\n<b id=\"7\"><c></b>\n");
    text = client_hear(c);
    ck_assert_ptr_eq(
        strstr(text, "<response id=\"\" errorText=\"malformed message: "),
        text);
    ck_assert_uint_eq(count(text, "errorNum=\"540\"/>\n"), 2);
    ck_assert_ptr_nonnull(strstr(text, "/>\n<response id=\"1\"/>\n<response "
                                       "id=\"7\" errorText=\"malformed"));
    ck_assert(client_is_open(c));
    client_say(c, "<noop id=\"2\"/>\n\x01\n<noop id=\"3\"/>\n");
    text = client_hear(c);
    ck_assert_ptr_eq(strstr(text, "<response id=\"2\"/>\n<response id=\"\" "
                                  "errorText=\"malformed message: "),
                     text);
    ck_assert_uint_eq(count(text, "<response"), 2);
    ck_assert(client_at_end(c));
    ck_assert(!client_is_open(c));
    client_free(&c);
}
END_TEST

/* What closes at once, after the answer. */
START_TEST(test_closing)
{
    static const struct {
        const char *say, *hear;
    } rows[] = {
        {"<bye id=\"1\"/>\n<noop id=\"2\"/>\n", "<response id=\"1\"/>\n"},
        {"<!DOCTYPE a><a id=\"1\"/>\n<noop id=\"2\"/>\n",
         "<response id=\"\" errorText=\"forbidden in a message: "},
        {"<a id=\"1\"><b><b><b><b><b/></b></b></b></b></a>\n<noop id=\"2\"/>\n",
         "<response id=\"1\" errorText=\"message too big: "},
    };

    stage_config->xml_depth = 4;
    worker_set_config(stage->workers[0], stage_config, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_open_local();
        const char *text;

        client_say(c, rows[i].say);
        text = client_hear(c);
        ck_assert_msg(strstr(text, rows[i].hear) == text, "row %zu: %s", i,
                      text);
        ck_assert_msg(count(text, "<response") == 1, "row %zu: %s", i, text);
        ck_assert_msg(client_at_end(c), "row %zu", i);
        client_free(&c);
    }
}
END_TEST

START_TEST(test_states)
{
    static const struct {
        const char *request, *fresh, *open;
    } rows[] = {
        {"<noop id=\"1\"/>\n", "<response id=\"1\"/>\n",
         "<response id=\"1\"/>\n"},
        {"<noop/>\n", "<response id=\"\"/>\n", "<response id=\"\"/>\n"},
        {"<no id=\"&lt;&quot;\"/>\n",
         "<response id=\"&lt;&quot;\" errorText=\"unknown command\" "
         "errorNum=\"500\"/>\n",
         "<response id=\"&lt;&quot;\" errorText=\"unknown command\" "
         "errorNum=\"500\"/>\n"},
        {"<readTime id=\"1\" />\n",
         "<response id=\"1\" errorText=\"log in first\" errorNum=\"516\"/>\n",
         NULL},
        {"<login id=\"1\"/>\n", NULL,
         "<response id=\"1\" errorText=\"already logged in\" "
         "errorNum=\"517\"/>\n"},
        {"<setSessionOption id=\"1\" name=\"alerts\"/>\n", NULL,
         "<response id=\"1\" errorText=\"value is missing\" "
         "errorNum=\"501\"/>\n"},
        {"<starttls id=\"1\"/>\n",
         "<response id=\"1\" errorText=\"TLS is not configured\" "
         "errorNum=\"501\"/>\n",
         NULL},
    };
    struct client *fresh = client_connect(ANN, 0), *open = client_open(ANN, 0);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].fresh != NULL) {
            client_say(fresh, rows[i].request);
            ck_assert_str_eq(client_hear(fresh), rows[i].fresh);
        }
        if (rows[i].open != NULL) {
            client_say(open, rows[i].request);
            ck_assert_str_eq(client_hear(open), rows[i].open);
        }
    }
    client_free(&fresh);
    client_free(&open);
}
END_TEST

START_TEST(test_exe_time)
{
    static const struct {
        const char *value;
        bool answered;
    } rows[] = {
        {"", false}, {"0", false}, {"00", false}, {"1", true}, {"yes", true}};
    struct client *c = client_open_local();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *say =
            xasprintf("<noop id=\"1\" exeTime=\"%s\"/>\n", rows[i].value);

        client_say(c, say);
        ck_assert_msg(
            (strstr(client_hear(c), "<response id=\"1\" exeTime=\"") != NULL) ==
                rows[i].answered,
            "row %zu", i);
        free(say);
    }
    client_free(&c);
}
END_TEST

/* What a request says when the store fails it. */
START_TEST(test_store_errors)
{
    static const struct {
        enum store_result result;
        const char *xml;
    } rows[] = {
        {STORE_FULL, "<response id=\"\" errorText=\"the store is full, try "
                     "again later\" errorNum=\"530\"/>"},
        {STORE_ERROR, "<response id=\"\" errorText=\"the store failed\" "
                      "errorNum=\"531\"/>"},
    };
    const struct errbuf err = {"what nobody outside is told"};

    log_set_level(LOG_ERROR_ + 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct req *r = xcalloc(1, sizeof *r + 1);

        r->dialect = &dialect_ximss;
        req_fail_store(r, rows[i].result, &err);
        ck_assert_str_eq(r->out.data, rows[i].xml);
        ck_assert_uint_eq(r->out.len, strlen(rows[i].xml) + 1);
        buf_clear(&r->out);
        free(r);
    }
}
END_TEST

/* --- requests that a job answers --- */

struct trial {
    struct req_job q;
    enum store_result result;
    int code;
    unsigned *done, *cleared;
};

static enum store_result
trial_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    const struct trial *t = (const struct trial *)q;

    ck_assert_str_eq(x->caller->name, "postmaster@main.test");
    if (t->code != ANSWER_OK)
        req_job_refuse(q, t->code, answer_text(t->code));
    err_set(err, "what is wrong");
    return t->result;
}

static void
trial_done(struct req_job *q)
{
    ++*((struct trial *)q)->done;
}

static void
trial_clear(struct req_job *q)
{
    ++*((struct trial *)q)->cleared;
}

static const struct req_job_ops trial_ops = {
    .body = trial_body, .done = trial_done, .clear = trial_clear};

static const struct {
    enum store_result result;
    int code;
    const char *hear;
} trials[] = {
    {STORE_OK, ANSWER_OK, "<response id=\"7\"/>\n"},
    {STORE_OK, ANSWER_NO_ALERT,
     "<response id=\"7\" errorText=\"no such alert\" errorNum=\"514\"/>\n"},
    {STORE_REFUSED, ANSWER_OK,
     "<response id=\"7\" errorText=\"what is wrong\" errorNum=\"501\"/>\n"},
    {STORE_NOTFOUND, ANSWER_OK,
     "<response id=\"7\" errorText=\"unknown user account\" "
     "errorNum=\"513\"/>\n"},
    {STORE_ERROR, ANSWER_OK,
     "<response id=\"7\" errorText=\"the store failed\" "
     "errorNum=\"531\"/>\n"},
};

/* What comes of the body is said; it ends once, whether somebody hears it or
 * not. */
START_TEST(test_req_job)
{
    struct client *c = client_open(MASTER, CLIENT_NO_ALERTS);
    unsigned done = 0, cleared = 0;

    log_set_level(LOG_ERROR_ + 1);
    for (int there = 1; there >= 0; there--) {
        struct trial *t =
            req_job_new(req_new(c->s, "7"), &trial_ops, sizeof *t);

        t->result = trials[_i].result;
        t->code = trials[_i].code;
        t->done = &done;
        t->cleared = &cleared;
        req_job_submit(&t->q);
        if (there) {
            stage_sync();
            ck_assert_str_eq(client_hear(c), trials[_i].hear);
        } else {
            client_free(&c);
            stage_sync();
        }
    }
    ck_assert_uint_eq(cleared, 2);
    ck_assert_uint_eq(done, _i == 0 ? 2 : 0);
}
END_TEST

/* --- long answers --- */

/* Alerts for a list of some 100 KB, which nobody is pushed. */
static void
post_many(void)
{
    char text[4001];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 25; i++)
        stage_post_soon(ALERT_SERVER, 0, text);
    stage_sync();
    stage_config->output_soft = 16384;
    worker_set_config(stage->workers[0], stage_config, NULL);
}

/* In pieces, as the socket takes them: an own list begins in the cork, that of
 * a scope outside of it; a socket that takes all at once, one that does not. */
static const struct {
    const char *request;
    unsigned flags;
} long_rows[] = {
    {"<alertList id=\"1\"/>\n<noop id=\"2\"/>\n", CLIENT_NO_ALERTS},
    {"<alertList id=\"1\"/>\n<noop id=\"2\"/>\n",
     CLIENT_NO_ALERTS | CLIENT_SMALL},
    {"<alertList id=\"1\" scope=\"server\"/>\n<noop id=\"2\"/>\n",
     CLIENT_NO_ALERTS},
    {"<alertList id=\"1\" scope=\"server\"/>\n<noop id=\"2\"/>\n",
     CLIENT_NO_ALERTS | CLIENT_SMALL},
};

START_TEST(test_long_answer)
{
    struct client *c;
    const char *text;

    post_many();
    c = client_open(MASTER, long_rows[_i].flags);
    client_say(c, long_rows[_i].request);
    stage_sync();
    ck_assert_uint_le(conn_pending(&c->s->conn), 2 * 16384);
    text = client_hear(c);
    ck_assert_uint_eq(count(text, "<alertReport id=\"1\" "), 25);
    ck_assert_ptr_nonnull(
        strstr(text, "<response id=\"1\"/>\n<response id=\"2\"/>\n"));
    ck_assert_uint_eq(c->s->n_reqs, 0);
    client_free(&c);
}
END_TEST

/* The client goes in the middle of it. */
START_TEST(test_long_answer_to_nobody)
{
    struct client *c;

    post_many();
    c = client_open(MASTER, long_rows[_i].flags);
    client_say(c, long_rows[_i].request);
    stage_sync();
    if (c->s->state == SESSION_OPEN && c->s->n_reqs > 0) {
        /* Not noticed before the next piece is written. */
        client_packet(c);
        shutdown(c->fd, SHUT_RDWR);
        req_run_steps(c->s);
    }
    client_free(&c);
    stage_sync();
    ck_assert_uint_eq(stage->workers[0]->n_sessions, 0);
}
END_TEST

struct pieces {
    unsigned steps;
    bool *freed;
};

static enum req_step
step_into_the_void(struct req *r)
{
    struct pieces *p = r->state;

    p->steps++;
    buf_append_str(&r->out, "a piece");
    return p->steps == 100 ? STEP_LAST : STEP_MORE;
}

static void
free_pieces(void *state)
{
    struct pieces *p = state;

    *p->freed = true;
    free(p);
}

/* A piece that finds nobody: the request is gone with its session. */
START_TEST(test_piece_to_nobody)
{
    struct client *c = client_open(MASTER, CLIENT_NO_ALERTS);
    struct req *r = xcalloc(1, sizeof *r + 1);
    struct pieces *p = xcalloc(1, sizeof *p);
    bool freed = false;

    p->freed = &freed;
    r->session = c->s;
    r->worker = session_worker(c->s);
    TAILQ_INSERT_TAIL(&c->s->reqs, r, link);
    c->s->n_reqs++;
    shutdown(c->fd, SHUT_RDWR); /* not noticed yet */
    req_stream(r, step_into_the_void, p, free_pieces);
    ck_assert(freed);
    ck_assert_int_eq(c->s->state, SESSION_CLOSED);
    client_free(&c);
}
END_TEST

/* --- sessions that end first --- */

/* The client goes while its request is in work: the work is done, the answer
 * goes nowhere. */
START_TEST(test_orphans)
{
    struct client *c = client_open_local();

    client_say(c, POST("1") POST("2") "<alertWatch id=\"3\" "
                                      "scope=\"server\"/>\n");
    event_base_loop(stage->workers[0]->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_uint_gt(c->s->n_reqs, 0);
    client_free(&c);
    stage_sync();
    ck_assert(stage_has_alert(1) && stage_has_alert(2));
    ck_assert_uint_eq(stage->workers[0]->n_sessions, 0);
}
END_TEST

/* It has asked and closed its side: it still gets the answers. */
START_TEST(test_half_closed)
{
    struct client *c = client_open_local();

    client_say(c, POST("1") POST("2") "<noop id=\"3\"/>\n");
    shutdown(c->fd, SHUT_WR);
    stage_sync();
    stage_sync();
    ck_assert_str_eq(ids(c), "1 1 2 2 3 ");
    ck_assert(client_at_end(c));
    client_free(&c);
}
END_TEST

Suite *
request_suite(void)
{
    Suite *s = suite_create("request");
    TCase *t = tcase_create("request");

    tcase_add_checked_fixture(t, stage_setup, stage_teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_order);
    tcase_add_test(t, test_deleted_meanwhile);
    tcase_add_test(t, test_no_error_without_words);
    tcase_add_test(t, test_no_result_without_words);
    tcase_add_test(t, test_pipeline);
    tcase_add_test(t, test_pipelined_bytes);
    tcase_add_test(t, test_requests_per_turn);
    tcase_add_test(t, test_long_look);
    tcase_add_test(t, test_read_once);
    tcase_add_test(t, test_what_waits_is_counted);
    tcase_add_test(t, test_no_overtaking);
    tcase_add_test(t, test_malformed);
    tcase_add_test(t, test_closing);
    tcase_add_test(t, test_states);
    tcase_add_test(t, test_exe_time);
    tcase_add_test(t, test_store_errors);
    tcase_add_loop_test(t, test_req_job, 0, sizeof trials / sizeof trials[0]);
    tcase_add_loop_test(t, test_long_answer, 0,
                        sizeof long_rows / sizeof long_rows[0]);
    tcase_add_loop_test(t, test_long_answer_to_nobody, 0,
                        sizeof long_rows / sizeof long_rows[0]);
    tcase_add_test(t, test_piece_to_nobody);
    tcase_add_test(t, test_orphans);
    tcase_add_test(t, test_half_closed);
    suite_add_tcase(s, t);
    return s;
}
