#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/crypto/jws.h"
#include "lib/registry/authority.h"
#include "lib/registry/registry_rows.h"

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

static void free_groups(struct lm_row_groups *groups) {
    free(groups->order);
    free(groups->first);
}

void lm_registry_free(struct lm_registry *registry) {
    if (!registry)
        return;
    lm_buffer_free(&registry->texts);
    lm_names_free(&registry->ids);
    lm_names_free(&registry->kids);
    free(registry->rows);
    free(registry->list_offsets);
    free(registry->lists);
    free_groups(&registry->identities);
    free_groups(&registry->keys);
    free_groups(&registry->rules);
    free_groups(&registry->firmware);
    free(registry);
}

const struct lm_root *lm_registry_root(const struct lm_registry *registry) {
    return &registry->root;
}

/* ---- adding ---- */

static size_t keep_text(struct lm_registry *registry, const char *text) {
    if (!text)
        return LM_NO_TEXT;
    size_t offset = registry->texts.size;
    lm_buffer_bytes(&registry->texts, text, strlen(text) + 1);
    return offset;
}

static int keep_list(struct lm_registry *registry, const json_t *texts, struct lm_row_list *list,
                     struct lm_error *error) {
    *list = (struct lm_row_list){registry->list_count, json_array_size(texts)};
    for (size_t i = 0; i < list->count; i++) {
        size_t *offsets = lm_array_room(registry->list_offsets, &registry->list_room,
                                        registry->list_count, sizeof *offsets, error);
        if (!offsets)
            return -1;
        registry->list_offsets = offsets;
        offsets[registry->list_count++] =
            keep_text(registry, json_string_value(json_array_get(texts, i)));
    }
    return 0;
}

static int name_id(struct lm_registry *registry, const char *id, struct lm_registry_row *row,
                   struct lm_error *error) {
    return lm_names_add(&registry->ids, id, strlen(id), &row->name, error);
}

static int name_key(struct lm_registry *registry, const char *kid, struct lm_registry_row *row,
                    struct lm_error *error) {
    return lm_names_add(&registry->kids, kid, strlen(kid), &row->key, error);
}

/* Whoever is unsigned still gets a row, to be refused by sealing. */
static int fill_identity(struct lm_registry *registry, const struct lm_identity *identity,
                         struct lm_registry_row *row, struct lm_error *error) {
    char kid[LM_DIGEST_TEXT_SIZE];
    lm_jwk_thumbprint(&identity->keys.sign, kid);
    row->role = identity->role;
    row->supplier = keep_text(registry, identity->supplier);
    row->region = keep_text(registry, identity->region);
    row->user = keep_text(registry, identity->user);
    row->valid = identity->valid;
    if (!lm_base64url_read(identity->keys.sign.x, row->public_key, sizeof row->public_key) ||
        !lm_base64url_read(identity->keys.seal.x, row->seal_public, sizeof row->seal_public))
        return lm_fail(error, LM_DEFECT, "a key that was checked does not decode");
    if (name_id(registry, identity->id, row, error) < 0 ||
        name_key(registry, kid, row, error) < 0 ||
        keep_list(registry, identity->regions, &row->regions, error) < 0)
        return -1;
    return keep_list(registry, identity->firmware, &row->firmware, error);
}

static int fill_revocation(struct lm_registry *registry, const struct lm_revocation *revocation,
                           struct lm_registry_row *row, struct lm_error *error) {
    row->at_s = row->logged_s > revocation->at_s ? row->logged_s : revocation->at_s;
    if (name_id(registry, revocation->id, row, error) < 0)
        return -1;
    return name_key(registry, revocation->kid, row, error);
}

static int fill_rules(struct lm_registry *registry, const struct lm_market_rules *rules,
                      struct lm_registry_row *row, struct lm_error *error) {
    row->valid = rules->valid;
    row->terms = (struct lm_row_terms){
        .period_minutes = rules->period_minutes,
        .gate_minutes = rules->gate_minutes,
        .grace_seconds = rules->grace_seconds,
        .price_floor_micro = rules->price_floor_micro,
        .price_cap_micro = rules->price_cap_micro,
        .max_orders = rules->max_orders,
    };
    if (name_id(registry, rules->market, row, error) < 0)
        return -1;
    return keep_list(registry, rules->regions, &row->regions, error);
}

static int fill_row(struct lm_registry *registry, const struct lm_record *record,
                    struct lm_registry_row *row, struct lm_error *error) {
    switch (record->type) {
    case LM_TYPE_IDENTITY:
        return fill_identity(registry, &record->as.identity, row, error);
    case LM_TYPE_REVOCATION:
        return fill_revocation(registry, &record->as.revocation, row, error);
    case LM_TYPE_MARKET_RULES:
        return fill_rules(registry, &record->as.market_rules, row, error);
    case LM_TYPE_FIRMWARE:
        row->valid = record->as.firmware.valid;
        return keep_list(registry, record->as.firmware.digests, &row->firmware, error);
    default:
        return lm_fail(error, LM_DEFECT, "a type that no registry keeps");
    }
}

