/* SPDX-License-Identifier: BSD-2-Clause */
/* server check: what the server says of itself, for Nagios and its friends.  Each
 * check is a row: what of the server's table of statistics it looks at, and from
 * where on that is worth a warning, or critical.  One line on standard output, the
 * state by the exit status; nothing else is written once the options are read. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/ctl/ctl_check.h"
#include "clients/ctl/ctl_line.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

enum state { /* the exit status, too */
    STATE_OK,
    STATE_WARNING,
    STATE_CRITICAL,
    STATE_UNKNOWN
};

static const char *const state_names[] = {"OK", "WARNING", "CRITICAL",
                                          "UNKNOWN"};

#define TIMEOUT_S    10
#define MOST         1000000000LL /* of a threshold */
#define UNDETERMINED (-1)         /* "not known", as the server says it */

/* The value of a check; *known_r false: the server has none of it.  -1: it
 * cannot be read. */
typedef int check_fn(const struct cli_value *all, const char *element,
                     long long *value_r, bool *known_r);

struct check {
    const char *name;    /* of the option's part, and of the performance data */
    const char *element; /* of GETSTATTABLE */
    check_fn *read;
    const char *unit;         /* in the performance data */
    const char *what;         /* that is bad; "#": the value */
    bool below;               /* what is below is bad; else what is above */
    bool optional;            /* a server may well have none of it */
    long long warn, critical; /* UNDETERMINED: not looked at */
};

/* --- reading --- */

static int
read_plain(const struct cli_value *all, const char *element, long long *value_r,
           bool *known_r)
{
    const struct cli_value *d = cli_data_find(all, element);
    const char *text = d != NULL ? ctl_text(d, "Value") : NULL;
    char *end;

    *known_r = text != NULL;
    if (d != NULL && text == NULL)
        return -1;
    if (text == NULL)
        return 0;
    errno = 0;
    *value_r = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0)
        return -1;
    *known_r = *value_r != UNDETERMINED;
    return 0;
}

static int
read_hours(const struct cli_value *all, const char *element, long long *value_r,
           bool *known_r)
{
    int r = read_plain(all, element, value_r, known_r);

    *value_r /= 3600;
    return r;
}

/* element: "PART/WHOLE". */
static int
read_percent(const struct cli_value *all, const char *element,
             long long *value_r, bool *known_r)
{
    char part[32];
    size_t n = strcspn(element, "/");
    long long whole = 0;
    bool is_whole;
    int r;

    snprintf(part, sizeof part, "%.*s", (int)n, element);
    r = read_plain(all, part, value_r, known_r);
    if (read_plain(all, element + n + 1, &whole, &is_whole) < 0 || r < 0)
        return -1;
    *known_r = *known_r && is_whole && whole > 0;
    if (*known_r)
        *value_r = (long long)((double)*value_r * 100 / (double)whole);
    return 0;
}

/* The source of usage that has been silent longest, of those that ever spoke. */
static int
read_silence(const struct cli_value *all, const char *element,
             long long *value_r, bool *known_r)
{
    static const char *const sources[] = {"Dict", "Maildir", "Doveadm",
                                          "Warning"};
    char name[32];
    long long age = 0;
    bool known;

    *known_r = false;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        snprintf(name, sizeof name, "%s%s", element, sources[i]);
        if (read_hours(all, name, &age, &known) < 0)
            return -1;
        if (known && (!*known_r || age > *value_r))
            *value_r = age;
        *known_r = *known_r || known;
    }
    return 0;
}

/* --- the checks --- */

