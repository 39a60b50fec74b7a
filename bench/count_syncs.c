/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded into the server: counts its calls of fdatasync, one for each
 * commit of the store (and a few for checkpoints), in the file that the
 * environment variable SYNC_COUNT names, where the bench reads them.  So the
 * server need not say how many posts share a commit. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t *count; /* of the file, mapped; NULL: nobody asks */
static int (*real_fdatasync)(int fd);

__attribute__((constructor)) static void
init(void)
{
    const char *path = getenv("SYNC_COUNT");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *map;

    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    if (fd < 0)
        return;
    map = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        count = map;
    close(fd);
}

int
fdatasync(int fd)
{
    if (count != NULL)
        atomic_fetch_add(count, 1);
    return real_fdatasync(fd);
}
