/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_PROCFS_H
#define BENCH_PROCFS_H

#include <stdint.h>
#include <sys/types.h>

#include "util/errbuf.h"

/* What another process has used, seen from outside. */

/* CPU time of all its threads, those that have ended too, in nanoseconds; -1
 * if there is no such process. */
int64_t procfs_cpu_ns(pid_t pid);

/* Proportional set size in KiB from /proc/PID/smaps_rollup; -1 with err. */
int64_t procfs_pss_kib(pid_t pid, struct errbuf *err);

/* The number behind "NAME:" at the start of a line; -1 if there is none. */
int64_t procfs_field(const char *text, const char *name);

#endif
