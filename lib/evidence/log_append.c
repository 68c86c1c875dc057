/* Appending entries, and making them durable. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/array.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/evidence/log_state.h"

int lm_log_note_digest(struct lm_log *log, uint64_t n, const uint8_t digest[LM_LOG_DIGEST_SIZE],
                       struct lm_error *error) {
    uint32_t number;
    size_t before = log->digests.count;
    if (lm_names_add(&log->digests, digest, LM_LOG_DIGEST_SIZE, &number, error) < 0)
        return -1;
    if (log->digests.count == before)
        return 0;
    void *entries = lm_array_room(log->first_entries, &log->first_room, number,
                                  sizeof *log->first_entries, error);
    if (!entries)
        return -1;
    log->first_entries = entries;
    log->first_entries[number] = n;
    return 0;
}

void lm_log_write_index(struct lm_log *log) {
    if (!log->index_failed && lm_log_index_write(&log->index, &log->index_error) < 0)
        log->index_failed = true;
}

/* A file's name is durable when its folder is: once, before the first entry is told of. */
int lm_log_write_durably(const struct lm_log *log, uint64_t offset, const char *bytes, size_t size,
                         struct lm_error *error) {
    if (lm_file_write_at(log->fd, bytes, size, (off_t)offset) < 0 ||
        (log->durable == 0 && fsync(log->folder) != 0 && errno != EINVAL) ||
        fdatasync(log->fd) != 0)
        return lm_fail_errno(error, LM_IO, log->path);
    return 0;
}

int lm_log_find(struct lm_log *log, const char *record, size_t size, uint64_t *n,
                struct lm_error *error) {
    uint8_t digest[LM_LOG_DIGEST_SIZE];
    uint32_t number;
    const char *line;
    size_t line_size;
    lm_log_digest(record, size, digest);
    if (!lm_names_find(&log->digests, digest, sizeof digest, &number))
        return 0;
    *n = log->first_entries[number];
    if (lm_log_line_of(log, *n, &line, &line_size, error) < 0)
        return -1;
    const char *there;
    size_t there_size;
    return lm_log_record_of(line, line_size, &there, &there_size) && there_size == size &&
           memcmp(there, record, size) == 0;
}

int lm_log_add(struct lm_log *log, int64_t at_s, const char *record, size_t size, uint64_t *n,
               uint8_t leaf[LM_HASH_SIZE], struct lm_error *error) {
    uint8_t digest[LM_LOG_DIGEST_SIZE];
    size_t before = log->lines.size;
    *n = log->index.leaves;
    void *ends = lm_array_room(log->ends, &log->end_room, log->end_count, sizeof *log->ends, error);
    if (!ends)
        return -1;
    log->ends = ends;
    lm_log_format(*n, at_s, record, size, &log->lines);
    if (!lm_buffer_ok(&log->lines))
        return lm_fail_memory(error);
    size_t line_size = log->lines.size - before;
    if (size > LM_RECORD_SIZE_MAX || line_size > LM_ENTRY_SIZE_MAX) {
        log->lines.size = before;
        return lm_fail(error, LM_TOO_LONG, "record of %zu bytes is longer than %d", size,
                       LM_RECORD_SIZE_MAX);
    }
    lm_log_digest(record, size, digest);
    lm_merkle_leaf(log->lines.data + before, line_size, leaf);
    lm_buffer_byte(&log->lines, '\n');
    log->ends[log->end_count++] = log->lines.size;
    if (!lm_buffer_ok(&log->lines))
        return lm_fail_memory(error);
    lm_log_index_add(&log->index, log->index.end + line_size + 1, digest, leaf);
    log->last_at_s = at_s;
    return lm_log_note_digest(log, *n, digest, error);
}

size_t lm_log_waiting(const struct lm_log *log) {
    return log->lines.size;
}

int lm_log_commit(struct lm_log *log, struct lm_error *error) {
    if (log->lines.size == 0)
        return 0;
    if (lm_log_write_durably(log, log->durable, log->lines.data, log->lines.size, error) < 0) {
        /* Nobody may build on what may not be there tomorrow. Should even this fail, the entries
         * have no rows, and whoever comes next writes them again. */
        if (ftruncate(log->fd, (off_t)log->durable) != 0)
            lm_hint(error, "the log could not be cut back either");
        return -1;
    }
    log->durable += log->lines.size;
    log->committed = log->index.leaves;
    log->end_count = 0;
    lm_buffer_reset(&log->lines);
    lm_log_write_index(log);
    return 0;
}
