/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes XML.  The output is well-formed whatever the input is: an error text
 * that was cut in the middle of a character must not make a client give up the
 * connection. */
#include "config.h"

#include "ximss/proto/xml_write.h"

#include <stdbool.h>
#include <string.h>

#include "util/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length of the character at s if XML can carry it, else 0. */
static size_t
character_len(const char *s, size_t left)
{
    unsigned char c = (unsigned char)s[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4, bad;

    if (c < 0x20 || n > left || !text_is_utf8(s, n, &bad))
        return 0;
    if (n == 3 && (memcmp(s, "\xef\xbf\xbe", 3) == 0 ||
                   memcmp(s, "\xef\xbf\xbf", 3) == 0))
        return 0;
    return n;
}

/* What stands for the byte; NULL: the byte itself does, or (above 0x7f, or a
 * control character) the whole character must be looked at. */
static const char *
reference(char c, bool in_attr)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\'':
        return "&#39;";
    case '\r':
        return "&#13;";
    case '"':
        return in_attr ? "&quot;" : NULL;
    case '\t':
        return in_attr ? "&#9;" : NULL;
    case '\n':
        return in_attr ? "&#10;" : NULL;
    default:
        return NULL;
    }
}

static bool
is_plain(char c)
{
    return (c >= ' ' && c <= '~') || c == '\t' || c == '\n' || c == 0x7f;
}

static void
escape(struct buf *b, const char *s, size_t len, bool in_attr)
{
    size_t done = 0, i = 0, n;

    while (i < len) {
        const char *ref = reference(s[i], in_attr);

        n = ref == NULL && is_plain(s[i]) ? 1
            : ref == NULL                 ? character_len(s + i, len - i)
                                          : 0;
        if (n > 0) {
            i += n;
            continue;
        }
        buf_append(b, s + done, i - done);
        buf_append_str(b, ref != NULL ? ref : REPLACEMENT);
        done = ++i;
    }
    buf_append(b, s + done, len - done);
}

void
xml_write_text(struct buf *b, const char *s, size_t len)
{
    escape(b, s, len, false);
}

void
xml_write_attr(struct buf *b, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_append_char(b, ' ');
    buf_append_str(b, name);
    buf_append(b, "=\"", 2);
    escape(b, value, strlen(value), true);
    buf_append_char(b, '"');
}

void
xml_write_attr_u64(struct buf *b, const char *name, unsigned long long value)
{
    buf_append_char(b, ' ');
    buf_append_str(b, name);
    buf_append_str(b, "=\"");
    buf_append_u64(b, value);
    buf_append_char(b, '"');
}
