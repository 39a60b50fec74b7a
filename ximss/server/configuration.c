/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration: the defaults, then the file, then the command line, then
 * what values have to do with each other.  What there is to know of a single
 * key stands in config_table.c. */
#include "config.h"

#include "ximss/server/configuration.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/xmalloc.h"
#include "ximss/server/config_file.h"
#include "ximss/server/config_table.h"

static void *
slot_of(const struct config_row *row, struct config *c)
{
    return (char *)c + row->offset;
}

static const void *
slot_of_const(const struct config_row *row, const struct config *c)
{
    return (const char *)c + row->offset;
}

const char *
config_key(size_t i)
{
    return i < config_rows_count ? config_rows[i].key : NULL;
}

/* --- loading --- */

/* Where a value is from: a line of the file, or one of these. */
#define FROM_DEFAULT      0
#define FROM_COMMAND_LINE (-1)

struct load {
    struct config *config; /* owned until it is returned */
    const char *file;
    int *from; /* of each row; owned */
    struct errbuf *err;
};

/* `replace`: the first value of a list takes the place of what was there. */
static int
load_value(struct load *l, const struct config_row *row, const char *text,
           bool replace, int from)
{
    void *slot = slot_of(row, l->config);

    if (replace && config_type_is_list(row->spec.type))
        config_value_clear(&row->spec, slot);
    l->from[row - config_rows] = from;
    if (text == NULL || config_value_parse(&row->spec, text, slot, l->err) == 0)
        return 0;
    return err_prefix(l->err, "%s", row->key);
}

static void
load_defaults(struct load *l)
{
    for (size_t i = 0; i < config_rows_count; i++) {
        const struct config_row *row = &config_rows[i];
        bool none = config_type_is_list(row->spec.type) && *row->dflt == '\0';

        if (load_value(l, row, none ? NULL : row->dflt, true, FROM_DEFAULT) !=
            0)
            log_fatal("default of %s", l->err->text);
    }
}

static int
take_value(const struct config_file_value *v, void *arg, struct errbuf *err)
{
    struct load *l = arg;
    int before = l->from[v->row - config_rows];

    if (v->first && before != FROM_DEFAULT)
        return err_set(err, "%s: given twice, first in line %d", v->row->key,
                       before);
    return load_value(l, v->row, v->text, v->first, v->line);
}

static int
load_override(struct load *l, const struct config_override *o)
{
    const struct config_row *row = config_row_find(o->key);

    if (row == NULL)
        return err_set(l->err, "%s: there is no such key", o->key);
    return load_value(l, row, o->value,
                      l->from[row - config_rows] != FROM_COMMAND_LINE,
                      FROM_COMMAND_LINE);
}

static int
load_overrides(struct load *l, const struct config_override *o, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (load_override(l, &o[i]) != 0)
            return err_prefix(l->err, "command line");
    return 0;
}

/* --- what values have to do with each other --- */

/* Says "FILE:LINE: key: text", as far as the key has a file and a line. */
static int
conflict(struct load *l, const char *key, const char *text)
{
    int from = l->from[config_row_find(key) - config_rows];

    err_set(l->err, "%s: %s", key, text);
    if (from == FROM_COMMAND_LINE)
        return err_prefix(l->err, "command line");
    if (l->file == NULL)
        return -1;
    if (from == FROM_DEFAULT)
        return err_prefix(l->err, "%.120s", l->file);
    return err_prefix(l->err, "%.120s:%d", l->file, from);
}

static int
check_tls(struct load *l)
{
    const struct config *c = l->config;

    if (*c->tls_certificate != '\0' && *c->tls_key == '\0')
        return conflict(l, "tls-certificate", "needs tls-key too");
    if (*c->tls_key != '\0' && *c->tls_certificate == '\0')
        return conflict(l, "tls-key", "needs tls-certificate too");
    if (c->listen_tls.count > 0 && *c->tls_certificate == '\0')
        return conflict(l, "listen-tls", "needs tls-certificate and tls-key");
    return 0;
}

/* A character of an alert takes up to six bytes on the wire (&quot;); beside
 * it stand the attributes. */
#define WIRE_SLACK             4096
#define WIRE_BYTES(text_bytes) (6 * (text_bytes) + WIRE_SLACK)

static int
check_sizes(struct load *l)
{
    const struct config *c = l->config;

    if (c->message_bytes_before_login > c->message_bytes)
        return conflict(l, "message-bytes-before-login",
                        "must not be larger than message-bytes");
    if (c->output_soft > c->output_hard)
        return conflict(l, "output-soft",
                        "must not be larger than output-hard");
    if (WIRE_BYTES(c->alert_bytes) > c->output_hard)
        return conflict(l, "alert-bytes",
                        "output-hard must be at least six times as large, and "
                        "4K more, or every alert cuts its readers off");
    if (c->alert_bytes + WIRE_SLACK > c->message_bytes)
        return conflict(l, "alert-bytes",
                        "message-bytes must be at least 4K larger, or nobody "
                        "can post such an alert");
    if (c->login_delay > c->login_max_delay)
        return conflict(l, "login-delay",
                        "must not be longer than login-max-delay");
    return 0;
}

