#include "lib/registry/registry.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/names.h"
#include "lib/crypto/jws.h"
#include "lib/record/latest.h"
#include "lib/registry/authority.h"
#include "lib/registry/proof.h"

#define NONE UINT32_MAX

/* One identity or revocation as it was added. Texts are offsets into the registry's. */
struct row {
    const char *source;
    uint64_t line;
    size_t payload; /* what the root signed */
    size_t payload_size;
    size_t protected_header; /* SIZE_MAX where there is no signature */
    size_t signature;
    uint8_t digest[32];
    enum lm_type type;
    enum lm_reason refused;
    uint32_t name; /* number of the id */
    uint32_t key;  /* number of the kid */
    /* an identity's */
    int role;
    size_t supplier; /* SIZE_MAX for none, as the next two */
    size_t region;
    size_t user;
    size_t regions; /* the first in region_texts, and how many */
    size_t region_count;
    struct lm_validity valid;
    uint8_t public_key[32];
    /* a revocation's */
    int64_t at_s;
};

struct lm_registry {
    struct lm_root root;
    struct row *rows;
    size_t count;
    size_t room;
    struct lm_buffer texts;
    size_t *region_offsets;
    size_t region_count;
    size_t region_room;
    const char **regions; /* by region_offsets, once nothing is added any more */
    struct lm_names ids;
    struct lm_names kids;
    /* Identities of an id, latest start first, and rows of a kid: places in these, by number. */
    uint32_t *by_id;
    uint32_t *id_first;
    uint32_t *by_kid;
    uint32_t *kid_first;
};

struct lm_registry *lm_registry_new(const struct lm_root *root, struct lm_error *error) {
    struct lm_registry *registry = calloc(1, sizeof *registry);
    if (!registry) {
        lm_fail_memory(error);
        return NULL;
    }
    registry->root = *root;
    lm_names_start(&registry->ids);
    lm_names_start(&registry->kids);
    return registry;
}

void lm_registry_free(struct lm_registry *registry) {
    if (!registry)
        return;
    lm_buffer_free(&registry->texts);
    lm_names_free(&registry->ids);
    lm_names_free(&registry->kids);
    free(registry->rows);
    free(registry->region_offsets);
    free(registry->regions);
    free(registry->by_id);
    free(registry->id_first);
    free(registry->by_kid);
    free(registry->kid_first);
    free(registry);
}

const struct lm_root *lm_registry_root(const struct lm_registry *registry) {
    return &registry->root;
}

/* ---- adding ---- */

static size_t keep_text(struct lm_registry *registry, const char *text) {
    if (!text)
        return SIZE_MAX;
    size_t offset = registry->texts.size;
    lm_buffer_bytes(&registry->texts, text, strlen(text) + 1);
    return offset;
}

static const char *text_at(const struct lm_registry *registry, size_t offset) {
    return offset == SIZE_MAX ? NULL : registry->texts.data + offset;
}

static int keep_regions(struct lm_registry *registry, const json_t *list, struct row *row,
                        struct lm_error *error) {
    row->regions = registry->region_count;
    row->region_count = json_array_size(list);
    for (size_t i = 0; i < row->region_count; i++) {
        if (registry->region_count == registry->region_room) {
            size_t room = registry->region_room ? 2 * registry->region_room : 16;
            size_t *offsets = realloc(registry->region_offsets, room * sizeof *offsets);
            if (!offsets)
                return lm_fail_memory(error);
            registry->region_offsets = offsets;
            registry->region_room = room;
        }
        registry->region_offsets[registry->region_count++] =
            keep_text(registry, json_string_value(json_array_get(list, i)));
    }
    return 0;
}

/* Whoever is unsigned, or has a key that is none, still gets a row, to be refused by sealing. */
static int fill_identity(struct lm_registry *registry, const struct lm_identity *identity,
                         struct row *row, const char **id, char kid[LM_DIGEST_TEXT_SIZE],
                         struct lm_error *error) {
    *id = identity->id;
    lm_jwk_thumbprint(&identity->keys.sign, kid);
    row->role = identity->role;
    row->supplier = keep_text(registry, identity->supplier);
    row->region = keep_text(registry, identity->region);
    row->user = keep_text(registry, identity->user);
    row->valid = identity->valid;
    if (!lm_base64url_read(identity->keys.sign.x, row->public_key, sizeof row->public_key))
        return lm_fail(error, LM_DEFECT, "a key that was checked does not decode");
    return keep_regions(registry, identity->regions, row, error);
}

