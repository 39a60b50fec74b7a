/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_PROTO_CLI_DATA_H
#define XIMSS_PROTO_CLI_DATA_H

#include <stddef.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/errbuf.h"

/* The CLI's data format (doc/cli.md 5): strings, numbers, time stamps,
 * data blocks, addresses, arrays, dictionaries. */

enum cli_kind {
    CLI_STRING,    /* text */
    CLI_NUMBER,    /* #123: text holds the digits as they came, without # */
    CLI_TIME,      /* #T...: text holds what follows #T */
    CLI_DATA,      /* [base64]: text holds the decoded bytes */
    CLI_ADDRESS,   /* #I[...]:port: text holds what follows #I */
    CLI_NULL,      /* #NULL# */
    CLI_ARRAY,     /* items: n values */
    CLI_DICTIONARY /* items: n keys and values, each key's `key` set */
};

struct cli_value {
    enum cli_kind kind;
    const char *text; /* terminated; may hold zeros only if CLI_DATA */
    size_t text_len;
    const char *key; /* name in its dictionary, else NULL */
    struct cli_value *first, *last, *next;
    unsigned n;
};

struct cli_limits { /* 0: the default */
    size_t bytes;   /* default 1 MiB */
    unsigned depth; /* of arrays and dictionaries; default 32 */
    size_t values;  /* all that are in the object, with itself; default: any */
};

/* Reads one object from data[*pos]; leading blanks, line breaks and comments
 * are skipped.  On success *pos is behind it.  On failure err says what and at
 * which byte (counted from 1), and *pos is where.  Values live in the arena.
 * Texts are UTF-8; the escapes are \" \\ \r \n \t \e (a line feed), \DDD (a
 * byte, decimal) and \u'HEX' (a character), and none may make a 0.  A key that
 * stands twice in a dictionary is an error, and so is a missing last ";".
 * Adjacent quoted strings are joined.  Bare words are made of letters, digits,
 * non-ASCII and - _ . @ ! # % : * (a value beginning with # is typed; a key is
 * not).  XML and #(class ...) objects are refused. */
int cli_data_read(const char *data, size_t len, size_t *pos,
                  const struct cli_limits *limits, struct arena *arena,
                  struct cli_value **value_r, struct errbuf *err) WARN_UNUSED;

/* The whole text is one object (blanks round it allowed). */
int cli_data_parse(const char *text, size_t len,
                   const struct cli_limits *limits, struct arena *arena,
                   struct cli_value **value_r, struct errbuf *err) WARN_UNUSED;

/* Writes on one line, as clients of the family can read it: bare strings where
 * [A-Za-z0-9][A-Za-z0-9._@-]* matches, else quoted; ";" after each value;
 * "{}" and "()"; LF as \e, other control characters as \DDD. */
void cli_data_write(struct buf *b, const struct cli_value *v);
/* The same for one string. */
void cli_data_write_string(struct buf *b, const char *s, size_t len);

/* Makes values (in the arena; texts are copied).  An item stands in one array
 * or dictionary only. */
struct cli_value *cli_data_string(struct arena *a, const char *s, size_t len);
/* An empty array, in the arena. */
struct cli_value *cli_data_array(struct arena *a);
/* An empty dictionary, in the arena. */
struct cli_value *cli_data_dictionary(struct arena *a);
/* Adds an item at the end of an array. */
void cli_data_append(struct cli_value *array, struct cli_value *item);
/* Adds an item under a key (copied) that is known to be new: for building big
 * dictionaries, where cli_data_set would search each time. */
void cli_data_add(struct arena *a, struct cli_value *dict, const char *key,
                  struct cli_value *item);
/* Adds or replaces (in its place); key is copied; the item is taken.  NULL
 * item: removes. */
void cli_data_set(struct arena *a, struct cli_value *dict, const char *key,
                  struct cli_value *item);
/* NULL if there is none; keys are case-sensitive. */
struct cli_value *cli_data_find(const struct cli_value *dict, const char *key);

/* Makes a text fit for a status line: clients read that with the grammar of
 * data objects, so all but letters, digits, blanks and . - @ _ < > become
 * dots. */
void cli_plain_text(char *s);

#endif
