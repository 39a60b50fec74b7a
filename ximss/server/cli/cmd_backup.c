/* SPDX-License-Identifier: BSD-2-Clause */
/* Backups of the store while the server runs (storage/backup.h). */
#include "config.h"

#include <string.h>

#include "storage/backup.h"
#include "util/clock.h"
#include "ximss/server/cli/admin_call.h"

#define KEEP_MOST 100000

static const char *const state_name[] = {
    [BACKUP_NONE] = "none",
    [BACKUP_RUNNING] = "running",
    [BACKUP_DONE] = "done",
    [BACKUP_FAILED] = "failed",
};

/* [KEEP n] */
static enum store_result
read_keep(struct admin_call *c, unsigned long long *keep_r)
{
    enum store_result r = STORE_OK;

    *keep_r = 0;
    if (admin_arg_word(c, "KEEP")) {
        r = admin_arg_number(c, "number", KEEP_MOST, keep_r);
        if (r == STORE_OK && *keep_r == 0)
            r = admin_refuse(c, ANSWER(MISSING), "number");
    }
    return r == STORE_OK ? admin_arg_end(c) : r;
}

/* Nothing is asked of the file system here, which may hang: what is wrong with
 * the directory, GETBACKUP says. */
static enum store_result
check_wanted(struct admin_call *c, const char *dir)
{
    struct backup_status status;

    if (dir[0] != '/')
        return admin_refuse(c, ANSWER_ARGUMENTS, "not an absolute path: %.200s",
                            dir);
    if (strlen(dir) > ADMIN_LOG_BYTES)
        return admin_refuse(c, ANSWER(TOO_LONG), "directory", ADMIN_LOG_BYTES);
    if (c->x->settings->backups == NULL)
        return STORE_OK; /* a test without one */
    backup_status(c->x->settings->backups, &status);
    if (status.state == BACKUP_RUNNING)
        return admin_refuse(c, ANSWER_BUSY, "a backup to %s is running",
                            status.path);
    if (status.hangs)
        return admin_refuse(c, ANSWER_BUSY, "the last backup to %s still hangs",
                            status.path);
    return STORE_OK;
}

/* directory [KEEP n]: the result is the id of the backup. */
static enum store_result
start_backup(struct admin_call *c, struct errbuf *err)
{
    const char *dir = NULL;
    unsigned long long keep;
    enum store_result r = admin_arg_text(c, "directory", &dir);

    (void)err;
    if (r == STORE_OK)
        r = read_keep(c, &keep);
    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r == STORE_OK)
        r = check_wanted(c, dir);
    if (r != STORE_OK)
        return r;
    c->live->limit = (unsigned)keep;
    strcpy(c->live->text, dir);
    return STORE_OK;
}

static void
add_text(struct admin_call *c, struct cli_value *dict, const char *key,
         const char *text)
{
    if (text != NULL && text[0] != '\0')
        cli_data_add(c->arena, dict, key,
                     cli_data_string(c->arena, text, strlen(text)));
}

static void
add_time(struct admin_call *c, struct cli_value *dict, const char *key,
         int64_t at)
{
    if (at != 0)
        cli_data_add(c->arena, dict, key, admin_time_value(c, at));
}

static void
describe_job(struct admin_call *c, struct cli_value *dict,
             const struct backup_status *s)
{
    add_text(c, dict, "id", s->id);
    add_text(c, dict, "step", s->state == BACKUP_RUNNING ? s->step : NULL);
    add_text(c, dict, "path", s->path);
    add_time(c, dict, "started", s->begun);
    add_time(c, dict, "ended", s->ended);
    cli_data_add(c->arena, dict, "bytesDone", admin_count_value(c, s->done));
    cli_data_add(c->arena, dict, "bytesTotal", admin_count_value(c, s->total));
    cli_data_add(c->arena, dict, "removed", admin_count_value(c, s->removed));
    add_text(c, dict, "error", s->err.text);
}

static enum store_result
get_backup(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    const struct admin_settings *a = c->x->settings;
    struct backup_status s = {.state = BACKUP_NONE};
    enum store_result r = admin_arg_end(c);

    (void)err;
    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r != STORE_OK)
        return r;
    if (a->backups != NULL)
        backup_status(a->backups, &s);
    add_text(c, dict, "state", state_name[s.state]);
    if (s.state != BACKUP_NONE)
        describe_job(c, dict, &s);
    add_time(c, dict, "last", s.last);
    add_text(c, dict, "lastId", s.last_id);
    if (a->backups != NULL)
        cli_data_add(
            c->arena, dict, "age",
            admin_count_value(c, (uint64_t)backup_age(a->backups, c->x->now)));
    if (a->backup_max_age > 0)
        cli_data_add(
            c->arena, dict, "maxAge",
            admin_count_value(c, (uint64_t)(a->backup_max_age / CLOCK_SECOND)));
    admin_result(c, dict);
    return STORE_OK;
}

static const struct admin_command commands[] = {
    {.name = "STARTBACKUP",
     .run = start_backup,
     .flags = ADMIN_CHANGES,
     .live = ADMIN_LIVE_START_BACKUP},
    {.name = "GETBACKUP", .run = get_backup},
};

const struct admin_family admin_backup_family = {
    commands, sizeof commands / sizeof commands[0]};
