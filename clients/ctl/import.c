/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/import.h"

#include <string.h>

#include "clients/ctl/ctl_line.h"
#include "util/name.h"
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

/* Names may begin so, but in a file it is the hash of a password, in the wrong
 * column: to be shown to nobody. */
static bool
looks_like_hash(const char *name)
{
    return name[0] == '{' || name[0] == '$';
}

/* -1: *why_r says why it cannot be sent; borrowed, perhaps from err. */
static int
send_command(struct import *m, const char *name, struct buf *command,
             const char **why_r, struct errbuf *err)
{
    char form[NAME_ADDRESS_SIZE];
    int r;

    *why_r = "there is no name";
    if (name[0] == '\0' || name[0] == '@')
        return -1;
    *why_r =
        "the name looks like the hash of a password: are the fields in order?";
    if (looks_like_hash(name))
        return -1;
    *why_r = err->text;
    if (ctl_line_has_fields(name))
        err_set(err, "there is a \"|\" in it");
    if (ctl_line_has_fields(name) || name_address(name, form, err) < 0)
        return err_prefix(err, "this cannot be an account name (are the fields "
                               "separated by commas?)");
    r = batch_send(&m->batch, m->line, name, command);
    if (r < 0)
        *why_r = ximss_error(m->batch.c->x);
    return r;
}

/* Anything else may have a password in it. */
static bool
is_name(const char *name)
{
    return !looks_like_hash(name) && !ctl_line_has_fields(name) &&
           name_is_address(name);
}

void
import_send(struct import *m, const char *name, struct buf *command)
{
    struct errbuf err;
    const char *why;

    if (send_command(m, name, command, &why, &err) < 0)
        batch_refuse(&m->batch, m->line, is_name(name) ? name : "", why);
    if (command->data != NULL)
        explicit_bzero(command->data, command->cap);
    buf_clear(command);
}
