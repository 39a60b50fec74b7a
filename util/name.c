/* SPDX-License-Identifier: BSD-2-Clause */
/* Nearly all names are ASCII, and for these no table is asked.  The others are mapped
 * first, and what comes out is checked, so that nothing gets by that only turns into
 * a forbidden character. */
#include "config.h"

#include "util/name.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/name_private.h"
#include "util/precis.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define SIGNS "!#$%&'*+-/=?^_`{|}~"
#define LEGAL                                                                 \
    "legal are letters, digits, the signs of a mail address without quotes, " \
    "and single dots between"
#define LEGAL_DOMAIN \
    "legal are letters, digits, \"-\", \"_\" and single dots between"

static bool
is_alnum(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool
is_ascii(const char *s)
{
    while (*s != '\0' && (unsigned char)*s < 0x80)
        s++;
    return *s == '\0';
}

/* --- length and dots --- */

static int
check_length(size_t len, size_t most, struct errbuf *err)
{
    if (len == 0)
        return err_set(err, "a name is not empty");
    if (len > most)
        return err_set(err, "a name of %zu bytes: at most %zu are possible",
                       len, most);
    return 0;
}

static int
check_dots(const char *s, struct errbuf *err)
{
    if (s[0] == '.' || s[strlen(s) - 1] == '.')
        return err_set(err, "a dot is at an end: dots are between others only");
    if (strstr(s, "..") != NULL)
        return err_set(err, "two dots follow each other: single dots only");
    return 0;
}

/* --- accounts --- */

static const char *kind_of(enum precis_class class)
{
    switch (class) {
    case PRECIS_UNASSIGNED:
        return "is unknown";
    case PRECIS_INVISIBLE:
        return "is not seen";
    case PRECIS_VARIANT:
        return "stands for other characters";
    case PRECIS_SIGN:
        return "is a sign";
    case PRECIS_IN_CONTEXT:
        return "is not possible beside these characters";
    case PRECIS_VALID:
    case PRECIS_OTHER:
        break;
    }
    return "is not possible in names";
}

static int
check_ascii(uint32_t c, size_t at, struct errbuf *err)
{
    if (is_alnum(c) || c == '.' || (c != 0 && strchr(SIGNS, (int)c) != NULL))
        return 0;
    if (c <= ' ' || c == 0x7f)
        return err_set(err, "character %zu, U+%04X, is not seen: " LEGAL,
                       at + 1, (unsigned)c);
    return err_set(err, "character %zu, \"%c\", is not possible: " LEGAL,
                   at + 1, (int)c);
}

static int
check_character(const uint32_t *s, size_t n, size_t at, struct errbuf *err)
{
    enum precis_class class;

    if (s[at] < 0x80)
        return check_ascii(s[at], at, err);
    class = precis_class_of(s[at]);
    if (class == PRECIS_VALID ||
        (class == PRECIS_IN_CONTEXT && precis_context_allows(s, n, at)))
        return 0;
    return err_set(err, "character %zu, U+%04X, %s: " LEGAL, at + 1,
                   (unsigned)s[at], kind_of(class));
}

static int
check_characters(const uint32_t *s, size_t n, struct errbuf *err)
{
    for (size_t i = 0; i < n; i++)
        if (check_character(s, n, i, err) < 0)
            return -1;
    if (precis_direction_is_clear(s, n))
        return 0;
    return err_set(err, "what is written from the right and what is written "
                        "from the left is mixed: use one direction");
}

static int
write_local(const uint32_t *s, size_t n, char out[NAME_LOCAL_SIZE],
            struct errbuf *err)
{
    char *bytes = name_text(s, n);
    size_t len = strlen(bytes);
    int rc = check_length(len, NAME_LOCAL_BYTES, err);

    if (rc == 0)
        memcpy(out, bytes, len + 1);
    free(bytes);
    return rc == 0 ? check_dots(out, err) : -1;
}

static int
map_local(const char *s, char out[NAME_LOCAL_SIZE], struct errbuf *err)
{
    size_t n, len = 0;
    uint32_t *given = name_characters(s, &n, err), *form;
    int rc = -1;

    if (given == NULL)
        return -1;
    form = precis_mapped(given, n, &len);
    if (form == NULL)
        err_set(err, "it has no form that stays the same");
    else if (check_characters(form, len, err) == 0)
        rc = write_local(form, len, out, err);
    free(form);
    free(given);
    return rc;
}

int
name_local(const char *s, char out[NAME_LOCAL_SIZE], struct errbuf *err)
{
    if (!is_ascii(s))
        return map_local(s, out, err);
    if (check_length(strlen(s), NAME_LOCAL_BYTES, err) < 0)
        return -1;
    for (size_t i = 0; s[i] != '\0'; i++)
        if (check_ascii((uint32_t)s[i], i, err) < 0)
            return -1;
    strcpy(out, s);
    text_lower(out);
    return check_dots(out, err);
}

int
name_new_local(const char *s, char out[NAME_LOCAL_SIZE], struct errbuf *err)
{
    uint32_t *c;
    size_t n;
    int rc;

    if (name_local(s, out, err) < 0)
        return -1;
    if (strcmp(out, "*") == 0)
        return err_set(err, "\"*\" stands for one's own account");
    c = name_characters(out, &n, err);
    rc = c != NULL ? name_alike_check(c, n, err) : -1;
    free(c);
    return rc;
}

/* --- domains --- */

static int
check_domain(const char *s, struct errbuf *err)
{
    if (check_length(strlen(s), NAME_DOMAIN_BYTES, err) < 0)
        return -1;
    for (size_t i = 0; s[i] != '\0'; i++) {
        if (is_alnum((uint32_t)s[i]) || strchr("._-", s[i]) != NULL)
            continue;
        if (s[i] > ' ' && s[i] < 0x7f)
            return err_set(err,
                           "character %zu of a domain, \"%c\", is not "
                           "possible: " LEGAL_DOMAIN,
                           i + 1, s[i]);
        return err_set(err,
                       "character %zu of a domain, U+%04X, is not "
                       "seen: " LEGAL_DOMAIN,
                       i + 1, (unsigned char)s[i]);
    }
    return check_dots(s, err);
}

int
name_domain(const char *s, char out[NAME_DOMAIN_SIZE], struct errbuf *err)
{
    char *ascii = is_ascii(s) ? xstrdup(s) : name_idn_to_ascii(s, err);
    int rc = ascii != NULL ? check_domain(ascii, err) : -1;

    if (rc == 0) {
        strcpy(out, ascii);
        text_lower(out);
    }
    free(ascii);
    return rc;
}

int
name_new_domain(const char *s, char out[NAME_DOMAIN_SIZE], struct errbuf *err)
{
    if (name_domain(s, out, err) < 0)
        return -1;
    return name_idn_check(out, err);
}

/* --- both --- */

int
name_address(const char *s, char out[NAME_ADDRESS_SIZE], struct errbuf *err)
{
    const char *at = strrchr(s, '@');
    char *local;
    size_t len;
    int rc;

    if (at == NULL)
        return name_local(s, out, err);
    local = xstrndup(s, (size_t)(at - s));
    rc = name_local(local, out, err);
    free(local);
    if (rc < 0)
        return -1;
    len = strlen(out);
    out[len] = '@';
    return name_domain(at + 1, out + len + 1, err);
}

bool
name_is_address(const char *s)
{
    char out[NAME_ADDRESS_SIZE];

    return name_address(s, out, NULL) == 0;
}

char *
name_key(const char *s)
{
    char out[NAME_ADDRESS_SIZE], *key;

    if (name_address(s, out, NULL) == 0)
        return xstrdup(out);
    key = xstrdup(s);
    text_lower(key);
    return key;
}

char *
name_domain_key(const char *s)
{
    char out[NAME_DOMAIN_SIZE], *key;

    if (name_domain(s, out, NULL) == 0)
        return xstrdup(out);
    key = xstrdup(s);
    text_lower(key);
    return key;
}

bool
name_is_same(const char *a, const char *b)
{
    char *key_a = name_key(a), *key_b = name_key(b);
    bool same = strcmp(key_a, key_b) == 0;

    free(key_a);
    free(key_b);
    return same;
}

char *
name_shown(const char *s)
{
    const char *at = strrchr(s, '@');
    const char *domain = at != NULL ? at + 1 : s;
    char *shown = name_idn_to_unicode(domain), *whole;

    if (at == NULL)
        return shown;
    whole = xasprintf("%.*s@%s", (int)(at - s), s, shown);
    free(shown);
    return whole;
}
