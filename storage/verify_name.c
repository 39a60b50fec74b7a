/* SPDX-License-Identifier: BSD-2-Clause */

/* Verification of names: each leads to its owner, each alias has its entry
 * under its owner, and the other way round.  Also of objects, which are found
 * only by name. */
#include "config.h"

#include <string.h>

#include "storage/verify.h"

#define NUMBER_BYTES 8

/* The text of a key behind its first n bytes, for printing. */
#define TAIL(key, n) (int)((key)->len - (n)), (const char *)(key)->data + (n)

/* --- domains --- */

/* Byte 0, the domain's number, the alias. */
static void
check_domain_entry(struct verify *v, const struct slice *key,
                   const struct slice *value, struct errbuf *err)
{
    const size_t head = 1 + NUMBER_BYTES;
    struct key name = {0};

    if (key->len <= head || nothing_decode(value->data, value->len, err) != 0) {
        verify_finding(v, "a damaged entry of an alias");
        return;
    }
    key_bytes(&name, key->data + head, key->len - head);
    if (!verify_leads_to(v, TABLE_DOMAIN_NAME, &name,
                         key_get_u64(key->data + 1), true))
        verify_finding(v, "%.*s: is no alias of domain %llu", TAIL(key, head),
                       verify_llu(key_get_u64(key->data + 1)));
}

static void
check_domain_alias(struct verify *v, const struct slice *key, uint64_t domain)
{
    struct key entry = {0};

    verify_format(v, FORMAT_ALIASES);
    key_u8(&entry, 0);
    key_u64(&entry, domain);
    key_bytes(&entry, key->data, key->len);
    if (!verify_exists(v, TABLE_DOMAIN_NAME, &entry))
        verify_finding(v, "%.*s: an alias of which its domain does not know",
                       TAIL(key, 0));
}

void
verify_domain_name(struct verify *v, const struct slice *key,
                   const struct slice *value, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct slice record;
    struct name_rec n;
    struct key k;

    if (key->len > 0 && key->data[0] == 0) {
        check_domain_entry(v, key, value, err);
        return;
    }
    if (name_rec_decode(value->data, value->len, &n, err) != 0) {
        verify_finding(v, "%.*s: %s", TAIL(key, 0), err->text);
        return;
    }
    verify_form_domain(v, key);
    if (n.alias)
        check_domain_alias(v, key, n.number);
    k = key_number(n.number);
    if (verify_get(v, TABLE_DOMAIN, &k, &record) == NULL ||
        domain_rec_decode(record.data, record.len, &d, err) != 0 ||
        (!n.alias && (strlen(d.name) != key->len ||
                      memcmp(d.name, key->data, key->len) != 0)))
        verify_finding(v, "%.*s: leads to no domain", TAIL(key, 0));
    domain_rec_clear(&d);
}

/* --- accounts --- */

static void
compare_counts(struct verify *v, const char *what, uint64_t has, uint64_t says)
{
    if (has != says)
        verify_finding(v, "domain %llu: has %llu %s, says %llu",
                       verify_llu(v->domain), verify_llu(has), what,
                       verify_llu(says));
}

/* The numbers of a domain come before its names; now another domain begins. */
void
verify_count(struct verify *v)
{
    const struct name_count *has = &v->counted, *says = &v->count;

    compare_counts(v, "accounts", has->accounts, says->accounts);
    compare_counts(v, "aliases", has->aliases, says->aliases);
    compare_counts(v, "groups", has->groups, says->groups);
    compare_counts(v, "forwarders", has->forwarders, says->forwarders);
    v->count = v->counted = (struct name_count){0};
}

/* The account's domain; 0 if there is no such account. */
static uint64_t
domain_of(struct verify *v, uint64_t account, struct errbuf *err)
{
    struct key k = key_number(account);
    struct account_rec a = {0};
    struct slice record;
    uint64_t domain = 0;

    if (verify_get(v, TABLE_ACCOUNT, &k, &record) != NULL &&
        account_rec_decode(record.data, record.len, &a, err) == 0)
        domain = a.domain;
    account_rec_clear(&a);
    return domain;
}

/* Number 0, the account's number, the alias. */
static void
check_account_entry(struct verify *v, const struct slice *key,
                    const struct slice *value, struct errbuf *err)
{
    const size_t head = 2 * NUMBER_BYTES;
    struct alias_rec a;
    struct key name;
    uint64_t account;

    if (key->len <= head ||
        alias_rec_decode(value->data, value->len, &a, err) != 0) {
        verify_finding(v, "a damaged entry of an alias");
        return;
    }
    if (a.cred.iterations > 0)
        verify_format(v, FORMAT_VERIFIERS);
    explicit_bzero(&a, sizeof a);
    account = key_get_u64(key->data + NUMBER_BYTES);
    name = key_number(domain_of(v, account, err));
    key_bytes(&name, key->data + head, key->len - head);
    if (!verify_leads_to(v, TABLE_ACCOUNT_NAME, &name, account, true))
        verify_finding(v, "%.*s: is no alias of account %llu", TAIL(key, head),
                       verify_llu(account));
}

