#include "lib/settle/terms.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/record/canonical.h"

void lm_terms_start(struct lm_terms *terms) {
    *terms = (struct lm_terms){0};
    lm_names_start(&terms->names);
    lm_names_start(&terms->tariff_names);
    lm_names_start(&terms->fee_names);
}

void lm_terms_free(struct lm_terms *terms) {
    for (int kind = 0; kind < LM_TERMS_KINDS; kind++) {
        free(terms->versions[kind].rows);
        free(terms->versions[kind].first);
    }
    lm_names_free(&terms->names);
    lm_names_free(&terms->tariff_names);
    lm_names_free(&terms->fee_names);
    free(terms->parties);
    free(terms->tariffs);
    free(terms->contracts);
    free(terms->fees);
    free(terms->services);
    free(terms->bands);
    lm_buffer_free(&terms->scratch);
    *terms = (struct lm_terms){0};
}

int lm_terms_name(struct lm_terms *terms, const char *text, uint32_t *name,
                  struct lm_error *error) {
    return lm_names_add(&terms->names, text, strlen(text), name, error);
}

/* No id holds a slash, so that two ids around one name a pair. */
static int name_pair(struct lm_terms *terms, struct lm_names *names, const char *a, const char *b,
                     uint32_t *name, struct lm_error *error) {
    lm_buffer_reset(&terms->scratch);
    lm_buffer_format(&terms->scratch, "%s/%s", a, b);
    if (!lm_buffer_ok(&terms->scratch))
        return lm_fail_memory(error);
    return lm_names_add(names, terms->scratch.data, terms->scratch.size, name, error);
}

int lm_terms_default_tariff(struct lm_terms *terms, const char *supplier, uint32_t *tariff,
                            struct lm_error *error) {
    return name_pair(terms, &terms->tariff_names, supplier, "", tariff, error);
}

int lm_terms_digest(struct lm_terms *terms, const struct lm_record *record, bool to,
                    uint8_t digest[32], struct lm_error *error) {
    static const char *const without_both[] = {"sig", "to", NULL};
    lm_buffer_reset(&terms->scratch);
    if (to)
        lm_record_payload(record, &terms->scratch);
    else
        lm_canonical(record->json, without_both, &terms->scratch);
    if (!lm_buffer_ok(&terms->scratch))
        return lm_fail_memory(error);
    (void)crypto_generichash(digest, 32, (const unsigned char *)terms->scratch.data,
                             terms->scratch.size, NULL, 0);
    return 0;
}

/* What a record adds: its name, its item, when it is valid. */
struct addition {
    enum lm_terms_kind kind;
    struct lm_validity valid;
    uint32_t name;
    uint32_t item;
};

static int add_services(struct lm_terms *terms, const struct lm_identity *identity,
                        struct lm_party *party, struct lm_error *error) {
    party->services = (uint32_t)terms->service_count;
    for (size_t i = 0; i < json_array_size(identity->regions); i++) {
        const char *region = json_string_value(json_array_get(identity->regions, i));
        struct lm_service *services = lm_array_room(terms->services, &terms->service_room,
                                                    terms->service_count, sizeof *services, error);
        if (!services)
            return -1;
        terms->services = services;
        struct lm_service *service = &services[terms->service_count];
        if (lm_terms_name(terms, region, &service->region, error) < 0 ||
            name_pair(terms, &terms->fee_names, identity->id, region, &service->fee, error) < 0)
            return -1;
        terms->service_count++;
    }
    party->service_count = (uint32_t)terms->service_count - party->services;
    return 0;
}

static int add_party(struct lm_terms *terms, const struct lm_identity *identity,
                     const struct lm_where *where, struct addition *addition,
                     struct lm_error *error) {
    struct lm_party party = {.where = *where,
                             .role = identity->role,
                             .supplier = LM_NOBODY,
                             .region = LM_NOBODY,
                             .user = LM_NOBODY,
                             .tariff = LM_NOBODY};
    struct lm_party *parties = lm_array_room(terms->parties, &terms->party_room, terms->party_count,
                                             sizeof *parties, error);
    if (!parties)
        return -1;
    terms->parties = parties;
    if (lm_terms_name(terms, identity->id, &party.name, error) < 0)
        return -1;
    if (identity->role == LM_ROLE_USER &&
        (lm_terms_name(terms, identity->supplier, &party.supplier, error) < 0 ||
         lm_terms_name(terms, identity->region, &party.region, error) < 0 ||
         lm_terms_default_tariff(terms, identity->supplier, &party.tariff, error) < 0))
        return -1;
    if (identity->role == LM_ROLE_METER &&
        lm_terms_name(terms, identity->user, &party.user, error) < 0)
        return -1;
    if ((identity->role == LM_ROLE_DSO || identity->role == LM_ROLE_TSO) &&
        add_services(terms, identity, &party, error) < 0)
        return -1;
    *addition = (struct addition){LM_TERMS_PARTY, identity->valid, party.name,
                                  (uint32_t)terms->party_count};
    parties[terms->party_count++] = party;
    return 0;
}

