#include "lib/crypto/encoding.h"

#include <sodium.h>
#include <string.h>

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define PADDED  sodium_base64_VARIANT_ORIGINAL

static void append(const uint8_t *bytes, size_t size, int variant, struct lm_buffer *out) {
    size_t room = sodium_base64_encoded_len(size, variant); /* with the NUL */
    char *at = lm_buffer_reserve(out, room);
    if (!at)
        return;
    (void)sodium_bin2base64(at, room, bytes, size, variant);
    out->size += room - 1;
}

static bool read_exactly(const char *text, size_t length, uint8_t *bytes, size_t size,
                         int variant) {
    size_t got;
    const char *end;
    /* libsodium takes some bytes beyond ASCII for letters where char is signed. */
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] > 0x7F)
            return false;
    }
    return sodium_base642bin(bytes, size, text, length, NULL, &got, &end, variant) == 0 &&
           got == size && end == text + length;
}

void lm_base64url_append(const uint8_t *bytes, size_t size, struct lm_buffer *out) {
    append(bytes, size, VARIANT, out);
}

bool lm_base64url_read(const char *text, uint8_t *bytes, size_t size) {
    return read_exactly(text, strlen(text), bytes, size, VARIANT);
}

void lm_base64_append(const uint8_t *bytes, size_t size, struct lm_buffer *out) {
    append(bytes, size, PADDED, out);
}

bool lm_base64_read(const char *text, size_t length, uint8_t *bytes, size_t size) {
    return read_exactly(text, length, bytes, size, PADDED);
}

void lm_digest_text(const uint8_t bytes[32], char text[LM_DIGEST_TEXT_SIZE]) {
    (void)sodium_bin2base64(text, LM_DIGEST_TEXT_SIZE, bytes, 32, VARIANT);
}

void lm_digest_of(const void *bytes, size_t size, char text[LM_DIGEST_TEXT_SIZE]) {
    uint8_t digest[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(digest, bytes, size);
    lm_digest_text(digest, text);
}
