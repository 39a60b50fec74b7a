/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration.  `rows` is all there is to know about a key: reading,
 * checking, printing, the sample file, and what a reload may change follow
 * from it.  libconfuse splits the file into keys and texts; everything behind
 * that is config_value.c.  libconfuse's callbacks carry no argument of ours,
 * so what they work on stands in a thread-local pointer while a file is read.
 */
#include "config.h"

#include "ximss/server/configuration.h"

#include <confuse.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/xmalloc.h"

static const char *const tls_versions[] = {"1.2", "1.3", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error",
                                         NULL};

#define KIB    1024ULL
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define MS     1000ULL
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEARS  (3650 * DAY)

struct row {
    const char *key;
    struct config_spec spec;
    size_t offset;
    const char *dflt; /* of a list: one value, or none if empty */
    bool reloadable;
    const char *help; /* lines of up to 76 characters */
};

#define M(member) offsetof(struct config, member)
#define TEXT(min, max)              \
    {                               \
        CONFIG_TEXT, min, max, NULL \
    }
#define PATH(min)                    \
    {                                \
        CONFIG_PATH, min, 4000, NULL \
    }
#define NUMBER(a, b)              \
    {                             \
        CONFIG_NUMBER, a, b, NULL \
    }
#define BYTES(a, b)              \
    {                            \
        CONFIG_BYTES, a, b, NULL \
    }
#define TIME(a, b)              \
    {                           \
        CONFIG_TIME, a, b, NULL \
    }
#define CHOICE(words)              \
    {                              \
        CONFIG_CHOICE, 0, 0, words \
    }
#define BOOL                    \
    {                           \
        CONFIG_BOOL, 0, 0, NULL \
    }
#define LISTEN                    \
    {                             \
        CONFIG_LISTEN, 0, 0, NULL \
    }
#define NETS                    \
    {                           \
        CONFIG_NETS, 0, 0, NULL \
    }
#define RELOAD  true
#define RESTART false

