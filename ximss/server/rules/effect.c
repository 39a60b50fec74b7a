/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/effect.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

struct effect *
effect_add(struct effect_list *list, enum effect_kind kind)
{
    struct effect *e = xcalloc(1, sizeof *e);

    e->kind = kind;
    STAILQ_INSERT_TAIL(list, e, link);
    return e;
}

void
effect_list_clear(struct effect_list *list)
{
    struct effect *e;

    while ((e = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        alert_rec_clear(&e->alert);
        account_rec_clear(&e->account);
        domain_rec_clear(&e->domain);
        free(e->target);
        free(e->by);
        free(e);
    }
}

static char *
copy(const char *s)
{
    return xstrdup(s != NULL ? s : "");
}

void
alert_rec_copy(struct alert_rec *to, const struct alert_rec *from)
{
    *to = *from;
    to->author_name = copy(from->author_name);
    to->origin = copy(from->origin);
    to->post_key = from->post_key != NULL ? copy(from->post_key) : NULL;
    to->text = NULL;
    if (from->text != NULL) {
        to->text = xmalloc(from->text_len + 1);
        memcpy(to->text, from->text, from->text_len);
        to->text[from->text_len] = '\0';
    }
}

void
account_rec_copy(struct account_rec *to, const struct account_rec *from)
{
    *to = *from;
    to->name = copy(from->name);
    to->real_name = copy(from->real_name);
    to->type = copy(from->type);
    to->settings = copy(from->settings);
    to->rights = copy(from->rights);
}

void
domain_rec_copy(struct domain_rec *to, const struct domain_rec *from)
{
    *to = *from;
    to->name = copy(from->name);
    to->settings = copy(from->settings);
    to->defaults = copy(from->defaults);
    to->account_template = copy(from->account_template);
}

void
effect_add_account(struct effect_list *list, enum effect_kind kind,
                   const struct domain_rec *d, const struct account_rec *a)
{
    struct effect *e = effect_add(list, kind);

    account_rec_copy(&e->account, a);
    domain_rec_copy(&e->domain, d);
}

void
effect_add_domain(struct effect_list *list, enum effect_kind kind,
                  const struct domain_rec *d)
{
    domain_rec_copy(&effect_add(list, kind)->domain, d);
}
