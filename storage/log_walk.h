/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_LOG_WALK_H
#define STORAGE_LOG_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the write-ahead log without the database, which takes the first bad
 * record for the end and cannot look behind it.  Private to storage/. */

/* A place in the log: a file, and a byte in it.  Ordered. */
struct log_pos {
    uint32_t file, offset;
};

/* Below, equal to, or above 0, like memcmp. */
int log_pos_compare(struct log_pos a, struct log_pos b);
/* The later of the two. */
struct log_pos log_pos_later(struct log_pos a, struct log_pos b);

/* One file of the log, as read. */
struct log_view {
    uint32_t file; /* its number */
    const uint8_t *data;
    size_t size;
};

#define LOG_UID_BYTES 20 /* what a store is known by: its meta.db's own id */

/* Which pages at the end of a table were given back to the file system, of
 * late: since the last checkpoint, and in the two times between checkpoints
 * before it.  That happens at once, whatever becomes of the transaction. */
#define LOG_TABLES_MOST 64
#define LOG_TIMES       3
struct log_cut {
    uint8_t uid[LOG_UID_BYTES];
    int32_t id;               /* by which records name the table */
    uint32_t from[LOG_TIMES]; /* the first of them; UINT32_MAX: none */
};

/* What the log says.  Of a log without files all is 0. */
struct log_walk {
    const uint8_t *uid;   /* of the store; NULL: marks of any are taken */
    unsigned files;       /* how many there are, without a gap to the newest */
    struct log_pos first; /* the first record read */
    struct log_pos end;   /* behind the last record of those that follow each
                             other without a fault */
    uint32_t last;        /* offset of that record */
    bool stopped;         /* what is behind `end` does not follow */
    uint32_t newest;      /* number of the last file */
    /* From where recovery reads: said by the last checkpoint before `end`. */
    struct log_pos recover;
    bool has_checkpoint;
    /* The newest place before which everything was on the disk, as said by any
     * whole mark, also behind `end`. */
    struct log_pos proven;
    uint32_t marked;  /* the newest file with a mark; 0: there is none */
    uint32_t foreign; /* the same with a mark of another store */
    struct log_cut cut[LOG_TABLES_MOST];
    unsigned n_cuts;
    struct log_cut cut_unknown; /* of a table whose name is not in the log */
};

/* Starts a walk.  uid is borrowed for the whole walk; NULL accepts the marks of
 * any store. */
void log_walk_start(struct log_walk *w, const uint8_t *uid);
/* Walks the next file.  The numbers of files must follow each other.  The time
 * is linear in the bytes. */
void log_walk_file(struct log_walk *w, const struct log_view *f);

/* The first page of the table that was freed and need not exist any more;
 * UINT32_MAX if none was freed. */
uint32_t log_walk_cut(const struct log_walk *w,
                      const uint8_t uid[LOG_UID_BYTES]);

/* The size of a mark, with its final 0.  Each batch puts one into the log, as a
 * record that recovery ignores. */
#define LOG_MARK_BYTES 96
/* Writes the text of a mark that says that the log is on disk up to
 * `durable`. */
void log_mark_text(char text[LOG_MARK_BYTES], const uint8_t uid[LOG_UID_BYTES],
                   struct log_pos durable);

/* The size of a file of the log that has no record but its header. */
#define LOG_HEAD_BYTES 28
/* Writes such a file, which follows one whose last record is at `last`. */
void log_head(uint8_t out[LOG_HEAD_BYTES], uint32_t last, uint32_t log_size);

/* The hash that the database uses for records and pages, of `data`, following
 * bytes whose hash is `before`. */
uint32_t log_hash(uint32_t before, const uint8_t *data, size_t n);

#endif
