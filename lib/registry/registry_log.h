/*
 * A registry that is handed over as a log: whether it is the whole log, as the registrar's
 * checkpoint tells its size and root, and how old that is.
 *
 *     struct lm_registry_log log = {0};
 *     while (... an entry ...)
 *         lm_registry_log_add(&log, &record, &error);
 *     lm_registry_log_check(&log, &root, bytes, size, &signed_s, &error);
 *     lm_registry_log_free(&log);
 */
#ifndef LM_REGISTRY_REGISTRY_LOG_H
#define LM_REGISTRY_REGISTRY_LOG_H

#include "lib/crypto/merkle.h"
#include "lib/registry/registry.h"

/* All zero before the first entry. */
struct lm_registry_log {
    struct lm_merkle tree;
    int64_t last_s; /* the last entry's at */
    struct lm_buffer entry;
};

void lm_registry_log_free(struct lm_registry_log *log) LM_NONNULL;

/* Adds the next record of the log. LM_INCOMPLETE where it stands in no entry, its number is not the
 * next, or its time is before the last one's. */
int lm_registry_log_add(struct lm_registry_log *log, const struct lm_record *record,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Checks the log against a checkpoint, SIZE bytes of a signed note: ROOT's key signed it, and its
 * size and root hash are those of the entries that were added; LM_INCOMPLETE otherwise. *signed_s
 * gets when that key last said that this is so, by its cosignature, and LM_ABSENT where it has
 * none.
 */
int lm_registry_log_check(const struct lm_registry_log *log, const struct lm_root *root,
                          const char *bytes, size_t size, int64_t *signed_s,
                          struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* LM_STALE where what was signed at SIGNED_S is older than MAX_AGE_S at NOW_S, or nobody knows when
 * it was: LM_ABSENT, or more than five minutes after NOW_S. */
int lm_registry_log_age(int64_t signed_s, int64_t max_age_s, int64_t now_s,
                        struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
