/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of the configuration: one parser and one printer per type, found by
 * the type in a table of functions.  What a printer writes its parser reads
 * back as the same value; copies and comparisons rest on that. */
#include "config.h"

#include "util/config_value.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/text.h"
#include "util/xmalloc.h"

struct unit {
    const char *name;
    unsigned long long factor;
};

/* Largest first; the first of a table is also what a bare number means. */
static const struct unit size_units[] = {
    {"", 1},
    {"G", 1ULL << 30},
    {"M", 1ULL << 20},
    {"K", 1ULL << 10},
};
static const struct unit time_units[] = {
    {"s", 1000000},  {"d", 86400000000}, {"h", 3600000000},
    {"m", 60000000}, {"s", 1000000},     {"ms", 1000},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A whole number and a unit; -1 if it is neither, or does not fit. */
static int
scaled_parse(const char *text, const struct unit *units, size_t n,
             unsigned long long *value_r)
{
    size_t digits = strspn(text, "0123456789");
    const char *name = text + digits;
    const struct unit *u = units;
    char number[24];

    if (digits == 0 || digits >= sizeof number)
        return -1;
    memcpy(number, text, digits);
    number[digits] = '\0';
    while (*name != '\0' && !text_equal_nocase(name, u->name))
        if (++u == units + n)
            return -1;
    if (text_parse_u64(number, ~0ULL / u->factor, value_r) != 0)
        return -1;
    *value_r *= u->factor;
    return 0;
}

/* As people write it, and the first of the units it may mean. */
static const struct unit size_words[] = {
    {"bytes", 1},       {"byte", 1},         {"b", 1},
    {"gb", 1ULL << 30}, {"gib", 1ULL << 30}, {"gigabytes", 1ULL << 30},
    {"mb", 1ULL << 20}, {"mib", 1ULL << 20}, {"megabytes", 1ULL << 20},
    {"kb", 1ULL << 10}, {"kib", 1ULL << 10}, {"kilobytes", 1ULL << 10},
    {"g", 1ULL << 30},  {"m", 1ULL << 20},   {"k", 1ULL << 10},
};
static const struct unit time_words[] = {
    {"seconds", 1000000},   {"second", 1000000},   {"secs", 1000000},
    {"sec", 1000000},       {"s", 1000000},        {"weeks", 604800000000},
    {"week", 604800000000}, {"w", 604800000000},   {"days", 86400000000},
    {"day", 86400000000},   {"d", 86400000000},    {"hours", 3600000000},
    {"hour", 3600000000},   {"hrs", 3600000000},   {"hr", 3600000000},
    {"h", 3600000000},      {"minutes", 60000000}, {"minute", 60000000},
    {"mins", 60000000},     {"min", 60000000},     {"m", 60000000},
    {"milliseconds", 1000}, {"millisecond", 1000}, {"msec", 1000},
    {"ms", 1000},
};

/* The same, but for blanks and words: 10 minutes. */
static int
wordy_parse(const char *text, const struct unit *words, size_t n,
            unsigned long long *value_r)
{
    char tight[40];
    size_t len = 0;

    for (; *text != '\0'; text++)
        if (*text != ' ' && *text != '\t') {
            if (len == sizeof tight - 1)
                return -1;
            tight[len++] = *text;
        }
    tight[len] = '\0';
    return scaled_parse(tight, words, n, value_r);
}

static void
scaled_print(unsigned long long v, const struct unit *units, size_t n,
             struct buf *out)
{
    for (size_t i = 1; i < n; i++)
        if (v != 0 && v % units[i].factor == 0) {
            buf_appendf(out, "%llu%s", v / units[i].factor, units[i].name);
            return;
        }
    buf_appendf(out, "%llu%s", v / units[0].factor, units[0].name);
}

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

    if (scaled_parse(text, size_units, COUNT(size_units), &v) != 0 ||
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
    scaled_print(*n, size_units, COUNT(size_units), out);
}

static int
time_parse(const struct config_spec *spec, const char *text, void *slot)
{
    unsigned long long v;
    int64_t *us = slot;

    if (scaled_parse(text, time_units, COUNT(time_units), &v) != 0 ||
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
    scaled_print((unsigned long long)*us, time_units, COUNT(time_units), out);
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

socklen_t
config_address_make(const struct config_address *a, uint16_t port,
                    struct sockaddr_storage *sa_r)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                               .sin6_port = htons(port)};

    if (a->host != NULL)
        return address_make(a->host, port, sa_r);
    memset(sa_r, 0, sizeof *sa_r);
    memcpy(sa_r, &any, sizeof any);
    return sizeof any;
}

static int
listen_parse(const struct config_spec *spec, const char *text, void *slot)
{
    struct config_listen *l = slot;
    struct config_address a;
    char *copy = xstrdup(text);
    int r = address_split(copy, &a);

    (void)spec;
    if (r == 0) {
        l->items = xrealloc(l->items, (l->count + 1) * sizeof *l->items);
        l->items[l->count++] = a;
    }
    free(copy);
    return r;
}

static void
listen_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const struct config_listen *l = slot;

    (void)spec;
    buf_append_char(out, '{');
    for (size_t i = 0; i < l->count; i++) {
        const char *host = l->items[i].host;
        bool v6 = host != NULL && strchr(host, ':') != NULL;

        buf_appendf(out, "%s\"%s%s%s:%u\"", i > 0 ? ", " : "", v6 ? "[" : "",
                    host != NULL ? host : "*", v6 ? "]" : "",
                    (unsigned)l->items[i].port);
    }
    buf_append_char(out, '}');
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
nets_parse(const struct config_spec *spec, const char *text, void *slot)
{
    struct config_nets *l = slot;
    struct config_net net;
    char *copy = xstrdup(text);
    int r = net_split(copy, &net);

    (void)spec;
    free(copy);
    if (r != 0)
        return -1;
    l->items = xrealloc(l->items, (l->count + 1) * sizeof *l->items);
    l->items[l->count++] = net;
    return 0;
}

static void
nets_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const struct config_nets *l = slot;
    char text[ADDRESS_TEXT_SIZE];

    (void)spec;
    buf_append_char(out, '{');
    for (size_t i = 0; i < l->count; i++) {
        const struct config_net *net = &l->items[i];
        bool v4 = address_is_ipv4(net->address) && net->bits >= 96;

        address_format(net->address, text);
        buf_appendf(out, "%s\"%s/%u\"", i > 0 ? ", " : "", text,
                    net->bits - (v4 ? 96 : 0));
    }
    buf_append_char(out, '}');
}

