/* SPDX-License-Identifier: BSD-2-Clause */
/* Mail processes connect as the user whose mail they read.  Where all mail
 * belongs to one user (vmail), that one may name any account and has most of the
 * connections.  Any other user is a stranger with one account at most, and must
 * not be able to take all connections. */
#include "config.h"

#include "ximss/server/live/door.h"

#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/base/configuration.h"

#define NEWS_PAUSE (60 * CLOCK_SECOND)

struct door {
    pthread_mutex_t lock;
    GHashTable *users; /* owned; uid -> number of connections, above 0 */
    uint32_t *trusted; /* owned; each once */
    size_t n_trusted;
    unsigned most, most_of_stranger;
    unsigned n;
    unsigned refused; /* since that was told last */
    int64_t told;     /* clock_mono; 0: never */
};

struct door *
door_new(void)
{
    struct door *d = xcalloc(1, sizeof *d);

    pthread_mutex_init(&d->lock, NULL);
    d->users = g_hash_table_new(g_direct_hash, g_direct_equal);
    return d;
}

void
door_free(struct door **dp)
{
    struct door *d = *dp;

    if (d == NULL)
        return;
    pthread_mutex_destroy(&d->lock);
    g_hash_table_destroy(d->users);
    free(d->trusted);
    free(d);
    *dp = NULL;
}

/* --- who --- */

static int
find_uid(const char *user, uint32_t *uid_r, struct errbuf *err)
{
    const struct passwd *pw = getpwnam(user);
    unsigned long long number;

    if (pw != NULL)
        *uid_r = (uint32_t)pw->pw_uid;
    else if (text_parse_u64(user, UINT32_MAX - 1, &number) == 0)
        *uid_r = (uint32_t)number;
    else
        return err_set(err, "door-users: there is no user %s", user);
    return 0;
}

static bool
has(const uint32_t *uids, size_t n, uint32_t uid)
{
    for (size_t i = 0; i < n; i++)
        if (uids[i] == uid)
            return true;
    return false;
}

int
door_configure(struct door *d, const struct config *c, struct errbuf *err)
{
    uint32_t *trusted = xcalloc(c->door_users.count + 1, sizeof *trusted);
    size_t n = 0;

    for (size_t i = 0; i < c->door_users.count; i++) {
        uint32_t uid = 0;

        if (find_uid(c->door_users.items[i], &uid, err) < 0) {
            free(trusted);
            return -1;
        }
        if (!has(trusted, n, uid))
            trusted[n++] = uid;
    }
    pthread_mutex_lock(&d->lock);
    free(d->trusted);
    d->trusted = trusted;
    d->n_trusted = n;
    d->most = c->door_sessions;
    d->most_of_stranger = c->max_account_sessions;
    pthread_mutex_unlock(&d->lock);
    return 0;
}

static bool
trusts(const struct door *d, uint32_t uid)
{
    return has(d->trusted, d->n_trusted, uid);
}

bool
door_trusts(struct door *d, uint32_t uid)
{
    bool r;

    pthread_mutex_lock(&d->lock);
    r = trusts(d, uid);
    pthread_mutex_unlock(&d->lock);
    return r;
}

void
door_warn_of_namespace(const char *uid_map)
{
    unsigned long long inside, outside, n, sum = 0;
    FILE *f = fopen(uid_map, "re");

    if (f == NULL)
        return;
    while (fscanf(f, "%llu %llu %llu", &inside, &outside, &n) == 3)
        sum += n;
    fclose(f);
    if (sum < UINT32_MAX)
        log_warn("the mail door sees %llu of the machine's users, and does not "
                 "recognise the others: is PrivateUsers= set in the unit?",
                 sum);
}

/* --- how many --- */

static unsigned
number_of(const struct door *d, uint32_t uid)
{
    return GPOINTER_TO_UINT(
        g_hash_table_lookup(d->users, GUINT_TO_POINTER(uid)));
}

static void
count(struct door *d, uint32_t uid, int by)
{
    unsigned n = number_of(d, uid) + (unsigned)by;

    d->n += (unsigned)by;
    if (n > 0)
        g_hash_table_replace(d->users, GUINT_TO_POINTER(uid),
                             GUINT_TO_POINTER(n));
    else
        g_hash_table_remove(d->users, GUINT_TO_POINTER(uid));
}

static unsigned
strangers(const struct door *d)
{
    unsigned n = d->n;

    for (size_t i = 0; i < d->n_trusted; i++)
        n -= number_of(d, d->trusted[i]);
    return n;
}

/* Strangers together leave half of the places to those who are trusted. */
static bool
has_room(const struct door *d, uint32_t uid)
{
    if (d->n >= d->most)
        return false;
    if (trusts(d, uid))
        return true;
    return number_of(d, uid) < d->most_of_stranger &&
           (d->n_trusted == 0 || strangers(d) < (d->most + 1) / 2);
}

/* Returns how many were refused, if that is to be told now. */
static unsigned
note_refusal(struct door *d)
{
    int64_t now = clock_mono();
    unsigned n = ++d->refused;

    if (d->told != 0 && now - d->told < NEWS_PAUSE)
        return 0;
    d->told = now;
    d->refused = 0;
    return n;
}

bool
door_enter(struct door *d, uint32_t uid)
{
    unsigned refused = 0, n;
    bool in;

    pthread_mutex_lock(&d->lock);
    in = has_room(d, uid);
    if (in)
        count(d, uid, 1);
    else
        refused = note_refusal(d);
    n = d->n;
    pthread_mutex_unlock(&d->lock);
    if (refused > 0)
        log_warn("too many connections at the mail door: %u were refused, the "
                 "last of user %u; %u are there (more of this is told in a "
                 "minute)",
                 refused, (unsigned)uid, n);
    return in;
}

void
door_leave(struct door *d, uint32_t uid)
{
    pthread_mutex_lock(&d->lock);
    count(d, uid, -1);
    pthread_mutex_unlock(&d->lock);
}

/* --- names --- */

char *
door_account_name(const char *format, const char *login)
{
    struct buf b = {0};
    const char *at;
    char *name;

    while ((at = strstr(format, "%u")) != NULL) {
        buf_append(&b, format, (size_t)(at - format));
        buf_append_str(&b, login);
        format = at + 2;
    }
    buf_append_str(&b, format);
    name = xstrdup(buf_cstr(&b));
    buf_clear(&b);
    return name;
}
