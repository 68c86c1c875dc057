#include "lib/registry/authority.h"

#include <string.h>

#define BIT(role)       (1U << LM_ROLE_##role)
#define ANYBODY         ((1U << LM_ROLE_COUNT) - 1)
#define NO_SUBJECT      SIZE_MAX
#define SUBJECT(member) offsetof(union lm_body, member)

typedef int further_check(const struct lm_registry *registry, const union lm_body *body,
                          const struct lm_registered *signer, int64_t instant_s,
                          struct lm_error *error);

static bool has_region(const struct lm_registered *registered, const char *region) {
    if (registered->region)
        return strcmp(registered->region, region) == 0;
    for (size_t i = 0; i < registered->region_count; i++) {
        if (strcmp(registered->regions[i], region) == 0)
            return true;
    }
    return false;
}

static int check_market(const struct lm_registry *registry, const union lm_body *body,
                        const struct lm_registered *signer, int64_t instant_s,
                        struct lm_error *error) {
    const char *market_id = body->order.market;
    struct lm_registered market;
    struct lm_error ignored;
    if (lm_registry_by_id(registry, market_id, instant_s, &market, &ignored) < 0 ||
        market.role != LM_ROLE_MARKET)
        return lm_fail(error, LM_WRONG_MARKET, "no market %s in the registry", market_id);
    if (signer->region) {
        if (has_region(&market, signer->region))
            return 0;
    } else {
        for (size_t i = 0; i < signer->region_count; i++) {
            if (has_region(&market, signer->regions[i]))
                return 0;
        }
    }
    return lm_fail(error, LM_WRONG_MARKET, "market %s does not serve the region of %s", market_id,
                   signer->id);
}

static int check_region(const char *region, const struct lm_registered *signer,
                        struct lm_error *error) {
    if (has_region(signer, region))
        return 0;
    return lm_fail(error, LM_WRONG_REGION, "region %s is not one of %s", region, signer->id);
}

static int check_fee(const struct lm_registry *registry, const union lm_body *body,
                     const struct lm_registered *signer, int64_t instant_s,
                     struct lm_error *error) {
    (void)registry;
    (void)instant_s;
    return check_region(body->network_fee.region, signer, error);
}

static int check_total(const struct lm_registry *registry, const union lm_body *body,
                       const struct lm_registered *signer, int64_t instant_s,
                       struct lm_error *error) {
    (void)registry;
    (void)instant_s;
    return check_region(body->total.region, signer, error);
}

static int wrong_customer(const char *user, const struct lm_registered *signer,
                          struct lm_error *error) {
    return lm_fail(error, LM_WRONG_CUSTOMER, "%s is not a customer of %s then", user, signer->id);
}

/* The contract that is valid when the period starts counts, not the one at signing. */
static int check_settlement(const struct lm_registry *registry, const union lm_body *body,
                            const struct lm_registered *signer, int64_t instant_s,
                            struct lm_error *error) {
    const struct lm_settlement *settlement = &body->settlement;
    struct lm_registered user;
    struct lm_error ignored;
    (void)instant_s;
    if (settlement->role != LM_ROLE_USER)
        return 0;
    if (lm_registry_by_id(registry, settlement->party, settlement->period.start_s, &user,
                          &ignored) < 0 ||
        user.role != LM_ROLE_USER || strcmp(user.supplier, signer->id) != 0)
        return wrong_customer(settlement->party, signer, error);
    return 0;
}

static int check_contract(const struct lm_registry *registry, const union lm_body *body,
                          const struct lm_registered *signer, int64_t instant_s,
                          struct lm_error *error) {
    (void)instant_s;
    if (lm_registry_supplied(registry, body->contract.user, signer->id, body->contract.valid))
        return 0;
    return wrong_customer(body->contract.user, signer, error);
}

/* Months are local; a day more at either end covers every zone. */
static int check_bill(const struct lm_registry *registry, const union lm_body *body,
                      const struct lm_registered *signer, int64_t instant_s,
                      struct lm_error *error) {
    struct lm_civil first = {
        .year = body->bill.month.year, .month = body->bill.month.month, .day = 1};
    int64_t start_s = lm_civil_to_seconds(&first) - 86400;
    struct lm_validity stretch = {start_s, start_s + (int64_t)33 * 86400};
    (void)instant_s;
    if (lm_registry_supplied(registry, body->bill.user, signer->id, stretch))
        return 0;
    return wrong_customer(body->bill.user, signer, error);
}

