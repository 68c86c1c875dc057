#include "lib/evidence/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/limits.h"
#include "lib/crypto/checkpoint.h"
#include "lib/record/canonical.h"

struct lm_log_reader {
    struct lm_lines *lines;
    struct lm_merkle tree;
    int64_t last_at_s; /* of the latest entry so far; LM_ABSENT before the first */
    struct lm_buffer scratch;
    struct lm_record record; /* what was handed out last */
};

struct lm_log_reader *lm_log_reader_new(int fd, const struct lm_merkle *tree,
                                        struct lm_error *error) {
    struct lm_log_reader *reader = calloc(1, sizeof *reader);
    if (reader)
        reader->lines = lm_lines_new(fd, LM_ENTRY_SIZE_MAX);
    if (!reader || !reader->lines) {
        free(reader);
        (void)close(fd);
        lm_fail_memory(error);
        return NULL;
    }
    reader->last_at_s = LM_ABSENT;
    if (tree)
        reader->tree = *tree;
    return reader;
}

/* A keeper holds the lock from writing until what it wrote is durable. */
static bool durable_size(int fd, uint64_t *size) {
    struct stat status;
    int got;
    do
        got = flock(fd, LOCK_SH);
    while (got != 0 && errno == EINTR);
    bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    *size = regular ? (uint64_t)status.st_size : 0;
    if (got == 0)
        (void)flock(fd, LOCK_UN);
    return regular;
}

struct lm_log_reader *lm_log_reader_open(const char *path, struct lm_error *error) {
    struct stat status;
    uint64_t size;
    bool input = strcmp(path, "-") == 0;
    int fd = input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        lm_fail_errno(error, LM_NO_INPUT, path);
        return NULL;
    }
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        (void)close(fd);
        lm_fail(error, LM_NO_INPUT, "%.100s: is a directory", path);
        return NULL;
    }
    struct lm_log_reader *reader = lm_log_reader_new(fd, NULL, error);
    if (reader && !input && durable_size(fd, &size))
        lm_lines_limit(reader->lines, size);
    return reader;
}

void lm_log_reader_free(struct lm_log_reader *reader) {
    if (!reader)
        return;
    lm_lines_free(reader->lines);
    lm_record_free(&reader->record);
    lm_buffer_free(&reader->scratch);
    free(reader);
}

/* ---- lines ---- */

static int parse(const char *text, size_t size, struct lm_record *record, struct lm_buffer *scratch,
                 struct lm_error *error) {
    if (lm_record_parse(text, size, record, error) < 0)
        return -1;
    if (!record->wrapped) {
        lm_record_free(record);
        return lm_fail(error, LM_UNEXPECTED_TYPE, "a line of a log that is no entry");
    }
    lm_buffer_reset(scratch);
    lm_canonical(record->line, NULL, scratch);
    if (!lm_buffer_ok(scratch)) {
        lm_record_free(record);
        return lm_fail_memory(error);
    }
    if (scratch->size != size || memcmp(scratch->data, text, size) != 0)
        return lm_fail(error, LM_NOT_CANONICAL, "the entry is not in canonical form");
    return 0;
}

int lm_log_parse(const char *text, size_t size, struct lm_record *record, struct lm_error *error) {
    struct lm_buffer scratch = {0};
    int result = parse(text, size, record, &scratch, error);
    lm_buffer_free(&scratch);
    return result;
}

#define AT_HEAD     "{\"at\":\""
#define AT_SIZE     20 /* of 2016-04-01T11:40:00Z */
#define N_HEAD      "\",\"n\":"
#define RECORD_HEAD ",\"record\":"
#define ENTRY_TAIL  ",\"type\":\"entry\",\"v\":1}"

void lm_log_format(uint64_t n, int64_t at_s, const char *record, size_t size,
                   struct lm_buffer *out) {
    char at[LM_TIME_SIZE];
    lm_instant_format(at_s, at);
    lm_buffer_format(out, AT_HEAD "%s" N_HEAD "%llu" RECORD_HEAD, at, (unsigned long long)n);
    lm_buffer_bytes(out, record, size);
    lm_buffer_text(out, ENTRY_TAIL);
}

