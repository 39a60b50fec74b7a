/* SPDX-License-Identifier: BSD-2-Clause */
/* The audit log by the CLI: listed, and checked.  Extensions.
 *
 * Master sees all of it.  An administrator of a domain sees lines that are about
 * the domain, and those of its own people unless they hold a server-wide right.
 * Of a line of somebody else they see who did what to whom, and not from where
 * or with which words. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_account.h"

#define LINES_USUAL 1000
#define LINES_MOST  1000000
#define PIECE_BYTES 32768
#define BREAKS_MOST 100 /* that are told one by one */

/* --- what is asked for --- */

struct query {
    const char *domain, *actor, *target, *action, *cookie;
    int64_t since, until;
    bool ok, refused; /* outcomes that are wanted */
    bool back;
    unsigned long long limit;
};

/* A time, or a length of time before now. */
static enum store_result
arg_time(struct admin_call *c, const char *what, int64_t *us_r)
{
    const char *text;
    int64_t span;
    enum store_result r = admin_arg_text(c, what, &text);

    if (r != STORE_OK || clock_parse_gmt(text, us_r) == 0)
        return r;
    if (clock_parse_span(text, &span) != 0)
        return admin_refuse(c, ANSWER(MUST_BE_TIME), what);
    *us_r = c->x->now - span;
    return STORE_OK;
}

/* One of two words, in any case. */
static enum store_result
arg_either(struct admin_call *c, const char *what, const char *first,
           const char *second, bool *first_r, bool *second_r)
{
    const char *text;
    enum store_result r = admin_arg_text(c, what, &text);

    if (r != STORE_OK)
        return r;
    *first_r = text_equal_nocase(text, first);
    *second_r = text_equal_nocase(text, second);
    return *first_r || *second_r ? STORE_OK : STORE_REFUSED;
}

static enum store_result
arg_outcome(struct admin_call *c, struct query *q)
{
    enum store_result r =
        arg_either(c, "outcome", "ok", "refused", &q->ok, &q->refused);

    if (r == STORE_REFUSED && c->answer->code == 200)
        return admin_refuse(c, ANSWER(BAD_OUTCOME));
    return r;
}

static enum store_result
arg_order(struct admin_call *c, struct query *q)
{
    bool old;
    enum store_result r = arg_either(c, "order", "old", "new", &old, &q->back);

    if (r == STORE_REFUSED && c->answer->code == 200)
        return admin_refuse(c, ANSWER(BAD_ORDER));
    return r;
}

/* [DOMAIN d] [SINCE t] [UNTIL t] [ACTOR a] [TARGET t] [ACTION a] [OUTCOME o]
 * [ORDER o] [LIMIT n] [COOKIE c], in any order */
static enum store_result
read_query(struct admin_call *c, struct query *q)
{
    enum store_result r = STORE_OK;

    *q = (struct query){.since = INT64_MIN,
                        .until = INT64_MAX,
                        .ok = true,
                        .refused = true,
                        .back = true,
                        .limit = LINES_USUAL};
    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        if (admin_arg_word(c, "DOMAIN"))
            r = admin_arg_name(c, "domain name", &q->domain);
        else if (admin_arg_word(c, "SINCE"))
            r = arg_time(c, "SINCE", &q->since);
        else if (admin_arg_word(c, "UNTIL"))
            r = arg_time(c, "UNTIL", &q->until);
        else if (admin_arg_word(c, "ACTOR"))
            r = admin_arg_name(c, "actor", &q->actor);
        else if (admin_arg_word(c, "TARGET"))
            r = admin_arg_name(c, "target", &q->target);
        else if (admin_arg_word(c, "ACTION"))
            r = admin_arg_text(c, "action", &q->action);
        else if (admin_arg_word(c, "OUTCOME"))
            r = arg_outcome(c, q);
        else if (admin_arg_word(c, "ORDER"))
            r = arg_order(c, q);
        else if (admin_arg_word(c, "LIMIT"))
            r = admin_arg_number(c, "limit", LINES_MOST, &q->limit);
        else if (admin_arg_word(c, "COOKIE"))
            r = admin_arg_text(c, "cookie", &q->cookie);
        else
            r = admin_arg_end(c);
    }
    return r;
}

/* --- places as texts --- */

static char *
place_text(const struct audit_place *p)
{
    return xasprintf("%lld.%lu.%lu", (long long)p->time,
                     (unsigned long)p->serial, (unsigned long)p->line);
}

static bool
read_place(const char *text, struct audit_place *p)
{
    char *end;

    *p = (struct audit_place){.set = true, .time = strtoll(text, &end, 10)};
    if (end == text || *end != '.')
        return false;
    p->serial = (uint32_t)strtoul(end + 1, &end, 10);
    if (*end != '.')
        return false;
    p->line = (uint32_t)strtoul(end + 1, &end, 10);
    return *end == '\0' || *end == ' ';
}

/* --- which lines --- */

