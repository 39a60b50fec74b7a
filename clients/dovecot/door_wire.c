/* SPDX-License-Identifier: BSD-2-Clause */
/* The messages of one server.  One that is not understood is DOOR_NOTHING, never
 * an error: the next begins behind the next 0. */
#include "config.h"

#include "clients/dovecot/door_wire.h"

#include <stdlib.h>
#include <string.h>

#include "clients/dovecot/door_scan.h"

struct head {
    const char *name;
    size_t name_len;
    enum door_scanned end;
    const char *id, *alert, *severity, *kind, *scope, *wake_file, *error,
        *error_text;
};

static bool
is_name(const char *wanted, const char *name, size_t len)
{
    return strlen(wanted) == len && memcmp(wanted, name, len) == 0;
}

static void
note(struct head *h, const struct door_attr *a)
{
    const struct {
        const char *name;
        const char **value;
    } rows[] = {
        {"id", &h->id},          {"alertID", &h->alert},
        {"kind", &h->kind},      {"severity", &h->severity},
        {"scope", &h->scope},    {"wakeFile", &h->wake_file},
        {"errorNum", &h->error}, {"errorText", &h->error_text},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (is_name(rows[i].name, a->name, a->name_len))
            *rows[i].value = a->value;
}

/* The start tag. */
static bool
take_head(struct door_scan *s, struct head *h)
{
    struct door_attr a;

    h->end = door_scan_tag(s, &h->name, &h->name_len);
    while (h->end == DOOR_SCAN_MORE) {
        h->end = door_scan_attr(s, &a);
        if (h->end == DOOR_SCAN_MORE)
            note(h, &a);
    }
    return h->end != DOOR_SCAN_BAD;
}

static uint64_t
number(const char *s)
{
    uint64_t n = 0;

    if (s == NULL || *s == '\0')
        return 0;
    for (; *s != '\0'; s++) {
        unsigned d = (unsigned char)*s - (unsigned)'0';

        if (d > 9 || n > (UINT64_MAX - d) / 10)
            return 0;
        n = n * 10 + d;
    }
    return n;
}

static bool
is(const char *value, const char *what)
{
    return value != NULL && strcmp(value, what) == 0;
}

static enum door_type
type_of(const struct head *h)
{
    static const struct {
        const char *name;
        enum door_type type;
    } rows[] = {{"alert", DOOR_ALERT},
                {"alertRemoved", DOOR_REMOVED},
                {"response", DOOR_RESPONSE},
                {"session", DOOR_SESSION},
                {"bye", DOOR_BYE}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (is_name(rows[i].name, h->name, h->name_len))
            return rows[i].type;
    return DOOR_NOTHING;
}

static unsigned
error_of(const struct head *h)
{
    uint64_t n = number(h->error);

    if (h->error == NULL && h->error_text == NULL)
        return 0;
    return n > 0 && n < 1000 ? (unsigned)n : 1;
}

static void
fill(struct door_message *m, const struct head *h)
{
    m->id = h->id != NULL ? h->id : "";
    m->error = error_of(h);
    m->alert = number(m->type == DOOR_RESPONSE ? h->id : h->alert);
    m->wake_file =
        h->wake_file != NULL && *h->wake_file != '\0' ? h->wake_file : NULL;
    m->kind.severity = is(h->severity, "critical")  ? DOOR_CRITICAL
                       : is(h->severity, "warning") ? DOOR_WARNING
                                                    : DOOR_INFO;
    m->kind.quota = is(h->kind, "quota");
    m->kind.to_account = m->kind.quota || is(h->scope, "account");
}

static bool
take_text(struct door_scan *s, bool cut, struct door_message *m)
{
    struct door_body t;

    if (!door_scan_text(s, cut, &t))
        return false;
    m->text = t.text;
    m->text_len = t.len;
    m->text_cut = t.cut;
    return true;
}

bool
door_wire_parse(char *data, size_t len, bool cut, struct door_message *m_r)
{
    struct door_scan s = {.p = data, .end = data + len};
    struct head h = {0};

    *m_r = (struct door_message){.id = "", .text = ""};
    if (!take_head(&s, &h))
        return false;
    m_r->type = type_of(&h);
    fill(m_r, &h);
    if ((m_r->type == DOOR_ALERT || m_r->type == DOOR_REMOVED) &&
        m_r->alert == 0)
        m_r->type = DOOR_NOTHING;
    if (m_r->type == DOOR_ALERT && h.end == DOOR_SCAN_END &&
        !take_text(&s, cut, m_r))
        m_r->type = DOOR_NOTHING;
    return m_r->type != DOOR_NOTHING;
}

/* --- the stream --- */

/* Without memory, the message is as good as too long. */
static bool
reserve(struct door_wire *w, size_t wanted)
{
    size_t cap = w->cap > 0 ? w->cap : 1024;
    char *data;

    if (wanted <= w->cap)
        return true;
    while (cap < wanted)
        cap *= 2;
    data = realloc(w->data, cap);
    if (data == NULL)
        return false;
    w->data = data;
    w->cap = cap;
    return true;
}

static void
keep(struct door_wire *w, const char *data, size_t len)
{
    size_t room = DOOR_WIRE_MOST - w->len;

    if (len > room) {
        w->cut = true;
        len = room;
    }
    if (len == 0)
        return;
    if (!reserve(w, w->len + len)) {
        w->cut = true;
        return;
    }
    memcpy(w->data + w->len, data, len);
    w->len += len;
}

size_t
door_wire_take(struct door_wire *w, char *data, size_t len,
               struct door_message *m_r)
{
    char *end = memchr(data, '\0', len);
    size_t n = end != NULL ? (size_t)(end - data) : len;

    *m_r = (struct door_message){.id = "", .text = ""};
    if (end != NULL && w->len == 0 && !w->cut) {
        bool cut = n > DOOR_WIRE_MOST;

        door_wire_parse(data, cut ? DOOR_WIRE_MOST : n, cut, m_r);
        return n + 1;
    }
    keep(w, data, n);
    if (end == NULL)
        return len;
    if (w->len > 0)
        door_wire_parse(w->data, w->len, w->cut, m_r);
    w->len = 0;
    w->cut = false;
    return n + 1;
}

void
door_wire_clear(struct door_wire *w)
{
    free(w->data);
    *w = (struct door_wire){0};
}
