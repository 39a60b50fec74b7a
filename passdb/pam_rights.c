/* SPDX-License-Identifier: BSD-2-Clause */
/* Of root's capabilities those stay that common modules use:
 *   CAP_DAC_READ_SEARCH   /etc/shadow where it has mode 0000
 *   CAP_AUDIT_WRITE       libpam, which else fails where the kernel audits
 *   CAP_SETUID, _SETGID   modules that read a file as its user
 *   CAP_KILL              what such a module started is ended with the check
 * Capabilities are limited by the bounding set as well: a program that root runs
 * gets no others back. */
#include "config.h"

#include "passdb/pam_rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))
#define KEPT                                                             \
    (BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_AUDIT_WRITE) | BIT(CAP_SETUID) | \
     BIT(CAP_SETGID) | BIT(CAP_KILL))

static int
complain(const char *doing)
{
    fprintf(stderr, "ximss-pam: %s: %s\n", doing, strerror(errno));
    return -1;
}

static int
become(const char *user)
{
    struct passwd *pw;

    errno = 0;
    pw = getpwnam(user);
    if (pw == NULL) {
        fprintf(stderr, "ximss-pam: pam-user: there is no user %s\n", user);
        return -1;
    }
    if (pw->pw_uid == geteuid())
        return 0;
    if (initgroups(user, pw->pw_gid) < 0 ||
        setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
        setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
        return complain("pam-user: becoming that user");
    return 0;
}

/* Those that are not there cannot be dropped either. */
static int
limit_capabilities(uint64_t kept)
{
    for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
        if ((kept & BIT(i)) == 0 && prctl(PR_CAPBSET_DROP, i) < 0 &&
            errno != EPERM)
            return complain("dropping a capability");
    return 0;
}

/* Where there is nothing to reduce, the call may be forbidden (systemd). */
static int
keep_capabilities(uint64_t kept)
{
    struct __user_cap_header_struct head = {.version =
                                                _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct had[2], data[2];

    if (syscall(SYS_capget, &head, had) < 0)
        return complain("reading the capabilities");
    for (int i = 0; i < 2; i++) {
        uint32_t part = (uint32_t)(kept >> (32 * i));

        data[i].effective = had[i].effective & part;
        data[i].permitted = had[i].permitted & part;
        data[i].inheritable = 0;
    }
    if (memcmp(had, data, sizeof data) != 0 &&
        syscall(SYS_capset, &head, data) < 0)
        return complain("reducing the capabilities");
    return 0;
}

static int
end_dumps(void)
{
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
        return complain("forbidding core files");
    return 0;
}

/* The server's signals do not come here: this ends when the server does. */
static void
leave_server(void)
{
    sigset_t none;

    for (int sig = 1; sig < SIGRTMIN; sig++)
        signal(sig, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    umask(077);
    close_range(STDERR_FILENO + 1, ~0U, 0);
}

int
pam_rights_reduce(const char *user)
{
    uint64_t kept;

    leave_server();
    if (chdir("/") < 0)
        return complain("going to /");
    if (user != NULL && become(user) < 0)
        return -1;
    kept = geteuid() == 0 ? KEPT : 0;
    /* Becoming a user lets dumps be made again. */
    if (limit_capabilities(kept) < 0 || keep_capabilities(kept) < 0 ||
        end_dumps() < 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return complain("giving up new rights");
    return 0;
}