int lm_registry_add(struct lm_registry *registry, const struct lm_record *record,
                    const char *source, uint64_t line, struct lm_error *error) {
    struct lm_registry_row row = {
        .source = source,
        .line = line,
        .type = record->type,
        .name = LM_NO_NAME,
        .key = LM_NO_NAME,
        .logged_s = record->wrapped ? record->entry_at_s : LM_NOT_LOGGED,
        .supplier = LM_NO_TEXT,
        .region = LM_NO_TEXT,
        .user = LM_NO_TEXT,
    };
    if (!lm_type_of_root(record->type))
        return 0;
    if (fill_row(registry, record, &row, error) < 0)
        return -1;
    row.payload = registry->texts.size;
    lm_record_payload(record, &registry->texts);
    row.payload_size = registry->texts.size - row.payload;
    row.protected_header = keep_text(registry, record->signature.protected_header);
    row.signature = keep_text(registry, record->signature.signature);
    if (!lm_buffer_ok(&registry->texts))
        return lm_fail_memory(error);
    (void)crypto_hash_sha256(row.digest, (const uint8_t *)registry->texts.data + row.payload,
                             row.payload_size);
    struct lm_registry_row *rows =
        lm_array_room(registry->rows, &registry->room, registry->count, sizeof *rows, error);
    if (!rows)
        return -1;
    registry->rows = rows;
    rows[registry->count++] = row;
    return 0;
}

/* ---- sealing ---- */

