/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/batch.h"
#include "clients/ctl/csv.h"
#include "clients/ctl/ctl_line.h"
#include "util/blank.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"

/* account import: a CREATEACCOUNT for each record of a file.
 *
 * What is said of a record goes into the mails of cron, and in a file with other
 * separators a whole record stands where the name should be.  So nothing is
 * shown, nor sent, that cannot be a name. */

enum column {
    COLUMN_NAME,
    COLUMN_PASSWORD,
    COLUMN_REAL_NAME,
    COLUMN_SETTING
};

struct import {
    struct batch batch; /* first: what its functions are given */
    const char *domain;
    struct csv csv;
    bool begun;
    unsigned n_columns;
    enum column columns[CSV_FIELDS_MAX];
    char *keys[CSV_FIELDS_MAX]; /* of settings; owned */
    unsigned long long existing;
    int refused; /* CTL_OK, or the code of a column that is no setting */
};

/* --- one account --- */

static void
on_answer(struct batch *b, const struct batch_item *item,
          const struct ximss_result *result, const char *data, size_t len)
{
    struct import *m = (struct import *)b;

    (void)data;
    (void)len;
    if (result->status == XIMSS_OK) {
        b->p.done++;
    } else if (result->error_num == ANSWER_ACCOUNT_EXISTS) {
        b->p.done++;
        m->existing++;
    } else {
        batch_refuse_result(b, item, result);
    }
}

static void
append_field(struct buf *b, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    cli_data_write_string(b, key, strlen(key));
    buf_append_char(b, '=');
    cli_data_write_string(b, value, strlen(value));
    buf_append_char(b, ';');
}

/* The command for the current record; the account's name in name_r (owned). */
static void
make_command(struct import *m, struct buf *b, char **name_r)
{
    const char *name = "";

    for (unsigned i = 0; i < m->csv.n && i < m->n_columns; i++)
        if (m->columns[i] == COLUMN_NAME)
            name = m->csv.fields[i];
    *name_r = ctl_line_name(name, m->domain);
    buf_append_str(b, "CREATEACCOUNT");
    ctl_line_arg(b, *name_r);
    buf_append_str(b, " {");
    for (unsigned i = 0; i < m->csv.n && i < m->n_columns; i++)
        switch (m->columns[i]) {
        case COLUMN_NAME:
            break;
        case COLUMN_PASSWORD:
            append_field(b, "Password", m->csv.fields[i]);
            break;
        case COLUMN_REAL_NAME:
            append_field(b, "RealName", m->csv.fields[i]);
            break;
        case COLUMN_SETTING:
            append_field(b, m->keys[i], m->csv.fields[i]);
        }
    buf_append_str(b,
                   ctl_option(m->batch.c, "force") != NULL ? "} FORCE" : "}");
}

/* -1: *why_r says why it cannot be sent. */
static int
send_command(struct import *m, const char *name, struct buf *command,
             const char **why_r)
{
    int r;

    *why_r = "there is no name";
    if (name[0] == '\0' || name[0] == '@')
        return -1;
    *why_r = "this cannot be an account name; are the fields separated by "
             "commas?";
    if (!text_is_address(name))
        return -1;
    r = batch_send(&m->batch, m->csv.first_line, name, command);
    if (r < 0)
        *why_r = ximss_error(m->batch.c->x);
    return r;
}

static void
send_record(struct import *m)
{
    struct buf command = {0};
    const char *why;
    char *name;

    /* Room for every byte escaped: no copies of passwords left behind. */
    buf_reserve(&command, m->csv.text.len * 4 + 4096);
    make_command(m, &command, &name);
    if (send_command(m, name, &command, &why) < 0)
        batch_refuse(&m->batch, m->csv.first_line,
                     text_is_address(name) ? name : "", why);
    free(name);
    if (command.data != NULL)
        explicit_bzero(command.data, command.cap);
    buf_clear(&command);
}

static bool
is_word(const char *field, const char *word)
{
    char *bare = blank_trimmed(field);
    bool is = text_equal_nocase(bare, word);

    free(bare);
    return is;
}

/* The first record names the columns if it begins with name,password.  One that
 * is no setting ends it all. */
static bool
take_header(struct import *m)
{
    const struct csv *v = &m->csv;
    struct ctl *c = m->batch.c;

    if (v->n < 2 || !is_word(v->fields[0], "name") ||
        !is_word(v->fields[1], "password"))
        return false;
    m->n_columns = v->n;
    for (unsigned i = 2; i < v->n; i++) {
        char *key = blank_trimmed(v->fields[i]);
        bool real = text_equal_nocase(key, "real name") ||
                    text_equal_nocase(key, "realname");

        m->columns[i] = real ? COLUMN_REAL_NAME : COLUMN_SETTING;
        m->keys[i] = key;
        if (!real && m->refused == CTL_OK)
            m->refused = ctl_names_setting(c, key);
    }
    return true;
}

static void
take_record(struct import *m, bool first)
{
    if ((first && take_header(m)) || m->refused != CTL_OK ||
        m->csv.first_line < m->batch.from)
        return;
    if (m->csv.n <= m->n_columns)
        send_record(m);
    else
        batch_refuse(&m->batch, m->csv.first_line, "",
                     "there are too many fields");
}

static bool
read_record(struct batch *b)
{
    struct import *m = (struct import *)b;
    bool first = !m->begun;
    struct errbuf err;

    m->begun = true;
    switch (csv_next(&m->csv, &err)) {
    case 0:
        return false;
    case 1:
        take_record(m, first);
        return m->refused == CTL_OK;
    default:
        if (m->csv.first_line >= b->from)
            batch_refuse(b, m->csv.first_line, "", err.text);
        return true;
    }
}

/* --- the command --- */

static void
print_summary(struct import *m)
{
    const struct progress *p = &m->batch.p;
    unsigned long long created = p->done - m->existing;
    unsigned long rest = batch_rest(&m->batch);
    struct buf b = {0};

    if (m->batch.c->json) {
        buf_appendf(&b,
                    "{\"created\":%llu,\"existing\":%llu,\"failed\":%llu,"
                    "\"nextLine\":",
                    created, m->existing, p->refused);
        if (rest != 0)
            buf_appendf(&b, "%lu}", rest);
        else
            buf_append_str(&b, "null}");
    } else {
        buf_appendf(&b, "%llu created, %llu existed already, %llu refused",
                    created, m->existing, p->refused);
    }
    ctl_print_line(&b);
}

static int
run_import(struct import *m)
{
    int r = batch_run(&m->batch);

    if (r != CTL_OK)
        return r;
    if (m->refused != CTL_OK)
        return m->refused;
    print_summary(m);
    return batch_end(&m->batch);
}

int
ctl_import_run(struct ctl *c, int argc, char **argv)
{
    struct import m = {
        .batch = {.next = read_record, .answer = on_answer},
        .domain = ctl_option(c, "domain"),
        .n_columns = 3,
        .columns = {COLUMN_NAME, COLUMN_PASSWORD, COLUMN_REAL_NAME}};
    int r = batch_open(&m.batch, c, argv[0]);

    (void)argc;
    if (r == CTL_OK) {
        csv_init(&m.csv, &m.batch.in);
        r = run_import(&m);
        csv_clear(&m.csv);
    }
    batch_close(&m.batch);
    for (unsigned i = 0; i < CSV_FIELDS_MAX; i++)
        free(m.keys[i]);
    return r;
}