/* clang-format off */
static const struct row rows[] = {
{"store", PATH(1), M(store), LOCALSTATEDIR "/lib/ximssd", RESTART,
 "The directory of the store. The server works in it, so that a core dump\n"
 "lands there too."},
{"control-socket", PATH(0), M(control_socket), "", RESTART,
 "The UNIX socket on which root and the server's own user are\n"
 "administrators. Empty: control.sock in the store's directory."},
{"user", TEXT(0, 32), M(user), "", RESTART,
 "The user to run as when started by root. Empty: stay who we are."},
{"hostname", TEXT(0, 253), M(hostname), "", RELOAD,
 "The name of this server for clients. Empty: the machine's name."},
{"time-zone", TEXT(1, 64), M(time_zone), "UTC", RELOAD,
 "The time zone of users who have not chosen one, like Europe/Berlin."},
{"log-level", CHOICE(log_levels), M(log_level), "info", RELOAD,
 "The least important messages that are logged."},
{"workers", NUMBER(0, 256), M(workers), "0", RESTART,
 "Threads that serve sessions. 0: as many as there are cores."},
{"hash-threads", NUMBER(1, 64), M(hash_threads), "2", RESTART,
 "Threads that check passwords."},

{"listen", LISTEN, M(listen), "*:11024", RESTART,
 "Where clients connect; clear text until they ask for TLS. A list, like\n"
 "{\"192.0.2.1:11024\", \"[2001:db8::1]:11024\"}; * is every address, IPv4\n"
 "and IPv6, and port 0 a free one that the log tells."},
{"listen-tls", LISTEN, M(listen_tls), "", RESTART,
 "The same for connections that begin with TLS."},
{"tls-certificate", PATH(0), M(tls_certificate), "", RELOAD,
 "The certificate and the chain behind it (PEM). Empty: no TLS."},
{"tls-key", PATH(0), M(tls_key), "", RELOAD,
 "The private key of the certificate (PEM)."},
{"tls-min-version", CHOICE(tls_versions), M(tls_min_version), "1.2", RELOAD,
 "The oldest version of TLS that is spoken."},
{"trusted-addresses", NETS, M(trusted_addresses), "", RELOAD,
 "Machines that log users in on their behalf (web bridge, mail proxies):\n"
 "the clientAddress they name is believed. A list, like\n"
 "{\"192.0.2.7\", \"2001:db8::/64\"}."},

{"max-connections", NUMBER(0, 10000000), M(max_connections), "0", RELOAD,
 "Connections in all. 0: as many as there are descriptors."},
{"max-connections-per-address", NUMBER(0, 10000000),
 M(max_connections_per_address), "0", RELOAD,
 "Connections from one address. 0: no limit."},
{"max-unauthenticated", NUMBER(0, 10000000), M(max_unauthenticated), "10000",
 RELOAD,
 "Connections that have not logged in yet. 0: no limit."},
{"max-unauthenticated-per-address", NUMBER(0, 10000000),
 M(max_unauthenticated_per_address), "1000", RELOAD,
 "The same from one address. 0: no limit."},
{"login-timeout", TIME(SECOND, DAY), M(login_timeout), "60s", RELOAD,
 "A connection that has not logged in by then is closed."},
{"idle-timeout", TIME(SECOND, 30 * DAY), M(idle_timeout), "10m", RELOAD,
 "A session without a request for so long is closed; clients can change it\n"
 "for themselves."},

{"message-bytes", BYTES(4 * KIB, 64 * MIB), M(message_bytes), "1M", RELOAD,
 "The longest message a client may send."},
{"message-bytes-before-login", BYTES(1 * KIB, 64 * MIB),
 M(message_bytes_before_login), "16K", RELOAD,
 "The same before log-in."},
{"xml-depth", NUMBER(2, 1000), M(xml_depth), "16", RELOAD,
 "How deep elements in a message may be nested."},
{"xml-attributes", NUMBER(8, 10000), M(xml_attributes), "64", RELOAD,
 "Attributes of one element."},
{"xml-attribute-bytes", BYTES(1 * KIB, 64 * MIB), M(xml_attribute_bytes),
 "64K", RELOAD,
 "The longest value of an attribute."},
{"max-malformed", NUMBER(1, 1000), M(max_malformed), "3", RELOAD,
 "The malformed message that ends a connection."},
{"pipeline", NUMBER(1, 100000), M(pipeline), "128", RELOAD,
 "Requests of one session that may be in work; more have to wait."},
{"requests-per-turn", NUMBER(1, 100000), M(requests_per_turn), "64", RELOAD,
 "Requests of one session that are taken before others have their turn."},
{"output-soft", BYTES(1 * KIB, 1 * GIB), M(output_soft), "64K", RELOAD,
 "A client that leaves so much unread gets no more alerts and its requests\n"
 "wait until it reads."},
{"output-hard", BYTES(16 * KIB, 1 * GIB), M(output_hard), "1M", RELOAD,
 "A client that leaves so much unread is cut off."},

{"alert-bytes", BYTES(1, 1 * MIB), M(alert_bytes), "4096", RELOAD,
 "The longest text of an alert, in bytes of UTF-8."},
{"lifetime-server", TIME(0, YEARS), M(lifetime_server), "0", RELOAD,
 "Server-wide alerts that are posted without an end disappear after this\n"
 "time. 0: they stay until they are removed."},
{"lifetime-cluster", TIME(0, YEARS), M(lifetime_cluster), "0", RELOAD,
 "The same for cluster-wide alerts."},
{"lifetime-domain", TIME(0, YEARS), M(lifetime_domain), "0", RELOAD,
 "The same for domain-wide alerts."},
{"lifetime-account", TIME(0, YEARS), M(lifetime_account), "0", RELOAD,
 "The same for alerts to one account."},
{"settle-time", TIME(10 * MS, HOUR), M(settle_time), "5s", RELOAD,
 "An alert is delivered when the client's system has acknowledged it and\n"
 "the connection has then held for so long, or another request has come."},
{"prefs-bytes", BYTES(0, 1 * MIB), M(prefs_bytes), "8K", RELOAD,
 "Preferences that one account may store."},

{"password-iterations", NUMBER(4096, 10000000), M(password_iterations),
 "10000", RELOAD,
 "Rounds of PBKDF2 for passwords that are set from now on."},
{"remember-logins", NUMBER(0, 100000000), M(remember_logins), "100000",
 RESTART,
 "Successful log-ins that are remembered, in memory only, so that clients\n"
 "coming back are let in without the work of a full check."},
{"remember-time", TIME(0, 365 * DAY), M(remember_time), "12h", RESTART,
 "How long they are remembered."},
{"ticket-time", TIME(MINUTE, 365 * DAY), M(ticket_time), "12h", RELOAD,
 "How long a resume ticket is good for."},
{"login-free-tries", NUMBER(1, 1000), M(login_free_tries), "3", RESTART,
 "Failed log-ins to one account from one address before delays begin."},
{"login-address-free-tries", NUMBER(1, 1000000), M(login_address_free_tries),
 "20", RESTART,
 "Failed log-ins from one address, whatever the account."},
{"login-delay", TIME(0, HOUR), M(login_delay), "1s", RESTART,
 "The first delay; each further failure doubles it."},
{"login-max-delay", TIME(0, DAY), M(login_max_delay), "1m", RESTART,
 "The longest delay."},
{"clear-passwords-without-tls", BOOL, M(clear_passwords_without_tls), "no",
 RELOAD,
 "Whether passwords may cross the network in the clear. They always may on\n"
 "the machine itself."},

{"position-save-interval", TIME(10 * MS, HOUR), M(position_save_interval),
 "1s", RELOAD,
 "How often it is written down what accounts have been shown. A crash shows\n"
 "again what was not written yet."},
{"checkpoint-interval", TIME(SECOND, HOUR), M(checkpoint_interval), "5s",
 RESTART,
 "How often the store writes a checkpoint: shorter means a faster start\n"
 "after a crash."},
{"store-cache", BYTES(1 * MIB, 1024 * GIB), M(store_cache), "64M", RESTART,
 "Memory for pages of the store."},
{"store-batch", NUMBER(1, 10000), M(store_batch), "512", RESTART,
 "The most changes that share one commit."},
{"account-cache", NUMBER(0, 100000000), M(account_cache), "100000", RESTART,
 "Accounts without a session that are kept in memory."},
{"audit-days", NUMBER(0, 36500), M(audit_days), "365", RESTART,
 "Days that the audit log goes back. 0: for ever."},
};
/* clang-format on */

