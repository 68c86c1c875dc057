#include "lib/settle/facts.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/record/canonical.h"
#include "lib/record/latest.h"

void lm_facts_start(struct lm_facts *facts) {
    *facts = (struct lm_facts){0};
    lm_names_start(&facts->names);
    lm_names_start(&facts->tariff_names);
    lm_names_start(&facts->fee_names);
}

void lm_facts_free(struct lm_facts *facts) {
    for (int kind = 0; kind < LM_FACTS_KINDS; kind++) {
        free(facts->versions[kind].rows);
        lm_timeline_free(facts->versions[kind].timeline);
    }
    lm_names_free(&facts->names);
    lm_names_free(&facts->tariff_names);
    lm_names_free(&facts->fee_names);
    free(facts->parties);
    free(facts->tariffs);
    free(facts->contracts);
    free(facts->fees);
    free(facts->rules);
    free(facts->rules_regions);
    free(facts->services);
    free(facts->bands);
    lm_buffer_free(&facts->scratch);
    *facts = (struct lm_facts){0};
}

int lm_facts_name(struct lm_facts *facts, const char *text, uint32_t *name,
                  struct lm_error *error) {
    return lm_names_add(&facts->names, text, strlen(text), name, error);
}

/* No id holds a slash, so that two ids around one name a pair. */
static int name_pair(struct lm_facts *facts, struct lm_names *names, const char *a, const char *b,
                     uint32_t *name, struct lm_error *error) {
    lm_buffer_reset(&facts->scratch);
    lm_buffer_format(&facts->scratch, "%s/%s", a, b);
    if (!lm_buffer_ok(&facts->scratch))
        return lm_fail_memory(error);
    return lm_names_add(names, facts->scratch.data, facts->scratch.size, name, error);
}

int lm_facts_default_tariff(struct lm_facts *facts, const char *supplier, uint32_t *tariff,
                            struct lm_error *error) {
    return name_pair(facts, &facts->tariff_names, supplier, "", tariff, error);
}

int lm_facts_digest(struct lm_facts *facts, const struct lm_record *record, bool to,
                    uint8_t digest[32], struct lm_error *error) {
    static const char *const without_both[] = {"sig", "to", NULL};
    lm_buffer_reset(&facts->scratch);
    if (to)
        lm_record_payload(record, &facts->scratch);
    else
        lm_canonical(record->json, without_both, &facts->scratch);
    if (!lm_buffer_ok(&facts->scratch))
        return lm_fail_memory(error);
    (void)crypto_generichash(digest, 32, (const unsigned char *)facts->scratch.data,
                             facts->scratch.size, NULL, 0);
    return 0;
}

/* What a record adds: its name, its item, when it is valid. */
struct addition {
    enum lm_facts_kind kind;
    struct lm_validity valid;
    uint32_t name;
    uint32_t item;
};

static int add_services(struct lm_facts *facts, const struct lm_identity *identity,
                        struct lm_party *party, struct lm_error *error) {
    party->services = (uint32_t)facts->service_count;
    for (size_t i = 0; i < json_array_size(identity->regions); i++) {
        const char *region = json_string_value(json_array_get(identity->regions, i));
        struct lm_service *services = lm_array_room(facts->services, &facts->service_room,
                                                    facts->service_count, sizeof *services, error);
        if (!services)
            return -1;
        facts->services = services;
        struct lm_service *service = &services[facts->service_count];
        if (lm_facts_name(facts, region, &service->region, error) < 0 ||
            name_pair(facts, &facts->fee_names, identity->id, region, &service->fee, error) < 0)
            return -1;
        facts->service_count++;
    }
    party->service_count = (uint32_t)facts->service_count - party->services;
    return 0;
}

