/* Taking in what the index lacks: what others have appended, and what a crash left behind. */
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/evidence/log_state.h"

/* The entries behind those that are indexed, one of them after the other. */
static int index_entry(struct lm_log *log, const struct lm_log_entry *entry,
                       struct lm_error *error) {
    uint8_t digest[LM_LOG_DIGEST_SIZE];
    const char *record;
    size_t size;
    if (!lm_log_record_of(entry->line.data, entry->line.size, &record, &size))
        return lm_fail(error, LM_DEFECT, "a canonical entry that is not put together like one");
    lm_log_digest(record, size, digest);
    lm_log_index_add(&log->index, log->index.end + entry->line.size + 1, digest, entry->leaf);
    log->last_at_s = entry->record.entry_at_s;
    return lm_log_note_digest(log, entry->n, digest, error);
}

static int damaged(const struct lm_log *log, uint64_t n, struct lm_error *error) {
    lm_fail(error, LM_IO, "%.100s: is damaged at line %llu, and not as a crash does it", log->path,
            (unsigned long long)(n + 1));
    return lm_hint(error, "the entries before it end at byte %llu",
                   (unsigned long long)log->index.end);
}

int lm_log_read_tail(struct lm_log *log, uint64_t log_size, uint64_t *cut, struct lm_error *error) {
    struct lm_log_entry entry;
    struct lm_error why;
    enum lm_lines_result result;
    bool torn = false;
    int status = 0;
    int fd = lm_file_again_at(log->fd, (off_t)log->index.end);
    if (fd < 0)
        return lm_fail_errno(error, LM_IO, log->path);
    struct lm_log_reader *reader = lm_log_reader_new(fd, &log->index.tree, error);
    if (!reader)
        return -1;
    while (status == 0 && (result = lm_log_read(reader, &entry, &why)) != LM_LINES_END) {
        bool later = log->last_at_s == LM_ABSENT || !entry.record.json ||
                     entry.record.entry_at_s >= log->last_at_s;
        if (result == LM_LINES_FAIL) {
            *error = why;
            status = -1;
        } else if (result == LM_LINES_LINE && !torn && later) {
            status = index_entry(log, &entry, error);
        } else if (result == LM_LINES_BAD && (why.reason == LM_TRUNCATED || why.reason == LM_NUL)) {
            torn = true;
        } else {
            status = damaged(log, log->index.leaves, error);
        }
    }
    lm_log_reader_free(reader);
    *cut = log_size - log->index.end;
    if (status == 0 && *cut > 0 && !torn)
        return lm_fail(error, LM_IO, "%.100s: is shorter than it was", log->path);
    return status;
}

/* Entries without a row are in doubt: they may be in the page cache alone, after an fsync that
 * failed. They are written once more, as far back as one commit goes. */
static int rewrite(struct lm_log *log, uint64_t from, struct lm_error *error) {
    uint64_t end = log->index.end;
    if (end - from > LM_LOG_BATCH_MAX + LM_ENTRY_SIZE_MAX + 1)
        from = end - (LM_LOG_BATCH_MAX + LM_ENTRY_SIZE_MAX + 1);
    if (lm_log_read_bytes(log, from, (size_t)(end - from), error) < 0)
        return -1;
    return lm_log_write_durably(log, from, log->scratch.data, log->scratch.size, error);
}

/* The last entry that is indexed must be the log's, or the index is another's. */
static int check_index(struct lm_log *log, bool *right, struct lm_error *error) {
    struct lm_log_row row;
    struct lm_record record;
    *right = true;
    if (log->index.leaves == 0)
        return 0;
    int result = lm_log_read_line(log, log->index.leaves - 1, &row, error);
    if (result == 0)
        result = lm_log_parse(log->scratch.data, log->scratch.size, &record, error);
    if (result == 0) {
        *right = (uint64_t)record.entry_n == log->index.leaves - 1;
        log->last_at_s = record.entry_at_s;
        lm_record_free(&record);
    } else if (error->reason != LM_IO && error->reason != LM_MEMORY) {
        *right = false;
        result = 0;
    }
    return result;
}

static int note_row(void *context, uint64_t n, const struct lm_log_row *row,
                    struct lm_error *error) {
    return lm_log_note_digest(context, n, row->digest, error);
}

int lm_log_catch_up(struct lm_log *log, struct lm_log_repair *repair, struct lm_error *error) {
    struct stat status;
    bool right;
    if (fstat(log->fd, &status) != 0)
        return lm_fail_errno(error, LM_IO, log->path);
    uint64_t size = (uint64_t)status.st_size;
    uint64_t known = log->index.leaves;
    /* Once the index could not be written, what is in memory is ahead of it. */
    if (!log->index_failed && lm_log_index_load(&log->index, size, note_row, log, error) < 0)
        return -1;
    if (!log->checked || log->index.leaves != known) {
        if (check_index(log, &right, error) < 0)
            return -1;
        repair->index_renewed = !right;
        log->last_at_s = right ? log->last_at_s : LM_ABSENT;
        if (!right && lm_log_index_clear(&log->index, error) < 0)
            return -1;
        log->checked = true;
    }
    if (size < log->index.end)
        return lm_fail(error, LM_IO, "%.100s: is shorter than it was", log->path);
    uint64_t before = log->index.leaves;
    uint64_t from = log->index.end;
    log->durable = from;
    if (size > from && lm_log_read_tail(log, size, &repair->cut, error) < 0)
        return -1;
    if (repair->cut > 0 && log->index.leaves < log->promised) {
        lm_fail(error, LM_IO, "%.100s: is torn at line %llu, and its last checkpoint is over %llu",
                log->path, (unsigned long long)(log->index.leaves + 1),
                (unsigned long long)log->promised);
        return lm_hint(error, "what was promised is not there: restore the log from a copy");
    }
    if (repair->cut > 0 && ftruncate(log->fd, (off_t)log->index.end) != 0)
        return lm_fail_errno(error, LM_IO, log->path);
    if ((log->index.end > from || repair->cut > 0) && rewrite(log, from, error) < 0)
        return -1;
    repair->indexed = log->index.leaves - before;
    lm_log_write_index(log);
    log->durable = log->index.end;
    log->committed = log->index.leaves;
    return 0;
}
