#include "lib/crypto/encoding.h"

#include <sodium.h>
#include <string.h>

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

void lm_base64url_append(const uint8_t *bytes, size_t size, struct lm_buffer *out) {
    size_t room = sodium_base64_encoded_len(size, VARIANT); /* with the NUL */
    char *at = lm_buffer_reserve(out, room);
    if (!at)
        return;
    (void)sodium_bin2base64(at, room, bytes, size, VARIANT);
    out->size += room - 1;
}

bool lm_base64url_read(const char *text, uint8_t *bytes, size_t size) {
    size_t length = strlen(text);
    size_t got;
    const char *end;
    return sodium_base642bin(bytes, size, text, length, NULL, &got, &end, VARIANT) == 0 &&
           got == size && end == text + length;
}

void lm_digest_text(const uint8_t bytes[32], char text[LM_DIGEST_TEXT_SIZE]) {
    (void)sodium_bin2base64(text, LM_DIGEST_TEXT_SIZE, bytes, 32, VARIANT);
}
