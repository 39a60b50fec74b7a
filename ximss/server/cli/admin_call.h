/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_CALL_H
#define XIMSS_SERVER_CLI_ADMIN_CALL_H

#include "util/arena.h"
#include "ximss/proto/answer.h"
#include "ximss/server/cli/admin.h"
#include "ximss/server/cli/admin_command.h"
#include "ximss/server/cli/admin_line.h"
#include "ximss/server/rules/admin_target.h"

/* What the files of commands (cmd_*.c) share; for them and admin.c only. */

struct admin_call {
    struct admin_context *x;
    const struct admin_command *command;
    const struct admin_line *line;
    struct admin_parts *parts; /* never NULL */
    unsigned next;             /* the argument to be read next */
    struct arena *arena;
    const struct admin_hashed *hashed; /* never NULL */
    bool *hash_wanted; /* borrowed; not NULL: only this is to be found out */
    struct admin_answer *answer;
    struct admin_live *live; /* NULL unless the command is one of those */
    bool is_trial;           /* nothing of it will stay */
    bool force;              /* names are taken as they are written */
};

/* Fills the answer; returns STORE_REFUSED.  NULL: the code's usual text. */
enum store_result admin_refuse(struct admin_call *c, int code, const char *fmt,
                               ...) PRINTF_LIKE(3, 4);
/* STORE_OK for 200, else as admin_refuse with the usual text. */
enum store_result admin_refuse_code(struct admin_call *c, int code);

/* The result; borrowed for the call. */
void admin_result(struct admin_call *c, const struct cli_value *v);
void admin_result_string(struct admin_call *c, const char *s);

/* --- arguments, one after the other --- */

/* The next argument without taking it; NULL if there is none. */
const struct cli_value *admin_arg_peek(const struct admin_call *c);
/* Takes the next argument if it is that word, in any case. */
bool admin_arg_word(struct admin_call *c, const char *word);
/* The same; 501 if it is not. */
enum store_result admin_arg_keyword(struct admin_call *c, const char *word);
/* Text, number, dictionary; 501 "WHAT is missing" if it is something else. */
enum store_result admin_arg_text(struct admin_call *c, const char *what,
                                 const char **text_r) WARN_UNUSED;
/* The same of what is to be a name: blanks around it do not count. */
enum store_result admin_arg_name(struct admin_call *c, const char *what,
                                 const char **name_r) WARN_UNUSED;
/* The name without blanks around it; of the call's arena. */
const char *admin_bare_name(struct admin_call *c, const char *name);
enum store_result admin_arg_number(struct admin_call *c, const char *what,
                                   unsigned long long max,
                                   unsigned long long *n_r) WARN_UNUSED;
enum store_result admin_arg_value(struct admin_call *c, enum cli_kind kind,
                                  const char *what,
                                  const struct cli_value **v_r) WARN_UNUSED;
/* 501 if anything is left. */
enum store_result admin_arg_end(struct admin_call *c) WARN_UNUSED;
/* [FORCE], which sets c->force, and then the end. */
enum store_result admin_arg_force_and_end(struct admin_call *c) WARN_UNUSED;
/* [PATH p], which has no meaning here, and then the end. */
enum store_result admin_arg_path_and_end(struct admin_call *c) WARN_UNUSED;
/* A text only if there is one more argument that is a text; NULL if not. */
const char *admin_arg_optional_text(struct admin_call *c);

/* --- what arguments name --- */

/* NULL: the caller's own domain (of the local administrator: the main one).
 * The record is to be cleared whatever comes back. */
enum store_result admin_call_domain(struct admin_call *c, const char *name,
                                    unsigned need, struct domain_rec *d_r,
                                    struct errbuf *err) WARN_UNUSED;
/* "*": the caller's own account.  Both are to be cleared whatever comes
 * back. */
enum store_result admin_call_account(struct admin_call *c, const char *address,
                                     unsigned need, struct domain_rec *d_r,
                                     struct account_rec *a_r,
                                     struct errbuf *err) WARN_UNUSED;
/* Takes "name@domain" apart (a bare name: in default_domain, or NULL as above)
 * and finds the domain; *name_r (in the arena) is the normal form, or the text if it
 * can be no name.  The record is to be cleared whatever comes back. */
enum store_result admin_call_name(struct admin_call *c, const char *address,
                                  const char *default_domain, unsigned need,
                                  struct domain_rec *d_r, const char **name_r,
                                  struct errbuf *err) WARN_UNUSED;
/* 510 unless the caller is Master. */
enum store_result admin_call_master(struct admin_call *c) WARN_UNUSED;
/* 510 unless the caller is Master or holds All Domains. */
enum store_result admin_call_all_domains(struct admin_call *c) WARN_UNUSED;
/* 510 unless the caller holds all that the account holds. */
enum store_result admin_call_cover(struct admin_call *c,
                                   const struct domain_rec *d,
                                   const struct account_rec *a) WARN_UNUSED;
/* 510 if the account is the caller's own and they have come by a token: what would
 * open it would be good for more than the token is, and outlive it. */
enum store_result
admin_call_not_by_token(struct admin_call *c,
                        const struct account_rec *a) WARN_UNUSED;
/* 510 unless the caller is Master or holds All Domains or Can Monitor. */
enum store_result admin_call_monitor(struct admin_call *c) WARN_UNUSED;
/* For commands in parts: refused with that code if the part before was about
 * another number, since its name has got to somebody else meanwhile. */
enum store_result admin_call_same(struct admin_call *c, uint64_t number,
                                  int code) WARN_UNUSED;
/* 501: for what needs a cluster. */
enum store_result admin_refuse_cluster(struct admin_call *c);

/* --- times and numbers --- */

/* A time stamp of the data format, GMT. */
struct cli_value *admin_time_value(struct admin_call *c, int64_t us);
/* Plain digits, as clients want numbers. */
struct cli_value *admin_count_value(struct admin_call *c, uint64_t n);

#endif
