/* Proofs made while a log is read: of every entry, alone and together, of trees of every size. */
#include "lib/evidence/prover.h"

#include "tests/unit/tap.h"

#define SIZE_MAX_TRIED 70

static void leaf_of(uint64_t n, uint8_t leaf[LM_HASH_SIZE]) {
    lm_merkle_leaf(&n, sizeof n, leaf);
}

/* How many of the wanted proofs (every STEP-th entry from FIRST on) do not lead to the root; more
 * leaves than the size come, and are passed over. */
static unsigned count_wrong(uint64_t size, uint64_t first, uint64_t step) {
    struct lm_prover prover;
    struct lm_merkle tree = {0};
    struct lm_error error;
    struct lm_merkle_proof proof;
    uint8_t leaf[LM_HASH_SIZE];
    uint8_t root[LM_HASH_SIZE];
    size_t number = 0;
    unsigned wrong = 0;
    lm_prover_start(&prover, size);
    for (uint64_t n = 0; n < size + 3; n++) {
        leaf_of(n, leaf);
        if (n < size && n >= first && (n - first) % step == 0)
            wrong += lm_prover_want(&prover, &number, &error) < 0;
        lm_prover_add(&prover, leaf);
        if (n < size)
            lm_merkle_add(&tree, leaf);
    }
    lm_merkle_root(&tree, root);
    number = 0;
    for (uint64_t n = first; n < size; n += step) {
        lm_prover_proof(&prover, number++, &proof);
        leaf_of(n, leaf);
        wrong += !lm_merkle_included(&proof, n, size, leaf, root);
        leaf_of(n + 1, leaf);
        wrong += lm_merkle_included(&proof, n, size, leaf, root);
    }
    wrong += number != prover.count;
    lm_prover_free(&prover);
    return wrong;
}

int main(void) {
    unsigned alone = 0;
    unsigned together = 0;
    unsigned some = 0;
    for (uint64_t size = 1; size <= SIZE_MAX_TRIED; size++) {
        for (uint64_t n = 0; n < size; n++)
            alone += count_wrong(size, n, size);
        together += count_wrong(size, 0, 1);
        some += count_wrong(size, size / 3, 3);
    }
    tap_ok(alone == 0, "each entry of each tree is proved by itself");
    tap_ok(together == 0, "all of them together");
    tap_ok(some == 0, "and some of them");
    return tap_done();
}
