/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/ctl/batch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define WINDOW       64 /* less than a session of the server may have */
#define WINDOW_MAX   1000
#define TURN_MS      200
#define STOP_TIMEOUT (5 * CLOCK_SECOND)

static volatile sig_atomic_t signalled;

static void
on_signal(int sig)
{
    (void)sig;
    signalled = 1;
}

/* The second one ends the program. */
static void
catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal,
                          .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

/* --- opening --- */

static int
get_options(struct batch *b)
{
    const char *from = ctl_option(b->c, "from"),
               *window = ctl_option(b->c, "window");
    unsigned long long n = 1;

    if (from != NULL && text_parse_u64(from, ~0UL, &n) < 0)
        return ctl_error(-1, "--from takes the number of a line, not %s", from);
    b->from = (unsigned long)n;
    n = WINDOW;
    if (window != NULL &&
        (text_parse_u64(window, WINDOW_MAX, &n) < 0 || n == 0))
        return ctl_error(-1, "--window takes a number from 1 to %d, not %s",
                         WINDOW_MAX, window);
    b->window = b->one_by_one ? 1 : (unsigned)n;
    return 0;
}

int
batch_open(struct batch *b, struct ctl *c, const char *path)
{
    b->c = c;
    b->path = strcmp(path, "-") == 0 ? "standard input" : path;
    b->in.fd = -1;
    TAILQ_INIT(&b->items);
    if (get_options(b) < 0)
        return CTL_USAGE;
    if (input_open(&b->in, path) < 0)
        return ctl_error(CTL_LOCAL, "%s: %s", path, strerror(errno));
    /* Of a file it is known at once, before anybody is asked for a password. */
    if (b->in.lines > 0 && input_peek(&b->in) == EOF && b->in.fault != NULL)
        return ctl_error(CTL_LOCAL, "%s: %s", b->path, b->in.fault);
    b->p = (struct progress){.on = isatty(STDERR_FILENO) &&
                                   ctl_option(c, "quiet") == NULL,
                             .first = b->from,
                             .line = b->from > 0 ? b->from - 1 : 0,
                             .lines = b->in.lines};
    return CTL_OK;
}

void
batch_close(struct batch *b)
{
    if (b->in.fd >= 0)
        input_close(&b->in);
}

/* --- one item --- */

static void
free_item(struct batch *b, struct batch_item *item)
{
    TAILQ_REMOVE(&b->items, item, link);
    free(item->label);
    free(item);
}

void
batch_note(struct batch *b, unsigned long line, const char *label,
           const char *text)
{
    struct buf shown = {0};

    fflush(stdout);
    progress_clear(&b->p);
    ctl_plain(&shown, label, strlen(label));
    if (label[0] != '\0')
        buf_append_str(&shown, ": ");
    if (b->c->json)
        ctl_error(0, "%s:%lu: %s%s", b->path, line, buf_cstr(&shown), text);
    else
        fprintf(stderr, "%s:%lu: %s%s\n", b->path, line, buf_cstr(&shown),
                text);
    buf_clear(&shown);
}

void
batch_refuse(struct batch *b, unsigned long line, const char *label,
             const char *text)
{
    b->p.refused++;
    if (b->stop_at_refusal) {
        b->stop = true;
        if (b->resume == 0 || line < b->resume)
            b->resume = line; /* answers come later than what is read */
    }
    batch_note(b, line, label, text);
}

void
batch_refuse_result(struct batch *b, const struct batch_item *item,
                    const struct ximss_result *result)
{
    char text[300];

    snprintf(text, sizeof text, "%s (%d)", result->error_text,
             result->error_num);
    batch_refuse(b, item->line, item->label, text);
}

static void
lose_item(struct batch *b, struct batch_item *item)
{
    if (b->resume == 0)
        b->resume = item->line;
    b->last_lost = item->line;
}

static void
on_answer(struct ximss *x, const struct ximss_result *result, const char *data,
          size_t len, void *arg)
{
    struct batch_item *item = arg;
    struct batch *b = item->batch;

    (void)x;
    if (result->status == XIMSS_LOST) {
        lose_item(b, item);
    } else {
        b->p.line = item->line;
        b->answer(b, item, result, data, len);
    }
    free_item(b, item);
}

int
batch_send(struct batch *b, unsigned long line, const char *label,
           struct buf *command)
{
    struct batch_item *item = xcalloc(1, sizeof *item);
    int r;

