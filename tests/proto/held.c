/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded into the server by 20-door.py: a system whose names of users come from
 * a network that is down, and threads that are held up.
 *
 * Until the file HELD_UNTIL exists, getpwuid_r does not return (each call appends a
 * byte to the file HELD_CALLS), and no thread but the first removes HELD_PATH. */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
hold(void)
{
    const char *until = getenv("HELD_UNTIL");

    while (until != NULL && access(until, F_OK) < 0)
        poll(NULL, 0, 10);
}

int
getpwuid_r(uid_t uid, struct passwd *pw, char *bytes, size_t size,
           struct passwd **found)
{
    const char *calls = getenv("HELD_CALLS");
    int fd =
        calls != NULL ? open(calls, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;

    (void)uid;
    (void)pw;
    (void)bytes;
    (void)size;
    if (fd >= 0) {
        if (write(fd, "x", 1) != 1)
            abort();
        close(fd);
    }
    hold();
    *found = NULL;
    return 0;
}

int
unlink(const char *path)
{
    int (*real)(const char *) =
        (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    const char *held = getenv("HELD_PATH");

    if (held != NULL && strcmp(path, held) == 0 &&
        syscall(SYS_gettid) != getpid())
        hold();
    return real(path);
}
