/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: the door's socket. */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clients/ctl/ctl_mail.h"
#include "util/xmalloc.h"

#define USUAL_DOOR "/run/ximssd/door.sock"

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

int
mail_connect_door(const struct mail_check *m)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t len = strlen(m->door);
    int fd, saved;

    if (len >= sizeof at.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(at.sun_path, m->door, len);
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
                   "Is ximssd running (systemctl status ximssd)? If it is, set "
                   "door-socket in ximssd.conf, and restart ximssd. If it runs "
                   "on another machine, look at the tunnel.");
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
    m->door_owner = st.st_uid;
    m->door_mode = st.st_mode;
    fd = mail_connect_door(m);
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
