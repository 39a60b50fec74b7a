/* SPDX-License-Identifier: BSD-2-Clause */
/* mail check: Dovecot's processes: whether there are any, what runs before them,
 * and their groups. */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clients/ctl/ctl_mail.h"

/* As in the documents, which Dovecot's example and dist/ agree with. */
#define USUAL_GROUP "ximssdoor"

#define NAME_SIZE 64

/* The file of the master's pid does not go away when it is killed. */
static bool
is_stale(FILE *f)
{
    int pid;

    return fscanf(f, "%d", &pid) == 1 && pid > 0 && kill(pid, 0) < 0 &&
           errno == ESRCH;
}

bool
mail_is_down(const struct mail_check *m)
{
    struct buf path = {0};
    struct errbuf err;
    bool down = false;
    FILE *f;

    if (mail_doveconf(m, NULL, "base_dir", &path, &err) == 0) {
        buf_append_str(&path, "/master.pid");
        f = fopen(buf_cstr(&path), "re");
        down = f != NULL ? is_stale(f) : errno == ENOENT;
        if (f != NULL)
            fclose(f);
    }
    buf_clear(&path);
    return down;
}

/* "executable = script-login /usr/libexec/ximss-postlogin --option imap ...": the
 * word behind the program, in its line. */
static bool
calls_postlogin(const char *services, const char *protocol)
{
    static const char program[] = "/ximss-postlogin ";
    char word[16];
    const char *at = services, *found;

    snprintf(word, sizeof word, " %s ", protocol);
    while ((at = strstr(at, program)) != NULL) {
        at += sizeof program - 2; /* the blank may be that before the word */
        found = strstr(at, word);
        if (found != NULL && found < at + strcspn(at, "\n"))
            return true;
    }
    return false;
}

bool
mail_has_postlogin(const struct mail_check *m, const char *protocol)
{
    struct buf services = {0};
    struct errbuf err;
    bool has = mail_doveconf(m, NULL, "service", &services, &err) == 0 &&
               calls_postlogin(buf_cstr(&services), protocol);

    buf_clear(&services);
    return has;
}

/* --- the group --- */

static void
groups_of(const struct mail_check *m, const char *service, struct buf *groups)
{
    char name[NAME_SIZE];
    struct errbuf err;

    snprintf(name, sizeof name, "service/%s/extra_groups", service);
    if (mail_doveconf(m, NULL, name, groups, &err) < 0)
        groups->len = 0;
}

static bool
has_group(const struct mail_check *m, const char *service, const char *group)
{
    struct buf groups = {0};
    struct errbuf err;
    bool has;

    groups_of(m, service, &groups);
    has = mail_has_word(&groups, group) ||
          (mail_doveconf(m, NULL, "mail_access_groups", &groups, &err) == 0 &&
           mail_has_word(&groups, group));
    buf_clear(&groups);
    return has;
}

/* The first group of the service that the system does not know. */
static bool
find_missing(const struct mail_check *m, const char *service,
             char name[NAME_SIZE])
{
    struct buf groups = {0};
    char *rest = NULL, *word;
    bool found = false;

    groups_of(m, service, &groups);
    (void)buf_cstr(&groups);
    for (word = groups.len > 0 ? strtok_r(groups.data, ", ", &rest) : NULL;
         word != NULL && !found; word = strtok_r(NULL, ", ", &rest)) {
        found = getgrnam(word) == NULL;
        if (found)
            snprintf(name, NAME_SIZE, "%s", word);
    }
    buf_clear(&groups);
    return found;
}

/* The group of the server's own files, or root's.  Whoever is in one of them may
 * do more than write to the socket. */
static bool
is_servers_own(const struct mail_check *m)
{
    const struct passwd *owner = getpwuid(m->door_owner);

    return m->door_group == 0 ||
           (owner != NULL && owner->pw_gid == m->door_group);
}

static enum mail_state
servers_own(struct mail_check *m, const char *group)
{
    buf_append_str(&m->advice, "Do not put Dovecot into this group. Set "
                               "door-socket-group = " USUAL_GROUP " in "
                               "ximssd.conf, and restart ximssd.");
    return mail_broken(m,
                       "the socket belongs to the group %s, which is the "
                       "server's own",
                       group);
}

static enum mail_state
no_such_group(struct mail_check *m, const char *service, const char *group)
{
    buf_append_str(&m->advice,
                   "Dovecot does not start so. The group " USUAL_GROUP
                   " is made by: systemd-sysusers");
    return mail_broken(m, "service %s has the group %s, which does not exist",
                       service, group);
}

static enum mail_state
not_in_group(struct mail_check *m, const char *service, const char *group)
{
    buf_appendf(&m->advice,
                "Add to Dovecot's service %s: extra_groups = %s, and restart "
                "Dovecot.",
                service, group);
    return mail_broken(m, "service %s is not in the group %s of the socket",
                       service, group);
}

static enum mail_state
judge_service(struct mail_check *m, const char *service, const char *group)
{
    char missing[NAME_SIZE];

    if (find_missing(m, service, missing))
        return no_such_group(m, service, missing);
    if (!has_group(m, service, group))
        return not_in_group(m, service, group);
    return MAIL_OK;
}

enum mail_state
mail_link_group(struct mail_check *m)
{
    const struct group *g = getgrgid(m->door_group);
    char group[NAME_SIZE];
    enum mail_state state;

    if (!m->door_is_usable)
        return mail_unknown(m, "not tried: the socket cannot be used");
    if ((m->door_mode & 0006) == 0006)
        return mail_ok(m, "everybody may write to the socket");
    if (g == NULL) {
        buf_append_str(&m->advice, "Run systemd-sysusers, and restart ximssd "
                                   "and Dovecot.");
        return mail_broken(m, "the socket's group %u does not exist",
                           (unsigned)m->door_group);
    }
    snprintf(group, sizeof group, "%s", g->gr_name);
    if (is_servers_own(m))
        return servers_own(m, group);
    state = judge_service(m, "imap", group);
    if (state == MAIL_OK && mail_has_plugin(m, "pop3", "pop3_ximss"))
        state = judge_service(m, "pop3", group);
    if (state == MAIL_OK)
        return mail_ok(m, "Dovecot's mail processes are in the group %s",
                       group);
    return state;
}
