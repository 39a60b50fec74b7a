/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/first_start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "storage/tables.h"
#include "util/bom.h"
#include "util/clock.h"
#include "util/name.h"
#include "util/terminal.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/password.h"

struct beginning {
    const char *domain;
    struct credential cred;
};

static enum store_result
body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct beginning *b = arg;
    struct domain_rec d = {.name = (char *)(uintptr_t)b->domain,
                           .created = clock_now()};
    struct account_rec a = {.name = (char *)(uintptr_t) "postmaster",
                            .type = (char *)(uintptr_t) "MultiMailbox",
                            .rights = (char *)(uintptr_t) "(Master)",
                            .created = d.created,
                            .cred = b->cred};
    struct audit_rec audit = {.time = d.created,
                              .who = "server",
                              .from = "local",
                              .what = "init",
                              .outcome = "ok"};
    uint64_t number;
    enum store_result r = domain_add(t, &d, &a.domain, err);

    if (r == STORE_OK)
        r = meta_text_put(t, STORE_TEXT_MAIN_DOMAIN, b->domain, err);
    if (r == STORE_OK)
        r = account_add(t, &a, &number, err);
    if (r == STORE_OK)
        r = audit_add(t, &audit, err);
    return r;
}

/* One of them, LF or CR LF. */
static void
cut_line_end(char *line)
{
    size_t n = strlen(line);

    if (n == 0 || line[n - 1] != '\n')
        return;
    line[--n] = '\0';
    if (n > 0 && line[n - 1] == '\r')
        line[n - 1] = '\0';
}

/* Without a byte order mark in front and the line end behind.  NULL, or why it
 * cannot be a password; read: the bytes up to the line end and its 0. */
static const char *
cut_line(char *line, size_t read)
{
    const char *fault = bom_fault(line, read);
    size_t from = bom_length(line, read);

    if (fault == NULL && strlen(line) + 1 < read)
        fault = "the first line contains a zero byte";
    memmove(line, line + from, read - from);
    cut_line_end(line);
    return fault;
}

/* -1 with err for what cannot be a password. */
static int
check_password(const char *file, const char *password, struct errbuf *err)
{
    const char *why;

    if (strlen(password) > PASSWORD_MOST)
        return err_set(err, "%s: the first line has more than %d bytes", file,
                       PASSWORD_MOST);
    if (password[0] == '\0')
        return err_set(err, "%s: the first line is empty", file);
    why = password_fault(password);
    return why == NULL ? 0 : err_set(err, "%s: the %s", file, why);
}

/* A mark, the longest password, a line end and a 0. */
#define LINE_SIZE (BOM_LENGTH + PASSWORD_MOST + 3)

static int
ask_once(const struct terminal *t, const char *prompt, char line[LINE_SIZE],
         struct errbuf *err)
{
    ssize_t n = terminal_ask(t, prompt, line, LINE_SIZE - 1);

    if (n < 0)
        return err_set(err, "asking for the password: %s", strerror(errno));
    if (n == 0)
        return err_set(err, "asking for the password: there is none");
    line[n] = '\0';
    cut_line_end(line);
    return 0;
}

/* Twice, for nobody sees what they type. */
static int
ask_password(int fd, char out[LINE_SIZE], struct errbuf *err)
{
    char again[LINE_SIZE] = "";
    struct terminal t;
    int r;

    if (terminal_hide(&t, fd) < 0)
        return err_set(err, "asking for the password: %s", strerror(errno));
    r = ask_once(&t, "Password of postmaster: ", out, err);
    if (r == 0)
        r = check_password("the terminal", out, err);
    if (r == 0)
        r = ask_once(&t, "Repeat the password: ", again, err);
    if (r == 0 && strcmp(out, again) != 0)
        r = err_set(err, "the two passwords differ");
    terminal_show(&t);
    OPENSSL_cleanse(again, sizeof again);
    return r;
}

/* out: zeroed. */
static int
read_line(FILE *f, const char *file, char out[LINE_SIZE], struct errbuf *err)
{
    size_t size = LINE_SIZE;
    const char *why;

    if (fgets(out, LINE_SIZE, f) == NULL)
        return err_set(err, "%s: no password in its first line", file);
    while (size > 1 && out[size - 2] == '\0')
        size--; /* up to the last byte that was read */
    why = cut_line(out, size);
    return why != NULL ? err_set(err, "%s: %s", file, why)
                       : check_password(file, out, err);
}

/* out: zeroed. */
static int
read_password(const char *file, char out[LINE_SIZE], struct errbuf *err)
{
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "r");
    int r;

    if (f == NULL)
        return err_set(err, "%s: %s", file, strerror(errno));
    r = isatty(fileno(f)) ? ask_password(fileno(f), out, err)
                          : read_line(f, file, out, err);
    if (f != stdin)
        fclose(f);
    return r;
}

static const char *
machine_name(char *out, size_t size)
{
    if (gethostname(out, size) < 0)
        return "localhost";
    out[size - 1] = '\0';
    return text_is_host(out) ? out : "localhost";
}

static int
make(const char *dir, struct beginning *b, struct errbuf *err)
{
    struct store_options o = {.dir = dir, .create = true};
    struct store *store = store_open(&o, err);
    enum store_result r;

    if (store == NULL)
        return -1;
    r = store_run(store, body, b, err);
    store_close(&store);
    return r == STORE_OK ? 0 : -1;
}

int
first_start(const char *dir, const char *main_domain, const char *password_file,
            unsigned iterations, struct errbuf *err)
{
    struct beginning b = {0};
    char host[129], domain[NAME_DOMAIN_SIZE], password[LINE_SIZE] = "";
    int r;

    b.domain =
        main_domain != NULL ? main_domain : machine_name(host, sizeof host);
    if (name_new_domain(b.domain, domain, err) < 0)
        return err_prefix(err, "%s cannot be the name of a domain", b.domain);
    b.domain = domain;
    if (store_exists(dir))
        return err_set(err, "there is already a store in %s", dir);
    if (password_file != NULL) {
        if (read_password(password_file, password, err) < 0) {
            OPENSSL_cleanse(password, sizeof password);
            return -1;
        }
        password_make(password, iterations, false, &b.cred);
        OPENSSL_cleanse(password, sizeof password);
    }
    if (mkdir(dir, 0750) < 0 && errno != EEXIST)
        return err_set(err, "making %s: %s", dir, strerror(errno));
    r = make(dir, &b, err);
    OPENSSL_cleanse(&b.cred, sizeof b.cred);
    return r;
}
