/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands are for scripts.  A browser that keeps a password for us sends it with
 * whatever a page of another site has it send, so requests that such a page made
 * are refused, whatever allowed-origins says; and since not every browser tells,
 * by GET a browser may only read: pages of others can have any GET sent, by a
 * picture or a link.  Scripts may send any command by GET, as the clients of the
 * family do. */
#include "config.h"

#include "clients/bridge/cli_door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/cli_call.h"
#include "clients/bridge/client.h"
#include "clients/bridge/credentials.h"
#include "clients/bridge/server_link.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"

/* Bytes that are taken for a byte of the request: decoded, escaped for ximssd
 * (an apostrophe has five), and copied. */
#define COST 8

bool
cli_door_is(const struct bridge_config *cfg, const char *url)
{
    const size_t len = sizeof CLI_DOOR_PATH - 1;

    if (!cfg->cli || strncasecmp(url, CLI_DOOR_PATH, len) != 0)
        return false;
    url += len;
    url += *url == '/';
    return *url == '\0' || *url == '?';
}

/* --- what it is --- */

/* By the first word; what is not known may change something. */
static bool
only_reads(const char *command)
{
    static const char *const beginnings[] = {"GET", "GT", "LST", "FIND",
                                             "READ"};
    static const char *const verbs[] = {"MAINDOMAINNAME", "NOOP", "ECHO",
                                        "ROUTE"};
    const char *word = command + strspn(command, " \t\r\n");
    size_t len = strcspn(word, " \t\r\n");

    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if (strncasecmp(word, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (len == strlen(verbs[i]) && strncasecmp(word, verbs[i], len) == 0)
            return true;
    /* LIST alone sends a command to a mailing list. */
    return len > 4 && strncasecmp(word, "LIST", 4) == 0;
}

static bool
is_multipart(const struct http_conn *h)
{
    const char *type = http_header(h, "Content-Type");

    return type != NULL && strncasecmp(type, "multipart/", 10) == 0;
}

/* --- who may --- */

/* True: answered. */
static bool
is_out_of_place(struct call *c)
{
    const struct bridge_config *cfg = c->bridge->cfg;

    if (c->q->method != HTTP_GET && c->q->method != HTTP_POST)
        cli_call_fail(c->http, 405, 0, "only GET and POST");
    else if (client_is_from_elsewhere(c->http))
        cli_call_fail(c->http, 403, 0,
                      "this was sent by a page of another site. commands are "
                      "for programs");
    else if (cfg->cli_addresses.count > 0 &&
             !client_is_within(&c->client, &cfg->cli_addresses))
        cli_call_fail(c->http, 403, 0, "not from this address");
    else if (is_multipart(c->http))
        cli_call_fail(c->http, 415, 0,
                      "send the command as application x-www-form-urlencoded");
    else
        return false;
    return true;
}

/* As for any log-in, and the bridge itself sends it on in the clear. */
static bool
may_be_clear(const struct call *c)
{
    return (c->client.secure || c->client.loopback ||
            c->bridge->cfg->clear_passwords_without_tls) &&
           server_link_is_local(c->bridge->cfg);
}

/* True: answered. */
static bool
is_no_command(struct call *c, const struct form *f)
{
    const char *command = form_get(f, "command");
    char text[64];

    if (form_count(f, "command") > 1) {
        cli_call_fail(c->http, 400, ANSWER_ARGUMENTS, "one command at a time");
    } else if (form_is_garbled(f, "command")) {
        cli_call_fail(c->http, 400, ANSWER_ARGUMENTS,
                      "control characters in the command");
    } else if (command == NULL || command[strspn(command, " \t\r\n")] == '\0') {
        snprintf(text, sizeof text, answer_text_MISSING, "command");
        cli_call_fail(c->http, 400, ANSWER_MISSING, text);
    } else if (c->q->method == HTTP_GET && client_is_browser(c->http) &&
               !only_reads(command)) {
        cli_call_fail(c->http, 403, 0,
                      "by GET a browser may only read. use POST");
    } else {
        return false;
    }
    return true;
}

/* What it takes in memory, and its place among the others.  True: answered. */
static bool
is_too_much(struct call *c)
{
    size_t bytes = strlen(c->q->query) + c->q->body_len;

    if (cli_call_make_room(c->bridge, &c->client) &&
        http_hold_more(c->http, bytes * COST))
        return false;
    cli_call_fail(c->http, 503, ANSWER(BUSY));
    return true;
}

/* --- the request --- */

static void
start(struct call *c, const char *user, const char *password,
      const char *command)
{
    char *host = client_host(c->http);
    const struct cli_order order = {.user = user,
                                    .password = password,
                                    .host = host,
                                    .address = c->client.address,
                                    .command = command};

    cli_call_start(c, &order);
    free(host);
}

static void
by_basic(struct call *c, const struct form *f, const char *header)
{
    char text[CREDENTIALS_BASIC_SIZE], *secret, *user, *password;
    size_t len;

    if (!credentials_read(header, text, &secret)) {
        cli_call_fail(c->http, 401, ANSWER(WRONG_LOGIN));
    } else if (!may_be_clear(c)) {
        cli_call_fail(c->http, 403, ANSWER(ENCRYPTION));
    } else if (!is_no_command(c, f) && !is_too_much(c)) {
        user = text_to_utf8(text, strlen(text), &len);
        password = text_to_utf8(secret, strlen(secret), &len);
        if (text_has_controls(user) || text_has_controls(password))
            cli_call_fail(c->http, 401, ANSWER(WRONG_LOGIN));
        else
            start(c, user, password, form_get(f, "command"));
        explicit_bzero(password, len);
        free(password);
        free(user);
    }
    explicit_bzero(text, sizeof text);
}

void
cli_door(struct call *c)
{
    const char *header = credentials_basic(c->http);
    struct form f = {.takes_bytes = true};

    if (is_out_of_place(c))
        return;
    if (header == NULL) {
        cli_call_fail(c->http, 401, ANSWER(LOGIN_FIRST));
        return;
    }
    form_parse(&f, c->q->query, strlen(c->q->query));
    form_parse(&f, c->q->body, c->q->body_len);
    by_basic(c, &f, header);
    form_clear(&f);
}
