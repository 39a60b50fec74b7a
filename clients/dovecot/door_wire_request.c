/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests of a mail door. */
#include "config.h"

#include <string.h>

#include "clients/dovecot/door_wire.h"

struct out {
    char *data;
    size_t len, size;
    bool full;
};

static void
add(struct out *o, const char *s, size_t n)
{
    if (o->full || n > o->size - o->len) {
        o->full = true;
        return;
    }
    memcpy(o->data + o->len, s, n);
    o->len += n;
}

static void
add_str(struct out *o, const char *s)
{
    add(o, s, strlen(s));
}

/* What would end the value, or be something else in it, becomes a reference;
 * XML has no other control characters. */
static void
add_attr(struct out *o, const char *name, const char *value)
{
    static const struct {
        char c;
        const char *reference;
    } rows[] = {{'&', "&amp;"},  {'<', "&lt;"},  {'>', "&gt;"},
                {'"', "&quot;"}, {'\t', "&#9;"}, {'\n', "&#10;"},
                {'\r', "&#13;"}};
    size_t i;

    add_str(o, " ");
    add_str(o, name);
    add_str(o, "=\"");
    for (; *value != '\0'; value++) {
        for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
            if (rows[i].c == *value)
                break;
        if (i < sizeof rows / sizeof rows[0])
            add_str(o, rows[i].reference);
        else
            add(o, (unsigned char)*value < 0x20 ? "?" : value, 1);
    }
    add_str(o, "\"");
}

static size_t
finish(struct out *o)
{
    add(o, "/>", sizeof "/>");
    return o->full ? 0 : o->len;
}

static const char *
yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

size_t
door_wire_login(char *out, size_t size, const struct door_login *login)
{
    struct out o = {.data = out, .size = size};

    add_str(&o, "<login");
    add_attr(&o, "id", DOOR_ID_LOGIN);
    add_attr(&o, "method", "EXTERNAL");
    add_attr(&o, "userName", login->user);
    add_attr(&o, "alertConfirm", "yes");
    add_attr(&o, "alertChanges", "yes");
    add_attr(&o, "door", login->service);
    if (login->client != NULL && *login->client != '\0')
        add_attr(&o, "clientAddress", login->client);
    add_attr(&o, "attended", yes_no(login->attended));
    if (login->hibernate)
        add_attr(&o, "hibernate", "yes");
    if (login->resumed)
        add_attr(&o, "resumed", "yes");
    return finish(&o);
}

size_t
door_wire_told(char *out, size_t size)
{
    struct out o = {.data = out, .size = size};

    add_str(&o, "<noop");
    add_attr(&o, "id", DOOR_ID_TOLD);
    return finish(&o);
}

size_t
door_wire_attended(char *out, size_t size)
{
    struct out o = {.data = out, .size = size};

    add_str(&o, "<noop");
    add_attr(&o, "id", DOOR_ID_ATTENDED);
    add_attr(&o, "attended", "yes");
    return finish(&o);
}

size_t
door_wire_confirm(char *out, size_t size, uint64_t alert)
{
    struct out o = {.data = out, .size = size};
    char text[24], *digits = text + sizeof text - 1;

    *digits = '\0';
    do {
        *--digits = (char)('0' + alert % 10);
        alert /= 10;
    } while (alert > 0);
    add_str(&o, "<alertConfirm");
    add_attr(&o, "id", digits);
    add_attr(&o, "alertID", digits);
    return finish(&o);
}

size_t
door_wire_bye(char *out, size_t size, bool hibernate)
{
    struct out o = {.data = out, .size = size};

    add_str(&o, "<bye");
    add_attr(&o, "id", DOOR_ID_BYE);
    if (hibernate)
        add_attr(&o, "hibernate", "yes");
    return finish(&o);
}
