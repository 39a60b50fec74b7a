/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: the door's socket, and whether a mail process may log in there. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/ctl/ctl_mail.h"
#include "clients/dovecot/door_wire.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define USUAL_DOOR "/run/ximssd/door.sock"
#define PATIENCE   5000 /* ms, for each answer at the door */

void
mail_find_door(struct mail_check *m)
{
    const char *option = ctl_option(m->c, "door");
    struct buf path = {0};
    struct errbuf err;

    if (option == NULL &&
        mail_doveconf(m, NULL, "plugin/ximss_socket", &path, &err) == 0 &&
        path.len > 0 && path.data[0] == '/')
        option = buf_cstr(&path);
    m->door = xstrdup(option != NULL ? option : USUAL_DOOR);
    buf_clear(&path);
}

/* A connection; -1: errno says why. */
static int
connect_to(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd, saved;

    if (strlen(path) >= sizeof at.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(at.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* --- the socket --- */

static enum mail_state
not_there(struct mail_check *m, const char *why)
{
    buf_append_str(&m->advice,
                   "Set door-socket in ximssd.conf, and restart ximssd. On "
                   "another machine, look at the tunnel.");
    return mail_broken(m, "%s: %s", m->door, why);
}

static const char *
group_name(gid_t gid, char name[32])
{
    const struct group *g = getgrgid(gid);

    if (g != NULL)
        snprintf(name, 32, "%s", g->gr_name);
    else
        snprintf(name, 32, "%u", (unsigned)gid);
    return name;
}

static enum mail_state
judge_mode(struct mail_check *m)
{
    char group[32];
    unsigned mode = (unsigned)m->door_mode & 0777;

    group_name(m->door_group, group);
    if ((mode & 0006) != 0) {
        buf_append_str(&m->advice, "Anybody on this machine can connect. Give "
                                   "the socket mode 0660 and a group.");
        return mail_broken(m, "%s has mode %04o", m->door, mode);
    }
    if ((mode & 0060) != 0060) {
        buf_append_str(&m->advice, "Give the socket mode 0660.");
        return mail_broken(m, "%s has mode %04o: its group cannot write",
                           m->door, mode);
    }
    return mail_ok(m, "%s, group %s, mode %04o", m->door, group, mode);
}

enum mail_state
mail_link_door(struct mail_check *m)
{
    struct stat st;
    int fd;

    if (stat(m->door, &st) < 0)
        return not_there(m, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return not_there(m, "this is no socket");
    m->door_group = st.st_gid;
    m->door_mode = st.st_mode;
    fd = connect_to(m->door);
    if (fd < 0 && errno == ECONNREFUSED)
        return not_there(m, "nobody listens");
    if (fd < 0 && errno != EACCES)
        return not_there(m, strerror(errno));
    if (fd < 0)
        return mail_unknown(m, "%s: not for you; run this as root", m->door);
    close(fd);
    m->door_is_usable = (m->door_mode & 0060) == 0060;
    return judge_mode(m);
}

/* --- the rights --- */

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
log_in_as(const struct mail_check *m, const char *user, uid_t uid, gid_t gid,
          struct answer *a)
{
    struct door_login login = {
        .user = user, .service = "imap", .attended = true};
    char request[DOOR_WIRE_REQUEST];
    gid_t groups[1] = {m->door_group};
    size_t len = door_wire_login(request, sizeof request, &login);
    int fd = -1;

    if (setgroups(1, groups) == 0 && setgid(gid) == 0 && setuid(uid) == 0)
        fd = connect_to(m->door);
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
ask_as(const struct mail_check *m, const char *user, uid_t uid, gid_t gid,
       struct answer *a)
{
    int fds[2], status;
    ssize_t n = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        log_in_as(m, user, uid, gid, a);
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

static enum mail_state
judge_refusal(struct mail_check *m, unsigned uid, unsigned refusal)
{
    const struct passwd *pw = getpwuid(uid);
    char number[16];

    snprintf(number, sizeof number, "%u", uid);
    switch (refusal) {
    case 515:
        buf_append_str(&m->advice,
                       "Dovecot and ximssd must call the account alike, and "
                       "it must not be suspended (ximssctl account info).");
        return mail_broken(m, "ximssd has no account %s that may log in (515)",
                           m->account);
    case 527:
        buf_appendf(&m->advice,
                    "Add to ximssd.conf: door-users = {%s}; or, if it is the "
                    "user's own uid, set door-user-format. Reload ximssd.",
                    pw != NULL ? pw->pw_name : number);
        return mail_broken(m, "uid %u may not name %s at the door (527)", uid,
                           m->account);
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
    return mail_ok(m, "uid %u may log in as %s", uid, m->account);
}

enum mail_state
mail_link_rights(struct mail_check *m)
{
    struct answer answer = {0};
    struct errbuf err;
    unsigned uid, gid;

    if (m->account == NULL)
        return mail_unknown(m, "not tried: no account was named");
    if (!m->door_is_usable)
        return mail_unknown(m, "not tried: the socket cannot be used");
    if (geteuid() != 0)
        return mail_unknown(m, "not tried: only root can become the mail user");
    if (user_id(m, "uid", &uid, &err) < 0 ||
        user_id(m, "gid", &gid, &err) < 0) {
        buf_append_str(&m->advice, "Dovecot must know the account: doveadm "
                                   "user ACCOUNT.");
        return mail_broken(m, "%s", err.text);
    }
    if (ask_as(m, m->account, uid, gid, &answer) < 0)
        return mail_unknown(m, "no process for it: %s", strerror(errno));
    return judge_answer(m, uid, &answer);
}
