/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: what Dovecot's configuration says, and the files of the plugins. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/ctl/ctl_mail.h"

#define OUTPUT_MAX ((size_t)64 << 10)
#define FILE_MAX   ((size_t)8 << 20) /* of a plugin */

extern char **environ;

/* --- programs --- */

/* Programs of administrators are in /usr/sbin, which not everybody's PATH has. */
static const char *
find_program(const char *name, char path[64])
{
    static const char *const places[] = {"/usr/bin", "/usr/sbin",
                                         "/usr/local/bin", "/usr/local/sbin"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, 64, "%s/%s", places[i], name);
        if (access(path, X_OK) == 0)
            return path;
    }
    return name;
}

static pid_t
start(const char *const *argv, int out, int complaints)
{
    posix_spawn_file_actions_t actions;
    char path[64];
    pid_t pid = -1;
    int r;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    r = posix_spawnp(&pid, find_program(argv[0], path), &actions, NULL,
                     (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    errno = r;
    return r == 0 ? pid : -1;
}

static void
read_all(int fd, struct buf *out)
{
    char data[4096];
    ssize_t n;

    while ((n = read(fd, data, sizeof data)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0 && out->len < OUTPUT_MAX)
            buf_append(out, data, (size_t)n);
}

static void
cut_line_end(struct buf *b)
{
    while (b->len > 0 && b->data[b->len - 1] == '\n')
        b->len--;
}

/* The status of the program; -1: it could not be run. */
static int
run(const char *const *argv, int complaints, struct buf *out,
    struct errbuf *err)
{
    int fds[2], status = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set(err, "%s", strerror(errno));
    pid = start(argv, fds[1], complaints);
    if (pid < 0)
        err_set(err, "%s: %s", argv[0], strerror(errno));
    close(fds[1]);
    if (pid >= 0)
        read_all(fds[0], out);
    close(fds[0]);
    if (pid < 0)
        return -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    cut_line_end(out);
    return status;
}

/* A program may warn of something else and work. */
int
mail_run(const char *const *argv, struct buf *out, struct errbuf *err)
{
    int complaints = memfd_create("complaints", MFD_CLOEXEC), status;
    struct buf why = {0};

    if (complaints < 0)
        return err_set(err, "%s", strerror(errno));
    status = run(argv, complaints, out, err);
    if (status > 0) {
        (void)lseek(complaints, 0, SEEK_SET);
        read_all(complaints, &why);
        cut_line_end(&why);
        err_set(err, "%s: %.300s", argv[0], buf_cstr(why.len > 0 ? &why : out));
        buf_clear(&why);
    }
    close(complaints);
    return status == 0 ? 0 : -1;
}

int
mail_doveconf(const struct mail_check *m, const char *filter, const char *name,
              struct buf *value, struct errbuf *err)
{
    const char *config = ctl_option(m->c, "dovecot-config");
    const char *argv[10];
    unsigned n = 0;

    argv[n++] = "doveconf";
    if (config != NULL) {
        argv[n++] = "-c";
        argv[n++] = config;
    }
    if (filter != NULL) {
        argv[n++] = "-f";
        argv[n++] = filter;
    }
    argv[n++] = "-h";
    argv[n++] = name;
    argv[n] = NULL;
    value->len = 0;
    return mail_run(argv, value, err);
}

bool
mail_has_word(struct buf *list, const char *word)
{
    static const char between[] = ", ";
    size_t len;

    for (const char *s = buf_cstr(list); *s != '\0'; s += len) {
        s += strspn(s, between);
        len = strcspn(s, between);
        if (len > 0 && len == strlen(word) && memcmp(s, word, len) == 0)
            return true;
    }
    return false;
}

bool
mail_has_plugin(const struct mail_check *m, const char *protocol,
                const char *plugin)
{
    char filter[32];
    struct errbuf err;
    struct buf plugins = {0};
    bool has;

    snprintf(filter, sizeof filter, "protocol=%s", protocol);
    has = mail_doveconf(m, filter, "mail_plugins", &plugins, &err) == 0 &&
          mail_has_word(&plugins, plugin);
    buf_clear(&plugins);
    return has;
}

/* --- the file and its ABI --- */

static int
read_file(const char *path, struct buf *b, struct errbuf *err)
{
    char data[65536];
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    while (fd >= 0 && b->len < FILE_MAX &&
           (n = read(fd, data, sizeof data)) > 0)
        buf_append(b, data, (size_t)n);
    if (fd < 0 || n < 0)
        err_set(err, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return fd < 0 || n < 0 ? -1 : 0;
}

/* The version that Dovecot compares: "2.3.ABIv19" of the text
 * "2.3.ABIv19(2.3.19.1)", which each plugin has.  "" if there is none. */
static void
find_abi(const struct buf *b, char abi[32])
{
    static const char mark[] = ".ABIv";
    const char *at, *from, *to, *end = b->data + b->len;

    abi[0] = '\0';
    at = b->len > 0 ? memmem(b->data, b->len, mark, sizeof mark - 1) : NULL;
    if (at == NULL)
        return;
    for (from = at; from > b->data && from[-1] != '\0'; from--)
        ;
    for (to = at; to < end && *to != '(' && *to != '\0'; to++)
        ;
    snprintf(abi, 32, "%.*s", (int)(to - from), from);
}

/* Dovecot's own quota plugin is always there. */
static int
abi_of(const char *directory, const char *file, char abi[32],
       struct errbuf *err)
{
    char path[4096];
    struct buf b = {0};
    int r;

    snprintf(path, sizeof path, "%s/%s", directory, file);
    r = read_file(path, &b, err);
    find_abi(&b, abi);
    buf_clear(&b);
    return r;
}

static enum mail_state
compare_abi(struct mail_check *m, const char *directory, const char *file)
{
    char own[32], theirs[32];
    struct errbuf err;

    if (abi_of(directory, file, own, &err) < 0) {
        buf_append_str(&m->advice,
                       "Build ximssd --with-dovecot and install it, or take "
                       "the plugin from mail_plugins: no log-in works "
                       "without it.");
        return mail_broken(m, "%s", err.text);
    }
    if (abi_of(directory, "lib10_quota_plugin.so", theirs, &err) < 0 ||
        theirs[0] == '\0')
        return mail_unknown(m, "%s/%s is there; Dovecot's ABI is not known",
                            directory, file);
    if (strcmp(own, theirs) != 0) {
        buf_append_str(&m->advice,
                       "Build it again with the headers of this Dovecot "
                       "(dovecot-dev); until then take it from mail_plugins: "
                       "no log-in works with it.");
        return mail_broken(m, "%s/%s is for %s, and Dovecot is %s", directory,
                           file, own[0] != '\0' ? own : "no Dovecot", theirs);
    }
    return mail_ok(m, "%s/%s, for %s", directory, file, own);
}

enum mail_state
mail_link_file(struct mail_check *m)
{
    static const char imap[] = "lib95_imap_ximss_plugin.so",
                      pop3[] = "lib95_pop3_ximss_plugin.so";
    struct buf directory = {0};
    struct errbuf err;
    enum mail_state state;

    if (mail_doveconf(m, NULL, "mail_plugin_dir", &directory, &err) < 0) {
        state = mail_unknown(m, "%s", err.text);
    } else {
        state = compare_abi(m, buf_cstr(&directory), imap);
        if (state == MAIL_OK && mail_has_plugin(m, "pop3", "pop3_ximss")) {
            m->found.len = 0;
            state = compare_abi(m, buf_cstr(&directory), pop3);
        }
    }
    buf_clear(&directory);
    return state;
}
