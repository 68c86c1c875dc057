#include "lib/crypto/jws.h"

#include <sodium.h>
#include <string.h>

#include "lib/record/record.h"

/* More than the header ever is, however it is spaced. */
#define HEADER_SIZE_MAX 512

static void append_header(const char *kid, struct lm_buffer *out) {
    lm_buffer_format(out, "{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"],\"kid\":\"%s\"}",
                     kid);
}

void lm_jws_signing_input(const char *header64, const char *payload, size_t size,
                          struct lm_buffer *out) {
    lm_buffer_text(out, header64);
    lm_buffer_byte(out, '.');
    lm_buffer_bytes(out, payload, size);
}

bool lm_ed25519_verify(const uint8_t *signature, size_t signature_size, const void *message,
                       size_t size, const uint8_t public_key[32]) {
    return signature_size == crypto_sign_BYTES &&
           crypto_sign_verify_detached(signature, message, size, public_key) == 0;
}

bool lm_ed25519_small_order(const uint8_t public_key[32]) {
    /* By y alone: 0, 1, the two of order 8, -1, and 0 and 1 as p and p + 1. */
    static const uint8_t ys[][32] = {
        {0},
        {1},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    };
    for (size_t i = 0; i < sizeof ys / sizeof *ys; i++) {
        /* The last byte's top bit is the sign of x. */
        if (memcmp(public_key, ys[i], 31) == 0 && (public_key[31] & 0x7F) == ys[i][31])
            return true;
    }
    return false;
}

void lm_jws_sign(const struct lm_key *key, const char *payload, size_t size,
                 struct lm_buffer *out) {
    struct lm_buffer header = {0};
    struct lm_buffer header64 = {0};
    struct lm_buffer input = {0};
    uint8_t signature[crypto_sign_BYTES];
    append_header(key->kid, &header);
    if (lm_buffer_ok(&header))
        lm_base64url_append((const uint8_t *)header.data, header.size, &header64);
    lm_buffer_byte(&header64, '\0');
    if (lm_buffer_ok(&header) && lm_buffer_ok(&header64))
        lm_jws_signing_input(header64.data, payload, size, &input);
    if (lm_buffer_ok(&header) && lm_buffer_ok(&header64) && lm_buffer_ok(&input)) {
        (void)crypto_sign_detached(signature, NULL, (const uint8_t *)input.data, input.size,
                                   key->sign_secret);
        lm_buffer_format(out, "{\"protected\":\"%s\",\"signature\":\"", header64.data);
        lm_base64url_append(signature, sizeof signature, out);
        lm_buffer_text(out, "\"}");
    } else {
        out->failed = true;
    }
    lm_buffer_free(&header);
    lm_buffer_free(&header64);
    lm_buffer_free(&input);
}

/* Exactly the four members, in any order and spacing: other libraries write them as they like. */
static bool header_allowed(const json_t *header, char kid[LM_DIGEST_TEXT_SIZE]) {
    const char *alg = json_string_value(json_object_get(header, "alg"));
    const json_t *b64 = json_object_get(header, "b64");
    const json_t *crit = json_object_get(header, "crit");
    const char *crit_name = json_string_value(json_array_get(crit, 0));
    const char *header_kid = json_string_value(json_object_get(header, "kid"));
    uint8_t thumbprint[32];
    if (json_object_size(header) != 4 || !alg || !crit_name || !header_kid || !json_is_false(b64) ||
        json_array_size(crit) != 1 || strcmp(crit_name, "b64") != 0 ||
        (strcmp(alg, "EdDSA") != 0 && strcmp(alg, "Ed25519") != 0) ||
        !lm_base64url_read(header_kid, thumbprint, sizeof thumbprint))
        return false;
    memcpy(kid, header_kid, LM_DIGEST_TEXT_SIZE);
    return true;
}

int lm_jws_kid(const struct lm_signature *signature, char kid[LM_DIGEST_TEXT_SIZE],
               struct lm_error *error) {
    uint8_t text[HEADER_SIZE_MAX];
    size_t size = 0;
    struct lm_error why = {.reason = LM_NONE};
    const char *encoded = signature->protected_header;
    json_t *header = NULL;
    if (sodium_base642bin(text, sizeof text, encoded, strlen(encoded), NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0)
        header = lm_json_parse((const char *)text, size, &why);
    bool allowed = json_is_object(header) && header_allowed(header, kid);
    json_decref(header);
    if (why.reason == LM_MEMORY)
        return lm_fail_memory(error);
    return allowed
               ? 0
               : lm_fail(error, LM_BAD_HEADER,
                         "protected header is not exactly alg, b64, crit and kid as they must be");
}

int lm_jws_verify(const struct lm_signature *signature, const uint8_t public_key[32],
                  const char *payload, size_t size, struct lm_error *error) {
    uint8_t bytes[crypto_sign_BYTES];
    struct lm_buffer input = {0};
    int result = 0;
    lm_jws_signing_input(signature->protected_header, payload, size, &input);
    if (!lm_buffer_ok(&input))
        result = lm_fail_memory(error);
    else if (!lm_base64url_read(signature->signature, bytes, sizeof bytes) ||
             !lm_ed25519_verify(bytes, sizeof bytes, input.data, input.size, public_key))
        result = lm_fail(error, LM_BAD_SIGNATURE, "bad signature");
    lm_buffer_free(&input);
    return result;
}
