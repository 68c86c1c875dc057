/*
 * Sealed boxes (libsodium's crypto_box_seal: X25519, XSalsa20-Poly1305, a fresh key pair each),
 * with what is in them padded to blocks, so that the size tells of a line's length no more than in
 * which block it ends.
 */
#ifndef LM_CRYPTO_SEAL_H
#define LM_CRYPTO_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buffer.h"
#include "lib/base/error.h"

#define LM_SEAL_BLOCK_SIZE 256

/* Appends the box of SIZE bytes of TEXT, in base64url. LM_WEAK_KEY where PUBLIC_KEY is of small
 * order: whoever wants to could open that box. */
int lm_seal_box(const char *text, size_t size, const uint8_t public_key[32], struct lm_buffer *box,
                struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

/*
 * Appends what is in BOX, given in base64url. LM_BOX_SIZE where no box has that size, LM_BAD_BOX
 * where it was altered or is for another key, LM_BAD_PADDING where what is in it is not padded.
 * Nothing is appended then.
 */
int lm_open_box(const char *box, const uint8_t public_key[32], const uint8_t *secret_key,
                struct lm_buffer *text, struct lm_error *error) LM_NONNULL LM_MUST_CHECK;

#endif
