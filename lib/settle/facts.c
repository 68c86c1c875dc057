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
        free(facts->versions[kind].first);
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

static bool same_version(const struct lm_version *a, const struct lm_version *b) {
    return a->name == b->name && memcmp(a->content, b->content, sizeof a->content) == 0;
}

/* Repeats, which lie together, are known since the same instant. */
static void know_together(struct lm_versions *versions) {
    for (size_t i = 0; i < versions->count;) {
        struct lm_version *first = &versions->rows[i];
        int64_t known_s = first->known_s;
        size_t end = i;
        for (; end < versions->count && same_version(&versions->rows[end], first); end++)
            known_s = lm_known_together(known_s, versions->rows[end].known_s);
        for (; i < end; i++)
            versions->rows[i].known_s = known_s;
    }
}

static int seal_versions(struct lm_versions *versions, size_t name_count, struct lm_error *error) {
    versions->first = calloc(name_count + 1, sizeof *versions->first);
    if (!versions->first)
        return lm_fail_memory(error);
    versions->name_count = name_count;
    if (versions->count == 0)
        return 0;
    qsort(versions->rows, versions->count, sizeof *versions->rows, compare_versions);
    know_together(versions);
    size_t row = 0;
    for (size_t name = 0; name <= name_count; name++) {
        while (row < versions->count && versions->rows[row].name < name)
            row++;
        versions->first[name] = (uint32_t)row;
    }
    return 0;
}

int lm_facts_seal(struct lm_facts *facts, struct lm_error *error) {
    for (int kind = 0; kind < LM_FACTS_KINDS; kind++) {
        const struct lm_names *names = kind == LM_FACTS_TARIFF ? &facts->tariff_names
                                       : kind == LM_FACTS_FEE  ? &facts->fee_names
                                                               : &facts->names;
        if (seal_versions(&facts->versions[kind], names->count, error) < 0)
            return -1;
    }
    return 0;
}

enum lm_reason lm_facts_find(struct lm_facts *facts, enum lm_facts_kind kind, uint32_t name,
                             int64_t instant_s, struct lm_version **version) {
    struct lm_versions *versions = &facts->versions[kind];
    if (name >= versions->name_count)
        return LM_MISSING_RECORD;
    struct lm_version *rows = versions->rows;
    size_t first = versions->first[name];
    size_t end = versions->first[name + 1];
    struct lm_latest latest = {0};
    for (size_t i = first; i < end; i++)
        lm_latest_consider(&latest, &rows[i], rows[i].valid, rows[i].known_s, rows[i].content,
                           instant_s);
    *version = NULL;
    if (!latest.record)
        return LM_MISSING_RECORD;
    *version = &rows[(const struct lm_version *)latest.record - rows];
    if (!latest.ambiguous)
        return LM_NONE;
    for (size_t i = first; i < end; i++) {
        if (lm_latest_is(&latest, rows[i].valid, rows[i].known_s, instant_s))
            rows[i].refused = LM_AMBIGUOUS;
    }
    return LM_AMBIGUOUS;
}

const struct lm_party *lm_facts_party(struct lm_facts *facts, uint32_t name, int64_t instant_s,
                                      enum lm_reason *reason) {
    struct lm_version *version;
    *reason = lm_facts_find(facts, LM_FACTS_PARTY, name, instant_s, &version);
    if (*reason == LM_NONE)
        return &facts->parties[version->item];
    if (*reason == LM_MISSING_RECORD)
        *reason = LM_NO_IDENTITY;
    return NULL;
}

static bool is_known(struct lm_facts *facts, uint32_t tariff, int64_t instant_s) {
    struct lm_version *version;
    return lm_facts_find(facts, LM_FACTS_TARIFF, tariff, instant_s, &version) == LM_NONE &&
           version->known_s <= instant_s;
}

const struct lm_tariff_terms *lm_facts_tariff(struct lm_facts *facts, uint32_t user,
                                              uint32_t supplier, uint32_t default_tariff,
                                              int64_t instant_s, struct lm_error *error) {
    struct lm_version *version;
    uint32_t tariff = default_tariff;
    enum lm_reason reason = lm_facts_find(facts, LM_FACTS_CONTRACT, user, instant_s, &version);
    /* Who had no contract had the supplier's other terms, and no later one changes that. */
    if (reason == LM_NONE && version->known_s > instant_s &&
        is_known(facts, default_tariff, instant_s))
        reason = LM_MISSING_RECORD;
    if (reason == LM_AMBIGUOUS) {
        lm_fail(error, reason, "her contracts contradict each other");
        return NULL;
    }
    if (reason == LM_NONE) {
        const struct lm_contract_terms *contract = &facts->contracts[version->item];
        if (contract->supplier != supplier) {
            lm_fail(error, LM_NO_TARIFF, "her contract is with %s, her supplier is %s",
                    lm_names_text(&facts->names, contract->supplier),
                    lm_names_text(&facts->names, supplier));
            return NULL;
        }
        tariff = contract->tariff;
    }
    reason = lm_facts_find(facts, LM_FACTS_TARIFF, tariff, instant_s, &version);
    if (reason == LM_NONE)
        return &facts->tariffs[version->item];
    if (reason == LM_AMBIGUOUS)
        lm_fail(error, reason, "her supplier's tariffs contradict each other");
    else if (tariff == default_tariff)
        lm_fail(error, LM_NO_TARIFF, "%s has no tariff in force for who has no contract",
                lm_names_text(&facts->names, supplier));
    else
        lm_fail(error, LM_NO_TARIFF, "the tariff %s of her contract is not in force",
                lm_names_text(&facts->tariff_names, tariff));
    return NULL;
}
