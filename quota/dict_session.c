/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/dict_session.h"

#include <stdlib.h>
#include <string.h>

#include "quota/dict_line.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define STORAGE_KEY "priv/quota/storage"

struct dict_transaction {
    LIST_ENTRY(dict_transaction) link;
    uint32_t id;
    bool has_usage;
    struct dict_usage *usage; /* owned; used is set if has_usage */
};

void
dict_session_init(struct dict_session *s)
{
    *s = (struct dict_session){0};
    LIST_INIT(&s->open);
    STAILQ_INIT(&s->usages);
}

static struct dict_transaction *
find(const struct dict_session *s, uint32_t id)
{
    struct dict_transaction *t;

    LIST_FOREACH(t, &s->open, link)
        if (t->id == id)
            return t;
    return NULL;
}

static void
forget(struct dict_session *s, struct dict_transaction *t)
{
    LIST_REMOVE(t, link);
    s->n_open--;
    free(t->usage);
    free(t);
}

static int
greet(struct dict_session *s, const struct dict_line *line, struct errbuf *err)
{
    if (s->greeted)
        return err_set(err, "H once more");
    s->greeted = true;
    s->user = xstrdup(line->user);
    return 0;
}

static int
begin(struct dict_session *s, const struct dict_line *line, struct errbuf *err)
{
    const char *user = line->user[0] != '\0' ? line->user : s->user;
    size_t size = strlen(user) + 1;
    struct dict_transaction *t;

    if (find(s, line->id) != NULL)
        return err_set(err, "transaction %lu is open already",
                       (unsigned long)line->id);
    if (s->n_open == DICT_TRANSACTIONS_MOST)
        return err_set(err, "more than %d transactions at once",
                       DICT_TRANSACTIONS_MOST);
    t = xcalloc(1, sizeof *t);
    t->id = line->id;
    t->usage = xmalloc(sizeof *t->usage + size);
    memcpy(t->usage->user, user, size);
    LIST_INSERT_HEAD(&s->open, t, link);
    s->n_open++;
    return 0;
}

static int
set(struct dict_transaction *t, const struct dict_line *line,
    struct errbuf *err)
{
    unsigned long long used;

    if (strcmp(line->key, STORAGE_KEY) != 0)
        return 0;
    if (text_parse_u64(line->value, UINT64_MAX, &used) < 0)
        return err_set(err, STORAGE_KEY " is no number of bytes");
    t->usage->used = used;
    t->has_usage = true;
    return 0;
}

static void
make_unknown(struct dict_transaction *t, const struct dict_line *line)
{
    if (strcmp(line->key, STORAGE_KEY) == 0)
        t->has_usage = false;
}

static void
commit(struct dict_session *s, struct dict_transaction *t, struct buf *reply)
{
    buf_append_char(reply, 'O');
    buf_append_u64(reply, t->id);
    buf_append_char(reply, '\n');
    s->n_committed++;
    if (t->has_usage && t->usage->user[0] != '\0') {
        STAILQ_INSERT_TAIL(&s->usages, t->usage, link);
        t->usage = NULL;
    }
    forget(s, t);
}

/* What belongs to a transaction that is open. */
static int
take_step(struct dict_session *s, const struct dict_line *line,
          struct buf *reply, struct errbuf *err)
{
    struct dict_transaction *t = find(s, line->id);

    if (t == NULL)
        return err_set(err, "%c of transaction %lu, which is not open",
                       (char)line->command, (unsigned long)line->id);
    switch (line->command) {
    case DICT_SET:
        return set(t, line, err);
    case DICT_COMMIT_ASYNC:
        buf_append_char(reply, 'A');
        commit(s, t, reply);
        break;
    case DICT_COMMIT:
        commit(s, t, reply);
        break;
    case DICT_ROLLBACK:
        s->n_rolled_back++;
        forget(s, t);
        break;
    case DICT_UNSET:
    case DICT_APPEND:
    case DICT_ADD:
        make_unknown(t, line);
        break;
    case DICT_TIMESTAMP:
    case DICT_HIDE_VALUES:
    case DICT_HELLO:
    case DICT_LOOKUP:
    case DICT_ITERATE:
    case DICT_BEGIN:
        break;
    }
    return 0;
}

static int
take_line(struct dict_session *s, char *text, size_t len, struct buf *reply,
          struct errbuf *err)
{
    struct dict_line line;

    if (dict_line_parse(text, len, &line, err) < 0)
        return -1;
    if (line.command == DICT_HELLO)
        return greet(s, &line, err);
    if (!s->greeted)
        return err_set(err, "%c before H", (char)line.command);
    if (line.command == DICT_BEGIN)
        return begin(s, &line, err);
    if (line.command == DICT_LOOKUP)
        buf_append_str(reply, "N\n");
    else if (line.command == DICT_ITERATE)
        buf_append_char(reply, '\n');
    else
        return take_step(s, &line, reply, err);
    return 0;
}

int
dict_session_feed(struct dict_session *s, const char *data, size_t len,
                  size_t scanned, struct buf *reply, size_t *used_r,
                  struct errbuf *err)
{
    char line[DICT_LINE_MOST + 1];
    const char *end;

    *used_r = 0;
    while ((end = memchr(data + *used_r + scanned, '\n',
                         len - *used_r - scanned)) != NULL) {
        size_t n = (size_t)(end - (data + *used_r));

        if (n > DICT_LINE_MOST)
            break;
        memcpy(line, data + *used_r, n);
        *used_r += n + 1;
        scanned = 0;
        if (take_line(s, line, n, reply, err) < 0)
            return -1;
    }
    if (end != NULL || len - *used_r > DICT_LINE_MOST)
        return err_set(err, "a line longer than %d bytes", DICT_LINE_MOST);
    return 0;
}

struct dict_usage *
dict_session_take(struct dict_session *s)
{
    struct dict_usage *u = STAILQ_FIRST(&s->usages);

    if (u != NULL)
        STAILQ_REMOVE_HEAD(&s->usages, link);
    return u;
}

void
dict_session_clear(struct dict_session *s)
{
    struct dict_transaction *t;
    struct dict_usage *u;

    while ((t = LIST_FIRST(&s->open)) != NULL)
        forget(s, t);
    while ((u = dict_session_take(s)) != NULL)
        free(u);
    free(s->user);
    s->user = NULL;
}
