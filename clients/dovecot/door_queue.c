/* SPDX-License-Identifier: BSD-2-Clause */
/* The alerts of a mail session.  An alert that was shown stays until the server
 * knows: if the connection breaks before, the server names it again, and it must
 * not be shown again. */
#include "config.h"

#include "clients/dovecot/door_queue.h"

#include <stdlib.h>
#include <string.h>

#include "clients/dovecot/door_text.h"

static size_t
cost(const struct door_alert *a)
{
    return a->state == DOOR_SHOWN ? 0 : sizeof *a + a->line_size;
}

static unsigned *
counter(struct door_queue *q, enum door_state state)
{
    switch (state) {
    case DOOR_WAITS:
        return &q->n_waiting;
    case DOOR_SENT:
        return &q->n_sent;
    case DOOR_SHOWN:
        break;
    }
    return &q->n_shown;
}

static void
drop_line(struct door_alert *a)
{
    free(a->line);
    a->line = NULL;
    a->line_size = 0;
}

static void
set_state(struct door_queue *q, struct door_alert *a, enum door_state state)
{
    --*counter(q, a->state);
    q->bytes -= cost(a);
    a->state = state;
    if (state != DOOR_WAITS)
        drop_line(a);
    q->bytes += cost(a);
    ++*counter(q, state);
}

/* Takes the alert out, of which *p is the link. */
static void
drop(struct door_queue *q, struct door_alert **p)
{
    struct door_alert *a = *p;

    *p = a->next;
    --*counter(q, a->state);
    q->bytes -= cost(a);
    free(a->line);
    free(a);
}

/* The link to the alert, or the last link. */
static struct door_alert **
find(struct door_queue *q, uint64_t id)
{
    struct door_alert **p = &q->first;

    while (*p != NULL && (*p)->id != id)
        p = &(*p)->next;
    return p;
}

bool
door_queue_is_full(const struct door_queue *q)
{
    return q->bytes >= DOOR_QUEUE_BYTES;
}

/* The text of the message as a line that is owned; NULL without memory. */
static char *
make_line(const struct door_message *m, size_t max, size_t *size_r)
{
    char line[DOOR_TEXT_IMAP + 1], *own;

    if (max > DOOR_TEXT_IMAP)
        max = DOOR_TEXT_IMAP;
    *size_r = door_text_line(m->text, m->text_len, m->text_cut, line, max) + 1;
    own = malloc(*size_r);
    if (own != NULL)
        memcpy(own, line, *size_r);
    return own;
}

bool
door_queue_add(struct door_queue *q, const struct door_message *m, size_t max)
{
    struct door_alert **p = find(q, m->alert), *a = *p;

    if (a != NULL) {
        a->listed = true;
        return true;
    }
    a = calloc(1, sizeof *a);
    if (a == NULL)
        return false;
    a->line = make_line(m, max, &a->line_size);
    if (a->line == NULL) {
        free(a);
        return false;
    }
    a->id = m->alert;
    a->kind = m->kind;
    a->state = DOOR_WAITS;
    a->listed = true;
    q->n_waiting++;
    q->bytes += cost(a);
    *p = a;
    return true;
}

void
door_queue_remove(struct door_queue *q, uint64_t id)
{
    struct door_alert **p = find(q, id);

    if (*p != NULL)
        drop(q, p);
}

void
door_queue_begin(struct door_queue *q)
{
    for (struct door_alert *a = q->first; a != NULL; a = a->next)
        a->listed = a->told = false;
}

void
door_queue_end(struct door_queue *q)
{
    struct door_alert **p = &q->first;

    while (*p != NULL)
        if ((*p)->listed)
            p = &(*p)->next;
        else
            drop(q, p);
}

struct door_alert *
door_queue_waiting(const struct door_queue *q)
{
    struct door_alert *a = q->n_waiting > 0 ? q->first : NULL;

    while (a != NULL && a->state != DOOR_WAITS)
        a = a->next;
    return a;
}

void
door_queue_sent(struct door_queue *q, struct door_alert *a, uint64_t mark,
                int64_t sent_at)
{
    set_state(q, a, DOOR_SENT);
    a->mark = mark;
    a->sent_at = sent_at;
}

void
door_queue_shown(struct door_queue *q, struct door_alert *a)
{
    set_state(q, a, DOOR_SHOWN);
}

void
door_queue_clear(struct door_queue *q)
{
    while (q->first != NULL)
        drop(q, &q->first);
}
