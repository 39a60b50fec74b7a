/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: whether a mail process of the account may log in at the door. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/ctl/ctl_mail.h"
#include "clients/dovecot/door_wire.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define PATIENCE 5000 /* ms, for each answer at the door */

/* What a child finds out as the mail user. */
struct answer {
    bool connected;
    int error_number; /* errno without a connection, or without an answer */
    unsigned refusal; /* errorNum; 0: logged in */
};

/* Until the log-in is answered. */
static int
await_login(int fd, struct answer *a)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct door_wire wire = {0};
    struct door_message message;
    char data[4096];
    ssize_t n;

    for (;;) {
        n = poll(&p, 1, PATIENCE) > 0 ? recv(fd, data, sizeof data, 0) : 0;
        if (n <= 0) {
            a->error_number = n < 0 ? errno : ETIMEDOUT;
            return -1;
        }
        for (size_t i = 0; i < (size_t)n;) {
            i += door_wire_take(&wire, data + i, (size_t)n - i, &message);
            if (message.type == DOOR_RESPONSE) {
                a->refusal = message.error;
                return 0;
            }
        }
    }
}

static void
log_in_as(const struct mail_check *m, uid_t uid, gid_t gid, struct answer *a)
{
    struct door_login login = {
        .user = m->user, .service = "imap", .attended = true};
    char request[DOOR_WIRE_REQUEST];
    gid_t groups[1] = {m->door_group};
    size_t len = door_wire_login(request, sizeof request, &login);
    int fd = -1;

    if (setgroups(1, groups) == 0 && setgid(gid) == 0 && setuid(uid) == 0)
        fd = mail_connect_door(m);
    if (fd < 0) {
        a->error_number = errno;
        return;
    }
    a->connected = true;
    if (send(fd, request, len, MSG_NOSIGNAL) == (ssize_t)len)
        (void)await_login(fd, a);
    else
        a->error_number = errno;
}

/* In a process of its own, which gives up its privileges for it. */
static int
ask_as(const struct mail_check *m, uid_t uid, gid_t gid, struct answer *a)
{
    int fds[2], status;
    ssize_t n = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        log_in_as(m, uid, gid, a);
        n = write(fds[1], a, sizeof *a);
        _exit(n == (ssize_t)sizeof *a ? 0 : 1);
    }
    close(fds[1]);
    if (pid > 0) {
        n = read(fds[0], a, sizeof *a);
        (void)waitpid(pid, &status, 0);
    }
    close(fds[0]);
    return n == (ssize_t)sizeof *a ? 0 : -1;
}

/* A field of the user database: the uid, the gid, the user's name. */
static int
user_field(const struct mail_check *m, const char *field, struct buf *value,
           struct errbuf *err)
{
    const char *config = ctl_option(m->c, "dovecot-config");
    const char *argv[] = {"doveadm", "-c",  config,     "user",
                          "-f",      field, m->account, NULL};
    const char *usual[] = {"doveadm", "user", "-f", field, m->account, NULL};

    value->len = 0;
    return mail_run(config != NULL ? argv : usual, value, err);
}

static int
user_id(const struct mail_check *m, const char *field, unsigned *id_r,
        struct errbuf *err)
{
    struct buf value = {0};
    unsigned long long id = 0;
    int r = user_field(m, field, &value, err);

    if (r == 0 && text_parse_u64(buf_cstr(&value), UINT32_MAX, &id) < 0)
        r = err_set(err, "doveadm user: no %s for %s", field, m->account);
    *id_r = (unsigned)id;
    buf_clear(&value);
    return r;
}

/* --- what it means --- */

/* What lets one user id name all accounts is right for the owner of everybody's
 * mail only.  A person's is known by its name. */
static bool
is_of_one_user(const struct mail_check *m, const struct passwd *pw)
{
    size_t len = strcspn(m->user, "@");

    return pw != NULL && strlen(pw->pw_name) == len &&
           strncasecmp(pw->pw_name, m->user, len) == 0;
}

