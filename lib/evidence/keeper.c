#include "lib/evidence/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/file.h"

/* A checkpoint that is kept in a file. Where there is none, the empty tree was seen last. */
struct kept {
    bool there;
    struct lm_buffer bytes;
    struct lm_checkpoint checkpoint;
};

static int read_kept(const char *path, struct kept *kept, struct lm_error *error) {
    static const struct lm_merkle empty = {0};
    *kept = (struct kept){0};
    lm_merkle_root(&empty, kept->checkpoint.root);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return 0;
    kept->there = true;
    struct lm_error why;
    if (lm_file_read(path, LM_NOTE_SIZE_MAX, &kept->bytes, error) < 0)
        return -1;
    if (lm_checkpoint_parse(kept->bytes.data, kept->bytes.size, &kept->checkpoint, &why) == 0)
        return 0;
    return lm_fail(error, why.reason, "%.100s: %.120s", path, why.detail);
}

/* ---- the log's keeper ---- */

static int check_last(const struct lm_keeper *keeper, const struct kept *last,
                      struct lm_note_times *times, struct lm_error *error) {
    struct lm_error why;
    *times = (struct lm_note_times){0};
    if (!last->there)
        return 0;
    if (strcmp(last->checkpoint.origin, keeper->origin) != 0) {
        lm_fail(error, LM_WRONG_SUBJECT, "%.100s: is a checkpoint of %.60s, not of %.60s",
                keeper->path, last->checkpoint.origin, keeper->origin);
        return lm_hint(error, "--origin says which log this is");
    }
    if (lm_checkpoint_verify(&last->checkpoint, keeper->key->sign_public, times, &why) == 0)
        return 0;
    lm_fail(error, why.reason, "%.100s: %.120s", keeper->path, why.detail);
    return lm_hint(error, "the last checkpoint must be by this key, or nothing can be promised");
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

int lm_keeper_remind(const struct lm_keeper *keeper, struct lm_log *log, struct lm_error *error) {
    struct kept last;
    int result = read_kept(keeper->path, &last, error);
    if (result == 0)
        lm_log_promised(log, last.checkpoint.size);
    lm_buffer_free(&last.bytes);
    return result;
}

int lm_keeper_checkpoint(const struct lm_keeper *keeper, struct lm_log *log, struct lm_buffer *out,
                         struct lm_error *error) {
    struct kept last;
    struct lm_note_times times;
    struct lm_buffer note = {0};
    uint8_t root[LM_HASH_SIZE];
    int result = read_kept(keeper->path, &last, error);
    if (result == 0)
        result = check_last(keeper, &last, &times, error);
    if (result == 0)
        result = lm_log_root(log, last.checkpoint.size, last.checkpoint.root, root, error);
    if (result == 0) {
        int64_t at_s = later(later(keeper->now_s, times.last_s), lm_log_last_at(log));
        result = lm_checkpoint_sign(keeper->origin, lm_log_size(log), root, keeper->key, at_s,
                                    &note, error);
    }
    if (result == 0)
        result = lm_file_replace(keeper->path, note.data, note.size, error);
    if (result == 0) {
        lm_buffer_bytes(out, note.data, note.size);
        result = lm_buffer_ok(out) ? 0 : lm_fail_memory(error);
    }
    lm_buffer_free(&note);
    lm_buffer_free(&last.bytes);
    return result;
}

/* ---- a witness ---- */

static int check_signature(const struct lm_witness *witness, const struct lm_checkpoint *checkpoint,
                           struct lm_error *error) {
    if (strcmp(checkpoint->origin, witness->log.name) != 0)
        return lm_fail(error, LM_WRONG_SUBJECT, "a checkpoint of %.100s, not of %.100s",
                       checkpoint->origin, witness->log.name);
    return lm_note_verify(&checkpoint->note, &witness->log, NULL, error);
}

static int check_state(const struct lm_witness *witness, const struct kept *last,
                       struct lm_error *error) {
    struct lm_error why;
    if (!last->there && !witness->first) {
        lm_fail(error, LM_NO_INPUT, "%.100s: no checkpoint was seen before", witness->state);
        return lm_hint(error, "--first begins with this one; a state that got lost is no reason");
    }
    if (last->there && witness->first)
        return lm_fail(error, LM_EXISTS, "%.100s: a checkpoint was seen before", witness->state);
    if (!last->there || check_signature(witness, &last->checkpoint, &why) == 0)
        return 0;
    return lm_fail(error, why.reason, "%.100s: %.120s", witness->state, why.detail);
}

/* The log signed what cannot be: whoever has both checkpoints can show it. */
static int keep_fork(const struct lm_witness *witness, const char *bytes, size_t size,
                     struct lm_error *error) {
    char *name = NULL;
    struct lm_error ignored;
    if (asprintf(&name, "%s.fork", witness->state) < 0)
        return -1;
    if (access(name, F_OK) == 0 || lm_file_replace(name, bytes, size, &ignored) == 0)
        lm_hint(error, "the checkpoints in %.50s and %.50s show it", witness->state, name);
    free(name);
    return -1;
}

static int check_continues(const struct lm_witness *witness, const struct lm_checkpoint *last,
                           const struct lm_checkpoint *next, struct lm_error *error) {
    unsigned long long old = last->size;
    unsigned long long size = next->size;
    struct lm_merkle_proof proof;
    if (size < old)
        return lm_fail(error, LM_FORK, "the log goes back from %llu to %llu entries", old, size);
    if (size == old) {
        if (memcmp(last->root, next->root, sizeof last->root) == 0)
            return 0;
        return lm_fail(error, LM_FORK, "the log has forked: two roots of %llu entries", size);
    }
    if (old == 0)
        return 0;
    if (witness->log_file)
        return lm_log_view_consistency(witness->log_file, old, last->root, size, next->root, &proof,
                                       error);
    if (!witness->proof || witness->proof->kind != LM_PROOF_CONSISTENCY ||
        witness->proof->number != old) {
        lm_fail(error, LM_NOT_INCLUDED, "there is no proof from the %llu entries seen last", old);
        return lm_hint(error, "lm-log prove LOG --from %llu", old);
    }
    if (lm_merkle_consistent(&witness->proof->proof, old, last->root, size, next->root))
        return 0;
    return lm_fail(error, LM_NOT_INCLUDED,
                   "the proof does not show that %llu entries continue the %llu seen last", size,
                   old);
}

/* Holds others off from the state as long as the descriptor is open; -1 where that fails. */
static int lock_state(const char *state, struct lm_error *error) {
    char *name = NULL;
    if (asprintf(&name, "%s.lock", state) < 0)
        return lm_fail_memory(error);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            (void)close(fd);
            fd = -1;
        }
    }
    if (fd < 0)
        lm_fail_errno(error, LM_IO, name);
    free(name);
    return fd;
}

