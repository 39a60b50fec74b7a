/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses are those that need no quotes, and subjects have no line ends: no
 * notice can write a header of its own, nor name a recipient that was not set. */
#include "config.h"

#include "notify/notify_mail.h"

#include <stdlib.h>
#include <string.h>

#include "notify/notify_message.h"
#include "notify/notify_sign.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define LOCAL_MOST 64 /* RFC 5321, 4.5.3.1 */

/* --- checking --- */

static bool
is_local_part(const char *s, size_t len)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789!#$%&'*+-/=?^_`{|}~.";

    if (len == 0 || len > LOCAL_MOST || s[0] == '.' || s[len - 1] == '.')
        return false;
    for (size_t i = 0; i < len; i++)
        if (s[i] == '\0' || strchr(legal, s[i]) == NULL ||
            (s[i] == '.' && s[i + 1] == '.'))
            return false;
    return true;
}

int
notify_mail_check_address(const char *address, struct errbuf *err)
{
    const char *at = strchr(address, '@');

    if (at != NULL && is_local_part(address, (size_t)(at - address)) &&
        text_is_host(at + 1))
        return 0;
    return err_set(err,
                   "\"%.80s\" is no address: NAME@DOMAIN, in ASCII and without "
                   "quotes",
                   address);
}

static int
check_to(const char *to, struct errbuf *err)
{
    unsigned n = 0;

    while (*(to += strspn(to, ", ")) != '\0') {
        size_t len = strcspn(to, ", ");
        char *one = xstrndup(to, len);
        int r = notify_mail_check_address(one, err);

        free(one);
        if (r < 0)
            return err_prefix(err, "to");
        to += len;
        n++;
    }
    return n > 0 ? 0 : err_set(err, "to: there is no address");
}

int
notify_mail_check(const struct notify_config *c, const struct notify_notice *x,
                  struct errbuf *err)
{
    size_t bad;

    if (*c->sendmail == '\0' || *c->from == '\0')
        return err_set(err, "mail is switched off: notify-sendmail or "
                            "notify-from is empty");
    if (x->to == NULL || x->subject == NULL || x->body == NULL)
        return err_set(err, "a mail needs to, subject and body");
    if (!text_is_utf8(x->subject, strlen(x->subject), &bad) ||
        text_has_controls(x->subject))
        return err_set(err, "the subject is not one line of UTF-8");
    if (!text_is_utf8(x->body, strlen(x->body), &bad))
        return err_set(err, "byte %zu of the body is not UTF-8", bad + 1);
    return check_to(x->to, err);
}

/* --- sending --- */

int
notify_mail_start(struct notify_child *child, const struct notify_config *c,
                  const struct notify_notice *x, struct errbuf *err)
{
    const char *const argv[] = {c->sendmail, "-t", "-oi", NULL};
    char id[NOTIFY_SIGN_ID_SIZE];
    struct notify_message m = {.from = c->from,
                               .to = x->to,
                               .subject = x->subject,
                               .body = x->body,
                               .id = id,
                               .date = clock_now()};
    struct buf text = {0};
    int r;

    if (notify_mail_check(c, x, err) < 0)
        return -1;
    notify_sign_id(id);
    notify_message_make(&text, &m);
    r = notify_child_start(child, argv, text.data, text.len, err);
    buf_clear(&text);
    return r;
}
