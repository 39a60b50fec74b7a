/* SPDX-License-Identifier: BSD-2-Clause */
/* inotify.  It does not report changes that other machines make in a network
 * file system, so such file systems are not watched at all: a watch that stays
 * silent would be taken for no change. */
#include "config.h"

#include "quota/maildir_watch.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <event2/event.h>
#include <glib.h>

#include "util/log.h"
#include "util/xmalloc.h"

/* Appended to, written in place, renamed or linked into place. */
#define WHAT_CHANGES (IN_MODIFY | IN_MOVED_TO | IN_CREATE)
#define WHAT_GOES    (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42
#endif
#ifndef CEPH_SUPER_MAGIC
#define CEPH_SUPER_MAGIC 0x00c36400
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

struct maildir_watch {
    int fd;           /* -1: no inotify */
    struct event *ev; /* owned */
    GHashTable *ids;  /* those that are watched */
    unsigned most;
    bool said; /* that there are not enough */
    maildir_watch_cb *on_news;
    void *arg;
};

static void
take_event(struct maildir_watch *w, const struct inotify_event *e)
{
    if ((e->mask & IN_Q_OVERFLOW) != 0) {
        w->on_news(-1, MAILDIR_MISSED, w->arg);
    } else if ((e->mask & WHAT_GOES) != 0) {
        maildir_watch_remove(w, e->wd);
        w->on_news(e->wd, MAILDIR_GONE, w->arg);
    } else if (e->len > 0 && strcmp(e->name, "maildirsize") == 0) {
        w->on_news(e->wd, MAILDIR_CHANGED, w->arg);
    }
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
    _Alignas(struct inotify_event) char events[16384];
    const char *p = events;
    ssize_t len = read(fd, events, sizeof events);

    (void)what;
    while (len > 0) {
        const struct inotify_event *e = (const void *)p;
        size_t size = sizeof *e + e->len;

        take_event(arg, e);
        p += size;
        len -= (ssize_t)size;
    }
}

struct maildir_watch *
maildir_watch_new(struct event_base *base, unsigned most,
                  maildir_watch_cb *on_news, void *arg)
{
    struct maildir_watch *w = xcalloc(1, sizeof *w);

    w->most = most;
    w->on_news = on_news;
    w->arg = arg;
    w->ids = g_hash_table_new(NULL, NULL);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0) {
        log_warn("quota: Maildirs cannot be watched, and are read from time to"
                 " time: %s; raise fs.inotify.max_user_instances",
                 strerror(errno));
        return w;
    }
    w->ev = event_new(base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
    if (w->ev == NULL || event_add(w->ev, NULL) < 0)
        log_fatal("watching Maildirs: out of memory");
    return w;
}

void
maildir_watch_free(struct maildir_watch **w)
{
    if (*w == NULL)
        return;
    if ((*w)->ev != NULL)
        event_free((*w)->ev);
    if ((*w)->fd >= 0)
        close((*w)->fd);
    g_hash_table_destroy((*w)->ids);
    free(*w);
    *w = NULL;
}

static bool
is_shared(const char *path)
{
    struct statfs fs;

    if (statfs(path, &fs) < 0)
        return true;
    switch ((unsigned long)fs.f_type & 0xffffffff) {
    case NFS_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case FUSE_SUPER_MAGIC:
        return true;
    default:
        return false;
    }
}

static int
no_more(struct maildir_watch *w, const char *path)
{
    if (!w->said)
        log_warn("quota: %u Maildirs are watched, and no more can be: %s and"
                 " others are read from time to time; raise"
                 " fs.inotify.max_user_watches",
                 g_hash_table_size(w->ids), path);
    w->said = true;
    return -1;
}

int
maildir_watch_add(struct maildir_watch *w, const char *path)
{
    int id;

    if (w->fd < 0 || is_shared(path))
        return -1;
    if (w->most > 0 && g_hash_table_size(w->ids) >= w->most)
        return no_more(w, path);
    id = inotify_add_watch(w->fd, path,
                           IN_ONLYDIR | IN_DONT_FOLLOW | WHAT_CHANGES |
                               IN_DELETE_SELF | IN_MOVE_SELF);
    if (id >= 0)
        g_hash_table_add(w->ids, GINT_TO_POINTER(id));
    else if (errno == ENOSPC || errno == ENOMEM)
        return no_more(w, path);
    return id;
}

void
maildir_watch_remove(struct maildir_watch *w, int id)
{
    if (g_hash_table_remove(w->ids, GINT_TO_POINTER(id)))
        inotify_rm_watch(w->fd, id);
}
