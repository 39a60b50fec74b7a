/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands about the machine and the running server (protocol.md C.9). */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log_level.h"
#include "util/text.h"
#include "ximss/server/cli/admin_account.h"

/* --- what the server runs on --- */

static void
add_text(struct admin_call *c, struct cli_value *dict, const char *key,
         const char *text)
{
    cli_data_add(c->arena, dict, key,
                 cli_data_string(c->arena, text, strlen(text)));
}

static void
describe_machine(struct admin_call *c, struct cli_value *dict)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct utsname u;

    if (uname(&u) == 0) {
        add_text(c, dict, "serverOS", u.sysname);
        add_text(c, dict, "serverCPU", u.machine);
    }
    if (cores > 0)
        cli_data_add(c->arena, dict, "serverCPUs",
                     admin_count_value(c, (uint64_t)cores));
}

static void
describe_times(struct admin_call *c, struct cli_value *dict)
{
    int64_t started = c->x->settings->started;
    int64_t up = (c->x->now - started) / CLOCK_SECOND;

    cli_data_add(c->arena, dict, "startTime", admin_time_value(c, started));
    cli_data_add(c->arena, dict, "upTime",
                 admin_count_value(c, up > 0 ? (uint64_t)up : 0));
}

/* The entry of that name in any case of letters. */
static enum store_result
result_of_what(struct admin_call *c, const struct cli_value *dict,
               const char *what)
{
    const struct cli_value *v = dict->first;

    while (v != NULL && !text_equal_nocase(v->key, what))
        v = v->next;
    if (v == NULL)
        return admin_refuse(c, ANSWER(BAD_INFORMATION));
    admin_result(c, v);
    return STORE_OK;
}

/* [what] */
static enum store_result
get_system_info(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    const char *what = admin_arg_optional_text(c);
    char *main_domain = NULL;
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK && c->x->caller->rights == 0)
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    if (r == STORE_OK)
        r = meta_text_get(c->x->txn, STORE_TEXT_MAIN_DOMAIN, &main_domain, err);
    if (r != STORE_OK)
        return r;
    add_text(c, dict, "serverVersion", c->x->settings->version);
    describe_machine(c, dict);
    add_text(c, dict, "mainDomainName", main_domain);
    add_text(c, dict, "licenseDomainName", main_domain);
    describe_times(c, dict);
    free(main_domain);
    if (what != NULL)
        return result_of_what(c, dict, what);
    admin_result(c, dict);
    return STORE_OK;
}

/* --- where an address leads --- */

static enum store_result
result_route(struct admin_call *c, const struct domain_rec *d,
             const struct account_rec *a)
{
    struct cli_value *route = cli_data_array(c->arena);
    struct buf name = {0};

    buf_appendf(&name, "%s@%s", a->name, d->name);
    cli_data_append(route, cli_data_string(c->arena, "LOCAL", 5));
    cli_data_append(route, cli_data_string(c->arena, name.data, name.len));
    cli_data_append(route, cli_data_string(c->arena, name.data, name.len));
    admin_result(c, route);
    buf_clear(&name);
    return STORE_OK;
}

/* address [mail | access | signal]: there is one router for all of them, and it
 * knows accounts only. */
static enum store_result
route(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *address;
    enum store_result r = admin_arg_text(c, "address", &address);

    if (r == STORE_OK && !admin_arg_word(c, "MAIL") &&
        !admin_arg_word(c, "ACCESS"))
        admin_arg_word(c, "SIGNAL");
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, address, NEED_READ | NEED_OWN, &d, &a, err);
    if (r == STORE_OK)
        r = result_route(c, &d, &a);
    admin_clear(&d, &a);
    return r;
}

/* --- log, and tests of the machine: carried out behind the job --- */

/* A number as the family has them, or a name. */
static enum store_result
read_level(struct admin_call *c, enum log_level *level_r)
{
    const struct cli_value *v = admin_arg_peek(c);
    unsigned long long number = 0;
    enum store_result r;

    if (v != NULL && v->kind == CLI_STRING &&
        log_level_parse(v->text, level_r) == 0) {
        c->next++;
        return STORE_OK;
    }
    r = admin_arg_number(c, "level", LOG_NUMBER_MOST, &number);
    *level_r = log_level_of_number((unsigned)number);
    return r;
}

/* level text */
static enum store_result
write_log(struct admin_call *c, struct errbuf *err)
{
    enum log_level level = LOG_INFO_;
    const char *text = NULL;
    enum store_result r = read_level(c, &level);

    (void)err;
    if (r == STORE_OK)
        r = admin_arg_text(c, "text", &text);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_monitor(c);
    if (r == STORE_OK && strlen(text) > ADMIN_LOG_BYTES)
        r = admin_refuse(c, ANSWER(TOO_LONG), "text", ADMIN_LOG_BYTES);
    if (r != STORE_OK)
        return r;
    c->live->level = level;
    strcpy(c->live->text, text);
    return STORE_OK;
}

/* [ON | OFF] */
static enum store_result
set_log_all(struct admin_call *c, struct errbuf *err)
{
    bool off = admin_arg_word(c, "OFF");
    enum store_result r;

    (void)err;
    if (!off)
        admin_arg_word(c, "ON");
    r = admin_arg_end(c);
    /* Who may read the log may not choose what it holds. */
    if (r == STORE_OK)
        r = admin_call_all_domains(c);
    c->live->on = !off;
    return r;
}

/* seconds: what is measured takes no such time here. */
static enum store_result
test_loop(struct admin_call *c, struct errbuf *err)
{
    unsigned long long seconds;
    enum store_result r = admin_arg_number(c, "seconds", 86400, &seconds);

    (void)err;
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_monitor(c);
    return r;
}

static enum store_result
get_controller(struct admin_call *c, struct errbuf *err)
{
    enum store_result r = admin_arg_end(c);

    (void)err;
    if (r == STORE_OK)
        r = admin_call_monitor(c);
    return r == STORE_OK ? admin_refuse_cluster(c) : r;
}

static const struct admin_command commands[] = {
    {.name = "GETSYSTEMINFO", .run = get_system_info},
    {.name = "ROUTE", .run = route},
    {.name = "WRITELOG", .run = write_log, .live = ADMIN_LIVE_WRITE_LOG},
    {.name = "SETLOGALL",
     .run = set_log_all,
     .flags = ADMIN_CHANGES,
     .live = ADMIN_LIVE_LOG_ALL},
    {.name = "TESTLOOP", .run = test_loop, .live = ADMIN_LIVE_TEST_LOOP},
    {.name = "GETCURRENTCONTROLLER", .run = get_controller},
};

const struct admin_family admin_system_family = {
    commands, sizeof commands / sizeof commands[0]};