    *item =
        (struct batch_item){.batch = b, .line = line, .label = xstrdup(label)};
    TAILQ_INSERT_TAIL(&b->items, item, link);
    r = ximss_cli_execute(b->c->x, buf_cstr(command), on_answer, item);
    if (r < 0)
        free_item(b, item);
    explicit_bzero(command->data, command->cap);
    buf_clear(command);
    return r;
}

/* --- the loop --- */

static bool
may_begin(const struct batch *b)
{
    return !b->at_end && !b->stop && !signalled &&
           ximss_state(b->c->x) == XIMSS_READY &&
           ximss_pending(b->c->x) < b->window;
}

static short
events(unsigned wants)
{
    return (short)((wants & XIMSS_WANT_READ ? POLLIN : 0) |
                   (wants & XIMSS_WANT_WRITE ? POLLOUT : 0));
}

/* Waits for the server, the clock, or more of the file, whatever comes first;
 * not for ever, because a signal may have come just before. */
static void
take_turn(struct batch *b)
{
    struct ximss *x = b->c->x;
    struct pollfd p[2] = {
        {.fd = ximss_fd(x), .events = events(ximss_wants(x))},
        {.fd = may_begin(b) ? b->in.fd : -1, .events = POLLIN},
    };
    int timeout = ximss_timeout(x);

    if (poll(p, 2, timeout >= 0 && timeout < TURN_MS ? timeout : TURN_MS) < 0)
        p[0].revents = 0;
    if (p[0].revents & (POLLIN | POLLERR | POLLHUP))
        ximss_on_readable(x);
    if (p[0].revents & POLLOUT)
        ximss_on_writable(x);
    if (ximss_timeout(x) == 0)
        ximss_on_timer(x);
}

static void
run_loop(struct batch *b)
{
    struct ximss *x = b->c->x;
    int64_t give_up = 0;

    for (;;) {
        while (may_begin(b) && !input_would_wait(&b->in))
            b->at_end = !b->next(b);
        if (TAILQ_EMPTY(&b->items) && !may_begin(b))
            return;
        if (ximss_state(x) != XIMSS_READY)
            return;
        if (may_begin(b)) /* whoever writes the commands may wait for results */
            fflush(stdout);
        take_turn(b);
        progress_draw(&b->p, clock_mono());
        b->stop = b->stop || ferror(stdout);
        if (signalled && give_up == 0)
            give_up = clock_mono() + STOP_TIMEOUT;
        if (give_up != 0 && clock_mono() >= give_up)
            return;
    }
}

/* Those whose answers are not waited for any longer. */
static void
forget_items(struct batch *b)
{
    struct batch_item *item;

    if (!TAILQ_EMPTY(&b->items))
        ximss_free(&b->c->x);
    while ((item = TAILQ_FIRST(&b->items)) != NULL) {
        lose_item(b, item);
        free_item(b, item);
    }
}

int
batch_run(struct batch *b)
{
    int r = ctl_connect(b->c);

    if (r != CTL_OK)
        return r;
    catch_signals();
    progress_start(&b->p, clock_mono());
    run_loop(b);
    progress_clear(&b->p);
    b->lost = ximss_state(b->c->x) != XIMSS_READY;
    if (b->lost)
        ctl_error(0, "%s", ximss_error(b->c->x));
    forget_items(b);
    return CTL_OK;
}

/* --- the end --- */

unsigned long
batch_rest(const struct batch *b)
{
    if (b->resume != 0)
        return b->resume;
    return b->at_end ? 0 : b->in.line;
}

static void
tell_rest(const struct batch *b, unsigned long rest)
{
    if (b->last_lost > rest)
        ctl_error(0, "lines %lu to %lu may have been carried out", rest,
                  b->last_lost);
    else if (b->last_lost == rest)
        ctl_error(0, "line %lu may have been carried out", rest);
    ctl_error(0, "stopped before line %lu of %s; continue with --from %lu",
              rest, b->path, rest);
}

int
batch_end(struct batch *b)
{
    unsigned long rest = batch_rest(b);

    fflush(stdout);
    if (b->in.error != 0)
        return ctl_error(CTL_LOCAL, "reading %s: %s", b->path,
                         strerror(b->in.error));
    if (b->in.fault != NULL)
        return ctl_error(CTL_LOCAL, "%s: %s", b->path, b->in.fault);
    if (rest != 0)
        tell_rest(b, rest);
    if (rest == 0 && b->p.refused == 0)
        return CTL_OK;
    if (b->p.done > 0)
        return CTL_PARTLY;
    if (b->lost)
        return CTL_UNREACHABLE;
    return b->p.refused > 0 ? CTL_REFUSED : CTL_PARTLY;
}
