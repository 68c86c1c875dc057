#include <sodium.h>
#include <string.h>

#include "lib/crypto/guarded.h"
#include "lib/registry/registry.h"

/* One public key, or an identity with its signature and proof, is far smaller. */
#define FILE_SIZE_MAX 65536

static int no_key(const char *path, struct lm_error *error) {
    lm_fail(error, LM_BAD_KEY, "%.100s: holds no public signing key of a registrar", path);
    return lm_hint(error, "--root takes a thumbprint, a key file, or the registrar's identity");
}

/* The Ed25519 key of a JWK Set, or keys.sign of an identity. */
static const json_t *find_jwk(const json_t *json) {
    const json_t *keys = json_object_get(json, "keys");
    if (json_is_object(keys))
        return json_object_get(keys, "sign");
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        const char *crv = json_string_value(json_object_get(key, "crv"));
        if (crv && strcmp(crv, "Ed25519") == 0)
            return key;
    }
    return NULL;
}

struct found {
    struct lm_root *root;
    bool any_role; /* an identity may be anybody's */
    bool secret;   /* the file holds the private key, too */
};

static bool read_jwk(const json_t *json, struct found *found) {
    struct lm_root *root = found->root;
    const json_t *key = find_jwk(json);
    const char *x = json_string_value(json_object_get(key, "x"));
    const char *crv = json_string_value(json_object_get(key, "crv"));
    const char *role = json_string_value(json_object_get(json, "role"));
    if (!x || !crv || strcmp(crv, "Ed25519") != 0 ||
        (role && !found->any_role && strcmp(role, "registrar") != 0) ||
        !lm_base64url_read(x, root->public_key, sizeof root->public_key))
        return false;
    struct lm_jwk jwk = {.crv = crv, .kty = "OKP", .x = x};
    lm_jwk_thumbprint(&jwk, root->kid);
    root->public_known = true;
    found->secret = json_object_get(key, "d") != NULL;
    return true;
}

static int take_key(json_t *json, void *context, struct lm_error *error) {
    (void)error;
    return read_jwk(json, context) ? 0 : -1;
}

/* The first line of the file that holds a key, or a JWK Set that is spread over lines. It may be
 * the private key file, hence the guarded memory. */
static int read_key(const char *path, bool any_role, struct lm_root *root, struct lm_error *error) {
    struct found key = {.root = root, .any_role = any_role};
    struct lm_guarded_file file = {
        .path = path, .what = any_role ? "public key" : "root key", .size_max = FILE_SIZE_MAX};
    struct lm_error why = {.reason = LM_NONE};
    char *text;
    size_t size;
    bool found = false;
    if (lm_guarded_read(&file, &text, &size, error) < 0)
        return -1;
    for (size_t at = 0; !found && why.reason != LM_MEMORY && at < size;) {
        const char *feed = memchr(text + at, '\n', size - at);
        size_t length = feed ? (size_t)(feed - (text + at)) : size - at;
        found = lm_guarded_json(text + at, length, take_key, &key, &why) == 0;
        at += length + 1;
    }
    if (!found && why.reason != LM_MEMORY)
        found = lm_guarded_json(text, size, take_key, &key, &why) == 0;
    sodium_free(text);
    if (!found && why.reason == LM_MEMORY)
        return lm_fail_memory(error);
    if (!found && any_role)
        return lm_fail(error, LM_BAD_KEY, "%.100s: holds no public signing key", path);
    if (!found)
        return no_key(path, error);
    return key.secret ? lm_guarded_secret(&file, error) : 0;
}

int lm_root_load(const char *file_or_kid, struct lm_root *root, struct lm_error *error) {
    uint8_t thumbprint[32];
    *root = (struct lm_root){0};
    if (lm_base64url_read(file_or_kid, thumbprint, sizeof thumbprint)) {
        memcpy(root->kid, file_or_kid, LM_DIGEST_TEXT_SIZE);
        return 0;
    }
    return read_key(file_or_kid, false, root, error);
}

int lm_public_key_load(const char *path, uint8_t public_key[32], struct lm_error *error) {
    struct lm_root root = {0};
    if (read_key(path, true, &root, error) < 0)
        return -1;
    memcpy(public_key, root.public_key, sizeof root.public_key);
    return 0;
}
