/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/source.h"

const char *
quota_source_name(enum quota_source source)
{
    switch (source) {
    case QUOTA_SOURCE_ADMIN:
        return "admin";
    case QUOTA_SOURCE_DICT:
        return "dict";
    case QUOTA_SOURCE_MAILDIR:
        return "maildir";
    case QUOTA_SOURCE_DOVEADM:
        return "doveadm";
    case QUOTA_SOURCE_WARNING:
        return "warning";
    }
    return "";
}

void
quota_sink_progress(const struct quota_sink *sink, enum quota_progress what,
                    unsigned n)
{
    if (sink->progress != NULL)
        sink->progress(sink->arg, what, n);
}
