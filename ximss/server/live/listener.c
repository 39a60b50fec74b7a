/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/acceptor.h"
#include "util/listen_socket.h"
#include "util/local_socket.h"
#include "util/xmalloc.h"
#include "ximss/server/base/peer.h"
#include "ximss/server/live/bridge_door.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"

#define BACKLOG 4096

struct listener {
    struct listener *next;
    struct worker *worker;
    struct acceptor *acceptor; /* owned */
    enum session_door door;
    const struct dialect *dialect;
    int fd;
    bool proxied;               /* each connection begins with a PROXY header */
    bool is_bridges;            /* see bridge_door.h */
    struct local_socket socket; /* of the door or the bridge, fd's; or -1 */
};

/* --- accepting --- */

static void
on_accept(void *arg, int fd, const struct sockaddr *sa)
{
    struct listener *l = arg;
    struct ucred cred = {.uid = (uid_t)-1};
    socklen_t len = sizeof cred;
    struct peer peer;

    peer_from_sockaddr(&peer, sa);
    if (l->door == SESSION_LOCAL || l->door == SESSION_DOOR)
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
    if (l->is_bridges &&
        !bridge_door_admits(l->worker->server->bridge_door, cred.uid)) {
        close(fd);
        return;
    }
    session_new(l->worker, fd, l->door, l->dialect, &peer, cred.uid,
                l->proxied);
}

static const struct acceptor_ops acceptor_ops = {on_accept, NULL};

/* --- opening --- */

static struct listener *
add(struct worker *w, int fd, enum session_door door,
    const struct dialect *dialect, bool proxied)
{
    struct listener *l = xcalloc(1, sizeof *l);

    l->worker = w;
    l->fd = fd;
    l->socket.fd = -1;
    l->door = door;
    l->dialect = dialect;
    l->proxied = proxied;
    l->acceptor = acceptor_new(w->base, fd, &acceptor_ops, l);
    l->next = w->listeners;
    w->listeners = l;
    return l;
}

static const char *const kinds[] = {[SESSION_TCP] = "tcp",
                                    [SESSION_TLS] = "tls",
                                    [SESSION_PWD] = "pwd",
                                    [SESSION_PWD_TLS] = "pwds",
                                    [SESSION_PWD_APOP] = "pwd-apop"};

static int
open_address(struct worker **workers, unsigned n,
             const struct config_address *a, enum session_door door,
             const struct dialect *dialect, struct buf *ports,
             struct errbuf *err)
{
    uint16_t port = a->port;

    for (unsigned i = 0; i < n; i++) {
        int fd = listen_socket_open(
            a, port, i == 0 ? LISTEN_FIRST : LISTEN_SHARING, err);

        if (fd < 0)
            return -1;
        port = listen_socket_port(fd); /* 0 was a free one; the others take
                                          the same */
        add(workers[i], fd, door, dialect,
            config_listen_holds(&workers[i]->cfg->proxy_protocol, a));
    }
    buf_appendf(ports, "%s ", kinds[door]);
    config_address_print(a, port, ports);
    buf_append_char(ports, '\n');
    return 0;
}

int
listener_open_all(struct worker **workers, unsigned n,
                  const struct config_listen *addresses, enum session_door door,
                  const struct dialect *dialect, struct buf *ports,
                  struct errbuf *err)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (open_address(workers, n, &addresses->items[i], door, dialect, ports,
                         err) < 0)
            return -1;
    return 0;
}

/* True if somebody answers on the socket. */
static bool
is_alive(const struct sockaddr_un *sun)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive;

    if (fd < 0)
        return false;
    alive = connect(fd, (const struct sockaddr *)sun, sizeof *sun) == 0;
    close(fd);
    return alive;
}

int
listener_open_local(struct worker *w, const char *path,
                    const struct dialect *dialect, struct buf *ports,
                    struct errbuf *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct stat st;
    int fd;

    if (strlen(path) >= sizeof sun.sun_path)
        return err_set(err, "the control socket's path is longer than %zu: %s",
                       sizeof sun.sun_path - 1, path);
    strcpy(sun.sun_path, path);
    if (is_alive(&sun))
        return err_set(err, "another server listens on %s", path);
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return err_set(err, "%s is there and is not a socket", path);
    unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof sun) < 0 ||
        chmod(path, 0660) < 0 || listen(fd, BACKLOG) < 0) {
        err_set(err, "listening on %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    add(w, fd, SESSION_LOCAL, dialect, false);
    buf_appendf(ports, "socket %s\n", path);
    return 0;
}

int
listener_open_bridge(struct worker *w, const char *path,
                     const struct dialect *dialect, struct buf *ports,
                     struct errbuf *err)
{
    struct local_socket s;
    struct listener *l;

    if (local_socket_open(&s, path, 0666, NULL, err) < 0)
        return err_prefix(err, "bridge-socket");
    l = add(w, s.fd, SESSION_LOCAL, dialect, false);
    l->socket = s;
    l->is_bridges = true;
    buf_appendf(ports, "bridge %s\n", path);
    return 0;
}

int
listener_open_door(struct worker *w, const char *path, const char *group,
                   const struct dialect *dialect, struct buf *ports,
                   struct errbuf *err)
{
    struct local_socket s;

    if (local_socket_open(&s, path, 0660, group, err) < 0)
        return err_prefix(err, "door-socket");
    add(w, s.fd, SESSION_DOOR, dialect, false)->socket = s;
    buf_appendf(ports, "door %s\n", path);
    return 0;
}

void
listener_close_all(struct worker *w)
{
    struct listener *l;

    while ((l = w->listeners) != NULL) {
        w->listeners = l->next;
        acceptor_free(&l->acceptor);
        if (l->socket.fd >= 0)
            local_socket_close(&l->socket);
        else
            close(l->fd);
        free(l);
    }
}
