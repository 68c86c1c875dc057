#include "lib/crypto/merkle_proof.h"

#include <string.h>

static unsigned highest_bit(uint64_t value) {
    return 63U - (unsigned)__builtin_clzll(value);
}

/* The root over the leaves FIRST to END, which begin at a multiple of the largest whole subtree in
 * them (every range that the recursion of RFC 6962 section 2.1 meets does): its whole subtrees,
 * folded from the right. */
static int range_root(const struct lm_merkle_source *source, uint64_t first, uint64_t end,
                      uint8_t root[LM_HASH_SIZE], struct lm_error *error) {
    uint8_t roots[64][LM_HASH_SIZE];
    size_t count = 0;
    for (; first < end; count++) {
        unsigned level = highest_bit(end - first);
        if (source->read(source->context, level, first >> level, roots[count], error) < 0)
            return -1;
        first += (uint64_t)1 << level;
    }
    if (count == 0)
        return lm_fail(error, LM_DEFECT, "the root of no leaves");
    memcpy(root, roots[count - 1], LM_HASH_SIZE);
    for (size_t i = count - 1; i-- > 0;)
        lm_merkle_node(roots[i], root, root);
    return 0;
}

int lm_merkle_load(const struct lm_merkle_source *source, uint64_t size, struct lm_merkle *tree,
                   struct lm_error *error) {
    *tree = (struct lm_merkle){.leaves = size};
    size_t count = 0;
    uint64_t first = 0;
    while (first < size) {
        unsigned level = highest_bit(size - first);
        if (source->read(source->context, level, first >> level, tree->roots[count++], error) < 0)
            return -1;
        first += (uint64_t)1 << level;
    }
    return 0;
}

/* The largest power of two below COUNT, which is at least 2. */
static uint64_t split(uint64_t count) {
    return (uint64_t)1 << highest_bit(count - 1);
}

static int add_range(const struct lm_merkle_source *source, uint64_t first, uint64_t end,
                     struct lm_merkle_proof *proof, struct lm_error *error) {
    if (proof->count == LM_PROOF_MAX)
        return lm_fail(error, LM_DEFECT, "a proof of more than %d hashes", LM_PROOF_MAX);
    return range_root(source, first, end, proof->hashes[proof->count++], error);
}

/* Proofs are found from the root down and told from the leaf up. */
static void turn(struct lm_merkle_proof *proof) {
    uint8_t hash[LM_HASH_SIZE];
    for (size_t i = 0, k = proof->count; i + 1 < k; i++) {
        k--;
        memcpy(hash, proof->hashes[i], LM_HASH_SIZE);
        memcpy(proof->hashes[i], proof->hashes[k], LM_HASH_SIZE);
        memcpy(proof->hashes[k], hash, LM_HASH_SIZE);
    }
}

int lm_merkle_prove_inclusion(const struct lm_merkle_source *source, uint64_t n, uint64_t size,
                              struct lm_merkle_proof *proof, struct lm_error *error) {
    uint64_t first = 0;
    uint64_t end = size;
    proof->count = 0;
    if (n >= size)
        return lm_fail(error, LM_DEFECT, "leaf %llu of %llu", (unsigned long long)n,
                       (unsigned long long)size);
    while (end - first > 1) {
        uint64_t middle = first + split(end - first);
        bool left = n < middle;
        if (add_range(source, left ? middle : first, left ? end : middle, proof, error) < 0)
            return -1;
        *(left ? &end : &first) = middle;
    }
    turn(proof);
    return 0;
}

int lm_merkle_prove_consistency(const struct lm_merkle_source *source, uint64_t old, uint64_t size,
                                struct lm_merkle_proof *proof, struct lm_error *error) {
    uint64_t first = 0;
    uint64_t end = size;
    bool whole = true; /* the old tree begins where this subtree does: its root is known */
    proof->count = 0;
    if (old > size)
        return lm_fail(error, LM_DEFECT, "a tree of %llu leaves grown to %llu",
                       (unsigned long long)old, (unsigned long long)size);
    if (old == 0 || old == size)
        return 0;
    while (end != old) {
        uint64_t middle = first + split(end - first);
        bool left = old <= middle;
        if (add_range(source, left ? middle : first, left ? end : middle, proof, error) < 0)
            return -1;
        whole = whole && left;
        *(left ? &end : &first) = middle;
    }
    if (!whole && add_range(source, first, end, proof, error) < 0)
        return -1;
    turn(proof);
    return 0;
}

bool lm_merkle_included(const struct lm_merkle_proof *proof, uint64_t n, uint64_t size,
                        const uint8_t leaf[LM_HASH_SIZE], const uint8_t root[LM_HASH_SIZE]) {
    uint8_t hash[LM_HASH_SIZE];
    if (n >= size)
        return false;
    uint64_t place = n;
    uint64_t last = size - 1;
    memcpy(hash, leaf, LM_HASH_SIZE);
    for (size_t i = 0; i < proof->count; i++) {
        if (last == 0)
            return false;
        if (place & 1 || place == last) {
            lm_merkle_node(proof->hashes[i], hash, hash);
            /* On the right edge, levels where there is no sibling are passed over. */
            while (!(place & 1) && place) {
                place >>= 1;
                last >>= 1;
            }
        } else {
            lm_merkle_node(hash, proof->hashes[i], hash);
        }
        place >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, LM_HASH_SIZE) == 0;
}

static bool is_empty_root(const uint8_t root[LM_HASH_SIZE]) {
    static const struct lm_merkle empty = {0};
    uint8_t of_nothing[LM_HASH_SIZE];
    lm_merkle_root(&empty, of_nothing);
    return memcmp(root, of_nothing, LM_HASH_SIZE) == 0;
}

bool lm_merkle_consistent(const struct lm_merkle_proof *proof, uint64_t old,
                          const uint8_t old_root[LM_HASH_SIZE], uint64_t size,
                          const uint8_t root[LM_HASH_SIZE]) {
    uint8_t before[LM_HASH_SIZE];
    uint8_t after[LM_HASH_SIZE];
    size_t next = 0;
    if (old > size)
        return false;
    if (old == size)
        return proof->count == 0 && memcmp(old_root, root, LM_HASH_SIZE) == 0;
    if (old == 0)
        return proof->count == 0 && is_empty_root(old_root);
    uint64_t place = old - 1;
    uint64_t last = size - 1;
    while (place & 1) {
        place >>= 1;
        last >>= 1;
    }
    /* A whole old tree is itself the first hash. */
    if (place == 0) {
        memcpy(before, old_root, LM_HASH_SIZE);
    } else {
        if (proof->count == 0)
            return false;
        memcpy(before, proof->hashes[next++], LM_HASH_SIZE);
    }
    memcpy(after, before, LM_HASH_SIZE);
    for (; next < proof->count; next++) {
        const uint8_t *hash = proof->hashes[next];
        if (last == 0)
            return false;
        if (place & 1 || place == last) {
            lm_merkle_node(hash, before, before);
            lm_merkle_node(hash, after, after);
            while (!(place & 1) && place) {
                place >>= 1;
                last >>= 1;
            }
        } else {
            lm_merkle_node(after, hash, after);
        }
        place >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(before, old_root, LM_HASH_SIZE) == 0 &&
           memcmp(after, root, LM_HASH_SIZE) == 0;
}
