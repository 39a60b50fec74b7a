/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: walks the chain between ximssd and the mail programs, and says
 * which link is broken and what to do. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl_mail.h"

static const struct ctl_option check_options[] = {
    {"password-file", "FILE", "the mail password of ACCOUNT"},
    {"master", "NAME", "log in as this master user, by its password"},
    {"imap", "HOST:PORT", "where Dovecot answers (127.0.0.1:143)"},
    {"door", "PATH", "the socket (as Dovecot is configured)"},
    {"dovecot-config", "FILE", "Dovecot's configuration"},
    {"timeout", "SECONDS", "how long the alert may take (10)"},
    CTL_OPTIONS_END};

/* In the order of the way.  Those behind a broken one are looked at as well,
 * except the last: without the others it would say nothing new. */
static const struct {
    const char *name;
    mail_link_fn *look;
    bool of_plugins, needs_all;
} links[] = {
    {"door", mail_link_door, false, false},
    {"dovecot", mail_link_dovecot, false, false},
    {"plugin", mail_link_plugin, false, false},
    {"file", mail_link_file, true, false},
    {"group", mail_link_group, true, false},
    {"rights", mail_link_rights, true, false},
    {"alert", mail_link_alert, true, true},
};

static const char *const state_names[] = {
    [MAIL_OK] = "ok", [MAIL_BROKEN] = "broken", [MAIL_UNKNOWN] = "unknown"};

/* --- output --- */

static void
print_link(struct mail_check *m, const char *name, enum mail_state state)
{
    static const char *const marks[] = {
        [MAIL_OK] = "ok", [MAIL_BROKEN] = "BROKEN", [MAIL_UNKNOWN] = "?"};
    struct buf b = {0};

    buf_appendf(&b, "%-6s  %-7s  ", marks[state], name);
    ctl_plain(&b, m->found.data, m->found.len);
    if (m->advice.len > 0) {
        buf_append_str(&b, "\n                 ");
        ctl_plain(&b, m->advice.data, m->advice.len);
    }
    ctl_print_line(&b);
    fflush(stdout); /* the next link may take its time */
}

static void
json_link(struct mail_check *m, struct buf *json, const char *name,
          enum mail_state state)
{
    const struct {
        const char *name, *value;
    } rows[] = {{"link", name},
                {"state", state_names[state]},
                {"found", buf_cstr(&m->found)},
                {"advice", buf_cstr(&m->advice)}};

    if (json->data[json->len - 1] != '[')
        buf_append_char(json, ',');
    buf_append_char(json, '{');
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ctl_json_name(json, rows[i].name);
        ctl_json_string(json, rows[i].value, strlen(rows[i].value));
    }
    buf_append_char(json, '}');
}

/* --- the walk --- */

struct walk {
    unsigned broken, unknown;
    struct buf json;
};

/* NULL: it is looked at. */
static const char *
why_not(const struct mail_check *m, size_t i, const struct walk *w)
{
    if (links[i].needs_all && w->broken > 0)
        return "not tried, because a link before it is broken";
    if (links[i].of_plugins && m->uses_postlogin)
        return "not tried: it is a link of the plugins";
    return NULL;
}

static void
look_at(struct mail_check *m, size_t i, struct walk *w)
{
    const char *why = why_not(m, i, w);
    enum mail_state state =
        why != NULL ? mail_unknown(m, "%s", why) : links[i].look(m);

    w->broken += state == MAIL_BROKEN;
    w->unknown += state == MAIL_UNKNOWN;
    if (m->c->json)
        json_link(m, &w->json, links[i].name, state);
    else
        print_link(m, links[i].name, state);
    m->found.len = m->advice.len = 0;
}

static int
run_check(struct ctl *c, int argc, char **argv)
{
    struct mail_check m = {.c = c, .account = argc > 0 ? argv[0] : NULL};
    struct walk w = {0};

    buf_append_str(&w.json, "{\"links\":[");
    mail_find_door(&m);
    mail_find_user(&m);
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        look_at(&m, i, &w);
    if (c->json) {
        buf_appendf(&w.json, "],\"broken\":%u,\"unknown\":%u}", w.broken,
                    w.unknown);
        ctl_print_line(&w.json);
    }
    buf_clear(&w.json);
    buf_clear(&m.found);
    buf_clear(&m.advice);
    free(m.door);
    free(m.user);
    return w.broken > 0 ? CTL_REFUSED : w.unknown > 0 ? CTL_PARTLY : CTL_OK;
}

const struct ctl_command ctl_mail_commands[] = {
    {"mail", "check", "[ACCOUNT]",
     "Looks whether alerts reach the mail programs, by Dovecot's plugins",
     "Run it as root on the machine of Dovecot. With ACCOUNT, it also posts an "
     "alert to\n"
     "it, waits until an IMAP session of the account gets it, and withdraws "
     "it. Take an\n"
     "account for tests: the session is shown what waits for the account.\n"
     "ACCOUNT is the name that Dovecot knows, joe or joe@example.test "
     "(doveadm user NAME).\n"
     "HOST:PORT is an address without TLS.\n"
     "The password is that of --password-file, or XIMSS_MAIL_PASSWORD, or "
     "asked for.\n"
     "Exit status: 0, all links hold; 1, one is broken; 5, none is known to be "
     "broken,\n"
     "but not all could be looked at.\n",
     check_options, .run = run_check, .max_args = 1},
    {0}};
