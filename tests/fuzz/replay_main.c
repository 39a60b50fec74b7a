/* SPDX-License-Identifier: BSD-2-Clause */
/* Stands for libFuzzer where a fuzz target is built without it: gives the
 * target every file in the directories named on the command line, whole, and
 * small ones also cut at each byte.  Without arguments the directory is the
 * target's own corpus, found as `make check` leaves us: in
 * $srcdir/tests/fuzz/corpus, named like the program without "fuzz_". */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define CUT_BYTES 1024 /* up to this size an input is cut at each byte */

/* A copy of exactly that size, so that a sanitizer sees reading past it. */
static void
run(const char *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    if (copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static int
replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    char *data;
    size_t len;

    if (f == NULL || fstat(fileno(f), &st) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        if (f != NULL)
            fclose(f);
        return -1;
    }
    data = malloc((size_t)st.st_size + 1);
    if (data == NULL)
        abort();
    len = fread(data, 1, (size_t)st.st_size, f);
    fclose(f);
    for (size_t cut = 0; len <= CUT_BYTES && cut < len; cut++)
        run(data, cut);
    run(data, len);
    free(data);
    return 0;
}

/* The number of files, or -1. */
static int
replay_dir(const char *path)
{
    struct dirent **entries;
    char file[4096];
    int n = scandir(path, &entries, NULL, alphasort), count = 0;

    if (n < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    for (int i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && count >= 0)
            count = replay_file(file) == 0 ? count + 1 : -1;
        free(entries[i]);
    }
    free(entries);
    if (count == 0)
        fprintf(stderr, "%s: no inputs\n", path);
    return count > 0 ? count : -1;
}

static const char *
default_dir(void)
{
    static char path[4096];
    const char *srcdir = getenv("srcdir");
    const char *name = strstr(program_invocation_short_name, "fuzz_");

    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s",
             srcdir != NULL ? srcdir : ".",
             name != NULL ? name + strlen("fuzz_") : "");
    return path;
}

int
main(int argc, char **argv)
{
    int total = 0, n;

    for (int i = argc > 1 ? 1 : 0; i < argc; i++) {
        n = replay_dir(argc > 1 ? argv[i] : default_dir());
        if (n < 0)
            return EXIT_FAILURE;
        total += n;
    }
    printf("%s: %d inputs\n", program_invocation_short_name, total);
    return EXIT_SUCCESS;
}
