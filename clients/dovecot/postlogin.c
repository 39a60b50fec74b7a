/* SPDX-License-Identifier: BSD-2-Clause */
/* ximss-postlogin: what Dovecot's script-login runs between a log-in and the mail
 * process.  Standard output is the client, in clear even where it uses TLS.  One
 * connection to the mail door, one bounded wait; the alerts are written, then
 * confirmed at once, because nobody watches the client later.
 *
 * Whatever goes wrong, the mail process is run: mail does not depend on alerts. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "clients/dovecot/door_choice.h"
#include "clients/dovecot/door_text.h"
#include "clients/dovecot/door_wire.h"
#include "util/clock.h"

#define WAIT_MAX   10000 /* ms */
#define ALERTS_MAX 50    /* told at one log-in; the next one tells the others */
/* ms: for the rest of a line that has begun, and for what the server has to know */
#define LINE_WAIT    10000
#define CONFIRM_WAIT 50
#define NO_ACCOUNT   515 /* the door does not know this user */

struct shown {
    uint64_t id;
    struct door_kind kind;
    char line[DOOR_TEXT_IMAP + 1];
};

struct talk {
    int fd;
    int64_t deadline; /* of clock_mono */
    struct door_wire wire;
    const char *code; /* of a refusal */
    struct shown alerts[ALERTS_MAX];
    unsigned n;
};

/* Dovecot puts it in its log. */
__attribute__((format(printf, 1, 2))) static int
complain(const char *fmt, ...)
{
    va_list ap;

    fputs("ximss-postlogin: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return -1;
}

/* Waits until fd is ready.  -1: not before the deadline. */
static int
wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left;
    int r;

    do {
        left = (deadline - clock_mono() + 999) / 1000;
        if (left <= 0)
            return -1;
        r = poll(&p, 1, (int)left);
    } while (r < 0 && errno == EINTR);
    return r > 0 ? 0 : -1;
}

/* --- the door --- */

static int
open_door(struct talk *t, const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof at.sun_path)
        return complain("%s: the path is too long", path);
    memcpy(at.sun_path, path, strlen(path));
    t->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (t->fd < 0 ||
        connect(t->fd, (const struct sockaddr *)&at, sizeof at) < 0)
        return complain("%s: %s", path, strerror(errno));
    return 0;
}

/* A request is shorter than any socket's buffer; one that does not fit at once
 * meets a server that does not read. */
static int
say(struct talk *t, const char *request, size_t len)
{
    if (len > 0 && send(t->fd, request, len, MSG_NOSIGNAL) == (ssize_t)len)
        return 0;
    return complain("the server does not take a request");
}

static void
forget(struct talk *t, uint64_t id)
{
    for (unsigned i = 0; i < t->n; i++)
        if (t->alerts[i].id == id) {
            t->n--;
            memmove(&t->alerts[i], &t->alerts[i + 1],
                    (t->n - i) * sizeof t->alerts[0]);
            return;
        }
}

static void
keep(struct talk *t, const struct door_message *m)
{
    struct shown *s = &t->alerts[t->n];

    if (t->n == ALERTS_MAX)
        return;
    s->id = m->alert;
    s->kind = m->kind;
    if (door_text_line(m->text, m->text_len, m->text_cut, s->line,
                       DOOR_TEXT_IMAP) > 0)
        t->n++;
}

/* 1: this answers the request `id`; 0: go on; -1: it is over. */
static int
take_message(struct talk *t, const struct door_message *m, const char *id)
{
    switch (m->type) {
    case DOOR_ALERT:
        keep(t, m);
        return 0;
    case DOOR_REMOVED:
        forget(t, m->alert);
        return 0;
    case DOOR_BYE:
        return -1;
    case DOOR_RESPONSE:
        if (m->error == NO_ACCOUNT)
            return -1;
        if (m->error != 0)
            return complain("the server refuses the request \"%s\": %u", m->id,
                            m->error);
        return strcmp(m->id, id) == 0;
    case DOOR_SESSION:
    case DOOR_NOTHING:
        break;
    }
    return 0;
}

