#include "lib/registry/sign.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/crypto/jws.h"
#include "lib/registry/authority.h"
#include "lib/registry/proof.h"

static int check(const struct lm_record *record, const struct lm_key *key, bool again,
                 struct lm_error *error) {
    const char *type = lm_schema_of(record->type)->name;
    if (record->wrapped)
        return lm_fail(error, LM_NOT_SIGNABLE, "what stands in an entry is not signed any more");
    if (!lm_type_signable(record->type))
        return lm_fail(error, LM_NOT_SIGNABLE, "%s records are never signed", type);
    if (record->signature.signature && !again) {
        lm_fail(error, LM_SIGNED, "the %s is signed already", type);
        return lm_hint(error, "--again takes the old signature away");
    }
    const char *subject = lm_record_subject(record->type, &record->as);
    if (subject && strcmp(subject, key->id) != 0)
        return lm_fail(error, LM_WRONG_SUBJECT, "the %s speaks for %s, and the key is that of %s",
                       type, subject, key->id);
    return record->type == LM_TYPE_IDENTITY
               ? lm_proof_check(record->json, &record->as.identity, error)
               : 0;
}

int lm_record_sign(const struct lm_record *record, const struct lm_key *key, bool again,
                   struct lm_buffer *out, struct lm_error *error) {
    struct lm_buffer payload = {0};
    struct lm_buffer jws = {0};
    int result = -1;
    if (check(record, key, again, error) < 0)
        return -1;
    lm_record_payload(record, &payload);
    if (lm_buffer_ok(&payload))
        lm_jws_sign(key, payload.data, payload.size, &jws);
    json_t *sig = NULL;
    if (!lm_buffer_ok(&payload) || !lm_buffer_ok(&jws))
        lm_fail_memory(error);
    else if ((sig = lm_json_parse(jws.data, jws.size, error)))
        result = json_object_set_new(record->json, "sig", sig) == 0 ? 0 : lm_fail_memory(error);
    if (result == 0) {
        lm_record_canonical(record, out);
        if (!lm_buffer_ok(out))
            result = lm_fail_memory(error);
        else if (out->size > lm_record_size_max(record->type))
            result = lm_fail(error, LM_TOO_LONG, "with its signature the record is longer than %zu",
                             lm_record_size_max(record->type));
    }
    lm_buffer_free(&payload);
    lm_buffer_free(&jws);
    return result;
}
