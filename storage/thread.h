/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_THREAD_H
#define STORAGE_THREAD_H

#include <pthread.h>

/* Starts a thread that gets no signals, which are the main thread's.  No
 * thread means no memory: it ends the process.  Private to storage/. */
void thread_start(pthread_t *thread, const char *name, void *(*run)(void *),
                  void *arg);

#endif
