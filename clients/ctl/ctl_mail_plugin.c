/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: Dovecot, and whether it loads the plugins. */
#include "config.h"

#include <string.h>

#include "clients/ctl/ctl_mail.h"

static enum mail_state
judge_running(struct mail_check *m, const char *protocols)
{
    m->is_down = mail_is_down(m);
    if (!m->is_down)
        return mail_ok(m, "serves %s", protocols);
    buf_append_str(&m->advice,
                   "Start it. If it does not start, its log says why "
                   "(journalctl -u dovecot): often a group of extra_groups "
                   "that does not exist.");
    return mail_broken(m, "it is not running");
}

enum mail_state
mail_link_dovecot(struct mail_check *m)
{
    struct buf protocols = {0};
    struct errbuf err;
    enum mail_state state;

    if (mail_doveconf(m, NULL, "protocols", &protocols, &err) < 0) {
        buf_append_str(&m->advice,
                       "Install Dovecot, or repair its configuration; run "
                       "this as root, on the machine of Dovecot.");
        state = mail_broken(m, "%s", err.text);
    } else if (!mail_has_word(&protocols, "imap")) {
        buf_append_str(&m->advice, "Install dovecot-imapd, or add imap to "
                                   "protocols.");
        state = mail_broken(m, "it does not serve imap, only: %s",
                            buf_cstr(&protocols));
    } else {
        state = judge_running(m, buf_cstr(&protocols));
    }
    buf_clear(&protocols);
    return state;
}

static bool
serves_pop3(const struct mail_check *m)
{
    struct buf protocols = {0};
    struct errbuf err;
    bool serves = mail_doveconf(m, NULL, "protocols", &protocols, &err) == 0 &&
                  mail_has_word(&protocols, "pop3");

    buf_clear(&protocols);
    return serves;
}

/* Where the plugins connect to, compared with where ximssd listens. */
static enum mail_state
compare_socket(struct mail_check *m, const char *loaded)
{
    struct buf path = {0};
    struct errbuf err;
    enum mail_state state;

    if (mail_doveconf(m, NULL, "plugin/ximss_socket", &path, &err) < 0 ||
        path.len == 0) {
        buf_appendf(&m->advice,
                    "Add to Dovecot's plugin section: ximss_socket = %s",
                    m->door);
        state = mail_broken(m, "Dovecot does not know the socket");
    } else if (strcmp(buf_cstr(&path), m->door) != 0) {
        buf_appendf(&m->advice,
                    "Set ximss_socket in Dovecot's plugin section to the "
                    "door-socket of ximssd.conf: %s",
                    m->door);
        state = mail_broken(m, "ximss_socket is %s", buf_cstr(&path));
    } else {
        state = mail_ok(m, "%s, for %s", loaded, buf_cstr(&path));
    }
    buf_clear(&path);
    return state;
}

static enum mail_state
no_plugin(struct mail_check *m)
{
    if (mail_has_postlogin(m, "imap")) {
        m->uses_postlogin = true;
        return mail_unknown(m, "ximss-postlogin is used instead, for alerts at "
                               "log-in; the links behind are of the plugins");
    }
    buf_append_str(&m->advice,
                   "Add to protocol imap: mail_plugins = $mail_plugins "
                   "imap_ximss (a line behind it must begin with "
                   "$mail_plugins, too), and reload Dovecot.");
    return mail_broken(m, "mail_plugins of protocol imap has no imap_ximss");
}

static enum mail_state
plugin_and_helper(struct mail_check *m, const char *protocol)
{
    buf_append_str(&m->advice, "Use one of them: take the plugin from "
                               "mail_plugins, or ximss-postlogin from the "
                               "services.");
    return mail_broken(m, "protocol %s has a plugin and ximss-postlogin",
                       protocol);
}

enum mail_state
mail_link_plugin(struct mail_check *m)
{
    bool pop3_helper = mail_has_postlogin(m, "pop3"),
         pop3 = mail_has_plugin(m, "pop3", "pop3_ximss");

    if (!mail_has_plugin(m, "imap", "imap_ximss"))
        return no_plugin(m);
    if (mail_has_postlogin(m, "imap"))
        return plugin_and_helper(m, "imap");
    if (!serves_pop3(m))
        return compare_socket(m, "imap_ximss");
    if (pop3)
        return pop3_helper ? plugin_and_helper(m, "pop3")
                           : compare_socket(m, "imap_ximss and pop3_ximss");
    if (pop3_helper)
        return compare_socket(m, "imap_ximss, and ximss-postlogin for pop3");
    buf_append_str(&m->advice,
                   "If POP3 users should see alerts, add to protocol "
                   "pop3: mail_plugins = $mail_plugins pop3_ximss");
    return compare_socket(m, "imap_ximss, but no pop3_ximss");
}
