/*
 * Bytes as text: base64url without padding (RFC 4648 section 5) and SHA-256 digests in it; and the
 * padded base64 of section 4 for the formats that want it (signed notes).
 */
#ifndef LM_CRYPTO_ENCODING_H
#define LM_CRYPTO_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buffer.h"

/* 32 bytes as base64url, with a NUL: digests, keys, thumbprints. */
#define LM_DIGEST_TEXT_SIZE 44

/* Appends SIZE bytes. */
void lm_base64url_append(const uint8_t *bytes, size_t size, struct lm_buffer *out) LM_NONNULL;
/* Reads exactly SIZE bytes from TEXT; false where it is not that, padded, or has stray bits. */
bool lm_base64url_read(const char *text, uint8_t *bytes, size_t size) LM_NONNULL LM_MUST_CHECK;
/* The same in base64 with padding. TEXT is LENGTH bytes and need not end in a NUL. */
void lm_base64_append(const uint8_t *bytes, size_t size, struct lm_buffer *out) LM_NONNULL;
bool lm_base64_read(const char *text, size_t length, uint8_t *bytes,
                    size_t size) LM_NONNULL LM_MUST_CHECK;
/* 32 bytes as text. */
void lm_digest_text(const uint8_t bytes[32], char text[LM_DIGEST_TEXT_SIZE]) LM_NONNULL;
/* The SHA-256 digest of SIZE bytes as text: how a line is named by its canonical form. */
void lm_digest_of(const void *bytes, size_t size, char text[LM_DIGEST_TEXT_SIZE]) LM_NONNULL;

#endif
