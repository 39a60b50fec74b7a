/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that stay logged in, by the CLI (protocol.md C.9): extensions. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/rules/device.h"

static struct cli_value *
describe_device(struct admin_call *c, const struct ticket_rec *k)
{
    struct cli_value *d = cli_data_dictionary(c->arena);
    char address[PEER_TEXT_SIZE];
    struct peer peer;

    peer_from_bytes(&peer, k->address);
    peer_format(&peer, address);
    cli_data_add(c->arena, d, "name",
                 cli_data_string(c->arena, k->note, strlen(k->note)));
    cli_data_add(c->arena, d, "address",
                 cli_data_string(c->arena, address, strlen(address)));
    cli_data_add(c->arena, d, "created", admin_time_value(c, k->created));
    cli_data_add(c->arena, d, "used", admin_time_value(c, k->used));
    return d;
}

static enum store_result
list_devices(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct cli_value *all = cli_data_dictionary(c->arena);
    struct ticket_rec *list = NULL;
    const char *name;
    char id[24];
    size_t n = 0;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_SESSIONS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    if (r == STORE_OK)
        r = ticket_devices(c->x->txn, a.number, &list, &n, err);
    for (size_t i = 0; i < n && r == STORE_OK; i++)
        if (list[i].cred_serial == a.cred_serial &&
            list[i].expires > c->x->now) {
            snprintf(id, sizeof id, "%" PRIu64, list[i].device);
            cli_data_add(c->arena, all, id, describe_device(c, &list[i]));
        }
    free(list);
    if (r == STORE_OK)
        admin_result(c, all);
    admin_clear(&d, &a);
    return r;
}

/* account, and the number of one or "*". */
static enum store_result
revoke_device(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    const char *name, *id = "";
    unsigned long long number = 0;
    unsigned n = 0;
    enum store_result r = admin_arg_text(c, "account name", &name);

    if (r == STORE_OK)
        r = admin_arg_text(c, "device", &id);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK && strcmp(id, "*") != 0 &&
        (text_parse_u64(id, UINT64_MAX, &number) < 0 || number == 0))
        r = admin_refuse(c, ANSWER(MISSING), "device");
    if (r == STORE_OK)
        r = admin_call_account(c, name, RIGHT_SESSIONS, &d, &a, err);
    if (r == STORE_OK)
        r = admin_call_cover(c, &d, &a);
    c->live->account = a.number;
    c->live->device = number;
    if (r == STORE_OK)
        r = device_revoke(c->x->txn, a.number, number, &n, err);
    if (r == STORE_OK && n == 0 && number != 0)
        r = admin_refuse(c, ANSWER(DEVICE_UNKNOWN));
    admin_clear(&d, &a);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "LISTACCOUNTDEVICES", .run = list_devices},
    {.name = "REVOKEACCOUNTDEVICE",
     .run = revoke_device,
     .flags = ADMIN_CHANGES,
     .live = ADMIN_LIVE_KILL_DEVICE},
};

const struct admin_family admin_device_family = {
    commands, sizeof commands / sizeof commands[0]};