static int
take_bytes(struct talk *t, char *data, size_t len, const char *id)
{
    struct door_message m;
    size_t n;
    int r = 0;

    for (; r == 0 && len > 0; data += n, len -= n) {
        n = door_wire_take(&t->wire, data, len, &m);
        r = take_message(t, &m, id);
    }
    return r;
}

/* Listens until the request `id` is answered.  -1: it never was. */
static int
listen_for(struct talk *t, const char *id)
{
    char data[4096];
    ssize_t n;
    int r = 0;

    while (r == 0) {
        if (wait_for(t->fd, POLLIN, t->deadline) < 0)
            return complain("no answer in time");
        n = recv(t->fd, data, sizeof data, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0)
            return complain("the server closed the connection");
        r = take_bytes(t, data, (size_t)n, id);
    }
    return r > 0 ? 0 : -1;
}

/* The alerts that wait for the user. */
static int
ask(struct talk *t, const char *service, const char *path)
{
    struct door_login login = {.user = getenv("USER"),
                               .service = service,
                               .client = getenv("IP"),
                               .attended = true};
    char request[2 * DOOR_WIRE_REQUEST];
    size_t len, told;

    if (login.user == NULL || login.user[0] == '\0')
        return complain("USER is not set");
    if (open_door(t, path) < 0)
        return -1;
    len = door_wire_login(request, DOOR_WIRE_REQUEST, &login);
    told = door_wire_told(request + len, sizeof request - len);
    if (len == 0)
        return complain("the name of the user is too long");
    if (say(t, request, len + told) < 0)
        return -1;
    return listen_for(t, DOOR_ID_TOLD);
}

/* So many ms from now on. */
static void
at_least(struct talk *t, int ms)
{
    int64_t end = clock_mono() + ms * INT64_C(1000);

    if (t->deadline < end)
        t->deadline = end;
}

/* What was shown, in one go; and waits for the answers, so that the next log-in
 * does not see it again. */
static void
confirm(struct talk *t, const struct shown *alerts, unsigned n)
{
    char request[DOOR_WIRE_REQUEST], last[24];

    for (unsigned i = 0; i < n; i++)
        if (say(t, request,
                door_wire_confirm(request, sizeof request, alerts[i].id)) < 0)
            return;
    if (n == 0)
        return;
    at_least(t, CONFIRM_WAIT);
    snprintf(last, sizeof last, "%llu", (unsigned long long)alerts[n - 1].id);
    (void)listen_for(t, last);
}

/* --- the client --- */

/* Returns how much of it went out. */
static size_t
write_some(const char *data, size_t len, int64_t deadline)
{
    size_t done = 0;
    ssize_t n;

    while (done < len) {
        n = write(STDOUT_FILENO, data + done, len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR &&
                 (errno != EAGAIN ||
                  wait_for(STDOUT_FILENO, POLLOUT, deadline) < 0))
            break;
    }
    return done;
}

/* -1: nothing of it went out.  The mail process would go on in the middle of a line
 * that the client has the half of, so such a line is finished, or all is over. */
static int
write_line(const struct talk *t, const char *line, size_t len)
{
    size_t n = write_some(line, len, t->deadline);

    if (n == len)
        return 0;
    complain("writing to the client: %s", strerror(errno));
    if (n == 0)
        return -1;
    if (write_some(line + n, len - n,
                   clock_mono() + LINE_WAIT * INT64_C(1000)) == len - n)
        return 0;
    complain("the client does not take the rest of a line");
    exit(EX_IOERR);
}

static void
show_imap(struct talk *t)
{
    char line[DOOR_TEXT_IMAP + sizeof "* NO [ALERT] \r\n"];
    struct shown alerts[ALERTS_MAX];
    unsigned n = t->n, i;
    int len;

    /* While answers are awaited, the list can change. */
    memcpy(alerts, t->alerts, n * sizeof alerts[0]);
    /* After the wait no line is begun, even if the client reads again. */
    for (i = 0; i < n && clock_mono() < t->deadline; i++) {
        len = snprintf(line, sizeof line, "* %s [ALERT] %s\r\n",
                       door_choice_word_for(DOOR_WORD_AUTO, &alerts[i].kind),
                       alerts[i].line);
        if (write_line(t, line, (size_t)len) < 0)
            break;
    }
    confirm(t, alerts, i);
}

