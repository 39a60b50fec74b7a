/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/auth_list.h"

#include <string.h>

#include "util/text.h"

#define WORD_MOST 31

static const char *const names[AUTH_SOURCES] = {
    [AUTH_STORE] = "store",
    [AUTH_DOVECOT] = "dovecot",
    [AUTH_PAM] = "pam",
};

const char *
auth_source_name(enum auth_source source)
{
    return names[source];
}

bool
auth_list_has(const struct auth_list *l, enum auth_source source)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->item[i] == source)
            return true;
    return false;
}

bool
auth_list_is_outside(const struct auth_list *l)
{
    return auth_list_has(l, AUTH_DOVECOT) || auth_list_has(l, AUTH_PAM);
}

int
auth_list_add(struct auth_list *l, const char *word, struct errbuf *err)
{
    for (unsigned i = 0; i < AUTH_SOURCES; i++) {
        if (!text_equal_nocase(word, names[i]))
            continue;
        if (auth_list_has(l, (enum auth_source)i))
            return err_set(err, "%s stands there twice", names[i]);
        l->item[l->n++] = (enum auth_source)i;
        return 0;
    }
    return err_set(err, "must name store or dovecot or pam");
}

int
auth_list_parse(const char *text, struct auth_list *l_r, struct errbuf *err)
{
    static const char between[] = ", \t";
    char word[WORD_MOST + 1];

    *l_r = (struct auth_list){.n = 0};
    for (text += strspn(text, between); *text != '\0';
         text += strspn(text, between)) {
        size_t len = strcspn(text, between);

        memcpy(word, text, len < WORD_MOST ? len : WORD_MOST);
        word[len < WORD_MOST ? len : WORD_MOST] = '\0';
        if (auth_list_add(l_r, word, err) < 0)
            return -1;
        text += len;
    }
    return l_r->n > 0 ? 0 : err_set(err, "must name store or dovecot or pam");
}
