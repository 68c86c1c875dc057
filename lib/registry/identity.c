#include "lib/registry/identity.h"

#include <string.h>

#include "lib/record/canonical.h"
#include "lib/record/record.h"
#include "lib/registry/proof.h"

struct lm_validity lm_identity_ten_years(int64_t instant_s) {
    struct lm_civil start = lm_civil_from_seconds(instant_s);
    start.hour = start.minute = start.second = 0;
    struct lm_civil end = start;
    end.year += 10;
    if (!lm_civil_valid(&end)) /* 29 February, ten years on */
        end.day = 28;
    return (struct lm_validity){lm_civil_to_seconds(&start), lm_civil_to_seconds(&end)};
}

static json_t *text_array(const char *const *items, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, json_string(items[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* The record as JSON, without proof; lists are LISTS's, which the caller frees. */
static json_t *build(const struct lm_identity_request *request, const struct lm_key *key,
                     json_t *lists[2], struct lm_error *error) {
    struct lm_buffer line = {0};
    struct lm_identity identity;
    char sign_x[LM_DIGEST_TEXT_SIZE];
    char seal_x[LM_DIGEST_TEXT_SIZE];
    bool user = request->role == LM_ROLE_USER;
    lm_record_clear(LM_TYPE_IDENTITY, &identity);
    lm_digest_text(key->sign_public, sign_x);
    lm_digest_text(key->seal_public, seal_x);
    identity.id = request->id;
    identity.role = request->role;
    identity.supplier = request->supplier;
    identity.user = request->user;
    identity.valid = request->valid;
    identity.keys.sign = (struct lm_jwk){.crv = "Ed25519", .kty = "OKP", .x = sign_x};
    identity.keys.seal = (struct lm_jwk){.crv = "X25519", .kty = "OKP", .x = seal_x};
    if (user && request->region_count > 0)
        identity.region = request->regions[0];
    else
        identity.regions = lists[0];
    identity.firmware = lists[1];
    /* In the place of the proof that is yet to be made. */
    identity.proof = (struct lm_signature){.protected_header = "", .signature = ""};
    lm_record_write(LM_TYPE_IDENTITY, &identity, &line);
    json_t *json = NULL;
    if (lm_buffer_ok(&line))
        json = lm_json_parse(line.data, line.size, error);
    else
        lm_fail_memory(error);
    lm_buffer_free(&line);
    return json;
}

/* Schema and role have the last word: what they refuse was asked for wrongly. */
static int check(json_t *json, struct lm_error *error) {
    struct lm_record record;
    if (lm_record_from_json(json, &record, error) == 0) {
        lm_record_free(&record);
        return 0;
    }
    if (lm_reason_exit(error->reason) == LM_EXIT_REJECT) {
        error->reason = LM_USAGE;
        lm_hint(error, "lm-keygen(1) tells which options a role needs");
    }
    return -1;
}

int lm_identity_write(const struct lm_identity_request *request, const struct lm_key *key,
                      struct lm_buffer *out, struct lm_error *error) {
    json_t *lists[2] = {NULL, NULL};
    json_t *json = NULL;
    int result = 0;
    if (request->role == LM_ROLE_USER && request->region_count > 1)
        return lm_fail(error, LM_USAGE, "a user has one region");
    if (request->region_count > 0 &&
        !(lists[0] = text_array(request->regions, request->region_count)))
        result = lm_fail_memory(error);
    if (result == 0 && request->firmware_count > 0 &&
        !(lists[1] = text_array(request->firmware, request->firmware_count)))
        result = lm_fail_memory(error);
    if (result == 0)
        result = (json = build(request, key, lists, error)) ? 0 : -1;
    if (result == 0)
        result = json_object_del(json, "proof") == 0 ? lm_proof_add(json, key, error)
                                                     : lm_fail_memory(error);
    if (result == 0)
        result = check(json, error);
    if (result == 0) {
        lm_canonical(json, NULL, out);
        result = lm_buffer_ok(out) ? 0 : lm_fail_memory(error);
    }
    json_decref(json);
    json_decref(lists[0]);
    json_decref(lists[1]);
    return result;
}
