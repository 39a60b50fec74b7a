/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/push_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

void
push_log_init(struct push_log *l, push_confirm_fn *confirm, void *arg)
{
    *l = (struct push_log){.confirm = confirm, .arg = arg};
    TAILQ_INIT(&l->items);
}

static void
drop(struct push_log *l, struct push *p)
{
    TAILQ_REMOVE(&l->items, p, link);
    l->n--;
    l->bytes -= p->len;
    if (p->id > l->dropped)
        l->dropped = p->id;
    free(p->name);
    free(p->xml);
    free(p->alert);
    free(p);
}

void
push_log_clear(struct push_log *l)
{
    struct push *p;

    while ((p = TAILQ_FIRST(&l->items)) != NULL)
        drop(l, p);
    free(l->frozen);
    l->frozen = NULL;
}

void
push_log_begin_at(struct push_log *l, uint64_t id)
{
    l->last_id = l->dropped = id;
    l->follows = true;
}

uint64_t
push_log_add(struct push_log *l, const char *name, const char *xml, size_t len,
             const char *alert, bool events_only)
{
    struct push *p = xcalloc(1, sizeof *p);

    p->id = ++l->last_id;
    p->name = xstrdup(name);
    p->xml = xstrndup(xml, len);
    p->len = len;
    p->alert = alert != NULL ? xstrdup(alert) : NULL;
    p->events_only = events_only;
    TAILQ_INSERT_TAIL(&l->items, p, link);
    l->n++;
    l->bytes += len;
    return p->id;
}

static void
arrived(struct push_log *l, struct push *p)
{
    l->confirm(l->arg, p);
    drop(l, p);
}

/* --- polls --- */

static bool
is_unsent(const struct push *p)
{
    return p->batch == 0 && !p->events_only;
}

bool
push_log_has_unsent(const struct push_log *l)
{
    const struct push *p;

    TAILQ_FOREACH(p, &l->items, link)
        if (is_unsent(p))
            return true;
    return false;
}

/* Appends what is unsent, as far as a batch goes, and marks it. */
static void
take(struct push_log *l, uint64_t batch, struct buf *out)
{
    size_t begin = out->len;
    struct push *p;

    TAILQ_FOREACH(p, &l->items, link)
        if (out->len - begin >= PUSH_BATCH_BYTES) {
            return;
        } else if (is_unsent(p)) {
            buf_append(out, p->xml, p->len);
            p->batch = batch;
        }
}

/* What is for streams only goes with what came behind it, unless a stream was
 * sent it: clients that only poll would gather it for ever. */
static void
drop_unstreamed(struct push_log *l, uint64_t before)
{
    struct push *p = TAILQ_FIRST(&l->items), *next;

    for (; p != NULL && p->id < before; p = next) {
        next = TAILQ_NEXT(p, link);
        if (p->events_only && p->id > l->streamed)
            drop(l, p);
    }
}

static void
batch_arrived(struct push_log *l, uint64_t batch)
{
    struct push *p = TAILQ_FIRST(&l->items), *next;
    uint64_t last = 0;

    for (; p != NULL; p = next) {
        next = TAILQ_NEXT(p, link);
        if (p->batch == batch) {
            last = p->id;
            arrived(l, p);
        }
    }
    drop_unstreamed(l, last);
}

static void
freeze(struct push_log *l)
{
    struct buf text = {0};

    l->last_batch++;
    buf_appendf(&text, "<XIMSS respSeq=\"%" PRIu64 "\">", l->last_batch);
    take(l, l->last_batch, &text);
    buf_append_str(&text, "</XIMSS>");
    l->frozen_len = text.len;
    l->frozen = buf_take(&text);
}

bool
push_log_poll(struct push_log *l, uint64_t ack_seq, const char **text_r,
              size_t *len_r)
{
    if (l->follows && ack_seq <= INT64_MAX)
        l->last_batch = ack_seq;
    l->follows = false;
    if (l->frozen != NULL && ack_seq >= l->last_batch) {
        free(l->frozen);
        l->frozen = NULL;
        batch_arrived(l, l->last_batch);
    }
    if (l->frozen == NULL && push_log_has_unsent(l))
        freeze(l);
    *text_r = l->frozen;
    *len_r = l->frozen_len;
    return l->frozen != NULL;
}

void
push_log_sync(struct push_log *l, struct buf *out)
{
    take(l, PUSH_IN_SYNC, out);
}

void
push_log_sync_done(struct push_log *l)
{
    batch_arrived(l, PUSH_IN_SYNC);
}

/* --- events --- */

/* Who asks has nearly all as a rule, however much is not confirmed. */
const struct push *
push_log_next(const struct push_log *l, uint64_t id)
{
    const struct push *p, *found = NULL;

    for (p = TAILQ_LAST(&l->items, push_list); p != NULL && p->id > id;
         p = TAILQ_PREV(p, push_list, link))
        found = p;
    return found;
}

const struct push *
push_log_behind(const struct push *p)
{
    return TAILQ_NEXT(p, link);
}

void
push_log_ack(struct push_log *l, uint64_t id)
{
    struct push *p;

    if (id > l->last_id)
        return;
    while ((p = TAILQ_FIRST(&l->items)) != NULL && p->id <= id)
        arrived(l, p);
}

bool
push_log_knows(const struct push_log *l, uint64_t id)
{
    return id >= l->dropped && id <= l->last_id;
}

/* --- alerts that change --- */

static bool
nobody_was_sent(const struct push_log *l, const struct push *p)
{
    return p->alert != NULL && p->batch == 0 && p->id > l->streamed;
}

bool
push_log_withdraw(struct push_log *l, const char *alert)
{
    struct push *p;

    TAILQ_FOREACH(p, &l->items, link)
        if (nobody_was_sent(l, p) && strcmp(p->alert, alert) == 0) {
            drop(l, p);
            return true;
        }
    return false;
}

void
push_log_forget_unsent(struct push_log *l)
{
    struct push *p = TAILQ_FIRST(&l->items), *next;

    for (; p != NULL; p = next) {
        next = TAILQ_NEXT(p, link);
        if (nobody_was_sent(l, p))
            drop(l, p);
    }
}

bool
push_log_holds(const struct push_log *l, const char *alert)
{
    const struct push *p;

    TAILQ_FOREACH(p, &l->items, link)
        if (p->alert != NULL && strcmp(p->alert, alert) == 0)
            return true;
    return false;
}

/* A field of a stream ends at CR, LF, or both; XML from here has no CR. */
void
push_log_frame(struct buf *out, uint64_t id, const char *name, const char *xml,
               size_t len)
{
    if (id > 0)
        buf_appendf(out, "id: %" PRIu64 "\n", id);
    buf_appendf(out, "event: %s\n", name);
    for (;;) {
        const char *end = memchr(xml, '\n', len);
        size_t n = end != NULL ? (size_t)(end - xml) : len;

        buf_append_str(out, "data: ");
        buf_append(out, xml, n);
        buf_append_char(out, '\n');
        if (end == NULL)
            break;
        xml += n + 1;
        len -= n + 1;
    }
    buf_append_char(out, '\n');
}
