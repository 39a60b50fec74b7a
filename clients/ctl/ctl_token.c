/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "clients/ctl/ctl_change.h"
#include "clients/ctl/ctl_line.h"
#include "clients/ctl/ctl_until.h"
#include "util/clock.h"

/* account token ...: three commands about one thing, told apart by the first
 * argument. */

/* A length of time is the server's to count; a day or a time is this machine's
 * zone's. */
static int
append_expires(struct buf *b, const char *text)
{
    char gmt[CLOCK_GMT_SIZE];
    const char *lifetime = NULL;
    int64_t seconds;

    buf_append_str(b, " EXPIRES");
    if (strcmp(text, "never") == 0) {
        ctl_line_arg(b, text);
        return CTL_OK;
    }
    if (ctl_until_parse(text, &seconds, &lifetime) < 0)
        return ctl_error(CTL_USAGE,
                         "--expires takes never, a duration like "
                         "+30d, YYYY-MM-DD, or \"YYYY-MM-DD HH:MM\"");
    if (lifetime == NULL)
        clock_format_gmt(seconds * CLOCK_SECOND, gmt);
    ctl_line_arg(b, lifetime != NULL ? lifetime : gmt);
    return CTL_OK;
}

static const char *
text_of(const struct cli_value *dict, const char *key)
{
    const char *text = ctl_text(dict, key);

    return text != NULL ? text : "-";
}

/* The secret alone on standard output, for scripts; the rest is for people. */
static void
show_made(const struct ctl *c, const struct cli_value *v)
{
    struct buf b = {0};

    if (c->json) {
        ctl_json_value(&b, v);
        b.data[0] = ',';
        fputs("{\"changed\":true", stdout);
        ctl_print_line(&b);
        return;
    }
    fprintf(stderr, "token %s, expires %s; the secret is shown only once:\n",
            text_of(v, "Name"), text_of(v, "Expires"));
    buf_append_str(&b, text_of(v, "Secret"));
    ctl_print_line(&b);
}

static int
create(struct ctl *c, const char *account)
{
    const char *name = ctl_option(c, "name");
    const char *expires = ctl_option(c, "expires");
    const struct cli_value *v = NULL;
    struct buf b = {0};
    int r = CTL_OK;

    buf_append_str(&b, "CREATEACCOUNTTOKEN");
    ctl_line_arg(&b, account);
    if (name != NULL) {
        buf_append_str(&b, " NAME");
        ctl_line_arg(&b, name);
    }
    if (expires != NULL)
        r = append_expires(&b, expires);
    if (r == CTL_OK)
        r = ctl_change_run(c, &b,
                           &(struct ctl_change){.kind = "token",
                                                .name = name,
                                                .of = account,
                                                .action = "created"},
                           &v);
    if (r == CTL_OK && v != NULL)
        show_made(c, v);
    buf_clear(&b);
    return r;
}

static void
show_list(const struct ctl *c, const struct cli_value *v)
{
    static const struct ctl_column columns[] = {
        {"NAME", NULL, false},
        {"CREATED", "Created", false},
        {"EXPIRES", "Expires", false},
        {"BY", "Author", true},
    };

    ctl_print_rows(c, v, columns, sizeof columns / sizeof columns[0]);
}

static int
revoke(struct ctl *c, const char *account)
{
    const char *name = ctl_option(c, "name");
    struct buf b = {0};

    if (name == NULL)
        return ctl_error(CTL_USAGE, "which token? say --name (account token "
                                    "list shows them)");
    buf_append_str(&b, "REVOKEACCOUNTTOKEN");
    ctl_line_arg(&b, account);
    buf_append_str(&b, " NAME");
    ctl_line_arg(&b, name);
    return ctl_change_quiet(
        c, &b,
        &(struct ctl_change){
            .kind = "token", .name = name, .of = account, .action = "revoked"});
}

int
ctl_token_run(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    /* Who makes one must have its secret, or an error. */
    if (c->if_exists && strcmp(argv[0], "revoke") != 0)
        return ctl_error(CTL_USAGE, "--if-exists is for revoke");
    if (strcmp(argv[0], "create") == 0)
        return create(c, argv[1]);
    if (ctl_option(c, "expires") != NULL)
        return ctl_usage(c);
    if (strcmp(argv[0], "revoke") == 0)
        return revoke(c, argv[1]);
    if (strcmp(argv[0], "list") == 0 && ctl_option(c, "name") == NULL &&
        !c->dry_run)
        return ctl_cli_show(c, "LISTACCOUNTTOKENS", argv[1], show_list);
    return ctl_usage(c);
}
