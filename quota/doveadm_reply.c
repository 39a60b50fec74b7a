/* SPDX-License-Identifier: BSD-2-Clause */
/* The one wrapper of json-c.  A request and its reply are
 *
 *   [["quotaGet",{"user":"joe@example.test"},"0"],...]
 *   [["doveadmResponse",[{"root":"User quota","type":"STORAGE","value":"4",
 *                         "limit":"100","percent":"4"},...],"0"],
 *    ["error",{"type":"exitCode","exitCode":67},"1"],...]
 *
 * with KiB, "-" for no limit, and numbers as strings, at least in 2.3. */
#include "config.h"

#include "quota/doveadm_reply.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define DEPTH        8
#define EXIT_NO_USER 67 /* EX_NOUSER */

static struct json_object *
checked(struct json_object *o)
{
    if (o == NULL)
        log_fatal("out of memory making JSON");
    return o;
}

static struct json_object *
encode_command(const char *user, size_t tag)
{
    struct json_object *command = checked(json_object_new_array());
    struct json_object *arguments = checked(json_object_new_object());
    char text[24];

    snprintf(text, sizeof text, "%zu", tag);
    json_object_object_add(arguments, "user",
                           checked(json_object_new_string(user)));
    json_object_array_add(command, checked(json_object_new_string("quotaGet")));
    json_object_array_add(command, arguments);
    json_object_array_add(command, checked(json_object_new_string(text)));
    return command;
}

char *
doveadm_request_encode(const char *const *users, size_t n)
{
    struct json_object *commands = checked(json_object_new_array());
    const char *text;
    char *body;

    for (size_t i = 0; i < n; i++)
        json_object_array_add(commands, encode_command(users[i], i));
    text = json_object_to_json_string_ext(
        commands, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text == NULL)
        log_fatal("out of memory making JSON");
    body = xstrdup(text);
    json_object_put(commands);
    return body;
}

/* The text of a member, a string or a number; NULL: there is none. */
static const char *
member(struct json_object *o, const char *name)
{
    struct json_object *value;

    if (!json_object_object_get_ex(o, name, &value) ||
        (!json_object_is_type(value, json_type_string) &&
         !json_object_is_type(value, json_type_int)))
        return NULL;
    return json_object_get_string(value);
}

static int
parse_kib(const char *text, uint64_t *bytes_r)
{
    unsigned long long n;

    if (text == NULL || text_parse_u64(text, UINT64_MAX / 1024, &n) < 0)
        return -1;
    *bytes_r = n * 1024;
    return 0;
}

static int
parse_storage(struct json_object *row, struct doveadm_answer *a)
{
    const char *limit = member(row, "limit");

    if (parse_kib(member(row, "value"), &a->used) < 0)
        return -1;
    a->limit = 0;
    if (limit != NULL && strcmp(limit, "-") == 0)
        return 0;
    return parse_kib(limit, &a->limit);
}

static void
parse_rows(struct json_object *rows, struct doveadm_answer *a)
{
    a->outcome = DOVEADM_NO_QUOTA;
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        const char *type = json_object_is_type(row, json_type_object)
                               ? member(row, "type")
                               : NULL;

        if (type == NULL || strcmp(type, "STORAGE") != 0)
            continue;
        a->outcome = parse_storage(row, a) < 0 ? DOVEADM_ERROR : DOVEADM_USAGE;
        return;
    }
}

static void
parse_error(struct json_object *error, struct doveadm_answer *a)
{
    struct json_object *code;

    a->outcome = DOVEADM_ERROR;
    if (json_object_is_type(error, json_type_object) &&
        json_object_object_get_ex(error, "exitCode", &code))
        a->exit_code = json_object_get_int(code);
    if (a->exit_code == EXIT_NO_USER)
        a->outcome = DOVEADM_NO_USER;
}

static int
parse_answer(struct json_object *answer, struct doveadm_answer *a,
             struct errbuf *err)
{
    struct json_object *kind, *content, *tag;
    unsigned long long n;

    *a = (struct doveadm_answer){0};
    if (!json_object_is_type(answer, json_type_array) ||
        json_object_array_length(answer) != 3)
        return err_set(err, "an answer is no array of three");
    kind = json_object_array_get_idx(answer, 0);
    content = json_object_array_get_idx(answer, 1);
    tag = json_object_array_get_idx(answer, 2);
    if (!json_object_is_type(kind, json_type_string) ||
        !json_object_is_type(tag, json_type_string) ||
        text_parse_u64(json_object_get_string(tag), SIZE_MAX, &n) < 0)
        return err_set(err, "an answer has no kind or no tag of ours");
    a->tag = (size_t)n;
    if (strcmp(json_object_get_string(kind), "doveadmResponse") == 0 &&
        json_object_is_type(content, json_type_array))
        parse_rows(content, a);
    else
        parse_error(content, a);
    return 0;
}

static int
parse_answers(struct json_object *answers, doveadm_answer_fn *take, void *arg,
              struct errbuf *err)
{
    struct doveadm_answer a;

    if (!json_object_is_type(answers, json_type_array))
        return err_set(err, "it is no array");
    for (size_t i = 0; i < json_object_array_length(answers); i++) {
        if (parse_answer(json_object_array_get_idx(answers, i), &a, err) < 0)
            return -1;
        take(&a, arg);
    }
    return 0;
}

int
doveadm_reply_parse(const char *body, size_t len, doveadm_answer_fn *take,
                    void *arg, struct errbuf *err)
{
    struct json_tokener *t = json_tokener_new_ex(DEPTH);
    struct json_object *answers;
    enum json_tokener_error why;
    int rc;

    if (t == NULL)
        log_fatal("out of memory reading JSON");
    if (len > INT32_MAX) {
        json_tokener_free(t);
        return err_set(err, "it is too long");
    }
    json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    answers = json_tokener_parse_ex(t, body, (int)len);
    why = json_tokener_get_error(t);
    if (why == json_tokener_success)
        rc = parse_answers(answers, take, arg, err);
    else if (why == json_tokener_continue)
        rc = err_set(err, "it is cut off");
    else
        rc = err_set(err, "%s", json_tokener_error_desc(why));
    json_object_put(answers);
    json_tokener_free(t);
    return rc;
}
