/* SPDX-License-Identifier: BSD-2-Clause */
/* A command that the bridge gives to ximssd: whatever ximssd answers, in which
 * pieces ever, whoever asked is told the same result, and of the end once; and
 * what ximssd is sent is well-formed, one request for each answer.
 *
 * An input is a byte of flags, the command, a byte 1, and what ximssd says. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "clients/bridge/cli_talk.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_bridge.h"
#include "util/arena.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"

enum {
    CANCEL = 1, /* with the first data */
    STAY = 2,   /* ximssd does not close at the end */
    AWAY = 4,   /* ximssd is not there */
    PAUSE = 8,  /* whoever asked takes one piece a turn */
    BARE = 16   /* the name has no domain */
};

static struct bridge *bridge;

struct asker {
    struct cli_talk *talk;
    struct buf told;
    bool over, cancels, pauses;
    char outcome;
};

static void
cancel(struct asker *a)
{
    if (a->talk != NULL)
        cli_talk_cancel(a->talk);
    a->talk = NULL;
}

static void
on_data(void *arg, const char *data, size_t len)
{
    struct asker *a = arg;

    FUZZ_CHECK(!a->over && a->talk != NULL);
    buf_append(&a->told, data, len);
    if (a->cancels)
        cancel(a);
    else if (a->pauses)
        cli_talk_pause(a->talk, true);
}

static void
on_end(void *arg, enum cli_outcome outcome, int number, const char *text)
{
    struct asker *a = arg;

    FUZZ_CHECK(!a->over && a->talk != NULL && text != NULL);
    FUZZ_CHECK(outcome != CLI_DONE || number == 200);
    a->over = true;
    a->talk = NULL;
    a->outcome = (char)('0' + outcome);
}

static const struct cli_talk_ops ops = {on_data, on_end};

static void
turn(struct asker *a)
{
    fuzz_bridge_turn(bridge);
    if (a->pauses && a->talk != NULL)
        cli_talk_pause(a->talk, false);
}

/* --- ximssd's end --- */

static void
say(struct asker *a, int fd, const uint8_t *data, size_t size, size_t step)
{
    for (size_t at = 0, n; at < size && a->talk != NULL; at += n) {
        n = step == 0 || size - at < step ? size - at : step;
        fuzz_bridge_send(bridge, fd, data + at, n, 0);
        turn(a);
    }
}

/* What it was sent: whole messages, but for what a cut connection left. */
static void
check_sent(const struct buf *b)
{
    struct arena *arena = arena_new();
    struct xml_elem *e;
    struct errbuf err;
    const char *id;
    size_t at = 0, len;

    for (unsigned n = 0; at < b->len; at += len + 1, n++) {
        len = strnlen(b->data + at, b->len - at);
        if (at + len == b->len)
            break;
        FUZZ_CHECK(n < 4);
        FUZZ_CHECK(xml_parse(bridge->parser, b->data + at, len, arena, &e, &id,
                             &err) == XML_PARSED);
    }
    arena_free(&arena);
}

/* --- the target --- */

static void
talk(const char *command, unsigned flags, const uint8_t *answers, size_t size,
     size_t step, struct buf *told)
{
    const struct cli_order order = {.user = (flags & BARE) != 0 ? "joe"
                                                                : "joe@a.test",
                                    .password = "'\"<&>",
                                    .host = "a.test",
                                    .address = "2001:db8::1",
                                    .command = command};
    struct asker a = {.cancels = (flags & CANCEL) != 0,
                      .pauses = (flags & PAUSE) != 0};
    int fd = (flags & AWAY) == 0 ? fuzz_bridge_make_upstream() : -1;
    struct buf sent = {0};

    a.talk = cli_talk_start(bridge, &order, &ops, &a);
    FUZZ_CHECK(a.talk != NULL && !a.over);
    if (fd >= 0)
        say(&a, fd, answers, size, step);
    for (int calm = 0; calm < FUZZ_CALM; calm++) {
        turn(&a);
        if (fd >= 0 && fuzz_bridge_drain(fd, &sent))
            calm = 0;
    }
    if (fd >= 0 && (flags & STAY) == 0)
        close(fd);
    for (int i = 0; i < FUZZ_CALM; i++)
        turn(&a);
    FUZZ_CHECK(a.talk == NULL || (flags & STAY) != 0);
    cancel(&a);
    for (int i = 0; i < FUZZ_CALM; i++)
        turn(&a);
    if (fd >= 0 && (flags & STAY) != 0)
        close(fd);
    check_sent(&sent);
    buf_append(told, a.told.data, a.told.len);
    buf_append_char(told, a.over ? a.outcome : 'c');
    buf_clear(&a.told);
    buf_clear(&sent);
}

/* What the bridge lets through to here. */
static bool
is_command(const char *s, size_t len)
{
    size_t bad;

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < ' ' && strchr("\t\r\n", s[i]) == NULL)
            return false;
    return memchr(s, '\0', len) == NULL && text_is_utf8(s, len, &bad) &&
           memmem(s, len, "\xef\xbf\xbe", 3) == NULL &&
           memmem(s, len, "\xef\xbf\xbf", 3) == NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0};
    const uint8_t *end;
    char *command;

    if (size < 2 || size > FUZZ_MOST)
        return 0;
    if (bridge == NULL)
        bridge = fuzz_bridge_start();
    end = memchr(data + 1, 1, size - 1);
    if (end == NULL ||
        !is_command((const char *)data + 1, (size_t)(end - data) - 1))
        return 0;
    command = xstrndup((const char *)data + 1, (size_t)(end - data) - 1);
    size -= (size_t)(end + 1 - data);
    talk(command, data[0], end + 1, size, 0, &whole);
    talk(command, data[0], end + 1, size, data[0] / 32 + 1, &pieces);
    FUZZ_CHECK((data[0] & CANCEL) != 0 ||
               (whole.len == pieces.len &&
                memcmp(whole.data, pieces.data, whole.len) == 0));
    buf_clear(&whole);
    buf_clear(&pieces);
    free(command);
    return 0;
}
