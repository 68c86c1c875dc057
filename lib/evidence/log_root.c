/* The root of a log for whoever is to sign it, and whether it continues the one signed before. */
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/evidence/log_state.h"

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
    int fd = lm_file_again_at(log->fd, (off_t)start);
    if (fd < 0)
        return lm_fail_errno(error, LM_IO, log->path);
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
    if (lm_log_index_clear(&log->index, error) < 0 ||
        lm_log_read_tail(log, size, &ignored, error) < 0)
        return -1;
    lm_log_write_index(log);
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
