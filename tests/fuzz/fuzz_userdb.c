/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever a user database says, a line that is taken has what its word
 * promises; and a name that may be asked about comes back as it was. */
#include "config.h"

#include <string.h>

#include "passdb/userdb_line.h"
#include "tests/fuzz/fuzz.h"
#include "util/buf.h"

static void
check_line(const struct userdb_line *l)
{
    bool named = l->word == USERDB_FOUND || l->word == USERDB_NAME;

    FUZZ_CHECK(named == (l->name != NULL));
    if (named)
        FUZZ_CHECK(l->name[0] != '\0' && strlen(l->name) <= USERDB_NAME_MOST);
    FUZZ_CHECK(l->why == NULL || l->word == USERDB_FAIL);
    FUZZ_CHECK(!l->failed || l->word == USERDB_DONE);
}

static void
check_lines(const char *data, size_t size)
{
    while (size > 0) {
        const char *end = memchr(data, '\n', size);
        size_t n = end != NULL ? (size_t)(end - data) : size;
        struct buf copy = {0};
        struct userdb_line line;
        struct errbuf err = {""};

        buf_append(&copy, data, n);
        buf_cstr(&copy);
        if (userdb_line_parse(copy.data, n, &line, &err) == 0)
            check_line(&line);
        else
            FUZZ_CHECK(err.text[0] != '\0');
        buf_clear(&copy);
        n += end != NULL;
        data += n;
        size -= n;
    }
}

/* The answer to a question is a line of the same shape. */
static void
check_question(const char *data, size_t size)
{
    struct buf name = {0}, question = {0};
    struct userdb_line line;
    struct errbuf err = {""};

    buf_append(&name, data, size);
    if (userdb_may_ask(buf_cstr(&name))) {
        userdb_ask_encode(&question, 7, name.data);
        buf_cstr(&question);
        FUZZ_CHECK(userdb_line_parse(question.data, question.len - 1, &line,
                                     &err) == 0);
        FUZZ_CHECK(line.word == USERDB_FOUND && line.id == 7);
        FUZZ_CHECK(strcmp(line.name, name.data) == 0);
    }
    buf_clear(&name);
    buf_clear(&question);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_lines((const char *)data, size);
    check_question((const char *)data, size);
    return 0;
}
