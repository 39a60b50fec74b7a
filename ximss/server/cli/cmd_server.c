/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that ask nothing of the store: about the command line itself, the
 * end of the server, and tests. */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "ximss/server/cli/admin_call.h"

#define ADVANCE_MAX (100LL * 366 * 24 * 3600) /* a hundred years */
#define HANG_MAX_MS 60000

static enum store_result
noop(struct admin_call *c, struct errbuf *err)
{
    (void)err;
    return admin_arg_end(c);
}

static enum store_result
echo(struct admin_call *c, struct errbuf *err)
{
    const struct cli_value *v = admin_arg_peek(c);
    enum store_result r;

    (void)err;
    if (v == NULL)
        return admin_refuse(c, ANSWER(MISSING), "object");
    c->next++;
    r = admin_arg_end(c);
    if (r == STORE_OK)
        admin_result(c, v);
    return r;
}

static enum store_result
get_version(struct admin_call *c, struct errbuf *err)
{
    enum store_result r = admin_arg_end(c);

    (void)err;
    if (r == STORE_OK)
        admin_result_string(c, c->x->settings->version);
    return r;
}

static enum store_result
get_time(struct admin_call *c, struct errbuf *err)
{
    enum store_result r = admin_arg_end(c);

    (void)err;
    if (r == STORE_OK)
        admin_result(c, admin_time_value(c, c->x->now));
    return r;
}

static enum store_result
list_commands(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *names = cli_data_array(c->arena);
    enum store_result r = admin_arg_end(c);

    (void)err;
    for (size_t f = 0; admin_families[f] != NULL; f++) {
        for (size_t i = 0; i < admin_families[f]->n; i++) {
            const struct admin_command *k = &admin_families[f]->commands[i];

            if ((k->flags & ADMIN_HIDDEN) == 0)
                cli_data_append(
                    names, cli_data_string(c->arena, k->name, strlen(k->name)));
        }
    }
    if (r == STORE_OK)
        admin_result(c, names);
    return r;
}

static enum store_result
shut_down(struct admin_call *c, struct errbuf *err)
{
    enum store_result r = admin_arg_end(c);

    (void)err;
    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r == STORE_OK)
        effect_add(c->x->effects, EFFECT_SHUTDOWN);
    return r;
}

/* --- tests --- */

/* Seconds, negative ones set the clock back. */
static enum store_result
test_clock(struct admin_call *c, struct errbuf *err)
{
    const char *text = NULL;
    bool back;
    unsigned long long n = 0;
    enum store_result r = admin_arg_text(c, "seconds", &text);

    (void)err;
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r != STORE_OK)
        return r;
    if (*text == '#')
        text++;
    back = *text == '-';
    if (text_parse_u64(text + back, ADVANCE_MAX, &n) != 0)
        return admin_refuse(c, ANSWER(MISSING), "seconds");
    c->live->advance = (back ? -1 : 1) * (int64_t)n * CLOCK_SECOND;
    return STORE_OK;
}

/* Milliseconds that a thread hangs: this one, or others by `live`. */
static enum store_result
test_hang(struct admin_call *c, struct errbuf *err)
{
    const char *what = NULL, *text = NULL;
    unsigned long long ms = 0;
    enum store_result r = admin_arg_text(c, "thread", &what);

    (void)err;
    if (r == STORE_OK)
        r = admin_arg_text(c, "milliseconds", &text);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r != STORE_OK)
        return r;
    if (text_parse_u64(text, HANG_MAX_MS, &ms) != 0)
        return admin_refuse(c, ANSWER(MISSING), "milliseconds");
    c->live->on = text_equal_nocase(what, "main");
    if (!c->is_trial && text_equal_nocase(what, "store"))
        poll(NULL, 0, (int)ms);
    else
        c->live->advance = (int64_t)ms * 1000;
    return STORE_OK;
}

static const struct admin_command commands[] = {
    {.name = "NOOP", .run = noop},
    {.name = "ECHO", .run = echo},
    {.name = "GETVERSION", .run = get_version},
    {.name = "GETCURRENTTIME", .run = get_time},
    {.name = "LISTCLICOMMANDS", .run = list_commands},
    {.name = "SHUTDOWN", .run = shut_down, .flags = ADMIN_CHANGES},
    {.name = "TESTCLOCK",
     .run = test_clock,
     .flags = ADMIN_HIDDEN,
     .live = ADMIN_LIVE_TEST_CLOCK},
    {.name = "TESTHANG",
     .run = test_hang,
     .flags = ADMIN_HIDDEN,
     .live = ADMIN_LIVE_TEST_HANG},
};

const struct admin_family admin_server_family = {
    commands, sizeof commands / sizeof commands[0]};