static const struct check defaults[] = {
    {"time", NULL, NULL, "ms", "answered in # ms", false, false, 1000, 5000},
    {"store", "storeFull", read_plain, "", "the store refuses to write", false,
     false, UNDETERMINED, 0},
    {"stuck", "threadsStuck", read_plain, "", "# threads are stuck", false,
     false, UNDETERMINED, 0},
    {"disk", "diskFree/diskSize", read_percent, "%", "#% of the disk free",
     true, false, 10, 5},
    {"certificate", "certificateDays", read_plain, "",
     "the certificate ends in # days", true, true, 21, 7},
    {"connections", "connectionsOpen/connectionsMost", read_percent, "%",
     "#% of the connections in use", false, false, 80, 95},
    {"store-queue", "storeQueue", read_plain, "", "# jobs wait for the store",
     false, false, 1000, 10000},
    {"hash-queue", "hashQueue", read_plain, "",
     "# passwords wait to be checked", false, false, 500, 3000},
    {"backup", "backupAge", read_hours, "", "the last backup is # h old", false,
     true, UNDETERMINED, UNDETERMINED},
    {"quota", "quotaAge", read_silence, "",
     "a source of usage is silent for # h", false, true, UNDETERMINED,
     UNDETERMINED},
};

#define N_CHECKS (sizeof defaults / sizeof defaults[0])

struct run {
    struct check checks[N_CHECKS];
    bool asked[N_CHECKS]; /* for by name */
    enum state state;
    struct buf text, data;
};

static enum state
judge(const struct check *k, long long v)
{
    if (k->critical != UNDETERMINED &&
        (k->below ? v < k->critical : v > k->critical))
        return STATE_CRITICAL;
    if (k->warn != UNDETERMINED && (k->below ? v < k->warn : v > k->warn))
        return STATE_WARNING;
    return STATE_OK;
}

/* What is certain to be bad is worse than what nobody knows. */
static void
worsen(struct run *r, enum state s)
{
    static const int rank[] = {0, 2, 3, 1};

    if (rank[s] > rank[r->state])
        r->state = s;
}

static void PRINTF_LIKE(2, 3) note(struct run *r, const char *fmt, ...)
{
    va_list ap;
    char text[200];

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_appendf(&r->text, "%s%s", r->text.len > 0 ? ", " : "", text);
}

/* name=value[unit];warn;critical, where N: means "not below N". */
static void
add_data(struct run *r, const struct check *k, long long v)
{
    const char *mark = k->below ? ":" : "";

    buf_appendf(&r->data, " %s=%lld%s;", k->name, v, k->unit);
    if (k->warn != UNDETERMINED)
        buf_appendf(&r->data, "%lld%s", k->warn, mark);
    buf_append_char(&r->data, ';');
    if (k->critical != UNDETERMINED)
        buf_appendf(&r->data, "%lld%s", k->critical, mark);
}

static void
take_value(struct run *r, const struct check *k, long long v)
{
    enum state s = judge(k, v);
    size_t n = strcspn(k->what, "#");

    add_data(r, k, v);
    worsen(r, s);
    if (s != STATE_OK && k->what[n] == '#')
        note(r, "%.*s%lld%s", (int)n, k->what, v, k->what + n + 1);
    else if (s != STATE_OK)
        note(r, "%s", k->what);
}

/* What the server does not know is not well, unless it may have none of it, and
 * nobody asked for that. */
static void
take_check(struct run *r, size_t i, const struct cli_value *all)
{
    const struct check *k = &r->checks[i];
    long long v = 0;
    bool known;

    if (k->read(all, k->element, &v, &known) < 0) {
        worsen(r, STATE_UNKNOWN);
        note(r, "%s: the server's answer cannot be read", k->name);
    } else if (known) {
        take_value(r, k, v);
    } else if (!k->optional || r->asked[i]) {
        worsen(r, STATE_UNKNOWN);
        note(r, "%s: the server does not know it", k->name);
    }
}

/* --- thresholds --- */

static int
set_one(struct run *r, const char *pair, bool critical)
{
    size_t n = strcspn(pair, "=");
    unsigned long long v;

    for (size_t i = 0; i < N_CHECKS; i++) {
        struct check *k = &r->checks[i];

        if (strlen(k->name) != n || memcmp(k->name, pair, n) != 0)
            continue;
        if (pair[n] == '\0' || text_parse_u64(pair + n + 1, MOST, &v) < 0)
            return ctl_error(-1, "%s: write %s=NUMBER, at most %lld", pair,
                             k->name, MOST);
        *(critical ? &k->critical : &k->warn) = (long long)v;
        r->asked[i] = true;
        return 0;
    }
    return ctl_error(-1, "there is no check %.*s", (int)n, pair);
}

