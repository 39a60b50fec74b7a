/* SPDX-License-Identifier: BSD-2-Clause */
/* The normal form of a normal form is the same, short enough, and one word without
 * anything that a line of the log, a path or a document could be broken with. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/name.h"
#include "util/text.h"
#include "util/xmalloc.h"

static void
check_form(const char *form)
{
    char again[NAME_ADDRESS_SIZE];
    size_t bad;

    FUZZ_CHECK(name_address(form, again, NULL) == 0);
    FUZZ_CHECK(strcmp(form, again) == 0);
    FUZZ_CHECK(strlen(form) < NAME_ADDRESS_SIZE);
    FUZZ_CHECK(text_is_utf8(form, strlen(form), &bad));
    FUZZ_CHECK(!text_has_controls(form));
    FUZZ_CHECK(strpbrk(form, " \"\\<>(),:;[]") == NULL);
    FUZZ_CHECK(strstr(form, "..") == NULL && form[0] != '.');
}

static void
check_shown(const char *form)
{
    char again[NAME_ADDRESS_SIZE], *text = name_shown(form);

    FUZZ_CHECK(name_address(text, again, NULL) == 0);
    FUZZ_CHECK(strcmp(form, again) == 0);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size), *key = name_key(text);
    char form[NAME_ADDRESS_SIZE], fresh[NAME_LOCAL_SIZE];
    struct errbuf err = {""};

    if (name_address(text, form, &err) == 0) {
        FUZZ_CHECK(strcmp(key, form) == 0);
        check_form(form);
        if (strchr(form, '@') != NULL)
            check_shown(form);
    } else {
        FUZZ_CHECK(err.text[0] != '\0');
    }
    if (name_new_local(text, fresh, NULL) == 0)
        FUZZ_CHECK(name_is_same(text, fresh));
    free(key);
    free(text);
    return 0;
}
