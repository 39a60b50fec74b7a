/* SPDX-License-Identifier: BSD-2-Clause */
/* The wrapper of json-c in this room. */
#include "config.h"

#include "notify/notice_json.h"

#include <string.h>

#include <json-c/json.h>

#include "util/log.h"

#define DEPTH 16

void
notice_json_escape(struct buf *out, const char *text, size_t len)
{
    struct json_object *o = json_object_new_string_len(text, (int)len);
    const char *quoted;

    if (o == NULL)
        log_fatal("out of memory making JSON");
    quoted = json_object_to_json_string_ext(
        o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    buf_append(out, quoted + 1, strlen(quoted) - 2);
    json_object_put(o);
}

bool
notice_json_is_valid(const char *text, size_t len)
{
    struct json_tokener *t = json_tokener_new_ex(DEPTH);
    struct json_object *o;
    bool valid;

    if (t == NULL)
        log_fatal("out of memory reading JSON");
    json_tokener_set_flags(t, JSON_TOKENER_STRICT);
    /* With the 0 behind it: a number ends nowhere else. */
    o = json_tokener_parse_ex(t, text, (int)len + 1);
    valid = json_tokener_get_error(t) == json_tokener_success;
    json_object_put(o);
    json_tokener_free(t);
    return valid;
}
