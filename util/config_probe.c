/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/config_probe.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/listen_socket.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* --- who --- */

int
config_probe_user(const char *key, const char *user, struct errbuf *err)
{
    const struct passwd *pw;

    if (*user == '\0')
        return 0;
    pw = getpwnam(user);
    if (pw == NULL)
        return err_set(err, "%s: there is no user %s", key, user);
    if (pw->pw_uid != geteuid() && geteuid() != 0)
        return err_set(err, "%s: only root can become %s", key, user);
    return 0;
}

static bool
is_member(gid_t gid)
{
    int n = getgroups(0, NULL);
    gid_t *groups = xcalloc((size_t)(n > 0 ? n : 0) + 1, sizeof *groups);
    bool found = gid == getegid();

    n = getgroups(n > 0 ? n : 0, groups);
    for (int i = 0; i < n; i++)
        found = found || groups[i] == gid;
    free(groups);
    return found;
}

int
config_probe_group(const char *key, const char *group, struct errbuf *err)
{
    const struct group *gr;
    unsigned long long number = 0;

    if (*group == '\0')
        return 0;
    gr = getgrnam(group);
    if (gr == NULL && text_parse_u64(group, UINT32_MAX - 1, &number) < 0)
        return err_set(err, "%s: there is no group %s", key, group);
    if (geteuid() != 0 && !is_member(gr != NULL ? gr->gr_gid : (gid_t)number))
        return err_set(err, "%s: only a member can give files to group %s", key,
                       group);
    return 0;
}

/* --- directories --- */

/* Cuts the last name off.  False: "/" is left. */
static bool
cut(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || path[1] == '\0')
        return false;
    slash[slash == path] = '\0';
    return true;
}

static int
probe_existing(const char *key, const char *path, struct errbuf *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return err_set(err, "%s: %.160s: %s", key, path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, "%s: %.160s is not a directory", key, path);
    if (access(path, R_OK | W_OK | X_OK) < 0)
        return err_set(err, "%s: %.160s: %s", key, path, strerror(errno));
    return 0;
}

int
config_probe_directory(const char *key, const char *path, struct errbuf *err)
{
    char *there = xstrdup(path);
    struct stat st;
    int r;

    while (stat(there, &st) < 0 && errno == ENOENT && cut(there))
        continue;
    r = probe_existing(key, there, err);
    free(there);
    return r;
}

static int
probe_parent(const char *key, const char *path, struct errbuf *err)
{
    char *parent = xstrdup(path);
    int r = 0;

    if (*path != '\0' && cut(parent))
        r = probe_existing(key, parent, err);
    free(parent);
    return r;
}

int
config_probe_socket(const char *key, const char *path, struct errbuf *err)
{
    struct stat st;

    if (*path != '\0' && lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return err_set(err, "%s: %.160s is there and is not a socket", key,
                       path);
    return probe_parent(key, path, err);
}

int
config_probe_file(const char *key, const char *path, struct errbuf *err)
{
    struct stat st;

    if (*path == '\0')
        return 0;
    if (stat(path, &st) < 0 && errno == ENOENT)
        return probe_parent(key, path, err);
    if (stat(path, &st) < 0 || access(path, R_OK) < 0)
        return err_set(err, "%s: %.160s: %s", key, path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, "%s: %.160s is not a file", key, path);
    return 0;
}

/* --- addresses --- */

int
config_probe_listen(const char *key, const struct config_listen *l,
                    bool is_running, struct errbuf *err)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct config_address *a = &l->items[i];
        int error = listen_socket_try(a, a->port);

        if (error != 0 && !(error == EADDRINUSE && is_running))
            return err_set(err, "%s: %s:%u: %s", key,
                           a->host != NULL ? a->host : "*", (unsigned)a->port,
                           strerror(error));
    }
    return 0;
}

/* 0, or the error; a queue that is full is well. */
static int
try_to_connect(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd, error = 0;

    if (strlen(path) >= sizeof sa.sun_path)
        return ENAMETOOLONG;
    strcpy(sa.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0 && errno != EAGAIN)
        error = errno;
    close(fd);
    return error;
}

int
config_probe_peer(const char *key, const char *path, struct errbuf *err)
{
    int error = *path != '\0' ? try_to_connect(path) : 0;

    return error == 0 ? 0
                      : err_set(err, "%s: connecting to %s: %s", key, path,
                                strerror(error));
}

bool
config_probe_is_served(const char *path)
{
    int error = try_to_connect(path);

    return error == 0 || error == EACCES;
}
