#include "lib/record/schemas.h"

const char *const lm_mechanism_words[] = {"double-auction", NULL};
const char *const lm_bearer_words[] = {"supplier", "user", NULL};
const char *const lm_weekday_words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static int check_market_rules(const union lm_body *body, struct lm_error *error) {
    const struct lm_market_rules *rules = &body->market_rules;
    if (rules->period_minutes < 1 || rules->period_minutes > 1440 ||
        1440 % rules->period_minutes != 0)
        return lm_fail(error, LM_BAD_MEMBER, "period_minutes does not divide 1440");
    if (rules->price_floor_micro != LM_ABSENT && rules->price_cap_micro != LM_ABSENT &&
        rules->price_floor_micro > rules->price_cap_micro)
        return lm_fail(error, LM_BAD_MEMBER, "price_floor is above price_cap");
    if (json_array_size(rules->regions) == 0)
        return lm_fail(error, LM_BAD_MEMBER, "regions is empty");
    return 0;
}

static int check_band(const json_t *item, struct lm_error *error) {
    struct lm_band band;
    if (lm_members_read(&lm_band_members, item, NULL, &band, error) < 0)
        return -1;
    int64_t from_minutes = band.from_minutes == LM_ABSENT ? 0 : band.from_minutes;
    int64_t to_minutes = band.to_minutes == LM_ABSENT ? 1440 : band.to_minutes;
    if (from_minutes == 1440)
        return lm_fail(error, LM_BAD_MEMBER, "a band's from is 24:00");
    if (from_minutes == to_minutes)
        return lm_fail(error, LM_BAD_MEMBER, "a band's from and to are the same");
    return 0;
}

static int check_tariff(const union lm_body *body, struct lm_error *error) {
    const json_t *retail = body->tariff.retail;
    if (json_array_size(retail) == 0)
        return lm_fail(error, LM_BAD_MEMBER, "retail has no band");
    for (size_t i = 0; i < json_array_size(retail); i++) {
        if (check_band(json_array_get(retail, i), error) < 0)
            return -1;
    }
    return 0;
}

static const struct lm_member market_rules_rows[] = {
    LM_ROW(struct lm_market_rules, "currency", CURRENCY, 0, currency, "of every price and amount"),
    LM_ROW(struct lm_market_rules, "gate_minutes", COUNT, 0, gate_minutes,
           "so long before a period starts its gate closes"),
    LM_ROW(struct lm_market_rules, "grace_seconds", COUNT, 0, grace_seconds,
           "so long after the gate a witness may still cosign the log"),
    LM_ROW(struct lm_market_rules, "market", ID, 0, market, "whose rules they are"),
    LM_ROW(struct lm_market_rules, "max_orders", COUNT, 0, max_orders,
           "orders that an entity may have in a period"),
    LM_WORD_ROW(struct lm_market_rules, "mechanism", 0, mechanism, lm_mechanism_words,
                "how the market clears"),
    LM_ROW(struct lm_market_rules, "min_group", COUNT, 0, min_group,
           "totals over fewer than these are not told"),
    LM_ROW(struct lm_market_rules, "period_minutes", COUNT, 0, period_minutes,
           "length of a settlement period; divides 1440"),
    LM_ROW(struct lm_market_rules, "price_cap", PRICE, LM_OPTIONAL, price_cap_micro,
           "highest price that an order may have"),
    LM_ROW(struct lm_market_rules, "price_floor", PRICE, LM_OPTIONAL, price_floor_micro,
           "lowest price that an order may have"),
    LM_ROW(struct lm_market_rules, "price_rule", PRICE_RULE, 0, price_rule,
           "where in the interval of clearing prices the price lies"),
    LM_ROW(struct lm_market_rules, "regions", ID, LM_LIST, regions,
           "the regions that the market serves"),
    LM_ROW(struct lm_market_rules, "valid", VALIDITY, 0, valid, "the periods that start in it"),
};
static const struct lm_members lm_market_rules_members =
    LM_MEMBERS(market_rules_rows, struct lm_market_rules);

const struct lm_schema lm_market_rules_schema = {.name = "market-rules",
                                                 .members = &lm_market_rules_members,
                                                 .check = check_market_rules,
                                                 .meaning =
                                                     "What a market lets in and how it clears."};

