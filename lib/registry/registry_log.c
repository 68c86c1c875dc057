#include "lib/registry/registry_log.h"

#include <string.h>

#include "lib/base/checked.h"
#include "lib/crypto/checkpoint.h"
#include "lib/record/canonical.h"

/* So far apart two clocks may be. */
#define AHEAD_MAX_S 300

void lm_registry_log_free(struct lm_registry_log *log) {
    lm_buffer_free(&log->entry);
}

int lm_registry_log_add(struct lm_registry_log *log, const struct lm_record *record,
                        struct lm_error *error) {
    uint8_t leaf[LM_HASH_SIZE];
    if (!record->wrapped)
        return lm_fail(error, LM_INCOMPLETE, "no entry, in a registry that is to be a log");
    if (record->entry_n != (int64_t)log->tree.leaves)
        return lm_fail(error, LM_INCOMPLETE, "entry %lld stands where entry %llu is due",
                       (long long)record->entry_n, (unsigned long long)log->tree.leaves);
    if (log->tree.leaves > 0 && record->entry_at_s < log->last_s)
        return lm_fail(error, LM_INCOMPLETE, "entry %lld is earlier than the one before it",
                       (long long)record->entry_n);
    lm_buffer_reset(&log->entry);
    lm_canonical(record->line, NULL, &log->entry);
    if (!lm_buffer_ok(&log->entry))
        return lm_fail_memory(error);
    lm_merkle_leaf(log->entry.data, log->entry.size, leaf);
    lm_merkle_add(&log->tree, leaf);
    log->last_s = record->entry_at_s;
    return 0;
}

/* What is wrong with a checkpoint's note is wrong with the registry that it is to speak for. */
static int refuse(const struct lm_error *why, struct lm_error *error) {
    return lm_fail(error, why->reason == LM_MEMORY ? LM_MEMORY : LM_INCOMPLETE,
                   "the checkpoint does not count: %.160s", why->detail);
}

int lm_registry_log_check(const struct lm_registry_log *log, const struct lm_root *root,
                          const char *bytes, size_t size, int64_t *signed_s,
                          struct lm_error *error) {
    struct lm_checkpoint checkpoint;
    struct lm_note_times times;
    struct lm_error why;
    uint8_t hash[LM_HASH_SIZE];
    *signed_s = LM_ABSENT;
    if (lm_checkpoint_parse(bytes, size, &checkpoint, &why) < 0 ||
        lm_checkpoint_verify(&checkpoint, root->public_key, &times, &why) < 0)
        return refuse(&why, error);
    if (log->tree.leaves < checkpoint.size)
        return lm_fail(error, LM_INCOMPLETE,
                       "the registry has %llu entries, and the checkpoint speaks of %llu",
                       (unsigned long long)log->tree.leaves, (unsigned long long)checkpoint.size);
    if (log->tree.leaves > checkpoint.size) {
        lm_fail(error, LM_INCOMPLETE,
                "the registry has %llu entries, of which the checkpoint knows only %llu",
                (unsigned long long)log->tree.leaves, (unsigned long long)checkpoint.size);
        return lm_hint(error, "get the checkpoint that belongs to it");
    }
    lm_merkle_root(&log->tree, hash);
    if (memcmp(hash, checkpoint.root, sizeof hash) != 0)
        return lm_fail(error, LM_INCOMPLETE,
                       "the registry is not the one of the checkpoint: their roots differ");
    if (times.last_s > 0)
        *signed_s = times.last_s;
    return 0;
}

int lm_registry_log_age(int64_t signed_s, int64_t max_age_s, int64_t now_s,
                        struct lm_error *error) {
    char signed_at[LM_TIME_SIZE];
    int64_t age_s;
    if (signed_s == LM_ABSENT)
        return lm_fail(error, LM_STALE,
                       "the checkpoint does not say when it was signed: nobody knows its age");
    if (!lm_sub_i64(now_s, signed_s, &age_s))
        return lm_fail(error, LM_STALE, "the checkpoint's age is beyond all numbers");
    if (age_s < -AHEAD_MAX_S)
        return lm_fail(
            error, LM_STALE,
            "the checkpoint says that it was signed in the future: nobody knows its age");
    if (age_s <= max_age_s)
        return 0;
    lm_instant_format(signed_s, signed_at);
    lm_fail(error, LM_STALE, "the checkpoint is of %s: %lld seconds old, and %lld are allowed",
            signed_at, (long long)age_s, (long long)max_age_s);
    return lm_hint(error, "get the registrar's latest registry and checkpoint");
}
