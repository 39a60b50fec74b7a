/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/random_text.h"

#include <sys/random.h>

#include "util/log.h"

void
random_bytes(void *out, size_t n)
{
    /* Up to 256 bytes come whole, whatever signals do. */
    if (getrandom(out, n, 0) != (ssize_t)n)
        log_fatal("no random bytes from the system");
}

void
random_text(char *out, size_t n)
{
    static const char chars[62 + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char bytes[64];
    size_t done = 0;

    while (done < n) {
        random_bytes(bytes, sizeof bytes);
        /* Bytes that would make some characters likelier are left out. */
        for (size_t i = 0; i < sizeof bytes && done < n; i++)
            if (bytes[i] < 256 / 62 * 62)
                out[done++] = chars[bytes[i] % 62];
    }
    out[n] = '\0';
}
