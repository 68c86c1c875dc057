#include "lib/registry/sealed.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/crypto/seal.h"
#include "lib/record/canonical.h"
#include "lib/registry/addressee.h"

/* Appends the line around RECORD with JSON, which is taken over, in the place of the record. */
static int write_line(const struct lm_record *record, json_t *json, struct lm_buffer *out,
                      struct lm_error *error) {
    size_t before = out->size;
    if (!json)
        return -1;
    if (record->wrapped) {
        if (json_object_set_new(record->line, "record", json) < 0)
            return lm_fail_memory(error);
        lm_canonical(record->line, NULL, out);
    } else {
        lm_canonical(json, NULL, out);
        json_decref(json);
    }
    if (!lm_buffer_ok(out))
        return lm_fail_memory(error);
    if (out->size - before > LM_ENTRY_SIZE_MAX)
        return lm_fail(error, LM_TOO_LONG, "the entry would be longer than %d bytes",
                       LM_ENTRY_SIZE_MAX);
    return 0;
}

/* ---- sealing ---- */

/* Whom a record is sealed to, and with what. */
struct target {
    const char *to;
    uint8_t public_key[32];
};

static int find_key_of(const struct lm_seal_keys *keys, const struct lm_record *record,
                       struct target *target, struct lm_error *error) {
    struct lm_registered addressee;
    struct lm_registered holder;
    if (keys->notices && record->type == LM_TYPE_NOTICE) {
        int found =
            lm_notice_keys_find(keys->notices, &record->as.notice, target->public_key, error);
        if (found != 0)
            return found < 0 ? -1 : 0;
    }
    if (lm_registry_by_id(keys->registry, target->to, keys->instant_s, &addressee, error) < 0)
        return -1;
    memcpy(target->public_key, addressee.seal_public, sizeof target->public_key);
    /* One file holds both keys: where the one is revoked the other is no secret either. */
    return lm_registry_signer(keys->registry, addressee.kid, target->to, keys->instant_s, &holder,
                              error);
}

static int find_target(const struct lm_seal_keys *keys, const struct lm_record *record,
                       const char *to, struct target *target, struct lm_error *error) {
    const char *type = lm_schema_of(record->type)->name;
    const char *ids[LM_ADDRESSEES_MAX];
    if (lm_record_addressees(record->type, &record->as, ids) == 0) {
        lm_fail(error, LM_NO_ADDRESSEE, "the %s names nobody that it is meant for", type);
        return record->type == LM_TYPE_READING ? lm_hint(error, "lm-meter --to names the addressee")
                                               : -1;
    }
    if (to && !lm_record_meant_for(record->type, &record->as, to))
        return lm_fail(error, LM_WRONG_ADDRESSEE, "the %s is meant for %s, not for %s", type,
                       ids[0], to);
    target->to = to ? to : ids[0];
    return find_key_of(keys, record, target, error);
}

/* The sealed record, as JSON, of SIZE bytes in the box. */
static json_t *build(const struct target *target, const struct lm_buffer *box, size_t size,
                     struct lm_error *error) {
    char x[LM_DIGEST_TEXT_SIZE];
    char kid[LM_DIGEST_TEXT_SIZE];
    struct lm_buffer line = {0};
    lm_digest_text(target->public_key, x);
    lm_jwk_thumbprint(&(struct lm_jwk){.crv = "X25519", .kty = "OKP", .x = x}, kid);
    struct lm_sealed sealed = {.box = box->data, .kid = kid, .to = target->to};
    lm_record_write(LM_TYPE_SEALED, &sealed, &line);
    json_t *json = NULL;
    if (!lm_buffer_ok(&line))
        lm_fail_memory(error);
    else if (line.size > LM_RECORD_SIZE_MAX)
        lm_fail(error, LM_TOO_LONG, "sealed, the record of %zu bytes is longer than %d", size,
                LM_RECORD_SIZE_MAX);
    else
        json = lm_json_parse(line.data, line.size, error);
    lm_buffer_free(&line);
    return json;
}

int lm_record_seal(const struct lm_seal_keys *keys, const struct lm_record *record, const char *to,
                   struct lm_buffer *out, struct lm_error *error) {
    struct target target;
    struct lm_buffer text = {0};
    struct lm_buffer box = {0};
    if (find_target(keys, record, to, &target, error) < 0)
        return -1;
    lm_record_canonical(record, &text);
    int result = lm_buffer_ok(&text)
                     ? lm_seal_box(text.data, text.size, target.public_key, &box, error)
                     : lm_fail_memory(error);
    lm_buffer_byte(&box, '\0');
    if (result == 0 && !lm_buffer_ok(&box))
        result = lm_fail_memory(error);
    if (result == 0)
        result = write_line(record, build(&target, &box, text.size, error), out, error);
    else if (error->reason == LM_WEAK_KEY)
        lm_fail(error, LM_WEAK_KEY, "the key of %s is of small order and hides nothing", target.to);
    lm_buffer_free(&text);
    lm_buffer_free(&box);
    return result;
}

/* ---- opening ---- */

static const struct lm_key *find_key(const struct lm_sealed *sealed, const struct lm_key *keys,
                                     size_t count, struct lm_error *error) {
    bool known = false;
    for (size_t i = 0; i < count; i++) {
        bool named = strcmp(keys[i].id, sealed->to) == 0;
        known = known || named;
        if (named && strcmp(keys[i].seal_kid, sealed->kid) == 0)
            return &keys[i];
    }
    if (known)
        lm_fail(error, LM_OTHER_KEY, "it is sealed to another key of %s", sealed->to);
    else
        lm_fail(error, LM_WRONG_ADDRESSEE, "it is sealed to %s", sealed->to);
    return NULL;
}

/* What was in the box must be a record by itself, meant for whoever could open it. */
static int check_content(const struct lm_record *record, const struct lm_key *key,
                         struct lm_error *error) {
    const char *type = lm_schema_of(record->type)->name;
    const char *ids[LM_ADDRESSEES_MAX];
    if (record->wrapped)
        return lm_fail(error, LM_BAD_CONTENT, "an entry is in the box, not a record");
    if (lm_record_addressees(record->type, &record->as, ids) == 0)
        return lm_fail(error, LM_BAD_CONTENT, "the %s in the box names nobody it is meant for",
                       type);
    if (!lm_record_meant_for(record->type, &record->as, key->id))
        return lm_fail(error, LM_WRONG_ADDRESSEE, "the %s in the box is meant for %s, not for %s",
                       type, ids[0], key->id);
    return 0;
}

int lm_record_open(const struct lm_record *sealed, const struct lm_key *keys, size_t key_count,
                   struct lm_buffer *out, struct lm_error *error) {
    const struct lm_key *key = find_key(&sealed->as.sealed, keys, key_count, error);
    struct lm_buffer text = {0};
    struct lm_record record;
    struct lm_error why;
    if (!key)
        return -1;
    int result =
        lm_open_box(sealed->as.sealed.box, key->seal_public, key->seal_secret, &text, error);
    if (result == 0 && lm_record_parse(text.data, text.size, &record, &why) < 0)
        result = lm_fail(error, why.reason == LM_MEMORY ? LM_MEMORY : LM_BAD_CONTENT,
                         "no record is in the box: %.200s", why.detail);
    else if (result == 0) {
        result = check_content(&record, key, error);
        if (result == 0)
            result = write_line(sealed, json_incref(record.json), out, error);
        lm_record_free(&record);
    }
    lm_buffer_free(&text);
    return result;
}
