/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/dict_line.h"

#include <string.h>

#include "util/tabbed.h"
#include "util/text.h"

#define FIELDS_MOST 5

/* What a command has to have, and where. */
struct shape {
    char letter;
    signed char least; /* fields */
    /* Indexes of fields; -1: there is none. */
    signed char id, user, key, value;
};

static const struct shape shapes[] = {
    /* clang-format off */
    {DICT_HELLO,        2, -1,  3, -1, -1},
    {DICT_LOOKUP,       1, -1,  1,  0, -1},
    {DICT_ITERATE,      1, -1, -1, -1, -1},
    {DICT_BEGIN,        1,  0,  1, -1, -1},
    {DICT_COMMIT,       1,  0, -1, -1, -1},
    {DICT_COMMIT_ASYNC, 1,  0, -1, -1, -1},
    {DICT_ROLLBACK,     1,  0, -1, -1, -1},
    {DICT_SET,          3,  0, -1,  1,  2},
    {DICT_UNSET,        2,  0, -1,  1, -1},
    {DICT_APPEND,       3,  0, -1,  1,  2},
    {DICT_ADD,          3,  0, -1,  1,  2},
    {DICT_TIMESTAMP,    3,  0, -1, -1, -1},
    {DICT_HIDE_VALUES,  1,  0, -1, -1, -1},
    /* clang-format on */
};

static const struct shape *
find_shape(char letter)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (shapes[i].letter == letter)
            return &shapes[i];
    return NULL;
}

/* Cuts text at its tabs; returns how many fields there are, of which no more
 * than FIELDS_MOST are kept. */
static int
split(char *text, char *fields[FIELDS_MOST])
{
    int n = 0;

    for (;;) {
        char *tab = strchr(text, '\t');

        if (tab != NULL)
            *tab = '\0';
        if (n < FIELDS_MOST)
            fields[n] = text;
        n++;
        if (tab == NULL)
            return n;
        text = tab + 1;
    }
}

static int
take_text(char *const *fields, int n, int at, const char **text_r,
          struct errbuf *err)
{
    *text_r = "";
    if (at < 0 || at >= n)
        return 0;
    if (tabbed_unescape(fields[at]) != strlen(fields[at]))
        return err_set(err, "a zero byte in a field");
    *text_r = fields[at];
    return 0;
}

static int
check_version(char *const *fields, struct errbuf *err)
{
    unsigned long long number;

    for (int i = 0; i < 2; i++)
        if (text_parse_u64(fields[i], UINT32_MAX, &number) < 0)
            return err_set(err, "a version of the protocol that is no number");
    return 0;
}

int
dict_line_parse(char *line, size_t len, struct dict_line *line_r,
                struct errbuf *err)
{
    const struct shape *shape = len > 0 ? find_shape(line[0]) : NULL;
    unsigned long long id = 0;
    char *fields[FIELDS_MOST];
    int n;

    if (len > DICT_LINE_MOST)
        return err_set(err, "a line longer than %d bytes", DICT_LINE_MOST);
    if (shape == NULL)
        return err_set(err, "a command that is not known");
    if (memchr(line, '\0', len) != NULL)
        return err_set(err, "a zero byte");
    line[len] = '\0';
    n = split(line + 1, fields);
    if (n < shape->least)
        return err_set(err, "%c with %d fields of %d", shape->letter, n,
                       shape->least);
    if (shape->id >= 0 && text_parse_u64(fields[0], UINT32_MAX, &id) < 0)
        return err_set(err, "%c with an id that is no number", shape->letter);
    if (shape->letter == DICT_HELLO && check_version(fields, err) < 0)
        return -1;
    line_r->command = (enum dict_command)shape->letter;
    line_r->id = (uint32_t)id;
    if (take_text(fields, n, shape->user, &line_r->user, err) < 0 ||
        take_text(fields, n, shape->key, &line_r->key, err) < 0 ||
        take_text(fields, n, shape->value, &line_r->value, err) < 0)
        return -1;
    if (strlen(line_r->user) > DICT_USER_MOST)
        return err_set(err, "a user's name longer than %d bytes",
                       DICT_USER_MOST);
    return 0;
}
