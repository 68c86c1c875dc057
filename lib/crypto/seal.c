#include "lib/crypto/seal.h"

#include <sodium.h>
#include <string.h>

#include "lib/crypto/encoding.h"

int lm_seal_box(const char *text, size_t size, const uint8_t public_key[32], struct lm_buffer *box,
                struct lm_error *error) {
    struct lm_buffer padded = {0};
    struct lm_buffer sealed = {0};
    size_t padded_size = 0;
    int result = 0;
    lm_buffer_bytes(&padded, text, size);
    uint8_t *bytes = (uint8_t *)lm_buffer_reserve(&padded, LM_SEAL_BLOCK_SIZE);
    if (!bytes)
        result = lm_fail_memory(error);
    else if (sodium_pad(&padded_size, (uint8_t *)padded.data, size, LM_SEAL_BLOCK_SIZE,
                        padded.capacity) != 0)
        result = lm_fail(error, LM_DEFECT, "a line cannot be padded");
    uint8_t *room = result == 0
                        ? (uint8_t *)lm_buffer_reserve(&sealed, padded_size + crypto_box_SEALBYTES)
                        : NULL;
    if (result == 0 && !room)
        result = lm_fail_memory(error);
    if (result == 0 &&
        crypto_box_seal(room, (const uint8_t *)padded.data, padded_size, public_key) != 0)
        result = lm_fail(error, LM_WEAK_KEY, "the key to seal to is of small order");
    if (result == 0) {
        lm_base64url_append(room, padded_size + crypto_box_SEALBYTES, box);
        result = lm_buffer_ok(box) ? 0 : lm_fail_memory(error);
    }
    lm_buffer_free(&padded);
    lm_buffer_free(&sealed);
    return result;
}

/* Any number of whole blocks, and at least one. */
static bool size_possible(size_t size) {
    return size >= crypto_box_SEALBYTES + LM_SEAL_BLOCK_SIZE &&
           (size - crypto_box_SEALBYTES) % LM_SEAL_BLOCK_SIZE == 0;
}

int lm_open_box(const char *box, const uint8_t public_key[32], const uint8_t *secret_key,
                struct lm_buffer *text, struct lm_error *error) {
    struct lm_buffer decoded = {0};
    size_t length = strlen(box);
    size_t size = length / 4 * 3 + (length % 4 ? length % 4 - 1 : 0);
    if (!size_possible(size))
        return lm_fail(error, LM_BOX_SIZE, "no box has %zu bytes: it was truncated, or is none",
                       size);
    uint8_t *bytes = (uint8_t *)lm_buffer_reserve(&decoded, size);
    uint8_t *opened = (uint8_t *)lm_buffer_reserve(text, size - crypto_box_SEALBYTES);
    int result = 0;
    if (!bytes || !opened)
        result = lm_fail_memory(error);
    else if (!lm_base64url_read(box, bytes, size))
        result = lm_fail(error, LM_BAD_MEMBER, "box is not base64url");
    else if (crypto_box_seal_open(opened, bytes, size, public_key, secret_key) != 0)
        result = lm_fail(error, LM_BAD_BOX, "the box was altered, or is for another key");
    else if (sodium_unpad(&size, opened, size - crypto_box_SEALBYTES, LM_SEAL_BLOCK_SIZE) != 0)
        result = lm_fail(error, LM_BAD_PADDING, "what is in the box is not padded as it must be");
    else
        text->size += size;
    lm_buffer_free(&decoded);
    return result;
}
