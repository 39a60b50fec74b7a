/* SPDX-License-Identifier: BSD-2-Clause */
/* A table says which fields a message has; reading and writing follow it. */
#include "config.h"

#include "passdb/pam_wire.h"

#include <stdbool.h>
#include <string.h>

#define HEAD 5

struct field {
    size_t least, most;
};

struct kind {
    enum pam_wire_type type;
    unsigned n;
    struct field fields[PAM_WIRE_FIELDS];
};

static const struct kind kinds[] = {
    {PAM_WIRE_HELLO, 1, {{1, 15}}},
    {PAM_WIRE_ASK,
     3,
     {{1, PAM_WIRE_USER}, {1, PAM_WIRE_PASSWORD}, {0, PAM_WIRE_ADDRESS}}},
    {PAM_WIRE_CANCEL, 0, {{0, 0}}},
    {PAM_WIRE_ANSWER, 2, {{1, 1}, {0, PAM_WIRE_WHY}}},
};

static const struct kind *
find_kind(int type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if ((int)kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

static bool
is_answer(char letter)
{
    return letter != '\0' && strchr("OWUDAB", letter) != NULL;
}

/* --- writing --- */

/* The fields in their order; `letter` has room for an answer's. */
static void
list_fields(const struct pam_wire_message *m, char letter[2],
            const char *fields[PAM_WIRE_FIELDS])
{
    switch (m->type) {
    case PAM_WIRE_HELLO:
        fields[0] = m->u.version;
        return;
    case PAM_WIRE_ASK:
        fields[0] = m->u.ask.user;
        fields[1] = m->u.ask.password;
        fields[2] = m->u.ask.address;
        return;
    case PAM_WIRE_CANCEL:
        return;
    case PAM_WIRE_ANSWER:
        letter[0] = (char)m->u.answer.answer;
        letter[1] = '\0';
        fields[0] = letter;
        fields[1] = m->u.answer.why;
        return;
    }
}

size_t
pam_wire_write(const struct pam_wire_message *m, uint8_t out[PAM_WIRE_MOST])
{
    const struct kind *kind = find_kind((int)m->type);
    const char *fields[PAM_WIRE_FIELDS] = {NULL};
    char letter[2];
    uint8_t *p = out;

    if (kind == NULL)
        return 0;
    list_fields(m, letter, fields);
    *p++ = (uint8_t)m->type;
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (uint8_t)(m->id >> shift);
    for (unsigned i = 0; i < kind->n; i++) {
        const char *text = fields[i] != NULL ? fields[i] : "";
        size_t len = strlen(text);

        if (len < kind->fields[i].least || len > kind->fields[i].most)
            return 0;
        *p++ = (uint8_t)(len >> 8);
        *p++ = (uint8_t)len;
        memcpy(p, text, len);
        p += len;
    }
    return (size_t)(p - out);
}

/* --- reading --- */

/* Copies the field to *to, and moves both on.  NULL: it is none. */
static const char *
take_field(const struct field *f, const uint8_t **p, const uint8_t *end,
           char **to)
{
    char *text = *to;
    size_t len;

    if (end - *p < 2)
        return NULL;
    len = (size_t)(*p)[0] << 8 | (*p)[1];
    *p += 2;
    if (len < f->least || len > f->most || len > (size_t)(end - *p) ||
        memchr(*p, 0, len) != NULL)
        return NULL;
    memcpy(text, *p, len);
    text[len] = '\0';
    *p += len;
    *to += len + 1; /* less than the two bytes of its length */
    return text;
}

static int
fill(struct pam_wire_message *m, const char *const fields[PAM_WIRE_FIELDS])
{
    switch (m->type) {
    case PAM_WIRE_HELLO:
        m->u.version = fields[0];
        return 0;
    case PAM_WIRE_ASK:
        m->u.ask.user = fields[0];
        m->u.ask.password = fields[1];
        m->u.ask.address = fields[2];
        return 0;
    case PAM_WIRE_CANCEL:
        return 0;
    case PAM_WIRE_ANSWER:
        m->u.answer.answer = (enum pam_wire_answer)fields[0][0];
        m->u.answer.why = fields[1];
        return is_answer(fields[0][0]) ? 0 : -1;
    }
    return -1;
}

int
pam_wire_read(const uint8_t *packet, size_t len, struct pam_wire_message *m,
              struct pam_wire_text *text)
{
    const struct kind *kind = len >= HEAD ? find_kind(packet[0]) : NULL;
    const uint8_t *p = packet + HEAD, *end = packet + len;
    const char *fields[PAM_WIRE_FIELDS] = {NULL};
    char *to = text->bytes;

    if (kind == NULL)
        return -1;
    m->type = kind->type;
    m->id = (uint32_t)packet[1] << 24 | (uint32_t)packet[2] << 16 |
            (uint32_t)packet[3] << 8 | packet[4];
    for (unsigned i = 0; i < kind->n; i++) {
        fields[i] = take_field(&kind->fields[i], &p, end, &to);
        if (fields[i] == NULL)
            return -1;
    }
    return p == end ? fill(m, fields) : -1;
}
