/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/dovecot_line.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#define ESCAPE      '\001'
#define BASE64_MOST 6000

/* What stands behind the escape, and what it stands for. */
static const char escapes[][2] = {
    {'1', ESCAPE}, {'t', '\t'}, {'n', '\n'}, {'r', '\r'}};

/* In place.  -1: a 0, or what nobody knows. */
static int
unescape(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        size_t i = 0;

        if (*text != ESCAPE) {
            *to++ = *text;
            continue;
        }
        text++;
        while (i < sizeof escapes / sizeof escapes[0] && escapes[i][0] != *text)
            i++;
        if (i == sizeof escapes / sizeof escapes[0])
            return -1;
        *to++ = escapes[i][1];
    }
    *to = '\0';
    return 0;
}

void
dovecot_line_append(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;

        while (i < sizeof escapes / sizeof escapes[0] && escapes[i][1] != *text)
            i++;
        if (i < sizeof escapes / sizeof escapes[0]) {
            buf_append_char(b, ESCAPE);
            buf_append_char(b, escapes[i][0]);
        } else {
            buf_append_char(b, *text);
        }
    }
}

bool
dovecot_line_is_base64(const char *text)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789+/=";
    size_t len = strlen(text);

    return len <= BASE64_MOST && strspn(text, set) == len;
}

/* The next parameter; NULL: there is none. */
static char *
next(char **rest)
{
    char *at = *rest, *tab;

    if (at == NULL)
        return NULL;
    tab = strchr(at, '\t');
    if (tab != NULL)
        *tab++ = '\0';
    *rest = tab;
    return at;
}

static bool
is_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

/* Such an OK is often said to every password ("nopassword"). */
static bool
passes_on(const char *word)
{
    static const char *const proxies[] = {"proxy", "proxy_maybe", NULL};
    size_t n = strcspn(word, "=");
    char name[sizeof "proxy_maybe"];

    if (n >= sizeof name)
        return false;
    memcpy(name, word, n);
    name[n] = '\0';
    return is_one_of(name, proxies);
}

static void
take_flag(struct dovecot_line *l, const char *word)
{
    static const char *const temporary[] = {"temp", "temp_fail", NULL};
    static const char *const disabled[] = {"user_disabled", "pass_expired",
                                           "nologin", "login_disabled", NULL};
    static const char *const not_authorized[] = {"authz", "authz_fail",
                                                 "authzfailed", NULL};

    l->is_temporary |= is_one_of(word, temporary);
    l->is_disabled |=
        is_one_of(word, disabled) || strncmp(word, "nologin=", 8) == 0;
    l->is_not_authorized |= is_one_of(word, not_authorized);
    l->is_passed_on |= passes_on(word);
}

static int
take_parameters(struct dovecot_line *l, char *rest, struct errbuf *err)
{
    char *p;

    while ((p = next(&rest)) != NULL) {
        if (strncmp(p, "user=", 5) == 0) {
            if (unescape(p + 5) < 0)
                return err_set(err, "a user's name is malformed");
            l->user = p + 5;
        } else if (strncmp(p, "code=", 5) == 0) {
            l->code = p + 5;
            take_flag(l, p + 5);
        } else {
            take_flag(l, p);
        }
    }
    return 0;
}

static int
take_id(struct dovecot_line *l, char **rest, struct errbuf *err)
{
    const char *text = next(rest);
    unsigned long long id;

    if (text == NULL || text_parse_u64(text, UINT32_MAX, &id) < 0 || id == 0)
        return err_set(err, "an answer without a number");
    l->id = (uint32_t)id;
    return 0;
}

static int
take_version(struct dovecot_line *l, char *rest, struct errbuf *err)
{
    const char *text = next(&rest);
    unsigned long long major;

    if (text == NULL || text_parse_u64(text, 1000, &major) < 0)
        return err_set(err, "a version without a number");
    l->major = (unsigned)major;
    return 0;
}

static int
take_text(struct dovecot_line *l, char *rest, struct errbuf *err)
{
    l->text = next(&rest);
    return l->text != NULL ? 0 : err_set(err, "a line without its text");
}

static int
take_challenge(struct dovecot_line *l, char *rest, struct errbuf *err)
{
    l->text = next(&rest);
    if (l->text == NULL)
        l->text = "";
    return dovecot_line_is_base64(l->text)
               ? 0
               : err_set(err, "a challenge that is not base64");
}

static enum dovecot_command
command_of(const char *word)
{
    static const char *const words[] = {
        [DOVECOT_VERSION] = "VERSION", [DOVECOT_MECH] = "MECH",
        [DOVECOT_DONE] = "DONE",       [DOVECOT_OK] = "OK",
        [DOVECOT_CONT] = "CONT",       [DOVECOT_FAIL] = "FAIL",
    };

    for (unsigned i = 0; i < DOVECOT_OTHER; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum dovecot_command)i;
    return DOVECOT_OTHER;
}

/* Words in capitals, as all commands are: else it is another protocol. */
static bool
is_command(const char *word)
{
    size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");

    return n > 0 && word[n] == '\0';
}

int
dovecot_line_parse(char *line, size_t len, struct dovecot_line *line_r,
                   struct errbuf *err)
{
    char *rest = line, *word;

    *line_r = (struct dovecot_line){.command = DOVECOT_OTHER};
    if (strlen(line) != len)
        return err_set(err, "a zero byte");
    word = next(&rest);
    if (!is_command(word))
        return err_set(err, "no command");
    line_r->command = command_of(word);
    switch (line_r->command) {
    case DOVECOT_VERSION:
        return take_version(line_r, rest, err);
    case DOVECOT_MECH:
        return take_text(line_r, rest, err);
    case DOVECOT_CONT:
        if (take_id(line_r, &rest, err) < 0)
            return -1;
        return take_challenge(line_r, rest, err);
    case DOVECOT_OK:
    case DOVECOT_FAIL:
        if (take_id(line_r, &rest, err) < 0)
            return -1;
        return take_parameters(line_r, rest, err);
    case DOVECOT_DONE:
    case DOVECOT_OTHER:
        break;
    }
    return 0;
}
