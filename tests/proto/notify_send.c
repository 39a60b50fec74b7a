/* SPDX-License-Identifier: BSD-2-Clause */
/* notify_send [--SETTING VALUE]... mail TO SUBJECT BODY
 *             [--SETTING VALUE]... url URL [BODY [SECRET]]
 *             [--SETTING VALUE]... command PROGRAM [ARGUMENT]...
 * Sends one notice, as the server would by these settings (notify-SETTING), and
 * says "ok", or why not.  For 28-notify.py. */
#include "config.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify/notify.h"
#include "util/clock.h"
#include "util/xmalloc.h"

static struct notify_config settings;
static int status = 1;
static sem_t done;

static void
on_done(uint64_t tag, bool ok, const char *why, void *arg)
{
    (void)tag;
    (void)arg;
    puts(ok ? "ok" : why);
    status = ok ? 0 : 1;
    sem_post(&done);
}

static void
add_text(struct config_texts *list, const char *text)
{
    list->items = xrealloc(list->items, (list->count + 1) * sizeof(char *));
    list->items[list->count++] = xstrdup(text);
}

static void
set(const char *key, char *value)
{
    const struct config_spec nets = {.type = CONFIG_NETS, .max = 256};
    struct errbuf err;

    if (strcmp(key, "--sendmail") == 0)
        settings.sendmail = value;
    else if (strcmp(key, "--from") == 0)
        settings.from = value;
    else if (strcmp(key, "--roots") == 0)
        settings.roots = value;
    else if (strcmp(key, "--urls") == 0)
        add_text(&settings.urls, value);
    else if (strcmp(key, "--commands") == 0)
        add_text(&settings.commands, value);
    else if (strcmp(key, "--networks") != 0 ||
             config_value_parse(&nets, value, &settings.networks, &err) < 0)
        exit(64);
}

static void
fill(struct notify_notice *x, int n, char **words)
{
    if (n >= 4 && strcmp(words[0], "mail") == 0) {
        x->method = NOTIFY_MAIL;
        x->to = words[1];
        x->subject = words[2];
        x->body = words[3];
    } else if (n >= 2 && strcmp(words[0], "url") == 0) {
        x->method = NOTIFY_URL;
        x->url = words[1];
        x->body = n > 2 ? words[2] : NULL;
        x->json = n > 2;
        x->secret = n > 3 ? words[3] : NULL;
    } else if (n >= 2 && strcmp(words[0], "command") == 0) {
        x->method = NOTIFY_COMMAND;
        x->argv = (const char *const *)(uintptr_t)(words + 1);
    } else {
        exit(64);
    }
}

int
main(int argc, char **argv)
{
    static char none[] = "";
    struct notify_notice x = {.tag = 1};
    struct notify *n;
    struct errbuf err;
    int i = 1;

    sem_init(&done, 0, 0);
    settings.sendmail = settings.from = settings.roots = none;
    settings.timeout = 20 * CLOCK_SECOND;
    settings.parallel = settings.waiting = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2)
        set(argv[i], argv[i + 1]);
    fill(&x, argc - i, argv + i);
    n = notify_new(&settings, on_done, NULL, &err);
    if (n == NULL || !notify_submit(n, &x)) {
        puts(n == NULL ? err.text : "it is not accepted");
        return 1;
    }
    sem_wait(&done);
    notify_free(&n);
    return status;
}
