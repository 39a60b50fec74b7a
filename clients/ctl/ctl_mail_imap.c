/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: the last link.  Logs in by IMAP, posts an alert to the account,
 * and asks (NOOP) until the session has got it.  It never idles: then it counts as
 * a program that nobody looks at, and uses up nothing of what waits. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/ctl/ctl_mail.h"
#include "clients/sample/secret.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define PATIENCE   (10 * CLOCK_SECOND) /* for each answer of Dovecot */
#define BETWEEN    200                 /* ms from one NOOP to the next */
#define ANSWER_MAX ((size_t)256 << 10)

struct imap {
    int fd;
    struct buf in; /* of the answer that is read */
    unsigned tag;
    struct errbuf err;
};

/* --- the connection --- */

static int
dial(struct imap *s, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all, *a;
    int r = getaddrinfo(host, port, &hints, &all);

    s->fd = -1;
    if (r != 0)
        return err_set(&s->err, "%s: %s", host, gai_strerror(r));
    for (a = all; a != NULL && s->fd < 0; a = a->ai_next) {
        s->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (s->fd >= 0 && connect(s->fd, a->ai_addr, a->ai_addrlen) < 0) {
            err_set(&s->err, "%s:%s: %s", host, port, strerror(errno));
            close(s->fd);
            s->fd = -1;
        }
    }
    freeaddrinfo(all);
    return s->fd < 0 ? -1 : 0;
}

/* "HOST:PORT", "HOST", "[ADDRESS]:PORT". */
static int
dial_option(struct imap *s, const char *where)
{
    char *host = xstrdup(where), *colon = strrchr(host, ':'), *name = host;
    const char *port = "143";
    int r;

    if (colon != NULL && strchr(colon, ']') == NULL) {
        *colon = '\0';
        port = colon + 1;
    }
    if (name[0] == '[' && name[strlen(name) - 1] == ']') {
        name[strlen(name) - 1] = '\0';
        name++;
    }
    if (strcmp(port, "993") == 0 || strcmp(port, "imaps") == 0)
        r = err_set(&s->err, "port %s is IMAP within TLS", port);
    else
        r = dial(s, name, port);
    free(host);
    return r;
}

static int
read_some(struct imap *s, int64_t deadline)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    int64_t left = (deadline - clock_mono()) / 1000;
    char data[4096];
    ssize_t n;

    if (left <= 0 || poll(&p, 1, (int)left) <= 0)
        return err_set(&s->err, "Dovecot does not answer");
    n = recv(s->fd, data, sizeof data, 0);
    if (n <= 0)
        return err_set(&s->err, "Dovecot closed the connection: %.200s",
                       buf_cstr(&s->in));
    if (s->in.len > ANSWER_MAX)
        return err_set(&s->err, "the answer of Dovecot is too long");
    buf_append(&s->in, data, (size_t)n);
    return 0;
}

/* The line that begins with `start`; NULL: there is none yet. */
static const char *
find_line(struct imap *s, const char *start)
{
    const char *at = buf_cstr(&s->in);

    while (at != NULL && strncmp(at, start, strlen(start)) != 0) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    return at != NULL && strchr(at, '\n') != NULL ? at : NULL;
}

/* Reads until there is such a line; s->in has all that came. */
static const char *
await_line(struct imap *s, const char *start)
{
    int64_t deadline = clock_mono() + PATIENCE;
    const char *line;

    while ((line = find_line(s, start)) == NULL)
        if (read_some(s, deadline) < 0)
            return NULL;
    return line;
}

/* --- commands --- */

static void
quote(struct buf *b, const char *s)
{
    buf_append_char(b, '"');
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            buf_append_char(b, '\\');
        buf_append_char(b, *s);
    }
    buf_append_char(b, '"');
}

/* Sends "TAG COMMAND", which is wiped, and reads its answer.  -1: it was not OK. */
static int
command(struct imap *s, struct buf *line)
{
    char tag[16];
    const char *answer;
    struct buf out = {0};
    ssize_t n;

    snprintf(tag, sizeof tag, "c%u ", ++s->tag);
    buf_appendf(&out, "%s%s\r\n", tag, buf_cstr(line));
    s->in.len = 0;
    n = send(s->fd, out.data, out.len, MSG_NOSIGNAL);
    explicit_bzero(out.data, out.cap);
    explicit_bzero(line->data, line->cap);
    buf_clear(line);
    buf_clear(&out);
    if (n < 0)
        return err_set(&s->err, "%s", strerror(errno));
    answer = await_line(s, tag);
    if (answer == NULL)
        return -1;
    answer += strlen(tag);
    if (strncmp(answer, "OK", 2) == 0)
        return 0;
    return err_set(&s->err, "%.*s", (int)strcspn(answer, "\r\n"), answer);
}