static int
texts_parse(const struct config_spec *spec, const char *text, void *slot)
{
    struct config_texts *l = slot;
    char *copy = NULL;

    if (text_parse(spec, text, &copy) != 0)
        return -1;
    l->items = xrealloc(l->items, (l->count + 1) * sizeof *l->items);
    l->items[l->count++] = copy;
    return 0;
}

static void
texts_print(const struct config_spec *spec, const void *slot, struct buf *out)
{
    const struct config_texts *l = slot;

    (void)spec;
    buf_append_char(out, '{');
    for (size_t i = 0; i < l->count; i++) {
        if (i > 0)
            buf_append_str(out, ", ");
        quoted_print(l->items[i], out);
    }
    buf_append_char(out, '}');
}

/* --- the types --- */

static const struct {
    int (*parse)(const struct config_spec *spec, const char *text, void *slot);
    void (*print)(const struct config_spec *spec, const void *slot,
                  struct buf *out);
    size_t size;
} types[] = {
    [CONFIG_TEXT] = {text_parse, text_print, sizeof(char *)},
    [CONFIG_PATH] = {path_parse, text_print, sizeof(char *)},
    [CONFIG_BOOL] = {bool_parse, bool_print, sizeof(bool)},
    [CONFIG_NUMBER] = {number_parse, number_print, sizeof(unsigned)},
    [CONFIG_BYTES] = {bytes_parse, bytes_print, sizeof(size_t)},
    [CONFIG_TIME] = {time_parse, time_print, sizeof(int64_t)},
    [CONFIG_CHOICE] = {choice_parse, choice_print, sizeof(unsigned)},
    [CONFIG_LISTEN] = {listen_parse, listen_print,
                       sizeof(struct config_listen)},
    [CONFIG_NETS] = {nets_parse, nets_print, sizeof(struct config_nets)},
    [CONFIG_TEXTS] = {texts_parse, texts_print, sizeof(struct config_texts)},
};

