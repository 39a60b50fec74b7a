/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of users come from outside, but only the template decides where a path
 * leads.  So a name that could be read as a path is refused.  The finished path
 * is checked again, because single letters picked from a harmless name can
 * still form "..". */
#include "config.h"

#include "quota/maildir_path.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/xmalloc.h"

/* No name is longer: util/name.h. */
#define MOST_CHARACTERS 255

struct variable {
    unsigned offset, width; /* width 0: all */
    bool lower;
    char letter;
};

struct user {
    char *full, *name;  /* owned */
    const char *domain; /* borrowed; NULL: none */
};

static int
parse_count(const char **p, unsigned *n_r, struct errbuf *err)
{
    *n_r = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++) {
        *n_r = *n_r * 10 + (unsigned)(**p - '0');
        if (*n_r > MOST_CHARACTERS)
            return err_set(err, "a variable with more than %d characters",
                           MOST_CHARACTERS);
    }
    return 0;
}

/* *p is behind the "%", and then behind the variable. */
static int
parse_variable(const char **p, struct variable *v, struct errbuf *err)
{
    const char *start = *p;

    *v = (struct variable){0};
    if (parse_count(p, &v->width, err) < 0)
        return -1;
    if (**p == '.') {
        ++*p;
        v->offset = v->width;
        if (parse_count(p, &v->width, err) < 0)
            return -1;
    }
    if (**p == 'L') {
        v->lower = true;
        ++*p;
    }
    v->letter = **p;
    if (v->letter == '\0' || strchr("und%", v->letter) == NULL)
        return err_set(err,
                       "unknown variable %%%.*s: there are %%u, %%n and %%d",
                       (int)(*p - start + (v->letter != '\0')), start);
    ++*p;
    return 0;
}

static void
append_value(struct buf *out, const struct variable *v, const char *value)
{
    size_t len = strlen(value), start = out->len;

    if (v->offset >= len)
        return;
    len -= v->offset;
    if (v->width > 0 && v->width < len)
        len = v->width;
    buf_append(out, value + v->offset, len);
    for (size_t i = start; v->lower && i < out->len; i++)
        if (out->data[i] >= 'A' && out->data[i] <= 'Z')
            out->data[i] = (char)(out->data[i] - 'A' + 'a');
}

static int
append_variable(struct buf *out, const struct variable *v,
                const struct user *user, struct errbuf *err)
{
    switch (v->letter) {
    case '%':
        buf_append_char(out, '%');
        return 0;
    case 'u':
        append_value(out, v, user->full);
        return 0;
    case 'n':
        append_value(out, v, user->name);
        return 0;
    default:
        if (user->domain == NULL)
            return err_set(err, "%s has no domain", user->name);
        append_value(out, v, user->domain);
        return 0;
    }
}

static int
expand(const char *template, const struct user *user, struct buf *out,
       struct errbuf *err)
{
    struct variable v;

    for (const char *p = template; *p != '\0';) {
        if (*p != '%') {
            buf_append_char(out, *p++);
            continue;
        }
        p++;
        if (parse_variable(&p, &v, err) < 0 ||
            append_variable(out, &v, user, err) < 0)
            return -1;
    }
    return 0;
}

static bool
is_safe(const char *name)
{
    if (*name == '\0' || *name == '.' || strstr(name, "..") != NULL)
        return false;
    for (const char *p = name; *p != '\0'; p++)
        if (*p == '/' || (unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return true;
}

static bool
leads_up(const char *path)
{
    for (const char *p = path; p != NULL; p = strchr(p, '/')) {
        p += *p == '/';
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
            return true;
    }
    return false;
}

static int
user_init(struct user *u, const char *user, const char *main_domain,
          struct errbuf *err)
{
    const char *at = strrchr(user, '@');
    size_t len = at != NULL ? (size_t)(at - user) : strlen(user);

    u->domain = at != NULL ? at + 1 : main_domain;
    u->name = xstrndup(user, len);
    u->full = u->domain != NULL ? xasprintf("%s@%s", u->name, u->domain)
                                : xstrdup(u->name);
    if (is_safe(u->name) && (u->domain == NULL || is_safe(u->domain)))
        return 0;
    return err_set(err, "%s cannot be the name of a directory", user);
}

char *
maildir_path_expand(const char *template, const char *user,
                    const char *main_domain, struct errbuf *err)
{
    struct buf out = {0};
    struct user u;
    int rc = user_init(&u, user, main_domain, err);

    if (rc == 0)
        rc = expand(template, &u, &out, err);
    if (rc == 0 && (leads_up(buf_cstr(&out)) || out.len >= PATH_MAX))
        rc = err_set(err, "%s has no path in %s", user, template);
    free(u.name);
    free(u.full);
    if (rc == 0)
        return buf_take(&out);
    buf_clear(&out);
    return NULL;
}

/* The variables are known, and tell one account from the other. */
static int
check_variables(const char *template, struct errbuf *err)
{
    bool whole_name = false;
    struct variable v;

    for (const char *p = template; (p = strchr(p, '%')) != NULL;) {
        p++;
        if (parse_variable(&p, &v, err) < 0)
            return -1;
        if ((v.letter == 'u' || v.letter == 'n') && v.offset == 0 &&
            v.width == 0)
            whole_name = true;
    }
    if (whole_name)
        return 0;
    return err_set(err, "without %%u or %%n all accounts would have the same "
                        "Maildir");
}

int
maildir_path_check(const char *template, struct errbuf *err)
{
    if (template[0] != '/')
        return err_set(err, "not a path from the root like /var/vmail/%%d/%%n");
    if (leads_up(template))
        return err_set(err, "a path with \"..\"");
    return check_variables(template, err);
}

size_t
maildir_path_root(const char *template)
{
    size_t n = strcspn(template, "%");

    while (n > 0 && template[n - 1] != '/')
        n--;
    return n;
}