static bool starts_with(const char *line, size_t size, size_t *offset, const char *head) {
    size_t length = strlen(head);
    if (size - *offset < length || memcmp(line + *offset, head, length) != 0)
        return false;
    *offset += length;
    return true;
}

/* Reads up to where the record begins. */
static bool read_head(const char *line, size_t size, size_t *offset, uint64_t *n, int64_t *at_s) {
    *offset = 0;
    if (!starts_with(line, size, offset, AT_HEAD) || size - *offset < AT_SIZE ||
        !lm_instant_parse(line + *offset, AT_SIZE, at_s))
        return false;
    *offset += AT_SIZE;
    if (!starts_with(line, size, offset, N_HEAD))
        return false;
    size_t digits = *offset;
    while (digits < size && line[digits] >= '0' && line[digits] <= '9')
        digits++;
    bool number = lm_tree_size_parse(line + *offset, digits - *offset, n);
    *offset = digits;
    return number && starts_with(line, size, offset, RECORD_HEAD);
}

bool lm_log_place_of(const char *line, size_t size, uint64_t *n, int64_t *at_s) {
    size_t offset;
    return read_head(line, size, &offset, n, at_s);
}

bool lm_log_record_of(const char *line, size_t size, const char **record, size_t *record_size) {
    size_t offset;
    uint64_t n;
    int64_t at_s;
    size_t tail = strlen(ENTRY_TAIL);
    if (!read_head(line, size, &offset, &n, &at_s) || size - offset < tail ||
        memcmp(line + size - tail, ENTRY_TAIL, tail) != 0)
        return false;
    *record = line + offset;
    *record_size = size - offset - tail;
    return true;
}

/* What depends on the lines before it. */
static int check_order(struct lm_log_reader *reader, const struct lm_log_entry *entry,
                       struct lm_error *error) {
    const struct lm_record *record = &entry->record;
    int64_t before_s = reader->last_at_s;
    if (before_s == LM_ABSENT || record->entry_at_s > before_s)
        reader->last_at_s = record->entry_at_s;
    if ((uint64_t)record->entry_n != entry->n)
        return lm_fail(error, LM_ENTRY_NUMBER, "entry %lld stands in the place of entry %llu",
                       (long long)record->entry_n, (unsigned long long)entry->n);
    if (before_s != LM_ABSENT && record->entry_at_s < before_s)
        return lm_fail(error, LM_BACKWARDS, "entry %llu is earlier than one before it",
                       (unsigned long long)entry->n);
    return 0;
}

enum lm_lines_result lm_log_read(struct lm_log_reader *reader, struct lm_log_entry *entry,
                                 struct lm_error *error) {
    lm_record_free(&reader->record);
    *entry = (struct lm_log_entry){0};
    enum lm_lines_result result = lm_lines_next(reader->lines, true, &entry->line, error);
    if (result == LM_LINES_END || result == LM_LINES_FAIL)
        return result;
    entry->n = reader->tree.leaves;
    if (result == LM_LINES_BAD && error->reason == LM_TRUNCATED)
        return result;
    lm_merkle_leaf(entry->line.data, entry->line.size, entry->leaf);
    lm_merkle_add(&reader->tree, entry->leaf);
    if (result == LM_LINES_BAD)
        return result;
    int parsed =
        parse(entry->line.data, entry->line.size, &reader->record, &reader->scratch, error);
    if (parsed < 0 && lm_reason_exit(error->reason) != LM_EXIT_REJECT)
        return LM_LINES_FAIL;
    entry->record = reader->record;
    if (parsed < 0 && error->reason != LM_NOT_CANONICAL)
        return LM_LINES_BAD;
    struct lm_error order;
    if (check_order(reader, entry, &order) < 0) {
        *error = order;
        return LM_LINES_BAD;
    }
    return parsed < 0 ? LM_LINES_BAD : LM_LINES_LINE;
}
