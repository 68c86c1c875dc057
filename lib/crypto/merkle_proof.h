/*
 * Proofs over the Merkle tree of RFC 6962: that a leaf is in a tree (section 2.1.1), and that one
 * tree is another one grown to the right (section 2.1.2). Made from stored hashes of whole
 * subtrees, checked from nothing but roots (as RFC 9162 sections 2.1.3.2 and 2.1.4.2 do it).
 */
#ifndef LM_CRYPTO_MERKLE_PROOF_H
#define LM_CRYPTO_MERKLE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/crypto/merkle.h"

/* No proof is longer: a tree of 2^63 leaves is 63 nodes high, and one hash more says from where. */
#define LM_PROOF_MAX 64

struct lm_merkle_proof {
    uint8_t hashes[LM_PROOF_MAX][LM_HASH_SIZE];
    size_t count;
};

/*
 * Where stored hashes come from. READ gives the root of the whole subtree of the 2^LEVEL leaves
 * from INDEX · 2^LEVEL on; level 0 is the leaves' own hashes. It is asked only for subtrees within
 * the tree that is worked on. -1 with *error where there is no such hash.
 */
struct lm_merkle_source {
    int (*read)(void *context, unsigned level, uint64_t index, uint8_t hash[LM_HASH_SIZE],
                struct lm_error *error);
    void *context;
};

/* The tree of the first SIZE leaves, to be asked for its root or to grow further. */
int lm_merkle_load(const struct lm_merkle_source *source, uint64_t size, struct lm_merkle *tree,
                   struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* The proof that leaf N is in the tree of SIZE leaves, from the leaf's sibling up. N is below SIZE;
 * LM_DEFECT otherwise. */
int lm_merkle_prove_inclusion(const struct lm_merkle_source *source, uint64_t n, uint64_t size,
                              struct lm_merkle_proof *proof,
                              struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The proof that the tree of SIZE leaves begins with that of OLD leaves; empty where OLD is 0 or
 * SIZE. OLD is not above SIZE; LM_DEFECT otherwise. */
int lm_merkle_prove_consistency(const struct lm_merkle_source *source, uint64_t old, uint64_t size,
                                struct lm_merkle_proof *proof,
                                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* True where the proof leads from LEAF, a leaf hash, as number N of SIZE to ROOT. */
bool lm_merkle_included(const struct lm_merkle_proof *proof, uint64_t n, uint64_t size,
                        const uint8_t leaf[LM_HASH_SIZE],
                        const uint8_t root[LM_HASH_SIZE]) LM_NONNULL LM_MUST_CHECK;
/* True where the proof leads from OLD_ROOT over OLD leaves to ROOT over SIZE leaves. The empty tree
 * is the beginning of any other; its proof is empty, and so is that of a tree to itself. */
bool lm_merkle_consistent(const struct lm_merkle_proof *proof, uint64_t old,
                          const uint8_t old_root[LM_HASH_SIZE], uint64_t size,
                          const uint8_t root[LM_HASH_SIZE]) LM_NONNULL LM_MUST_CHECK;

#endif
