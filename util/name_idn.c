/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains of other letters (IDNA2008), by libidn2.  Its mapping by UTS 46 lets signs
 * through that IDNA2008 forbids, so what is mapped is checked once more without a
 * mapping. */
#include "config.h"

#include "util/name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "util/name_private.h"
#include "util/text.h"
#include "util/xmalloc.h"

static char *
take(char *theirs)
{
    char *ours = xstrdup(theirs);

    idn2_free(theirs);
    return ours;
}

/* U-labels of A-labels, each a legal one; NULL: one is not. */
static char *
decode(const char *ascii, int *why_r)
{
    char *unicode = NULL, *again = NULL;
    bool same;

    *why_r = idn2_to_unicode_8z8z(ascii, &unicode, 0);
    if (*why_r != IDN2_OK)
        return NULL;
    *why_r = idn2_lookup_u8((const uint8_t *)unicode, (uint8_t **)&again,
                            IDN2_NO_TR46 | IDN2_NFC_INPUT);
    same = *why_r == IDN2_OK && text_equal_nocase(ascii, again);
    if (*why_r == IDN2_OK)
        idn2_free(again);
    if (same)
        return take(unicode);
    idn2_free(unicode);
    return NULL;
}

static int
refuse(int why, struct errbuf *err)
{
    return err_set(err, "it is no domain of IDNA2008: %s",
                   why != IDN2_OK ? idn2_strerror(why)
                                  : "an A-label is another label's");
}

char *
name_idn_to_ascii(const char *domain, struct errbuf *err)
{
    char *ascii = NULL, *unicode;
    size_t bad;
    int why;

    if (strlen(domain) > NAME_INPUT_BYTES ||
        !text_is_utf8(domain, strlen(domain), &bad)) {
        err_set(err, "the domain is too long, or no UTF-8");
        return NULL;
    }
    why = idn2_lookup_u8((const uint8_t *)domain, (uint8_t **)&ascii,
                         IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    unicode = why == IDN2_OK ? decode(ascii, &why) : NULL;
    if (unicode == NULL)
        refuse(why, err);
    if (unicode == NULL && ascii != NULL)
        idn2_free(ascii);
    ascii = unicode != NULL ? take(ascii) : NULL;
    free(unicode);
    return ascii;
}

static bool
has_a_label(const char *domain)
{
    const char *at = domain;

    while (at != NULL && strncmp(at, "xn--", 4) != 0) {
        at = strchr(at, '.');
        at = at != NULL ? at + 1 : NULL;
    }
    return at != NULL;
}

static int
check_label(const char *label, size_t len, struct errbuf *err)
{
    char *text = xstrndup(label, len);
    size_t n;
    uint32_t *c = name_characters(text, &n, err);
    int rc = c != NULL ? name_alike_check(c, n, err) : -1;

    free(c);
    free(text);
    return rc;
}

static int
check_labels(const char *unicode, struct errbuf *err)
{
    int rc = 0;

    for (const char *p = unicode; p != NULL && rc == 0;) {
        size_t len = strcspn(p, ".");

        rc = check_label(p, len, err);
        p = p[len] == '.' ? p + len + 1 : NULL;
    }
    return rc;
}

char *
name_idn_to_unicode(const char *domain)
{
    int why;
    char *unicode = has_a_label(domain) ? decode(domain, &why) : NULL;

    if (unicode != NULL && check_labels(unicode, NULL) == 0)
        return unicode;
    free(unicode);
    return xstrdup(domain);
}

int
name_idn_check(const char *domain, struct errbuf *err)
{
    int why = IDN2_OK, rc;
    char *unicode;

    if (!has_a_label(domain))
        return 0;
    unicode = decode(domain, &why);
    if (unicode == NULL)
        return refuse(why, err);
    rc = check_labels(unicode, err);
    free(unicode);
    return rc;
}
