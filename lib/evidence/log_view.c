#include "lib/evidence/log_view.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/base/lines.h"
#include "lib/evidence/log_index.h"

struct lm_log_view {
    char *path;
    int fd;
    int index_fd;
    uint64_t size; /* of the file */
    struct lm_log_index index;
    bool scanned; /* the index is one in memory, of the log itself */
};

struct lm_log_view *lm_log_view_open(const char *path, struct lm_error *error) {
    struct stat status;
    struct lm_log_view *view = calloc(1, sizeof *view);
    char *name = NULL;
    if (!view || !(view->path = strdup(path)) || asprintf(&name, "%s.index", path) < 0) {
        if (view)
            free(view->path);
        free(view);
        lm_fail_memory(error);
        return NULL;
    }
    view->index_fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(name);
    lm_log_index_start(&view->index, view->index_fd);
    view->fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    if (view->fd >= 0 && fstat(view->fd, &status) == 0 && S_ISREG(status.st_mode)) {
        view->size = (uint64_t)status.st_size;
        return view;
    }
    if (view->fd < 0)
        lm_fail_errno(error, LM_NO_INPUT, path);
    else
        lm_fail(error, LM_NO_INPUT, "%.100s: is not a regular file", path);
    lm_log_view_free(view);
    return NULL;
}

void lm_log_view_free(struct lm_log_view *view) {
    if (!view)
        return;
    if (view->fd >= 0)
        (void)close(view->fd);
    if (view->index_fd >= 0)
        (void)close(view->index_fd);
    lm_log_index_free(&view->index);
    free(view->path);
    free(view);
}

bool lm_log_view_scanned(const struct lm_log_view *view) {
    return view->scanned;
}

/* ---- where entries and hashes come from ---- */

/* An index in memory of the first SIZE lines. What is wrong with them is not asked here: a line is
 * a leaf as it stands. */
static int scan(struct lm_log_view *view, uint64_t size, struct lm_error *error) {
    static const uint8_t no_digest[LM_LOG_DIGEST_SIZE] = {0};
    struct lm_line line;
    enum lm_lines_result result = LM_LINES_END;
    int fd = lm_file_again_at(view->fd, 0);
    if (fd < 0)
        return lm_fail_errno(error, LM_IO, view->path);
    struct lm_lines *lines = lm_lines_new(fd, LM_ENTRY_SIZE_MAX);
    if (!lines) {
        (void)close(fd);
        return lm_fail_memory(error);
    }
    lm_log_index_free(&view->index);
    lm_log_index_start(&view->index, -1);
    view->scanned = true;
    while (view->index.leaves < size &&
           (result = lm_lines_next(lines, false, &line, error)) == LM_LINES_LINE) {
        uint8_t leaf[LM_HASH_SIZE];
        lm_merkle_leaf(line.data, line.size, leaf);
        lm_log_index_add(&view->index, view->index.end + line.size + 1, no_digest, leaf);
    }
    lm_lines_free(lines);
    if (result == LM_LINES_FAIL)
        return -1;
    return lm_buffer_ok(&view->index.waiting) ? 0 : lm_fail_memory(error);
}

/* The line of entry N, which must have the leaf hash that the index says. */
static int read_line(const struct lm_log_view *view, uint64_t n, uint8_t leaf[LM_HASH_SIZE],
                     struct lm_buffer *line, struct lm_error *error) {
    struct lm_log_row row;
    uint64_t start;
    size_t size;
    if (lm_log_index_line(&view->index, n, &row, &start, &size, error) < 0)
        return -1;
    lm_buffer_reset(line);
    char *bytes = lm_buffer_reserve(line, size);
    if (!bytes)
        return lm_fail_memory(error);
    size_t got;
    if (lm_file_read_at(view->fd, bytes, size, (off_t)start, &got) < 0)
        return lm_fail_errno(error, LM_IO, view->path);
    if (got != size)
        return lm_fail(error, LM_MISSING_RECORD, "the log is shorter than its index");
    line->size = size;
    lm_merkle_leaf(bytes, size, leaf);
    return memcmp(leaf, row.leaf, LM_HASH_SIZE) == 0
               ? 0
               : lm_fail(error, LM_MISSING_RECORD, "the index is wrong");
}

