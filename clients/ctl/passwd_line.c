/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/passwd_line.h"

#include <string.h>

#define NAME   0
#define HASH   1
#define GECOS  4
#define FIELDS 5

/* Colons separate the fields; what is behind the last that matters is left. */
static void
cut_fields(char *text, char *field_r[FIELDS])
{
    for (unsigned i = 0; i < FIELDS; i++) {
        field_r[i] = text;
        text += strcspn(text, ":");
        if (*text == ':')
            *text++ = '\0';
    }
}

/* Behind a scheme, too: "{CRYPT}!". */
static bool
is_locked(const char *hash)
{
    const char *close = hash[0] == '{' ? strchr(hash, '}') : NULL;

    if (close != NULL)
        hash = close + 1;
    return hash[0] == '!' || hash[0] == '*';
}

void
passwd_line_cut(struct passwd_line *l, char *text, bool is_shadow)
{
    char *field[FIELDS];
    char *const none = text + strlen(text);

    cut_fields(text, field);
    *l = (struct passwd_line){.name = field[NAME],
                              .hash = field[HASH],
                              .real_name = is_shadow ? none : field[GECOS],
                              .is_locked = is_locked(field[HASH])};
    l->real_name[strcspn(l->real_name, ",")] = '\0';
    if (l->is_locked)
        l->hash = none;
}
