/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol is that of Dovecot's auth-master-connection, of which a client at
 * auth-userdb may say VERSION, USER and LIST.  CPID would end the connection. */
#include "config.h"

#include "passdb/userdb_line.h"

#include <string.h>

#include "util/tabbed.h"
#include "util/text.h"

#define SERVICE "service=ximssd"

/* The field at *text, which is moved behind it; NULL: there is none. */
static char *
next_field(char **text)
{
    char *field = *text, *tab;

    if (field == NULL)
        return NULL;
    tab = strchr(field, '\t');
    if (tab != NULL)
        *tab++ = '\0';
    *text = tab;
    return field;
}

static int
take_number(const char *field, const char *what, uint32_t *n_r,
            struct errbuf *err)
{
    unsigned long long n;

    if (field == NULL || text_parse_u64(field, UINT32_MAX, &n) < 0)
        return err_set(err, "a line without %s", what);
    *n_r = (uint32_t)n;
    return 0;
}

static int
take_name(char *field, const char **name_r, struct errbuf *err)
{
    size_t len = field != NULL ? tabbed_unescape(field) : 0;

    if (len == 0)
        return err_set(err, "a user without a name");
    if (len != strlen(field))
        return err_set(err, "a zero byte in a user's name");
    if (len > USERDB_NAME_MOST)
        return err_set(err, "a user's name longer than %d bytes",
                       USERDB_NAME_MOST);
    *name_r = field;
    return 0;
}

/* "reason=...", anywhere. */
static const char *
find_reason(char *rest)
{
    static const char key[] = "reason=";
    char *field;

    while ((field = next_field(&rest)) != NULL) {
        if (strncmp(field, key, sizeof key - 1) != 0)
            continue;
        tabbed_unescape(field);
        return field + sizeof key - 1;
    }
    return NULL;
}

/* Of some version of the protocol, in which words are in capitals. */
static bool
is_word(const char *word)
{
    return word[0] != '\0' &&
           strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == strlen(word);
}

static enum userdb_word
find_word(const char *word)
{
    static const struct {
        const char *text;
        enum userdb_word word;
    } words[] = {
        {"VERSION", USERDB_VERSION},   {"USER", USERDB_FOUND},
        {"NOTFOUND", USERDB_NOTFOUND}, {"FAIL", USERDB_FAIL},
        {"LIST", USERDB_NAME},         {"DONE", USERDB_DONE},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i].text) == 0)
            return words[i].word;
    return USERDB_OTHER;
}

static int
parse_rest(char *rest, struct userdb_line *l, struct errbuf *err)
{
    const char *end;

    if (l->word == USERDB_OTHER)
        return 0;
    if (l->word == USERDB_VERSION)
        return take_number(next_field(&rest), "a version", &l->major, err);
    if (take_number(next_field(&rest), "an id", &l->id, err) < 0)
        return -1;
    if (l->word == USERDB_FOUND || l->word == USERDB_NAME)
        return take_name(next_field(&rest), &l->name, err);
    if (l->word == USERDB_FAIL)
        l->why = find_reason(rest);
    if (l->word == USERDB_DONE) {
        end = next_field(&rest);
        l->failed = end != NULL && end[0] != '\0';
    }
    return 0;
}

int
userdb_line_parse(char *line, size_t len, struct userdb_line *line_r,
                  struct errbuf *err)
{
    char *rest = line;
    const char *word;

    if (len > USERDB_LINE_MOST)
        return err_set(err, "a line longer than %d bytes", USERDB_LINE_MOST);
    if (memchr(line, '\0', len) != NULL)
        return err_set(err, "a zero byte");
    line[len] = '\0';
    word = next_field(&rest);
    if (!is_word(word))
        return err_set(err, "it says what nobody understands");
    *line_r = (struct userdb_line){.word = find_word(word)};
    return parse_rest(rest, line_r, err);
}

bool
userdb_may_ask(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > USERDB_NAME_MOST)
        return false;
    for (; *name != '\0'; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f)
            return false;
    return true;
}

void
userdb_ask_encode(struct buf *b, uint32_t id, const char *name)
{
    buf_appendf(b, "USER\t%lu\t%s\t" SERVICE "\n", (unsigned long)id, name);
}

void
userdb_list_encode(struct buf *b, uint32_t id)
{
    buf_appendf(b, "LIST\t%lu\t" SERVICE "\n", (unsigned long)id);
}
