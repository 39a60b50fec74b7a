/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/proto/frame.h"

#include <string.h>

size_t
frame_next(const char *data, size_t len, size_t scanned, const char **msg_r,
           size_t *len_r)
{
    size_t start = 0, from;
    const char *end;

    *msg_r = NULL;
    *len_r = 0;
    if (scanned == 0)
        while (start < len && data[start] == '\0')
            start++;
    from = scanned > start ? scanned : start;
    if (from >= len)
        return start;
    end = memchr(data + from, '\0', len - from);
    if (end == NULL)
        return start;
    *msg_r = data + start;
    *len_r = (size_t)(end - *msg_r);
    return start + *len_r + 1;
}

size_t
frame_next_line(const char *data, size_t len, size_t scanned,
                const char **msg_r, size_t *len_r)
{
    const char *end = NULL;
    size_t n;

    *msg_r = NULL;
    *len_r = 0;
    if (scanned < len)
        end = memchr(data + scanned, '\n', len - scanned);
    if (end == NULL)
        return 0;
    n = (size_t)(end - data);
    *msg_r = data;
    *len_r = n > 0 && data[n - 1] == '\r' ? n - 1 : n;
    return n + 1;
}
