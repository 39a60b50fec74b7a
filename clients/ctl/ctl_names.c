/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds names of settings and rights that nobody knows, mistyped or not, before
 * anything is sent.  The server refuses mistyped ones, too, but it would find a
 * wrong column of a file only when it comes to it. */
#include "config.h"

#include <string.h>

#include "clients/ctl/ctl.h"
#include "util/text.h"
#include "ximss/proto/names.h"

#define NAME_SIZE 80 /* longer ones are cut, and known to nobody */

static int
refuse(const char *what, const char *name, const char *meant)
{
    struct buf shown = {0};

    ctl_plain(&shown, name, strlen(name));
    if (meant != NULL)
        ctl_error(CTL_REFUSED,
                  "unknown %s %s: did you mean %s? (--force accepts it)", what,
                  buf_cstr(&shown), meant);
    else
        ctl_error(CTL_REFUSED, "unknown %s %s (--force accepts it)", what,
                  buf_cstr(&shown));
    buf_clear(&shown);
    return CTL_REFUSED;
}

static void
take(char out[NAME_SIZE], const char *text, size_t len)
{
    if (len >= NAME_SIZE)
        len = NAME_SIZE - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

int
ctl_names_setting(const struct ctl *c, const char *name)
{
    if (ctl_option(c, "force") != NULL || names_has_setting(name))
        return CTL_OK;
    return refuse("setting", name, names_meant_setting(name));
}

static int
check_right(const char *code)
{
    if (code[0] == '\0' || names_has_right(code))
        return CTL_OK;
    return refuse("right", code, names_meant_right(code));
}

/* What takes a setting away needs no check. */
int
ctl_names_settings(const struct ctl *c, int argc, char **argv)
{
    char name[NAME_SIZE];
    int r = CTL_OK;

    for (int i = 0; i < argc && r == CTL_OK; i++) {
        const char *equals = strchr(argv[i], '=');

        if (equals == NULL || text_equal_nocase(equals + 1, "default"))
            continue;
        take(name, argv[i], (size_t)(equals - argv[i]));
        r = ctl_names_setting(c, name);
    }
    return r;
}

int
ctl_names_rights(const struct ctl *c)
{
    const char *list = ctl_option(c, "set");
    char name[NAME_SIZE];
    int r = CTL_OK;

    if (list == NULL || ctl_option(c, "force") != NULL)
        return CTL_OK;
    for (size_t n; *list != '\0' && r == CTL_OK; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        take(name, list, n);
        r = check_right(name);
    }
    return r;
}
