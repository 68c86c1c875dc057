#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "lib/base/id.h"
#include "lib/crypto/guarded.h"
#include "lib/crypto/key.h"
#include "lib/crypto/key_form.h"
#include "lib/record/canonical.h"

/* A file may hold keys that this version does not need. */
#define KEY_COUNT_MAX 8
#define BOX_SIZE_MAX  (32 * KEY_COUNT_MAX + LM_LOCK_TAG_SIZE)

struct loading {
    const char *path;
    const struct lm_passphrase *passphrase;
    struct lm_key *key;
};

static int bad_key(const char *path, const char *why, struct lm_error *error) {
    return lm_fail(error, LM_BAD_KEY, "%.100s: %s", path, why);
}

/* ---- the lock ---- */

static bool is_word(const json_t *json, const char *word) {
    const char *text = json_string_value(json);
    return text && strcmp(text, word) == 0;
}

static bool read_bytes(const json_t *json, uint8_t *bytes, size_t size) {
    const char *text = json_string_value(json);
    return text && lm_base64url_read(text, bytes, size);
}

static bool read_lock(const json_t *locked, size_t key_count, struct lm_lock *lock, uint8_t *box) {
    const json_t *memory_bytes = json_object_get(locked, "memory_bytes");
    const json_t *passes = json_object_get(locked, "passes");
    if (json_object_size(locked) != 7 || key_count > KEY_COUNT_MAX ||
        !is_word(json_object_get(locked, "cipher"), LM_LOCK_CIPHER) ||
        !is_word(json_object_get(locked, "kdf"), LM_LOCK_KDF) || !json_is_integer(memory_bytes) ||
        !json_is_integer(passes) || json_integer_value(memory_bytes) < 0 ||
        json_integer_value(passes) < 0)
        return false;
    lock->cost.memory_bytes = (uint64_t)json_integer_value(memory_bytes);
    lock->cost.passes = (uint64_t)json_integer_value(passes);
    return read_bytes(json_object_get(locked, "nonce"), lock->nonce, sizeof lock->nonce) &&
           read_bytes(json_object_get(locked, "salt"), lock->salt, sizeof lock->salt) &&
           read_bytes(json_object_get(locked, "box"), box, 32 * key_count + LM_LOCK_TAG_SIZE);
}

/* The secrets of all keys into SECRETS, which is guarded. */
static int open_lock(const struct loading *loading, json_t *json, uint8_t *secrets,
                     struct lm_error *error) {
    json_t *locked = json_object_get(json, "locked");
    size_t count = json_array_size(json_object_get(json, "keys"));
    struct lm_buffer header = {0};
    struct lm_lock lock;
    uint8_t box[BOX_SIZE_MAX];
    if (!loading->passphrase)
        return lm_fail(error, LM_LOCKED, "%.100s: is under a passphrase", loading->path);
    if (!read_lock(locked, count, &lock, box))
        return bad_key(loading->path, "is no key file: its lock is malformed", error);
    if (!lm_lock_cost_allowed(&lock.cost))
        return bad_key(loading->path, "its lock asks for more memory or time than is allowed",
                       error);
    (void)json_object_del(locked, "box");
    lm_canonical(json, NULL, &header);
    int result = lm_buffer_ok(&header) ? lm_lock_open(&lock, loading->passphrase, &header, box,
                                                      32 * count + LM_LOCK_TAG_SIZE, secrets, error)
                                       : lm_fail_memory(error);
    lm_buffer_free(&header);
    if (result < 0 && error->reason == LM_BAD_PASSPHRASE)
        lm_fail(error, LM_BAD_PASSPHRASE, "%.100s: wrong passphrase, or the file was altered",
                loading->path);
    return result;
}

/* ---- the keys ---- */

/* The key of CURVE: its secret and public bytes. SECRETS is NULL where each key has its own. */
static bool find_key(const json_t *keys, const uint8_t *secrets, const char *curve,
                     uint8_t secret[32], uint8_t public_key[32]) {
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const json_t *d = json_object_get(key, "d");
        if (!is_word(json_object_get(key, "kty"), "OKP") ||
            !is_word(json_object_get(key, "crv"), curve))
            continue;
        if (!read_bytes(json_object_get(key, "x"), public_key, 32))
            return false;
        if (!secrets)
            return read_bytes(d, secret, 32);
        memcpy(secret, secrets + 32 * i, 32);
        return d == NULL;
    }
    return false;
}

/* Each public part is computed again, so that no signature is ever made under another's name. */
static bool fill_keys(const json_t *keys, const uint8_t *secrets, struct lm_key *key) {
    uint8_t sign_public[32];
    uint8_t seal_public[32];
    uint8_t *seed = key->seal_secret; /* guarded, too */
    return find_key(keys, secrets, "Ed25519", seed, sign_public) &&
           crypto_sign_seed_keypair(key->sign_public, key->sign_secret, seed) == 0 &&
           memcmp(key->sign_public, sign_public, sizeof sign_public) == 0 &&
           find_key(keys, secrets, "X25519", key->seal_secret, seal_public) &&
           crypto_scalarmult_base(key->seal_public, key->seal_secret) == 0 &&
           memcmp(key->seal_public, seal_public, sizeof seal_public) == 0;
}

static int load_json(json_t *json, void *context, struct lm_error *error) {
    const struct loading *loading = context;
    const char *id = json_string_value(json_object_get(json, "id"));
    const json_t *keys = json_object_get(json, "keys");
    uint8_t *secrets = NULL;
    struct lm_key read;
    if (!id || !lm_id_valid(id, strlen(id)))
        return bad_key(loading->path, "is no key file: it has no id", error);
    if (json_object_get(json, "locked")) {
        secrets = sodium_malloc(32 * KEY_COUNT_MAX);
        int opened = secrets ? open_lock(loading, json, secrets, error) : lm_fail_memory(error);
        if (opened < 0) {
            sodium_free(secrets);
            return -1;
        }
    }
    int result = lm_key_generate(id, &read, error); /* for its memory and its id */
    if (result == 0 && !fill_keys(keys, secrets, &read)) {
        lm_key_free(&read);
        result =
            bad_key(loading->path, "is no key file: it has not one whole key of each kind", error);
    }
    sodium_free(secrets);
    if (result < 0)
        return -1;
    lm_key_name(&read);
    *loading->key = read;
    return 0;
}

int lm_key_load(const char *path, const struct lm_passphrase *passphrase, struct lm_key *key,
                struct lm_error *error) {
    const struct lm_guarded_file file = {.path = path,
                                         .what = "key file",
                                         .private_only = true,
                                         .regular_only = true,
                                         .size_max = LM_KEY_FILE_SIZE_MAX};
    struct loading loading = {path, passphrase, key};
    char *text;
    size_t size;
    if (lm_guarded_read(&file, &text, &size, error) < 0)
        return -1;
    int result = lm_guarded_json(text, size, load_json, &loading, error);
    if (result < 0 && lm_reason_exit(error->reason) == LM_EXIT_REJECT)
        result = bad_key(path, "is no key file: it is not JSON", error);
    sodium_free(text);
    return result;
}
