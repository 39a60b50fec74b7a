/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/options.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/xmalloc.h"

static bool
is_long(const struct option *longs, int code)
{
    for (; longs->name != NULL; longs++)
        if (longs->val == code)
            return true;
    return false;
}

/* Whether more than one begin so. */
static bool
is_ambiguous(const struct option *longs, const char *name, size_t len)
{
    unsigned n = 0;

    for (; longs->name != NULL; longs++)
        n += strncmp(longs->name, name, len) == 0;
    return n > 1;
}

static void
tell_long(const char *program, const struct option *longs, const char *word,
          const char *what)
{
    int len = (int)strcspn(word, "=");

    if (what == NULL)
        what = len > 2 && is_ambiguous(longs, word + 2, (size_t)len - 2)
                   ? "more than one option begins like this"
                   : "there is no such option";
    fprintf(stderr, "%s: %.*s: %s\n", program, len, word, what);
}

int
options_next(const char *program, int argc, char **argv, const char *shorts,
             const struct option *longs, int *index_r)
{
    char with_colon[32];
    size_t plus = shorts[0] == '+';
    int code;

    /* The colon makes it silent, and tells what it would have said. */
    snprintf(with_colon, sizeof with_colon, "%.*s:%s", (int)plus, shorts,
             shorts + plus);
    code = getopt_long(argc, argv, with_colon, longs, index_r);
    if (code == ':')
        tell_long(program, longs, argv[optind - 1], "a value is missing");
    else if (code == '?' && optopt == 0)
        tell_long(program, longs, argv[optind - 1], NULL);
    else if (code == '?' && is_long(longs, optopt))
        tell_long(program, longs, argv[optind - 1], "it takes no value");
    else if (code == '?')
        fprintf(stderr, "%s: -%c: there is no such option\n", program, optopt);
    return code == ':' ? '?' : code;
}

const char *
options_file(const char *file)
{
    static char *kept;
    char *here;

    if (file == NULL || *file == '/')
        return file;
    here = getcwd(NULL, 0);
    if (here == NULL)
        return file;
    free(kept);
    kept = xasprintf("%s/%s", strcmp(here, "/") == 0 ? "" : here, file);
    free(here);
    return kept;
}
