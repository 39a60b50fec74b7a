/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "notify/notify_job.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "notify/notify_command.h"
#include "notify/notify_mail.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* --- the copy --- */

static int
check_length(const char *what, const char *text, size_t most,
             struct errbuf *err)
{
    size_t len = text != NULL ? strlen(text) : 0;

    return len <= most ? 0
                       : err_set(err, "%s has %zu bytes, and may have %zu",
                                 what, len, most);
}

static int
check_arguments(const char *const *argv, struct errbuf *err)
{
    unsigned n = 0;

    for (; argv != NULL && argv[n] != NULL; n++)
        if (n == NOTIFY_ARGS_MOST)
            return err_set(err, "the command has more than %d words",
                           NOTIFY_ARGS_MOST);
        else if (check_length("a word of the command", argv[n], NOTIFY_ARG_MOST,
                              err) < 0)
            return -1;
    return 0;
}

static int
check_sizes(const struct notify_notice *x, struct errbuf *err)
{
    switch (x->method) {
    case NOTIFY_MAIL:
        if (check_length("to", x->to, NOTIFY_TO_MOST, err) < 0 ||
            check_length("the subject", x->subject, NOTIFY_SUBJECT_MOST, err) <
                0)
            return -1;
        break;
    case NOTIFY_URL:
        if (check_length("the URL", x->url, NOTIFY_URL_MOST, err) < 0 ||
            check_length("the secret", x->secret, NOTIFY_SECRET_MOST, err) < 0)
            return -1;
        break;
    case NOTIFY_COMMAND:
        if (check_arguments(x->argv, err) < 0)
            return -1;
        break;
    }
    return check_length("the body", x->body, NOTIFY_BODY_MOST, err);
}

static const char *
copy_of(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

static const char *const *
copy_of_words(const char *const *argv)
{
    unsigned n = 0;
    const char **words;

    while (argv != NULL && argv[n] != NULL)
        n++;
    words = xcalloc(n + 1, sizeof *words);
    for (unsigned i = 0; i < n; i++)
        words[i] = xstrdup(argv[i]);
    return words;
}

struct notify_job *
notify_job_new(const struct notify_notice *x)
{
    struct notify_job *j = xcalloc(1, sizeof *j);

    j->x = (struct notify_notice){
        .method = x->method, .json = x->json, .tag = x->tag};
    j->child = (struct notify_child){.ended = -1, .said = -1};
    if (check_sizes(x, &j->refused) < 0)
        return j;
    j->x.body = copy_of(x->body);
    switch (x->method) {
    case NOTIFY_MAIL:
        j->x.to = copy_of(x->to);
        j->x.subject = copy_of(x->subject);
        break;
    case NOTIFY_URL:
        j->x.url = copy_of(x->url);
        j->x.secret = copy_of(x->secret);
        break;
    case NOTIFY_COMMAND:
        j->x.argv = copy_of_words(x->argv);
        break;
    }
    return j;
}

static void
free_text(const char *text)
{
    free((char *)(uintptr_t)text);
}

void
notify_job_free(struct notify_job *j)
{
    const char *const *argv = j->x.argv;

    if (j->child.pid != 0)
        notify_child_abandon(&j->child);
    notify_url_free(&j->url);
    if (j->x.secret != NULL)
        explicit_bzero((char *)(uintptr_t)j->x.secret, strlen(j->x.secret));
    free_text(j->x.secret);
    free_text(j->x.to);
    free_text(j->x.subject);
    free_text(j->x.body);
    free_text(j->x.url);
    for (unsigned i = 0; argv != NULL && argv[i] != NULL; i++)
        free_text(argv[i]);
    free((void *)(uintptr_t)argv);
    free(j);
}

/* --- sending --- */

int
notify_job_check(const struct notify_config *c, const struct notify_notice *x,
                 struct errbuf *err)
{
    if (check_sizes(x, err) < 0)
        return -1;
    if (x->method != NOTIFY_MAIL && x->json && x->body == NULL)
        return err_set(err, "there is no body");
    switch (x->method) {
    case NOTIFY_MAIL:
        return notify_mail_check(c, x, err);
    case NOTIFY_URL:
        return notify_url_check(c, x, err);
    case NOTIFY_COMMAND:
        break;
    }
    return notify_command_check(c, x, err);
}

int
notify_job_start(struct notify_job *j, struct notify_url_loop *l,
                 struct errbuf *err)
{
    const struct notify_config *c = &j->settings->c;

    if (j->refused.text[0] != '\0')
        return err_set(err, "%s", j->refused.text);
    if (notify_job_check(c, &j->x, err) < 0)
        return -1;
    switch (j->x.method) {
    case NOTIFY_MAIL:
        return notify_mail_start(&j->child, c, &j->x, err);
    case NOTIFY_URL:
        j->url = notify_url_start(l, c, &j->x, err);
        return j->url != NULL ? 0 : -1;
    case NOTIFY_COMMAND:
        break;
    }
    return notify_command_start(&j->child, c, &j->x, err);
}

bool
notify_job_has_ended(struct notify_job *j, bool *ok_r, struct errbuf *err)
{
    return j->url != NULL ? notify_url_has_ended(j->url, ok_r, err)
                          : notify_child_has_ended(&j->child, ok_r, err);
}

bool
notify_job_end(struct notify_job *j, int64_t now, int64_t pause)
{
    if (j->url != NULL)
        return true;
    notify_child_signal(&j->child, j->step == 0 ? SIGTERM : SIGKILL);
    j->step++;
    j->due = j->step <= 2 ? now + pause : INT64_MAX;
    return false;
}
