/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTICE_TEXT_H
#define NOTIFY_NOTICE_TEXT_H

#include <stdint.h>

#include "util/buf.h"
#include "util/errbuf.h"

/* The texts of notices: templates with named fields.  {name}, {element},
 * {value}, {threshold}, {since} (RFC 3339, UTC), {server}, {severity}, {state};
 * {{ stands for a brace. */

#define NOTICE_TEXT_MOST 4096 /* bytes of a template */
#define NOTICE_TEXT_MADE 8192 /* bytes of a text that is made of it */

struct notice_fields {
    const char *name, *element, *server, *severity, *state; /* NULL: "" */
    int64_t value, threshold;
    int64_t since; /* of clock_now */
};

/* Where the text goes, which decides about what values could do there. */
enum notice_text_use {
    NOTICE_TEXT_BODY, /* text with lines: controls in values become blanks */
    NOTICE_TEXT_LINE, /* one line (subjects, arguments): also in the template */
    NOTICE_TEXT_URL,  /* values are percent-encoded (RFC 3986, 2.3) */
    NOTICE_TEXT_JSON  /* within a string of JSON: values are escaped */
};

/* 0 if the template is UTF-8 of at most NOTICE_TEXT_MOST bytes, has no control
 * characters but TAB and LF, and only fields that there are.  Else -1, and err
 * says what is wrong and at which byte (from 1). */
int notice_text_check(const char *template, struct errbuf *err) WARN_UNUSED;

/* The same, for a template of JSON: what it makes must be JSON too. */
int notice_text_check_json(const char *template,
                           struct errbuf *err) WARN_UNUSED;

/* Appends the text.  Never refuses: a field that is none (the template was not
 * checked) stays as it stands.  A value has at most 255 bytes, and a text (BODY,
 * LINE) at most NOTICE_TEXT_MADE: what is cut ends with "..." after a whole
 * character.  URLs and JSON are not cut: notify_submit's limits are for them. */
void notice_text_make_as(enum notice_text_use use, struct buf *out,
                         const char *template, const struct notice_fields *f);
/* As NOTICE_TEXT_BODY. */
void notice_text_make(struct buf *out, const char *template,
                      const struct notice_fields *f);

/* Appends an object of JSON with all fields as members of their names (value and
 * threshold are numbers), and the text as "text". */
void notice_text_json(struct buf *out, const struct notice_fields *f,
                      const char *text);

#endif
