/* SPDX-License-Identifier: BSD-2-Clause */
#include "clients/dovecot/compat.h"

#include "clients/dovecot/plugin_config.h"

#include "clients/dovecot/plugin_settings.h"

#define WAIT_MAX_MSECS   10000 /* of a log-in */
#define LINGER_MAX_MSECS 60000 /* after one */

static void
complain(struct mail_user *user, const char *name, const char *value)
{
    e_error(user->event, "ximss: %s = %s is not valid; the default counts",
            name, value);
}

static unsigned
number(struct mail_user *user, const char *name, const char *value,
       unsigned def, unsigned max)
{
    unsigned n;

    if (value == NULL || *value == '\0')
        return def;
    if (str_to_uint(value, &n) < 0 || n > max) {
        complain(user, name, value);
        return def;
    }
    return n;
}

static const char *
text(const char *value, const char *def)
{
    return value != NULL ? value : def;
}

void
plugin_config_read(struct mail_user *user, struct plugin_config *c_r)
{
    struct plugin_settings s;

    plugin_settings_get(user, &s);
    c_r->socket = s.socket != NULL && *s.socket != '\0' ? s.socket : NULL;
    c_r->imap_wait =
        number(user, "ximss_imap_wait", s.imap_wait, 50, WAIT_MAX_MSECS);
    c_r->imap_settle = number(user, "ximss_imap_settle", s.imap_settle, 5000,
                              LINGER_MAX_MSECS);
    c_r->pop3_wait =
        number(user, "ximss_pop3_wait", s.pop3_wait, 300, WAIT_MAX_MSECS);
    c_r->pop3_linger = number(user, "ximss_pop3_linger", s.pop3_linger, 5000,
                              LINGER_MAX_MSECS);
    if (door_choice_word(s.imap_word, &c_r->word) < 0)
        complain(user, "ximss_imap_word", s.imap_word);
    if (door_choice_confirm(s.confirm, &c_r->attended_only) < 0)
        complain(user, "ximss_confirm", s.confirm);
    if (door_choice_refusals(s.pop3, &c_r->refusals) < 0)
        complain(user, "ximss_pop3", s.pop3);
    c_r->code = text(s.pop3_code, "SYS/TEMP");
    c_r->hint = text(s.pop3_hint, "(please wait and retry)");
}
