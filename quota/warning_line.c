/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/warning_line.h"

#include <limits.h>
#include <string.h>

#include "util/tabbed.h"
#include "util/text.h"

/* The line at *text, which is moved behind it; NULL: the empty one. */
static char *
next_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');

    if (line == end)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

static int
take_percent(char *text, unsigned *percent_r, struct errbuf *err)
{
    size_t len = strlen(text);
    unsigned long long n;

    if (len > 0 && text[len - 1] == '%')
        text[len - 1] = '\0';
    if (text_parse_u64(text, UINT_MAX, &n) < 0)
        return err_set(err, "the first argument is no per cent");
    *percent_r = (unsigned)n;
    return 0;
}

static int
take_user(char *text, char user[DICT_USER_MOST + 1], struct errbuf *err)
{
    size_t len = tabbed_unescape(text);

    if (len != strlen(text))
        return err_set(err, "a zero byte in a user's name");
    if (len > DICT_USER_MOST)
        return err_set(err, "a user's name longer than %d bytes",
                       DICT_USER_MOST);
    memcpy(user, text, len + 1);
    return 0;
}

/* text ends with an empty line. */
static int
parse(char *text, struct warning *w, struct errbuf *err)
{
    static const char version[] = "VERSION\tscript\t";
    char *line = next_line(&text);

    if (line == NULL || strncmp(line, version, sizeof version - 1) != 0)
        return err_set(err, "not Dovecot's script protocol");
    do {
        line = next_line(&text);
    } while (line != NULL && strncmp(line, "alarm=", 6) == 0);
    w->wants_reply = line != NULL && strcmp(line, "-") == 0;
    if (line == NULL || (!w->wants_reply && strcmp(line, "noreply") != 0))
        return err_set(err, "neither noreply nor -");
    line = next_line(&text);
    if (line == NULL)
        return err_set(err, "no arguments");
    if (take_percent(line, &w->percent, err) < 0)
        return -1;
    line = next_line(&text);
    if (line == NULL)
        return err_set(err, "no second argument");
    return take_user(line, w->user, err);
}

enum warning_outcome
warning_parse(const char *data, size_t len, struct warning *warning_r,
              struct errbuf *err)
{
    const char *end = memmem(data, len, "\n\n", 2);
    size_t size = end != NULL ? (size_t)(end - data) + 2 : len;
    char text[WARNING_MOST + 1];

    if (size > WARNING_MOST) {
        err_set(err, "more than %d bytes", WARNING_MOST);
        return WARNING_MALFORMED;
    }
    if (end == NULL)
        return WARNING_MORE;
    memcpy(text, data, size);
    text[size] = '\0';
    if (memchr(text, '\0', size) != NULL) {
        err_set(err, "a zero byte");
        return WARNING_MALFORMED;
    }
    return parse(text, warning_r, err) == 0 ? WARNING_DONE : WARNING_MALFORMED;
}
