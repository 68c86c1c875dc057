#include "lib/evidence/prover.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"

struct lm_prover_want {
    uint64_t n;
    uint8_t (*hashes)[LM_HASH_SIZE]; /* the sibling on each level, as far as it is whole; owned */
};

void lm_prover_start(struct lm_prover *prover, uint64_t size) {
    *prover = (struct lm_prover){.size = size};
}

void lm_prover_free(struct lm_prover *prover) {
    for (size_t i = 0; i < prover->count; i++)
        free(prover->wants[i].hashes);
    free(prover->wants);
}

static unsigned levels_of(uint64_t size) {
    unsigned levels = 0;
    while (levels < 63 && (uint64_t)1 << levels < size)
        levels++;
    return levels;
}

/* Siblings to the left are whole already: they are the roots of the tree so far. */
int lm_prover_want(struct lm_prover *prover, size_t *number, struct lm_error *error) {
    uint64_t n = prover->tree.leaves;
    unsigned levels = levels_of(prover->size);
    size_t root = 0;
    struct lm_prover_want *wants =
        lm_array_room(prover->wants, &prover->room, prover->count, sizeof *wants, error);
    if (!wants)
        return -1;
    prover->wants = wants;
    struct lm_prover_want want = {n, calloc((size_t)levels + 1, LM_HASH_SIZE)};
    if (!want.hashes)
        return lm_fail_memory(error);
    for (unsigned level = levels; level-- > 0;) {
        if (n >> level & 1)
            memcpy(want.hashes[level], prover->tree.roots[root++], LM_HASH_SIZE);
    }
    *number = prover->count;
    wants[prover->count++] = want;
    return 0;
}

static bool is_before(const void *want, const void *n) {
    return ((const struct lm_prover_want *)want)->n < *(const uint64_t *)n;
}

/* The first want whose leaf is not before N. */
static size_t find(const struct lm_prover *prover, uint64_t n) {
    return lm_array_lower_bound(prover->wants, prover->count, sizeof *prover->wants, &n, is_before);
}

/* A whole subtree is the right sibling of the one before it. */
static void note(struct lm_prover *prover, unsigned level, uint64_t index,
                 const uint8_t hash[LM_HASH_SIZE]) {
    if ((index & 1) == 0)
        return;
    uint64_t end = index << level;
    for (size_t i = find(prover, (index - 1) << level);
         i < prover->count && prover->wants[i].n < end; i++)
        memcpy(prover->wants[i].hashes[level], hash, LM_HASH_SIZE);
}

void lm_prover_add(struct lm_prover *prover, const uint8_t leaf[LM_HASH_SIZE]) {
    struct lm_merkle *tree = &prover->tree;
    uint64_t n = tree->leaves;
    uint8_t hash[LM_HASH_SIZE];
    if (n >= prover->size)
        return;
    size_t top = (size_t)__builtin_popcountll(n);
    memcpy(hash, leaf, sizeof hash);
    note(prover, 0, n, hash);
    for (unsigned level = 0; n >> level & 1; level++) {
        lm_merkle_node(tree->roots[--top], hash, hash);
        note(prover, level + 1, n >> (level + 1), hash);
    }
    lm_merkle_add(tree, leaf);
}

/* The hash over the leaves from START on, which begins a subtree of the tree. */
static void edge(const struct lm_merkle *tree, uint64_t start, uint8_t hash[LM_HASH_SIZE]) {
    size_t root = (size_t)__builtin_popcountll(tree->leaves);
    uint64_t rest = tree->leaves;
    bool any = false;
    while (rest > start) {
        uint64_t size = rest & (~rest + 1);
        rest -= size;
        root--;
        if (any)
            lm_merkle_node(tree->roots[root], hash, hash);
        else
            memcpy(hash, tree->roots[root], LM_HASH_SIZE);
        any = true;
    }
}

void lm_prover_proof(const struct lm_prover *prover, size_t number, struct lm_merkle_proof *proof) {
    const struct lm_prover_want *want = &prover->wants[number];
    unsigned levels = levels_of(prover->size);
    proof->count = 0;
    for (unsigned level = 0; level < levels; level++) {
        uint64_t sibling = want->n >> level ^ 1;
        if (sibling << level >= prover->size)
            continue;
        if ((sibling + 1) << level <= prover->size)
            memcpy(proof->hashes[proof->count], want->hashes[level], LM_HASH_SIZE);
        else
            edge(&prover->tree, sibling << level, proof->hashes[proof->count]);
        proof->count++;
    }
}
