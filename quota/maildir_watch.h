/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_MAILDIR_WATCH_H
#define QUOTA_MAILDIR_WATCH_H

struct event_base;
struct maildir_watch;

/* Tells a loop when the maildirsize of Maildirs changes.  The file is replaced
 * as a rule, so it is the directory that is watched.  All functions are for the
 * loop's thread, and may block as long as the disks do. */

enum maildir_news {
    MAILDIR_CHANGED, /* the maildirsize of this one */
    MAILDIR_GONE,    /* the Maildir; the watch is gone too */
    MAILDIR_MISSED   /* news was lost: any may have changed; id is -1 */
};

/* May call the functions below, but not maildir_watch_free.  News of one that
 * was removed may still come. */
typedef void maildir_watch_cb(int id, enum maildir_news news, void *arg);

/* most: so many watches, even if the system has more; 0: as many as it has.
 * Never NULL: without inotify, nothing can be watched. */
struct maildir_watch *maildir_watch_new(struct event_base *base, unsigned most,
                                        maildir_watch_cb *on_news, void *arg);
/* Ends all watches, and sets *w to NULL. */
void maildir_watch_free(struct maildir_watch **w);

/* An id, not below 0; the same as before for one that is watched already.  -1:
 * it cannot be watched: there is none, its file system tells no news of
 * others, or the watches are used up (this is logged once). */
int maildir_watch_add(struct maildir_watch *w, const char *path);
/* Ends a watch. */
void maildir_watch_remove(struct maildir_watch *w, int id);

#endif
