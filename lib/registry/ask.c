/* What a sealed registry answers. */
#include <stdlib.h>
#include <string.h>

#include "lib/crypto/jws.h"
#include "lib/registry/authority.h"
#include "lib/registry/proof.h"
#include "lib/registry/registry_rows.h"

static void describe(const struct lm_registry *registry, const struct lm_registry_row *row,
                     struct lm_registered *registered) {
    *registered = (struct lm_registered){
        .id = lm_names_text(&registry->ids, row->name),
        .number = row->name,
        .kid = lm_names_text(&registry->kids, row->key),
        .role = row->role,
        .supplier = lm_registry_text(registry, row->supplier),
        .region = lm_registry_text(registry, row->region),
        .user = lm_registry_text(registry, row->user),
        .regions = registry->lists + row->regions.first,
        .region_count = row->regions.count,
        .firmware = registry->lists + row->firmware.first,
        .firmware_count = row->firmware.count,
        .valid = row->valid,
    };
    memcpy(registered->public_key, row->public_key, sizeof row->public_key);
    memcpy(registered->seal_public, row->seal_public, sizeof row->seal_public);
}

/* The row of a group that counts at an instant. */
static void consider(const struct lm_registry *registry, const struct lm_row_groups *groups,
                     uint32_t number, int64_t instant_s, struct lm_latest *latest) {
    for (uint32_t i = groups->first[number]; i < groups->first[number + 1]; i++) {
        const struct lm_registry_row *row = &registry->rows[groups->order[i]];
        lm_latest_consider(latest, row, row->valid, row->counts_s, row->digest, instant_s);
    }
}

size_t lm_registry_ids(const struct lm_registry *registry) {
    return registry->ids.count;
}

static bool find_id(const struct lm_registry *registry, const char *id, uint32_t *number) {
    return lm_names_find(&registry->ids, id, strlen(id), number);
}

int lm_registry_by_id(const struct lm_registry *registry, const char *id, int64_t instant_s,
                      struct lm_registered *registered, struct lm_error *error) {
    struct lm_latest latest = {0};
    uint32_t number;
    bool known = find_id(registry, id, &number);
    if (known)
        consider(registry, &registry->identities, number, instant_s, &latest);
    if (!latest.record && known) {
        char instant[LM_TIME_SIZE];
        lm_instant_format(instant_s, instant);
        return lm_fail(error, LM_NO_IDENTITY, "%s: no identity is valid at %s", id, instant);
    }
    if (!latest.record || latest.ambiguous) {
        enum lm_reason reason = latest.record ? LM_AMBIGUOUS : LM_NO_IDENTITY;
        return lm_fail(error, reason, "%s: %s", id, lm_reason_meaning(reason));
    }
    describe(registry, latest.record, registered);
    return 0;
}