static int name_row(struct lm_registry *registry, const char *id, const char *kid, struct row *row,
                    struct lm_error *error) {
    if (lm_names_add(&registry->ids, id, strlen(id), &row->name, error) < 0)
        return -1;
    return lm_names_add(&registry->kids, kid, strlen(kid), &row->key, error);
}

int lm_registry_add(struct lm_registry *registry, const struct lm_record *record,
                    const char *source, uint64_t line, struct lm_error *error) {
    struct row row = {.source = source, .line = line, .type = record->type};
    char kid[LM_DIGEST_TEXT_SIZE];
    const char *id;
    if (record->type == LM_TYPE_IDENTITY) {
        if (fill_identity(registry, &record->as.identity, &row, &id, kid, error) < 0)
            return -1;
    } else if (record->type == LM_TYPE_REVOCATION) {
        id = record->as.revocation.id;
        memcpy(kid, record->as.revocation.kid, sizeof kid);
        row.at_s = record->as.revocation.at_s;
        if (record->wrapped && record->entry_at_s > row.at_s)
            row.at_s = record->entry_at_s;
    } else {
        return 0;
    }
    row.payload = registry->texts.size;
    lm_record_payload(record, &registry->texts);
    row.payload_size = registry->texts.size - row.payload;
    row.protected_header = keep_text(registry, record->signature.protected_header);
    row.signature = keep_text(registry, record->signature.signature);
    if (!lm_buffer_ok(&registry->texts))
        return lm_fail_memory(error);
    (void)crypto_hash_sha256(row.digest, (const uint8_t *)registry->texts.data + row.payload,
                             row.payload_size);
    if (name_row(registry, id, kid, &row, error) < 0)
        return -1;
    if (registry->count == registry->room) {
        size_t room = registry->room ? 2 * registry->room : 64;
        struct row *rows = realloc(registry->rows, room * sizeof *rows);
        if (!rows)
            return lm_fail_memory(error);
        registry->rows = rows;
        registry->room = room;
    }
    registry->rows[registry->count++] = row;
    return 0;
}

/* ---- sealing ---- */

static void check_row(void *context, size_t i) {
    struct lm_registry *registry = context;
    struct row *row = &registry->rows[i];
    struct lm_error why;
    char kid[LM_DIGEST_TEXT_SIZE];
    if (row->protected_header == SIZE_MAX) {
        row->refused = LM_UNSIGNED;
        return;
    }
    const struct lm_signature signature = {.protected_header =
                                               text_at(registry, row->protected_header),
                                           .signature = text_at(registry, row->signature)};
    if (lm_jws_kid(&signature, kid, &why) < 0)
        row->refused = why.reason;
    else if (strcmp(kid, registry->root.kid) != 0)
        row->refused = LM_UNKNOWN_SIGNER;
    else if (lm_jws_verify(&signature, registry->root.public_key,
                           registry->texts.data + row->payload, row->payload_size, &why) < 0)
        row->refused = why.reason;
}

/* A root that is known by its thumbprint is one of the identities. The thumbprint vouches for the
 * key, so that it can be taken from a record before that record is checked with it. */
static int find_root(struct lm_registry *registry, struct lm_error *error) {
    if (registry->root.public_known)
        return 0;
    for (size_t i = 0; i < registry->count && !registry->root.public_known; i++) {
        const struct row *row = &registry->rows[i];
        if (row->type != LM_TYPE_IDENTITY ||
            strcmp(lm_names_text(&registry->kids, row->key), registry->root.kid) != 0)
            continue;
        memcpy(registry->root.public_key, row->public_key, sizeof row->public_key);
        registry->root.public_known = true;
    }
    if (registry->root.public_known)
        return 0;
    lm_fail(error, LM_BAD_KEY, "the root key %s is not in the registry", registry->root.kid);
    return lm_hint(error,
                   "the registrar's identity is missing; --root takes it, too, or a key file");
}

struct sort_key {
    uint32_t group;
    uint32_t row;
    int64_t start_s;
};

/* By group, latest start first, then as they came. */
static int compare_keys(const void *a, const void *b) {
    const struct sort_key *x = a;
    const struct sort_key *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->start_s != y->start_s)
        return x->start_s > y->start_s ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Rows grouped by a number of theirs: ORDER[first[n]] up to ORDER[first[n + 1]] are n's. */
