/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/notify_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/suite.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/xmalloc.h"

#define TAGS 64

static struct {
    struct notify *n;
    char dir[64];
    char *paths[32];
    unsigned n_paths;
    struct buf file;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned times[TAGS];
    char *results[TAGS];
} f;

struct notify_config notify_fixture_config;

void
notify_fixture_setup(void)
{
    memset(&f, 0, sizeof f);
    pthread_mutex_init(&f.lock, NULL);
    pthread_cond_init(&f.changed, NULL);
    strcpy(f.dir, "/tmp/ximssd-notify.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f.dir));
    notify_fixture_config =
        (struct notify_config){.sendmail = xstrdup(""),
                               .from = xstrdup("ximssd@example.test"),
                               .roots = xstrdup(""),
                               .timeout = 60 * CLOCK_SECOND,
                               .parallel = 2,
                               .waiting = 10};
}

void
notify_fixture_teardown(void)
{
    char *command = xasprintf("rm -rf %s", f.dir);

    notify_free(&f.n);
    notify_config_clear(&notify_fixture_config);
    ck_assert_int_eq(system(command), 0);
    free(command);
    for (unsigned i = 0; i < f.n_paths; i++)
        free(f.paths[i]);
    for (unsigned i = 0; i < TAGS; i++)
        free(f.results[i]);
    buf_clear(&f.file);
}

static void
on_done(uint64_t tag, bool ok, const char *why, void *arg)
{
    ck_assert_ptr_eq(arg, &f);
    ck_assert_uint_lt(tag, TAGS);
    pthread_mutex_lock(&f.lock);
    f.times[tag]++;
    free(f.results[tag]);
    f.results[tag] = xstrdup(ok ? "ok" : why);
    pthread_cond_broadcast(&f.changed);
    pthread_mutex_unlock(&f.lock);
}

struct notify *
notify_fixture_start(void)
{
    struct errbuf err;

    if (f.n != NULL) {
        notify_configure(f.n, &notify_fixture_config);
        return f.n;
    }
    f.n = notify_new(&notify_fixture_config, on_done, &f, &err);
    ck_assert_msg(f.n != NULL, "%s", err.text);
    return f.n;
}

int64_t
notify_fixture_stop(void)
{
    int64_t before = clock_mono();

    notify_free(&f.n);
    return clock_mono() - before;
}

const char *
notify_fixture_path(const char *name)
{
    ck_assert_uint_lt(f.n_paths, sizeof f.paths / sizeof f.paths[0]);
    f.paths[f.n_paths] = xasprintf("%s/%s", f.dir, name);
    return f.paths[f.n_paths++];
}

void
notify_fixture_allow(struct config_texts *list, const char *item)
{
    list->items = xrealloc(list->items, (list->count + 1) * sizeof(char *));
    list->items[list->count++] = xstrdup(item);
}

const char *
notify_fixture_script(const char *name, const char *text)
{
    const char *path = notify_fixture_path(name);
    FILE *out = fopen(path, "we");

    ck_assert_ptr_nonnull(out);
    fprintf(out, "#!/bin/sh\nD=%s\n%s\n", f.dir, text);
    fclose(out);
    ck_assert_int_eq(chmod(path, 0755), 0);
    notify_fixture_allow(&notify_fixture_config.commands, path);
    return path;
}

const char *
notify_fixture_file(const char *name)
{
    char *path = xasprintf("%s/%s", f.dir, name);
    FILE *in = NULL;
    struct stat st;
    int c;

    while (in == NULL) {
        if (stat(path, &st) == 0 && st.st_size > 0)
            in = fopen(path, "re");
        else
            poll(NULL, 0, 5);
    }
    f.file.len = 0;
    while ((c = fgetc(in)) != EOF)
        buf_append_char(&f.file, (char)c);
    fclose(in);
    free(path);
    return buf_cstr(&f.file);
}

void
notify_fixture_submit(const struct notify_notice *x)
{
    ck_assert(notify_submit(f.n, x));
}

const char *
notify_fixture_result(uint64_t tag)
{
    pthread_mutex_lock(&f.lock);
    while (f.times[tag] == 0)
        pthread_cond_wait(&f.changed, &f.lock);
    pthread_mutex_unlock(&f.lock);
    return f.results[tag];
}

unsigned
notify_fixture_times(uint64_t tag)
{
    unsigned times;

    pthread_mutex_lock(&f.lock);
    times = f.times[tag];
    pthread_mutex_unlock(&f.lock);
    return times;
}
