/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/cli/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

/* Of one piece: names looked at, and text, but for the last entry. */
#define PIECE_NAMES 1500
#define PIECE_BYTES 32768

/* from: "DOMAIN LISTED NAME", as listing_end wrote it, or NULL. */
void
listing_begin(struct listing *l, struct admin_call *c)
{
    const char *from = c->x->from;
    char *end;

    *l = (struct listing){.call = c,
                          .out = &c->answer->data,
                          .first = from == NULL,
                          .limit = UINT64_MAX};
    if (from == NULL)
        return;
    l->domain = strtoull(from, &end, 10);
    l->listed = strtoull(end, &end, 10);
    snprintf(l->last, sizeof l->last, "%s", *end == ' ' ? end + 1 : end);
}

enum store_result
listing_domain(struct listing *l, const char *name, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = STORE_OK;

    if (l->first) {
        r = admin_call_domain(l->call, name, NEED_READ, &d, err);
        l->domain = d.number;
    }
    domain_rec_clear(&d);
    return r;
}

bool
listing_next(struct listing *l, const char *name)
{
    if (l->seen == PIECE_NAMES || l->out->len >= PIECE_BYTES ||
        (l->seen > 0 && store_tired(l->call->x->txn))) {
        l->more = true;
        return false;
    }
    l->seen++;
    snprintf(l->last, sizeof l->last, "%s", name);
    return true;
}

bool
listing_end(struct listing *l)
{
    struct admin_answer *a = l->call->answer;

    if (!l->more)
        return true;
    a->more = true;
    a->next = xasprintf("%llu %llu %s", (unsigned long long)l->domain,
                        (unsigned long long)l->listed, l->last);
    return false;
}

void
listing_entry(struct listing *l, const char *name, const char *value)
{
    cli_data_write_string(l->out, name, strlen(name));
    buf_append_char(l->out, '=');
    cli_data_write_string(l->out, value, strlen(value));
    buf_append_char(l->out, ';');
    l->listed++;
}

void
listing_item(struct listing *l, const char *name)
{
    if (l->listed++ > 0)
        buf_append_char(l->out, ',');
    cli_data_write_string(l->out, name, strlen(name));
}