static void check_row(void *context, size_t i) {
    struct lm_registry *registry = context;
    struct lm_registry_row *row = &registry->rows[i];
    struct lm_error why;
    char kid[LM_DIGEST_TEXT_SIZE];
    if (row->protected_header == LM_NO_TEXT) {
        row->refused = LM_UNSIGNED;
        return;
    }
    /* No proof of its possession can be right; whoever signed it has not looked. */
    if (row->type == LM_TYPE_IDENTITY && lm_ed25519_small_order(row->public_key)) {
        row->refused = LM_BAD_PROOF;
        return;
    }
    const struct lm_signature signature = {.protected_header =
                                               lm_registry_text(registry, row->protected_header),
                                           .signature = lm_registry_text(registry, row->signature)};
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
        const struct lm_registry_row *row = &registry->rows[i];
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

/* By content, source, and whether and when it was logged. */
static int compare_sayings(const struct lm_registry_row *x, const struct lm_registry_row *y) {
    int order = memcmp(x->digest, y->digest, sizeof x->digest);
    if (order == 0)
        order = strcmp(x->source ? x->source : "", y->source ? y->source : "");
    return order ? order : (x->logged_s != LM_NOT_LOGGED) - (y->logged_s != LM_NOT_LOGGED);
}

static int compare_first(const void *a, const void *b, void *context) {
    const struct lm_registry_row *rows = context;
    const struct lm_registry_row *x = &rows[*(const uint32_t *)a];
    const struct lm_registry_row *y = &rows[*(const uint32_t *)b];
    int order = compare_sayings(x, y);
    if (order == 0)
        order = (x->logged_s > y->logged_s) - (x->logged_s < y->logged_s);
    return order ? order : (x > y) - (x < y);
}

/* Whoever says one thing many times makes no work by it for those who look something up. */
static int find_repeats(struct lm_registry *registry, struct lm_error *error) {
    struct lm_registry_row *rows = registry->rows;
    uint32_t *order = calloc(registry->count + 1, sizeof *order);
    size_t count = 0;
    if (!order)
        return lm_fail_memory(error);
    for (size_t i = 0; i < registry->count; i++) {
        if (rows[i].refused == LM_NONE)
            order[count++] = (uint32_t)i;
    }
    qsort_r(order, count, sizeof *order, compare_first, rows);
    for (size_t i = 1; i < count; i++)
        rows[order[i]].repeat = compare_sayings(&rows[order[i - 1]], &rows[order[i]]) == 0;
    free(order);
    return 0;
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

/* Which number a row is grouped by; LM_NO_NAME where it is in none of the groups. */
typedef uint32_t group_of(const struct lm_registry_row *row);

static uint32_t by_id(const struct lm_registry_row *row) {
    return row->type == LM_TYPE_IDENTITY ? row->name : LM_NO_NAME;
}

static uint32_t by_kid(const struct lm_registry_row *row) {
    return row->key;
}

static uint32_t by_market(const struct lm_registry_row *row) {
    return row->type == LM_TYPE_MARKET_RULES ? row->name : LM_NO_NAME;
}

static uint32_t all_firmware(const struct lm_registry_row *row) {
    return row->type == LM_TYPE_FIRMWARE ? 0 : LM_NO_NAME;
}

static int group_rows(const struct lm_registry *registry, group_of *group, size_t count,
                      struct lm_row_groups *groups, struct lm_error *error) {
    struct sort_key *keys = calloc(registry->count + 1, sizeof *keys);
    groups->order = calloc(registry->count + 1, sizeof *groups->order);
    groups->first = calloc(count + 2, sizeof *groups->first);
    if (!keys || !groups->order || !groups->first) {
        free(keys);
        return lm_fail_memory(error);
    }
    size_t key_count = 0;
    for (size_t i = 0; i < registry->count; i++) {
        const struct lm_registry_row *row = &registry->rows[i];
        uint32_t number = group(row);
        if (row->refused == LM_NONE && !row->repeat && number != LM_NO_NAME)
            keys[key_count++] = (struct sort_key){number, (uint32_t)i, row->valid.start_s};
    }
    qsort(keys, key_count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < key_count; i++) {
        groups->order[i] = keys[i].row;
        groups->first[keys[i].group + 1]++;
    }
    for (size_t n = 0; n < count; n++)
        groups->first[n + 1] += groups->first[n];
    free(keys);
    return 0;
}

static int group_all(struct lm_registry *registry, struct lm_error *error) {
    if (group_rows(registry, by_id, registry->ids.count, &registry->identities, error) < 0 ||
        group_rows(registry, by_kid, registry->kids.count, &registry->keys, error) < 0 ||
        group_rows(registry, by_market, registry->ids.count, &registry->rules, error) < 0)
        return -1;
    return group_rows(registry, all_firmware, 1, &registry->firmware, error);
}

/* A bare copy of a revocation takes nothing from what its entry in the log says of its time. */
static bool is_logged_too(const struct lm_registry *registry, const struct lm_registry_row *row) {
    const struct lm_row_groups *keys = &registry->keys;
    if (row->logged_s != LM_NOT_LOGGED)
        return false;
    for (uint32_t i = keys->first[row->key]; i < keys->first[row->key + 1]; i++) {
        const struct lm_registry_row *other = &registry->rows[keys->order[i]];
        if (other->type == LM_TYPE_REVOCATION && other->logged_s != LM_NOT_LOGGED &&
            memcmp(other->digest, row->digest, sizeof row->digest) == 0)
            return true;
    }
    return false;
}

static void check_revocations(struct lm_registry *registry) {
    for (size_t i = 0; i < registry->count; i++) {
        struct lm_registry_row *row = &registry->rows[i];
        if (row->type != LM_TYPE_REVOCATION || row->refused != LM_NONE || row->repeat)
            continue;
        if (!lm_registry_owns(registry, row->name, row->key))
            row->refused = LM_WRONG_KEY;
        row->bare_copy = is_logged_too(registry, row);
    }
}

static void explain(const struct lm_registry *registry, const struct lm_registry_row *row,
                    struct lm_error *why) {
    const char *type = lm_schema_of(row->type)->name;
    const char *name = row->name == LM_NO_NAME ? NULL : lm_names_text(&registry->ids, row->name);
    if (row->refused == LM_WRONG_KEY)
        lm_fail(why, row->refused, "%s is revoked a key that it never had: %s", name,
                lm_names_text(&registry->kids, row->key));
    else if (row->refused == LM_BAD_PROOF)
        lm_fail(why, row->refused, "the key of %s is of small order, so that anybody has it", name);
    else
        lm_fail(why, row->refused, "the root has not signed this %s%s%s: %s", type,
                name ? " of " : "", name ? name : "", lm_reason_meaning(row->refused));
}

int lm_registry_seal(struct lm_registry *registry, struct lm_pool *pool,
                     void (*reject)(void *context, const char *source, uint64_t line,
                                    const struct lm_error *why),
                     void *context, struct lm_error *error) {
    if (find_root(registry, error) < 0)
        return -1;
    lm_pool_run(pool, registry->count, check_row, registry);
    for (size_t i = 0; i < registry->count; i++) {
        /* Nothing is wrong with the record: without it a revocation would be missed. */
        if (registry->rows[i].refused == LM_MEMORY)
            return lm_fail_memory(error);
    }
    registry->lists = calloc(registry->list_count + 1, sizeof *registry->lists);
    if (!registry->lists)
        return lm_fail_memory(error);
    for (size_t i = 0; i < registry->list_count; i++)
        registry->lists[i] = lm_registry_text(registry, registry->list_offsets[i]);
    if (find_repeats(registry, error) < 0 || group_all(registry, error) < 0)
        return -1;
    check_revocations(registry);
    lm_registry_know(registry, NULL, NULL);
    for (size_t i = 0; reject && i < registry->count; i++) {
        const struct lm_registry_row *row = &registry->rows[i];
        struct lm_error why;
        if (row->refused == LM_NONE)
            continue;
        explain(registry, row, &why);
        reject(context, row->source, row->line, &why);
    }
    return 0;
}
