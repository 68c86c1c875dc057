#include "lib/crypto/content.h"

#include <sodium.h>

int lm_record_content(const struct lm_record *record, uint8_t digest[32], struct lm_error *error) {
    struct lm_buffer payload = {0};
    lm_record_payload(record, &payload);
    bool ok = lm_buffer_ok(&payload);
    if (ok)
        (void)crypto_hash_sha256(digest, (const uint8_t *)payload.data, payload.size);
    lm_buffer_free(&payload);
    return ok ? 0 : lm_fail_memory(error);
}
