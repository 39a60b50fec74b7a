/* SPDX-License-Identifier: BSD-2-Clause */
/* What is read of a line lies within it, and a user's name that is written again
 * is read again. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "passdb/dovecot_line.h"
#include "tests/fuzz/fuzz.h"

static bool
is_within(const char *text, const char *line, size_t len)
{
    return text == NULL || *text == '\0' ||
           (text >= line && text + strlen(text) <= line + len);
}

static void
check_again(const char *user)
{
    struct buf b = {0};
    struct dovecot_line l;
    struct errbuf err;

    buf_append_str(&b, "FAIL\t1\tuser=");
    dovecot_line_append(&b, user);
    buf_cstr(&b);
    FUZZ_CHECK(strcspn(b.data, "\n\r") == b.len);
    FUZZ_CHECK(dovecot_line_parse(b.data, b.len, &l, &err) == 0);
    FUZZ_CHECK(strcmp(l.user, user) == 0);
    buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);
    struct dovecot_line l;
    struct errbuf err;

    memcpy(line, data, size);
    line[size] = '\0';
    if (memchr(data, '\n', size) == NULL &&
        dovecot_line_parse(line, size, &l, &err) == 0) {
        FUZZ_CHECK(is_within(l.text, line, size));
        FUZZ_CHECK(is_within(l.code, line, size));
        FUZZ_CHECK(is_within(l.user, line, size));
        if (l.command == DOVECOT_CONT)
            FUZZ_CHECK(dovecot_line_is_base64(l.text));
        if (l.user != NULL)
            check_again(l.user);
    }
    free(line);
    return 0;
}
