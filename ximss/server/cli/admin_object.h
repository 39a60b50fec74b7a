/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_OBJECT_H
#define XIMSS_SERVER_CLI_ADMIN_OBJECT_H

#include "ximss/server/cli/admin_call.h"
#include "ximss/server/cli/listing.h"

/* What cmd_groups.c and cmd_forwarders.c share.  The detail of their commands is
 * the kind of object that they are about. */

/* Takes its name, or its new name. */
enum store_result admin_object_arg(struct admin_call *c, bool is_new,
                                   const char **name_r) WARN_UNUSED;
/* Whether somebody can be addressed by it: one word, of 1 to 384 bytes.  A bare
 * one means the object's domain. */
bool admin_object_is_address(const char *s);

/* Finds what is named, or refuses; both are to be cleared whatever comes
 * back. */
enum store_result admin_object_find(struct admin_call *c, const char *address,
                                    unsigned need, struct domain_rec *d,
                                    struct object_rec *o,
                                    struct errbuf *err) WARN_UNUSED;
/* The same, by the only argument. */
enum store_result admin_object_only(struct admin_call *c, unsigned need,
                                    struct domain_rec *d, struct object_rec *o,
                                    struct errbuf *err) WARN_UNUSED;
void admin_object_clear(struct domain_rec *d, struct object_rec *o);

/* Makes one of that text, if the caller may, the name is free, and the domain
 * has room. */
enum store_result admin_object_create(struct admin_call *c, const char *address,
                                      const char *text,
                                      struct errbuf *err) WARN_UNUSED;

/* Whole commands: name INTO name; name; [domain]. */
admin_run_fn admin_object_rename;
admin_run_fn admin_object_delete;
admin_run_fn admin_object_list;

/* How the address of a member or a forwarder is compared (a bare one: in the domain):
 * name_key.  The caller frees. */
char *admin_object_key(const char *address, const char *domain);

/* A listing of those that lead to an address. */
struct admin_object_search {
    struct listing listing;
    const char *target; /* NULL: any */
    const char *domain; /* in which a bare address is; set by: */
    char *key;          /* of the target; also set by: */
};
/* One piece. */
enum store_result admin_object_list_some(struct admin_object_search *s,
                                         struct errbuf *err) WARN_UNUSED;

#define ADMIN_OBJECT_LISTING(NAME, function, kind)           \
    {                                                        \
        .name = NAME, .run = function, .flags = ADMIN_ALONE, \
        .detail = (int)(kind)                                \
    }

#endif
