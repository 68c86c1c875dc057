/*
 * What a log in its keeper's hands is made of. Private to lib/evidence/log*.c: others use
 * lib/evidence/log.h.
 */
#ifndef LM_EVIDENCE_LOG_STATE_H
#define LM_EVIDENCE_LOG_STATE_H

#include "lib/base/buffer.h"
#include "lib/evidence/log.h"

struct lm_log {
    char *path;
    int fd;
    int folder; /* its folder, so that the names in it can be made durable */
    struct lm_log_index index;
    bool index_failed;
    struct lm_error index_error;
    uint64_t promised; /* entries of the last checkpoint */
    bool checked;      /* the index was compared with the log once */
    uint64_t durable;  /* bytes of the log that are */
    int64_t last_at_s;
    /* Records by their digests: the number of a name leads to the first entry that has it. */
    struct lm_names digests;
    uint64_t *first_entries;
    size_t first_room;
    /* What waits for its commit: lines, and where each of them ends. */
    struct lm_buffer lines;
    uint64_t committed; /* entries */
    uint64_t *ends;
    size_t end_room;
    size_t end_count;
    struct lm_buffer scratch;
};

/* ---- log_lines.c ---- */

/* Reads SIZE bytes of the file, which has them, into scratch. LM_IO. */
int lm_log_read_bytes(struct lm_log *log, uint64_t offset, size_t size,
                      struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Reads the line of a committed entry into scratch, and checks that it is the one that the index
 * has. LM_MISSING_RECORD where it is not. */
int lm_log_read_line(struct lm_log *log, uint64_t n, struct lm_log_row *row,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The line of an entry, committed or waiting; committed ones lie in scratch. */
int lm_log_line_of(struct lm_log *log, uint64_t n, const char **line, size_t *size,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* ---- log_append.c ---- */

/* Entry N has a record with this digest. */
int lm_log_note_digest(struct lm_log *log, uint64_t n, const uint8_t digest[LM_LOG_DIGEST_SIZE],
                       struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Writes bytes of entries into the file and makes them durable. LM_IO. */
int lm_log_write_durably(const struct lm_log *log, uint64_t offset, const char *bytes, size_t size,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Writes the rows of entries that are durable. What is wrong with the index waits. */
void lm_log_write_index(struct lm_log *log) LM_NONNULL;

/* ---- log_repair.c ---- */

/* Takes in the entries behind those that are known, and puts right what a crash left. */
int lm_log_catch_up(struct lm_log *log, struct lm_log_repair *repair,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/*
 * Reads what is behind the entries that are indexed. What a crash leaves at the end, a line without
 * line feed or bytes that never got written, is no entry and is to be cut: *cut is set to its size.
 * Anything else that is no entry is damage (LM_IO).
 */
int lm_log_read_tail(struct lm_log *log, uint64_t log_size, uint64_t *cut,
                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
