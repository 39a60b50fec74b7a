/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_SETTING_H
#define XIMSS_SERVER_CLI_ADMIN_SETTING_H

#include "ximss/server/cli/admin_call.h"

/* Gives in *text_r (the caller frees) what `text` becomes: `changes` alone
 * (replace) or laid over it.  501 where a value that matters here is bad, it
 * grows too long, or a name that is new to it was mistyped (unless forced). */
enum store_result admin_setting_change(struct admin_call *c, const char *text,
                                       const struct cli_value *changes,
                                       bool replace, char **text_r,
                                       struct errbuf *err) WARN_UNUSED;
/* The stored dictionary as the result. */
enum store_result admin_setting_result(struct admin_call *c, const char *text,
                                       struct errbuf *err) WARN_UNUSED;

/* --- dictionaries of which one entry may be asked for --- */

/* Takes [KEY key]; *key_r is NULL if there is none. */
enum store_result admin_setting_arg_key(struct admin_call *c,
                                        const char **key_r) WARN_UNUSED;
/* The dictionary as the result, or that entry of it ("" if there is none). */
void admin_setting_result_key(struct admin_call *c,
                              const struct cli_value *dict, const char *key);

#endif
