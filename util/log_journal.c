/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of the log as entries of systemd's journal.  An entry that cannot be sent
 * goes to standard error, where the journal reads, too. */
#include "config.h"

#include "util/log_journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Not where this file is called from, which would always be the same line. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "util/log_event.h"

#define ENTRY_BYTES 4096
#define PARTS_MOST  24

struct entry {
    char bytes[ENTRY_BYTES];
    size_t len;
    struct iovec parts[PARTS_MOST];
    int n;
};

/* Adds NAME=value: what finds no room is left out. */
static void
add(struct entry *e, const char *name, const char *value)
{
    char *at = e->bytes + e->len;
    size_t room = sizeof e->bytes - e->len;
    int n = snprintf(at, room, "%s=%s", name, value);

    if (n < 0 || (size_t)n >= room || e->n == PARTS_MOST)
        return;
    e->parts[e->n++] = (struct iovec){at, (size_t)n};
    e->len += (size_t)n;
}

static void
add_field(struct entry *e, const struct log_field *f)
{
    char name[64], value[512];
    size_t n = (size_t)snprintf(name, sizeof name, "XIMSS_%s", f->name);

    for (size_t i = 0; i < n && i < sizeof name; i++)
        if (name[i] >= 'a' && name[i] <= 'z')
            name[i] = (char)(name[i] - 'a' + 'A');
    log_form_value(value, sizeof value, f);
    if (value[0] != '\0')
        add(e, name, value);
}

static bool
send_entry(const char *program, int priority, const char *line,
           const struct log_field *fields, size_t n)
{
    struct entry e = {.len = 0};
    char number[16];

    snprintf(number, sizeof number, "%d", priority);
    add(&e, "MESSAGE", line);
    add(&e, "PRIORITY", number);
    add(&e, "SYSLOG_IDENTIFIER", program);
    for (size_t i = 0; i < n; i++)
        add_field(&e, &fields[i]);
    return sd_journal_sendv(e.parts, e.n) == 0;
}

/* JOURNAL_STREAM is inherited by children whose standard error goes elsewhere. */
static bool
is_ours(const char *stream)
{
    unsigned long long device, inode;
    struct stat st;

    return stream != NULL &&
           sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 &&
           (unsigned long long)st.st_dev == device &&
           (unsigned long long)st.st_ino == inode;
}

bool
log_journal_begin(void)
{
    if (!is_ours(getenv("JOURNAL_STREAM")))
        return false;
    log_set_sink(send_entry);
    return true;
}
