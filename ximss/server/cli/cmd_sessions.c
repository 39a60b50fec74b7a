/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions by the CLI (protocol.md C.9).  What lives in memory is only named
 * here, with who may (admin_live_begin); what the store knows of sessions that
 * last, and making one, is in admin_lasting.c. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_lasting.h"
#include "ximss/server/rules/lasting.h"
#include "ximss/server/rules/revocation.h"

#define SESSIONS_MOST 1000000

/* --- arguments --- */

/* Behind an address: nothing, or a port, which has no meaning. */
static bool
is_port(const char *text)
{
    unsigned long long port;

    return *text == '\0' ||
           (*text == ':' && text_parse_u64(text + 1, UINT16_MAX, &port) == 0);
}

/* 192.0.2.1, 192.0.2.1:25, "2001:db8::1", [2001:db8::1]:25, #I[192.0.2.1]:25 */
static int
parse_address(struct admin_call *c, const char *text, struct peer *p)
{
    const char *end;
    bool bracket;

    if (strncmp(text, "#I", 2) == 0)
        text += 2;
    bracket = *text == '[';
    /* Without brackets it is the port's colon, or in an IPv6 address. */
    end = strchr(text, bracket ? ']' : ':');
    if (end != NULL && is_port(end + bracket)) {
        text += bracket;
        text = arena_strndup(c->arena, text, (size_t)(end - text));
    }
    return peer_parse(p, text);
}

static enum store_result
arg_address(struct admin_call *c, struct peer *p)
{
    const char *text;
    enum store_result r = admin_arg_text(c, "address", &text);

    if (r == STORE_OK && parse_address(c, text, p) != 0)
        r = admin_refuse(c, ANSWER(BAD_ADDRESS));
    return r;
}

/* ADDRESS ip [FOR origin] */
static enum store_result
arg_addresses(struct admin_call *c, struct admin_session_filter *f)
{
    enum store_result r = admin_arg_keyword(c, "ADDRESS");

    if (r == STORE_OK)
        r = arg_address(c, &f->address);
    if (r == STORE_OK && admin_arg_word(c, "FOR"))
        r = arg_address(c, &f->proxied);
    return r;
}

/* [word name]: no session has a longer name than there is room for. */
static enum store_result
arg_name(struct admin_call *c, const char *word, char *out, size_t size,
         bool *nothing)
{
    const char *text;
    enum store_result r;

    if (!admin_arg_word(c, word))
        return STORE_OK;
    r = admin_arg_text(c, "name", &text);
    if (r != STORE_OK)
        return r;
    if (text[0] == '\0' || strlen(text) >= size)
        *nothing = true;
    else
        strcpy(out, text);
    return STORE_OK;
}

/* [ADDRESS ip [FOR p]] [PROTOCOL p] [TRANSPORT t] [CLIENT c]; clients of XIMSS
 * do not say who they are. */
static enum store_result
arg_filter(struct admin_call *c, struct admin_session_filter *f)
{
    const struct cli_value *next = admin_arg_peek(c);
    const char *client;
    enum store_result r = STORE_OK;

    *f = (struct admin_session_filter){0};
    if (next != NULL && next->kind == CLI_STRING &&
        text_equal_nocase(next->text, "ADDRESS"))
        r = arg_addresses(c, f);
    if (r == STORE_OK)
        r = arg_name(c, "PROTOCOL", f->protocol, sizeof f->protocol,
                     &f->nothing);
    if (r == STORE_OK)
        r = arg_name(c, "TRANSPORT", f->transport, sizeof f->transport,
                     &f->nothing);
    if (r == STORE_OK && admin_arg_word(c, "CLIENT")) {
        r = admin_arg_text(c, "name", &client);
        f->nothing = true;
    }
    return r;
}

/* --- sessions that are there --- */

/* LIST and FIND: account and filter. */
static enum store_result
name_sessions(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = arg_filter(c, &c->live->filter);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_SESSIONS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    c->live->account = a.number;
    if (r == STORE_OK)
        r = admin_lasting_list(c, a.number, a.cred_serial, err);
    admin_clear(&d, &a);
    return r;
}

/* [limit]: everybody's sessions, an extension. */
static enum store_result
list_all_sessions(struct admin_call *c, struct errbuf *err)
{
    unsigned long long n = 1000;
    enum store_result r = STORE_OK;

    (void)err;
    if (admin_arg_peek(c) != NULL)
        r = admin_arg_number(c, "limit", SESSIONS_MOST, &n);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_monitor(c);
    if (r != STORE_OK)
        return r;
    c->live->limit = (unsigned)n;
    return STORE_OK;
}

/* With a domain: one in which they may.  Without: everywhere, if they may
 * everywhere, else their own. */
static enum store_result
find_session_domain(struct admin_call *c, const char *name, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r;

    c->live->domain = 0;
    if (name == NULL && rights_administers(c->x->caller, 0, 0))
        return STORE_OK;
    r = admin_call_domain(c, name, RIGHT_SESSIONS, &d, err);
    c->live->domain = d.number;
    domain_rec_clear(&d);
    return r;
}

