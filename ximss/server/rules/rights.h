/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_RIGHTS_H
#define XIMSS_SERVER_RULES_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/tables.h"
#include "util/errbuf.h"

/* Who may do what (doc/cli.md 3).  Pure functions. */

enum right {
    RIGHT_MASTER = 1 << 0,
    RIGHT_ALL_DOMAINS = 1 << 1,     /* "All Domains" or "Domain" */
    RIGHT_MONITOR = 1 << 2,         /* "Can Monitor" */
    RIGHT_SETTINGS = 1 << 3,        /* "Server Settings" */
    RIGHT_DOMAINS_READ = 1 << 4,    /* "Domains Read" */
    RIGHT_POST_ALERTS = 1 << 5,     /* CanPostAlerts; from here on: of the own
                                      domain */
    RIGHT_CREATE_ACCOUNTS = 1 << 6, /* CanCreateAccounts */
    RIGHT_BASIC_SETTINGS = 1 << 7,  /* BasicSettings */
    RIGHT_SESSIONS = 1 << 8,        /* CanCreateWebUserSessions */
    RIGHT_CREATE_ALIASES = 1 << 9,  /* CanCreateAliases */
    RIGHT_CREATE_GROUPS = 1 << 10,  /* CanCreateGroups */
    RIGHT_CREATE_FORWARDERS = 1 << 11, /* CanCreateForwarders */
    RIGHT_OTHER_DOMAIN = 1 << 12, /* any other domain administrator's code */
    RIGHT_OTHER_SERVER = 1 << 13  /* any other server-wide code */
};

/* Those that go beyond a domain: only accounts of the main domain can hold
 * them, and only Master gives them. */
#define RIGHTS_SERVER_WIDE                                               \
    (RIGHT_MASTER | RIGHT_ALL_DOMAINS | RIGHT_MONITOR | RIGHT_SETTINGS | \
     RIGHT_DOMAINS_READ | RIGHT_OTHER_SERVER)
/* Those of a domain administrator. */
#define RIGHTS_OF_DOMAIN                                                \
    (RIGHT_POST_ALERTS | RIGHT_CREATE_ACCOUNTS | RIGHT_BASIC_SETTINGS | \
     RIGHT_SESSIONS | RIGHT_CREATE_ALIASES | RIGHT_CREATE_GROUPS |      \
     RIGHT_CREATE_FORWARDERS | RIGHT_OTHER_DOMAIN)

/* How `from` of a caller begins that is a trigger. */
#define CALLER_TRIGGER "trigger:"

/* Who asks: a snapshot, made when the request comes. */
struct caller {
    uint64_t account; /* number; 0: the local administrator (socket) */
    uint64_t domain;  /* of the account; 0 for the local administrator */
    bool shared;      /* that domain is */
    unsigned rights;  /* of enum right */
    const char *name; /* user@domain, or "local:UID" */
    const char *from; /* "ADDRESS DOOR", and "token NAME" if it was by one; or
                         CALLER_TRIGGER with a name */
    bool by_token;
};

/* Parses an array of codes (CLI data format); unknown codes are no error and
 * count as RIGHT_OTHER_DOMAIN only if they are not server-wide codes. "" is no
 * right.  Text that is not an array gives 0. */
unsigned rights_parse(const char *text);
/* The right that a single code gives; the case of its letters does not
 * matter.  Never 0. */
unsigned rights_of_code(const char *code);

/* May the caller post, list with author, watch and remove alerts of the scope?
 * domain: the target's domain for ALERT_DOMAIN and ALERT_ACCOUNT. */
bool rights_may_post(const struct caller *c, enum alert_scope scope,
                     uint64_t domain);
/* May see the alerts of a scope, with author and key only if they may post there:
 * besides those who may post, who reads everything (Can Monitor, Domains Read),
 * and of the server's or the cluster's, whichever the users of their domain get,
 * who posts to their domain: their page shows both. */
bool rights_may_list(const struct caller *c, enum alert_scope scope,
                     uint64_t domain);
/* Is Master, or All Domains, or administers this domain with one of `need`. */
bool rights_administers(const struct caller *c, uint64_t domain, unsigned need);
/* May read everything of a domain: who administers it by whatever code, or
 * reads all of them (Can Monitor, Domains Read).  Domain 0: of all domains. */
bool rights_may_read(const struct caller *c, uint64_t domain);
/* Holds all that somebody with the rights `held` in `domain` holds, so that
 * acting on that account (its password, its rights, its end) gains nothing. */
bool rights_cover(const struct caller *c, uint64_t domain, unsigned held);

#endif
