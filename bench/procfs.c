/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time comes from the process's CPU-time clock: utime and stime of
 * /proc/PID/stat say the same, but in steps of a scheduler tick, which is more
 * than a thousand log-ins take. */
#include "config.h"

#include "bench/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t
procfs_cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec ts;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
        return -1;
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int64_t
procfs_field(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = text; line != NULL;) {
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            return strtoll(line + len + 1, NULL, 10);
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return -1;
}

int64_t
procfs_pss_kib(pid_t pid, struct errbuf *err)
{
    char path[64], text[4096];
    FILE *f;
    size_t n;
    int64_t kib;

    snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
    f = fopen(path, "r");
    if (f == NULL)
        return err_set(err, "opening %s: %s", path, strerror(errno));
    n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    kib = procfs_field(text, "Pss");
    return kib >= 0 ? kib : err_set(err, "%s names no Pss", path);
}
