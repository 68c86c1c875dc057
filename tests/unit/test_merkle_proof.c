/*
 * Proofs against the examples of RFC 6962 section 2.1.3, against the recursive definitions of
 * sections 2.1.1 and 2.1.2 for every leaf and every pair of sizes up to 66, and altered.
 */
#include <stdlib.h>

#include "lib/crypto/merkle_proof.h"
#include "tests/unit/tap.h"

enum { COUNT = 66 };

static uint8_t leaves[COUNT][LM_HASH_SIZE];
static struct lm_error error;

/* ---- the definitions, top down ---- */

static size_t split(size_t count) {
    size_t k = 1;
    while (2 * k < count)
        k *= 2;
    return k;
}

/* MTH(D[first:end]) */
static void defined_root(size_t first, size_t end, uint8_t hash[LM_HASH_SIZE]) {
    static const struct lm_merkle empty = {0};
    uint8_t left[LM_HASH_SIZE];
    uint8_t right[LM_HASH_SIZE];
    if (first == end) {
        lm_merkle_root(&empty, hash);
        return;
    }
    if (end - first == 1) {
        memcpy(hash, leaves[first], LM_HASH_SIZE);
        return;
    }
    size_t k = split(end - first);
    defined_root(first, first + k, left);
    defined_root(first + k, end, right);
    lm_merkle_node(left, right, hash);
}

static void defined_append(size_t first, size_t end, struct lm_merkle_proof *proof) {
    defined_root(first, end, proof->hashes[proof->count++]);
}

/* PATH(m, D[first:end]) */
static void defined_path(size_t m, size_t first, size_t end, struct lm_merkle_proof *proof) {
    if (end - first <= 1)
        return;
    size_t k = split(end - first);
    if (m < k) {
        defined_path(m, first, first + k, proof);
        defined_append(first + k, end, proof);
    } else {
        defined_path(m - k, first + k, end, proof);
        defined_append(first, first + k, proof);
    }
}

/* SUBPROOF(m, D[first:end], b) */
static void defined_subproof(size_t m, size_t first, size_t end, bool b,
                             struct lm_merkle_proof *proof) {
    if (m == end - first) {
        if (!b)
            defined_append(first, end, proof);
        return;
    }
    size_t k = split(end - first);
    if (m <= k) {
        defined_subproof(m, first, first + k, b, proof);
        defined_append(first + k, end, proof);
    } else {
        defined_subproof(m - k, first + k, end, false, proof);
        defined_append(first, first + k, proof);
    }
}

/* ---- what is tested ---- */

/* Stored hashes, each calculated when it is asked for. Beyond the tree of *limit there are none. */
static int read_hash(void *context, unsigned level, uint64_t index, uint8_t hash[LM_HASH_SIZE],
                     struct lm_error *why) {
    const size_t *limit = context;
    size_t first = (size_t)index << level;
    size_t end = first + ((size_t)1 << level);
    if (end > *limit)
        return lm_fail(why, LM_MISSING_RECORD, "beyond the tree");
    defined_root(first, end, hash);
    return 0;
}

static bool same(const struct lm_merkle_proof *a, const struct lm_merkle_proof *b) {
    return a->count == b->count && memcmp(a->hashes, b->hashes, a->count * LM_HASH_SIZE) == 0;
}

static void test_definitions(void) {
    size_t limit;
    const struct lm_merkle_source source = {read_hash, &limit};
    size_t wrong_inclusion = 0;
    size_t wrong_consistency = 0;
    size_t unverified = 0;
    size_t wrong_tree = 0;
    for (size_t size = 0; size <= COUNT; size++) {
        uint8_t root[LM_HASH_SIZE];
        uint8_t loaded[LM_HASH_SIZE];
        struct lm_merkle tree;
        limit = size;
        defined_root(0, size, root);
        if (lm_merkle_load(&source, size, &tree, &error) < 0)
            wrong_tree++;
        lm_merkle_root(&tree, loaded);
        wrong_tree += memcmp(loaded, root, sizeof root) != 0;
        for (size_t n = 0; n < size; n++) {
            struct lm_merkle_proof got = {0};
            struct lm_merkle_proof wanted = {0};
            defined_path(n, 0, size, &wanted);
            wrong_inclusion += lm_merkle_prove_inclusion(&source, n, size, &got, &error) < 0 ||
                               !same(&got, &wanted);
            unverified += !lm_merkle_included(&wanted, n, size, leaves[n], root);
        }
        for (size_t old = 0; old <= size; old++) {
            struct lm_merkle_proof got = {0};
            struct lm_merkle_proof wanted = {0};
            uint8_t old_root[LM_HASH_SIZE];
            defined_root(0, old, old_root);
            if (old > 0)
                defined_subproof(old, 0, size, true, &wanted);
            wrong_consistency +=
                lm_merkle_prove_consistency(&source, old, size, &got, &error) < 0 ||
                !same(&got, &wanted);
            unverified += !lm_merkle_consistent(&wanted, old, old_root, size, root);
        }
    }
    tap_ok(wrong_tree == 0, "trees of 0 to 66 leaves are loaded from their whole subtrees");
    tap_ok(wrong_inclusion == 0, "inclusion proofs are those of section 2.1.1");
    tap_ok(wrong_consistency == 0, "consistency proofs are those of section 2.1.2");
    tap_ok(unverified == 0, "and all of them verify");
}

