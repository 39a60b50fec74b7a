/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/log_level.h"

#include <stddef.h>

#include "util/text.h"

int
log_level_parse(const char *name, enum log_level *level_r)
{
    static const enum log_level levels[] = {LOG_DEBUG_, LOG_INFO_, LOG_WARN_,
                                            LOG_ERROR_};

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (text_equal_nocase(name, log_name_of(levels[i]))) {
            *level_r = levels[i];
            return 0;
        }
    if (!text_equal_nocase(name, "warning"))
        return -1;
    *level_r = LOG_WARN_;
    return 0;
}

enum log_level
log_level_of_number(unsigned number)
{
    if (number <= 2)
        return LOG_ERROR_;
    if (number == 4)
        return LOG_WARN_;
    return number == 3 ? LOG_INFO_ : LOG_DEBUG_;
}

unsigned
log_level_number(enum log_level level)
{
    static const unsigned numbers[] = {
        [LOG_DEBUG_] = 5, [LOG_INFO_] = 3, [LOG_WARN_] = 4, [LOG_ERROR_] = 2};

    return numbers[level];
}