/* What is handed out must be fit to be read: there may be no room for another signature. */
static int write_cosigned(const struct lm_witness *witness, const struct lm_checkpoint *next,
                          struct lm_buffer *out, struct lm_error *error) {
    struct lm_checkpoint whole;
    lm_checkpoint_cosign(next, &witness->name, witness->key, witness->now_s, out);
    if (!lm_buffer_ok(out))
        return lm_fail_memory(error);
    return lm_checkpoint_parse(out->data, out->size, &whole, error);
}

static int cosign(const struct lm_witness *witness, const char *bytes, size_t size,
                  struct lm_buffer *out, struct lm_error *error) {
    struct lm_checkpoint next;
    struct kept last;
    struct lm_buffer note = {0};
    if (lm_checkpoint_parse(bytes, size, &next, error) < 0 ||
        check_signature(witness, &next, error) < 0)
        return -1;
    int result = read_kept(witness->state, &last, error);
    if (result == 0)
        result = check_state(witness, &last, error);
    if (result == 0) {
        result = check_continues(witness, &last.checkpoint, &next, error);
        if (result < 0 && error->reason == LM_FORK && next.size >= last.checkpoint.size)
            (void)keep_fork(witness, bytes, size, error);
    }
    if (result == 0)
        result = write_cosigned(witness, &next, &note, error);
    if (result == 0)
        result = lm_file_replace(witness->state, bytes, size, error);
    if (result == 0) {
        lm_buffer_bytes(out, note.data, note.size);
        result = lm_buffer_ok(out) ? 0 : lm_fail_memory(error);
    }
    lm_buffer_free(&note);
    lm_buffer_free(&last.bytes);
    return result;
}

int lm_witness_cosign(const struct lm_witness *witness, const char *bytes, size_t size,
                      struct lm_buffer *out, struct lm_error *error) {
    int lock = lock_state(witness->state, error);
    if (lock < 0)
        return -1;
    int result = cosign(witness, bytes, size, out, error);
    (void)close(lock);
    return result;
}
