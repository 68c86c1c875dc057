#include "lib/evidence/verifier_key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crypto/guarded.h"
#include "lib/registry/authority.h"

#define FILE_SIZE_MAX 65536

/* What a word names: 1 for a verifier key, 0 for a file that begins with none, and -1. What was
 * read of a file is in *TEXT, which the caller frees. It may be a private key file: hence the
 * guarded memory, and no look at JSON as if it were a line. */
static int find(const char *key_or_file, struct lm_note_key *key, char **text, size_t *size,
                struct lm_error *error) {
    struct lm_guarded_file file = {
        .path = key_or_file, .what = "verifier key", .size_max = FILE_SIZE_MAX};
    *text = NULL;
    if (lm_note_key_parse(key_or_file, key, error) == 0)
        return 1;
    if (error->reason == LM_MEMORY || lm_guarded_read(&file, text, size, error) < 0)
        return -1;
    if (*size == 0 || strchr("{ \t\r\n", **text))
        return 0;
    struct lm_buffer line = {0};
    const char *feed = memchr(*text, '\n', *size);
    lm_buffer_bytes(&line, *text, feed ? (size_t)(feed - *text) : *size);
    lm_buffer_byte(&line, '\0');
    int result =
        !lm_buffer_ok(&line) ? lm_fail_memory(error) : lm_note_key_parse(line.data, key, error);
    lm_buffer_free(&line);
    return result == 0 ? 1 : error->reason == LM_MEMORY ? -1 : 0;
}

/* ---- a witness's ---- */

struct taken {
    struct lm_note_key *key;
    bool secret; /* the file holds the private key, too */
};

/* The Ed25519 key of a JWK Set, by its id. */
static int take_jwk(json_t *json, void *context, struct lm_error *error) {
    struct taken *taken = context;
    const char *id = json_string_value(json_object_get(json, "id"));
    const json_t *keys = json_object_get(json, "keys");
    uint8_t public_key[32];
    for (size_t i = 0; id && i < json_array_size(keys); i++) {
        const json_t *jwk = json_array_get(keys, i);
        const char *crv = json_string_value(json_object_get(jwk, "crv"));
        const char *x = json_string_value(json_object_get(jwk, "x"));
        if (!crv || !x || strcmp(crv, "Ed25519") != 0 ||
            !lm_base64url_read(x, public_key, sizeof public_key))
            continue;
        taken->secret = json_object_get(jwk, "d") != NULL;
        return lm_note_key_make(id, LM_NOTE_COSIGNATURE, public_key, taken->key, error);
    }
    return lm_fail(error, LM_BAD_KEY, "no key");
}

int lm_witness_key_load(const char *key_or_file, struct lm_note_key *key, struct lm_error *error) {
    const struct lm_guarded_file file = {
        .path = key_or_file, .what = "witness's key", .size_max = FILE_SIZE_MAX};
    struct taken taken = {.key = key};
    char *text;
    size_t size;
    int found = find(key_or_file, key, &text, &size, error);
    if (found == 0 && size > 0 && text[0] == '{') {
        if (lm_guarded_json(text, size, take_jwk, &taken, error) == 0)
            found = taken.secret && lm_guarded_secret(&file, error) < 0 ? -1 : 1;
        else if (error->reason == LM_MEMORY)
            found = -1;
    }
    sodium_free(text);
    if (found < 0 || (found > 0 && key->kind == LM_NOTE_COSIGNATURE))
        return found < 0 ? -1 : 0;
    lm_fail(error, LM_BAD_KEY, "%.100s: holds no key of a witness", key_or_file);
    return lm_hint(error, "a witness is named by its verifier key, or a file with that or a key");
}

/* ---- a log's ---- */

int lm_log_key_load(const char *key_or_file, const char *origin, struct lm_note_key *key,
                    struct lm_error *error) {
    uint8_t public_key[32];
    char *text;
    size_t size;
    int found = find(key_or_file, key, &text, &size, error);
    sodium_free(text);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (lm_public_key_load(key_or_file, public_key, error) < 0)
        return -1;
    return lm_note_key_make(origin, LM_NOTE_ED25519, public_key, key, error);
}

static int find_keeper(const struct lm_registry *registry, const char *id, int64_t instant_s,
                       struct lm_registered *keeper, struct lm_error *error) {
    struct lm_registered holder;
    if (lm_registry_by_id(registry, id, instant_s, keeper, error) < 0 ||
        lm_registry_by_kid(registry, keeper->kid, instant_s, &holder, error) < 0)
        return -1;
    return lm_role_may_sign(keeper->role, LM_TYPE_RECEIPT)
               ? 0
               : lm_fail(error, LM_WRONG_ROLE, "%s is a %s and keeps no log", keeper->id,
                         lm_role_words[keeper->role]);
}

int lm_log_key_find(const struct lm_registry *registry, const char *origin, const char *keeper,
                    int64_t instant_s, struct lm_note_key *key, struct lm_error *error) {
    struct lm_registered registered;
    char *id = keeper ? strdup(keeper) : strndup(origin, strcspn(origin, "/"));
    if (!id)
        return lm_fail_memory(error);
    int result = find_keeper(registry, id, instant_s, &registered, error);
    free(id);
    if (result < 0)
        return -1;
    return lm_note_key_make(origin, LM_NOTE_ED25519, registered.public_key, key, error);
}