static int add_tariff(struct lm_terms *terms, const struct lm_tariff *tariff,
                      struct addition *addition, struct lm_error *error) {
    struct lm_tariff_terms added = {.feed_in_micro = tariff->feed_in_micro,
                                    .fees_borne_by = tariff->fees_borne_by,
                                    .bands = (uint32_t)terms->band_count};
    struct lm_tariff_terms *tariffs = lm_array_room(terms->tariffs, &terms->tariff_room,
                                                    terms->tariff_count, sizeof *tariffs, error);
    if (!tariffs)
        return -1;
    terms->tariffs = tariffs;
    for (size_t i = 0; i < json_array_size(tariff->retail); i++) {
        struct lm_retail_band *bands =
            lm_array_room(terms->bands, &terms->band_room, terms->band_count, sizeof *bands, error);
        if (!bands)
            return -1;
        terms->bands = bands;
        if (lm_retail_band_read(json_array_get(tariff->retail, i), &bands[terms->band_count],
                                error) < 0)
            return -1;
        terms->band_count++;
    }
    added.band_count = (uint32_t)terms->band_count - added.bands;
    addition->kind = LM_TERMS_TARIFF;
    addition->valid = tariff->valid;
    addition->item = (uint32_t)terms->tariff_count;
    if (lm_terms_name(terms, tariff->currency, &added.currency, error) < 0 ||
        lm_terms_name(terms, tariff->zone, &added.zone, error) < 0 ||
        name_pair(terms, &terms->tariff_names, tariff->supplier, tariff->id ? tariff->id : "",
                  &addition->name, error) < 0)
        return -1;
    tariffs[terms->tariff_count++] = added;
    return 0;
}

static int add_contract(struct lm_terms *terms, const struct lm_contract *contract,
                        struct addition *addition, struct lm_error *error) {
    struct lm_contract_terms added;
    struct lm_contract_terms *contracts = lm_array_room(
        terms->contracts, &terms->contract_room, terms->contract_count, sizeof *contracts, error);
    if (!contracts)
        return -1;
    terms->contracts = contracts;
    addition->kind = LM_TERMS_CONTRACT;
    addition->valid = contract->valid;
    addition->item = (uint32_t)terms->contract_count;
    if (lm_terms_name(terms, contract->supplier, &added.supplier, error) < 0 ||
        lm_terms_name(terms, contract->user, &addition->name, error) < 0 ||
        name_pair(terms, &terms->tariff_names, contract->supplier, contract->tariff, &added.tariff,
                  error) < 0)
        return -1;
    contracts[terms->contract_count++] = added;
    return 0;
}

static int add_fee(struct lm_terms *terms, const struct lm_network_fee *fee,
                   struct addition *addition, struct lm_error *error) {
    struct lm_fee_terms added = {.price_micro = fee->price_micro};
    struct lm_fee_terms *fees =
        lm_array_room(terms->fees, &terms->fee_room, terms->fee_count, sizeof *fees, error);
    if (!fees)
        return -1;
    terms->fees = fees;
    addition->kind = LM_TERMS_FEE;
    addition->valid = fee->valid;
    addition->item = (uint32_t)terms->fee_count;
    if (lm_terms_name(terms, fee->by, &added.by, error) < 0 ||
        lm_terms_name(terms, fee->region, &added.region, error) < 0 ||
        lm_terms_name(terms, fee->currency, &added.currency, error) < 0 ||
        name_pair(terms, &terms->fee_names, fee->by, fee->region, &addition->name, error) < 0)
        return -1;
    fees[terms->fee_count++] = added;
    return 0;
}

static int add_rules(struct lm_terms *terms, const struct lm_market_rules *rules,
                     struct addition *addition, struct lm_error *error) {
    addition->kind = LM_TERMS_CURRENCY;
    addition->valid = rules->valid;
    if (lm_terms_name(terms, rules->market, &addition->name, error) < 0)
        return -1;
    return lm_terms_name(terms, rules->currency, &addition->item, error);
}

int lm_terms_add(struct lm_terms *terms, const struct lm_record *record,
                 const struct lm_where *where, struct lm_error *error) {
    struct addition addition;
    int result;
    switch (record->type) {
    case LM_TYPE_IDENTITY:
        result = add_party(terms, &record->as.identity, where, &addition, error);
        break;
    case LM_TYPE_TARIFF:
        result = add_tariff(terms, &record->as.tariff, &addition, error);
        break;
    case LM_TYPE_CONTRACT:
        result = add_contract(terms, &record->as.contract, &addition, error);
        break;
    case LM_TYPE_NETWORK_FEE:
        result = add_fee(terms, &record->as.network_fee, &addition, error);
        break;
    case LM_TYPE_MARKET_RULES:
        result = add_rules(terms, &record->as.market_rules, &addition, error);
        break;
    default:
        return 0;
    }
    if (result < 0)
        return -1;
    struct lm_versions *versions = &terms->versions[addition.kind];
    struct lm_version *rows =
        lm_array_room(versions->rows, &versions->room, versions->count, sizeof *rows, error);
    if (!rows)
        return -1;
    versions->rows = rows;
    struct lm_version *version = &rows[versions->count];
    *version = (struct lm_version){
        .where = *where, .valid = addition.valid, .name = addition.name, .item = addition.item};
    if (lm_terms_digest(terms, record, true, version->content, error) < 0)
        return -1;
    versions->count++;
    return 0;
}

