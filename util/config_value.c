/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of the configuration: one parser and one printer per type, in a table
 * of functions.  The parser reads back the same value from what the printer
 * writes; copies and comparisons rely on this. */
#include "config.h"

#include "util/config_value.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/config_scale.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* --- one pair per type; a parser returns -1 for what the type is not --- */

static int
text_parse(const struct config_spec *spec, const char *text, void *slot)
{
    char **s = slot;
    size_t len = strlen(text);

    if (len < spec->min || len > spec->max)
        return -1;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return -1;
    free(*s);
    *s = xstrdup(text);
    return 0;
}

static int
path_parse(const struct config_spec *spec, const char *text, void *slot)
{
    if (*text != '\0' && *text != '/')
        return -1;
    return text_parse(spec, text, slot);
}

static void
quoted_print(const char *s, struct buf *out)
{
    buf_append_char(out, '"');
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\' || *s == '$')
            buf_append_char(out, '\\');
        buf_append_char(out, *s);
    }
    buf_append_char(out, '"');
}

static void
text_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    char *const *s = slot;

    (void)spec;
    quoted_print(*s != NULL ? *s : "", out);
}

static void
text_clear(void *slot)
{
    free(*(char **)slot);
}

static void
text_own(void *slot)
{
    char **s = slot;

    *s = xstrdup(*s);
}

static int
bool_parse(const struct config_spec *spec, const char *text, void *slot)
{
    (void)spec;
    return text_parse_bool(text, slot);
}

static void
bool_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const bool *b = slot;

    (void)spec;
    buf_append_str(out, *b ? "yes" : "no");
}

static int
number_parse(const struct config_spec *spec, const char *text, void *slot)
{
    unsigned long long v;
    unsigned *n = slot;

    if (text_parse_u64(text, spec->max, &v) != 0 || v < spec->min)
        return -1;
    *n = (unsigned)v;
    return 0;
}

static void
number_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const unsigned *n = slot;

    (void)spec;
    buf_appendf(out, "%u", *n);
}

static int
bytes_parse(const struct config_spec *spec, const char *text, void *slot)
{
    unsigned long long v;
    size_t *n = slot;

    if (config_scale_parse(&config_scale_bytes, text, &v) != 0 ||
        v < spec->min || v > spec->max)
        return -1;
    *n = (size_t)v;
    return 0;
}

static void
bytes_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const size_t *n = slot;

    (void)spec;
    config_scale_print(&config_scale_bytes, *n, out);
}

static int
time_parse(const struct config_spec *spec, const char *text, void *slot)
{
    unsigned long long v;
    int64_t *us = slot;

    if (config_scale_parse(&config_scale_time, text, &v) != 0 ||
        v < spec->min || v > spec->max)
        return -1;
    *us = (int64_t)v;
    return 0;
}

static void
time_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const int64_t *us = slot;

    (void)spec;
    config_scale_print(&config_scale_time, (unsigned long long)*us, out);
}

static int
choice_parse(const struct config_spec *spec, const char *text, void *slot)
{
    unsigned *choice = slot;

    /* Both are in use, for the level of a log. */
    if (text_equal_nocase(text, "warning"))
        text = "warn";
    for (unsigned i = 0; spec->choices[i] != NULL; i++)
        if (text_equal_nocase(text, spec->choices[i])) {
            *choice = i;
            return 0;
        }
    return -1;
}

static void
choice_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const unsigned *choice = slot;

    buf_append_str(out, spec->choices[*choice]);
}

/* Splits HOST:PORT in place; the host is owned by the caller and is NULL for
 * "*" or nothing (libconfuse swallows a "*" that stands outside quotes).
 * Numeric addresses only: neither start nor reload waits for a name server. */
static int
address_split(char *text, struct config_address *a)
{
    char *colon = strrchr(text, ':'), printed[ADDRESS_SIZE];
    struct sockaddr_storage sa;
    unsigned long long port;

    if (colon == NULL || text_parse_u64(colon + 1, 65535, &port) != 0)
        return -1;
    *colon = '\0';
    a->port = (uint16_t)port;
    a->host = NULL;
    if (strcmp(text, "*") == 0 || *text == '\0')
        return 0;
    /* ::1:80 would be an address without a port. */
    if ((*text != '[' && strchr(text, ':') != NULL) ||
        address_make(text, a->port, &sa) == 0)
        return -1;
    address_print(&sa, printed);
    a->host = xstrdup(printed);
    return 0;
}

