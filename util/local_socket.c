/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/local_socket.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/text.h"
#include "util/xmalloc.h"

#define BACKLOG 4096

_Static_assert(LOCAL_SOCKET_PATH_MOST + sizeof ".4194304" <=
                   sizeof((struct sockaddr_un *)NULL)->sun_path,
               "the name that is bound first does not fit");

static int
new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* 0: the path may be taken; -1 with err. */
static int
check_free(const char *path, struct errbuf *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct stat st;
    int fd, r, saved;

    if (lstat(path, &st) < 0)
        return errno == ENOENT
                   ? 0
                   : err_set(err, "looking at %s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return err_set(err, "%s is there and is not a socket", path);
    fd = new_socket();
    if (fd < 0)
        return err_set(err, "making a socket: %s", strerror(errno));
    strcpy(sun.sun_path, path);
    r = connect(fd, (const struct sockaddr *)&sun, sizeof sun);
    saved = errno;
    close(fd);
    if (r == 0 || saved == EAGAIN) /* accepted, or in a queue that is full */
        return err_set(err, "another server listens on %s", path);
    if (saved == ECONNREFUSED || saved == ENOENT)
        return 0;
    return err_set(err, "trying whether anybody listens on %s: %s", path,
                   strerror(saved));
}

int
local_socket_group(const char *name, gid_t *gid_r, struct errbuf *err)
{
    unsigned long long number;
    char *bytes = xmalloc(65536);
    struct group group, *found = NULL;
    int r = 0;

    if (getgrnam_r(name, &group, bytes, 65536, &found) == 0 && found != NULL)
        *gid_r = group.gr_gid;
    else if (text_parse_u64(name, UINT32_MAX - 1, &number) == 0)
        *gid_r = (gid_t)number;
    else
        r = err_set(err, "there is no group %s", name);
    free(bytes);
    return r;
}

static int
give(const char *file, unsigned mode, const char *group, struct errbuf *err)
{
    gid_t gid = (gid_t)-1; /* as it is */
    struct stat st;

    if (group != NULL && group[0] != '\0' &&
        local_socket_group(group, &gid, err) < 0)
        return -1;
    if (lstat(file, &st) < 0)
        return err_set(err, "looking at it: %s", strerror(errno));
    /* Where it is so already, it need not be allowed: sandboxes forbid it. */
    if (gid != (gid_t)-1 && gid != st.st_gid && chown(file, (uid_t)-1, gid) < 0)
        return err_set(err,
                       "giving it to the group %s: %s (the server's user must "
                       "be in that group: usermod -aG %s USER)",
                       group, strerror(errno), group);
    if (chmod(file, (mode_t)mode) < 0)
        return err_set(err, "setting its mode: %s", strerror(errno));
    return 0;
}

/* Listens under the name `bound`, which nobody knows, and then takes the
 * path. */
static int
take_path(struct local_socket *s, const char *bound, unsigned mode,
          const char *group, struct errbuf *err)
{
    struct stat st;

    if (give(bound, mode, group, err) < 0)
        return -1;
    if (listen(s->fd, BACKLOG) < 0 || lstat(bound, &st) < 0 ||
        rename(bound, s->path) < 0)
        return err_set(err, "%s", strerror(errno));
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    return 0;
}

int
local_socket_open(struct local_socket *s, const char *path, unsigned mode,
                  const char *group, struct errbuf *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};

    *s = (struct local_socket){.fd = -1};
    if (strlen(path) > LOCAL_SOCKET_PATH_MOST)
        return err_set(err, "the socket's path is longer than %d bytes: %s",
                       LOCAL_SOCKET_PATH_MOST, path);
    strcpy(s->path, path);
    if (check_free(path, err) < 0)
        return -1;
    snprintf(sun.sun_path, sizeof sun.sun_path, "%s.%ld", path, (long)getpid());
    unlink(sun.sun_path); /* of a former life with our number */
    s->fd = new_socket();
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&sun, sizeof sun) < 0) {
        err_set(err, "listening on %s: %s", path, strerror(errno));
    } else if (take_path(s, sun.sun_path, mode, group, err) < 0) {
        err_prefix(err, "listening on %s", path);
        unlink(sun.sun_path);
    } else {
        return 0;
    }
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    return -1;
}

void
local_socket_close(struct local_socket *s)
{
    struct stat st;

    if (s->fd < 0)
        return;
    /* Another server's that came between these two calls would be lost; it
     * would have refused to start while we listen. */
    if (lstat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
        unlink(s->path);
    close(s->fd);
    s->fd = -1;
}