#define MOST_BYTES MIB /* of a file */

#define ROWS (sizeof rows / sizeof rows[0])

static void *
slot_of(const struct row *row, struct config *c)
{
    return (char *)c + row->offset;
}

static const void *
slot_of_const(const struct row *row, const struct config *c)
{
    return (const char *)c + row->offset;
}

static const struct row *
row_find(const char *key)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

const char *
config_key(size_t i)
{
    return i < ROWS ? rows[i].key : NULL;
}

/* --- reading --- */

#define FROM_DEFAULT      0
#define FROM_COMMAND_LINE (-1)

struct load {
    struct config *config;
    const char *file;
    int from[ROWS]; /* line, or one of the above */
    struct errbuf *err;
    bool failed; /* err is filled; the first error is the one to tell */
};

static _Thread_local struct load *loading;

/* Writes "FILE:LINE: key: " before the text of err. */
static int
load_fail(struct load *l, int from, const char *key)
{
    l->failed = true;
    if (key != NULL)
        err_prefix(l->err, "%s", key);
    if (from == FROM_COMMAND_LINE)
        return err_prefix(l->err, "command line");
    if (l->file == NULL)
        return -1;
    if (from == FROM_DEFAULT)
        return err_prefix(l->err, "%.120s", l->file);
    return err_prefix(l->err, "%.120s:%d", l->file, from);
}

/* `replace`: the first value of a list takes the place of what was there. */
static int
load_value(struct load *l, const struct row *row, const char *text,
           bool replace, int from)
{
    void *slot = slot_of(row, l->config);

    if (replace && config_type_is_list(row->spec.type))
        config_value_clear(&row->spec, slot);
    l->from[row - rows] = from;
    if (config_value_parse(&row->spec, text, slot, l->err) != 0)
        return load_fail(l, from, row->key);
    return 0;
}

static void
load_defaults(struct load *l)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];

        if (config_type_is_list(row->spec.type) && *row->dflt == '\0')
            continue;
        if (load_value(l, row, row->dflt, true, FROM_DEFAULT) != 0)
            log_fatal("default of %s: %s", row->key, l->err->text);
    }
}

