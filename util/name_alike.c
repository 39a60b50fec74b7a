/* SPDX-License-Identifier: BSD-2-Clause */
/* A name that is one of its own, and yet cannot be told from another by eye: an
 * "admin" with one Cyrillic letter would be shown to people as the author of alerts,
 * or get the mail of another in a list.  UTS 39 calls what is allowed here "highly
 * restrictive": one script, or the mixtures in which Chinese, Japanese and Korean are
 * written.  It is asked of new names only: tables of scripts change, and nobody is to
 * be locked out by that. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include <unictype.h>

#include "util/name_private.h"

/* --- scripts --- */

enum {
    LATIN = 1,
    HAN = 2,
    HIRAGANA = 4,
    KATAKANA = 8,
    BOPOMOFO = 16,
    HANGUL = 32,
    SINGLE = 64
};

static const struct {
    const char *name;
    unsigned bit;
} mixable[] = {
    {"Latin", LATIN},       {"Han", HAN},           {"Hiragana", HIRAGANA},
    {"Katakana", KATAKANA}, {"Bopomofo", BOPOMOFO}, {"Hangul", HANGUL},
};

static bool
is_neutral(const uc_script_t *script)
{
    return script == NULL || strcmp(script->name, "Common") == 0 ||
           strcmp(script->name, "Inherited") == 0;
}

static unsigned
bit_of(const uc_script_t *script)
{
    for (size_t i = 0; i < sizeof mixable / sizeof mixable[0]; i++)
        if (strcmp(script->name, mixable[i].name) == 0)
            return mixable[i].bit;
    return SINGLE;
}

static bool
may_be_mixed(unsigned scripts)
{
    return (scripts & ~(unsigned)(LATIN | HAN | HIRAGANA | KATAKANA)) == 0 ||
           (scripts & ~(unsigned)(LATIN | HAN | BOPOMOFO)) == 0 ||
           (scripts & ~(unsigned)(LATIN | HAN | HANGUL)) == 0;
}

static int
check_scripts(const uint32_t *s, size_t n, struct errbuf *err)
{
    const uc_script_t *first = NULL;
    unsigned used = 0;

    for (size_t i = 0; i < n; i++) {
        const uc_script_t *script = uc_script(s[i]);

        if (is_neutral(script) || script == first)
            continue;
        used |= bit_of(script);
        if (first != NULL && !may_be_mixed(used))
            return err_set(err,
                           "character %zu, U+%04X, is %s and others are %s: "
                           "use one script",
                           i + 1, (unsigned)s[i], script->name, first->name);
        if (first == NULL)
            first = script;
    }
    return 0;
}

/* --- letters that look like others --- */

/* In pairs: the letter, and what it looks like.  Small ones only. */
static const uint32_t latin_twins[] = {
    /* Cyrillic */
    0x430, 'a', 0x435, 'e', 0x43e, 'o', 0x440, 'p', 0x441, 'c', 0x443, 'y',
    0x445, 'x', 0x455, 's', 0x456, 'i', 0x458, 'j', 0x475, 'v', 0x4af, 'y',
    0x4bb, 'h', 0x4cf, 'l', 0x501, 'd', 0x51b, 'q', 0x51d, 'w',
    /* Greek */
    0x3b1, 'a', 0x3b9, 'i', 0x3ba, 'k', 0x3bd, 'v', 0x3bf, 'o', 0x3c1, 'p',
    0x3c5, 'u', 0x3c7, 'x',
    /* Armenian */
    0x566, 'q', 0x570, 'h', 0x578, 'n', 0x57d, 'u', 0x581, 'g', 0x585, 'o'};

/* Letters that look like ASCII ones, or like signs that names may have.  The dotless
 * i of Turkish is not among them: it is a letter of many names. */
static const uint32_t ascii_twins[] = {
    0x0251, 'a',    0x0261, 'g',    0x0269, 'i',    0x01c0, '|',    0x01c3,
    '!',    0x1d04, 'c',    0x1d0f, 'o',    0x1d20, 'v',    0x1d21, 'w',
    0x1d22, 'z',    0x02bc, '\'',   0xa78b, '\'',   0xa78c, '\''};

#define PAIRS(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t
twin_in(uint32_t c, const uint32_t *table, size_t n)
{
    for (size_t i = 0; i < n; i += 2)
        if (table[i] == c)
            return table[i + 1];
    return 0;
}

