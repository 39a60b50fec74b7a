/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/import.h"

#include <string.h>

#include "clients/ctl/name_field.h"
#include "ximss/proto/cli_data.h"

void
import_append(struct buf *b, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    cli_data_write_string(b, key, strlen(key));
    buf_append_char(b, '=');
    cli_data_write_string(b, value, strlen(value));
    buf_append_char(b, ';');
}

static unsigned
flags_of(const struct import *m)
{
    return (m->alone ? NAME_FIELD_ALONE : 0u) |
           (m->from != IMPORT_CSV ? NAME_FIELD_PASSWD : 0u);
}

bool
import_takes(const struct import *m, const char *name)
{
    return name_field_refusal(name, flags_of(m)) == NULL;
}

void
import_send(struct import *m, const char *name, struct buf *command)
{
    const char *why = name_field_refusal(name, flags_of(m));

    if (why != NULL)
        batch_refuse(&m->batch, m->line, "", why);
    else if (batch_send(&m->batch, m->line, name, command) < 0)
        batch_refuse(&m->batch, m->line, name, ximss_error(m->batch.c->x));
    if (command->data != NULL)
        explicit_bzero(command->data, command->cap);
    buf_clear(command);
}