struct listing {
    struct admin_call *c;
    struct query q;
    bool all;        /* of every domain */
    uint64_t domain; /* else: of this one */
    uint64_t listed;
    struct audit_place
        next;    /* where the next piece, or the next list, begins */
    bool more;   /* the piece is full */
    bool beyond; /* there may be lines that the limit kept out */
    unsigned seen;
};

static bool
is_own(const struct listing *l, const struct audit_rec *a)
{
    return l->all || (a->who_domain == l->domain && !a->wide);
}

static bool
may_see(const struct listing *l, const struct audit_rec *a)
{
    return is_own(l, a) || a->domain == l->domain;
}

static size_t
word_length(const char *what)
{
    return strcspn(what, " ");
}

/* The whole name, or with an @ before it any name of that domain. */
static bool
is_name(const char *asked, const char *name)
{
    const char *at = strrchr(name, '@');

    if (asked == NULL || text_equal_nocase(asked, name))
        return true;
    if (asked[0] != '@')
        return false;
    return text_equal_nocase(asked + 1, at != NULL ? at + 1 : name);
}

static bool
is_action(const char *asked, const char *what)
{
    char word[64];

    if (asked == NULL)
        return true;
    snprintf(word, sizeof word, "%.*s", (int)word_length(what), what);
    return text_equal_nocase(asked, word);
}

static bool
is_done(const struct audit_rec *a)
{
    return strcmp(a->outcome, "ok") == 0 || strcmp(a->outcome, "begun") == 0;
}

static bool
is_wanted(const struct listing *l, const struct audit_rec *a)
{
    const struct query *q = &l->q;
    bool done = is_done(a);

    return a->time >= q->since && a->time <= q->until &&
           (done ? q->ok : q->refused) && may_see(l, a) &&
           is_name(q->actor, a->who) && is_name(q->target, a->target) &&
           is_action(q->action, a->what);
}

/* --- the list --- */

static void
write_text(struct buf *b, const char *key, const char *text, size_t len)
{
    buf_append_str(b, key);
    buf_append_char(b, '=');
    cli_data_write_string(b, text, len);
    buf_append_char(b, ';');
}

static void
write_line(struct listing *l, const struct audit_rec *a)
{
    struct buf *b = &l->c->answer->data;
    bool own = is_own(l, a);
    const char *outcome; /* the words of a refusal may be those of the line */

    if (l->listed++ > 0)
        buf_append_char(b, ',');
    buf_append_char(b, '{');
    write_text(b, "action", a->what,
               own ? strlen(a->what) : word_length(a->what));
    write_text(b, "actor", a->who, strlen(a->who));
    if (own)
        write_text(b, "from", a->from, strlen(a->from));
    outcome = own || is_done(a) ? a->outcome : "refused";
    write_text(b, "outcome", outcome, strlen(outcome));
    if (a->target[0] != '\0')
        write_text(b, "target", a->target, strlen(a->target));
    buf_append_str(b, "time=");
    cli_data_write(b, admin_time_value(l->c, a->time));
    buf_append_str(b, ";}");
}

/* The time of a record is that of its newest line, and lines of one are close
 * to each other. */
static bool
is_past(const struct listing *l, const struct audit_place *at)
{
    if (l->q.back)
        return at->time < l->q.since;
    return l->q.until < audit_place_of(l->q.until, true).time &&
           at->time > audit_place_of(l->q.until, true).time;
}

static bool
see(const struct audit_rec *a, const struct audit_place *at, void *arg)
{
    struct listing *l = arg;

    if (is_past(l, at))
        return false;
    l->next = *at;
    if (l->c->answer->data.len >= PIECE_BYTES ||
        (l->seen++ > 0 && store_tired(l->c->x->txn))) {
        l->more = true;
        return false;
    }
    if (is_wanted(l, a)) {
        if (l->listed == l->q.limit) {
            l->beyond = true;
            return false;
        }
        write_line(l, a);
    }
    l->next.line++; /* behind it, if this was the last of an old to new list */
    return true;
}

/* Whose lines; on with the piece before, or where the cookie says. */
static enum store_result
begin_list(struct listing *l, struct errbuf *err)
{
    struct admin_call *c = l->c;
    struct domain_rec d = {0};
    enum store_result r = STORE_OK;

    l->all = l->q.domain == NULL && (c->x->caller->rights & RIGHT_MASTER) != 0;
    if (!l->all)
        r = admin_call_domain(c, l->q.domain, RIGHTS_OF_DOMAIN, &d, err);
    l->domain = d.number;
    domain_rec_clear(&d);
    if (r != STORE_OK)
        return r;
    if (c->x->from != NULL) {
        const char *listed = strchr(c->x->from, ' ');

        read_place(c->x->from, &l->next);
        l->listed = strtoull(listed != NULL ? listed : "", NULL, 10);
        return STORE_OK;
    }
    if (l->q.cookie != NULL && l->q.cookie[0] != '\0') {
        if (!read_place(l->q.cookie, &l->next))
            return admin_refuse(c, ANSWER(UNUSABLE), "COOKIE");
    } else if (l->q.back && l->q.until != INT64_MAX) {
        l->next = audit_place_of(l->q.until, true);
    } else if (!l->q.back && l->q.since != INT64_MIN) {
        l->next = audit_place_of(l->q.since, false);
    }
    buf_append_str(&c->answer->data, "{Lines=(");
    return STORE_OK;
}