static int add_party(struct lm_facts *facts, const struct lm_identity *identity,
                     const struct lm_place *where, struct addition *addition,
                     struct lm_error *error) {
    struct lm_party party = {.where = *where,
                             .role = identity->role,
                             .supplier = LM_NOBODY,
                             .region = LM_NOBODY,
                             .user = LM_NOBODY,
                             .tariff = LM_NOBODY};
    struct lm_party *parties = lm_array_room(facts->parties, &facts->party_room, facts->party_count,
                                             sizeof *parties, error);
    if (!parties)
        return -1;
    facts->parties = parties;
    if (lm_facts_name(facts, identity->id, &party.name, error) < 0)
        return -1;
    if (identity->role == LM_ROLE_USER &&
        (lm_facts_name(facts, identity->supplier, &party.supplier, error) < 0 ||
         lm_facts_name(facts, identity->region, &party.region, error) < 0 ||
         lm_facts_default_tariff(facts, identity->supplier, &party.tariff, error) < 0))
        return -1;
    if (identity->role == LM_ROLE_METER &&
        lm_facts_name(facts, identity->user, &party.user, error) < 0)
        return -1;
    if ((identity->role == LM_ROLE_DSO || identity->role == LM_ROLE_TSO) &&
        add_services(facts, identity, &party, error) < 0)
        return -1;
    *addition = (struct addition){LM_FACTS_PARTY, identity->valid, party.name,
                                  (uint32_t)facts->party_count};
    parties[facts->party_count++] = party;
    return 0;
}

static int add_tariff(struct lm_facts *facts, const struct lm_tariff *tariff,
                      struct addition *addition, struct lm_error *error) {
    struct lm_tariff_terms added = {.feed_in_micro = tariff->feed_in_micro,
                                    .fees_borne_by = tariff->fees_borne_by,
                                    .bands = (uint32_t)facts->band_count};
    struct lm_tariff_terms *tariffs = lm_array_room(facts->tariffs, &facts->tariff_room,
                                                    facts->tariff_count, sizeof *tariffs, error);
    if (!tariffs)
        return -1;
    facts->tariffs = tariffs;
    for (size_t i = 0; i < json_array_size(tariff->retail); i++) {
        struct lm_retail_band *bands =
            lm_array_room(facts->bands, &facts->band_room, facts->band_count, sizeof *bands, error);
        if (!bands)
            return -1;
        facts->bands = bands;
        if (lm_retail_band_read(json_array_get(tariff->retail, i), &bands[facts->band_count],
                                error) < 0)
            return -1;
        facts->band_count++;
    }
    added.band_count = (uint32_t)facts->band_count - added.bands;
    addition->kind = LM_FACTS_TARIFF;
    addition->valid = tariff->valid;
    addition->item = (uint32_t)facts->tariff_count;
    if (lm_facts_name(facts, tariff->currency, &added.currency, error) < 0 ||
        lm_facts_name(facts, tariff->zone, &added.zone, error) < 0 ||
        name_pair(facts, &facts->tariff_names, tariff->supplier, tariff->id ? tariff->id : "",
                  &addition->name, error) < 0)
        return -1;
    tariffs[facts->tariff_count++] = added;
    return 0;
}

static int add_contract(struct lm_facts *facts, const struct lm_contract *contract,
                        struct addition *addition, struct lm_error *error) {
    struct lm_contract_terms added;
    struct lm_contract_terms *contracts = lm_array_room(
        facts->contracts, &facts->contract_room, facts->contract_count, sizeof *contracts, error);
    if (!contracts)
        return -1;
    facts->contracts = contracts;
    addition->kind = LM_FACTS_CONTRACT;
    addition->valid = contract->valid;
    addition->item = (uint32_t)facts->contract_count;
    if (lm_facts_name(facts, contract->supplier, &added.supplier, error) < 0 ||
        lm_facts_name(facts, contract->user, &addition->name, error) < 0 ||
        name_pair(facts, &facts->tariff_names, contract->supplier, contract->tariff, &added.tariff,
                  error) < 0)
        return -1;
    contracts[facts->contract_count++] = added;
    return 0;
}