static int group_rows(const struct lm_registry *registry, bool by_kid, size_t groups,
                      uint32_t **order, uint32_t **first, struct lm_error *error) {
    struct sort_key *keys = calloc(registry->count + 1, sizeof *keys);
    *order = calloc(registry->count + 1, sizeof **order);
    *first = calloc(groups + 2, sizeof **first);
    if (!keys || !*order || !*first) {
        free(keys);
        return lm_fail_memory(error);
    }
    size_t count = 0;
    for (size_t i = 0; i < registry->count; i++) {
        const struct row *row = &registry->rows[i];
        if (row->refused != LM_NONE || (!by_kid && row->type != LM_TYPE_IDENTITY))
            continue;
        keys[count++] = (struct sort_key){by_kid ? row->key : row->name, (uint32_t)i,
                                          row->type == LM_TYPE_IDENTITY ? row->valid.start_s : 0};
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        (*order)[i] = keys[i].row;
        (*first)[keys[i].group + 1]++;
    }
    for (size_t n = 0; n < groups; n++)
        (*first)[n + 1] += (*first)[n];
    free(keys);
    return 0;
}

int lm_registry_seal(struct lm_registry *registry, struct lm_pool *pool,
                     void (*reject)(void *context, const char *source, uint64_t line,
                                    const struct lm_error *why),
                     void *context, struct lm_error *error) {
    if (find_root(registry, error) < 0)
        return -1;
    lm_pool_run(pool, registry->count, check_row, registry);
    for (size_t i = 0; reject && i < registry->count; i++) {
        const struct row *row = &registry->rows[i];
        struct lm_error why;
        if (row->refused == LM_NONE)
            continue;
        lm_fail(&why, row->refused, "the root has not signed this %s of %s: %s",
                lm_schema_of(row->type)->name, lm_names_text(&registry->ids, row->name),
                lm_reason_meaning(row->refused));
        reject(context, row->source, row->line, &why);
    }
    registry->regions = calloc(registry->region_count + 1, sizeof *registry->regions);
    if (!registry->regions)
        return lm_fail_memory(error);
    for (size_t i = 0; i < registry->region_count; i++)
        registry->regions[i] = text_at(registry, registry->region_offsets[i]);
    if (group_rows(registry, false, registry->ids.count, &registry->by_id, &registry->id_first,
                   error) < 0)
        return -1;
    return group_rows(registry, true, registry->kids.count, &registry->by_kid, &registry->kid_first,
                      error);
}

/* ---- asking ---- */

static void describe(const struct lm_registry *registry, const struct row *row,
                     struct lm_registered *registered) {
    *registered = (struct lm_registered){
        .id = lm_names_text(&registry->ids, row->name),
        .kid = lm_names_text(&registry->kids, row->key),
        .role = row->role,
        .supplier = text_at(registry, row->supplier),
        .region = text_at(registry, row->region),
        .user = text_at(registry, row->user),
        .regions = registry->regions + row->regions,
        .region_count = row->region_count,
        .valid = row->valid,
    };
    memcpy(registered->public_key, row->public_key, sizeof row->public_key);
}

/* The row that counts of an id at an instant. */
static enum lm_reason resolve(const struct lm_registry *registry, uint32_t name, int64_t instant_s,
                              const struct row **found) {
    struct lm_latest latest = {0};
    for (uint32_t i = registry->id_first[name]; i < registry->id_first[name + 1]; i++) {
        const struct row *row = &registry->rows[registry->by_id[i]];
        lm_latest_consider(&latest, row, row->valid, row->digest, instant_s);
    }
    *found = latest.record;
    return !latest.record ? LM_NO_IDENTITY : latest.ambiguous ? LM_AMBIGUOUS : LM_NONE;
}

int lm_registry_by_id(const struct lm_registry *registry, const char *id, int64_t instant_s,
                      struct lm_registered *registered, struct lm_error *error) {
    const struct row *row = NULL;
    uint32_t name;
    enum lm_reason reason = LM_NO_IDENTITY;
    if (lm_names_find(&registry->ids, id, strlen(id), &name))
        reason = resolve(registry, name, instant_s, &row);
    if (reason != LM_NONE)
        return lm_fail(error, reason, "%s: %s", id, lm_reason_meaning(reason));
    describe(registry, row, registered);
    return 0;
}

