/* SPDX-License-Identifier: BSD-2-Clause */

/* Verification that names are in normal form (util/name.h).  Who is asked for by
 * any spelling is looked for by that form, so what is kept in another is found by
 * nobody, or is another's in their eyes. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/verify.h"
#include "util/name.h"
#include "util/xmalloc.h"

/* form: where the name belongs.  Something else may be there. */
static void
report(struct verify *v, enum table table, const struct slice *key, size_t head,
       const char *text, const char *form)
{
    struct key k = {0};

    key_bytes(&k, key->data, head);
    key_bytes(&k, form, strlen(form));
    if (verify_exists(v, table, &k))
        verify_finding(v, "%s: has the normal form of another name, %s", text,
                       form);
    else
        verify_finding(v, "%s: is not in normal form, which is %s", text, form);
}

void
verify_form_account(struct verify *v, const struct slice *key, size_t head)
{
    char *text = xstrndup((const char *)key->data + head, key->len - head);
    char form[NAME_LOCAL_SIZE];
    struct errbuf why;

    if (name_local(text, form, &why) < 0)
        verify_finding(v, "domain %llu, %s: cannot be a name: %s",
                       verify_llu(key_get_u64(key->data)), text, why.text);
    else if (strcmp(text, form) != 0)
        report(v, TABLE_ACCOUNT_NAME, key, head, text, form);
    free(text);
}

void
verify_form_domain(struct verify *v, const struct slice *key)
{
    char *text = xstrndup((const char *)key->data, key->len);
    char form[NAME_DOMAIN_SIZE];
    struct errbuf why;

    if (name_domain(text, form, &why) < 0)
        verify_finding(v, "%s: cannot be the name of a domain: %s", text,
                       why.text);
    else if (strcmp(text, form) != 0)
        report(v, TABLE_DOMAIN_NAME, key, 0, text, form);
    free(text);
}
