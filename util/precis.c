/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of Unicode are those of libunistring.  The order in which the classes
 * are asked is that of RFC 8264, 8. */
#include "config.h"

#include "util/precis.h"

#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "util/xmalloc.h"

/* --- classes --- */

static bool
is_among(uint32_t c, const uint32_t *list, size_t n)
{
    size_t i = 0;

    while (i < n && list[i] != c)
        i++;
    return i < n;
}

#define IS_AMONG(c, list) is_among(c, list, sizeof(list) / sizeof((list)[0]))

#define MIDDLE_DOT   0x00b7
#define KERAIA       0x0375
#define GERESH       0x05f3
#define GERSHAYIM    0x05f4
#define KATAKANA_DOT 0x30fb
#define NON_JOINER   0x200c
#define JOINER       0x200d

static bool
is_arabic_digit(uint32_t c)
{
    return c >= 0x660 && c <= 0x669;
}

static bool
is_persian_digit(uint32_t c)
{
    return c >= 0x6f0 && c <= 0x6f9;
}

/* RFC 5892, 2.6. */
static bool
find_exception(uint32_t c, enum precis_class *class_r)
{
    static const uint32_t valid[] = {0x00df, 0x03c2, 0x06fd,
                                     0x06fe, 0x0f0b, 0x3007};
    static const uint32_t refused[] = {0x0640, 0x07fa, 0x302e, 0x302f, 0x3031,
                                       0x3032, 0x3033, 0x3034, 0x3035, 0x303b};
    static const uint32_t context[] = {MIDDLE_DOT, KERAIA, GERESH, GERSHAYIM,
                                       KATAKANA_DOT};

    if (IS_AMONG(c, valid))
        *class_r = PRECIS_VALID;
    else if (IS_AMONG(c, refused))
        *class_r = PRECIS_OTHER;
    else if (IS_AMONG(c, context) || is_arabic_digit(c) || is_persian_digit(c))
        *class_r = PRECIS_IN_CONTEXT;
    else
        return false;
    return true;
}

/* Parts of syllables, which are written as one character today. */
static bool
is_old_jamo(uint32_t c)
{
    return (c >= 0x1100 && c <= 0x11ff) || (c >= 0xa960 && c <= 0xa97c) ||
           (c >= 0xd7b0 && c <= 0xd7c6) || (c >= 0xd7cb && c <= 0xd7fb);
}

static bool
is_variant(uint32_t c)
{
    uint32_t small[32], *form;
    size_t n = sizeof small / sizeof small[0];
    bool same;

    form = u32_normalize(UNINORM_NFKC, &c, 1, small, &n);
    same = form != NULL && n == 1 && form[0] == c;
    if (form != small)
        free(form);
    return !same;
}

static bool
is_of(uint32_t c, uint32_t mask)
{
    return uc_is_general_category_withtable(c, mask);
}

#define LETTERS_AND_DIGITS                                             \
    (UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu | UC_CATEGORY_MASK_Lo | \
     UC_CATEGORY_MASK_Nd | UC_CATEGORY_MASK_Lm | UC_CATEGORY_MASK_Mn | \
     UC_CATEGORY_MASK_Mc)

enum precis_class
precis_class_of(uint32_t c)
{
    enum precis_class class;
    bool is_nothing = uc_is_property_not_a_character(c);

    if (find_exception(c, &class))
        return class;
    if (!is_nothing && is_of(c, UC_CATEGORY_MASK_Cn))
        return PRECIS_UNASSIGNED;
    if (c > 0x20 && c < 0x7f)
        return PRECIS_VALID;
    if (c == NON_JOINER || c == JOINER)
        return PRECIS_IN_CONTEXT;
    if (is_old_jamo(c))
        return PRECIS_OTHER;
    if (is_nothing || uc_is_property_default_ignorable_code_point(c) ||
        is_of(c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Z))
        return PRECIS_INVISIBLE;
    if (is_variant(c))
        return PRECIS_VARIANT;
    if (is_of(c, LETTERS_AND_DIGITS))
        return PRECIS_VALID;
    return is_of(c, UC_CATEGORY_MASK_S | UC_CATEGORY_MASK_P) ? PRECIS_SIGN
                                                             : PRECIS_OTHER;
}

/* --- contexts --- */

static bool
has_script(uint32_t c, const char *const names[], size_t n)
{
    const uc_script_t *script = uc_script(c);

    for (size_t i = 0; script != NULL && i < n; i++)
        if (strcmp(script->name, names[i]) == 0)
            return true;
    return false;
}

static bool
is_virama(uint32_t c)
{
    return uc_combining_class((ucs4_t)c) == UC_CCC_VR;
}

/* Letters that are joined are on both sides. */
static bool
parts_joined(const uint32_t *s, size_t n, size_t at)
{
    size_t left = at, right = at + 1;
    int before, behind;

    while (left > 0 && uc_joining_type(s[left - 1]) == UC_JOINING_TYPE_T)
        left--;
    while (right < n && uc_joining_type(s[right]) == UC_JOINING_TYPE_T)
        right++;
    if (left == 0 || right == n)
        return false;
    before = uc_joining_type(s[left - 1]);
    behind = uc_joining_type(s[right]);
    return (before == UC_JOINING_TYPE_L || before == UC_JOINING_TYPE_D) &&
           (behind == UC_JOINING_TYPE_R || behind == UC_JOINING_TYPE_D);
}

