/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/config_table.h"

#include <stdlib.h>
#include <string.h>

#include "util/config_file.h"
#include "util/log.h"
#include "util/xmalloc.h"

static void *
slot_of(const struct config_row *row, void *config)
{
    return (char *)config + row->offset;
}

static const void *
slot_of_const(const struct config_row *row, const void *config)
{
    return (const char *)config + row->offset;
}

const struct config_row *
config_table_find(const struct config_table *t, const char *key)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (strcmp(t->rows[i].key, key) == 0)
            return &t->rows[i];
    return NULL;
}

/* --- loading --- */

/* Where a value is from: a line of the file, or one of these. */
#define FROM_DEFAULT      0
#define FROM_COMMAND_LINE (-1)

struct config_load {
    const struct config_table *table;
    void *config; /* owned until it is returned */
    const char *file;
    int *from; /* of each row; owned */
    struct errbuf *err;
};

static int *
from_of(struct config_load *l, const struct config_row *row)
{
    return &l->from[row - l->table->rows];
}

/* `replace`: the first value of a list takes the place of what was there. */
static int
load_value(struct config_load *l, const struct config_row *row,
           const char *text, bool replace, int from)
{
    void *slot = slot_of(row, l->config);

    if (replace && config_type_is_list(row->spec.type))
        config_value_clear(&row->spec, slot);
    *from_of(l, row) = from;
    if (text == NULL || config_value_parse(&row->spec, text, slot, l->err) == 0)
        return 0;
    return err_prefix(l->err, "%s", row->key);
}

static void
load_defaults(struct config_load *l)
{
    for (size_t i = 0; i < l->table->n_rows; i++) {
        const struct config_row *row = &l->table->rows[i];
        bool none = config_type_is_list(row->spec.type) && *row->dflt == '\0';

        if (load_value(l, row, none ? NULL : row->dflt, true, FROM_DEFAULT) !=
            0)
            log_fatal("default of %s", l->err->text);
    }
}

static int
take_value(const struct config_file_value *v, void *arg, struct errbuf *err)
{
    struct config_load *l = arg;
    int before = *from_of(l, v->row);

    if (v->first && before != FROM_DEFAULT)
        return err_set(err, "%s: given twice, first in line %d", v->row->key,
                       before);
    return load_value(l, v->row, v->text, v->first, v->line);
}

static int
load_override(struct config_load *l, const struct config_override *o)
{
    const struct config_row *row = config_table_find(l->table, o->key);

    if (row == NULL)
        return err_set(l->err, "%s: there is no such key", o->key);
    return load_value(l, row, o->value, *from_of(l, row) != FROM_COMMAND_LINE,
                      FROM_COMMAND_LINE);
}

static int
load_overrides(struct config_load *l, const struct config_override *o, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (load_override(l, &o[i]) != 0)
            return err_prefix(l->err, "command line");
    return 0;
}

int
config_conflict(struct config_load *l, const char *key, const char *text)
{
    int from = *from_of(l, config_table_find(l->table, key));

    err_set(l->err, "%s: %s", key, text);
    if (from == FROM_COMMAND_LINE)
        return err_prefix(l->err, "command line");
    if (l->file == NULL)
        return -1;
    if (from == FROM_DEFAULT)
        return err_prefix(l->err, "%.120s", l->file);
    return err_prefix(l->err, "%.120s:%d", l->file, from);
}

int
config_table_check_tls(struct config_load *l, const char *certificate,
                       const char *key, const struct config_listen *listen_tls)
{
    if (*certificate != '\0' && *key == '\0')
        return config_conflict(l, "tls-certificate", "needs tls-key too");
    if (*key != '\0' && *certificate == '\0')
        return config_conflict(l, "tls-key", "needs tls-certificate too");
    if (listen_tls->count > 0 && *certificate == '\0')
        return config_conflict(l, "listen-tls",
                               "needs tls-certificate and tls-key");
    return 0;
}

static void
load_begin(struct config_load *l)
{
    l->config = xcalloc(1, l->table->size);
    l->from = xcalloc(l->table->n_rows, sizeof *l->from);
    load_defaults(l);
}

void *
config_table_load(const struct config_table *t, const char *file,
                  const struct config_override *overrides, size_t n,
                  struct errbuf *err)
{
    struct errbuf own;
    struct config_load l = {
        .table = t, .file = file, .err = err != NULL ? err : &own};

    load_begin(&l);
    if ((file != NULL &&
         config_file_read(t, file, take_value, &l, l.err) != 0) ||
        load_overrides(&l, overrides, n) != 0 || t->check(&l, l.config) != 0) {
        config_table_free(t, l.config);
        l.config = NULL;
    }
    free(l.from);
    return l.config;
}

void
config_table_free(const struct config_table *t, void *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < t->n_rows; i++)
        config_value_clear(&t->rows[i].spec, slot_of(&t->rows[i], config));
    free(config);
}

/* --- printing --- */

static void
print_row(FILE *out, const struct config_row *row, const void *c,
          const char *before)
{
    struct buf value = {0}, allowed = {0};

    fputs("# ", out);
    for (const char *p = row->help; *p != '\0'; p++) {
        fputc(*p, out);
        if (*p == '\n')
            fputs("# ", out);
    }
    config_spec_print(&row->spec, &allowed);
    config_value_print(&row->spec, slot_of_const(row, c), &value);
    fprintf(out, "\n# (%s%s)\n%s%s = %s\n\n", buf_cstr(&allowed),
            row->reloadable ? "" : "; takes effect at the next start", before,
            row->key, buf_cstr(&value));
    buf_clear(&allowed);
    buf_clear(&value);
}

void
config_table_print(const struct config_table *t, FILE *out, const void *config)
{
    for (size_t i = 0; i < t->n_rows; i++)
        print_row(out, &t->rows[i], config, "");
}

void
config_table_print_sample(const struct config_table *t, FILE *out)
{
    struct errbuf err;
    struct config_load l = {.table = t, .err = &err};

    fprintf(out,
            "# The configuration of %s: every key with its default. See "
            "%s.conf(5).\n\n",
            t->program, t->program);
    load_begin(&l);
    for (size_t i = 0; i < t->n_rows; i++)
        print_row(out, &t->rows[i], l.config, "#");
    config_table_free(t, l.config);
    free(l.from);
}

/* --- reloading --- */

bool
config_table_needs_restart(const struct config_table *t, const void *running,
                           const void *loaded, struct buf *keys)
{
    bool found = false;

    for (size_t i = 0; i < t->n_rows; i++) {
        const struct config_row *row = &t->rows[i];

        if (row->reloadable ||
            config_value_is_equal(&row->spec, slot_of_const(row, running),
                                  slot_of_const(row, loaded)))
            continue;
        buf_appendf(keys, "%s%s", found ? ", " : "", row->key);
        found = true;
    }
    return found;
}

void
config_table_keep_running(const struct config_table *t, void *loaded,
                          const void *running)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (!t->rows[i].reloadable)
            config_value_copy(&t->rows[i].spec, slot_of(&t->rows[i], loaded),
                              slot_of_const(&t->rows[i], running));
}