void
config_address_print(const struct config_address *a, uint16_t port,
                     struct buf *out)
{
    bool v6 = a->host != NULL && strchr(a->host, ':') != NULL;

    buf_appendf(out, "%s%s%s:%u", v6 ? "[" : "",
                a->host != NULL ? a->host : "*", v6 ? "]" : "", (unsigned)port);
}

static int
address_parse_one(const struct config_spec *spec, const char *text, void *slot)
{
    char *copy = xstrdup(text);
    int r = address_split(copy, slot);

    (void)spec;
    free(copy);
    return r;
}

static void
address_print_one(const struct config_spec *spec, const void *slot,
                  struct buf *out)
{
    const struct config_address *a = slot;

    (void)spec;
    buf_append_char(out, '"');
    config_address_print(a, a->port, out);
    buf_append_char(out, '"');
}

static void
address_clear(void *slot)
{
    free(((struct config_address *)slot)->host);
}

static void
address_own(void *slot)
{
    struct config_address *a = slot;

    if (a->host != NULL)
        a->host = xstrdup(a->host);
}

static int
net_split(char *text, struct config_net *net)
{
    char *slash = strchr(text, '/');
    unsigned long long bits;
    unsigned before; /* bits of the prefix that IPv4 has */
    size_t len;

    if (slash != NULL)
        *slash = '\0';
    len = strlen(text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text[len - 1] = '\0';
        text++;
    }
    if (!address_parse(text, net->address))
        return -1;
    before = strchr(text, ':') == NULL ? 96 : 0;
    bits = 128 - before;
    if (slash != NULL && text_parse_u64(slash + 1, bits, &bits) != 0)
        return -1;
    net->bits = before + (unsigned)bits;
    return 0;
}

static int
net_parse(const struct config_spec *spec, const char *text, void *slot)
{
    char *copy = xstrdup(text);
    int r = net_split(copy, slot);

    (void)spec;
    free(copy);
    return r;
}

static void
net_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const struct config_net *net = slot;
    bool v4 = address_is_ipv4(net->address) && net->bits >= 96;
    char text[ADDRESS_TEXT_SIZE];

    (void)spec;
    address_format(net->address, text);
    buf_appendf(out, "\"%s/%u\"", text, net->bits - (v4 ? 96 : 0));
}

/* --- the types --- */

/* A value, or what a list is of. */
static const struct {
    int (*parse)(const struct config_spec *spec, const char *text, void *slot);
    void (*print)(const struct config_spec *spec, const void *slot,
                  struct buf *out);
    void (*clear)(void *slot); /* NULL: it owns nothing */
    void (*own)(void *slot);   /* what it owns becomes a copy of that */
    size_t size;
    bool is_list;
} types[] = {
    [CONFIG_TEXT] = {text_parse, text_print, text_clear, text_own,
                     sizeof(char *), false},
    [CONFIG_PATH] = {path_parse, text_print, text_clear, text_own,
                     sizeof(char *), false},
    [CONFIG_BOOL] = {bool_parse, bool_print, NULL, NULL, sizeof(bool), false},
    [CONFIG_NUMBER] = {number_parse, number_print, NULL, NULL, sizeof(unsigned),
                       false},
    [CONFIG_BYTES] = {bytes_parse, bytes_print, NULL, NULL, sizeof(size_t),
                      false},
    [CONFIG_TIME] = {time_parse, time_print, NULL, NULL, sizeof(int64_t),
                     false},
    [CONFIG_CHOICE] = {choice_parse, choice_print, NULL, NULL, sizeof(unsigned),
                       false},
    [CONFIG_LISTEN] = {address_parse_one, address_print_one, address_clear,
                       address_own, sizeof(struct config_address), true},
    [CONFIG_NETS] = {net_parse, net_print, NULL, NULL,
                     sizeof(struct config_net), true},
    [CONFIG_TEXTS] = {text_parse, text_print, text_clear, text_own,
                      sizeof(char *), true},
};