/* libconfuse has a value: may refuse it by -1. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    const struct row *row = row_find(opt->name);
    bool first = opt->nvalues <= 1;

    *(const char **)result = value;
    if (first && loading->from[row - rows] != FROM_DEFAULT) {
        err_set(loading->err, "given twice, first in line %d",
                loading->from[row - rows]);
        return load_fail(loading, cfg->line, row->key);
    }
    return load_value(loading, row, value, first, cfg->line);
}

static void on_syntax_error(cfg_t *cfg, const char *fmt, va_list ap)
    PRINTF_LIKE(2, 0);

static void
on_syntax_error(cfg_t *cfg, const char *fmt, va_list ap)
{
    static const char unknown[] = "no such option '";
    const size_t len = sizeof unknown - 1;
    char text[160];
    char *key = NULL;

    if (loading->failed)
        return;
    vsnprintf(text, sizeof text, fmt, ap);
    err_set(loading->err, "%s", text);
    if (strncmp(text, unknown, len) == 0) {
        key = text + len;
        key[strcspn(key, "'")] = '\0';
        err_set(loading->err, "there is no such key, see ximssd.conf(5)");
    }
    load_fail(loading, cfg->line, key);
}

/* libconfuse keeps the names it is given and changes the options. */
static cfg_opt_t *
options_new(void)
{
    cfg_opt_t *options = xcalloc(ROWS + 1, sizeof *options);
    const cfg_opt_t end = CFG_END();

    for (size_t i = 0; i < ROWS; i++) {
        const cfg_opt_t one =
            CFG_STR_CB(rows[i].key, NULL, CFGF_NODEFAULT, on_value);
        const cfg_opt_t list =
            CFG_STR_LIST_CB(rows[i].key, NULL, CFGF_NODEFAULT, on_value);

        options[i] = config_type_is_list(rows[i].spec.type) ? list : one;
    }
    options[ROWS] = end;
    return options;
}