static bool
any_of(const uint32_t *s, size_t n, bool (*is)(uint32_t c))
{
    for (size_t i = 0; i < n; i++)
        if (is(s[i]))
            return true;
    return false;
}

static bool
is_japanese(uint32_t c)
{
    static const char *const scripts[] = {"Hiragana", "Katakana", "Han"};

    return c != KATAKANA_DOT && has_script(c, scripts, 3);
}

bool
precis_context_allows(const uint32_t *s, size_t n, size_t at)
{
    static const char *const greek[] = {"Greek"}, *const hebrew[] = {"Hebrew"};
    bool starts = at == 0, ends = at + 1 == n;

    switch (s[at]) {
    case NON_JOINER:
        return !starts && (is_virama(s[at - 1]) || parts_joined(s, n, at));
    case JOINER:
        return !starts && is_virama(s[at - 1]);
    case MIDDLE_DOT:
        return !starts && !ends && s[at - 1] == 'l' && s[at + 1] == 'l';
    case KERAIA:
        return !ends && has_script(s[at + 1], greek, 1);
    case GERESH:
    case GERSHAYIM:
        return !starts && has_script(s[at - 1], hebrew, 1);
    case KATAKANA_DOT:
        return any_of(s, n, is_japanese);
    default:
        return !any_of(
            s, n, is_arabic_digit(s[at]) ? is_persian_digit : is_arabic_digit);
    }
}

/* --- direction --- */

#define BIDI(class) (UINT64_C(1) << UC_BIDI_##class)

static uint64_t
direction(uint32_t c)
{
    return UINT64_C(1) << uc_bidi_class(c);
}

/* Of the last character that is no mark; 0 if there is none. */
static uint64_t
last_direction(const uint32_t *s, size_t n)
{
    while (n > 0 && direction(s[n - 1]) == BIDI(NSM))
        n--;
    return n > 0 ? direction(s[n - 1]) : 0;
}

bool
precis_direction_is_clear(const uint32_t *s, size_t n)
{
    static const uint64_t either = BIDI(EN) | BIDI(ES) | BIDI(CS) | BIDI(ET) |
                                   BIDI(ON) | BIDI(BN) | BIDI(NSM);
    uint64_t used = 0, first;

    for (size_t i = 0; i < n; i++)
        used |= direction(s[i]);
    if ((used & (BIDI(R) | BIDI(AL) | BIDI(AN))) == 0)
        return true;
    first = direction(s[0]);
    if ((first & BIDI(L)) != 0)
        return (used & ~(BIDI(L) | either)) == 0 &&
               (last_direction(s, n) & (BIDI(L) | BIDI(EN))) != 0;
    return (first & (BIDI(R) | BIDI(AL))) != 0 &&
           (used & ~(BIDI(R) | BIDI(AL) | BIDI(AN) | either)) == 0 &&
           (last_direction(s, n) &
            (BIDI(R) | BIDI(AL) | BIDI(EN) | BIDI(AN))) != 0 &&
           (used & (BIDI(EN) | BIDI(AN))) != (BIDI(EN) | BIDI(AN));
}

/* --- one form --- */

#define CAPITAL_SIGMA 0x3a3
#define SIGMA         0x3c3
#define FINAL_SIGMA   0x3c2

static uint32_t
usual_width(uint32_t c)
{
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    int tag, n = uc_decomposition(c, &tag, parts);

    return n == 1 && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW)
               ? parts[0]
               : c;
}

/* What is to be made small: each sigma as a capital, since capitals become one or
 * the other by their place. */
static void
prepare(uint32_t *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s[i] = usual_width(s[i]);
        if (s[i] == SIGMA || s[i] == FINAL_SIGMA)
            s[i] = CAPITAL_SIGMA;
    }
}

static uint32_t *
map_once(const uint32_t *s, size_t n, size_t *n_r)
{
    uint32_t *copy = xmemdup(s, n * sizeof *s), *form;

    prepare(copy, n);
    form = u32_tolower(copy, n, "", UNINORM_NFC, NULL, n_r);
    free(copy);
    return form;
}

/* Some letters have to be mapped twice, none more often. */
#define ROUNDS_MOST 4

uint32_t *
precis_mapped(const uint32_t *s, size_t n, size_t *n_r)
{
    uint32_t *form = xmemdup(s, n * sizeof *s), *next;
    size_t len;

    *n_r = n;
    for (unsigned i = 0; i < ROUNDS_MOST; i++) {
        bool same;

        next = map_once(form, *n_r, &len);
        same = next != NULL && len == *n_r &&
               memcmp(form, next, len * sizeof *form) == 0;
        free(form);
        form = next;
        *n_r = len;
        if (same || form == NULL)
            return form;
    }
    free(form);
    return NULL;
}