/* --- lists: all of them are a pointer and a count --- */

struct list {
    char *items;
    size_t count;
};

_Static_assert(sizeof(struct list) == sizeof(struct config_listen) &&
                   sizeof(struct list) == sizeof(struct config_nets) &&
                   sizeof(struct list) == sizeof(struct config_texts),
               "they are alike");

static struct list
list_of(const void *slot)
{
    struct list l;

    memcpy(&l, slot, sizeof l);
    return l;
}

static int
list_parse(const struct config_spec *spec, const char *text, void *slot)
{
    size_t size = types[spec->type].size;
    struct list l = list_of(slot);
    char *item = xcalloc(1, size);

    if (types[spec->type].parse(spec, text, item) != 0) {
        free(item);
        return -1;
    }
    l.items = xrealloc(l.items, (l.count + 1) * size);
    memcpy(l.items + l.count * size, item, size);
    l.count++;
    memcpy(slot, &l, sizeof l);
    free(item);
    return 0;
}

static void
list_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    struct list l = list_of(slot);

    buf_append_char(out, '{');
    for (size_t i = 0; i < l.count; i++) {
        if (i > 0)
            buf_append_str(out, ", ");
        types[spec->type].print(spec, l.items + i * types[spec->type].size,
                                out);
    }
    buf_append_char(out, '}');
}

bool
config_type_is_list(enum config_type type)
{
    return types[type].is_list;
}

/* NULL: it is no number with a unit. */
static const struct config_scale *
scale_of(const struct config_spec *spec)
{
    return spec->type == CONFIG_TIME    ? &config_scale_time
           : spec->type == CONFIG_BYTES ? &config_scale_bytes
                                        : NULL;
}

/* How what was meant is written, where that is clear. */
static void
hint_print(const struct config_spec *spec, const char *text, struct buf *out)
{
    const struct config_scale *scale = scale_of(spec);
    unsigned long long v;

    if (scale == NULL || config_scale_guess(scale, text, &v) != 0 ||
        v < spec->min || v > spec->max)
        return;
    buf_append_str(out, ": write ");
    config_scale_print(scale, v, out);
}

int
config_value_refuse(const struct config_spec *spec, const char *text,
                    struct errbuf *err)
{
    struct buf allowed = {0};

    config_spec_print(spec, &allowed);
    hint_print(spec, text, &allowed);
    err_set(err, "\"%.60s\" is not allowed; it takes %s", text,
            buf_cstr(&allowed));
    buf_clear(&allowed);
    return -1;
}

int
config_value_parse(const struct config_spec *spec, const char *text, void *slot,
                   struct errbuf *err)
{
    if ((types[spec->type].is_list ? list_parse : types[spec->type].parse)(
            spec, text, slot) == 0)
        return 0;
    return config_value_refuse(spec, text, err);
}

void
config_value_print(const struct config_spec *spec, const void *slot,
                   struct buf *out)
{
    (types[spec->type].is_list ? list_print
                               : types[spec->type].print)(spec, slot, out);
}

/* The value, or each of the list, for which f is called if there is one. */
static void
each_value(const struct config_spec *spec, void *slot, void (*f)(void *value))
{
    struct list l = {slot, 1};

    if (types[spec->type].is_list)
        l = list_of(slot);
    for (size_t i = 0; f != NULL && i < l.count; i++)
        f(l.items + i * types[spec->type].size);
}

static size_t
size_of(const struct config_spec *spec)
{
    return types[spec->type].is_list ? sizeof(struct list)
                                     : types[spec->type].size;
}

void
config_value_clear(const struct config_spec *spec, void *slot)
{
    each_value(spec, slot, types[spec->type].clear);
    if (types[spec->type].is_list)
        free(list_of(slot).items);
    memset(slot, 0, size_of(spec));
}

