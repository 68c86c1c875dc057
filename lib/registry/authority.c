#include "lib/registry/authority.h"

#include <string.h>

#define BIT(role)       (1U << LM_ROLE_##role)
#define ANYBODY         ((1U << LM_ROLE_COUNT) - 1)
#define TRADERS         (BIT(USER) | BIT(SUPPLIER))
#define NO_SUBJECT      SIZE_MAX
#define SUBJECT(member) offsetof(union lm_body, member)

/* A record under check, and its signer as it was when the record's period or validity starts. */
struct question {
    const struct lm_registry *registry;
    const union lm_body *body;
    const struct lm_registered *signer;
    int64_t start_s;
    struct lm_error *error;
};

typedef int further_check(const struct question *question);

/* ---- regions ---- */

static bool has_region(const struct lm_registered *registered, const char *region) {
    if (registered->region)
        return strcmp(registered->region, region) == 0;
    for (size_t i = 0; i < registered->region_count; i++) {
        if (strcmp(registered->regions[i], region) == 0)
            return true;
    }
    return false;
}

/* True where the two act, or are connected, in one region. */
static bool meet(const struct lm_registered *a, const struct lm_registered *b) {
    if (a->region)
        return has_region(b, a->region);
    for (size_t i = 0; i < a->region_count; i++) {
        if (has_region(b, a->regions[i]))
            return true;
    }
    return false;
}

static int check_own_region(const struct question *question, const char *region) {
    if (has_region(question->signer, region))
        return 0;
    return lm_fail(question->error, LM_WRONG_REGION, "region %s is not one of %s then", region,
                   question->signer->id);
}

/* ---- others that a record names ---- */

/* Who ID is at the record's start; false where it is nobody, or none of the roles. */
static bool find_party(const struct question *question, const char *id, unsigned roles,
                       struct lm_registered *party) {
    struct lm_error ignored;
    return lm_registry_by_id(question->registry, id, question->start_s, party, &ignored) == 0 &&
           (roles & 1U << party->role) != 0;
}

/* Who ID is at the record's start, which has to be somebody of the roles, in words WANTED. */
static int need_party(const struct question *question, const char *id, unsigned roles,
                      const char *wanted, struct lm_registered *party) {
    if (lm_registry_by_id(question->registry, id, question->start_s, party, question->error) < 0)
        return -1;
    if (roles & 1U << party->role)
        return 0;
    return lm_fail(question->error, LM_WRONG_PARTY, "%s is a %s then, and no %s", id,
                   lm_role_words[party->role], wanted);
}

/* A market that serves where PARTY is. */
static int check_market(const struct question *question, const char *id,
                        const struct lm_registered *party) {
    struct lm_registered market;
    if (!find_party(question, id, BIT(MARKET), &market))
        return lm_fail(question->error, LM_WRONG_MARKET, "no market %s in the registry then", id);
    if (!meet(&market, party))
        return lm_fail(question->error, LM_WRONG_MARKET, "market %s does not serve a region of %s",
                       id, party->id);
    return 0;
}

/* Her supplier is one, and acts where she is connected. */
static int check_supplier_of(const struct question *question, const struct lm_registered *user) {
    struct lm_registered supplier;
    if (!find_party(question, user->supplier, BIT(SUPPLIER), &supplier))
        return lm_fail(question->error, LM_WRONG_SUPPLIER, "%s, the supplier of %s, is none then",
                       user->supplier, user->id);
    if (!meet(&supplier, user))
        return lm_fail(question->error, LM_WRONG_SUPPLIER, "%s does not supply the region of %s",
                       supplier.id, user->id);
    return 0;
}

static int check_customer(const struct question *question, const char *id,
                          struct lm_registered *user) {
    if (!find_party(question, id, BIT(USER), user) ||
        strcmp(user->supplier, question->signer->id) != 0)
        return lm_fail(question->error, LM_WRONG_CUSTOMER, "%s is not a customer of %s then", id,
                       question->signer->id);
    return check_supplier_of(question, user);
}

/* ---- by type ---- */

static int check_fee(const struct question *question) {
    return check_own_region(question, question->body->network_fee.region);
}

static int check_contract(const struct question *question) {
    struct lm_registered user;
    return check_customer(question, question->body->contract.user, &user);
}

