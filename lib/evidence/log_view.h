/*
 * Proofs out of a log, without reading all of it: from the index beside it, and checked against the
 * root that they are to lead to before anybody gets them. Where the index is missing or wrong, the
 * log is read through instead.
 */
#ifndef LM_EVIDENCE_LOG_VIEW_H
#define LM_EVIDENCE_LOG_VIEW_H

#include <stdbool.h>

#include "lib/base/buffer.h"
#include "lib/crypto/merkle_proof.h"

struct lm_log_view;

/* Opens a log to read it; what is written beside it is not touched. LM_NO_INPUT, LM_IO. */
struct lm_log_view *lm_log_view_open(const char *path,
                                     struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_log_view_free(struct lm_log_view *view);
/* Whether the whole log had to be read. */
bool lm_log_view_scanned(const struct lm_log_view *view) LM_NONNULL LM_MUST_CHECK;

/* The proof that entry N is in the tree of SIZE entries with ROOT, and the entry's line (without
 * line feed). LM_MISSING_RECORD where it is not among them, LM_FORK where the log has another
 * root. */
int lm_log_view_inclusion(struct lm_log_view *view, uint64_t n, uint64_t size,
                          const uint8_t root[LM_HASH_SIZE], struct lm_merkle_proof *proof,
                          struct lm_buffer *line, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The proof that the tree of SIZE entries with ROOT continues that of OLD entries with OLD_ROOT
 * (NULL: whichever the log's is). LM_FORK where the log is not both. */
int lm_log_view_consistency(struct lm_log_view *view, uint64_t old,
                            const uint8_t old_root[LM_HASH_SIZE], uint64_t size,
                            const uint8_t root[LM_HASH_SIZE], struct lm_merkle_proof *proof,
                            struct lm_error *error) LM_NONNULL_AT(1, 5, 6, 7) LM_MUST_CHECK;

#endif
