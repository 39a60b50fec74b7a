/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_PROTO_XML_PARSE_H
#define XIMSS_PROTO_XML_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/errbuf.h"

/* The wrapper of expat: one document in, one tree out. */

struct xml_attr {
    const char *name, *value;
};

struct xml_elem {
    const char *name;
    const struct xml_attr *attrs; /* n_attrs of them, in document order */
    unsigned n_attrs;
    const char *text; /* all character data directly inside, joined; never
                         NULL; terminated */
    size_t text_len;
    struct xml_elem *first, *next, *parent; /* child, sibling, parent */
};

struct xml_limits {    /* 0: the default */
    size_t bytes;      /* of the document; default 1 MiB */
    unsigned depth;    /* of nesting, root = 1; default 16 */
    unsigned elems;    /* in the document; default 16384 */
    unsigned attrs;    /* of one element; default 64 */
    size_t attr_bytes; /* of one attribute's value; default 64 KiB */
    size_t text_bytes; /* of one element's text; default = bytes */
};

enum xml_result {
    XML_PARSED = 0,
    XML_MALFORMED, /* not well-formed, invalid UTF-8, control characters */
    XML_TOO_BIG,   /* beyond a limit */
    XML_FORBIDDEN  /* DOCTYPE, entity declaration */
};

struct xml_parser;

/* A parser with these limits (NULL or 0: the defaults), which are copied.  The
 * caller owns it. */
struct xml_parser *xml_parser_new(const struct xml_limits *limits);
/* Frees the parser, and sets *p to NULL.  NULL is allowed. */
void xml_parser_free(struct xml_parser **p);
/* Replaces the limits, from the next document on. */
void xml_parser_set_limits(struct xml_parser *p, const struct xml_limits *l);

/* Parses one whole document (prolog, white space and comments round the root
 * are tolerated).  Everything that comes back lives in the arena.  On failure
 * err says what and where (line and column); *root_r is then NULL, and
 * *id_r the value of the root's attribute `id` if its start tag was read, else
 * "" (it is set on success too).  A parser may be used again after any
 * result. */
enum xml_result xml_parse(struct xml_parser *p, const char *data, size_t len,
                          struct arena *arena, struct xml_elem **root_r,
                          const char **id_r, struct errbuf *err) WARN_UNUSED;

/* One document in pieces, of which only the text of the root counts, however
 * long it is: that is handed over as it comes.  A parser does this or
 * xml_parse, one document after the other. */
typedef void xml_text_fn(void *arg, const char *s, size_t len);
/* Begins such a document; fn gets its text, piece by piece. */
void xml_text_begin(struct xml_parser *p, xml_text_fn *fn, void *arg);
/* The next piece; last: the document ends with it.  -1: it is not well-formed,
 * or has elements or more than text in it; nothing of it may be given any
 * more. */
int xml_text_feed(struct xml_parser *p, const char *data, size_t len, bool last,
                  struct errbuf *err) WARN_UNUSED;

/* Value of an attribute, NULL if absent.  The name is matched exactly. */
const char *xml_attr(const struct xml_elem *e, const char *name);
/* The same, or def. */
const char *xml_attr_or(const struct xml_elem *e, const char *name,
                        const char *def);

#endif
