/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/name_field.h"

#include <stdbool.h>
#include <string.h>

#include "clients/ctl/ctl_line.h"
#include "util/name.h"

/* Signs between a name and a password, or in a hash.  They are in few names, and a
 * record that has nothing but a name is rare, too. */
#define SIGNS_OF_SECRETS "=/!^~#&"

#define NO_NAME \
    "this cannot be an account name (are the fields separated by commas?)"

/* Names may begin so, but in a file it is the hash of a password. */
static bool
looks_like_hash(const char *name)
{
    return name[0] == '{' || name[0] == '$';
}

/* As in the other files that this program reads. */
static bool
is_comment(const char *name)
{
    return name[0] == '#' || strncmp(name, "//", 2) == 0;
}

const char *
name_field_refusal(const char *name, unsigned flags)
{
    if (name[0] == '\0' || name[0] == '@')
        return "there is no name";
    if (looks_like_hash(name))
        return "the name looks like the hash of a password: are the fields in "
               "order?";
    if (is_comment(name))
        return "it begins as a comment does: such a file has none";
    if ((flags & NAME_FIELD_PASSWD) != 0 && strchr("+-", name[0]) != NULL)
        return "a \"+\" or \"-\" stands for accounts of NIS";
    if ((flags & NAME_FIELD_ALONE) != 0 &&
        strpbrk(name, SIGNS_OF_SECRETS) != NULL)
        return NO_NAME ": it is alone, and has a sign as passwords have; add "
                       "an empty field if it is a name";
    return ctl_line_has_fields(name) || !name_is_address(name) ? NO_NAME : NULL;
}
