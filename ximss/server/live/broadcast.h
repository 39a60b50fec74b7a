/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_BROADCAST_H
#define XIMSS_SERVER_LIVE_BROADCAST_H

struct server;
struct session;
struct worker;

/* Calls visit once on each worker's thread, in the order of its mail, and done
 * once, on the thread of the worker that is last.  Any thread may ask.  Two
 * broadcasts of one thread reach every worker in the same order. */
void broadcast(struct server *server,
               void (*visit)(struct worker *w, void *arg),
               void (*done)(void *arg), void *arg);
/* The same, where a visit is as much work as that many mails. */
void broadcast_work(struct server *server, unsigned work,
                    void (*visit)(struct worker *w, void *arg),
                    void (*done)(void *arg), void *arg);

/* Calls visit for each session of each worker that is there now and still when its
 * turn comes, some in each turn of the workers' loops; none twice.  Visiting may
 * end the session. */
void broadcast_sessions(struct server *server,
                        void (*visit)(struct worker *w, struct session *s,
                                      void *arg),
                        void (*done)(void *arg), void *arg);

#endif