static int add_fee(struct lm_facts *facts, const struct lm_network_fee *fee,
                   struct addition *addition, struct lm_error *error) {
    struct lm_fee_terms added = {.price_micro = fee->price_micro};
    struct lm_fee_terms *fees =
        lm_array_room(facts->fees, &facts->fee_room, facts->fee_count, sizeof *fees, error);
    if (!fees)
        return -1;
    facts->fees = fees;
    addition->kind = LM_FACTS_FEE;
    addition->valid = fee->valid;
    addition->item = (uint32_t)facts->fee_count;
    if (lm_facts_name(facts, fee->by, &added.by, error) < 0 ||
        lm_facts_name(facts, fee->region, &added.region, error) < 0 ||
        lm_facts_name(facts, fee->currency, &added.currency, error) < 0 ||
        name_pair(facts, &facts->fee_names, fee->by, fee->region, &addition->name, error) < 0)
        return -1;
    fees[facts->fee_count++] = added;
    return 0;
}

static int add_rules(struct lm_facts *facts, const struct lm_market_rules *rules,
                     struct addition *addition, struct lm_error *error) {
    struct lm_rules_terms added = {.period_minutes = rules->period_minutes,
                                   .gate_minutes = rules->gate_minutes,
                                   .regions = (uint32_t)facts->rules_region_count};
    struct lm_rules_terms *all =
        lm_array_room(facts->rules, &facts->rules_room, facts->rules_count, sizeof *all, error);
    if (!all)
        return -1;
    facts->rules = all;
    for (size_t i = 0; i < json_array_size(rules->regions); i++) {
        uint32_t *regions = lm_array_room(facts->rules_regions, &facts->rules_region_room,
                                          facts->rules_region_count, sizeof *regions, error);
        if (!regions)
            return -1;
        facts->rules_regions = regions;
        if (lm_facts_name(facts, json_string_value(json_array_get(rules->regions, i)),
                          &regions[facts->rules_region_count], error) < 0)
            return -1;
        facts->rules_region_count++;
    }
    added.region_count = (uint32_t)facts->rules_region_count - added.regions;
    addition->kind = LM_FACTS_RULES;
    addition->valid = rules->valid;
    addition->item = (uint32_t)facts->rules_count;
    if (lm_facts_name(facts, rules->market, &addition->name, error) < 0 ||
        lm_facts_name(facts, rules->currency, &added.currency, error) < 0)
        return -1;
    all[facts->rules_count++] = added;
    return 0;
}

int lm_facts_add(struct lm_facts *facts, const struct lm_record *record,
                 const struct lm_place *where, struct lm_error *error) {
    struct addition addition;
    int result;
    switch (record->type) {
    case LM_TYPE_IDENTITY:
        result = add_party(facts, &record->as.identity, where, &addition, error);
        break;
    case LM_TYPE_TARIFF:
        result = add_tariff(facts, &record->as.tariff, &addition, error);
        break;
    case LM_TYPE_CONTRACT:
        result = add_contract(facts, &record->as.contract, &addition, error);
        break;
    case LM_TYPE_NETWORK_FEE:
        result = add_fee(facts, &record->as.network_fee, &addition, error);
        break;
    case LM_TYPE_MARKET_RULES:
        result = add_rules(facts, &record->as.market_rules, &addition, error);
        break;
    default:
        return 0;
    }
    if (result < 0)
        return -1;
    struct lm_versions *versions = &facts->versions[addition.kind];
    struct lm_version *rows =
        lm_array_room(versions->rows, &versions->room, versions->count, sizeof *rows, error);
    if (!rows)
        return -1;
    versions->rows = rows;
    struct lm_version *version = &rows[versions->count];
    *version = (struct lm_version){.where = *where,
                                   .valid = addition.valid,
                                   .known_s = lm_known_since(record),
                                   .name = addition.name,
                                   .item = addition.item};
    if (lm_facts_digest(facts, record, true, version->content, error) < 0)
        return -1;
    versions->count++;
    return 0;
}
