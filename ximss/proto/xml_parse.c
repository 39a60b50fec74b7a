/* SPDX-License-Identifier: BSD-2-Clause */
/* The only user of expat.  One frame is one document.  It is given to expat in
 * one piece with the final flag set, so expat never waits for more (as its
 * reparse deferral would).  The exception is one long text, which is passed in
 * pieces.  Handlers may run once more after the parser was stopped, so each
 * begins with `if (p->failed) return`.  A parser is reset for each document,
 * not created again.  The hash salt is drawn once, because expat would ask the
 * kernel for a new one each time. */
#include "config.h"

#include "ximss/proto/xml_parse.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <expat.h>

#include "util/buf.h"
#include "util/log.h"
#include "util/xmalloc.h"

/* What a parser may keep between documents, so that one big document does not
 * hold memory for ever. */
#define KEPT_BYTES ((size_t)64 * 1024)

/* An element whose end tag has not come yet. */
struct level {
    struct xml_elem *elem;
    struct xml_elem *last; /* its last child so far */
    struct buf text;       /* its text so far; kept over documents */
};

struct xml_parser {
    XML_Parser expat; /* owned */
    unsigned long salt;
    struct xml_limits limits;
    bool used; /* must be reset before the next document */

    struct level *levels; /* owned; n_levels made, depth in use */
    unsigned n_levels, depth, n_elems;

    /* of the document that is being parsed */
    bool failed;
    enum xml_result result; /* meaningful if failed */
    struct arena *arena;    /* borrowed */
    struct xml_elem *root;
    struct errbuf *err; /* borrowed */

    /* of a document in pieces */
    xml_text_fn *text_fn;
    void *text_arg;
};

static void fail(struct xml_parser *p, enum xml_result result, const char *fmt,
                 ...) PRINTF_LIKE(3, 4);

