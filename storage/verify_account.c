/* SPDX-License-Identifier: BSD-2-Clause */

/* Verification of records that exist once, of domains and of accounts.
 * verify_name.c checks their names. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "storage/audit_chain.h"
#include "storage/verify.h"

void
verify_meta(struct verify *v, const struct slice *key,
            const struct slice *value, struct errbuf *err)
{
    uint64_t number;
    char *text = NULL;

    if (key->len > 8 && memcmp(key->data, "counter/", 8) == 0) {
        if (number_decode(value->data, value->len, &number, err) != 0)
            verify_finding(v, "counter: %s", err->text);
    } else if (key->len > 5 && memcmp(key->data, "text/", 5) == 0) {
        if (text_decode(value->data, value->len, &text, err) != 0)
            verify_finding(v, "text: %s", err->text);
        free(text);
    } else if (key->len > 6 && memcmp(key->data, "audit/", 6) == 0) {
        struct audit_anchor anchor;
        struct audit_link head;

        if (audit_anchor_decode(value->data, value->len, &anchor, err) != 0 &&
            audit_link_decode(value->data, value->len, &head, err) != 0)
            verify_finding(v, "audit: %s", err->text);
    }
}

void
verify_domain(struct verify *v, const struct slice *key,
              const struct slice *value, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct key name = {0};
    uint64_t number;

    if (!verify_key_number(v, key, &number))
        return;
    if (domain_rec_decode(value->data, value->len, &d, err) != 0) {
        verify_finding(v, "domain %llu: %s", verify_llu(number), err->text);
        return;
    }
    if (number > v->t->counter[COUNTER_DOMAIN])
        verify_finding(v, "domain %llu: a number not yet given out",
                       verify_llu(number));
    if (d.account_template[0] != '\0')
        verify_format(v, FORMAT_TEMPLATE);
    if (key_text(&name, d.name, true, err) != STORE_OK ||
        !verify_leads_to(v, TABLE_DOMAIN_NAME, &name, number, false))
        verify_finding(v, "domain %llu: its name does not lead to it",
                       verify_llu(number));
    domain_rec_clear(&d);
}

void
verify_account(struct verify *v, const struct slice *key,
               const struct slice *value, struct errbuf *err)
{
    struct account_rec a = {0};
    struct key name, domain;
    uint64_t number;

    if (!verify_key_number(v, key, &number))
        return;
    if (account_rec_decode(value->data, value->len, &a, err) != 0) {
        verify_finding(v, "account %llu: %s", verify_llu(number), err->text);
        return;
    }
    if (number > v->t->counter[COUNTER_ACCOUNT])
        verify_finding(v, "account %llu: a number not yet given out",
                       verify_llu(number));
    if (a.cred.hash[0] != '\0')
        verify_format(v, FORMAT_HASHES);
    domain = name = key_number(a.domain);
    if (!verify_exists(v, TABLE_DOMAIN, &domain))
        verify_finding(v, "account %llu: its domain does not exist",
                       verify_llu(number));
    if (key_text(&name, a.name, true, err) != STORE_OK ||
        !verify_leads_to(v, TABLE_ACCOUNT_NAME, &name, number, false))
        verify_finding(v, "account %llu: its name does not lead to it",
                       verify_llu(number));
    account_rec_clear(&a);
}

void
verify_prefs(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct key k;
    uint64_t account;
    char *text = NULL;

    if (!verify_key_number(v, key, &account))
        return;
    k = key_number(account);
    if (text_decode(value->data, value->len, &text, err) != 0)
        verify_finding(v, "account %llu: %s", verify_llu(account), err->text);
    if (!verify_exists(v, TABLE_ACCOUNT, &k))
        verify_finding(v, "account %llu: does not exist", verify_llu(account));
    free(text);
}

static bool
ascending(const uint64_t *ids, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (ids[i - 1] >= ids[i])
            return false;
    return true;
}

void
verify_state(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct account_state s = {0};
    uint64_t account;
    struct key k;

    if (!verify_key_number(v, key, &account))
        return;
    k = key_number(account);
    if (account_state_decode(value->data, value->len, &s, err) != 0) {
        verify_finding(v, "account %llu: %s", verify_llu(account), err->text);
        return;
    }
    if (s.position > v->t->counter[COUNTER_ALERT])
        verify_finding(v, "account %llu: a position beyond all alerts",
                       verify_llu(account));
    if (!ascending(s.shown, s.n_shown) ||
        !ascending(s.dismissed, s.n_dismissed))
        verify_finding(v, "account %llu: ids that do not ascend",
                       verify_llu(account));
    if (!verify_exists(v, TABLE_ACCOUNT, &k))
        verify_finding(v, "account %llu: does not exist", verify_llu(account));
    account_state_clear(&s);
}

void
verify_usage(struct verify *v, const struct slice *key,
             const struct slice *value, struct errbuf *err)
{
    struct usage_rec u;
    uint64_t account;
    struct key k;

    if (!verify_key_number(v, key, &account))
        return;
    k = key_number(account);
    if (usage_rec_decode(value->data, value->len, &u, err) != 0) {
        verify_finding(v, "account %llu: %s", verify_llu(account), err->text);
        return;
    }
    verify_format(v, u.unshown ? FORMAT_UNSHOWN : FORMAT_USAGE);
    if (u.alert > v->t->counter[COUNTER_ALERT])
        verify_finding(v, "account %llu: an alert not yet given out",
                       verify_llu(account));
    if (!verify_exists(v, TABLE_ACCOUNT, &k))
        verify_finding(v, "account %llu: does not exist", verify_llu(account));
}

void
verify_trigger(struct verify *v, const struct slice *key,
               const struct slice *value, struct errbuf *err)
{
    char *text = NULL;

    if (!trigger_key_is_sound(key) ||
        text_decode(value->data, value->len, &text, err) != 0)
        verify_finding(v, "a damaged record");
    free(text);
    verify_format(v, FORMAT_TRIGGERS);
}
