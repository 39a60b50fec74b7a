/* SPDX-License-Identifier: BSD-2-Clause */
/* The usual text of an error number, if there is no better one. */
#include "config.h"

#include "ximss/proto/answer.h"

#include <stddef.h>

static const struct {
    int number;
    const char *text;
} answers[] = {
#define ROW(name, number, text, source) {(number), (text)},
    ANSWER_TABLE(ROW)
#undef ROW
};

const char *
answer_text(int number)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].number == number)
            return answers[i].text;
    }
    return "failed";
}
