/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "util/log.h"

#define SOME 64 /* more than a program has that has just started */

unsigned
descriptors_limit(void)
{
    struct rlimit l;
    rlim_t soft;

    if (getrlimit(RLIMIT_NOFILE, &l) < 0)
        return 1024;
    soft = l.rlim_cur;
    if (soft != l.rlim_max) {
        l.rlim_cur = l.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &l) == 0)
            soft = l.rlim_max;
        else
            log_warn("raising the limit of open files: %s", strerror(errno));
    }
    return soft < INT32_MAX ? (unsigned)soft : INT32_MAX;
}

unsigned
descriptors_open(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    if (d == NULL)
        return SOME;
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 3; /* ".", "..", and the directory itself */
}
