/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/userdb_link.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/conn.h"
#include "util/xmalloc.h"

#define MAJOR  1
#define PAUSED 1 /* bit of conn_pause */

struct userdb_link {
    struct conn conn; /* first */
    struct conn_loop *loop;
    const struct userdb_link_ops *ops;
    void *arg;
    bool has_greeted; /* we said VERSION */
    bool is_greeted;  /* it did */
    bool is_over;     /* closed; freed at the end of the turn */
    bool is_paused;
    struct conn_deferred deferred;
};

static void
run_free(struct conn_deferred *d)
{
    free((char *)d - offsetof(struct userdb_link, deferred));
}

static void
end(struct userdb_link *l)
{
    l->is_over = true;
    conn_close(&l->conn);
    conn_loop_defer(l->loop, &l->deferred);
}

static void
lose(struct userdb_link *l, const char *why)
{
    end(l);
    l->ops->on_lost(l->arg, why);
}

static int
greet(struct userdb_link *l, const struct userdb_line *line, struct errbuf *err)
{
    if (line->word != USERDB_VERSION)
        return err_set(err, "it does not greet as Dovecot's auth-userdb does");
    if (line->major != MAJOR)
        return err_set(err, "it speaks version %u of the protocol, not %d",
                       line->major, MAJOR);
    l->is_greeted = true;
    return 0;
}

static int
take_line(struct userdb_link *l, const char *text, size_t len,
          struct errbuf *err)
{
    char copy[USERDB_LINE_MOST + 1];
    struct userdb_line line;

    memcpy(copy, text, len);
    if (userdb_line_parse(copy, len, &line, err) < 0)
        return -1;
    if (!l->is_greeted)
        return greet(l, &line, err);
    if (line.word == USERDB_OTHER)
        return 0;
    return l->ops->on_line(l->arg, &line, err);
}

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct userdb_link *l = (struct userdb_link *)c;
    struct errbuf err = {""};
    const char *nl = NULL;
    size_t used = 0;

    while (!l->is_over && !l->is_paused &&
           (nl = memchr(data + used, '\n', len - used)) != NULL) {
        size_t n = (size_t)(nl - (data + used));

        if (n > USERDB_LINE_MOST)
            break;
        if (take_line(l, data + used, n, &err) < 0 && !l->is_over) {
            lose(l, err.text);
            return len;
        }
        used += n + 1;
    }
    if (!l->is_over && !l->is_paused && len - used > USERDB_LINE_MOST)
        lose(l, "it sends a line that is too long");
    return l->is_over ? len : used;
}

static void
on_drained(struct conn *c)
{
    (void)c;
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    struct userdb_link *l = (struct userdb_link *)c;

    if (l->is_over)
        return;
    lose(l, reason == CONN_OUTPUT_LIMIT ? "it reads no questions"
            : l->is_greeted             ? "it closed the connection"
                                        : "it closed the connection at once");
}

static const struct conn_ops conn_ops = {on_data, on_drained, on_closed};

/* At once: a UNIX socket is connected, or cannot be. */
static int
dial(const char *path, struct errbuf *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd, saved;

    if (strlen(path) >= sizeof to.sun_path)
        return err_set(err, "its path is too long");
    strcpy(to.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, "%s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    saved = errno;
    close(fd);
    return err_set(err, "%s",
                   saved == EAGAIN ? "too many wait for it" : strerror(saved));
}

struct userdb_link *
userdb_link_open(struct conn_loop *loop, const char *path,
                 const struct userdb_link_ops *ops, void *arg,
                 struct errbuf *err)
{
    int fd = dial(path, err);
    struct userdb_link *l;

    if (fd < 0)
        return NULL;
    l = xcalloc(1, sizeof *l);
    l->loop = loop;
    l->ops = ops;
    l->arg = arg;
    l->deferred.run = run_free;
    conn_init(&l->conn, fd, &conn_ops);
    conn_attach(&l->conn, loop);
    return l;
}

void
userdb_link_send(struct userdb_link *l, struct buf *b)
{
    conn_cork(&l->conn);
    if (!l->has_greeted)
        conn_send(&l->conn, USERDB_HELLO, sizeof USERDB_HELLO - 1);
    l->has_greeted = true;
    conn_send(&l->conn, b->data, b->len);
    b->len = 0;
    conn_uncork(&l->conn);
}

void
userdb_link_pause(struct userdb_link *l)
{
    l->is_paused = true;
    conn_pause(&l->conn, PAUSED);
}

void
userdb_link_go_on(struct userdb_link *l)
{
    l->is_paused = false;
    conn_resume(&l->conn, PAUSED);
}

void
userdb_link_close(struct userdb_link **l_)
{
    struct userdb_link *l = *l_;

    *l_ = NULL;
    if (l != NULL && !l->is_over)
        end(l);
}