static void
advise_user_format(struct mail_check *m)
{
    const char *at = strchr(m->user, '@');

    buf_append_str(&m->advice,
                   "This is the uid of one user, who must not be in "
                   "door-users: it would let them name any "
                   "account. ");
    if (at != NULL)
        buf_appendf(&m->advice,
                    "Set door-user-format = %%u%s in ximssd.conf, and reload "
                    "ximssd.",
                    at);
    else
        buf_appendf(&m->advice,
                    "Dovecot calls them %s, which is an account of the main "
                    "domain: leave door-user-format out. For another domain, "
                    "Dovecot must say it (doc/mail.md).",
                    m->user);
}

static void
advise_owner(struct mail_check *m, const struct passwd *pw, unsigned uid)
{
    char number[16];

    snprintf(number, sizeof number, "%u", uid);
    buf_appendf(&m->advice,
                "If the mail of all users belongs to this uid, set in "
                "ximssd.conf: door-users = {%s}. If it is the uid of one "
                "person, do not, but set door-user-format. Then reload ximssd.",
                pw != NULL ? pw->pw_name : number);
}

static enum mail_state
judge_refusal(struct mail_check *m, unsigned uid, unsigned refusal)
{
    const struct passwd *pw = getpwuid(uid);

    switch (refusal) {
    case 515:
        buf_append_str(&m->advice,
                       "Dovecot and ximssd must call the account alike, and "
                       "it must not be suspended (ximssctl account info).");
        return mail_broken(m, "ximssd has no account %s that may log in (515)",
                           m->user);
    case 527:
        if (is_of_one_user(m, pw))
            advise_user_format(m);
        else
            advise_owner(m, pw, uid);
        return mail_broken(m, "uid %u may not name %s at the door (527)", uid,
                           m->user);
    default:
        buf_append_str(&m->advice, "Look at the log of ximssd.");
        return mail_broken(m, "ximssd refuses the log-in (%u)", refusal);
    }
}

static enum mail_state
judge_answer(struct mail_check *m, unsigned uid, const struct answer *a)
{
    if (!a->connected) {
        buf_append_str(&m->advice, "The directories above the socket must let "
                                   "everybody pass (mode 0755).");
        return mail_broken(m, "uid %u cannot connect: %s", uid,
                           strerror(a->error_number));
    }
    if (a->refusal != 0)
        return judge_refusal(m, uid, a->refusal);
    if (a->error_number != 0) {
        buf_append_str(&m->advice, "Is this the socket of ximssd's door? Look "
                                   "at the log of ximssd.");
        return mail_broken(m, "no answer at the door: %s",
                           strerror(a->error_number));
    }
    return mail_ok(m, "uid %u may log in as %s", uid, m->user);
}

void
mail_find_user(struct mail_check *m)
{
    struct buf name = {0};
    struct errbuf err;

    if (m->account == NULL)
        return;
    m->user = xstrdup(user_field(m, "user", &name, &err) == 0 && name.len > 0
                          ? buf_cstr(&name)
                          : m->account);
    buf_clear(&name);
}

static enum mail_state
no_user(struct mail_check *m, const struct errbuf *err)
{
    buf_append_str(&m->advice, "ACCOUNT is the name that Dovecot knows, as joe "
                               "or joe@example.test: doveadm user NAME.");
    if (strstr(err->text, "doesn't exist") != NULL)
        return mail_broken(m, "Dovecot has no user %s", m->account);
    return mail_broken(m, "%s", err->text);
}

enum mail_state
mail_link_rights(struct mail_check *m)
{
    struct answer answer = {0};
    struct errbuf err;
    unsigned uid, gid;

    if (m->account == NULL)
        return mail_unknown(m, "not tried: no account was named");
    if (m->is_down)
        return mail_unknown(m, "not tried: Dovecot does not run");
    if (!m->door_is_usable)
        return mail_unknown(m, "not tried: the socket cannot be used");
    if (geteuid() != 0)
        return mail_unknown(m, "not tried: only root can become the mail user");
    if (user_id(m, "uid", &uid, &err) < 0 || user_id(m, "gid", &gid, &err) < 0)
        return no_user(m, &err);
    if (ask_as(m, uid, gid, &answer) < 0)
        return mail_unknown(m, "no process for it: %s", strerror(errno));
    return judge_answer(m, uid, &answer);
}
