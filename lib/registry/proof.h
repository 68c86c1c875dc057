/*
 * Proof of possession: an identity's own signature, over the record without sig and proof, shows
 * that whoever asked for it had the key.
 */
#ifndef LM_REGISTRY_PROOF_H
#define LM_REGISTRY_PROOF_H

#include "lib/crypto/key.h"
#include "lib/record/types.h"

/* Adds a proof by KEY to IDENTITY, an object without one. */
int lm_proof_add(json_t *identity, const struct lm_key *key,
                 struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Checks the proof of an identity, given as JSON and as it was read. LM_BAD_PROOF. */
int lm_proof_check(const json_t *json, const struct lm_identity *identity,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