/* What a user without a supplier trades could not be settled. */
static int check_order(const struct question *question) {
    const struct lm_registered *signer = question->signer;
    struct lm_registered_rules rules;
    struct lm_error ignored;
    const char *market = question->body->order.market;
    if (check_market(question, market, signer) < 0)
        return -1;
    if (lm_registry_rules(question->registry, market, question->start_s, &rules, &ignored) == 0) {
        const struct lm_registered served = {.regions = rules.regions,
                                             .region_count = rules.region_count};
        if (!meet(&served, signer))
            return lm_fail(question->error, LM_WRONG_MARKET,
                           "the rules of market %s leave out the regions of %s", market,
                           signer->id);
    }
    return signer->role == LM_ROLE_USER ? check_supplier_of(question, signer) : 0;
}

/* A market speaks of those that may trade on it. */
static int check_trader(const struct question *question, const char *id, unsigned roles) {
    struct lm_registered party;
    const char *wanted = roles == TRADERS ? "user or supplier" : "supplier";
    if (need_party(question, id, roles, wanted, &party) < 0)
        return -1;
    if (!meet(question->signer, &party))
        return lm_fail(question->error, LM_WRONG_REGION, "no region of %s is one of %s then", id,
                       question->signer->id);
    return 0;
}

static int check_trade(const struct question *question) {
    return check_trader(question, question->body->trade.from, TRADERS);
}

/* What its customers bought and sold is a supplier's alone to know. */
static int check_notice(const struct question *question) {
    const struct lm_notice *notice = &question->body->notice;
    return check_trader(question, notice->to, notice->orders ? TRADERS : BIT(SUPPLIER));
}

static bool is_listed(const struct lm_registered *meter, const char *digest) {
    for (size_t i = 0; i < meter->firmware_count; i++) {
        if (strcmp(meter->firmware[i], digest) == 0)
            return true;
    }
    return false;
}

/* Approvals that have run out approve nothing, so that it matters whether there ever were any. */
int lm_authority_firmware(const struct lm_registry *registry, const struct lm_registered *meter,
                          const char *digest, int64_t instant_s, struct lm_error *error) {
    bool any = lm_registry_approves_any(registry);
    if (meter->firmware_count > 0 && !is_listed(meter, digest))
        return lm_fail(error, LM_FIRMWARE, "firmware %s is not one of %s %s", digest,
                       lm_role_words[meter->role], meter->id);
    if (any ? !lm_registry_approves(registry, digest, instant_s) : meter->firmware_count == 0)
        return lm_fail(error, LM_FIRMWARE, "firmware %s of %s %s is not approved then", digest,
                       lm_role_words[meter->role], meter->id);
    return 0;
}

static int check_firmware(const struct question *question) {
    const struct lm_registered *meter = question->signer;
    const char *digest = question->body->reading.firmware;
    if (!digest && meter->firmware_count > 0)
        return lm_fail(question->error, LM_NO_FIRMWARE,
                       "meter %s has to name its firmware, and does not", meter->id);
    if (!digest)
        return 0;
    return lm_authority_firmware(question->registry, meter, digest, question->start_s,
                                 question->error);
}

static int check_reading(const struct question *question) {
    struct lm_registered user;
    if (need_party(question, question->signer->user, BIT(USER), "user with a meter", &user) < 0)
        return -1;
    return check_firmware(question);
}

static int check_total(const struct question *question) {
    const struct lm_total *total = &question->body->total;
    struct lm_registered party;
    if (check_own_region(question, total->region) < 0)
        return -1;
    if (need_party(question, total->to, BIT(SUPPLIER) | BIT(DSO) | BIT(TSO) | BIT(AUDITOR),
                   "supplier, dso, tso or auditor", &party) < 0)
        return -1;
    if (!total->supplier)
        return 0;
    if (need_party(question, total->supplier, BIT(SUPPLIER), "supplier", &party) < 0)
        return -1;
    if (!has_region(&party, total->region))
        return lm_fail(question->error, LM_WRONG_REGION, "region %s is not one of %s then",
                       total->region, party.id);
    return 0;
}

/* A network operator, for a region that is the supplier's, too. */
static int check_operator(const struct question *question, struct lm_registered *party) {
    const struct lm_settlement *settlement = &question->body->settlement;
    if (need_party(question, settlement->party, 1U << settlement->role,
                   lm_role_words[settlement->role], party) < 0)
        return -1;
    if (!settlement->region)
        return lm_fail(question->error, LM_WRONG_REGION,
                       "the settlement of %s does not say for which region", party->id);
    if (!has_region(party, settlement->region))
        return lm_fail(question->error, LM_WRONG_REGION, "region %s is not one of %s then",
                       settlement->region, party->id);
    return check_own_region(question, settlement->region);
}

/* The market of which a settlement settles the surplus. */
static int check_settled_market(const struct question *question, struct lm_registered *party) {
    const char *id = question->body->settlement.party;
    if (need_party(question, id, BIT(MARKET), "market", party) < 0)
        return -1;
    return check_market(question, id, question->signer);
}

