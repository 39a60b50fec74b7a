/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/cli/admin_alert.h"

#include <string.h>

#include "util/clock.h"

void
admin_alert_format_key(int64_t seconds, char out[ADMIN_ALERT_KEY_SIZE])
{
    char gmt[CLOCK_GMT_SIZE];

    clock_format_gmt(seconds * CLOCK_SECOND, gmt);
    memcpy(out, gmt, 8);
    memcpy(out + 8, gmt + 9, 6);
    out[ADMIN_ALERT_KEY_SIZE - 1] = '\0';
}

int
admin_alert_parse_key(const char *text, int64_t *seconds_r)
{
    char s[32];
    size_t len = strlen(text);
    int64_t us;

    if (len == 0 || len >= sizeof s)
        return -1;
    if (text[len - 1] == 'Z')
        len--;
    memcpy(s, text, len);
    s[len] = '\0';
    if (strchr(s, 'Z') != NULL || clock_parse_gmt(s, &us) != 0 || us <= 0)
        return -1;
    *seconds_r = us / CLOCK_SECOND;
    return 0;
}

enum store_result
admin_alert_arg_target(struct admin_call *c, bool optional, const char **name_r)
{
    *name_r = NULL;
    switch ((enum alert_scope)c->command->detail) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        break;
    case ALERT_DOMAIN:
        if (!optional)
            return admin_arg_text(c, "domain name", name_r);
        *name_r = admin_arg_optional_text(c);
        break;
    case ALERT_ACCOUNT:
        return admin_arg_text(c, "account name", name_r);
    }
    return STORE_OK;
}

enum store_result
admin_alert_find_target(struct admin_call *c, const char *name, unsigned need,
                        struct alert_target *t_r, struct errbuf *err)
{
    enum alert_scope scope = (enum alert_scope)c->command->detail;
    int code = ANSWER_NO_RIGHTS;
    enum store_result r =
        alert_target_find(c->x, scope, name, need, t_r, &code, err);

    if (r == STORE_OK)
        r = admin_refuse_code(c, code);
    if (r == STORE_OK && scope == ALERT_CLUSTER)
        r = admin_refuse(c, ANSWER(CLUSTER_ONLY));
    return r;
}
