/* SPDX-License-Identifier: BSD-2-Clause */
/* Which texts are allowed as alerts.  GLib knows which characters are combined
 * with others. */
#include "config.h"

#include <glib.h>

#include "util/blank.h"
#include "util/text.h"
#include "util/utf8.h"

static bool
is_allowed(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return !(c >= 0x7f && c <= 0x9f) && c != 0xfffe && c != 0xffff;
}

/* An accent with nothing below it says as little as a blank. */
static bool
shows_nothing(uint32_t c)
{
    return blank_is(c) || (c >= 0x80 && g_unichar_ismark(c));
}

int
text_check_alert(const char *s, size_t len, size_t max, struct errbuf *err)
{
    bool blank = true;
    uint32_t c;
    size_t n;

    if (len > max)
        return err_set(err, "alert text of %zu bytes is longer than %zu", len,
                       max);
    for (size_t i = 0; i < len; i += n) {
        n = utf8_character(s + i, len - i, &c);
        if (n == 0)
            return err_set(err, "alert text is not UTF-8 at byte %zu", i);
        if (!is_allowed(c))
            return err_set(err,
                           "alert text has the character U+%04X at byte %zu",
                           (unsigned)c, i);
        blank = blank && shows_nothing(c);
    }
    if (blank)
        return err_set(err, "alert text is blank");
    return 0;
}
