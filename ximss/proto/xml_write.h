/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_PROTO_XML_WRITE_H
#define XIMSS_PROTO_XML_WRITE_H

#include <stddef.h>

#include "util/buf.h"

/* Writes XML in the style that clients of the family compare with
 * (doc/protocol.md 2): double quotes, no blank before "/>", no prolog, no white
 * space between elements.  Bytes that are not UTF-8, and characters that XML
 * cannot carry, come out as U+FFFD: the result is always well-formed. */

/* Escapes into character data: & < > ' as &amp; &lt; &gt; &#39;, a CR as
 * &#13;. */
void xml_write_text(struct buf *b, const char *s, size_t len);

/* ` name="value"` with the value escaped (also " as &quot;, TAB LF CR as
 * character references).  value NULL: writes nothing. */
void xml_write_attr(struct buf *b, const char *name, const char *value);
/* The same for a number. */
void xml_write_attr_u64(struct buf *b, const char *name,
                        unsigned long long value);

#endif
