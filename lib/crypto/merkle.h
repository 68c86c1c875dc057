/*
 * The Merkle tree hash of RFC 6962 section 2.1 with SHA-256, leaf by leaf in bounded memory.
 */
#ifndef LM_CRYPTO_MERKLE_H
#define LM_CRYPTO_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attributes.h"

#define LM_HASH_SIZE 32

/* A tree that grows to the right. All zero is the empty tree. */
struct lm_merkle {
    uint64_t leaves;
    /* Roots of the complete subtrees that the leaves so far make up, the largest first: one for
     * each bit set in `leaves`. */
    uint8_t roots[64][LM_HASH_SIZE];
};

/* SHA-256(0x00 ‖ bytes): what stands for a leaf. */
void lm_merkle_leaf(const void *bytes, size_t size, uint8_t hash[LM_HASH_SIZE]) LM_NONNULL_AT(3);
/* SHA-256(0x01 ‖ left ‖ right). HASH may be one of the two. */
void lm_merkle_node(const uint8_t left[LM_HASH_SIZE], const uint8_t right[LM_HASH_SIZE],
                    uint8_t hash[LM_HASH_SIZE]) LM_NONNULL;

/* Adds a leaf by its hash. */
void lm_merkle_add(struct lm_merkle *tree, const uint8_t leaf[LM_HASH_SIZE]) LM_NONNULL;
/* The root over the leaves added so far; of the empty tree SHA-256 of nothing. */
void lm_merkle_root(const struct lm_merkle *tree, uint8_t root[LM_HASH_SIZE]) LM_NONNULL;

#endif
