/* SPDX-License-Identifier: BSD-2-Clause */
/* look DIR: opens a store as the server does, prints the ids of the alerts to
 * everybody and the names of all accounts, and ends without closing it.
 * look DIR POSTS: posts so many alerts and removes every third of them, prints
 * what is done, and closes the store.
 * Status: 0; 65 if it was refused as damaged; 73 if it could not be opened
 * for another reason; 75 at a panic. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/store.h"
#include "storage/tables.h"
#include "util/log.h"

static bool
print_alert(const struct alert_rec *a, void *arg)
{
    (void)arg;
    printf("alert %llu %.*s\n", (unsigned long long)a->id, (int)a->text_len,
           a->text);
    return true;
}

static bool
print_account(const struct account_name *a, void *arg)
{
    (void)arg;
    printf("account %s\n", a->name);
    return true;
}

static enum store_result
look(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r =
        alert_walk(t, ALERT_SERVER, 0, 0, print_alert, arg, err);

    if (r == STORE_OK)
        r = account_walk(t, 1, NULL, print_account, arg, err);
    return r;
}

/* --- posting --- */

static char text[9000]; /* two overflow pages */

static enum store_result
post(struct store_txn *t, void *arg, struct errbuf *err)
{
    static char nobody[] = "";
    struct alert_rec *a = arg;

    *a = (struct alert_rec){.scope = ALERT_SERVER,
                            .severity = ALERT_INFO,
                            .posted = 1,
                            .author_name = nobody,
                            .origin = nobody,
                            .text = text,
                            .text_len = strlen(text)};
    return alert_add(t, a, err);
}

static enum store_result
take_back(struct store_txn *t, void *arg, struct errbuf *err)
{
    const struct alert_rec *a = arg;

    return alert_remove(t, a->id, err);
}

static int
work(struct store *store, unsigned posts)
{
    struct alert_rec a;
    struct errbuf err;

    for (unsigned i = 0; i < posts; i++) {
        memset(text, 'x', i * 977 % (sizeof text - 1));
        text[i * 977 % (sizeof text - 1)] = 0;
        if (store_run(store, post, &a, &err) != STORE_OK)
            return 73;
        printf("posted %llu\n", (unsigned long long)a.id);
        fflush(stdout);
        if (i % 3 != 2)
            continue;
        printf("removing %llu\n", (unsigned long long)a.id);
        fflush(stdout);
        if (store_run(store, take_back, &a, &err) != STORE_OK)
            return 73;
        printf("removed %llu\n", (unsigned long long)a.id);
        fflush(stdout);
    }
    store_close(&store);
    return 0;
}

int
main(int argc, char **argv)
{
    bool damaged = false;
    struct store_options o = {.dir = argc > 1 ? argv[1] : ".",
                              .cache_bytes = 1 << 20,
                              .checkpoint_s = 1,
                              .damaged_r = &damaged};
    struct errbuf err;
    struct store *store;

    log_init("look", LOG_ERROR_, false);
    store = store_open(&o, &err);
    if (store == NULL) {
        printf("%s\n", err.text);
        return damaged ? 65 : 73;
    }
    if (argc > 2)
        return work(store, (unsigned)atoi(argv[2]));
    if (store_run(store, look, NULL, &err) != STORE_OK) {
        printf("%s\n", err.text);
        return 73;
    }
    fflush(stdout);
    _exit(0);
}
