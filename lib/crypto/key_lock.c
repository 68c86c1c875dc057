#include "lib/crypto/key_lock.h"

#include <sodium.h>

_Static_assert(LM_LOCK_SALT_SIZE == crypto_pwhash_argon2id_SALTBYTES, "libsodium's salt");
_Static_assert(LM_LOCK_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "its nonce");
_Static_assert(LM_LOCK_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "its tag");

#define MEMORY_MAX ((uint64_t)1 << 30)
#define WORK_MAX   (4 * MEMORY_MAX)

const struct lm_lock_cost lm_lock_cost_default = {.passes = 3, .memory_bytes = 64 << 20};

bool lm_lock_cost_allowed(const struct lm_lock_cost *cost) {
    return cost->memory_bytes >= crypto_pwhash_argon2id_MEMLIMIT_MIN &&
           cost->memory_bytes <= MEMORY_MAX &&
           cost->passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN &&
           cost->passes <= WORK_MAX / cost->memory_bytes;
}

struct lm_lock lm_lock_new(const struct lm_lock_cost *cost) {
    struct lm_lock lock = {.cost = *cost};
    randombytes_buf(lock.salt, sizeof lock.salt);
    randombytes_buf(lock.nonce, sizeof lock.nonce);
    return lock;
}

/* The key in guarded memory, or NULL. */
static uint8_t *derive(const struct lm_lock *lock, const struct lm_passphrase *passphrase,
                       struct lm_error *error) {
    uint8_t *key = sodium_malloc(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
    if (key && crypto_pwhash_argon2id(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
                                      passphrase->bytes, passphrase->size, lock->salt,
                                      lock->cost.passes, (size_t)lock->cost.memory_bytes,
                                      crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0)
        return key;
    sodium_free(key);
    lm_fail(error, LM_MEMORY, "out of memory: the key file's passphrase needs %llu MiB",
            (unsigned long long)(lock->cost.memory_bytes >> 20));
    return NULL;
}

int lm_lock_close(const struct lm_lock *lock, const struct lm_passphrase *passphrase,
                  const struct lm_buffer *header, const uint8_t *secret, size_t size, uint8_t *box,
                  struct lm_error *error) {
    uint8_t *key = derive(lock, passphrase, error);
    if (!key)
        return -1;
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, secret, size,
                                                     (const uint8_t *)header->data, header->size,
                                                     NULL, lock->nonce, key);
    sodium_free(key);
    return 0;
}

int lm_lock_open(const struct lm_lock *lock, const struct lm_passphrase *passphrase,
                 const struct lm_buffer *header, const uint8_t *box, size_t box_size,
                 uint8_t *secret, struct lm_error *error) {
    uint8_t *key = derive(lock, passphrase, error);
    if (!key)
        return -1;
    int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL, box, box_size,
                                                            (const uint8_t *)header->data,
                                                            header->size, lock->nonce, key);
    sodium_free(key);
    return opened == 0 ? 0
                       : lm_fail(error, LM_BAD_PASSPHRASE, "wrong passphrase, or an altered file");
}
