/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "clients/ctl/batch.h"
#include "clients/ctl/lines.h"
#include "ximss/proto/answer.h"

/* cli: the door to every command of the server, for one or for a file of them.
 *
 * A file stops at the first refusal, and nothing behind the refused line has
 * been done then: so one command is under way at a time, because the server
 * carries out whatever it has got.  With --keep-going it is a window. */

static const struct ctl_option cli_options[] = {
    {"file", "FILE", "run the commands in FILE, one per line"},
    {"keep-going", NULL, "continue after a refused command"},
    {"from", "LINE", "begin at this line of the file"},
    {"window", "N", "with --keep-going: commands in progress at once (64)"},
    {"quiet", NULL, "no progress bar"},
    CTL_OPTIONS_END};

/* The result as it came, for programs that read the data format. */
static int
run_one(struct ctl *c, const char *command)
{
    const struct cli_value *v;
    struct buf b = {0};
    int r;

    buf_append_str(&b, command);
    r = ctl_cli(c, &b, &v);
    if (r != CTL_OK || v == NULL)
        return r;
    if (c->json)
        ctl_json_value(&b, v);
    else
        cli_data_write(&b, v);
    ctl_print_line(&b);
    return r;
}

/* --- a file --- */

struct run {
    struct batch batch; /* first: what its functions are given */
    struct lines lines;
};

/* NULL: there is none, or it is not in the data format (which is told). */
static const struct cli_value *
parse_result(struct batch *b, const char *data, size_t len)
{
    struct cli_limits limits = {.bytes = CTL_LIMIT};
    struct cli_value *v = NULL;
    struct errbuf err;

    if (len > 0 &&
        cli_data_parse(data, len, &limits, b->c->arena, &v, &err) < 0)
        ctl_error(0, "the server's answer is not in the data format: %s",
                  err.text);
    return v;
}

/* code 0: the server was not asked. */
static void
print_json(unsigned long line, const char *label, int code, const char *error,
           const struct cli_value *result)
{
    struct buf b = {0};

    buf_appendf(&b, "{\"line\":%lu", line);
    ctl_json_name(&b, "command");
    ctl_json_string(&b, label, strlen(label));
    if (code != 0) {
        ctl_json_name(&b, "code");
        buf_appendf(&b, "%d", code);
    }
    if (error != NULL) {
        ctl_json_name(&b, "error");
        ctl_json_string(&b, error, strlen(error));
    }
    if (result != NULL) {
        ctl_json_name(&b, "result");
        ctl_json_value(&b, result);
    }
    buf_append_char(&b, '}');
    ctl_print_line(&b);
}

static void
print_result(struct batch *b, const struct batch_item *item, const char *data,
             size_t len)
{
    const struct cli_value *v = parse_result(b, data, len);
    struct buf out = {0};

    progress_clear(&b->p);
    if (b->c->json) {
        print_json(item->line, item->label, 200, NULL, v);
    } else if (v != NULL) {
        cli_data_write(&out, v);
        ctl_print_line(&out);
    }
    arena_reset(b->c->arena);
}

static void
on_answer(struct batch *b, const struct batch_item *item,
          const struct ximss_result *result, const char *data, size_t len)
{
    if (result->status == XIMSS_OK) {
        b->p.done++;
        print_result(b, item, data, len);
        return;
    }
    /* Its argument can be anything, even a password. */
    if (result->error_num == ANSWER_UNKNOWN_COMMAND)
        item->label[strcspn(item->label, " ")] = '\0';
    if (b->c->json)
        print_json(item->line, item->label, result->error_num,
                   result->error_text, NULL);
    batch_refuse_result(b, item, result);
}

/* The server has not been asked. */
static void
refuse_line(struct batch *b, unsigned long line, const char *label,
            const char *why)
{
    if (b->c->json)
        print_json(line, label, 0, why, NULL);
    batch_refuse(b, line, label, why);
}

static void
send_line(struct batch *b, const struct lines *lines)
{
    struct buf label = {0}, command = {0};
    size_t len = strlen(lines->text);

    lines_describe(&label, lines->text);
    buf_reserve(&command, len + 1); /* no copies of passwords left behind */
    buf_append(&command, lines->text, len);
    if (batch_send(b, lines->line, buf_cstr(&label), &command) < 0)
        refuse_line(b, lines->line, buf_cstr(&label), ximss_error(b->c->x));
    buf_clear(&label);
}

static bool
read_command(struct batch *b)
{
    struct run *run = (struct run *)b;
    struct errbuf err;
    int r = lines_next(&run->lines, &err);

    if (r == 0)
        return false;
    if (run->lines.line < b->from)
        return true;
    if (r > 0)
        send_line(b, &run->lines);
    else
        refuse_line(b, run->lines.line, "", err.text);
    return true;
}

static void
print_summary(const struct batch *b)
{
    fflush(stdout);
    fprintf(stderr, "%llu done, %llu refused\n", b->p.done, b->p.refused);
}

static int
run_batch(struct batch *b)
{
    int r = batch_run(b);

    if (r != CTL_OK)
        return r;
    if (!b->stop_at_refusal)
        print_summary(b);
    return batch_end(b);
}

static int
run_file(struct ctl *c, const char *path)
{
    bool stop = ctl_option(c, "keep-going") == NULL;
    struct run run = {.batch = {.next = read_command,
                                .answer = on_answer,
                                .stop_at_refusal = stop,
                                .one_by_one = stop}};
    int r = batch_open(&run.batch, c, path);

    if (r == CTL_OK) {
        lines_init(&run.lines, &run.batch.in);
        r = run_batch(&run.batch);
        lines_clear(&run.lines);
    }
    batch_close(&run.batch);
    return r;
}

static int
run_cli(struct ctl *c, int argc, char **argv)
{
    const char *file = ctl_option(c, "file");

    if ((argc == 0) == (file == NULL))
        return ctl_error(CTL_USAGE, "either a command or --file FILE");
    if (file == NULL)
        return run_one(c, argv[0]);
    if (ctl_option(c, "window") != NULL && ctl_option(c, "keep-going") == NULL)
        return ctl_error(CTL_USAGE, "--window needs --keep-going");
    return run_file(c, file);
}

const struct ctl_command ctl_cli_commands[] = {
    {"cli", "", "'COMMAND' | --file FILE", "Runs commands of the server's CLI",
     "Prints the result in the CLI's data format, or as JSON with --json.\n"
     "With --file: runs the commands in a file; \"-\" is standard input.\n"
     "Lines that are empty or begin with # or // are skipped. The first "
     "refused command\n"
     "ends the run, unless --keep-going is given.\n",
     cli_options, .run = run_cli, .max_args = 1},
    {0}};
