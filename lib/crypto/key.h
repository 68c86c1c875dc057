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

/* The RFC 7638 thumbprint of a public key of RFC 8037. */
void lm_jwk_thumbprint(const struct lm_jwk *jwk, char kid[LM_DIGEST_TEXT_SIZE]) LM_NONNULL;

/* A new pair of keys for ID. */
int lm_key_generate(const char *id, struct lm_key *key,
                    struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Computes both thumbprints from the public keys. */
void lm_key_name(struct lm_key *key) LM_NONNULL;
/* Wipes and frees the secrets. */
void lm_key_free(struct lm_key *key) LM_NONNULL;

/* Reads a key file. LM_PERMISSION where group or others have any right to it, LM_NO_INPUT where
 * it is missing, LM_BAD_KEY where it is no key file or its public parts are not its secrets'. */
int lm_key_load(const char *path, struct lm_key *key,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;
/* Writes a key file, mode 0600 whatever the umask, and waits until it is on the disk. An existing
 * file, or a symbolic link, is LM_EXISTS; with REPLACE the old file is replaced in one step. */
int lm_key_save(const char *path, const struct lm_key *key, bool replace,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
