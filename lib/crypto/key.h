/*
 * Key pairs and the files that hold them: JWK Sets (RFC 7517) of an Ed25519 key to sign with and
 * an X25519 key to be sealed to (RFC 8037), with the id of whose they are.
 */
#ifndef LM_CRYPTO_KEY_H
#define LM_CRYPTO_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/limits.h"
#include "lib/crypto/encoding.h"
#include "lib/crypto/key_lock.h"
#include "lib/record/types.h"

/* The secrets lie in guarded memory, never swapped, wiped when freed. */
struct lm_key {
    char id[LM_ID_SIZE_MAX + 1];
    char kid[LM_DIGEST_TEXT_SIZE];      /* thumbprint of the signing key */
    char seal_kid[LM_DIGEST_TEXT_SIZE]; /* thumbprint of the sealing key */
    uint8_t sign_public[32];
    uint8_t seal_public[32];
    uint8_t *sign_secret; /* 64 bytes, libsodium's form */
    uint8_t *seal_secret; /* 32 bytes */
};

/* Must succeed before anything else of lib/crypto is used; harmless when repeated. */
int lm_crypto_start(struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* For programs that hold secrets: no core dumps, no other process of the user looks in. */
void lm_crypto_guard_process(void);

/* The RFC 7638 thumbprint of a public key of RFC 8037, which was checked to be one: its texts need
 * no escapes. */
void lm_jwk_thumbprint(const struct lm_jwk *jwk, char kid[LM_DIGEST_TEXT_SIZE]) LM_NONNULL;

/* The same of an Ed25519 public key. */
void lm_public_key_kid(const uint8_t public_key[32], char kid[LM_DIGEST_TEXT_SIZE]) LM_NONNULL;

/* A new pair of keys for ID. */
int lm_key_generate(const char *id, struct lm_key *key,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Computes both thumbprints from the public keys. */
void lm_key_name(struct lm_key *key) LM_NONNULL;
/* Wipes and frees the secrets. */
void lm_key_free(struct lm_key *key) LM_NONNULL;

/* Reads a key file. LM_PERMISSION where group or others have any right to it, LM_NO_INPUT where
 * it is missing, LM_BAD_KEY where it is no key file or its public parts are not its secrets'.
 * A file under a passphrase is LM_LOCKED without one (NULL), and LM_BAD_PASSPHRASE with another; to
 * one that is under none it does not matter. Only before the program starts threads. */
int lm_key_load(const char *path, const struct lm_passphrase *passphrase, struct lm_key *key,
                struct lm_error *error) LM_NONNULL_AT(1, 3, 4) LM_MUST_CHECK;

struct lm_key_saving {
    const struct lm_passphrase *passphrase; /* NULL: the secrets lie in the file as they are */
    struct lm_lock_cost cost;               /* with a passphrase: what a guess at it costs */
    bool replace; /* an existing file is replaced in one step, else LM_EXISTS */
};
/* Writes a key file, mode 0600 whatever the umask, and waits until it is on the disk. No symbolic
 * link is followed, and where that fails nothing half-written stays. */
int lm_key_save(const char *path, const struct lm_key *key, const struct lm_key_saving *saving,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