/* NAME=N,... */
static int
set_thresholds(struct run *r, const char *list, bool critical)
{
    char *copy, *rest, *pair;
    int result = 0;

    if (list == NULL)
        return 0;
    copy = xstrdup(list);
    for (pair = strtok_r(copy, ",", &rest); pair != NULL && result == 0;
         pair = strtok_r(NULL, ",", &rest))
        result = set_one(r, pair, critical);
    free(copy);
    return result;
}

static int
take_options(const struct ctl *c, struct run *r, unsigned *timeout_r)
{
    const char *timeout = ctl_option(c, "timeout");
    unsigned long long n = TIMEOUT_S;

    memcpy(r->checks, defaults, sizeof defaults);
    if (timeout != NULL && (text_parse_u64(timeout, 3600, &n) < 0 || n == 0))
        return ctl_error(-1, "--timeout takes seconds, from 1 to 3600");
    *timeout_r = (unsigned)n;
    if (set_thresholds(r, ctl_option(c, "warn"), false) < 0)
        return -1;
    return set_thresholds(r, ctl_option(c, "critical"), true);
}

/* --- the run --- */

static char late[80];

static void
on_alarm(int sig)
{
    (void)sig;
    if (write(STDOUT_FILENO, late, strlen(late)) < 0)
        _exit(STATE_UNKNOWN);
    _exit(STATE_CRITICAL);
}

static void
set_alarm(unsigned seconds)
{
    snprintf(late, sizeof late, "XIMSSD CRITICAL: no answer within %u s\n",
             seconds);
    signal(SIGALRM, on_alarm);
    alarm(seconds);
}

/* Whoever cannot log in knows nothing of the server. */
static void
take_failure(struct ctl *c, struct run *r, int code)
{
    const char *why = c->x != NULL ? ximss_error(c->x) : NULL;

    worsen(r, code == CTL_UNREACHABLE ? STATE_CRITICAL : STATE_UNKNOWN);
    if (why == NULL || *why == '\0')
        why = "the server refuses to say how it is (GETSTATTABLE)";
    note(r, "%s", why);
}

static void
ask(struct ctl *c, struct run *r)
{
    const struct cli_value *all = NULL;
    int64_t begun = clock_mono();
    struct buf b = {0};
    int code;

    buf_append_str(&b, "GETSTATTABLE");
    code = ctl_cli(c, &b, &all);
    if (code == CTL_OK && (all == NULL || all->kind != CLI_DICTIONARY))
        code = CTL_REFUSED;
    if (code != CTL_OK) {
        take_failure(c, r, code);
        return;
    }
    take_value(r, &r->checks[0], (clock_mono() - begun) / 1000);
    for (size_t i = 1; i < N_CHECKS; i++)
        take_check(r, i, all);
}

int
ctl_check_run(struct ctl *c, int argc, char **argv)
{
    struct run r = {.state = STATE_OK};
    unsigned timeout = 0;

    (void)argc;
    (void)argv;
    if (take_options(c, &r, &timeout) < 0)
        return STATE_UNKNOWN;
    fflush(stderr);
    if (freopen("/dev/null", "w", stderr) == NULL)
        return STATE_UNKNOWN;
    set_alarm(timeout);
    ask(c, &r);
    ctl_disconnect(c);
    alarm(0);
    if (r.text.len == 0)
        note(&r, "the server answers");
    printf("XIMSSD %s: %s", state_names[r.state], buf_cstr(&r.text));
    if (r.data.len > 0)
        printf(" |%s", buf_cstr(&r.data));
    putchar('\n');
    buf_clear(&r.text);
    buf_clear(&r.data);
    return (int)r.state;
}
