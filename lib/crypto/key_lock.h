/*
 * A passphrase's lock on the secrets of a key file: a key from the passphrase by Argon2id
 * (RFC 9106), and the secrets under it by XChaCha20-Poly1305. What else the file says is
 * authenticated with them, so that nobody alters it unnoticed.
 */
#ifndef LM_CRYPTO_KEY_LOCK_H
#define LM_CRYPTO_KEY_LOCK_H

#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/crypto/passphrase.h"

#define LM_LOCK_SALT_SIZE  16
#define LM_LOCK_NONCE_SIZE 24
#define LM_LOCK_TAG_SIZE   16

/* What a guess at the passphrase costs: passes over so many bytes of memory. */
struct lm_lock_cost {
    uint64_t passes;
    uint64_t memory_bytes;
};

/* 3 passes over 64 MiB, as RFC 9106 section 4 recommends where memory is scarce. */
extern const struct lm_lock_cost lm_lock_cost_default;
/* False beyond 1 GiB of memory, or 4 passes over so much in all: no file may ask for more. */
bool lm_lock_cost_allowed(const struct lm_lock_cost *cost) LM_NONNULL LM_MUST_CHECK;

struct lm_lock {
    struct lm_lock_cost cost;
    uint8_t salt[LM_LOCK_SALT_SIZE];
    uint8_t nonce[LM_LOCK_NONCE_SIZE];
};

/* A lock of that cost with salt and nonce of its own. */
struct lm_lock lm_lock_new(const struct lm_lock_cost *cost) LM_NONNULL;

/* Encrypts SIZE bytes of SECRET into BOX (LM_LOCK_TAG_SIZE bytes more); HEADER is authenticated. */
int lm_lock_close(const struct lm_lock *lock, const struct lm_passphrase *passphrase,
                  const struct lm_buffer *header, const uint8_t *secret, size_t size, uint8_t *box,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* The reverse. LM_BAD_PASSPHRASE where the passphrase, or anything in the file, is another. */
int lm_lock_open(const struct lm_lock *lock, const struct lm_passphrase *passphrase,
                 const struct lm_buffer *header, const uint8_t *box, size_t box_size,
                 uint8_t *secret, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
