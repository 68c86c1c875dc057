#include "lib/crypto/merkle.h"

#include <sodium.h>
#include <string.h>

void lm_merkle_leaf(const void *bytes, size_t size, uint8_t hash[LM_HASH_SIZE]) {
    static const uint8_t prefix = 0x00;
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, &prefix, 1);
    (void)crypto_hash_sha256_update(&state, bytes, size);
    (void)crypto_hash_sha256_final(&state, hash);
}

void lm_merkle_node(const uint8_t left[LM_HASH_SIZE], const uint8_t right[LM_HASH_SIZE],
                    uint8_t hash[LM_HASH_SIZE]) {
    uint8_t bytes[1 + 2 * LM_HASH_SIZE] = {0x01};
    memcpy(bytes + 1, left, LM_HASH_SIZE);
    memcpy(bytes + 1 + LM_HASH_SIZE, right, LM_HASH_SIZE);
    (void)crypto_hash_sha256(hash, bytes, sizeof bytes);
}

static size_t subtrees(uint64_t leaves) {
    return (size_t)__builtin_popcountll(leaves);
}

void lm_merkle_add(struct lm_merkle *tree, const uint8_t leaf[LM_HASH_SIZE]) {
    uint8_t hash[LM_HASH_SIZE];
    size_t top = subtrees(tree->leaves);
    memcpy(hash, leaf, sizeof hash);
    /* As in binary addition: each subtree of the size that the carry has now is merged into it. */
    for (uint64_t carry = tree->leaves; carry & 1; carry >>= 1)
        lm_merkle_node(tree->roots[--top], hash, hash);
    memcpy(tree->roots[top], hash, sizeof hash);
    tree->leaves++;
}

void lm_merkle_root(const struct lm_merkle *tree, uint8_t root[LM_HASH_SIZE]) {
    size_t top = subtrees(tree->leaves);
    if (top == 0) {
        (void)crypto_hash_sha256(root, NULL, 0);
        return;
    }
    memcpy(root, tree->roots[--top], LM_HASH_SIZE);
    while (top > 0)
        lm_merkle_node(tree->roots[--top], root, root);
}
