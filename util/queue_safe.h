/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_QUEUE_SAFE_H
#define UTIL_QUEUE_SAFE_H

/* glibc's <sys/queue.h> lacks the loops that allow removing the element. */
#include <sys/queue.h>

#ifndef TAILQ_FOREACH_SAFE
#define TAILQ_FOREACH_SAFE(var, head, field, tvar)              \
    for ((var) = TAILQ_FIRST(head);                             \
         (var) != NULL && ((tvar) = TAILQ_NEXT(var, field), 1); \
         (var) = (tvar))
#endif

#ifndef LIST_FOREACH_SAFE
#define LIST_FOREACH_SAFE(var, head, field, tvar) \
    for ((var) = LIST_FIRST(head);                \
         (var) != NULL && ((tvar) = LIST_NEXT(var, field), 1); (var) = (tvar))
#endif

#ifndef STAILQ_FOREACH_SAFE
#define STAILQ_FOREACH_SAFE(var, head, field, tvar)              \
    for ((var) = STAILQ_FIRST(head);                             \
         (var) != NULL && ((tvar) = STAILQ_NEXT(var, field), 1); \
         (var) = (tvar))
#endif

#endif