/* A list from old to new can always be continued, when there are more. */
static void
end_list(struct listing *l)
{
    struct admin_answer *a = l->c->answer;
    char *place = place_text(&l->next);

    if (l->more) {
        a->more = true;
        a->next = xasprintf("%s %llu", place, (unsigned long long)l->listed);
    } else {
        buf_append_str(&a->data, ");");
        if (l->next.set && (l->beyond || !l->q.back)) {
            buf_append_str(&a->data, "Cookie=");
            cli_data_write_string(&a->data, place, strlen(place));
            buf_append_char(&a->data, ';');
        }
        buf_appendf(&a->data, "More=%s;}", l->beyond ? "YES" : "NO");
    }
    free(place);
}

static enum store_result
get_audit(struct admin_call *c, struct errbuf *err)
{
    struct listing l = {.c = c};
    struct audit_place from;
    enum store_result r = read_query(c, &l.q);

    if (r == STORE_OK)
        r = begin_list(&l, err);
    from = l.next;
    if (r == STORE_OK)
        r = audit_walk(c->x->txn, &from, l.q.back, see, &l, err);
    if (r == STORE_OK)
        end_list(&l);
    return r;
}

/* --- the check --- */

struct check {
    struct admin_call *c;
    struct audit_check k;
    unsigned long long breaks;
};

/* "PHASE CHECKED BREAKS NUMBER HASH PLACE" of the piece before. */
static void
read_check(struct check *v, const char *from)
{
    char hash[AUDIT_HASH_BYTES * 2 + 1], place[64];
    unsigned long long checked, number;
    unsigned phase;

    if (from == NULL || sscanf(from, "%u %llu %llu %llu %64s %63s", &phase,
                               &checked, &v->breaks, &number, hash, place) != 6)
        return;
    v->k = (struct audit_check){.begun = true,
                                .at_records = phase != 0,
                                .checked = checked,
                                .link.number = number};
    for (size_t i = 0; i < AUDIT_HASH_BYTES; i++) {
        char digits[3] = {hash[2 * i], hash[2 * i + 1], '\0'};

        v->k.link.hash[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    if (place[0] != '-')
        read_place(place, &v->k.place);
}

static void
write_hash(struct buf *b, const uint8_t hash[AUDIT_HASH_BYTES])
{
    for (size_t i = 0; i < AUDIT_HASH_BYTES; i++)
        buf_appendf(b, "%02x", hash[i]);
}

static char *
check_text(const struct check *v)
{
    char *place = v->k.place.set ? place_text(&v->k.place) : xstrdup("-");
    struct buf b = {0};
    char *text;

    buf_appendf(&b, "%u %llu %llu %llu ", v->k.at_records ? 1u : 0u,
                (unsigned long long)v->k.checked, v->breaks,
                (unsigned long long)v->k.link.number);
    write_hash(&b, v->k.link.hash);
    buf_appendf(&b, " %s", place);
    text = xstrdup(buf_cstr(&b));
    buf_clear(&b);
    free(place);
    return text;
}

static void
tell_break(const char *text, bool noted, void *arg)
{
    struct check *v = arg;
    struct buf *b = &v->c->answer->data;

    (void)noted;
    if (v->breaks++ >= BREAKS_MOST)
        return;
    if (v->breaks > 1)
        buf_append_char(b, ',');
    cli_data_write_string(b, text, strlen(text));
}

static void
end_check(struct check *v)
{
    struct admin_answer *a = v->c->answer;
    struct buf *b = &a->data, hash = {0};

    if (!v->k.done) {
        a->more = true;
        a->next = check_text(v);
        return;
    }
    buf_appendf(b, ");Checked=%llu;Found=%llu;Hash=",
                (unsigned long long)v->k.checked, v->breaks);
    write_hash(&hash, v->k.link.hash);
    cli_data_write_string(b, hash.data, hash.len);
    buf_clear(&hash);
    buf_appendf(b, ";Number=%llu;}", (unsigned long long)v->k.link.number);
}

static enum store_result
verify_audit(struct admin_call *c, struct errbuf *err)
{
    struct check v = {.c = c};
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r != STORE_OK)
        return r;
    read_check(&v, c->x->from);
    if (c->x->from == NULL)
        buf_append_str(&c->answer->data, "{Breaks=(");
    r = audit_check(c->x->txn, &v.k, tell_break, &v, err);
    if (r == STORE_OK)
        end_check(&v);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "GETAUDIT", .run = get_audit, .flags = ADMIN_ALONE},
    {.name = "VERIFYAUDIT", .run = verify_audit, .flags = ADMIN_ALONE},
};

const struct admin_family admin_audit_family = {
    commands, sizeof commands / sizeof commands[0]};
