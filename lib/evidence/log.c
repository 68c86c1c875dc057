#include "lib/evidence/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/array.h"
#include "lib/base/limits.h"

struct lm_log {
    char *path;
    int fd;
    int folder; /* its folder, so that the names in it can be made durable */
    struct lm_log_index index;
    bool index_failed;
    struct lm_error index_error;
    bool checked;     /* the index was compared with the log once */
    uint64_t durable; /* bytes of the log that are */
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

/* ---- opening ---- */

/* A path that there is no memory for cannot be opened either. */
static int fail_open(enum lm_reason reason, const char *path, struct lm_error *error) {
    return errno == ENOMEM ? lm_fail_memory(error) : lm_fail_errno(error, reason, path);
}

static int open_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    return fd;
}

static int open_index(const char *path) {
    char *name = NULL;
    int fd = -1;
    if (asprintf(&name, "%s.index", path) >= 0)
        fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    free(name);
    return fd;
}

static struct lm_log *open_with(const char *path, int flags, enum lm_reason missing,
                                struct lm_error *error) {
    struct stat status;
    struct lm_log *log = calloc(1, sizeof *log);
    if (!log || !(log->path = strdup(path))) {
        free(log);
        lm_fail_memory(error);
        return NULL;
    }
    lm_names_start(&log->digests);
    log->last_at_s = LM_ABSENT;
    log->folder = -1;
    int index = -1;
    log->fd = open(path, O_RDWR | O_CLOEXEC | flags, S_IRUSR | S_IWUSR);
    bool good = log->fd >= 0 && fstat(log->fd, &status) == 0;
    if (!good)
        fail_open(errno == ENOENT ? missing : LM_IO, path, error);
    else if (!S_ISREG(status.st_mode))
        good = lm_fail(error, LM_IO, "%.100s: is not a regular file", path) == 0;
    else if ((log->folder = open_folder(path)) < 0 || (index = open_index(path)) < 0)
        good = fail_open(LM_IO, path, error) == 0;
    lm_log_index_start(&log->index, index);
    if (good)
        return log;
    lm_log_free(log);
    return NULL;
}

struct lm_log *lm_log_open(const char *path, struct lm_error *error) {
    return open_with(path, O_CREAT, LM_IO, error);
}

struct lm_log *lm_log_open_existing(const char *path, struct lm_error *error) {
    return open_with(path, 0, LM_NO_INPUT, error);
}

static void close_if_open(int fd) {
    if (fd >= 0)
        (void)close(fd);
}

void lm_log_free(struct lm_log *log) {
    if (!log)
        return;
    close_if_open(log->fd);
    close_if_open(log->folder);
    close_if_open(log->index.fd);
    lm_log_index_free(&log->index);
    lm_names_free(&log->digests);
    lm_buffer_free(&log->lines);
    lm_buffer_free(&log->scratch);
    free(log->first_entries);
    free(log->ends);
    free(log->path);
    free(log);
}

/* ---- bytes of the file ---- */