/* Read here: libconfuse's scanner ends the process when it cannot read. */
static int
file_read(struct load *l, struct buf *text)
{
    FILE *f = fopen(l->file, "re");
    char piece[4096];
    size_t n;
    int r = -1;

    if (f == NULL) {
        err_set(l->err, "%s", strerror(errno));
        return load_fail(l, FROM_DEFAULT, NULL);
    }
    while (text->len <= MOST_BYTES &&
           (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_append(text, piece, n);
    if (ferror(f))
        err_set(l->err, "%s", strerror(errno));
    else if (text->len > MOST_BYTES ||
             memchr(buf_cstr(text), 0, text->len) != NULL)
        err_set(l->err, "this is not a configuration file");
    else
        r = 0;
    fclose(f);
    return r == 0 ? 0 : load_fail(l, FROM_DEFAULT, NULL);
}

/* The length of what stands here as one piece: a quoted text, a comment (then
 * *comment_r), or a character. */
static size_t
piece_length(const char *s, bool *comment_r)
{
    size_t n = 1;

    *comment_r = *s == '#' || (s[0] == '/' && (s[1] == '/' || s[1] == '*'));
    if (*comment_r && s[1] == '*' && *s == '/') {
        const char *end = strstr(s + 2, "*/");

        return end != NULL ? (size_t)(end + 2 - s) : strlen(s);
    }
    if (*comment_r)
        return strcspn(s, "\n");
    if (*s != '"' && *s != '\'')
        return 1;
    while (s[n] != '\0' && s[n] != *s)
        n += s[n] == '\\' && s[n + 1] != '\0' ? 2 : 1;
    return s[n] != '\0' ? n + 1 : n;
}

/* Turns comments into blanks: libconfuse 3.3 counts the line of a comment up
 * to three times, and the lines it names for errors would be wrong. */
static void
blank_comments(char *s)
{
    bool comment;
    size_t n;

    for (; *s != '\0'; s += n) {
        n = piece_length(s, &comment);
        for (size_t i = 0; comment && i < n; i++)
            if (s[i] != '\n')
                s[i] = ' ';
    }
}

/* An empty list, {}, calls nobody back. */
static void
take_empty_lists(struct load *l, cfg_t *cfg)
{
    for (size_t i = 0; i < ROWS; i++) {
        const cfg_opt_t *opt = cfg_getopt(cfg, rows[i].key);

        if (config_type_is_list(rows[i].spec.type) && opt->nvalues == 0 &&
            (opt->flags & CFGF_MODIFIED) != 0)
            config_value_clear(&rows[i].spec, slot_of(&rows[i], l->config));
    }
}

static int
load_file(struct load *l)
{
    cfg_opt_t *options;
    struct buf text = {0};
    cfg_t *cfg;

    if (file_read(l, &text) != 0)
        goto out;
    blank_comments(text.data);
    options = options_new();
    cfg = cfg_init(options, CFGF_NONE);
    if (cfg == NULL)
        log_fatal("out of memory");
    cfg_set_error_function(cfg, on_syntax_error);
    loading = l;
    if (cfg_parse_buf(cfg, buf_cstr(&text)) == CFG_SUCCESS) {
        take_empty_lists(l, cfg);
    } else if (!l->failed) {
        err_set(l->err, "this is not a configuration file");
        load_fail(l, FROM_DEFAULT, NULL);
    }
    loading = NULL;
    cfg_free(cfg);
    free(options);
out:
    buf_clear(&text);
    return l->failed ? -1 : 0;
}

static int
load_overrides(struct load *l, const struct config_override *o, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *row = row_find(o[i].key);

        if (row == NULL) {
            err_set(l->err, "there is no such key");
            return load_fail(l, FROM_COMMAND_LINE, o[i].key);
        }
        if (load_value(l, row, o[i].value,
                       l->from[row - rows] != FROM_COMMAND_LINE,
                       FROM_COMMAND_LINE) != 0)
            return -1;
    }
    return 0;
}

/* --- what values have to do with each other --- */

static int
conflict(struct load *l, const char *key, const char *text)
{
    err_set(l->err, "%s", text);
    return load_fail(l, l->from[row_find(key) - rows], key);
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
#define WIRE_BYTES(text_bytes) (6 * (text_bytes) + 4 * KIB)

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
    if (c->alert_bytes + 4 * KIB > c->message_bytes)
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

    if (*c->control_socket == '\0') {
        free(c->control_socket);
        c->control_socket = xasprintf("%s/control.sock", c->store);
    }
    if (strlen(c->control_socket) <= most)
        return 0;
    err_set(l->err,
            "the path has %zu bytes, and a socket's at most %zu: give "
            "a shorter one",
            strlen(c->control_socket), most);
    return load_fail(l, l->from[row_find("control-socket") - rows],
                     "control-socket");
}

struct config *
config_load_with(const char *file, const struct config_override *overrides,
                 size_t n, struct errbuf *err)
{
    struct errbuf own;
    struct load l = {.file = file, .err = err != NULL ? err : &own};

    l.config = xcalloc(1, sizeof *l.config);
    load_defaults(&l);
    if ((file != NULL && load_file(&l) != 0) ||
        load_overrides(&l, overrides, n) != 0 || check_listeners(&l) != 0 ||
        check_tls(&l) != 0 || check_sizes(&l) != 0 ||
        finish_control_socket(&l) != 0)
        config_free(&l.config);
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
    for (size_t i = 0; i < ROWS; i++)
        config_value_clear(&rows[i].spec, slot_of(&rows[i], *config));
    free(*config);
    *config = NULL;
}

/* --- printing --- */

static void
print_row(FILE *out, const struct row *row, const struct config *c,
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
    for (size_t i = 0; i < ROWS; i++)
        print_row(out, &rows[i], config, "");
}

void
config_print_sample(FILE *out)
{
    struct errbuf err;
    struct load l = {.config = xcalloc(1, sizeof *l.config), .err = &err};

    fputs("# The configuration of ximssd: every key with its default. See "
          "ximssd.conf(5).\n\n",
          out);
    load_defaults(&l);
    for (size_t i = 0; i < ROWS; i++)
        print_row(out, &rows[i], l.config, "#");
    config_free(&l.config);
}

/* --- reloading --- */

bool
config_changed_needs_restart(const struct config *running,
                             const struct config *loaded, struct buf *keys)
{
    bool found = false;

    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];

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
    for (size_t i = 0; i < ROWS; i++)
        if (!rows[i].reloadable)
            config_value_copy(&rows[i].spec, slot_of(&rows[i], loaded),
                              slot_of_const(&rows[i], running));
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
