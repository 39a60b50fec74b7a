/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_CONFIG_WORDS_H
#define UTIL_CONFIG_WORDS_H

#include "util/config_table.h"

/* The words that the tables of the programs (struct config_row) are written in;
 * for these files alone. */

#define KIB    1024ULL
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define MS     1000ULL
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define TEXT(min, max)              \
    {                               \
        CONFIG_TEXT, min, max, NULL \
    }
#define PATH(min)                    \
    {                                \
        CONFIG_PATH, min, 4000, NULL \
    }
#define NUMBER(a, b)              \
    {                             \
        CONFIG_NUMBER, a, b, NULL \
    }
#define BYTES(a, b)              \
    {                            \
        CONFIG_BYTES, a, b, NULL \
    }
#define TIME(a, b)              \
    {                           \
        CONFIG_TIME, a, b, NULL \
    }
#define CHOICE(words)              \
    {                              \
        CONFIG_CHOICE, 0, 0, words \
    }
#define BOOL                    \
    {                           \
        CONFIG_BOOL, 0, 0, NULL \
    }
#define LIST(type)         \
    {                      \
        type, 1, 256, NULL \
    }
#define RELOAD  true
#define RESTART false

#endif