/* Stops the parser; the error text gets the place behind it. */
static void
fail(struct xml_parser *p, enum xml_result result, const char *fmt, ...)
{
    char what[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    err_set(p->err, "%s at line %lu, column %lu", what,
            (unsigned long)XML_GetCurrentLineNumber(p->expat),
            (unsigned long)XML_GetCurrentColumnNumber(p->expat) + 1);
    p->failed = true;
    p->result = result;
    XML_StopParser(p->expat, XML_FALSE);
}

/* Refuses, before memory is taken for it, what is beyond a limit. */
static bool
check_start(struct xml_parser *p, const char **atts, unsigned *n_r)
{
    unsigned n = 0;

    for (; atts[2 * n] != NULL; n++) {
        if (n == p->limits.attrs) {
            fail(p, XML_TOO_BIG, "more than %u attributes", p->limits.attrs);
            return false;
        }
        if (strlen(atts[2 * n + 1]) > p->limits.attr_bytes) {
            fail(p, XML_TOO_BIG, "attribute of more than %zu bytes",
                 p->limits.attr_bytes);
            return false;
        }
    }
    if (p->depth >= p->limits.depth) {
        fail(p, XML_TOO_BIG, "nested deeper than %u", p->limits.depth);
        return false;
    }
    if (p->n_elems >= p->limits.elems) {
        fail(p, XML_TOO_BIG, "more than %u elements", p->limits.elems);
        return false;
    }
    *n_r = n;
    return true;
}

static const char *
copy(struct xml_parser *p, const char *s)
{
    return arena_strndup(p->arena, s, strlen(s));
}

static struct xml_elem *
make_elem(struct xml_parser *p, const char *name, const char **atts, unsigned n)
{
    struct xml_elem *e = arena_alloc(p->arena, sizeof *e);
    struct xml_attr *attrs = NULL;

    if (n > 0)
        attrs = arena_alloc(p->arena, n * sizeof *attrs);
    for (unsigned i = 0; i < n; i++) {
        attrs[i].name = copy(p, atts[2 * i]);
        attrs[i].value = copy(p, atts[2 * i + 1]);
    }
    *e = (struct xml_elem){
        .name = copy(p, name), .attrs = attrs, .n_attrs = n, .text = ""};
    return e;
}

static void
push(struct xml_parser *p, struct xml_elem *e)
{
    struct level *l;

    if (p->depth > 0) {
        l = &p->levels[p->depth - 1];
        e->parent = l->elem;
        if (l->last != NULL)
            l->last->next = e;
        else
            l->elem->first = e;
        l->last = e;
    } else {
        p->root = e;
    }
    if (p->depth == p->n_levels) {
        unsigned n = p->n_levels > 0 ? p->n_levels * 2 : 8;

        p->levels = xrealloc(p->levels, n * sizeof *p->levels);
        memset(p->levels + p->n_levels, 0,
               (n - p->n_levels) * sizeof *p->levels);
        p->n_levels = n;
    }
    l = &p->levels[p->depth++];
    l->elem = e;
    l->last = NULL;
    l->text.len = 0;
}

static void XMLCALL
on_start(void *arg, const char *name, const char **atts)
{
    struct xml_parser *p = arg;
    unsigned n;

    if (p->failed)
        return;
    if (!check_start(p, atts, &n))
        return;
    p->n_elems++;
    push(p, make_elem(p, name, atts, n));
}

static void XMLCALL
on_end(void *arg, const char *name)
{
    struct xml_parser *p = arg;
    struct level *l;

    (void)name;
    if (p->failed)
        return;
    l = &p->levels[--p->depth];
    if (l->text.len > 0) {
        l->elem->text = arena_strndup(p->arena, l->text.data, l->text.len);
        l->elem->text_len = l->text.len;
    }
}

static void XMLCALL
on_text(void *arg, const char *s, int len)
{
    struct xml_parser *p = arg;
    struct buf *text;

    if (p->failed)
        return;
    text = &p->levels[p->depth - 1].text;
    if ((size_t)len > p->limits.text_bytes - text->len) {
        fail(p, XML_TOO_BIG, "text of more than %zu bytes",
             p->limits.text_bytes);
        return;
    }
    buf_append(text, s, (size_t)len);
}

static void XMLCALL
on_doctype(void *arg, const char *name, const char *sysid, const char *pubid,
           int has_subset)
{
    struct xml_parser *p = arg;

    (void)name;
    (void)sysid;
    (void)pubid;
    (void)has_subset;
    if (p->failed)
        return;
    fail(p, XML_FORBIDDEN, "document type declaration");
}

/* Never comes before on_doctype; here so that nothing hangs on that. */
static void XMLCALL
on_entity(void *arg, const char *name, int is_parameter, const char *value,
          int value_len, const char *base, const char *sysid, const char *pubid,
          const char *notation)
{
    struct xml_parser *p = arg;

    (void)name;
    (void)is_parameter;
    (void)value;
    (void)value_len;
    (void)base;
    (void)sysid;
    (void)pubid;
    (void)notation;
    if (p->failed)
        return;
    fail(p, XML_FORBIDDEN, "entity declaration");
}

/* A reset takes the handlers away with all else. */
static void
prepare(struct xml_parser *p)
{
    static const XML_Memory_Handling_Suite memory = {xmalloc, xrealloc, free};

    if (p->expat == NULL)
        p->expat = XML_ParserCreate_MM("UTF-8", &memory, NULL);
    else if (p->used && !XML_ParserReset(p->expat, "UTF-8"))
        log_fatal("expat refuses to be reset");
    XML_SetHashSalt(p->expat, p->salt);
    XML_SetUserData(p->expat, p);
    XML_SetElementHandler(p->expat, on_start, on_end);
    XML_SetCharacterDataHandler(p->expat, on_text);
    XML_SetStartDoctypeDeclHandler(p->expat, on_doctype);
    XML_SetEntityDeclHandler(p->expat, on_entity);
    p->used = true;
}

/* Expat keeps a copy of the document, and each level the room for its text. */
static void
shrink(struct xml_parser *p, size_t len)
{
    if (len <= KEPT_BYTES)
        return;
    XML_ParserFree(p->expat);
    p->expat = NULL;
    for (unsigned i = 0; i < p->n_levels; i++)
        if (p->levels[i].text.cap > KEPT_BYTES)
            buf_clear(&p->levels[i].text);
}

struct xml_parser *
xml_parser_new(const struct xml_limits *limits)
{
    struct xml_parser *p = xcalloc(1, sizeof *p);

    /* 0 if the kernel gives none: expat then finds one by itself. */
    if (getrandom(&p->salt, sizeof p->salt, 0) != sizeof p->salt)
        p->salt = 0;
    xml_parser_set_limits(p, limits);
    return p;
}

void
xml_parser_free(struct xml_parser **pp)
{
    struct xml_parser *p = *pp;

    if (p == NULL)
        return;
    if (p->expat != NULL)
        XML_ParserFree(p->expat);
    for (unsigned i = 0; i < p->n_levels; i++)
        buf_clear(&p->levels[i].text);
    free(p->levels);
    free(p);
    *pp = NULL;
}

void
xml_parser_set_limits(struct xml_parser *p, const struct xml_limits *limits)
{
    struct xml_limits *l = &p->limits;

    *l = limits != NULL ? *limits : (struct xml_limits){0};
    l->bytes = l->bytes > 0 ? l->bytes : (size_t)1024 * 1024;
    if (l->bytes > INT_MAX / 2) /* what expat can take */
        l->bytes = INT_MAX / 2;
    l->depth = l->depth > 0 ? l->depth : 16;
    l->elems = l->elems > 0 ? l->elems : 16384;
    l->attrs = l->attrs > 0 ? l->attrs : 64;
    l->attr_bytes = l->attr_bytes > 0 ? l->attr_bytes : (size_t)64 * 1024;
    l->text_bytes = l->text_bytes > 0 ? l->text_bytes : l->bytes;
}

/* Without a zero and without a byte order mark expat cannot take the document
 * for UTF-16. */
static enum xml_result
check_bytes(const struct xml_parser *p, const char *data, size_t len,
            struct errbuf *err)
{
    if (len > p->limits.bytes) {
        err_set(err, "document of more than %zu bytes", p->limits.bytes);
        return XML_TOO_BIG;
    }
    if (len > 0 && (unsigned char)data[0] >= 0xfe) {
        err_set(err, "not UTF-8 at line 1, column 1");
        return XML_MALFORMED;
    }
    if (len > 0 && memchr(data, '\0', len) != NULL) {
        err_set(err, "a byte 0 in the document");
        return XML_MALFORMED;
    }
    return XML_PARSED;
}

enum xml_result
xml_parse(struct xml_parser *p, const char *data, size_t len,
          struct arena *arena, struct xml_elem **root_r, const char **id_r,
          struct errbuf *err)
{
    enum xml_result result = check_bytes(p, data, len, err);
    const char *id;

    *root_r = NULL;
    *id_r = "";
    if (result != XML_PARSED)
        return result;
    p->depth = p->n_elems = 0;
    p->failed = false;
    p->root = NULL;
    p->arena = arena;
    p->err = err;
    prepare(p);
    if (XML_Parse(p->expat, data, (int)len, XML_TRUE) != XML_STATUS_OK &&
        !p->failed)
        fail(p, XML_MALFORMED, "%s",
             XML_ErrorString(XML_GetErrorCode(p->expat)));
    if (p->root != NULL && (id = xml_attr(p->root, "id")) != NULL)
        *id_r = id;
    shrink(p, len);
    if (p->failed)
        return p->result;
    *root_r = p->root;
    return XML_PARSED;
}

/* --- one long text --- */

static void XMLCALL
on_text_start(void *arg, const char *name, const char **atts)
{
    struct xml_parser *p = arg;

    (void)name;
    (void)atts;
    if (!p->failed && p->depth++ > 0)
        fail(p, XML_MALFORMED, "an element in a text");
}

static void XMLCALL
on_text_piece(void *arg, const char *s, int len)
{
    struct xml_parser *p = arg;

    if (!p->failed)
        p->text_fn(p->text_arg, s, (size_t)len);
}

void
xml_text_begin(struct xml_parser *p, xml_text_fn *fn, void *arg)
{
    p->depth = 0;
    p->failed = false;
    prepare(p);
    XML_SetElementHandler(p->expat, on_text_start, NULL);
    XML_SetCharacterDataHandler(p->expat, on_text_piece);
    p->text_fn = fn;
    p->text_arg = arg;
}

int
xml_text_feed(struct xml_parser *p, const char *data, size_t len, bool last,
              struct errbuf *err)
{
    p->err = err;
    if (!p->failed &&
        XML_Parse(p->expat, data, (int)len, last) == XML_STATUS_OK)
        return 0;
    if (!p->failed)
        fail(p, XML_MALFORMED, "%s",
             XML_ErrorString(XML_GetErrorCode(p->expat)));
    return -1;
}

const char *
xml_attr(const struct xml_elem *e, const char *name)
{
    for (unsigned i = 0; i < e->n_attrs; i++)
        if (strcmp(e->attrs[i].name, name) == 0)
            return e->attrs[i].value;
    return NULL;
}

const char *
xml_attr_or(const struct xml_elem *e, const char *name, const char *def)
{
    const char *value = xml_attr(e, name);

    return value != NULL ? value : def;
}
