#include "lib/crypto/key.h"

#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int lm_crypto_start(struct lm_error *error) {
    return sodium_init() < 0 ? lm_fail(error, LM_DEFECT, "libsodium does not start") : 0;
}

void lm_crypto_guard_process(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* RFC 7638 section 3 with the required members of RFC 8037 section 2: crv, kty, x. Piece by piece,
 * as without memory there would be another thumbprint, which is another key's. */
void lm_jwk_thumbprint(const struct lm_jwk *jwk, char kid[LM_DIGEST_TEXT_SIZE]) {
    const char *const pieces[] = {"{\"crv\":\"", jwk->crv, "\",\"kty\":\"", jwk->kty, "\",\"x\":\"",
                                  jwk->x,        "\"}"};
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        (void)crypto_hash_sha256_update(&state, (const uint8_t *)pieces[i], strlen(pieces[i]));
    (void)crypto_hash_sha256_final(&state, digest);
    lm_digest_text(digest, kid);
}

static void thumbprint_of(const char *curve, const uint8_t public_key[32],
                          char kid[LM_DIGEST_TEXT_SIZE]) {
    char x[LM_DIGEST_TEXT_SIZE];
    lm_digest_text(public_key, x);
    struct lm_jwk jwk = {.crv = curve, .kty = "OKP", .x = x};
    lm_jwk_thumbprint(&jwk, kid);
}

void lm_public_key_kid(const uint8_t public_key[32], char kid[LM_DIGEST_TEXT_SIZE]) {
    thumbprint_of("Ed25519", public_key, kid);
}

/* Room for the secrets; then the public parts from them. */
static int allocate(struct lm_key *key, struct lm_error *error) {
    *key = (struct lm_key){.sign_secret = sodium_malloc(crypto_sign_SECRETKEYBYTES),
                           .seal_secret = sodium_malloc(crypto_box_SECRETKEYBYTES)};
    if (key->sign_secret && key->seal_secret)
        return 0;
    lm_key_free(key);
    return lm_fail_memory(error);
}

void lm_key_name(struct lm_key *key) {
    lm_public_key_kid(key->sign_public, key->kid);
    thumbprint_of("X25519", key->seal_public, key->seal_kid);
}

int lm_key_generate(const char *id, struct lm_key *key, struct lm_error *error) {
    if (strlen(id) > LM_ID_SIZE_MAX)
        return lm_fail(error, LM_BAD_KEY, "id is too long");
    if (allocate(key, error) < 0)
        return -1;
    (void)crypto_sign_keypair(key->sign_public, key->sign_secret);
    (void)crypto_box_keypair(key->seal_public, key->seal_secret);
    memcpy(key->id, id, strlen(id) + 1);
    lm_key_name(key);
    return 0;
}

void lm_key_free(struct lm_key *key) {
    sodium_free(key->sign_secret);
    sodium_free(key->seal_secret);
    *key = (struct lm_key){0};
}
