/*
 * What a witness has seen: her cosignature on a checkpoint, by a key that nobody has revoked.
 */
#ifndef LM_EVIDENCE_COSIGNATURE_H
#define LM_EVIDENCE_COSIGNATURE_H

#include "lib/crypto/checkpoint.h"
#include "lib/registry/registry.h"

/*
 * Whether WITNESS has cosigned a checkpoint, and when. Like every key hers is judged at that
 * instant: LM_REVOKED where the registry, which may not know her otherwise, holds a revocation that
 * counted by the first of her cosignatures. LM_UNSIGNED, LM_BAD_SIGNATURE.
 */
int lm_cosignature_check(const struct lm_checkpoint *checkpoint, const struct lm_note_key *witness,
                         const struct lm_registry *registry, struct lm_note_times *times,
                         struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