/* The contract that is valid when the period starts counts, not the one at signing. */
static int check_settlement(const struct question *question) {
    const struct lm_settlement *settlement = &question->body->settlement;
    struct lm_registered party = *question->signer;
    int result = 0;
    switch ((enum lm_role)settlement->role) {
    case LM_ROLE_USER:
        result = check_customer(question, settlement->party, &party);
        if (result == 0 && settlement->region && !has_region(&party, settlement->region))
            result = lm_fail(question->error, LM_WRONG_REGION, "region %s is not that of %s then",
                             settlement->region, party.id);
        break;
    case LM_ROLE_SUPPLIER:
        if (strcmp(settlement->party, question->signer->id) != 0)
            result = lm_fail(question->error, LM_WRONG_PARTY,
                             "a supplier settles itself and its customers, not supplier %s",
                             settlement->party);
        break;
    case LM_ROLE_DSO:
    case LM_ROLE_TSO:
        result = check_operator(question, &party);
        break;
    case LM_ROLE_MARKET:
        result = check_settled_market(question, &party);
        break;
    default:
        result = lm_fail(question->error, LM_WRONG_PARTY, "nobody settles a %s",
                         lm_role_words[settlement->role]);
    }
    if (result < 0 || !settlement->market)
        return result;
    return check_market(question, settlement->market, &party);
}

static int check_transfer(const struct question *question) {
    const struct lm_transfer *transfer = &question->body->transfer;
    struct lm_registered payee;
    if (need_party(question, transfer->to, BIT(SUPPLIER), "supplier", &payee) < 0)
        return -1;
    if (strcmp(transfer->to, transfer->from) == 0)
        return lm_fail(question->error, LM_WRONG_PARTY, "%s transfers to itself", transfer->from);
    if (check_market(question, transfer->market, question->signer) < 0)
        return -1;
    return check_market(question, transfer->market, &payee);
}

/* Of a customer that it no longer has, a supplier still bills adjustments of what it settled. */
static bool adjusts_only(const json_t *items) {
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *item = json_string_value(json_object_get(json_array_get(items, i), "item"));
        if (!item || strcmp(item, lm_item_words[LM_ITEM_ADJUSTMENT]) != 0)
            return false;
    }
    return true;
}

/* Months are local, and zones reach from 14 hours before UTC to 12 behind. */
static int check_bill(const struct question *question) {
    const struct lm_bill *bill = &question->body->bill;
    int month = bill->month.month;
    struct lm_civil first = {.year = bill->month.year, .month = month, .day = 1};
    struct lm_civil next = {
        .year = bill->month.year + (month == 12), .month = month % 12 + 1, .day = 1};
    struct lm_validity stretch = {lm_civil_to_seconds(&first) - (int64_t)14 * 3600,
                                  lm_civil_to_seconds(&next) + (int64_t)12 * 3600};
    struct lm_validity until = {INT64_MIN, stretch.end_s};
    const char *supplier = question->signer->id;
    if (lm_registry_supplied(question->registry, bill->user, supplier, stretch) ||
        (lm_registry_supplied(question->registry, bill->user, supplier, until) &&
         adjusts_only(bill->items)))
        return 0;
    return lm_fail(question->error, LM_WRONG_CUSTOMER, "%s is not a customer of %s in that month",
                   bill->user, supplier);
}

/* ---- the table ---- */

/* At which instant regions, customers and other parties are looked at: when a period starts, when
 * a validity starts, or when the record is judged. */
enum about { PRESENT, PERIOD, VALID };