/* True: the log-in was refused. */
static bool
show_pop3(struct talk *t)
{
    char line[DOOR_TEXT_POP3_LINE + sizeof "\r\n"];
    struct shown alert;
    size_t len;

    for (unsigned i = 0; i < t->n; i++) {
        if (!door_choice_refuses(DOOR_REFUSE_DEFAULT, &t->alerts[i].kind))
            continue;
        alert = t->alerts[i];
        len = door_text_refusal(t->code, alert.line, "(please wait and retry)",
                                line);
        memcpy(line + len, "\r\n", sizeof "\r\n");
        if (write_line(t, line, len + 2) < 0)
            return false;
        confirm(t, &alert, 1);
        return true;
    }
    return false;
}

/* True: the log-in was refused. */
static bool
show(const char *service, const char *path, int wait, const char *code)
{
    static struct talk t = {.fd = -1};

    t.code = code;
    t.deadline = clock_mono() + wait * INT64_C(1000);
    if (ask(&t, service, path) < 0)
        return false;
    if (strcmp(service, "pop3") == 0)
        return show_pop3(&t);
    show_imap(&t);
    return false;
}

/* --- the command line --- */

static void
help(FILE *to)
{
    fputs("Usage: ximss-postlogin [--code=CODE] imap|pop3 SOCKET WAIT_MS "
          "[PROGRAM [ARGS]]\n"
          "\n"
          "Shows the alerts of ximssd at a log-in to Dovecot (script-login).\n"
          "imap: writes them to the client, then runs PROGRAM. pop3: refuses\n"
          "the log-in once for each alert, with CODE (SYS/TEMP). See "
          "ximss-postlogin(8).\n",
          to);
}

/* 0 ms and more; -1: no number, or too long. */
static int
parse_wait(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || n > WAIT_MAX)
        return -1;
    return (int)n;
}

/* The words before the program; the others are none of this program's. */
static int
check_arguments(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        help(stdout);
        exit(0);
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("ximss-postlogin %s\n", PACKAGE_VERSION);
        exit(0);
    }
    if (argc < 4 ||
        (strcmp(argv[1], "imap") != 0 && strcmp(argv[1], "pop3") != 0) ||
        parse_wait(argv[3]) < 0) {
        help(stderr);
        return -1;
    }
    return 0;
}

static bool
is_program(const char *word)
{
    struct stat st;

    return word[0] == '/' && stat(word, &st) == 0 && S_ISREG(st.st_mode) &&
           access(word, X_OK) == 0;
}

/* The mail process and its arguments; NULL: none is named.  If a word is missing or
 * too many, it is the last that can be a program: no mistake here stops mail. */
static char **
find_program(int argc, char **argv, bool usable)
{
    if (usable && argc <= 4)
        return NULL;
    if (usable && argv[4][0] == '/')
        return argv + 4;
    for (int i = argc - 1; i > 0; i--)
        if (is_program(argv[i]))
            return argv + i;
    return argc > 4 ? argv + 4 : NULL;
}

int
main(int argc, char **argv)
{
    static const char option[] = "--code=";
    const char *code = "SYS/TEMP";
    char **program;
    bool usable;

    if (argc > 1 && strncmp(argv[1], option, sizeof option - 1) == 0) {
        code = argv[1] + sizeof option - 1;
        argc--;
        argv++;
    }
    usable = check_arguments(argc, argv) == 0;
    if (usable && show(argv[1], argv[2], parse_wait(argv[3]), code))
        return 0;
    program = find_program(argc, argv, usable);
    if (program == NULL)
        return usable ? 0 : EX_USAGE;
    execv(program[0], program);
    complain("%s: %s", program[0], strerror(errno));
    return EX_OSERR;
}