static int
simple_command(struct imap *s, const char *text)
{
    struct buf line = {0};

    buf_append_str(&line, text);
    return command(s, &line);
}

/* --- logging in --- */

static char *
mail_password(const struct mail_check *m)
{
    const char *file = ctl_option(m->c, "password-file"), *why = NULL;
    int fd = -1;
    char *password;

    if (file != NULL) {
        fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            ctl_error(0, "%s: %s", file, strerror(errno));
            return NULL;
        }
    }
    password = secret_get(fd, "XIMSS_MAIL_PASSWORD", "Mail password: ", &why);
    if (fd >= 0)
        close(fd);
    if (password == NULL && why != NULL)
        ctl_error(0, "%s; give it by --password-file or XIMSS_MAIL_PASSWORD",
                  why);
    return password;
}

/* With a master user: "joe@example.test*master". */
static int
log_in_name(const struct mail_check *m, struct buf *name, struct errbuf *err)
{
    const char *master = ctl_option(m->c, "master");
    struct buf separator = {0};
    int r = 0;

    buf_append_str(name, m->account);
    if (master != NULL) {
        r = mail_doveconf(m, NULL, "auth_master_user_separator", &separator,
                          err);
        if (r == 0 && separator.len == 0)
            r = err_set(err, "auth_master_user_separator is not set in "
                             "Dovecot's configuration");
        buf_appendf(name, "%s%s", buf_cstr(&separator), master);
    }
    buf_clear(&separator);
    return r;
}

/* Neither may end the line, and all that follows would be a command. */
static int
check_word(struct imap *s, const char *what, const char *word)
{
    if (strpbrk(word, "\r\n") == NULL)
        return 0;
    return err_set(&s->err, "the %s has a line end in it", what);
}

/* The greeting, and whether a password may be sent at all. */
static int
be_greeted(struct imap *s)
{
    if (await_line(s, "* OK") == NULL)
        return -1;
    if (strstr(buf_cstr(&s->in), "[CAPABILITY ") == NULL &&
        simple_command(s, "CAPABILITY") < 0)
        return -1;
    if (strstr(buf_cstr(&s->in), "LOGINDISABLED") == NULL)
        return 0;
    return err_set(&s->err, "it takes no password in the clear "
                            "(LOGINDISABLED)");
}

static int
log_in(const struct mail_check *m, struct imap *s, const char *password)
{
    const char *where = ctl_option(m->c, "imap");
    struct buf line = {0}, name = {0};
    int r = log_in_name(m, &name, &s->err);

    if (r == 0)
        r = check_word(s, "name", buf_cstr(&name));
    if (r == 0)
        r = check_word(s, "password", password);
    if (r == 0)
        r = dial_option(s, where != NULL ? where : "127.0.0.1:143");
    if (r == 0)
        r = be_greeted(s);
    if (r == 0) {
        buf_append_str(&line, "LOGIN ");
        quote(&line, buf_cstr(&name));
        buf_append_char(&line, ' ');
        quote(&line, password);
        r = command(s, &line);
    }
    buf_clear(&name);
    return r;
}

/* --- the alert --- */

struct post_call {
    char id[32]; /* "" as long as it is not known */
    int code;
    bool done;
};

static void
on_posted(struct ximss *x, const struct ximss_result *result,
          const struct ximss_posted *posted, void *arg)
{
    struct post_call *call = arg;

    (void)x;
    call->done = true;
    call->code = ctl_result(result);
    if (posted != NULL)
        snprintf(call->id, sizeof call->id, "%s", posted->id);
}

static int
post(struct ctl *c, const char *account, const char *text,
     struct post_call *call)
{
    struct ximss_post p = {.scope = XIMSS_SCOPE_ACCOUNT,
                           .target = account,
                           .severity = XIMSS_WARNING,
                           .lifetime = "10m",
                           .text = text,
                           .text_len = strlen(text)};

