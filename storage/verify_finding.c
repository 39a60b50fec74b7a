/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings, and questions about a store that several checks ask. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "storage/env.h"
#include "storage/verify.h"

void
verify_finding(struct verify *v, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    v->findings++;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    env_report(v->env, "%s: %s", table_file[v->table], text);
}

bool
verify_exists(struct verify *v, enum table table, const struct key *k)
{
    struct errbuf err;

    return txn_exists(v->t, table, k, "checking", &err) == STORE_OK;
}

/* The record, or NULL; borrowed until the next one. */
const struct slice *
verify_get(struct verify *v, enum table table, const struct key *k,
           struct slice *value)
{
    struct errbuf err;

    if (txn_get(v->t, table, k, value, "checking", &err) != STORE_OK)
        return NULL;
    return value;
}

bool
verify_leads_to(struct verify *v, enum table table, const struct key *k,
                uint64_t number, bool alias)
{
    struct errbuf err;
    struct slice value;
    struct name_rec found;

    return verify_get(v, table, k, &value) != NULL &&
           name_rec_decode(value.data, value.len, &found, &err) == 0 &&
           found.number == number && found.alias == alias;
}

void
verify_format(struct verify *v, uint64_t format)
{
    if (v->t->counter[COUNTER_FORMAT] < format)
        verify_finding(v, "a record of format %llu in a store of format %llu",
                       verify_llu(format),
                       verify_llu(v->t->counter[COUNTER_FORMAT]));
}

unsigned long long
verify_llu(uint64_t n)
{
    return n;
}

/* True if the key is a number alone. */
bool
verify_key_number(struct verify *v, const struct slice *key, uint64_t *number_r)
{
    if (key->len != 8) {
        verify_finding(v, "a key of %zu bytes", key->len);
        return false;
    }
    *number_r = key_get_u64(key->data);
    return true;
}
