#include "lib/evidence/witness_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "lib/record/record.h"

#define FILE_SIZE_MAX 65536

static int no_key(const char *path, struct lm_error *error) {
    lm_fail(error, LM_BAD_KEY, "%.100s: holds no key of a witness", path);
    return lm_hint(error, "a witness is named by its verifier key, or a file with that or a key");
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
    return result == 0 && text->size > FILE_SIZE_MAX ? no_key(path, error) : result;
}

/* The Ed25519 key of a JWK Set, by its id. */
static bool read_jwk(const json_t *json, struct lm_note_key *key) {
    const char *id = json_string_value(json_object_get(json, "id"));
    const json_t *keys = json_object_get(json, "keys");
    struct lm_error ignored;
    uint8_t public_key[32];
    for (size_t i = 0; id && i < json_array_size(keys); i++) {
        const json_t *jwk = json_array_get(keys, i);
        const char *crv = json_string_value(json_object_get(jwk, "crv"));
        const char *x = json_string_value(json_object_get(jwk, "x"));
        if (crv && x && strcmp(crv, "Ed25519") == 0 &&
            lm_base64url_read(x, public_key, sizeof public_key))
            return lm_note_key_make(id, LM_NOTE_COSIGNATURE, public_key, key, &ignored) == 0;
    }
    return false;
}

int lm_witness_key_load(const char *key_or_file, struct lm_note_key *key, struct lm_error *error) {
    struct lm_buffer text = {0};
    struct lm_error ignored;
    if (lm_note_key_parse(key_or_file, key, &ignored) == 0)
        return key->kind == LM_NOTE_COSIGNATURE ? 0 : no_key(key_or_file, error);
    int result = read_file(key_or_file, &text, error);
    if (result == 0) {
        json_t *json = text.size ? lm_json_parse(text.data, text.size, &ignored) : NULL;
        bool found = json && read_jwk(json, key);
        json_decref(json);
        if (!found) {
            size_t size = text.size;
            while (size > 0 && text.data[size - 1] == '\n')
                size--;
            text.size = size;
            lm_buffer_byte(&text, '\0');
            found = lm_buffer_ok(&text) && lm_note_key_parse(text.data, key, &ignored) == 0 &&
                    key->kind == LM_NOTE_COSIGNATURE;
        }
        if (!found)
            result = no_key(key_or_file, error);
    }
    /* A private key's secret may have passed through here. */
    if (text.data)
        sodium_memzero(text.data, text.capacity);
    lm_buffer_free(&text);
    return result;
}
