/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenSSL converts four characters to three bytes and back.  Its decoder of
 * whole texts tolerates other errors than we do, so texts are cut into groups
 * of four here. */
#include "config.h"

#include "util/base64.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

struct group {
    unsigned char digits[4];
    unsigned n_digits, n_pads; /* up to four together */
};

struct output {
    char *bytes;
    size_t n, size;
};

void
base64_encode(const void *bytes, size_t len, char *out)
{
    assert(len <= INT_MAX);
    EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '+' || c == '/';
}

static bool
may_end(const struct group *g, unsigned how)
{
    return g->n_digits == 0 || g->n_digits + g->n_pads == 4 ||
           (g->n_digits >= 2 && (how & BASE64_UNPADDED) != 0);
}

/* The bytes of a group that has ended.  False: no room. */
static bool
put(struct group *g, struct output *o)
{
    unsigned char bytes[3];
    size_t n = g->n_digits * 3 / 4;

    if (o->size - o->n < n)
        return false;
    memset(g->digits + g->n_digits, 'A', 4 - g->n_digits);
    EVP_DecodeBlock(bytes, g->digits, 4);
    memcpy(o->bytes + o->n, bytes, n);
    o->n += n;
    *g = (struct group){0};
    return true;
}

static bool
take(struct group *g, char c, unsigned how, struct output *o)
{
    if (c == '=') {
        g->n_pads++;
        return g->n_digits >= 2 && g->n_digits + g->n_pads <= 4;
    }
    if (!is_digit(c))
        return false;
    if (g->n_pads > 0 &&
        ((how & BASE64_GLUED) == 0 || !may_end(g, how) || !put(g, o)))
        return false;
    g->digits[g->n_digits++] = (unsigned char)c;
    return g->n_digits < 4 || put(g, o);
}

ssize_t
base64_decode(const char *text, size_t len, unsigned how, char *out,
              size_t size, size_t *bad_r)
{
    struct output o = {out, 0, size};
    struct group g = {0};
    size_t at;

    for (at = 0; at < len; at++) {
        char c = text[at];

        if ((how & BASE64_BLANKS) != 0 && is_blank(c))
            continue;
        if ((how & BASE64_FORM) != 0 && c == ' ')
            c = '+';
        if (!take(&g, c, how, &o))
            break;
    }
    if (at == len && may_end(&g, how) && put(&g, &o))
        return (ssize_t)o.n;
    if (bad_r != NULL)
        *bad_r = at;
    return -1;
}