/* A type without a row is never signed. */
static const struct {
    unsigned roles;
    bool of_root;   /* the registrar's root key alone; then there is no subject */
    size_t subject; /* of the text in union lm_body that must be the signer's id */
    enum about about;
    size_t start; /* of the period or validity in union lm_body */
    further_check *check;
} authorities[LM_TYPE_COUNT] = {
#define ROOT            .roles = BIT(REGISTRAR), .of_root = true, .subject = NO_SUBJECT
#define AT_PERIOD(body) .about = PERIOD, .start = offsetof(union lm_body, body.period)
#define AT_VALID(body)  .about = VALID, .start = offsetof(union lm_body, body.valid)
    [LM_TYPE_IDENTITY] = {ROOT},
    [LM_TYPE_REVOCATION] = {ROOT},
    [LM_TYPE_FIRMWARE] = {ROOT},
    [LM_TYPE_MARKET_RULES] = {ROOT},
    [LM_TYPE_TARIFF] = {.roles = BIT(SUPPLIER),
                        .subject = SUBJECT(tariff.supplier),
                        AT_VALID(tariff)},
    [LM_TYPE_CONTRACT] = {.roles = BIT(SUPPLIER),
                          .subject = SUBJECT(contract.supplier),
                          AT_VALID(contract),
                          .check = check_contract},
    [LM_TYPE_NETWORK_FEE] = {.roles = BIT(DSO) | BIT(TSO),
                             .subject = SUBJECT(network_fee.by),
                             AT_VALID(network_fee),
                             .check = check_fee},
    [LM_TYPE_ORDER] = {.roles = TRADERS,
                       .subject = SUBJECT(order.from),
                       AT_PERIOD(order),
                       .check = check_order},
    [LM_TYPE_CLEARING] = {.roles = BIT(MARKET),
                          .subject = SUBJECT(clearing.market),
                          AT_PERIOD(clearing)},
    [LM_TYPE_TRADE] = {.roles = BIT(MARKET),
                       .subject = SUBJECT(trade.market),
                       AT_PERIOD(trade),
                       .check = check_trade},
    [LM_TYPE_NOTICE] = {.roles = BIT(MARKET),
                        .subject = SUBJECT(notice.market),
                        AT_PERIOD(notice),
                        .check = check_notice},
    [LM_TYPE_READING] = {.roles = BIT(METER),
                         .subject = SUBJECT(reading.meter),
                         AT_PERIOD(reading),
                         .check = check_reading},
    [LM_TYPE_TOTAL] = {.roles = BIT(DSO),
                       .subject = NO_SUBJECT,
                       AT_PERIOD(total),
                       .check = check_total},
    [LM_TYPE_SETTLEMENT] = {.roles = BIT(SUPPLIER),
                            .subject = SUBJECT(settlement.supplier),
                            AT_PERIOD(settlement),
                            .check = check_settlement},
    [LM_TYPE_TRANSFER] = {.roles = BIT(SUPPLIER),
                          .subject = SUBJECT(transfer.from),
                          AT_PERIOD(transfer),
                          .check = check_transfer},
    [LM_TYPE_ADJUSTMENT] = {.roles = BIT(SUPPLIER),
                            .subject = SUBJECT(settlement.supplier),
                            AT_PERIOD(settlement),
                            .check = check_settlement},
    [LM_TYPE_BILL] = {.roles = BIT(SUPPLIER),
                      .subject = SUBJECT(bill.supplier),
                      .check = check_bill},
    [LM_TYPE_CHALLENGE] = {.roles = ANYBODY, .subject = SUBJECT(challenge.from)},
    [LM_TYPE_RESPONSE] = {.roles = ANYBODY, .subject = SUBJECT(response.from)},
    [LM_TYPE_RECEIPT] = {.roles = BIT(MARKET) | BIT(SUPPLIER) | BIT(REGISTRAR),
                         .subject = NO_SUBJECT},
    [LM_TYPE_CLAIM] = {.roles = TRADERS | BIT(MARKET) | BIT(DSO) | BIT(TSO),
                       .subject = SUBJECT(claim.claimant)},
    [LM_TYPE_FINDING] = {.roles = BIT(AUDITOR), .subject = NO_SUBJECT},
    [LM_TYPE_VERDICT] = {.roles = BIT(AUDITOR), .subject = NO_SUBJECT},
    [LM_TYPE_EXHIBIT] = {.roles = BIT(AUDITOR), .subject = NO_SUBJECT},
#undef ROOT
#undef AT_PERIOD
#undef AT_VALID
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

/* When the record's period or validity starts. */
static int64_t start_of(enum lm_type type, const union lm_body *body) {
    const char *at = (const char *)body + authorities[type].start;
    return authorities[type].about == PERIOD ? ((const struct lm_period *)at)->start_s
                                             : ((const struct lm_validity *)at)->start_s;
}

int lm_authority_check(const struct lm_registry *registry, const struct lm_record *record,
                       const struct lm_registered *signer, struct lm_error *error) {
    const char *type = lm_schema_of(record->type)->name;
    struct lm_registered then = *signer;
    struct question question = {registry, &record->as, &then, 0, error};
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
    if (authorities[record->type].about != PRESENT) {
        question.start_s = start_of(record->type, &record->as);
        if (!find_party(&question, signer->id, 1U << signer->role, &then))
            return lm_fail(error, LM_WRONG_TIME, "%s is no %s when the %s of the %s starts",
                           signer->id, lm_role_words[signer->role],
                           authorities[record->type].about == PERIOD ? "period" : "validity", type);
    }
    further_check *check = authorities[record->type].check;
    return check ? check(&question) : 0;
}