/* id [DOMAIN d] */
static enum store_result
name_session(struct admin_call *c, struct errbuf *err)
{
    const char *id = NULL, *domain = NULL;
    enum store_result r = admin_arg_text(c, "session", &id);

    if (r == STORE_OK && admin_arg_word(c, "DOMAIN"))
        r = admin_arg_text(c, "domain name", &domain);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = find_session_domain(c, domain, err);
    if (r == STORE_OK && strlen(id) >= sizeof c->live->session)
        r = admin_refuse(c, ANSWER(MISSING), "session");
    if (r == STORE_OK)
        strcpy(c->live->session, id);
    return r;
}

/* What the store knows, in case that it is not connected just now. */
static enum store_result
get_session(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *d;
    struct ticket_rec k;
    const char *user, *id = c->live->session;
    enum store_result r = name_session(c, err);

    if (r != STORE_OK)
        return r;
    r = admin_lasting_find(c, &k, &user, err);
    c->live->lasts = r == STORE_OK;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    d = cli_data_dictionary(c->arena);
    cli_data_add(c->arena, d, "id", cli_data_string(c->arena, id, strlen(id)));
    cli_data_add(c->arena, d, "user",
                 cli_data_string(c->arena, user, strlen(user)));
    cli_data_add(c->arena, d, "connected", cli_data_string(c->arena, "NO", 2));
    admin_result(c, d);
    return STORE_OK;
}

/* With all that would bring it back. */
static enum store_result
kill_session(struct admin_call *c, struct errbuf *err)
{
    struct ticket_rec k;
    const char *user;
    enum store_result r = name_session(c, err);

    if (r != STORE_OK)
        return r;
    r = admin_lasting_find(c, &k, &user, err);
    c->live->lasts = r == STORE_OK;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    revocation_note();
    return ticket_drop_of(c->x->txn, k.account, ticket_number(k.hash), 0, err);
}

/* --- sessions that are made --- */

/* [WML | IMODE] [SKIN name]: of sessions of the web interface. */
static enum store_result
arg_web_options(struct admin_call *c)
{
    const char *skin;

    if (!admin_arg_word(c, "WML"))
        admin_arg_word(c, "IMODE");
    return admin_arg_word(c, "SKIN") ? admin_arg_text(c, "skin", &skin)
                                     : STORE_OK;
}

/* account ADDRESS ip [FOR origin]; detail: with web options. */
static enum store_result
create_session(struct admin_call *c, struct errbuf *err)
{
    struct admin_session_filter where = {0};
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *name;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = arg_addresses(c, &where);
    if (r == STORE_OK && c->command->detail != 0)
        r = arg_web_options(c);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_SESSIONS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = admin_call_not_by_token(c, &a);
    if (r == STORE_OK && d.suspended)
        r = admin_refuse(c, ANSWER(DOMAIN_SUSPENDED));
    if (r == STORE_OK)
        r = admin_lasting_make(c, &a, &where, err);
    admin_clear(&d, &a);
    return r;
}

#define LIVE(NAME, function, what)                  \
    {                                               \
        .name = NAME, .run = function, .live = what \
    }
#define LIVE_LONG(NAME, function, what)                                   \
    {                                                                     \
        .name = NAME, .run = function, .flags = ADMIN_ALONE, .live = what \
    }
#define LIVE_CHANGE(NAME, function, what)                                   \
    {                                                                       \
        .name = NAME, .run = function, .flags = ADMIN_CHANGES, .live = what \
    }

static const struct admin_command commands[] = {
    ADMIN_CHANGE("CREATEXIMSSSESSION", create_session, false),
    ADMIN_CHANGE("CREATEWEBUSERSESSION", create_session, true),
    LIVE("FINDACCOUNTSESSION", name_sessions, ADMIN_LIVE_FIND_SESSION),
    LIVE("LISTACCOUNTSESSIONS", name_sessions, ADMIN_LIVE_LIST_SESSIONS),
    LIVE_LONG("LISTSESSIONS", list_all_sessions, ADMIN_LIVE_LIST_ALL),
    LIVE("GETSESSION", get_session, ADMIN_LIVE_GET_SESSION),
    LIVE_CHANGE("KILLSESSION", kill_session, ADMIN_LIVE_KILL_SESSION),
    /* As old clients spell them. */
    LIVE("FINDWEBUSERSESSION", name_sessions, ADMIN_LIVE_FIND_SESSION),
    LIVE("GETWEBUSERSESSION", get_session, ADMIN_LIVE_GET_SESSION),
    LIVE_CHANGE("KILLWEBUSERSESSION", kill_session, ADMIN_LIVE_KILL_SESSION),
};

const struct admin_family admin_session_family = {
    commands, sizeof commands / sizeof commands[0]};
