/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "storage/thread.h"

#include <signal.h>
#include <string.h>

#include "util/log.h"

void
thread_start(pthread_t *thread, const char *name, void *(*run)(void *),
             void *arg)
{
    sigset_t all, old;
    int ret;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    ret = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (ret != 0)
        log_fatal("starting the thread %s: %s", name, strerror(ret));
    pthread_setname_np(*thread, name); /* for ps and debuggers only */
}