static int compare_versions(const void *a, const void *b) {
    const struct lm_version *x = a;
    const struct lm_version *y = b;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    if (x->valid.start_s != y->valid.start_s)
        return x->valid.start_s > y->valid.start_s ? -1 : 1;
    int order = memcmp(x->content, y->content, sizeof x->content);
    return order ? order : (x->where.line > y->where.line) - (x->where.line < y->where.line);
}

static int seal_versions(struct lm_versions *versions, size_t name_count, struct lm_error *error) {
    versions->first = calloc(name_count + 1, sizeof *versions->first);
    if (!versions->first)
        return lm_fail_memory(error);
    versions->name_count = name_count;
    if (versions->count == 0)
        return 0;
    qsort(versions->rows, versions->count, sizeof *versions->rows, compare_versions);
    size_t row = 0;
    for (size_t name = 0; name <= name_count; name++) {
        while (row < versions->count && versions->rows[row].name < name)
            row++;
        versions->first[name] = (uint32_t)row;
    }
    return 0;
}

int lm_terms_seal(struct lm_terms *terms, struct lm_error *error) {
    for (int kind = 0; kind < LM_TERMS_KINDS; kind++) {
        const struct lm_names *names = kind == LM_TERMS_TARIFF ? &terms->tariff_names
                                       : kind == LM_TERMS_FEE  ? &terms->fee_names
                                                               : &terms->names;
        if (seal_versions(&terms->versions[kind], names->count, error) < 0)
            return -1;
    }
    return 0;
}

enum lm_reason lm_terms_find(struct lm_terms *terms, enum lm_terms_kind kind, uint32_t name,
                             int64_t instant_s, struct lm_version **version) {
    struct lm_versions *versions = &terms->versions[kind];
    if (name >= versions->name_count)
        return LM_MISSING_RECORD;
    struct lm_version *found = NULL;
    bool ambiguous = false;
    for (size_t i = versions->first[name]; i < versions->first[name + 1]; i++) {
        struct lm_version *row = &versions->rows[i];
        if (found && row->valid.start_s != found->valid.start_s)
            break;
        if (!lm_validity_holds(row->valid, instant_s))
            continue;
        if (!found)
            found = row;
        else if (memcmp(found->content, row->content, sizeof row->content) != 0)
            ambiguous = true;
        if (ambiguous) {
            found->refused = LM_AMBIGUOUS;
            row->refused = LM_AMBIGUOUS;
        }
    }
    *version = found;
    return !found ? LM_MISSING_RECORD : ambiguous ? LM_AMBIGUOUS : LM_NONE;
}

const struct lm_party *lm_terms_party(struct lm_terms *terms, uint32_t name, int64_t instant_s,
                                      enum lm_reason *reason) {
    struct lm_version *version;
    *reason = lm_terms_find(terms, LM_TERMS_PARTY, name, instant_s, &version);
    if (*reason == LM_NONE)
        return &terms->parties[version->item];
    if (*reason == LM_MISSING_RECORD)
        *reason = LM_NO_IDENTITY;
    return NULL;
}

const struct lm_tariff_terms *lm_terms_tariff(struct lm_terms *terms, uint32_t user,
                                              uint32_t supplier, uint32_t default_tariff,
                                              int64_t instant_s, struct lm_error *error) {
    struct lm_version *version;
    uint32_t tariff = default_tariff;
    enum lm_reason reason = lm_terms_find(terms, LM_TERMS_CONTRACT, user, instant_s, &version);
    if (reason == LM_AMBIGUOUS) {
        lm_fail(error, reason, "her contracts contradict each other");
        return NULL;
    }
    if (reason == LM_NONE) {
        const struct lm_contract_terms *contract = &terms->contracts[version->item];
        if (contract->supplier != supplier) {
            lm_fail(error, LM_NO_TARIFF, "her contract is with %s, her supplier is %s",
                    lm_names_text(&terms->names, contract->supplier),
                    lm_names_text(&terms->names, supplier));
            return NULL;
        }
        tariff = contract->tariff;
    }
    reason = lm_terms_find(terms, LM_TERMS_TARIFF, tariff, instant_s, &version);
    if (reason == LM_NONE)
        return &terms->tariffs[version->item];
    if (reason == LM_AMBIGUOUS)
        lm_fail(error, reason, "her supplier's tariffs contradict each other");
    else
        lm_fail(error, LM_NO_TARIFF, "no tariff %s is in force",
                lm_names_text(&terms->tariff_names, tariff));
    return NULL;
}