static int compare_ids(const void *a, const void *b) {
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static bool ever_operator(const struct lm_registry *registry, uint32_t name) {
    const struct lm_row_groups *groups = &registry->identities;
    for (uint32_t i = groups->first[name]; i < groups->first[name + 1]; i++) {
        int role = registry->rows[groups->order[i]].role;
        if (role == LM_ROLE_DSO || role == LM_ROLE_TSO)
            return true;
    }
    return false;
}

int lm_registry_operators(const struct lm_registry *registry, const char ***ids, size_t *count,
                          struct lm_error *error) {
    *count = 0;
    *ids = calloc(registry->ids.count + 1, sizeof **ids);
    if (!*ids)
        return lm_fail_memory(error);
    for (uint32_t name = 0; name < registry->ids.count; name++) {
        if (ever_operator(registry, name))
            (*ids)[(*count)++] = lm_names_text(&registry->ids, name);
    }
    qsort(*ids, *count, sizeof **ids, compare_ids);
    return 0;
}

static bool is_supplied(const struct lm_registry *registry, uint32_t number, const char *supplier,
                        int64_t instant_s) {
    struct lm_latest latest = {0};
    consider(registry, &registry->identities, number, instant_s, &latest);
    const struct lm_registry_row *row = latest.record;
    const char *theirs = row ? lm_registry_text(registry, row->supplier) : NULL;
    return theirs && !latest.ambiguous && strcmp(theirs, supplier) == 0;
}

/* Which identity counts changes only where one of them begins, ends or gets known. */
bool lm_registry_supplied(const struct lm_registry *registry, const char *id, const char *supplier,
                          struct lm_validity stretch) {
    const struct lm_row_groups *groups = &registry->identities;
    uint32_t number;
    if (!find_id(registry, id, &number))
        return false;
    if (is_supplied(registry, number, supplier, stretch.start_s))
        return true;
    for (uint32_t i = groups->first[number]; i < groups->first[number + 1]; i++) {
        const struct lm_registry_row *row = &registry->rows[groups->order[i]];
        const int64_t instants_s[] = {row->valid.start_s, row->valid.end_s, row->known_s};
        for (size_t k = 0; k < sizeof instants_s / sizeof *instants_s; k++) {
            if (lm_validity_holds(stretch, instants_s[k]) &&
                is_supplied(registry, number, supplier, instants_s[k]))
                return true;
        }
    }
    return false;
}

int lm_registry_rules(const struct lm_registry *registry, const char *market, int64_t instant_s,
                      struct lm_registered_rules *rules, struct lm_error *error) {
    struct lm_latest latest = {0};
    char at[LM_TIME_SIZE];
    uint32_t number;
    if (find_id(registry, market, &number))
        consider(registry, &registry->rules, number, instant_s, &latest);
    lm_instant_format(instant_s, at);
    if (!latest.record)
        return lm_fail(error, LM_MISSING_RECORD, "no rules of market %s hold at %s", market, at);
    if (latest.ambiguous)
        return lm_fail(error, LM_AMBIGUOUS,
                       "the rules of market %s that hold at %s contradict each other", market, at);
    const struct lm_registry_row *row = latest.record;
    *rules = (struct lm_registered_rules){
        .market = lm_names_text(&registry->ids, row->name),
        .number = row->name,
        .valid = row->valid,
        .regions = registry->lists + row->regions.first,
        .region_count = row->regions.count,
        .period_minutes = row->terms.period_minutes,
        .gate_minutes = row->terms.gate_minutes,
        .grace_seconds = row->terms.grace_seconds,
        .price_floor_micro = row->terms.price_floor_micro,
        .price_cap_micro = row->terms.price_cap_micro,
        .max_orders = row->terms.max_orders,
    };
    return 0;
}

bool lm_registry_approves(const struct lm_registry *registry, const char *digest,
                          int64_t instant_s) {
    const struct lm_row_groups *groups = &registry->firmware;
    for (uint32_t i = groups->first[0]; i < groups->first[1]; i++) {
        const struct lm_registry_row *row = &registry->rows[groups->order[i]];
        if (!lm_validity_holds(row->valid, instant_s))
            continue;
        for (size_t k = 0; k < row->firmware.count; k++) {
            if (strcmp(registry->lists[row->firmware.first + k], digest) == 0)
                return true;
        }
    }
    return false;
}

bool lm_registry_approves_any(const struct lm_registry *registry) {
    return registry->firmware.first[1] > 0;
}

/* ---- keys ---- */

bool lm_registry_owns(const struct lm_registry *registry, uint32_t name, uint32_t key) {
    const struct lm_row_groups *groups = &registry->keys;
    for (uint32_t i = groups->first[key]; i < groups->first[key + 1]; i++) {
        const struct lm_registry_row *row = &registry->rows[groups->order[i]];
        if (row->type == LM_TYPE_IDENTITY && row->name == name)
            return true;
    }
    return false;
}

bool lm_registry_has_key(const struct lm_registry *registry, const char *id, const char *kid) {
    uint32_t name;
    uint32_t key;
    return find_id(registry, id, &name) && lm_names_find(&registry->kids, kid, strlen(kid), &key) &&
           lm_registry_owns(registry, name, key);
}

/* What is known of a key: the identity of its that holds, or why none does, and its revocation. */
struct key_state {
    const struct lm_registry_row *valid;
    const struct lm_registry_row *earlier; /* the last identity of it that has ended */
    const struct lm_registry_row *later;   /* the first one that has not begun */
    bool revoked;
};

static bool is_current(const struct lm_registry *registry, const struct lm_registry_row *row,
                       int64_t instant_s) {
    struct lm_latest current = {0};
    const struct lm_registry_row *found;
    consider(registry, &registry->identities, row->name, instant_s, &current);
    found = current.record;
    return !current.ambiguous && found && found->key == row->key;
}

/* Where one key is in the identities of several ids, that of SUBJECT is meant; else one that the
 * key still counts for, the first in byte order: the order of the records changes nothing. */
static bool is_meant(const struct lm_registry *registry, const struct lm_registry_row *row,
                     const struct lm_registry_row *other, uint32_t subject, int64_t instant_s) {
    if (!other || row->name == other->name)
        return !other;
    if (row->name == subject || other->name == subject)
        return row->name == subject;
    bool current = is_current(registry, row, instant_s);
    if (current != is_current(registry, other, instant_s))
        return current;
    return strcmp(lm_names_text(&registry->ids, row->name),
                  lm_names_text(&registry->ids, other->name)) < 0;
}

static struct key_state look_at_key(const struct lm_registry *registry, uint32_t key,
                                    uint32_t subject, int64_t instant_s) {
    const struct lm_row_groups *groups = &registry->keys;
    struct key_state state = {0};
    for (uint32_t i = groups->first[key]; i < groups->first[key + 1]; i++) {
        const struct lm_registry_row *row = &registry->rows[groups->order[i]];
        if (row->refused != LM_NONE || row->bare_copy)
            continue;
        if (row->type == LM_TYPE_REVOCATION) {
            state.revoked = state.revoked || row->at_s <= instant_s;
        } else if (lm_validity_holds(row->valid, instant_s)) {
            if (is_meant(registry, row, state.valid, subject, instant_s))
                state.valid = row;
        } else if (row->valid.end_s <= instant_s) {
            state.earlier = !state.earlier || row->valid.end_s > state.earlier->valid.end_s
                                ? row
                                : state.earlier;
        } else {
            state.later =
                !state.later || row->valid.start_s < state.later->valid.start_s ? row : state.later;
        }
    }
    return state;
}

static int fail_invalid(const struct lm_registry *registry, const struct key_state *state,
                        const char *kid, struct lm_error *error) {
    const struct lm_registry_row *row = state->earlier ? state->earlier : state->later;
    char instant[LM_TIME_SIZE];
    lm_instant_format(state->earlier ? row->valid.end_s : row->valid.start_s, instant);
    return lm_fail(error, state->earlier ? LM_EXPIRED : LM_NOT_YET_VALID,
                   "the identity of %s with the key %s is valid %s %s",
                   lm_names_text(&registry->ids, row->name), kid, state->earlier ? "until" : "from",
                   instant);
}

int lm_registry_signer(const struct lm_registry *registry, const char *kid, const char *subject,
                       int64_t instant_s, struct lm_registered *registered,
                       struct lm_error *error) {
    struct lm_latest current = {0};
    uint32_t name = LM_NO_NAME;
    uint32_t key;
    if (!lm_names_find(&registry->kids, kid, strlen(kid), &key))
        return lm_fail(error, LM_UNKNOWN_SIGNER, "no identity has the key %s", kid);
    if (subject && !find_id(registry, subject, &name))
        name = LM_NO_NAME;
    struct key_state state = look_at_key(registry, key, name, instant_s);
    if (!state.valid && !state.earlier && !state.later)
        return lm_fail(error, LM_UNKNOWN_SIGNER, "no identity has the key %s", kid);
    if (state.revoked)
        return lm_fail(error, LM_REVOKED, "the key %s is revoked", kid);
    if (!state.valid)
        return fail_invalid(registry, &state, kid, error);
    const char *id = lm_names_text(&registry->ids, state.valid->name);
    consider(registry, &registry->identities, state.valid->name, instant_s, &current);
    if (current.ambiguous)
        return lm_fail(error, LM_AMBIGUOUS, "identities of %s contradict each other", id);
    const struct lm_registry_row *row = current.record;
    if (row->key != key)
        return lm_fail(error, LM_SUPERSEDED, "%s has another key by then", id);
    describe(registry, row, registered);
    return 0;
}

int lm_registry_by_kid(const struct lm_registry *registry, const char *kid, int64_t instant_s,
                       struct lm_registered *registered, struct lm_error *error) {
    return lm_registry_signer(registry, kid, NULL, instant_s, registered, error);
}

bool lm_registry_revoked(const struct lm_registry *registry, const char *kid, int64_t instant_s) {
    uint32_t key;
    return lm_names_find(&registry->kids, kid, strlen(kid), &key) &&
           look_at_key(registry, key, LM_NO_NAME, instant_s).revoked;
}

/* When an identity of a row is the one that counts: when it begins, or, in a log, is known. */
static int64_t counts_since(const struct lm_registry_row *row) {
    return row->known_s != LM_KNOWN_ALWAYS && row->known_s > row->valid.start_s
               ? row->known_s
               : row->valid.start_s;
}

int64_t lm_registry_signed_at(const struct lm_registry *registry, const struct lm_record *record,
                              int64_t instant_s) {
    const struct lm_row_groups *groups = &registry->keys;
    const char *subject = lm_record_subject(record->type, &record->as);
    char kid[LM_DIGEST_TEXT_SIZE];
    struct lm_registered registered;
    struct lm_error why;
    uint32_t key;
    if (!record->signature.signature || lm_jws_kid(&record->signature, kid, &why) < 0 ||
        lm_registry_signer(registry, kid, subject, instant_s, &registered, &why) == 0 ||
        (why.reason != LM_EXPIRED && why.reason != LM_SUPERSEDED) ||
        !lm_names_find(&registry->kids, kid, strlen(kid), &key))
        return instant_s;
    for (uint32_t i = groups->first[key]; i < groups->first[key + 1]; i++) {
        const struct lm_registry_row *row = &registry->rows[groups->order[i]];
        if (row->type == LM_TYPE_IDENTITY && row->refused == LM_NONE && !row->bare_copy &&
            counts_since(row) <= instant_s &&
            lm_registry_signer(registry, kid, subject, counts_since(row), &registered, &why) == 0)
            return counts_since(row);
    }
    return instant_s;
}

/* ---- records ---- */

static int admit_of_root(const struct lm_registry *registry, const struct lm_record *record,
                         struct lm_error *error) {
    if (record->type == LM_TYPE_REVOCATION) {
        const struct lm_revocation *revocation = &record->as.revocation;
        if (!lm_registry_has_key(registry, revocation->id, revocation->kid))
            return lm_fail(error, LM_WRONG_KEY, "%s is revoked a key that it never had: %s",
                           revocation->id, revocation->kid);
    }
    return record->type == LM_TYPE_IDENTITY
               ? lm_proof_check(record->json, &record->as.identity, error)
               : 0;
}

/* Finds who signed a record, as far as that shows without looking at the signature. */
static int find_signer(const struct lm_registry *registry, const struct lm_record *record,
                       int64_t instant_s, struct lm_admitted *admitted, struct lm_error *error) {
    struct lm_registered *signer = &admitted->signer;
    const char *type = lm_schema_of(record->type)->name;
    char kid[LM_DIGEST_TEXT_SIZE];
    if (!lm_type_signable(record->type))
        return lm_fail(error, LM_NOT_SIGNABLE, "%s records are never signed", type);
    if (!record->signature.signature)
        return lm_fail(error, LM_UNSIGNED, "the %s is not signed", type);
    if (lm_jws_kid(&record->signature, kid, error) < 0)
        return -1;
    admitted->by_root = lm_type_of_root(record->type) && strcmp(kid, registry->root.kid) == 0;
    if (!admitted->by_root)
        return lm_registry_signer(registry, kid, lm_record_subject(record->type, &record->as),
                                  instant_s, signer, error);
    *signer = (struct lm_registered){.kid = registry->root.kid, .role = LM_ROLE_REGISTRAR};
    memcpy(signer->public_key, registry->root.public_key, sizeof signer->public_key);
    return 0;
}

int lm_registry_admit(const struct lm_registry *registry, const struct lm_record *record,
                      int64_t instant_s, struct lm_admitted *admitted, struct lm_error *error) {
    *admitted = (struct lm_admitted){0};
    if (find_signer(registry, record, instant_s, admitted, error) < 0) {
        admitted->signer.id = NULL;
        return -1;
    }
    if (admitted->by_root)
        return 0;
    return lm_authority_check(registry, record, &admitted->signer, error);
}

int lm_admitted_verify(const struct lm_admitted *admitted, const struct lm_signature *signature,
                       const char *payload, size_t size, struct lm_error *error) {
    if (lm_jws_verify(signature, admitted->signer.public_key, payload, size, error) == 0)
        return 0;
    if (error->reason == LM_BAD_SIGNATURE && admitted->signer.id)
        lm_fail(error, LM_BAD_SIGNATURE, "bad signature (of %s)", admitted->signer.id);
    return -1;
}

static int verify(const struct lm_admitted *admitted, const struct lm_record *record,
                  struct lm_error *error) {
    struct lm_buffer payload = {0};
    lm_record_payload(record, &payload);
    int result = lm_buffer_ok(&payload) ? lm_admitted_verify(admitted, &record->signature,
                                                             payload.data, payload.size, error)
                                        : lm_fail_memory(error);
    lm_buffer_free(&payload);
    return result;
}

int lm_registry_check(const struct lm_registry *registry, const struct lm_record *record,
                      int64_t instant_s, const char **signer, struct lm_error *error) {
    struct lm_admitted admitted;
    struct lm_error why = {.reason = LM_NONE};
    if (signer)
        *signer = NULL;
    if (lm_registry_admit(registry, record, instant_s, &admitted, error) < 0) {
        if (signer && admitted.signer.id && verify(&admitted, record, &why) == 0)
            *signer = admitted.signer.id;
        return why.reason == LM_MEMORY ? lm_fail_memory(error) : -1;
    }
    if (verify(&admitted, record, error) < 0)
        return -1;
    /* What the root vouches for is looked at once it is known that it does. */
    return admitted.by_root ? admit_of_root(registry, record, error) : 0;
}
