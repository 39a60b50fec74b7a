/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CSV_H
#define CLIENTS_CTL_CSV_H

#include "clients/ctl/input.h"
#include "util/buf.h"
#include "util/errbuf.h"

/* Comma-separated values as in RFC 4180, record by record: fields may be
 * quoted, "" is a quote in them, and they may hold commas and line ends. */

#define CSV_FIELDS_MAX 64
#define CSV_RECORD_MAX 65536

struct csv {
    struct input *in; /* borrowed */
    /* the last record */
    unsigned long first_line;
    unsigned n; /* fields */
    const char *fields[CSV_FIELDS_MAX];
    struct buf text;
};

void csv_init(struct csv *c, struct input *in);

/* Reads the next record that is not empty.  1: there is one; 0: the end; -1:
 * the record at first_line is broken, err says how, and the next call goes on
 * behind its line. */
int csv_next(struct csv *c, struct errbuf *err) WARN_UNUSED;

/* Wipes. */
void csv_clear(struct csv *c);

#endif