/* Every proof, altered in every way that a forger would try: none may verify. */
static void test_altered(void) {
    enum { SIZES = 20 };
    size_t accepted = 0;
    size_t tried = 0;
    for (size_t size = 1; size <= SIZES; size++) {
        uint8_t root[LM_HASH_SIZE];
        defined_root(0, size, root);
        for (size_t n = 0; n < size; n++) {
            struct lm_merkle_proof proof = {0};
            defined_path(n, 0, size, &proof);
            for (size_t other = 0; other < size; other++)
                accepted += other != n && lm_merkle_included(&proof, other, size, leaves[n], root);
            for (size_t other = 0; other < size; other++)
                accepted += other != n && lm_merkle_included(&proof, n, size, leaves[other], root);
            accepted += lm_merkle_included(&proof, size + n, size, leaves[n], root);
            accepted += lm_merkle_included(&proof, n, size, root, root) && size > 1;
            for (size_t i = 0; i < proof.count; i++) {
                proof.hashes[i][7] ^= 1;
                accepted += lm_merkle_included(&proof, n, size, leaves[n], root);
                proof.hashes[i][7] ^= 1;
                tried++;
            }
            memcpy(proof.hashes[proof.count++], root, LM_HASH_SIZE);
            accepted += lm_merkle_included(&proof, n, size, leaves[n], root);
            proof.count--;
            if (proof.count > 0) {
                proof.count--;
                accepted += lm_merkle_included(&proof, n, size, leaves[n], root);
            }
        }
        for (size_t old = 0; old <= size; old++) {
            struct lm_merkle_proof proof = {0};
            uint8_t old_root[LM_HASH_SIZE];
            uint8_t other_root[LM_HASH_SIZE];
            defined_root(0, old, old_root);
            if (old > 0)
                defined_subproof(old, 0, size, true, &proof);
            memcpy(other_root, old_root, sizeof other_root);
            other_root[3] ^= 1;
            accepted += lm_merkle_consistent(&proof, old, other_root, size, root);
            memcpy(other_root, root, sizeof other_root);
            other_root[3] ^= 1;
            accepted += old > 0 && lm_merkle_consistent(&proof, old, old_root, size, other_root);
            accepted += old < size && lm_merkle_consistent(&proof, size, root, old, old_root);
            for (size_t i = 0; i < proof.count; i++) {
                proof.hashes[i][7] ^= 1;
                accepted += lm_merkle_consistent(&proof, old, old_root, size, root);
                proof.hashes[i][7] ^= 1;
                tried++;
            }
            memcpy(proof.hashes[proof.count++], root, LM_HASH_SIZE);
            accepted += lm_merkle_consistent(&proof, old, old_root, size, root);
            proof.count--;
            if (proof.count > 0) {
                proof.count--;
                accepted += lm_merkle_consistent(&proof, old, old_root, size, root);
            }
        }
    }
    tap_ok(accepted == 0 && tried > 1000, "no altered proof verifies (%zu hashes altered)", tried);
}

/* The tree of seven leaves d0 to d6 of section 2.1.3, its inner nodes by their letters there. */
static void test_examples(void) {
    uint8_t g[LM_HASH_SIZE];
    uint8_t h[LM_HASH_SIZE];
    uint8_t i[LM_HASH_SIZE];
    uint8_t k[LM_HASH_SIZE];
    uint8_t l[LM_HASH_SIZE];
    const uint8_t *a = leaves[0];
    const uint8_t *b = leaves[1];
    const uint8_t *c = leaves[2];
    const uint8_t *d = leaves[3];
    const uint8_t *f = leaves[5];
    const uint8_t *j = leaves[6];
    lm_merkle_node(a, b, g);
    lm_merkle_node(c, d, h);
    lm_merkle_node(leaves[4], f, i);
    lm_merkle_node(g, h, k);
    lm_merkle_node(i, j, l);
    const struct {
        bool inclusion;
        uint64_t number; /* the leaf, or the old size */
        const uint8_t *hashes[4];
    } examples[] = {
        {true, 0, {b, h, l}},     {true, 3, {c, g, l}}, {true, 4, {f, j, k}},  {true, 6, {i, k}},
        {false, 3, {c, d, g, l}}, {false, 4, {l}},      {false, 6, {i, j, k}},
    };
    size_t limit = 7;
    const struct lm_merkle_source source = {read_hash, &limit};
    for (size_t e = 0; e < sizeof examples / sizeof *examples; e++) {
        struct lm_merkle_proof wanted = {0};
        struct lm_merkle_proof got = {0};
        while (wanted.count < 4 && examples[e].hashes[wanted.count]) {
            memcpy(wanted.hashes[wanted.count], examples[e].hashes[wanted.count], LM_HASH_SIZE);
            wanted.count++;
        }
        int result =
            examples[e].inclusion
                ? lm_merkle_prove_inclusion(&source, examples[e].number, 7, &got, &error)
                : lm_merkle_prove_consistency(&source, examples[e].number, 7, &got, &error);
        tap_ok(result == 0 && same(&got, &wanted), "RFC 6962 section 2.1.3: %s %llu of 7",
               examples[e].inclusion ? "the path of leaf" : "from",
               (unsigned long long)examples[e].number);
    }
    struct lm_merkle_proof proof;
    tap_ok(lm_merkle_prove_inclusion(&source, 7, 7, &proof, &error) < 0 &&
               lm_merkle_prove_consistency(&source, 8, 7, &proof, &error) < 0,
           "what is not in the tree cannot be proved");
}

int main(void) {
    for (size_t n = 0; n < COUNT; n++)
        lm_merkle_leaf(&n, sizeof n, leaves[n]);
    test_examples();
    test_definitions();
    test_altered();
    return tap_done();
}
