/* SPDX-License-Identifier: BSD-2-Clause */
/* What is read as a message, written again, is the same packet.  Whatever its
 * type, its strings end in the text that was given for them. */
#include "config.h"

#include <string.h>

#include "passdb/pam_wire.h"
#include "tests/fuzz/fuzz.h"

static void
check_text(const char *s, const struct pam_wire_text *text)
{
    FUZZ_CHECK(s >= text->bytes && s < text->bytes + sizeof text->bytes);
    FUZZ_CHECK(memchr(s, '\0',
                      (size_t)(text->bytes + sizeof text->bytes - s)) != NULL);
}

static void
check_texts(const struct pam_wire_message *m, const struct pam_wire_text *text)
{
    switch (m->type) {
    case PAM_WIRE_HELLO:
        check_text(m->u.version, text);
        break;
    case PAM_WIRE_ASK:
        check_text(m->u.ask.user, text);
        check_text(m->u.ask.password, text);
        check_text(m->u.ask.address, text);
        break;
    case PAM_WIRE_ANSWER:
        check_text(m->u.answer.why, text);
        break;
    case PAM_WIRE_CANCEL:
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pam_wire_message m;
    struct pam_wire_text text;
    uint8_t again[PAM_WIRE_MOST];

    if (pam_wire_read(data, size, &m, &text) < 0)
        return 0;
    check_texts(&m, &text);
    FUZZ_CHECK(pam_wire_write(&m, again) == size);
    FUZZ_CHECK(memcmp(data, again, size) == 0);
    return 0;
}