void
config_value_copy(const struct config_spec *spec, void *to, const void *from)
{
    struct list l;

    config_value_clear(spec, to);
    memcpy(to, from, size_of(spec));
    if (types[spec->type].is_list) {
        l = list_of(from);
        l.items = l.count > 0
                      ? xmemdup(l.items, l.count * types[spec->type].size)
                      : NULL;
        memcpy(to, &l, sizeof l);
    }
    each_value(spec, to, types[spec->type].own);
}

bool
config_value_is_equal(const struct config_spec *spec, const void *a,
                      const void *b)
{
    struct buf ta = {0}, tb = {0};
    bool equal;

    config_value_print(spec, a, &ta);
    config_value_print(spec, b, &tb);
    equal = strcmp(buf_cstr(&ta), buf_cstr(&tb)) == 0;
    buf_clear(&ta);
    buf_clear(&tb);
    return equal;
}

static void
range_print(const struct config_spec *spec, const char *what,
            const struct config_scale *scale, struct buf *out)
{
    buf_appendf(out, "%s from ", what);
    config_scale_print(scale, spec->min, out);
    buf_append_str(out, " to ");
    config_scale_print(scale, spec->max, out);
}

static void
choices_print(const struct config_spec *spec, struct buf *out)
{
    for (size_t i = 0; spec->choices[i] != NULL; i++) {
        if (i > 0)
            buf_append_str(out, spec->choices[i + 1] != NULL ? ", " : " or ");
        buf_append_str(out, spec->choices[i]);
    }
}

void
config_spec_print(const struct config_spec *spec, struct buf *out)
{
    switch (spec->type) {
    case CONFIG_TEXT:
        buf_appendf(out, "a text of %llu to %llu bytes", spec->min, spec->max);
        break;
    case CONFIG_PATH:
        buf_append_str(out, "a path that begins with /");
        break;
    case CONFIG_BOOL:
        buf_append_str(out, "yes or no");
        break;
    case CONFIG_NUMBER:
        range_print(spec, "a number", &config_scale_plain, out);
        break;
    case CONFIG_BYTES:
        range_print(spec, "a size", &config_scale_bytes, out);
        break;
    case CONFIG_TIME:
        range_print(spec, "a time", &config_scale_time, out);
        break;
    case CONFIG_CHOICE:
        choices_print(spec, out);
        break;
    case CONFIG_LISTEN:
        buf_append_str(out, "ADDRESS:PORT, [IPV6-ADDRESS]:PORT or *:PORT");
        break;
    case CONFIG_NETS:
        buf_append_str(out, "an address or ADDRESS/BITS");
        break;
    case CONFIG_TEXTS:
        buf_appendf(out, "texts of %llu to %llu bytes", spec->min, spec->max);
        break;
    }
}

bool
config_listen_holds(const struct config_listen *l,
                    const struct config_address *a)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct config_address *b = &l->items[i];

        if (a->port == b->port && (a->host == NULL) == (b->host == NULL) &&
            (a->host == NULL || strcmp(a->host, b->host) == 0))
            return true;
    }
    return false;
}

static size_t
count(const struct config_listen *l, const struct config_address *a)
{
    size_t n = 0;

    for (size_t i = 0; i < l->count; i++) {
        const struct config_listen one = {&l->items[i], 1};

        n += config_listen_holds(&one, a);
    }
    return n;
}

bool
config_listen_repeats(const struct config_listen *const lists[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < lists[i]->count; j++) {
            const struct config_address *a = &lists[i]->items[j];
            size_t found = 0;

            for (size_t k = 0; a->port != 0 && k < n; k++)
                found += count(lists[k], a);
            if (found > 1)
                return true;
        }
    return false;
}

bool
config_nets_hold_bytes(const struct config_nets *nets,
                       const uint8_t address[ADDRESS_BYTES])
{
    for (size_t i = 0; i < nets->count; i++)
        if (address_is_within(address, nets->items[i].address,
                              nets->items[i].bits))
            return true;
    return false;
}

bool
config_nets_hold(const struct config_nets *nets, const struct sockaddr *address)
{
    uint8_t a[ADDRESS_BYTES];

    return address_from_sockaddr(address, a) && config_nets_hold_bytes(nets, a);
}