static void
check_account_alias(struct verify *v, const struct slice *key, uint64_t account,
                    struct errbuf *err)
{
    struct key entry = key_number(0);

    verify_format(v, FORMAT_ALIASES);
    key_u64(&entry, account);
    key_bytes(&entry, key->data + NUMBER_BYTES, key->len - NUMBER_BYTES);
    if (!verify_exists(v, TABLE_ACCOUNT_NAME, &entry))
        verify_finding(
            v, "domain %llu, %.*s: an alias of which its account does not know",
            verify_llu(v->domain), TAIL(key, NUMBER_BYTES));
    if (domain_of(v, account, err) != v->domain)
        verify_finding(v,
                       "domain %llu, %.*s: leads to no account of the domain",
                       verify_llu(v->domain), TAIL(key, NUMBER_BYTES));
}

static void
check_account_name(struct verify *v, const struct slice *key, uint64_t account,
                   struct errbuf *err)
{
    struct key k = key_number(account);
    struct account_rec a = {0};
    struct slice record;

    if (verify_get(v, TABLE_ACCOUNT, &k, &record) == NULL ||
        account_rec_decode(record.data, record.len, &a, err) != 0 ||
        a.domain != v->domain || strlen(a.name) != key->len - NUMBER_BYTES ||
        memcmp(a.name, key->data + NUMBER_BYTES, key->len - NUMBER_BYTES) != 0)
        verify_finding(v, "domain %llu, %.*s: leads to no account of that name",
                       verify_llu(v->domain), TAIL(key, NUMBER_BYTES));
    account_rec_clear(&a);
}

/* --- objects --- */

static void
check_object_name(struct verify *v, const struct slice *key,
                  enum object_kind kind)
{
    struct key object = key_number(v->domain);

    key_u8(&object, (uint8_t)kind);
    key_bytes(&object, key->data + NUMBER_BYTES, key->len - NUMBER_BYTES);
    if (!verify_exists(v, TABLE_OBJECT, &object))
        verify_finding(v, "domain %llu, %.*s: leads to no object of that name",
                       verify_llu(v->domain), TAIL(key, NUMBER_BYTES));
    verify_format(v, FORMAT_OBJECTS);
}

/* True if the name is that of an object of the kind. */
static bool
leads_to_object(struct verify *v, const struct key *name, unsigned kind)
{
    struct errbuf err;
    struct slice value;
    struct name_rec found;

    return verify_get(v, TABLE_ACCOUNT_NAME, name, &value) != NULL &&
           name_rec_decode(value.data, value.len, &found, &err) == 0 &&
           found.object == kind;
}

/* The domain's number, the kind, the name. */
void
verify_object(struct verify *v, const struct slice *key,
              const struct slice *value, struct errbuf *err)
{
    const size_t head = NUMBER_BYTES + 1;
    struct object_rec o = {0};
    struct key name;
    uint64_t domain;

    if (key->len <= head || !object_kind_is_known(key->data[NUMBER_BYTES]) ||
        object_rec_decode(value->data, value->len, &o, err) != 0) {
        verify_finding(v, "a damaged record");
        return;
    }
    object_rec_clear(&o);
    domain = key_get_u64(key->data);
    name = key_number(domain);
    if (!verify_exists(v, TABLE_DOMAIN, &name))
        verify_finding(v, "domain %llu, %.*s: there is no such domain",
                       verify_llu(domain), TAIL(key, head));
    key_bytes(&name, key->data + head, key->len - head);
    if (!leads_to_object(v, &name, key->data[NUMBER_BYTES]))
        verify_finding(v, "domain %llu, %.*s: its name does not lead to it",
                       verify_llu(domain), TAIL(key, head));
    verify_format(v, FORMAT_OBJECTS);
}

/* --- all of them --- */

static void
check_name(struct verify *v, const struct slice *key, const struct slice *value,
           struct errbuf *err)
{
    struct name_rec n;

    verify_form_account(v, key, NUMBER_BYTES);
    if (name_rec_decode(value->data, value->len, &n, err) != 0) {
        verify_finding(v, "a damaged name");
    } else if (n.object != OBJECT_NONE) {
        v->counted.groups += n.object == OBJECT_GROUP;
        v->counted.forwarders += n.object == OBJECT_FORWARDER;
        check_object_name(v, key, n.object);
    } else if (n.alias) {
        v->counted.aliases++;
        check_account_alias(v, key, n.number, err);
    } else {
        v->counted.accounts++;
        check_account_name(v, key, n.number, err);
    }
}

void
verify_account_name(struct verify *v, const struct slice *key,
                    const struct slice *value, struct errbuf *err)
{
    uint64_t domain;

    if (key->len < NUMBER_BYTES) {
        verify_finding(v, "a damaged name");
        return;
    }
    domain = key_get_u64(key->data);
    if (domain != v->domain)
        verify_count(v);
    v->domain = domain;
    if (domain == 0)
        check_account_entry(v, key, value, err);
    else if (key->len > NUMBER_BYTES)
        check_name(v, key, value, err);
    else if (name_count_decode(value->data, value->len, &v->count, err) != 0)
        verify_finding(v, "domain %llu: %s", verify_llu(domain), err->text);
}
