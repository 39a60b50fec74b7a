/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/import_passwd.h"

#include <stdlib.h>
#include <string.h>

#include "clients/ctl/ctl_line.h"
#include "clients/ctl/import.h"
#include "clients/ctl/passwd_line.h"
#include "util/xmalloc.h"

/* account import from a passwd-file of Dovecot or a shadow file: the hashes go to
 * the server as they are.  It knows which it takes. */

/* Such a line is not secret as a password is, but nearly: it is wiped, too. */
static void
append_hash(struct import *m, struct buf *b, const char *hash)
{
    const char *scheme = ctl_option(m->batch.c, "scheme");
    struct buf whole = {0};

    if (scheme == NULL || hash[0] == '{' || hash[0] == '$' || hash[0] == '\0') {
        import_append(b, "PasswordHash", hash);
        return;
    }
    buf_reserve(&whole, strlen(hash) + strlen(scheme) + 8);
    buf_appendf(&whole, "{%s}", scheme);
    buf_append_str(&whole, hash);
    import_append(b, "PasswordHash", buf_cstr(&whole));
    explicit_bzero(whole.data, whole.cap);
    buf_clear(&whole);
}

/* Tells of an account that nobody can log in to. */
static void
note_bare(struct import *m, const struct passwd_line *l, const char *name)
{
    if (l->hash[0] != '\0' || !import_takes(m, name))
        return;
    m->bare++;
    batch_note(&m->batch, m->line, name,
               l->is_locked ? "is locked, and gets no password"
                            : "has no password, and gets none");
}

static void
send_line(struct import *m, char *text)
{
    size_t room = strlen(text) * 4 + 4096;
    struct buf command = {0};
    struct passwd_line l;
    char *name;

    m->alone = strchr(text, ':') == NULL;
    passwd_line_cut(&l, text, m->from == IMPORT_SHADOW);
    name = ctl_line_name(l.name, m->domain);
    buf_reserve(&command, room);
    buf_append_str(&command, "CREATEACCOUNT");
    ctl_line_arg(&command, name);
    buf_append_str(&command, " {");
    append_hash(m, &command, l.hash);
    import_append(&command, "RealName", l.real_name);
    buf_append_char(&command, '}');
    note_bare(m, &l, name);
    import_send(m, name, &command);
    free(name);
}

static void
take_line(struct import *m)
{
    size_t len = strlen(m->lines.text);
    char *text = xstrdup(m->lines.text);

    send_line(m, text);
    explicit_bzero(text, len);
    free(text);
}

bool
import_passwd_next(struct batch *b)
{
    struct import *m = (struct import *)b;
    struct errbuf err;
    int r = lines_next(&m->lines, &err);

    if (r == 0)
        return false;
    if (m->lines.line < b->from)
        return true;
    m->line = m->lines.line;
    if (r > 0)
        take_line(m);
    else
        batch_refuse(b, m->line, "", err.text);
    return true;
}
