#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "lib/registry/registry.h"

/* One public key, or an identity with its signature and proof, is far smaller. */
#define FILE_SIZE_MAX 65536

static int no_key(const char *path, struct lm_error *error) {
    lm_fail(error, LM_BAD_KEY, "%.100s: holds no public signing key of a registrar", path);
    return lm_hint(error, "--root takes a thumbprint, a key file, or the registrar's identity");
}

static int read_file(const char *path, struct lm_buffer *text, struct lm_error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lm_fail_errno(error, LM_NO_INPUT, path);
    int result = 0;
    while (result == 0 && text->size <= FILE_SIZE_MAX) {
        char *at = lm_buffer_reserve(text, 4096);
        ssize_t got = at ? read(fd, at, 4096) : -1;
        if (got == 0)
            break;
        if (got > 0)
            text->size += (size_t)got;
        else if (!at || errno != EINTR)
            result = at ? lm_fail_errno(error, LM_NO_INPUT, path) : lm_fail_memory(error);
    }
    (void)close(fd);
    if (result == 0 && text->size > FILE_SIZE_MAX)
        return no_key(path, error);
    return result;
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

static bool read_jwk(const json_t *json, struct lm_root *root) {
    const json_t *key = find_jwk(json);
    const char *x = json_string_value(json_object_get(key, "x"));
    const char *crv = json_string_value(json_object_get(key, "crv"));
    const char *role = json_string_value(json_object_get(json, "role"));
    if (!x || !crv || strcmp(crv, "Ed25519") != 0 || (role && strcmp(role, "registrar") != 0) ||
        !lm_base64url_read(x, root->public_key, sizeof root->public_key))
        return false;
    struct lm_jwk jwk = {.crv = crv, .kty = "OKP", .x = x};
    lm_jwk_thumbprint(&jwk, root->kid);
    root->public_known = true;
    return true;
}

/* The first line of the file that holds a key. A private key's secret passes through here, too. */
static int read_key(const char *path, struct lm_root *root, struct lm_error *error) {
    struct lm_buffer text = {0};
    struct lm_error ignored;
    int result = read_file(path, &text, error);
    bool found = false;
    for (size_t at = 0; result == 0 && !found && at < text.size;) {
        const char *line = text.data + at;
        const char *feed = memchr(line, '\n', text.size - at);
        size_t size = feed ? (size_t)(feed - line) : text.size - at;
        json_t *json = lm_json_parse(line, size, &ignored);
        found = json && read_jwk(json, root);
        json_decref(json);
        at += size + 1;
    }
    if (result == 0 && !found) {
        /* A JWK Set that is spread over lines. */
        json_t *json = text.size ? lm_json_parse(text.data, text.size, &ignored) : NULL;
        found = json && read_jwk(json, root);
        json_decref(json);
    }
    if (text.data)
        sodium_memzero(text.data, text.size);
    lm_buffer_free(&text);
    return result == 0 && !found ? no_key(path, error) : result;
}

int lm_root_load(const char *file_or_kid, struct lm_root *root, struct lm_error *error) {
    uint8_t thumbprint[32];
    *root = (struct lm_root){0};
    if (lm_base64url_read(file_or_kid, thumbprint, sizeof thumbprint)) {
        memcpy(root->kid, file_or_kid, LM_DIGEST_TEXT_SIZE);
        return 0;
    }
    return read_key(file_or_kid, root, error);
}
