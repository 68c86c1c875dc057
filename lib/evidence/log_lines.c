/* The lines of a log's entries, by their numbers. */
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/evidence/log_state.h"

int lm_log_read_bytes(struct lm_log *log, uint64_t offset, size_t size, struct lm_error *error) {
    size_t got;
    lm_buffer_reset(&log->scratch);
    char *bytes = lm_buffer_reserve(&log->scratch, size);
    if (!bytes)
        return lm_fail_memory(error);
    if (lm_file_read_at(log->fd, bytes, size, (off_t)offset, &got) < 0)
        return lm_fail_errno(error, LM_IO, log->path);
    if (got < size)
        return lm_fail(error, LM_IO, "%.100s: is shorter than it was", log->path);
    log->scratch.size = size;
    return 0;
}

int lm_log_read_line(struct lm_log *log, uint64_t n, struct lm_log_row *row,
                     struct lm_error *error) {
    uint64_t start = 0;
    size_t size = 0;
    uint8_t leaf[LM_HASH_SIZE];
    if (lm_log_index_line(&log->index, n, row, &start, &size, error) < 0 ||
        lm_log_read_bytes(log, start, size + 1, error) < 0)
        return -1;
    log->scratch.size = size;
    lm_merkle_leaf(log->scratch.data, size, leaf);
    if (log->scratch.data[size] == '\n' && memcmp(leaf, row->leaf, sizeof leaf) == 0)
        return 0;
    return lm_fail(error, LM_MISSING_RECORD, "the log's index is wrong about entry %llu",
                   (unsigned long long)n);
}

int lm_log_line_of(struct lm_log *log, uint64_t n, const char **line, size_t *size,
                   struct lm_error *error) {
    struct lm_log_row row;
    if (n >= log->committed) {
        size_t place = (size_t)(n - log->committed);
        uint64_t start = place > 0 ? log->ends[place - 1] : 0;
        *line = log->lines.data + start;
        *size = (size_t)(log->ends[place] - start) - 1;
        return 0;
    }
    if (lm_log_read_line(log, n, &row, error) < 0)
        return -1;
    *line = log->scratch.data;
    *size = log->scratch.size;
    return 0;
}

int lm_log_entry(struct lm_log *log, uint64_t n, int64_t *at_s, uint8_t leaf[LM_HASH_SIZE],
                 struct lm_error *error) {
    const char *line;
    size_t size;
    struct lm_record record;
    if (lm_log_line_of(log, n, &line, &size, error) < 0 ||
        lm_log_parse(line, size, &record, error) < 0)
        return -1;
    *at_s = record.entry_at_s;
    lm_merkle_leaf(line, size, leaf);
    lm_record_free(&record);
    return 0;
}
