/*
 * RFC 6962 section 2.1 against the reference tree of Certificate Transparency's own tests
 * (google/certificate-transparency, Apache-2.0), written out here; and against the recursive
 * definition for every size up to 70 leaves.
 */
#include "lib/crypto/merkle.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

#include "tests/unit/tap.h"

static const struct {
    const char *leaf;
    const char *root; /* over the leaves so far */
} reference[] = {
    {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"606162636465666768696a6b6c6d6e6f",
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void root_in_hex(const struct lm_merkle *tree, char hex[2 * LM_HASH_SIZE + 1]) {
    uint8_t root[LM_HASH_SIZE];
    lm_merkle_root(tree, root);
    (void)sodium_bin2hex(hex, 2 * LM_HASH_SIZE + 1, root, sizeof root);
}

static void add_hex(struct lm_merkle *tree, const char *hex) {
    uint8_t bytes[64];
    uint8_t leaf[LM_HASH_SIZE];
    size_t size = 0;
    (void)sodium_hex2bin(bytes, sizeof bytes, hex, strlen(hex), NULL, &size, NULL);
    lm_merkle_leaf(bytes, size, leaf);
    lm_merkle_add(tree, leaf);
}

static void test_reference(void) {
    struct lm_merkle tree = {0};
    char hex[2 * LM_HASH_SIZE + 1];
    root_in_hex(&tree, hex);
    tap_is(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
           "the empty tree is SHA-256 of nothing");
    for (size_t i = 0; i < sizeof reference / sizeof *reference; i++) {
        char name[64];
        add_hex(&tree, reference[i].leaf);
        root_in_hex(&tree, hex);
        (void)snprintf(name, sizeof name, "the reference tree of %zu leaves", i + 1);
        tap_is(hex, reference[i].root, name);
    }
}

/* MTH(D[n]) as section 2.1 defines it, top down. */
static void recursive(uint8_t (*leaves)[LM_HASH_SIZE], size_t count, uint8_t hash[LM_HASH_SIZE]) {
    uint8_t left[LM_HASH_SIZE];
    uint8_t right[LM_HASH_SIZE];
    size_t split = 1;
    if (count == 1) {
        memcpy(hash, leaves[0], LM_HASH_SIZE);
        return;
    }
    while (2 * split < count)
        split *= 2;
    recursive(leaves, split, left);
    recursive(leaves + split, count - split, right);
    lm_merkle_node(left, right, hash);
}

static void test_definition(void) {
    enum { COUNT = 70 };
    uint8_t leaves[COUNT][LM_HASH_SIZE];
    uint8_t streamed[LM_HASH_SIZE];
    uint8_t defined[LM_HASH_SIZE];
    struct lm_merkle tree = {0};
    size_t differing = 0;
    for (size_t i = 0; i < COUNT; i++) {
        lm_merkle_leaf(&i, sizeof i, leaves[i]);
        lm_merkle_add(&tree, leaves[i]);
        lm_merkle_root(&tree, streamed);
        recursive(leaves, i + 1, defined);
        differing += memcmp(streamed, defined, sizeof defined) != 0;
    }
    tap_ok(differing == 0, "leaf by leaf as by the recursive definition, 1 to 70 leaves");
}

static void test_vectors(void) {
    const char *folder = getenv("LM_VECTORS");
    char path[4096];
    char hex[2 * LM_HASH_SIZE + 1];
    struct lm_merkle tree = {0};
    (void)snprintf(path, sizeof path, "%s/merkle-rfc6962/reference-tree.json",
                   folder ? folder : "../shared/vectors");
    json_t *json = json_load_file(path, 0, NULL);
    if (!json) {
        tap_skip("the public reference tree", "no public vectors (set LM_VECTORS)");
        return;
    }
    const json_t *inputs = json_object_get(json, "inputs_hex");
    const json_t *roots = json_object_get(json, "roots_after_n_leaves");
    size_t good = 0;
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        add_hex(&tree, json_string_value(json_array_get(inputs, i)));
        root_in_hex(&tree, hex);
        good += strcmp(hex, json_string_value(json_array_get(roots, i))) == 0;
    }
    tap_ok(good > 0 && good == json_array_size(roots), "the public reference tree");
    json_decref(json);
}

int main(void) {
    test_reference();
    test_definition();
    test_vectors();
    return tap_done();
}
