/*
 * Key files under a passphrase, opened as lm-keygen(1) describes them, by libsodium and jansson
 * alone; and with any byte of them changed by nobody.
 */
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crypto/key.h"
#include "tests/unit/tap.h"

#define FILE_ROOM 4096

static const struct lm_lock_cost cheap = {.passes = 1, .memory_bytes = 8192};

static size_t decode(const json_t *object, const char *name, uint8_t *bytes, size_t room) {
    const char *text = json_string_value(json_object_get(object, name));
    size_t size = 0;
    if (!text || sodium_base642bin(bytes, room, text, strlen(text), NULL, &size, NULL,
                                   sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return 0;
    return size;
}

/* The two secrets of a file, by its description. All in it is ASCII, so that jansson's sorted,
 * compact form is that of RFC 8785. */
static bool open_by_description(const char *text, const char *passphrase, uint8_t secrets[64]) {
    uint8_t key[32];
    uint8_t salt[16];
    uint8_t nonce[24];
    uint8_t box[80];
    unsigned long long size = 0;
    json_error_t ignored;
    json_t *json = json_loads(text, 0, &ignored);
    json_t *locked = json_object_get(json, "locked");
    bool good =
        decode(locked, "salt", salt, sizeof salt) == sizeof salt &&
        decode(locked, "nonce", nonce, sizeof nonce) == sizeof nonce &&
        decode(locked, "box", box, sizeof box) == sizeof box &&
        crypto_pwhash(key, sizeof key, passphrase, strlen(passphrase), salt,
                      (unsigned long long)json_integer_value(json_object_get(locked, "passes")),
                      (size_t)json_integer_value(json_object_get(locked, "memory_bytes")),
                      crypto_pwhash_ALG_ARGON2ID13) == 0;
    (void)json_object_del(locked, "box");
    char *header = json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT);
    good = good && header &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(secrets, &size, NULL, box, sizeof box,
                                                      (const uint8_t *)header, strlen(header),
                                                      nonce, key) == 0 &&
           size == 64;
    free(header);
    json_decref(json);
    return good;
}

static size_t read_file(const char *path, char text[FILE_ROOM]) {
    int fd = open(path, O_RDONLY);
    ssize_t size = read(fd, text, FILE_ROOM - 1);
    (void)close(fd);
    text[size > 0 ? size : 0] = '\0';
    return size > 0 ? (size_t)size : 0;
}

static bool write_file(const char *path, const char *text, size_t size) {
    int fd = open(path, O_WRONLY | O_TRUNC);
    bool done = write(fd, text, size) == (ssize_t)size;
    (void)close(fd);
    return done;
}

/* Which bytes of the file can be changed without its being refused. */
static void test_changes(const char *path, const struct lm_passphrase *passphrase,
                         const struct lm_key *key) {
    char text[FILE_ROOM];
    size_t size = read_file(path, text);
    size_t accepted = 0;
    bool reasons = true;
    struct lm_key loaded = {0};
    struct lm_error error;
    for (size_t i = 0; i < size - 1; i++) { /* but for the line feed at the end */
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            if (!write_file(path, text, size))
                break;
            if (lm_key_load(path, passphrase, &loaded, &error) == 0) {
                accepted++;
                lm_key_free(&loaded);
            } else {
                reasons =
                    reasons && (error.reason == LM_BAD_PASSPHRASE || error.reason == LM_BAD_KEY);
            }
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    }
    tap_ok(accepted == 0 && reasons, "none of %zu bits can be changed: %zu could", 8 * (size - 1),
           accepted);
    bool whole = write_file(path, text, size) &&
                 lm_key_load(path, passphrase, &loaded, &error) == 0 &&
                 memcmp(loaded.sign_secret, key->sign_secret, 64) == 0 &&
                 memcmp(loaded.seal_secret, key->seal_secret, 32) == 0 &&
                 strcmp(loaded.kid, key->kid) == 0 && strcmp(loaded.id, "u1") == 0;
    if (tap_ok(whole, "as it was saved it loads, as the same key"))
        lm_key_free(&loaded);
}

static void test_cost(void) {
    const uint64_t gib = (uint64_t)1 << 30;
    static const struct lm_lock_cost sensible[] = {{3, 64 << 20}, {1, 8192}};
    tap_ok(lm_lock_cost_allowed(&lm_lock_cost_default) && lm_lock_cost_allowed(&sensible[0]) &&
               lm_lock_cost_allowed(&sensible[1]) &&
               lm_lock_cost_allowed(&(struct lm_lock_cost){4, gib}),
           "what is sensible is allowed");
    tap_ok(!lm_lock_cost_allowed(&(struct lm_lock_cost){5, gib}) &&
               !lm_lock_cost_allowed(&(struct lm_lock_cost){1, gib + 1}) &&
               !lm_lock_cost_allowed(&(struct lm_lock_cost){0, 8192}) &&
               !lm_lock_cost_allowed(&(struct lm_lock_cost){1, 8191}) &&
               !lm_lock_cost_allowed(&(struct lm_lock_cost){1, 0}) &&
               !lm_lock_cost_allowed(&(struct lm_lock_cost){UINT64_MAX, UINT64_MAX}) &&
               !lm_lock_cost_allowed(&(struct lm_lock_cost){UINT64_MAX, 8192}),
           "what is absurd is not");
}

int main(void) {
    char folder[] = "/tmp/lm-test-XXXXXX";
    char path[64];
    char text[FILE_ROOM];
    uint8_t secrets[64] = {0};
    struct lm_key key;
    struct lm_key loaded = {0};
    struct lm_error error;
    struct lm_passphrase passphrase = {0};
    if (lm_crypto_start(&error) < 0 || !mkdtemp(folder) ||
        lm_key_generate("u1", &key, &error) < 0 || lm_passphrase_new(&passphrase, &error) < 0)
        return 1;
    (void)snprintf(path, sizeof path, "%s/u1.jwk", folder);
    memcpy(passphrase.bytes, "correct horse", 13);
    passphrase.size = 13;
    const struct lm_key_saving saving = {.passphrase = &passphrase, .cost = cheap};
    if (tap_ok(lm_key_save(path, &key, &saving, &error) == 0, "a key is saved")) {
        (void)read_file(path, text);
        tap_ok(open_by_description(text, "correct horse", secrets) &&
                   memcmp(secrets, key.sign_secret, 32) == 0 &&
                   memcmp(secrets + 32, key.seal_secret, 32) == 0,
               "it opens as the manual describes it, to both secrets");
        tap_ok(!open_by_description(text, "correct horsf", secrets), "by no other passphrase");
        tap_ok(lm_key_load(path, NULL, &loaded, &error) < 0 && error.reason == LM_LOCKED,
               "without a passphrase it is locked");
        test_changes(path, &passphrase, &key);
    }
    test_cost();
    (void)unlink(path);
    (void)rmdir(folder);
    lm_passphrase_free(&passphrase);
    lm_key_free(&key);
    return tap_done();
}