/* A type without a row is never signed. */
static const struct {
    unsigned roles;
    bool of_root;   /* the registrar's root key alone; then there is no subject */
    size_t subject; /* of the text in union lm_body that must be the signer's id */
    further_check *check;
} authorities[LM_TYPE_COUNT] = {
    [LM_TYPE_IDENTITY] = {BIT(REGISTRAR), true, NO_SUBJECT, NULL},
    [LM_TYPE_REVOCATION] = {BIT(REGISTRAR), true, NO_SUBJECT, NULL},
    [LM_TYPE_FIRMWARE] = {BIT(REGISTRAR), true, NO_SUBJECT, NULL},
    [LM_TYPE_MARKET_RULES] = {BIT(REGISTRAR), true, NO_SUBJECT, NULL},
    [LM_TYPE_TARIFF] = {BIT(SUPPLIER), false, SUBJECT(tariff.supplier), NULL},
    [LM_TYPE_CONTRACT] = {BIT(SUPPLIER), false, SUBJECT(contract.supplier), check_contract},
    [LM_TYPE_NETWORK_FEE] = {BIT(DSO) | BIT(TSO), false, SUBJECT(network_fee.by), check_fee},
    [LM_TYPE_ORDER] = {BIT(USER) | BIT(SUPPLIER), false, SUBJECT(order.from), check_market},
    [LM_TYPE_CLEARING] = {BIT(MARKET), false, SUBJECT(clearing.market), NULL},
    [LM_TYPE_TRADE] = {BIT(MARKET), false, SUBJECT(trade.market), NULL},
    [LM_TYPE_NOTICE] = {BIT(MARKET), false, SUBJECT(notice.market), NULL},
    [LM_TYPE_READING] = {BIT(METER), false, SUBJECT(reading.meter), NULL},
    [LM_TYPE_TOTAL] = {BIT(DSO), false, NO_SUBJECT, check_total},
    [LM_TYPE_SETTLEMENT] = {BIT(SUPPLIER), false, SUBJECT(settlement.supplier), check_settlement},
    [LM_TYPE_TRANSFER] = {BIT(SUPPLIER), false, SUBJECT(transfer.from), NULL},
    [LM_TYPE_ADJUSTMENT] = {BIT(SUPPLIER), false, SUBJECT(settlement.supplier), check_settlement},
    [LM_TYPE_BILL] = {BIT(SUPPLIER), false, SUBJECT(bill.supplier), check_bill},
    [LM_TYPE_CHALLENGE] = {ANYBODY, false, SUBJECT(challenge.from), NULL},
    [LM_TYPE_RESPONSE] = {ANYBODY, false, SUBJECT(response.from), NULL},
    [LM_TYPE_RECEIPT] = {BIT(MARKET) | BIT(SUPPLIER) | BIT(REGISTRAR), false, NO_SUBJECT, NULL},
    [LM_TYPE_CLAIM] = {ANYBODY, false, SUBJECT(claim.claimant), NULL},
    [LM_TYPE_FINDING] = {BIT(AUDITOR), false, NO_SUBJECT, NULL},
    [LM_TYPE_VERDICT] = {BIT(AUDITOR), false, NO_SUBJECT, NULL},
    [LM_TYPE_EXHIBIT] = {BIT(AUDITOR), false, NO_SUBJECT, NULL},
};

bool lm_type_signable(enum lm_type type) {
    return authorities[type].roles != 0;
}

bool lm_type_of_root(enum lm_type type) {
    return authorities[type].of_root;
}

bool lm_role_may_sign(int role, enum lm_type type) {
    return (authorities[type].roles & 1U << role) != 0;
}

const char *lm_record_subject(enum lm_type type, const union lm_body *body) {
    size_t offset = authorities[type].subject;
    if (!lm_type_signable(type) || offset == NO_SUBJECT)
        return NULL;
    return *(const char *const *)((const char *)body + offset);
}

int lm_authority_check(const struct lm_registry *registry, const struct lm_record *record,
                       const struct lm_registered *signer, int64_t instant_s,
                       struct lm_error *error) {
    const char *type = lm_schema_of(record->type)->name;
    if (!lm_role_may_sign(signer->role, record->type))
        return lm_fail(error, LM_WRONG_ROLE, "%s is a %s and may not sign a %s", signer->id,
                       lm_role_words[signer->role], type);
    if (lm_type_of_root(record->type) && strcmp(signer->kid, lm_registry_root(registry)->kid) != 0)
        return lm_fail(error, LM_WRONG_ROLE, "only the root key signs a %s, not that of %s", type,
                       signer->id);
    const char *subject = lm_record_subject(record->type, &record->as);
    if (subject && strcmp(subject, signer->id) != 0)
        return lm_fail(error, LM_WRONG_SUBJECT, "the %s speaks for %s and is signed by %s", type,
                       subject, signer->id);
    further_check *check = authorities[record->type].check;
    return check ? check(registry, &record->as, signer, instant_s, error) : 0;
}
