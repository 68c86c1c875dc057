/*
 * Proofs of inclusion for some entries of a log, made while it is read once from its start, in
 * memory for those entries alone.
 *
 *     lm_prover_start(&prover, size);
 *     while (... a leaf ...) {
 *         if (... it has to be proved ...)
 *             lm_prover_want(&prover, &number, &error);
 *         lm_prover_add(&prover, leaf);
 *     }
 *     lm_prover_proof(&prover, number, &proof);
 *     lm_prover_free(&prover);
 */
#ifndef LM_EVIDENCE_PROVER_H
#define LM_EVIDENCE_PROVER_H

#include "lib/crypto/merkle_proof.h"

struct lm_prover_want;

struct lm_prover {
    uint64_t size; /* of the tree that the proofs lead to; leaves behind it are passed over */
    struct lm_merkle tree;
    struct lm_prover_want *wants; /* by the leaf's number */
    size_t count;
    size_t room;
};

void lm_prover_start(struct lm_prover *prover, uint64_t size) LM_NONNULL;
void lm_prover_free(struct lm_prover *prover) LM_NONNULL;

/* The leaf that is added next, which is below the size, is to be proved; its proof's number. */
int lm_prover_want(struct lm_prover *prover, size_t *number,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
void lm_prover_add(struct lm_prover *prover, const uint8_t leaf[LM_HASH_SIZE]) LM_NONNULL;
/* The proof, once all the leaves have been added. */
void lm_prover_proof(const struct lm_prover *prover, size_t number,
                     struct lm_merkle_proof *proof) LM_NONNULL;

#endif