/* ---- proofs ---- */

static int forked(const struct lm_log_view *view, uint64_t size, struct lm_error *error) {
    return lm_fail(error, LM_FORK,
                   "%.100s: its first %llu entries do not have the checkpoint's root", view->path,
                   (unsigned long long)size);
}

static bool try_inclusion(struct lm_log_view *view, uint64_t n, uint64_t size,
                          const uint8_t root[LM_HASH_SIZE], struct lm_merkle_proof *proof,
                          struct lm_buffer *line) {
    uint8_t leaf[LM_HASH_SIZE];
    struct lm_error ignored;
    struct lm_merkle_source source = lm_log_index_hashes(&view->index);
    return read_line(view, n, leaf, line, &ignored) == 0 &&
           lm_merkle_prove_inclusion(&source, n, size, proof, &ignored) == 0 &&
           lm_merkle_included(proof, n, size, leaf, root);
}

int lm_log_view_inclusion(struct lm_log_view *view, uint64_t n, uint64_t size,
                          const uint8_t root[LM_HASH_SIZE], struct lm_merkle_proof *proof,
                          struct lm_buffer *line, struct lm_error *error) {
    if (n >= size)
        return lm_fail(error, LM_MISSING_RECORD,
                       "entry %llu is not under the checkpoint, which has %llu entries",
                       (unsigned long long)n, (unsigned long long)size);
    if (!view->scanned)
        lm_log_index_assume(&view->index, size);
    if (try_inclusion(view, n, size, root, proof, line))
        return 0;
    if (scan(view, size, error) < 0)
        return -1;
    return view->index.leaves == size && try_inclusion(view, n, size, root, proof, line)
               ? 0
               : forked(view, size, error);
}

static bool try_consistency(struct lm_log_view *view, uint64_t old,
                            const uint8_t old_root[LM_HASH_SIZE], uint64_t size,
                            const uint8_t root[LM_HASH_SIZE], struct lm_merkle_proof *proof) {
    struct lm_error ignored;
    struct lm_merkle tree;
    uint8_t got[LM_HASH_SIZE];
    uint8_t got_old[LM_HASH_SIZE];
    struct lm_merkle_source source = lm_log_index_hashes(&view->index);
    if (lm_merkle_load(&source, old, &tree, &ignored) < 0)
        return false;
    lm_merkle_root(&tree, got_old);
    /* A proof of nothing, from 0 or to itself, must be the log's as well. */
    if (lm_merkle_load(&source, size, &tree, &ignored) < 0)
        return false;
    lm_merkle_root(&tree, got);
    return memcmp(got, root, sizeof got) == 0 &&
           lm_merkle_prove_consistency(&source, old, size, proof, &ignored) == 0 &&
           lm_merkle_consistent(proof, old, old_root ? old_root : got_old, size, root);
}

int lm_log_view_consistency(struct lm_log_view *view, uint64_t old,
                            const uint8_t old_root[LM_HASH_SIZE], uint64_t size,
                            const uint8_t root[LM_HASH_SIZE], struct lm_merkle_proof *proof,
                            struct lm_error *error) {
    if (old > size)
        return lm_fail(error, LM_FORK, "a tree of %llu entries cannot continue one of %llu",
                       (unsigned long long)size, (unsigned long long)old);
    if (!view->scanned)
        lm_log_index_assume(&view->index, size);
    if (try_consistency(view, old, old_root, size, root, proof))
        return 0;
    if (scan(view, size, error) < 0)
        return -1;
    if (view->index.leaves == size && try_consistency(view, old, old_root, size, root, proof))
        return 0;
    return lm_fail(error, LM_FORK,
                   "%.100s: it is not the log of both checkpoints, of %llu and %llu entries",
                   view->path, (unsigned long long)old, (unsigned long long)size);
}