    call->code = ctl_connect(c);
    if (call->code != CTL_OK)
        return -1;
    if (ximss_post(c->x, &p, on_posted, call) < 0)
        return ctl_error(-1, "%s", ximss_error(c->x));
    ctl_wait(c, &call->done);
    return call->code == CTL_OK ? 0 : -1;
}

static void
on_removed(struct ximss *x, const struct ximss_result *result, void *arg)
{
    (void)x;
    (void)result; /* one that was delivered is gone already */
    *(bool *)arg = true;
}

static void
withdraw(struct ctl *c, const char *id)
{
    bool done = false;

    if (id[0] != '\0' && ximss_remove(c->x, id, on_removed, &done) == 0)
        ctl_wait(c, &done);
}

static int64_t
patience(const struct mail_check *m)
{
    const char *text = ctl_option(m->c, "timeout");
    unsigned long long seconds = 10;

    if (text != NULL && text_parse_u64(text, 3600, &seconds) < 0)
        seconds = 10;
    return (int64_t)seconds * CLOCK_SECOND;
}

/* 0: the session got the text, after so many ms. */
static int
await_alert(const struct mail_check *m, struct imap *s, const char *text,
            int64_t *ms_r)
{
    int64_t start = clock_mono(), deadline = start + patience(m);

    do {
        if (simple_command(s, "NOOP") < 0)
            return -1;
        *ms_r = (clock_mono() - start) / 1000;
        if (strstr(buf_cstr(&s->in), text) != NULL)
            return 0;
        poll(NULL, 0, BETWEEN);
    } while (clock_mono() < deadline);
    return err_set(&s->err, "the alert did not come");
}

/* --- the link --- */

static enum mail_state
no_session(struct mail_check *m, const struct imap *s)
{
    if (strstr(s->err.text, "within TLS") != NULL)
        buf_append_str(&m->advice, "Name an address without TLS, as in --imap "
                                   "127.0.0.1:143.");
    else if (strstr(s->err.text, "initialization failed") != NULL)
        buf_append_str(&m->advice,
                       "Dovecot cannot load a plugin: see its log.");
    else if (strstr(s->err.text, "PRIVACYREQUIRED") != NULL ||
             strstr(s->err.text, "LOGINDISABLED") != NULL)
        buf_append_str(&m->advice, "This address needs TLS: name one of this "
                                   "machine, as in --imap 127.0.0.1:143.");
    else
        buf_append_str(&m->advice, "Is this the right password, and --imap the "
                                   "right address?");
    return mail_broken(m, "no IMAP session: %s", s->err.text);
}

static enum mail_state
try_alert(struct mail_check *m, struct imap *s)
{
    struct post_call call = {.code = CTL_OK};
    enum mail_state state;
    uint32_t number = 0;
    char text[80];
    int64_t ms = 0;

    if (getrandom(&number, sizeof number, 0) < 0)
        number = (uint32_t)clock_mono();
    snprintf(text, sizeof text, "A test of alerts by mail, number %08x.",
             number);
    if (post(m->c, m->user, text, &call) < 0) {
        buf_append_str(&m->advice, "ximssctl must be able to post: see "
                                   "--socket, or --host and --user.");
        state = mail_unknown(m, "no alert could be posted");
    } else if (await_alert(m, s, text, &ms) < 0) {
        buf_append_str(&m->advice,
                       "Look for \"ximss\" in Dovecot's log. Was Dovecot "
                       "restarted after its configuration was changed?");
        state = mail_broken(m, "%s", s->err.text);
    } else {
        state = mail_ok(m, "a test alert was in the IMAP session after %lld ms",
                        (long long)ms);
    }
    withdraw(m->c, call.id);
    return state;
}

enum mail_state
mail_link_alert(struct mail_check *m)
{
    struct imap s = {.fd = -1};
    enum mail_state state;
    char *password;

    if (m->account == NULL)
        return mail_unknown(m, "not tried: no account was named");
    password = mail_password(m);
    if (password == NULL)
        return mail_unknown(m, "not tried: no password");
    state = log_in(m, &s, password) < 0 ? no_session(m, &s) : try_alert(m, &s);
    if (s.fd >= 0 && s.err.text[0] == '\0')
        (void)simple_command(&s, "LOGOUT");
    if (s.fd >= 0)
        close(s.fd);
    buf_clear(&s.in);
    secret_free(&password);
    return state;
}
