/*
 * Keys of small order, for which anybody can make signatures that a careless verifier takes: none
 * verifies, the registrar countersigns no identity with one, and a registry has none.
 */
#include "lib/crypto/jws.h"
#include "tests/unit/tap.h"
#include "tests/world.h"

/* The encodings by y, whose sign bit may be set or not: from the literature, and checked below. */
static const char *const encodings[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
#define KEYS (2 * sizeof encodings / sizeof *encodings)

static void read_key(size_t i, uint8_t key[32]) {
    size_t size;
    if (sodium_hex2bin(key, 32, encodings[i / 2], 64, NULL, &size, NULL) != 0 || size != 32)
        world_fails("hex", NULL);
    key[31] |= (uint8_t)(i % 2 << 7);
}

/* Eight times the point is the neutral one. libsodium adds any points of the curve; it refuses
 * encodings that are no point at all. */
static bool is_of_small_order(const uint8_t key[32]) {
    const uint8_t neutral[32] = {1};
    uint8_t point[32];
    memcpy(point, key, 32);
    for (int i = 0; i < 3; i++) {
        if (crypto_core_ed25519_add(point, point, point) != 0)
            return false;
    }
    return memcmp(point, neutral, 32) == 0;
}

/* R neutral and S zero: right for every message whose hash is a multiple of the order. */
static bool forges(const uint8_t key[32]) {
    uint8_t signature[64] = {1};
    for (unsigned i = 0; i < 64; i++) {
        uint8_t message[4] = {(uint8_t)i};
        for (size_t k = 0; k < KEYS; k++) {
            read_key(k, signature);
            if (lm_ed25519_verify(signature, sizeof signature, message, sizeof message, key))
                return true;
        }
    }
    return false;
}

/* An identity of U1 with these public keys and a proof that nobody can make. */
static json_t *identity_with(const struct world *world, const char *which, const char *x) {
    struct lm_buffer line = {0};
    struct lm_error error;
    world_identity(world, 5, &line);
    json_t *json = lm_json_parse(line.data, line.size, &error);
    json_t *jwk = json_object_get(json_object_get(json, "keys"), which);
    if (!jwk || json_object_set_new(jwk, "x", json_string(x)) != 0)
        world_fails("identity", &error);
    lm_buffer_free(&line);
    return json;
}

/* Whether the registrar countersigns it; what it says otherwise in *ERROR. */
static bool countersigned(const struct world *world, json_t *json, struct lm_error *error) {
    struct lm_buffer out = {0};
    struct lm_record record;
    if (lm_record_from_json(json, &record, error) < 0)
        world_fails("record", error);
    bool done = lm_record_sign(&record, &world->keys[0], false, &out, error) == 0;
    lm_record_free(&record);
    lm_buffer_free(&out);
    return done;
}

static enum lm_reason told;

static void tell(void *context, const char *source, uint64_t line, const struct lm_error *why) {
    (void)context;
    (void)source;
    (void)line;
    told = why->reason;
}

/* A registrar that does not look signs it all the same: does a registry take it? */
static bool registered(const struct world *world, json_t *json) {
    struct lm_buffer payload = {0};
    struct lm_buffer jws = {0};
    struct lm_record record;
    struct lm_registered found;
    struct lm_error error;
    static const char *const without[] = {"sig", NULL};
    struct lm_registry *registry = lm_registry_new(lm_registry_root(world->registry), &error);
    lm_canonical(json, without, &payload);
    lm_jws_sign(&world->keys[0], payload.data, payload.size, &jws);
    if (!registry ||
        json_object_set_new(json, "sig", lm_json_parse(jws.data, jws.size, &error)) != 0 ||
        lm_record_from_json(json, &record, &error) < 0 ||
        lm_registry_add(registry, &record, NULL, 1, &error) < 0)
        world_fails("adding", &error);
    told = LM_NONE;
    if (lm_registry_seal(registry, world->pool, tell, NULL, &error) < 0)
        world_fails("sealing", &error);
    bool there = lm_registry_by_id(registry, "u1", WORLD_NOW_S, &found, &error) == 0;
    lm_record_free(&record);
    lm_registry_free(registry);
    lm_buffer_free(&payload);
    lm_buffer_free(&jws);
    return there;
}

int main(void) {
    struct world world;
    bool real = true;
    bool refused = true;
    bool known = true;
    bool unsigned_yet = true;
    bool absent = true;
    world_start(&world);
    for (size_t i = 0; i < KEYS; i++) {
        uint8_t key[32];
        char x[LM_DIGEST_TEXT_SIZE];
        struct lm_error error;
        read_key(i, key);
        /* y = 1 and y = -1 have x = 0, whose sign cannot be set: no point, to be refused as well.
         */
        if (i % 2 == 0)
            real = real && is_of_small_order(key);
        refused = refused && !forges(key);
        known = known && lm_ed25519_small_order(key);
        lm_digest_text(key, x);
        json_t *json = identity_with(&world, "sign", x);
        unsigned_yet =
            unsigned_yet && !countersigned(&world, json, &error) && error.reason == LM_BAD_PROOF;
        absent = absent && !registered(&world, json) && told == LM_BAD_PROOF;
        json_decref(json);
    }
    tap_ok(real, "each of them is a point of small order indeed");
    tap_ok(refused, "no signature of such a key verifies");
    tap_ok(known, "they are told from others");
    tap_ok(unsigned_yet, "the registrar countersigns no identity with one");
    tap_ok(absent, "and a registry takes none that was countersigned all the same");
    json_t *good = identity_with(&world, "sign", "");
    char x[LM_DIGEST_TEXT_SIZE];
    struct lm_error error;
    lm_digest_text(world.keys[5].sign_public, x);
    (void)json_object_set_new(json_object_get(json_object_get(good, "keys"), "sign"), "x",
                              json_string(x));
    tap_ok(countersigned(&world, good, &error) && registered(&world, good) && told == LM_NONE,
           "one with its own key is countersigned and taken");
    json_decref(good);
    /* Montgomery's u of small order: 0, 1. The proof covers it, so that it is made again. */
    for (uint8_t u = 0; u < 2; u++) {
        uint8_t key[32] = {u};
        lm_digest_text(key, x);
        json_t *json = identity_with(&world, "seal", x);
        (void)json_object_del(json, "proof");
        if (lm_proof_add(json, &world.keys[5], &error) < 0)
            world_fails("proof", &error);
        tap_ok(!countersigned(&world, json, &error) && error.reason == LM_BAD_PROOF &&
                   strstr(error.detail, "small order"),
               "nor is one with the sealing key %d", u);
        json_decref(json);
    }
    bool others = true;
    for (size_t i = 0; i < WORLD_ENTITIES; i++)
        others = others && !lm_ed25519_small_order(world.keys[i].sign_public);
    tap_ok(others, "other keys are not taken for such");
    world_end(&world);
    return tap_done();
}
