#include "lib/evidence/witness_key.h"

#include <sodium.h>
#include <string.h>

#include "lib/crypto/guarded.h"

#define FILE_SIZE_MAX 65536

static int no_key(const char *path, struct lm_error *error) {
    lm_fail(error, LM_BAD_KEY, "%.100s: holds no key of a witness", path);
    return lm_hint(error, "a witness is named by its verifier key, or a file with that or a key");
}

/* The Ed25519 key of a JWK Set, by its id. */
static int take_jwk(json_t *json, void *context, struct lm_error *error) {
    const char *id = json_string_value(json_object_get(json, "id"));
    const json_t *keys = json_object_get(json, "keys");
    uint8_t public_key[32];
    for (size_t i = 0; id && i < json_array_size(keys); i++) {
        const json_t *jwk = json_array_get(keys, i);
        const char *crv = json_string_value(json_object_get(jwk, "crv"));
        const char *x = json_string_value(json_object_get(jwk, "x"));
        if (crv && x && strcmp(crv, "Ed25519") == 0 &&
            lm_base64url_read(x, public_key, sizeof public_key))
            return lm_note_key_make(id, LM_NOTE_COSIGNATURE, public_key, context, error);
    }
    return lm_fail(error, LM_BAD_KEY, "no key");
}

/* A verifier key of a cosigner, as the first line of SIZE bytes. */
static int take_line(const char *text, size_t size, struct lm_note_key *key,
                     struct lm_error *error) {
    struct lm_buffer line = {0};
    const char *feed = size ? memchr(text, '\n', size) : NULL;
    lm_buffer_bytes(&line, text, feed ? (size_t)(feed - text) : size);
    lm_buffer_byte(&line, '\0');
    int result =
        !lm_buffer_ok(&line) ? lm_fail_memory(error) : lm_note_key_parse(line.data, key, error);
    lm_buffer_free(&line);
    if (result == 0 && key->kind != LM_NOTE_COSIGNATURE)
        return lm_fail(error, LM_BAD_KEY, "the key of a log");
    return result;
}

/* It may be the private key file, hence the guarded memory. */
static int read_key(const char *path, struct lm_note_key *key, struct lm_error *error) {
    struct lm_guarded_file file = {.path = path, .what = "witness key", .size_max = FILE_SIZE_MAX};
    char *text;
    size_t size;
    if (lm_guarded_read(&file, &text, &size, error) < 0)
        return -1;
    int result = size > 0 && text[0] == '{' ? lm_guarded_json(text, size, take_jwk, key, error)
                                            : take_line(text, size, key, error);
    sodium_free(text);
    return result == 0 || error->reason == LM_MEMORY ? result : no_key(path, error);
}

int lm_witness_key_load(const char *key_or_file, struct lm_note_key *key, struct lm_error *error) {
    if (lm_note_key_parse(key_or_file, key, error) == 0)
        return key->kind == LM_NOTE_COSIGNATURE ? 0 : no_key(key_or_file, error);
    if (error->reason == LM_MEMORY)
        return -1;
    return read_key(key_or_file, key, error);
}
