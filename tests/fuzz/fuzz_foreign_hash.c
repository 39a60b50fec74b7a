/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash of another program, as an administrator gives it.  What is taken can be
 * checked, costs no more than the limits, and is read again from its kept form;
 * and a dummy of it lets nobody in. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/foreign_hash.h"

static const struct hash_limits limits = {.bcrypt_cost = 4,
                                          .crypt_rounds = 1000,
                                          .pbkdf2_rounds = 1000,
                                          .argon2_passes = 1,
                                          .hash_memory = 1 << 20};

static void
check_kept(const struct credential *c)
{
    char dummy[CRED_HASH_BYTES];
    struct credential again;
    struct errbuf err;
    const char *clear;

    FUZZ_CHECK(c->iterations == 0 && c->hash[0] == '{');
    FUZZ_CHECK(foreign_hash_read(c->hash, &limits, &again, &clear, &err) ==
               FOREIGN_HASH);
    FUZZ_CHECK(strcmp(again.hash, c->hash) == 0);
    foreign_hash_dummy(c->hash, dummy);
    FUZZ_CHECK(!foreign_hash_matches(dummy, "Geheim7wort", &limits));
    foreign_hash_matches(c->hash, "Geheim7wort", &limits);
    foreign_hash_is_whole(c->hash, "Geheim7wort");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size);
    const char *clear = NULL;
    struct credential c;
    struct errbuf err;

    switch (foreign_hash_read(text, &limits, &c, &clear, &err)) {
    case FOREIGN_BAD:
        FUZZ_CHECK(!credential_is_set(&c) && err.text[0] != '\0');
        break;
    case FOREIGN_CLEAR:
        FUZZ_CHECK(clear == foreign_hash_clear(text));
        break;
    case FOREIGN_VERIFIER:
        FUZZ_CHECK(c.iterations > 0 && c.iterations <= limits.pbkdf2_rounds);
        break;
    case FOREIGN_HASH:
        check_kept(&c);
        break;
    }
    free(text);
    return 0;
}