static int
check_listeners(struct load *l)
{
    if (l->config->listen.count + l->config->listen_tls.count == 0)
        return conflict(l, "listen", "there is no listener at all");
    return 0;
}

static int
finish_control_socket(struct load *l)
{
    struct config *c = l->config;
    const size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    char text[120];

    if (*c->control_socket == '\0') {
        free(c->control_socket);
        c->control_socket = xasprintf("%s/control.sock", c->store);
    }
    if (strlen(c->control_socket) <= most)
        return 0;
    snprintf(text, sizeof text,
             "the path has %zu bytes, and a socket's at most %zu: give a "
             "shorter one",
             strlen(c->control_socket), most);
    return conflict(l, "control-socket", text);
}

struct config *
config_load_with(const char *file, const struct config_override *overrides,
                 size_t n, struct errbuf *err)
{
    struct errbuf own;
    struct load l = {.file = file, .err = err != NULL ? err : &own};

    l.config = xcalloc(1, sizeof *l.config);
    l.from = xcalloc(config_rows_count, sizeof *l.from);
    load_defaults(&l);
    if ((file != NULL && config_file_read(file, take_value, &l, l.err) != 0) ||
        load_overrides(&l, overrides, n) != 0 || check_listeners(&l) != 0 ||
        check_tls(&l) != 0 || check_sizes(&l) != 0 ||
        finish_control_socket(&l) != 0)
        config_free(&l.config);
    free(l.from);
    return l.config;
}

struct config *
config_load(const char *file, struct errbuf *err)
{
    return config_load_with(file, NULL, 0, err);
}

void
config_free(struct config **config)
{
    if (*config == NULL)
        return;
    for (size_t i = 0; i < config_rows_count; i++)
        config_value_clear(&config_rows[i].spec,
                           slot_of(&config_rows[i], *config));
    free(*config);
    *config = NULL;
}

/* --- printing --- */

static void
print_row(FILE *out, const struct config_row *row, const struct config *c,
          const char *before)
{
    struct buf value = {0}, allowed = {0};

    fputs("# ", out);
    for (const char *p = row->help; *p != '\0'; p++) {
        fputc(*p, out);
        if (*p == '\n')
            fputs("# ", out);
    }
    config_spec_print(&row->spec, &allowed);
    config_value_print(&row->spec, slot_of_const(row, c), &value);
    fprintf(out, "\n# (%s%s)\n%s%s = %s\n\n", buf_cstr(&allowed),
            row->reloadable ? "" : "; takes effect at the next start", before,
            row->key, buf_cstr(&value));
    buf_clear(&allowed);
    buf_clear(&value);
}

void
config_print(FILE *out, const struct config *config)
{
    for (size_t i = 0; i < config_rows_count; i++)
        print_row(out, &config_rows[i], config, "");
}

void
config_print_sample(FILE *out)
{
    struct errbuf err;
    struct load l = {.err = &err};

    fputs("# The configuration of ximssd: every key with its default. See "
          "ximssd.conf(5).\n\n",
          out);
    l.config = xcalloc(1, sizeof *l.config);
    l.from = xcalloc(config_rows_count, sizeof *l.from);
    load_defaults(&l);
    for (size_t i = 0; i < config_rows_count; i++)
        print_row(out, &config_rows[i], l.config, "#");
    config_free(&l.config);
    free(l.from);
}

/* --- reloading --- */

bool
config_changed_needs_restart(const struct config *running,
                             const struct config *loaded, struct buf *keys)
{
    bool found = false;

    for (size_t i = 0; i < config_rows_count; i++) {
        const struct config_row *row = &config_rows[i];

        if (row->reloadable ||
            config_value_is_equal(&row->spec, slot_of_const(row, running),
                                  slot_of_const(row, loaded)))
            continue;
        buf_appendf(keys, "%s%s", found ? ", " : "", row->key);
        found = true;
    }
    return found;
}

void
config_keep_running(struct config *loaded, const struct config *running)
{
    for (size_t i = 0; i < config_rows_count; i++)
        if (!config_rows[i].reloadable)
            config_value_copy(&config_rows[i].spec,
                              slot_of(&config_rows[i], loaded),
                              slot_of_const(&config_rows[i], running));
}

/* --- trusted addresses --- */

static bool
net_holds(const struct config_net *net, const unsigned char address[16])
{
    unsigned bytes = net->bits / 8, rest = net->bits % 8;

    if (memcmp(net->address, address, bytes) != 0)
        return false;
    return rest == 0 || ((net->address[bytes] ^ address[bytes]) &
                         (0xff00u >> rest) & 0xff) == 0;
}

bool
config_is_trusted(const struct config *config, const struct sockaddr *address)
{
    unsigned char a[16] = {[10] = 0xff, [11] = 0xff};

    if (address->sa_family == AF_INET)
        memcpy(a + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    else if (address->sa_family == AF_INET6)
        memcpy(a, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
    else
        return false;
    for (size_t i = 0; i < config->trusted_addresses.count; i++)
        if (net_holds(&config->trusted_addresses.items[i], a))
            return true;
    return false;
}
