/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl_line.h"
#include "clients/ctl/import.h"
#include "clients/ctl/import_passwd.h"
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
    COLUMN_HASH,
    COLUMN_REAL_NAME,
    COLUMN_SETTING
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

/* With a scheme, passwords are those of before, and the rules for new ones are
 * not for them. */
static void
append_password(struct buf *b, const char *password)
{
    struct buf hash = {0};

    if (password[0] == '\0')
        return;
    buf_reserve(&hash, strlen(password) + 16);
    buf_append_str(&hash, "{PLAIN}");
    buf_append_str(&hash, password);
    import_append(b, "PasswordHash", buf_cstr(&hash));
    explicit_bzero(hash.data, hash.cap);
    buf_clear(&hash);
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
        switch ((enum column)m->columns[i]) {
        case COLUMN_NAME:
            break;
        case COLUMN_PASSWORD:
            append_password(b, m->csv.fields[i]);
            break;
        case COLUMN_HASH:
            import_append(b, "PasswordHash", m->csv.fields[i]);
            break;
        case COLUMN_REAL_NAME:
            import_append(b, "RealName", m->csv.fields[i]);
            break;
        case COLUMN_SETTING:
            import_append(b, m->keys[i], m->csv.fields[i]);
        }
    buf_append_str(b,
                   ctl_option(m->batch.c, "force") != NULL ? "} FORCE" : "}");
}

/* Whether the record has something in such a column. */
static bool
has(const struct import *m, enum column column)
{
    for (unsigned i = 0; i < m->csv.n && i < m->n_columns; i++)
        if (m->columns[i] == (int)column && m->csv.fields[i][0] != '\0')
            return true;
    return false;
}

static void
send_record(struct import *m)
{
    struct buf command = {0};
    char *name;

    m->line = m->csv.first_line;
    m->alone = m->csv.n == 1;
    if (has(m, COLUMN_PASSWORD) && has(m, COLUMN_HASH)) {
        batch_refuse(&m->batch, m->line, "",
                     "there are both a password and a hash");
        return;
    }
    /* Room for every byte escaped: no copies of passwords left behind. */
    buf_reserve(&command, m->csv.text.len * 4 + 4096);
    make_command(m, &command, &name);
    import_send(m, name, &command);
    free(name);
}

static bool
is_word(const char *field, const char *word)
{
    char *bare = blank_trimmed(field);
    bool is = text_equal_nocase(bare, word);

    free(bare);
    return is;
}

/* False: this column must be a setting. */
static bool
is_known_column(const char *key, int *column_r)
{
    static const struct {
        const char *word;
        enum column column;
    } known[] = {{"password", COLUMN_PASSWORD},
                 {"hash", COLUMN_HASH},
                 {"real name", COLUMN_REAL_NAME},
                 {"realname", COLUMN_REAL_NAME}};

    *column_r = COLUMN_SETTING;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (text_equal_nocase(key, known[i].word))
            *column_r = known[i].column;
    return *column_r != COLUMN_SETTING;
}

/* The first record names the columns if it begins with name,password or
 * name,hash.  One that is no setting ends it all. */
static bool
take_header(struct import *m)
{
    const struct csv *v = &m->csv;
    struct ctl *c = m->batch.c;

    if (v->n < 2 || !is_word(v->fields[0], "name") ||
        !(is_word(v->fields[1], "password") || is_word(v->fields[1], "hash")))
        return false;
    m->n_columns = v->n;
    for (unsigned i = 1; i < v->n; i++) {
        char *key = blank_trimmed(v->fields[i]);

        m->keys[i] = key;
        if (!is_known_column(key, &m->columns[i]) && m->refused == CTL_OK)
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
append_summary(const struct import *m, struct buf *b)
{
    const struct progress *p = &m->batch.p;
    unsigned long long created = p->done - m->existing;

    buf_appendf(b, "%llu created, %llu existed already, %llu refused", created,
                m->existing, p->refused);
    if (m->from != IMPORT_CSV)
        buf_appendf(b, ", %llu without a password", m->bare);
}

static void
append_json(const struct import *m, struct buf *b)
{
    const struct progress *p = &m->batch.p;
    unsigned long rest = batch_rest(&m->batch);

    buf_appendf(b, "{\"changed\":%s,",
                p->done > m->existing ? "true" : "false");
    buf_appendf(b, "\"created\":%llu,\"existing\":%llu,\"failed\":%llu,",
                p->done - m->existing, m->existing, p->refused);
    if (m->from != IMPORT_CSV)
        buf_appendf(b, "\"withoutPassword\":%llu,", m->bare);
    buf_append_str(b, "\"nextLine\":");
    if (rest != 0)
        buf_appendf(b, "%lu}", rest);
    else
        buf_append_str(b, "null}");
}

static int
run_import(struct import *m)
{
    int r = batch_run(&m->batch);
    struct buf b = {0};

    if (r != CTL_OK)
        return r;
    if (m->refused != CTL_OK)
        return m->refused;
    (m->batch.c->json ? append_json : append_summary)(m, &b);
    ctl_print_line(&b);
    return batch_end(&m->batch);
}

/* The file, and what it is.  NULL: not one of them was given. */
static const char *
which_file(const struct ctl *c, int argc, char **argv, enum import_from *from_r)
{
    const char *passwd = ctl_option(c, "passwd-file"),
               *shadow = ctl_option(c, "shadow");

    if (argc + (passwd != NULL) + (shadow != NULL) != 1)
        return NULL;
    *from_r = argc == 1        ? IMPORT_CSV
              : passwd != NULL ? IMPORT_PASSWD
                               : IMPORT_SHADOW;
    return argc == 1 ? argv[0] : passwd != NULL ? passwd : shadow;
}

int
ctl_import_run(struct ctl *c, int argc, char **argv)
{
    struct import m = {
        .batch = {.next = read_record, .answer = on_answer},
        .domain = ctl_option(c, "domain"),
        .n_columns = 3,
        .columns = {COLUMN_NAME, COLUMN_PASSWORD, COLUMN_REAL_NAME}};
    const char *path = which_file(c, argc, argv, &m.from);
    int r;

    if (path == NULL)
        return ctl_usage(c);
    if (m.from != IMPORT_CSV)
        m.batch.next = import_passwd_next;
    r = batch_open(&m.batch, c, path);
    if (r == CTL_OK) {
        csv_init(&m.csv, &m.batch.in);
        lines_init(&m.lines, &m.batch.in);
        r = run_import(&m);
        csv_clear(&m.csv);
        lines_clear(&m.lines);
    }
    batch_close(&m.batch);
    for (unsigned i = 0; i < CSV_FIELDS_MAX; i++)
        free(m.keys[i]);
    return r;
}
