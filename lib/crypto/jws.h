/*
 * Signatures of records: JWS (RFC 7515) with EdDSA (RFC 8037), detached and unencoded payload
 * (RFC 7797). The payload is the record's RFC 8785 form without the signature, so that any JOSE
 * library can check it.
 */
#ifndef LM_CRYPTO_JWS_H
#define LM_CRYPTO_JWS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/crypto/encoding.h"
#include "lib/crypto/key.h"
#include "lib/record/types.h"

/* Appends what is signed: the encoded header, a point, the payload as it is (RFC 7515 section 5.1
 * with RFC 7797 section 3). */
void lm_jws_signing_input(const char *header64, const char *payload, size_t size,
                          struct lm_buffer *out) LM_NONNULL;

/* Checks an Ed25519 signature (RFC 8032) over a message. False as well for a signature that is not
 * 64 bytes long, for S beyond the group order, and for keys of small order. */
bool lm_ed25519_verify(const uint8_t *signature, size_t signature_size, const void *message,
                       size_t size, const uint8_t public_key[32]) LM_NONNULL_AT(1, 5) LM_MUST_CHECK;

/* True for the encodings, canonical or not, of the eight points of small order: for such a key
 * anybody can make signatures that a careless verifier takes. */
bool lm_ed25519_small_order(const uint8_t public_key[32]) LM_NONNULL LM_MUST_CHECK;

/* Appends the signature object, {"protected":…,"signature":…}, of KEY over the payload. */
void lm_jws_sign(const struct lm_key *key, const char *payload, size_t size,
                 struct lm_buffer *out) LM_NONNULL;

/* The kid that a signature names. LM_BAD_HEADER where the protected header is not exactly alg
 * (EdDSA, or Ed25519 of RFC 9864), b64 false, crit ["b64"] and kid. */
int lm_jws_kid(const struct lm_signature *signature, char kid[LM_DIGEST_TEXT_SIZE],
               struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/* Checks a signature by PUBLIC_KEY; that its header names that key is the caller's to check.
 * LM_BAD_SIGNATURE where it does not verify. */
int lm_jws_verify(const struct lm_signature *signature, const uint8_t public_key[32],
                  const char *payload, size_t size,
                  struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
