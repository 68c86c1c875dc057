#include "lib/registry/proof.h"

#include <sodium.h>
#include <string.h>

#include "lib/crypto/jws.h"
#include "lib/record/canonical.h"
#include "lib/record/record.h"

static void append_payload(const json_t *identity, struct lm_buffer *out) {
    static const char *const without[] = {"proof", "sig", NULL};
    lm_canonical(identity, without, out);
}

int lm_proof_add(json_t *identity, const struct lm_key *key, struct lm_error *error) {
    struct lm_buffer payload = {0};
    struct lm_buffer jws = {0};
    json_t *proof = NULL;
    append_payload(identity, &payload);
    if (lm_buffer_ok(&payload))
        lm_jws_sign(key, payload.data, payload.size, &jws);
    if (lm_buffer_ok(&payload) && lm_buffer_ok(&jws))
        proof = lm_json_parse(jws.data, jws.size, error);
    int failed = json_object_set_new(identity, "proof", proof);
    lm_buffer_free(&payload);
    lm_buffer_free(&jws);
    return failed ? lm_fail_memory(error) : 0;
}

/* What is sealed to a key of small order everybody can open, and libsodium seals nothing to it. */
static bool can_seal(const struct lm_jwk *jwk) {
    uint8_t public_key[crypto_scalarmult_BYTES];
    const uint8_t scalar[crypto_scalarmult_SCALARBYTES] = {8};
    uint8_t shared[crypto_scalarmult_BYTES];
    return lm_base64url_read(jwk->x, public_key, sizeof public_key) &&
           crypto_scalarmult(shared, scalar, public_key) == 0;
}

int lm_proof_check(const json_t *json, const struct lm_identity *identity, struct lm_error *error) {
    struct lm_buffer payload = {0};
    struct lm_error why = {.reason = LM_NONE};
    uint8_t public_key[32];
    char named[LM_DIGEST_TEXT_SIZE];
    char kid[LM_DIGEST_TEXT_SIZE];
    lm_jwk_thumbprint(&identity->keys.sign, kid);
    append_payload(json, &payload);
    bool enough = lm_buffer_ok(&payload);
    bool good = enough && lm_base64url_read(identity->keys.sign.x, public_key, sizeof public_key) &&
                lm_jws_kid(&identity->proof, named, &why) == 0 && strcmp(named, kid) == 0 &&
                lm_jws_verify(&identity->proof, public_key, payload.data, payload.size, &why) == 0;
    lm_buffer_free(&payload);
    if (good && !can_seal(&identity->keys.seal))
        return lm_fail(error, LM_BAD_PROOF, "the sealing key of %s is of small order",
                       identity->id);
    if (good)
        return 0;
    if (!enough || why.reason == LM_MEMORY)
        return lm_fail_memory(error);
    return lm_fail(error, LM_BAD_PROOF, "the identity of %s does not prove that it has its key",
                   identity->id);
}
