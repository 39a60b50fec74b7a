/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/quota_line.h"

#include <string.h>

#define BLANKS " \t\r"
#define ENDS   BLANKS ","

/* Cuts off the first field.  What follows, without the blanks and the comma
 * between. */
static char *
cut_field(char *text)
{
    char *end = text + strcspn(text, ENDS), *next = end;

    next += strspn(next, BLANKS);
    if (*next == ',')
        next += 1 + strspn(next + 1, BLANKS);
    *end = '\0';
    return next;
}

int
quota_line_cut(struct quota_line *l, char *text, struct errbuf *err)
{
    char *rest;

    l->account = text + strspn(text, BLANKS);
    l->size = cut_field(l->account);
    if (l->account[0] == '\0')
        return err_set(err, "the account is missing");
    if (l->size[0] == '\0' || l->size[0] == '#')
        return err_set(err, "the size is missing");
    rest = cut_field(l->size);
    if (l->size[0] == '\0')
        return err_set(err, "the size is missing");
    if (rest[0] != '\0' && rest[0] != '#')
        return err_set(err, "there is text after the size");
    return 0;
}
