/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/full_store.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/store_fixture.h"

#define T0 (INT64_C(1764000000) * SECOND)

/* "z" of the account, "b" of the domain. */
static enum store_result
add_verifier(struct store_txn *t, struct errbuf *err)
{
    static const struct alias_verifier v = {.name = "z", .cred.iterations = 1};
    struct account_rec a = {0};
    enum store_result r = account_get(t, 1, &a, err);

    if (r == STORE_OK)
        r = alias_verifier_put(t, &a, &v, err);
    account_rec_clear(&a);
    return r;
}

static enum store_result
add_aliases(struct store_txn *t, struct errbuf *err)
{
    struct alias_list l = {0};
    enum store_result r;

    alias_list_add(&l, "z");
    r = account_aliases_set(t, 1, &l, err);
    if (r == STORE_OK)
        r = add_verifier(t, err);
    strcpy(l.name[0], "b");
    if (r == STORE_OK)
        r = domain_aliases_set(t, 1, &l, err);
    alias_list_clear(&l);
    return r;
}

static enum store_result
fill(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alert_rec a = fixture_alert(ALERT_DOMAIN, 1, T0, "x");
    struct account_state s = {.position = 1, .last_login = 1};
    struct ticket_rec k = {.account = 1, .expires = T0};
    struct audit_rec line = {.time = T0, .who = "me", .what = "it"};
    const struct post_key_rec key = {
        .posted = T0, .alert = 1, .scope = ALERT_DOMAIN, .target = 1};
    char key_text[] = "key", name[] = "T", sealed[] = "x", group[] = "g";
    const struct token_rec token = {
        .account = 1, .name = name, .sealed = sealed, .sealed_len = 1};
    const struct object_rec object = {
        .domain = 1, .kind = OBJECT_GROUP, .name = group, .text = sealed};
    enum store_result r;

    (void)arg;
    a.until = T0 + SECOND;
    a.post_key = key_text;
    r = alert_add(t, &a, err);
    if (r == STORE_OK)
        r = state_put(t, 1, &s, err);
    if (r == STORE_OK)
        r = prefs_put(t, 1, "{}", err);
    if (r == STORE_OK)
        r = usage_put(t, 1, &(struct usage_rec){.used = 1, .alert = 1}, err);
    if (r == STORE_OK)
        r = ticket_put(t, &k, err);
    if (r == STORE_OK)
        r = token_put(t, &token, err);
    if (r == STORE_OK)
        r = object_add(t, &object, err);
    if (r == STORE_OK)
        r = trigger_put(t, TRIGGER_TRIGGERS, TRIGGER_DEFINITION, "t", "{}",
                        err);
    if (r == STORE_OK)
        r = trigger_put(t, TRIGGER_HANDLERS, TRIGGER_STATE, "h", "{}", err);
    if (r == STORE_OK)
        r = audit_add(t, &line, err);
    if (r == STORE_OK)
        r = post_key_put(t, 1, "key", &key, err);
    if (r == STORE_OK)
        r = meta_text_put(t, STORE_TEXT_MAIN_DOMAIN, "a.test", err);
    return r == STORE_OK ? add_aliases(t, err) : r;
}

void
full_store_setup(void)
{
    fixture_setup();
    fixture_account(fixture_domain("a.test"), "joe");
    fixture_run(fill, NULL, STORE_OK);
}

size_t
full_store_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    for (; *hex != 0; hex += *hex == ' ' ? 1 : 2) {
        char digits[3] = {hex[0], *hex == ' ' ? 0 : hex[1], 0};

        if (*hex != ' ')
            out[n++] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return n;
}
