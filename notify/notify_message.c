/* SPDX-License-Identifier: BSD-2-Clause */
/* What is not plain ASCII in short lines is encoded in base64: the subject as
 * RFC 2047 has it, the body as RFC 2045.  So no relay has anything to change. */
#include "config.h"

#include "notify/notify_message.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "util/base64.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/utf8.h"

#define SUBJECT_PLAIN 66  /* bytes, so that its line has 76 at most */
#define WORD_BYTES    45  /* in an encoded word: 60 characters, 72 in all */
#define LINE_MOST     900 /* of a body that is sent as it is */
#define CODE_BYTES    57  /* in a line of base64 of 76 characters */

static void
append_date(struct buf *out, int64_t date)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(date / CLOCK_SECOND);
    struct tm t;

    gmtime_r(&seconds, &t);
    buf_appendf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\n",
                days + 3 * t.tm_wday, t.tm_mday, months + 3 * t.tm_mon,
                t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static void
append_to(struct buf *out, const char *to)
{
    const char *before = "To: ";

    while (*(to += strspn(to, ", ")) != '\0') {
        size_t len = strcspn(to, ", ");

        buf_append_str(out, before);
        buf_append(out, to, len);
        to += len;
        before = ",\n ";
    }
    buf_append_char(out, '\n');
}

static bool
is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x7f ||
            (*text < ' ' && *text != '\n' && *text != '\t'))
            return false;
    return true;
}

/* As many whole characters as fit. */
static size_t
word_length(const char *text)
{
    size_t len = strlen(text), n = 0, next;
    uint32_t c;

    while (n < len) {
        next = utf8_character(text + n, len - n, &c);
        if (next == 0 || n + next > WORD_BYTES)
            break;
        n += next;
    }
    return n;
}

static void
append_subject(struct buf *out, const char *subject)
{
    char code[BASE64_SIZE(WORD_BYTES)];
    const char *before = "Subject: ";
    size_t n;

    if (is_ascii(subject) && strlen(subject) <= SUBJECT_PLAIN &&
        strstr(subject, "=?") == NULL) {
        buf_appendf(out, "Subject: %s\n", subject);
        return;
    }
    for (; (n = word_length(subject)) > 0; subject += n) {
        base64_encode(subject, n, code);
        buf_appendf(out, "%s=?UTF-8?B?%s?=\n", before, code);
        before = " ";
    }
}

static bool
has_short_lines(const char *text)
{
    for (; *text != '\0'; text += strspn(text, "\n")) {
        size_t len = strcspn(text, "\n");

        if (len > LINE_MOST)
            return false;
        text += len;
    }
    return true;
}

/* Lines of text in MIME end with CR and LF, before they are encoded. */
static void
append_code(struct buf *out, const char *body)
{
    struct buf text = {0};
    char code[BASE64_SIZE(CODE_BYTES)];

    for (; *body != '\0'; body++) {
        if (*body == '\n')
            buf_append_char(&text, '\r');
        buf_append_char(&text, *body);
    }
    for (size_t at = 0; at < text.len; at += CODE_BYTES) {
        size_t left = text.len - at;

        base64_encode(text.data + at, left < CODE_BYTES ? left : CODE_BYTES,
                      code);
        buf_appendf(out, "%s\n", code);
    }
    buf_clear(&text);
}

static void
append_body(struct buf *out, const char *body)
{
    bool plain = is_ascii(body) && has_short_lines(body);
    size_t len = strlen(body);

    buf_appendf(out,
                "MIME-Version: 1.0\n"
                "Content-Type: text/plain; charset=UTF-8\n"
                "Content-Transfer-Encoding: %s\n\n",
                plain ? "7bit" : "base64");
    if (!plain) {
        append_code(out, body);
        return;
    }
    buf_append(out, body, len);
    if (len > 0 && body[len - 1] != '\n')
        buf_append_char(out, '\n');
}

void
notify_message_make(struct buf *out, const struct notify_message *m)
{
    append_date(out, m->date);
    buf_appendf(out, "From: %s\n", m->from);
    append_to(out, m->to);
    append_subject(out, m->subject);
    buf_appendf(out, "Message-ID: <%s%s>\n", m->id, strchr(m->from, '@'));
    /* RFC 3834: nobody answers to it, so no two machines answer each other. */
    buf_append_str(out, "Auto-Submitted: auto-generated\n");
    append_body(out, m->body);
}