bool
config_type_is_list(enum config_type type)
{
    return type == CONFIG_LISTEN || type == CONFIG_NETS || type == CONFIG_TEXTS;
}

/* How what was meant is written, where that is clear. */
static void
hint_print(const struct config_spec *spec, const char *text, struct buf *out)
{
    bool is_time = spec->type == CONFIG_TIME;
    unsigned long long v;

    if (!is_time && spec->type != CONFIG_BYTES)
        return;
    if (wordy_parse(text, is_time ? time_words : size_words,
                    is_time ? COUNT(time_words) : COUNT(size_words), &v) != 0 ||
        v < spec->min || v > spec->max)
        return;
    buf_append_str(out, ": write ");
    scaled_print(v, is_time ? time_units : size_units,
                 is_time ? COUNT(time_units) : COUNT(size_units), out);
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
    if (types[spec->type].parse(spec, text, slot) == 0)
        return 0;
    return config_value_refuse(spec, text, err);
}

void
config_value_print(const struct config_spec *spec, const void *slot,
                   struct buf *out)
{
    types[spec->type].print(spec, slot, out);
}

void
config_value_clear(const struct config_spec *spec, void *slot)
{
    if (spec->type == CONFIG_TEXT || spec->type == CONFIG_PATH) {
        free(*(char **)slot);
    } else if (spec->type == CONFIG_LISTEN) {
        struct config_listen *l = slot;

        for (size_t i = 0; i < l->count; i++)
            free(l->items[i].host);
        free(l->items);
    } else if (spec->type == CONFIG_NETS) {
        free(((struct config_nets *)slot)->items);
    } else if (spec->type == CONFIG_TEXTS) {
        struct config_texts *l = slot;

        for (size_t i = 0; i < l->count; i++)
            free(l->items[i]);
        free(l->items);
    }
    memset(slot, 0, types[spec->type].size);
}

void
config_value_copy(const struct config_spec *spec, void *to, const void *from)
{
    const struct config_listen *listen_from = from;
    const struct config_nets *nets_from = from;
    const struct config_texts *texts_from = from;
    struct config_listen *listen_to = to;
    struct config_nets *nets_to = to;
    struct config_texts *texts_to = to;

    config_value_clear(spec, to);
    memcpy(to, from, types[spec->type].size);
    if (spec->type == CONFIG_TEXT || spec->type == CONFIG_PATH) {
        *(char **)to = xstrdup(*(char *const *)from);
    } else if (spec->type == CONFIG_LISTEN && listen_from->count > 0) {
        listen_to->items =
            xmemdup(listen_from->items,
                    listen_from->count * sizeof *listen_from->items);
        for (size_t i = 0; i < listen_to->count; i++)
            if (listen_to->items[i].host != NULL)
                listen_to->items[i].host = xstrdup(listen_to->items[i].host);
    } else if (spec->type == CONFIG_NETS && nets_from->count > 0) {
        nets_to->items = xmemdup(nets_from->items,
                                 nets_from->count * sizeof *nets_from->items);
    } else if (spec->type == CONFIG_TEXTS && texts_from->count > 0) {
        texts_to->items = xcalloc(texts_from->count, sizeof *texts_to->items);
        for (size_t i = 0; i < texts_to->count; i++)
            texts_to->items[i] = xstrdup(texts_from->items[i]);
    }
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
            const struct unit *units, size_t n, struct buf *out)
{
    buf_appendf(out, "%s from ", what);
    scaled_print(spec->min, units, n, out);
    buf_append_str(out, " to ");
    scaled_print(spec->max, units, n, out);
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
    static const struct unit plain[] = {{"", 1}};

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
        range_print(spec, "a number", plain, COUNT(plain), out);
        break;
    case CONFIG_BYTES:
        range_print(spec, "a size", size_units, COUNT(size_units), out);
        break;
    case CONFIG_TIME:
        range_print(spec, "a time", time_units, COUNT(time_units), out);
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