static int read_at(struct lm_log *log, uint64_t offset, size_t size, struct lm_error *error) {
    lm_buffer_reset(&log->scratch);
    char *bytes = lm_buffer_reserve(&log->scratch, size);
    size_t done = 0;
    if (!bytes)
        return lm_fail_memory(error);
    while (done < size) {
        ssize_t got = pread(log->fd, bytes + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? lm_fail_errno(error, LM_IO, log->path)
                           : lm_fail(error, LM_IO, "%.100s: is shorter than it was", log->path);
        done += (size_t)got;
    }
    log->scratch.size = size;
    return 0;
}

static int write_at(const struct lm_log *log, uint64_t offset, const char *bytes, size_t size,
                    struct lm_error *error) {
    size_t done = 0;
    while (done < size) {
        ssize_t put = pwrite(log->fd, bytes + done, size - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return lm_fail_errno(error, LM_IO, log->path);
        done += (size_t)put;
    }
    return 0;
}

/* A file's name is durable when its folder is: once, before the first entry is told of. */
static int make_durable(const struct lm_log *log, struct lm_error *error) {
    if (log->durable == 0 && fsync(log->folder) != 0 && errno != EINVAL)
        return lm_fail_errno(error, LM_IO, log->path);
    return fdatasync(log->fd) == 0 ? 0 : lm_fail_errno(error, LM_IO, log->path);
}

/* ---- the index ---- */

static int note_digest(struct lm_log *log, uint64_t n, const uint8_t digest[LM_LOG_DIGEST_SIZE],
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

static int note_row(void *context, uint64_t n, const struct lm_log_row *row,
                    struct lm_error *error) {
    return note_digest(context, n, row->digest, error);
}

/* The log is durable before the index is written: what is wrong with the index then waits. */
static void write_index(struct lm_log *log) {
    if (!log->index_failed && lm_log_index_write(&log->index, &log->index_error) < 0)
        log->index_failed = true;
}

bool lm_log_index_failed(const struct lm_log *log, struct lm_error *why) {
    if (log->index_failed)
        *why = log->index_error;
    return log->index_failed;
}

/* Where entry N begins and how long its line is. */
static int find_line(const struct lm_log *log, uint64_t n, uint64_t *start, size_t *size,
                     struct lm_log_row *row, struct lm_error *error) {
    struct lm_log_row before = {0};
    if (lm_log_index_row(&log->index, n, row, error) < 0 ||
        (n > 0 && lm_log_index_row(&log->index, n - 1, &before, error) < 0))
        return -1;
    if (row->end <= before.end || row->end - before.end > LM_ENTRY_SIZE_MAX + 1)
        return lm_fail(error, LM_MISSING_RECORD, "the log's index is wrong about entry %llu",
                       (unsigned long long)n);
    *start = before.end;
    *size = (size_t)(row->end - before.end) - 1;
    return 0;
}

/* Reads the line of a committed entry into scratch, and checks that it is the one that the index
 * has. LM_MISSING_RECORD where it is not. */
static int read_line(struct lm_log *log, uint64_t n, struct lm_log_row *row,
                     struct lm_error *error) {
    uint64_t start = 0;
    size_t size = 0;
    uint8_t leaf[LM_HASH_SIZE];
    if (find_line(log, n, &start, &size, row, error) < 0 ||
        read_at(log, start, size + 1, error) < 0)
        return -1;
    log->scratch.size = size;
    lm_merkle_leaf(log->scratch.data, size, leaf);
    if (log->scratch.data[size] == '\n' && memcmp(leaf, row->leaf, sizeof leaf) == 0)
        return 0;
    return lm_fail(error, LM_MISSING_RECORD, "the log's index is wrong about entry %llu",
                   (unsigned long long)n);
}

/* ---- catching up ---- */

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
    return note_digest(log, entry->n, digest, error);
}

static int damaged(const struct lm_log *log, uint64_t n, struct lm_error *error) {
    lm_fail(error, LM_IO, "%.100s: is damaged at line %llu, and not as a crash does it", log->path,
            (unsigned long long)(n + 1));
    return lm_hint(error, "the entries before it end at byte %llu",
                   (unsigned long long)log->index.end);
}

/*
 * Reads what is behind the entries that are indexed. What a crash leaves at the end, a line without
 * line feed or bytes that never got written, is no entry and is cut: *cut is set to its size.
 * Anything else that is no entry is damage, and is not touched.
 */
static int read_tail(struct lm_log *log, uint64_t log_size, uint64_t *cut, struct lm_error *error) {
    struct lm_log_entry entry;
    struct lm_error why;
    enum lm_lines_result result;
    bool torn = false;
    int status = 0;
    int fd = fcntl(log->fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || lseek(fd, (off_t)log->index.end, SEEK_SET) < 0) {
        close_if_open(fd);
        return lm_fail_errno(error, LM_IO, log->path);
    }
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
    if (read_at(log, from, (size_t)(end - from), error) < 0 ||
        write_at(log, from, log->scratch.data, log->scratch.size, error) < 0)
        return -1;
    return make_durable(log, error);
}

/* The last entry that is indexed must be the log's, or the index is another's. */
static int check_index(struct lm_log *log, bool *right, struct lm_error *error) {
    struct lm_log_row row;
    struct lm_record record;
    *right = true;
    if (log->index.leaves == 0)
        return 0;
    int result = read_line(log, log->index.leaves - 1, &row, error);
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

static int catch_up(struct lm_log *log, struct lm_log_repair *repair, struct lm_error *error) {
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
    if (size > from && read_tail(log, size, &repair->cut, error) < 0)
        return -1;
    if (repair->cut > 0 && ftruncate(log->fd, (off_t)log->index.end) != 0)
        return lm_fail_errno(error, LM_IO, log->path);
    if ((log->index.end > from || repair->cut > 0) && rewrite(log, from, error) < 0)
        return -1;
    repair->indexed = log->index.leaves - before;
    write_index(log);
    log->durable = log->index.end;
    log->committed = log->index.leaves;
    return 0;
}

int lm_log_lock(struct lm_log *log, struct lm_log_repair *repair, struct lm_error *error) {
    *repair = (struct lm_log_repair){0};
    while (flock(log->fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return lm_fail_errno(error, LM_IO, log->path);
    }
    if (catch_up(log, repair, error) == 0)
        return 0;
    lm_log_unlock(log);
    return -1;
}

void lm_log_unlock(struct lm_log *log) {
    (void)flock(log->fd, LOCK_UN);
}

uint64_t lm_log_size(const struct lm_log *log) {
    return log->index.leaves;
}

int64_t lm_log_last_at(const struct lm_log *log) {
    return log->last_at_s;
}

/* ---- entries ---- */

/* The line of an entry, committed or waiting; committed ones lie in scratch. */
static int line_of(struct lm_log *log, uint64_t n, const char **line, size_t *size,
                   struct lm_error *error) {
    struct lm_log_row row;
    if (n >= log->committed) {
        size_t place = (size_t)(n - log->committed);
        uint64_t start = place > 0 ? log->ends[place - 1] : 0;
        *line = log->lines.data + start;
        *size = (size_t)(log->ends[place] - start) - 1;
        return 0;
    }
    if (read_line(log, n, &row, error) < 0)
        return -1;
    *line = log->scratch.data;
    *size = log->scratch.size;
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
    if (line_of(log, *n, &line, &line_size, error) < 0)
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
    return note_digest(log, *n, digest, error);
}

size_t lm_log_waiting(const struct lm_log *log) {
    return log->lines.size;
}

int lm_log_commit(struct lm_log *log, struct lm_error *error) {
    if (log->lines.size == 0)
        return 0;
    if (write_at(log, log->durable, log->lines.data, log->lines.size, error) < 0 ||
        make_durable(log, error) < 0) {
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
    write_index(log);
    return 0;
}

int lm_log_entry(struct lm_log *log, uint64_t n, int64_t *at_s, uint8_t leaf[LM_HASH_SIZE],
                 struct lm_error *error) {
    const char *line;
    size_t size;
    struct lm_record record;
    if (line_of(log, n, &line, &size, error) < 0 || lm_log_parse(line, size, &record, error) < 0)
        return -1;
    *at_s = record.entry_at_s;
    lm_merkle_leaf(line, size, leaf);
    lm_record_free(&record);
    return 0;
}

/* ---- the root ---- */

/* A line must be the entry of its place. One that is as the index has it was checked whole when it
 * was taken in; any other is now. */
static int check_line(const struct lm_log *log, uint64_t n, const struct lm_line *line,
                      const uint8_t leaf[LM_HASH_SIZE], int64_t *last_at_s,
                      struct lm_error *error) {
    struct lm_log_row row;
    struct lm_error ignored;
    struct lm_record record;
    uint64_t said_n;
    int64_t at_s;
    bool known = lm_log_index_row(&log->index, n, &row, &ignored) == 0 &&
                 memcmp(row.leaf, leaf, sizeof row.leaf) == 0 &&
                 lm_log_place_of(line->data, line->size, &said_n, &at_s);
    if (!known) {
        int result = lm_log_parse(line->data, line->size, &record, error);
        said_n = result == 0 ? (uint64_t)record.entry_n : 0;
        at_s = result == 0 ? record.entry_at_s : 0;
        lm_record_free(&record);
        if (result < 0)
            return -1;
    }
    if (said_n != n)
        return lm_fail(error, LM_ENTRY_NUMBER, "entry %llu stands in the place of entry %llu",
                       (unsigned long long)said_n, (unsigned long long)n);
    if (*last_at_s != LM_ABSENT && at_s < *last_at_s)
        return lm_fail(error, LM_BACKWARDS, "entry %llu is earlier than one before it",
                       (unsigned long long)n);
    *last_at_s = at_s;
    return 0;
}

static int fail_fork(const struct lm_log *log, uint64_t old, struct lm_error *error) {
    return lm_fail(error, LM_FORK,
                   "%.100s: its first %llu entries are not those of its last checkpoint", log->path,
                   (unsigned long long)old);
}

/* Reads the log from the offset START on, which comes after TREE, to its end, and leaves the tree
 * over all of it in TREE. The tree over OLD entries is checked on the way. */
static int read_entries(const struct lm_log *log, uint64_t start, uint64_t old,
                        const uint8_t old_root[LM_HASH_SIZE], struct lm_merkle *tree,
                        struct lm_error *error) {
    struct lm_line line;
    enum lm_lines_result result;
    int64_t last_at_s = LM_ABSENT;
    int status = 0;
    int fd = fcntl(log->fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || lseek(fd, (off_t)start, SEEK_SET) < 0) {
        close_if_open(fd);
        return lm_fail_errno(error, LM_IO, log->path);
    }
    struct lm_lines *lines = lm_lines_new(fd, LM_ENTRY_SIZE_MAX);
    if (!lines) {
        (void)close(fd);
        return lm_fail_memory(error);
    }
    while (status == 0 && (result = lm_lines_next(lines, true, &line, error)) != LM_LINES_END) {
        uint8_t hash[LM_HASH_SIZE];
        status = result == LM_LINES_LINE ? 0 : -1;
        if (status < 0)
            break;
        lm_merkle_leaf(line.data, line.size, hash);
        status = check_line(log, tree->leaves, &line, hash, &last_at_s, error);
        lm_merkle_add(tree, hash);
        if (tree->leaves != old)
            continue;
        lm_merkle_root(tree, hash);
        if (memcmp(hash, old_root, sizeof hash) != 0)
            status = fail_fork(log, old, error);
    }
    lm_lines_free(lines);
    return status == 0 && tree->leaves < old ? fail_fork(log, old, error) : status;
}

static bool same_root(const struct lm_merkle *a, const struct lm_merkle *b) {
    uint8_t root_a[LM_HASH_SIZE];
    uint8_t root_b[LM_HASH_SIZE];
    lm_merkle_root(a, root_a);
    lm_merkle_root(b, root_b);
    return a->leaves == b->leaves && memcmp(root_a, root_b, sizeof root_a) == 0;
}

/* The tree over the first OLD entries as the index has it, if that is the one with OLD_ROOT. */
static bool load_old(struct lm_log *log, uint64_t old, const uint8_t old_root[LM_HASH_SIZE],
                     struct lm_merkle *tree, uint64_t *start) {
    struct lm_merkle_source source = lm_log_index_hashes(&log->index);
    struct lm_log_row row = {0};
    struct lm_error ignored;
    uint8_t root[LM_HASH_SIZE];
    if (old == 0 || old > log->index.leaves ||
        lm_log_index_row(&log->index, old - 1, &row, &ignored) < 0 ||
        lm_merkle_load(&source, old, tree, &ignored) < 0)
        return false;
    lm_merkle_root(tree, root);
    *start = row.end;
    return memcmp(root, old_root, sizeof root) == 0;
}

static int renew_index(struct lm_log *log, struct lm_error *error) {
    uint64_t ignored;
    uint64_t size = log->durable;
    log->last_at_s = LM_ABSENT;
    if (lm_log_index_clear(&log->index, error) < 0 || read_tail(log, size, &ignored, error) < 0)
        return -1;
    write_index(log);
    return 0;
}

int lm_log_root(struct lm_log *log, uint64_t old, const uint8_t old_root[LM_HASH_SIZE],
                uint8_t root[LM_HASH_SIZE], struct lm_error *error) {
    struct lm_merkle tree = {0};
    uint64_t start = 0;
    bool known = load_old(log, old, old_root, &tree, &start);
    if (!known)
        tree = (struct lm_merkle){0};
    if (read_entries(log, known ? start : 0, old, old_root, &tree, error) < 0)
        return -1;
    lm_merkle_root(&tree, root);
    if (same_root(&tree, &log->index.tree) && (known || old == 0))
        return 0;
    return renew_index(log, error);
}

int lm_log_continues(struct lm_log *log, uint64_t old, const uint8_t old_root[LM_HASH_SIZE],
                     struct lm_error *error) {
    struct lm_merkle tree = {0};
    uint64_t ignored;
    uint8_t root[LM_HASH_SIZE];
    if (old == 0 || load_old(log, old, old_root, &tree, &ignored))
        return 0;
    return lm_log_root(log, old, old_root, root, error);
}