static const struct lm_member band_rows[] = {
    LM_WORD_ROW(struct lm_band, "days", LM_OPTIONAL | LM_LIST, days, lm_weekday_words,
                "the local days on which it begins; all without it"),
    LM_ROW(struct lm_band, "from", CLOCK, LM_OPTIONAL, from_minutes,
           "local time at which it begins; 00:00 without it"),
    LM_ROW(struct lm_band, "price", PRICE, 0, price_micro, "per kWh"),
    LM_ROW(struct lm_band, "to", CLOCK, LM_OPTIONAL, to_minutes,
           "local time at which it ends, 24:00 without it; earlier than from: on the next day"),
};
const struct lm_members lm_band_members = LM_MEMBERS(band_rows, struct lm_band);

static const struct lm_member fees_borne_by_rows[] = {
    LM_WORD_ROW(struct lm_fees_borne_by, "bought", 0, bought, lm_bearer_words,
                "fees on min(import, bought)"),
    LM_WORD_ROW(struct lm_fees_borne_by, "export", 0, export, lm_bearer_words,
                "fees on max(0, export - sold)"),
    LM_WORD_ROW(struct lm_fees_borne_by, "import", 0, import, lm_bearer_words,
                "fees on max(0, import - bought)"),
    LM_WORD_ROW(struct lm_fees_borne_by, "sold", 0, sold, lm_bearer_words,
                "fees on min(export, sold)"),
};
static const struct lm_members fees_borne_by_members =
    LM_MEMBERS(fees_borne_by_rows, struct lm_fees_borne_by);

static const struct lm_member tariff_rows[] = {
    LM_ROW(struct lm_tariff, "currency", CURRENCY, 0, currency, "of every price"),
    LM_ROW(struct lm_tariff, "feed_in", PRICE, 0, feed_in_micro,
           "per kWh that the supplier buys from the user"),
    LM_OBJECT_ROW(struct lm_tariff, "fees_borne_by", 0, fees_borne_by, fees_borne_by_members,
                  "who bears the network fees on what"),
    LM_ROW(
        struct lm_tariff, "id", ID, LM_OPTIONAL, id,
        "the name that contracts give; without it, the tariff of customers who have no contract"),
    LM_ROW(struct lm_tariff, "range_bits", COUNT, LM_OPTIONAL, range_bits,
           "private mode: size of the range proofs"),
    LM_OBJECT_ROW(
        struct lm_tariff, "retail", LM_LIST, retail, lm_band_members,
        "bands of the price per kWh that the supplier sells; the first that matches counts"),
    LM_ROW(struct lm_tariff, "supplier", ID, 0, supplier, "whose tariff it is"),
    LM_ROW(struct lm_tariff, "valid", VALIDITY, 0, valid, "the periods that start in it"),
    LM_ROW(struct lm_tariff, "zone", ZONE, 0, zone, "IANA name of the zone of local times"),
};
static const struct lm_members lm_tariff_members = LM_MEMBERS(tariff_rows, struct lm_tariff);

const struct lm_schema lm_tariff_schema = {.name = "tariff",
                                           .members = &lm_tariff_members,
                                           .check = check_tariff,
                                           .meaning =
                                               "Prices between a supplier and its customers."};

static const struct lm_member contract_rows[] = {
    LM_ROW(struct lm_contract, "supplier", ID, 0, supplier, "who supplies"),
    LM_ROW(struct lm_contract, "tariff", ID, 0, tariff, "the id of the tariff that applies"),
    LM_ROW(struct lm_contract, "user", ID, 0, user, "who is supplied"),
    LM_ROW(struct lm_contract, "valid", VALIDITY, 0, valid, "the periods that start in it"),
};
static const struct lm_members lm_contract_members = LM_MEMBERS(contract_rows, struct lm_contract);

const struct lm_schema lm_contract_schema = {
    .name = "contract",
    .members = &lm_contract_members,
    .meaning = "Which of a supplier's tariffs applies to a user."};

static const struct lm_member network_fee_rows[] = {
    LM_ROW(struct lm_network_fee, "by", ID, 0, by, "the dso or tso"),
    LM_ROW(struct lm_network_fee, "currency", CURRENCY, 0, currency, "of the price"),
    LM_ROW(struct lm_network_fee, "price", PRICE, 0, price_micro, "per kWh imported or exported"),
    LM_ROW(struct lm_network_fee, "region", ID, 0, region, "where it applies"),
    LM_ROW(struct lm_network_fee, "valid", VALIDITY, 0, valid, "the periods that start in it"),
};
static const struct lm_members lm_network_fee_members =
    LM_MEMBERS(network_fee_rows, struct lm_network_fee);

const struct lm_schema lm_network_fee_schema = {.name = "network-fee",
                                                .members = &lm_network_fee_members,
                                                .meaning = "What a network operator charges."};