/* Those that stand alone and change the letter before them, or nothing. */
static bool
is_modifier(uint32_t c)
{
    return (c >= 0x2b0 && c <= 0x2ff) || (c >= 0xa700 && c <= 0xa721);
}

static int
check_signs(const uint32_t *s, size_t n, struct errbuf *err)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t twin = twin_in(s[i], ascii_twins, PAIRS(ascii_twins));

        if (twin != 0)
            return err_set(err, "character %zu, U+%04X, looks like \"%c\"",
                           i + 1, (unsigned)s[i], (int)twin);
        if (is_modifier(s[i]))
            return err_set(err,
                           "character %zu, U+%04X, looks like a sign, or "
                           "changes another: use letters",
                           i + 1, (unsigned)s[i]);
    }
    return 0;
}

/* True if there are other letters than Latin ones, and all look like those. */
static bool
looks_latin(const uint32_t *s, size_t n)
{
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        bool is_twin = twin_in(s[i], latin_twins, PAIRS(latin_twins)) != 0;

        if (!is_twin && uc_is_property_alphabetic(s[i]))
            return false;
        any = any || is_twin;
    }
    return any;
}

/* --- digits and marks --- */

/* All of one system: those of others can look the same and be other numbers. */
static int
check_digits(const uint32_t *s, size_t n, struct errbuf *err)
{
    uint32_t zero = 0;

    for (size_t i = 0; i < n; i++) {
        int value = uc_decimal_value(s[i]);
        uint32_t own_zero = s[i] - (uint32_t)value;

        if (value < 0)
            continue;
        if (zero != 0 && zero != own_zero)
            return err_set(err,
                           "character %zu, U+%04X, is a digit of another "
                           "script than those before",
                           i + 1, (unsigned)s[i]);
        zero = own_zero;
    }
    return 0;
}

#define MARKS_MOST 4
#define DOT_ABOVE  0x307

static bool
is_mark(uint32_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M);
}

/* Strokes across the letter, of which there are letters of their own. */
static bool
is_overlay(uint32_t c)
{
    return uc_combining_class(c) == UC_CCC_OV;
}

static bool
is_possible_mark(const uint32_t *s, size_t at, unsigned in_a_row)
{
    return at > 0 && in_a_row <= MARKS_MOST && s[at] != s[at - 1] &&
           !is_overlay(s[at]) &&
           !(s[at] == DOT_ABOVE && uc_is_property_soft_dotted(s[at - 1]));
}

static int
check_marks(const uint32_t *s, size_t n, struct errbuf *err)
{
    unsigned in_a_row = 0;

    for (size_t i = 0; i < n; i++) {
        in_a_row = is_mark(s[i]) ? in_a_row + 1 : 0;
        if (in_a_row > 0 && !is_possible_mark(s, i, in_a_row))
            return err_set(err,
                           "character %zu, U+%04X, is a mark that does not "
                           "show, or not clearly",
                           i + 1, (unsigned)s[i]);
    }
    return 0;
}

/* --- joiners --- */

#define NON_JOINER 0x200c
#define JOINER     0x200d

/* They shape the letter behind them; where there is none, nobody sees them. */
static int
check_joiners(const uint32_t *s, size_t n, struct errbuf *err)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t next = i + 1 < n ? s[i + 1] : 0;

        if ((s[i] == NON_JOINER || s[i] == JOINER) &&
            (next < 0x80 ||
             !uc_is_general_category_withtable(next, UC_CATEGORY_MASK_L)))
            return err_set(err,
                           "character %zu, U+%04X, is not seen: there is no "
                           "letter behind that it joins",
                           i + 1, (unsigned)s[i]);
    }
    return 0;
}

int
name_alike_check(const uint32_t *s, size_t n, struct errbuf *err)
{
    if (check_scripts(s, n, err) < 0 || check_signs(s, n, err) < 0 ||
        check_digits(s, n, err) < 0 || check_marks(s, n, err) < 0 ||
        check_joiners(s, n, err) < 0)
        return -1;
    if (looks_latin(s, n))
        return err_set(err, "all its letters look like Latin ones: nobody can "
                            "tell it from a Latin name");
    return 0;
}