static int compare_ids(const void *a, const void *b) {
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static bool ever_operator(const struct lm_registry *registry, uint32_t name) {
    for (uint32_t i = registry->id_first[name]; i < registry->id_first[name + 1]; i++) {
        int role = registry->rows[registry->by_id[i]].role;
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

bool lm_registry_supplied(const struct lm_registry *registry, const char *id, const char *supplier,
                          struct lm_validity stretch) {
    uint32_t name;
    if (!lm_names_find(&registry->ids, id, strlen(id), &name))
        return false;
    for (uint32_t i = registry->id_first[name]; i < registry->id_first[name + 1]; i++) {
        const struct row *row = &registry->rows[registry->by_id[i]];
        const char *theirs = text_at(registry, row->supplier);
        if (theirs && strcmp(theirs, supplier) == 0 && row->valid.start_s < stretch.end_s &&
            stretch.start_s < row->valid.end_s)
            return true;
    }
    return false;
}

/* What is known of a key: the identity of its that holds, or why none does, and its revocation. */
struct key_state {
    const struct row *valid;
    bool earlier; /* an identity of it has ended */
    bool later;   /* one has not begun */
    bool revoked;
};

static struct key_state look_at_key(const struct lm_registry *registry, uint32_t key,
                                    int64_t instant_s) {
    struct key_state state = {0};
    for (uint32_t i = registry->kid_first[key]; i < registry->kid_first[key + 1]; i++) {
        const struct row *row = &registry->rows[registry->by_kid[i]];
        if (row->type == LM_TYPE_REVOCATION)
            state.revoked = state.revoked || row->at_s <= instant_s;
        else if (lm_validity_holds(row->valid, instant_s))
            state.valid = state.valid ? state.valid : row;
        else if (row->valid.end_s <= instant_s)
            state.earlier = true;
        else
            state.later = true;
    }
    return state;
}

int lm_registry_by_kid(const struct lm_registry *registry, const char *kid, int64_t instant_s,
                       struct lm_registered *registered, struct lm_error *error) {
    const struct row *current;
    uint32_t key;
    if (!lm_names_find(&registry->kids, kid, strlen(kid), &key))
        return lm_fail(error, LM_UNKNOWN_SIGNER, "no identity has the key %s", kid);
    struct key_state state = look_at_key(registry, key, instant_s);
    if (!state.valid && !state.earlier && !state.later)
        return lm_fail(error, LM_UNKNOWN_SIGNER, "no identity has the key %s", kid);
    if (state.revoked)
        return lm_fail(error, LM_REVOKED, "the key %s is revoked", kid);
    if (!state.valid)
        return lm_fail(error, state.earlier ? LM_EXPIRED : LM_NOT_YET_VALID,
                       "the identity with the key %s is %s valid", kid,
                       state.earlier ? "no longer" : "not yet");
    const char *id = lm_names_text(&registry->ids, state.valid->name);
    if (resolve(registry, state.valid->name, instant_s, &current) == LM_AMBIGUOUS)
        return lm_fail(error, LM_AMBIGUOUS, "identities of %s contradict each other", id);
    if (current->key != key)
        return lm_fail(error, LM_SUPERSEDED, "%s has another key by now", id);
    describe(registry, current, registered);
    return 0;
}

static int verify(const struct lm_record *record, const uint8_t public_key[32],
                  struct lm_error *error) {
    struct lm_buffer payload = {0};
    lm_record_payload(record, &payload);
    int result = lm_buffer_ok(&payload) ? lm_jws_verify(&record->signature, public_key,
                                                        payload.data, payload.size, error)
                                        : lm_fail_memory(error);
    lm_buffer_free(&payload);
    return result;
}

int lm_registry_check(const struct lm_registry *registry, const struct lm_record *record,
                      int64_t instant_s, const char **signer, struct lm_error *error) {
    struct lm_registered registered;
    char kid[LM_DIGEST_TEXT_SIZE];
    if (signer)
        *signer = NULL;
    if (!lm_type_signable(record->type))
        return lm_fail(error, LM_NOT_SIGNABLE, "a %s is never signed",
                       lm_schema_of(record->type)->name);
    if (!record->signature.signature)
        return lm_fail(error, LM_UNSIGNED, "the %s is not signed",
                       lm_schema_of(record->type)->name);
    if (lm_jws_kid(&record->signature, kid, error) < 0)
        return -1;
    if (lm_type_of_root(record->type) && strcmp(kid, registry->root.kid) == 0) {
        if (verify(record, registry->root.public_key, error) < 0)
            return -1;
        return record->type == LM_TYPE_IDENTITY
                   ? lm_proof_check(record->json, &record->as.identity, error)
                   : 0;
    }
    if (lm_registry_by_kid(registry, kid, instant_s, &registered, error) < 0)
        return -1;
    if (lm_authority_check(registry, record, &registered, instant_s, error) < 0) {
        struct lm_error ignored;
        if (signer && verify(record, registered.public_key, &ignored) == 0)
            *signer = registered.id;
        return -1;
    }
    if (verify(record, registered.public_key, error) == 0)
        return 0;
    if (error->reason == LM_BAD_SIGNATURE)
        lm_fail(error, LM_BAD_SIGNATURE, "bad signature (of %s)", registered.id);
    return -1;
}
