/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_IMPORT_H
#define CLIENTS_CTL_IMPORT_H

#include <stdbool.h>

#include "clients/ctl/batch.h"
#include "clients/ctl/csv.h"
#include "clients/ctl/lines.h"

/* account import: what its files share.  ctl_import.c has the command, and reads
 * CSV; import_passwd.c reads passwd-files and shadow files. */

enum import_from {
    IMPORT_CSV,
    IMPORT_PASSWD,
    IMPORT_SHADOW
};

struct import {
    struct batch batch; /* first: what its functions are given */
    const char *domain;
    enum import_from from;
    unsigned long line; /* of what is being sent */
    bool alone;         /* the record has its name only */
    struct csv csv;
    struct lines lines;
    bool begun;
    unsigned n_columns;
    int columns[CSV_FIELDS_MAX];
    char *keys[CSV_FIELDS_MAX]; /* of settings; owned */
    unsigned long long existing;
    unsigned long long bare; /* without a password in a passwd-file */
    int refused; /* CTL_OK, or the code of a column that is no setting */
};

/* Appends KEY=VALUE; unless the value is empty. */
void import_append(struct buf *b, const char *key, const char *value);

/* Whether what stands where a record names an account is taken for a name. */
bool import_takes(const struct import *m, const char *name);

/* Sends the command, or tells why not; wipes and clears it. */
void import_send(struct import *m, const char *name, struct buf *command);

#endif
