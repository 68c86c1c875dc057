#include "lib/record/schemas.h"

const char *const lm_item_words[] = {"retail",     "feed_in",    "bought",     "sold",
                                     "fee_import", "fee_export", "fee_bought", "fee_sold",
                                     "withheld",   "adjustment", NULL};

static const struct lm_member settlement_item_rows[] = {
    LM_ROW(struct lm_settlement_item, "amount", AMOUNT, 0, amount_nano,
           "what it comes to, + to the party and - by it"),
    LM_ROW(struct lm_settlement_item, "energy_wh", ENERGY, 0, energy_wh, "energy that it is for"),
    LM_WORD_ROW(struct lm_settlement_item, "item", 0, item, lm_item_words, "what it is"),
    LM_ROW(struct lm_settlement_item, "price", PRICE, 0, price_micro, "per kWh"),
};
const struct lm_members lm_settlement_item_members =
    LM_MEMBERS(settlement_item_rows, struct lm_settlement_item);

/* A user's settlement says what flowed and what was traded; nobody else's does. */
static int check_settlement(const union lm_body *body, struct lm_error *error) {
    const struct lm_settlement *settlement = &body->settlement;
    const int64_t energies_wh[] = {settlement->bought_wh, settlement->export_wh,
                                   settlement->import_wh, settlement->short_wh,
                                   settlement->sold_wh,   settlement->surplus_wh};
    bool user = settlement->role == LM_ROLE_USER;
    for (size_t i = 0; i < sizeof energies_wh / sizeof *energies_wh; i++) {
        if ((energies_wh[i] != LM_ABSENT) != user)
            return lm_fail(
                error, user ? LM_MISSING_MEMBER : LM_UNKNOWN_MEMBER,
                "energies stand in the settlement of a user, all six, and of nobody else");
    }
    return 0;
}

static const struct lm_member settlement_rows[] = {
    LM_ROW(struct lm_settlement, "amount", AMOUNT, 0, amount_nano,
           "with the market; + is paid to the party, - by it"),
    LM_ROW(struct lm_settlement, "bought_wh", ENERGY, LM_OPTIONAL, bought_wh,
           "user: energy bought on the market"),
    LM_ROW(struct lm_settlement, "currency", CURRENCY, 0, currency, "of the amounts"),
    LM_ROW(struct lm_settlement, "export_wh", ENERGY, LM_OPTIONAL, export_wh,
           "user: energy that flowed into the grid"),
    LM_ROW(struct lm_settlement, "import_wh", ENERGY, LM_OPTIONAL, import_wh,
           "user: energy that flowed out of the grid"),
    LM_OBJECT_ROW(struct lm_settlement, "items", LM_LIST, items, lm_settlement_item_members,
                  "what the amount is made of, by item and price"),
    LM_ROW(struct lm_settlement, "market", ID, LM_NULLABLE, market,
           "where the party traded; null where it did not"),
    LM_ROW(struct lm_settlement, "party", ID, 0, party, "who is settled"),
    LM_ROW(struct lm_settlement, "period", PERIOD, 0, period, "when"),
    LM_ROW(struct lm_settlement, "region", ID, LM_OPTIONAL, region, "user, dso, tso: where"),
    LM_WORD_ROW(struct lm_settlement, "role", 0, role, lm_role_words, "what the party is"),
    LM_ROW(struct lm_settlement, "short_wh", ENERGY, LM_OPTIONAL, short_wh,
           "user: energy bought from the supplier"),
    LM_ROW(struct lm_settlement, "sold_wh", ENERGY, LM_OPTIONAL, sold_wh,
           "user: energy sold on the market"),
    LM_ROW(struct lm_settlement, "supplier", ID, 0, supplier, "who settles"),
    LM_ROW(struct lm_settlement, "surplus_wh", ENERGY, LM_OPTIONAL, surplus_wh,
           "user: energy sold to the supplier"),
    LM_ROW(struct lm_settlement, "without_market", AMOUNT, 0, without_market_nano,
           "what it would have been without the market"),
};
static const struct lm_members lm_settlement_members =
    LM_MEMBERS(settlement_rows, struct lm_settlement);

const struct lm_schema lm_settlement_schema = {.name = "settlement",
                                               .members = &lm_settlement_members,
                                               .check = check_settlement,
                                               .meaning =
                                                   "What a party gets or pays for a period."};

static const struct lm_member adjustment_rows[] = {
    LM_ROW(struct lm_settlement, "amount", AMOUNT, 0, amount_nano,
           "with the market; + is paid to the party, - by it"),
    LM_ROW(struct lm_settlement, "bought_wh", ENERGY, LM_OPTIONAL, bought_wh,
           "user: energy bought on the market"),
    LM_ROW(struct lm_settlement, "currency", CURRENCY, 0, currency, "of the amounts"),
    LM_ROW(struct lm_settlement, "export_wh", ENERGY, LM_OPTIONAL, export_wh,
           "user: energy that flowed into the grid"),
    LM_ROW(struct lm_settlement, "import_wh", ENERGY, LM_OPTIONAL, import_wh,
           "user: energy that flowed out of the grid"),
    LM_OBJECT_ROW(struct lm_settlement, "items", LM_LIST, items, lm_settlement_item_members,
                  "what the amount is made of, by item and price"),
    LM_ROW(struct lm_settlement, "market", ID, LM_NULLABLE, market,
           "where the party traded; null where it did not"),
    LM_ROW(struct lm_settlement, "month", MONTH, 0, month, "the month whose bill takes it in"),
    LM_ROW(struct lm_settlement, "party", ID, 0, party, "who is settled"),
    LM_ROW(struct lm_settlement, "period", PERIOD, 0, period, "when"),
    LM_ROW(struct lm_settlement, "region", ID, LM_OPTIONAL, region, "user, dso, tso: where"),
    LM_WORD_ROW(struct lm_settlement, "role", 0, role, lm_role_words, "what the party is"),
    LM_ROW(struct lm_settlement, "seq", COUNT, 0, seq,
           "of several adjustments of one settlement, which"),
    LM_ROW(struct lm_settlement, "short_wh", ENERGY, LM_OPTIONAL, short_wh,
           "user: energy bought from the supplier"),
    LM_ROW(struct lm_settlement, "sold_wh", ENERGY, LM_OPTIONAL, sold_wh,
           "user: energy sold on the market"),
    LM_ROW(struct lm_settlement, "supplier", ID, 0, supplier, "who settles"),
    LM_ROW(struct lm_settlement, "surplus_wh", ENERGY, LM_OPTIONAL, surplus_wh,
           "user: energy sold to the supplier"),
    LM_ROW(struct lm_settlement, "without_market", AMOUNT, 0, without_market_nano,
           "what it would have been without the market"),
};
static const struct lm_members lm_adjustment_members =
    LM_MEMBERS(adjustment_rows, struct lm_settlement);

const struct lm_schema lm_adjustment_schema = {
    .name = "adjustment",
    .members = &lm_adjustment_members,
    .check = check_settlement,
    .meaning = "The difference between a settlement that was issued and what is right."};

static int check_transfer(const union lm_body *body, struct lm_error *error) {
    if (body->transfer.amount_nano <= 0)
        return lm_fail(error, LM_BAD_MEMBER, "amount of a transfer is not above 0");
    return 0;
}

static const struct lm_member transfer_rows[] = {
    LM_ROW(struct lm_transfer, "amount", AMOUNT, 0, amount_nano, "above 0"),
    LM_ROW(struct lm_transfer, "currency", CURRENCY, 0, currency, "of the amount"),
    LM_ROW(struct lm_transfer, "from", ID, 0, from, "the supplier that pays"),
    LM_ROW(struct lm_transfer, "market", ID, 0, market, "the market"),
    LM_ROW(struct lm_transfer, "period", PERIOD, 0, period, "the period"),
    LM_ROW(struct lm_transfer, "to", ID, 0, to, "the supplier that is paid"),
};
static const struct lm_members lm_transfer_members = LM_MEMBERS(transfer_rows, struct lm_transfer);

const struct lm_schema lm_transfer_schema = {
    .name = "transfer",
    .members = &lm_transfer_members,
    .check = check_transfer,
    .meaning = "A payment between suppliers for what their customers traded."};

static int check_bill(const union lm_body *body, struct lm_error *error) {
    const struct lm_bill *bill = &body->bill;
    bool open = bill->items && bill->without_market_nano != LM_ABSENT_AMOUNT &&
                bill->difference_nano != LM_ABSENT_AMOUNT;
    bool sealed = !bill->items && bill->without_market_nano == LM_ABSENT_AMOUNT &&
                  bill->difference_nano == LM_ABSENT_AMOUNT;
    if (bill->proof ? !sealed : !open)
        return lm_fail(error, LM_MISSING_MEMBER,
                       "a bill has either items, without_market and difference, or proof");
    return 0;
}

static const struct lm_member bill_rows[] = {
    LM_ROW(struct lm_bill, "amount", AMOUNT, 0, amount_nano,
           "sum of the month's settlements and adjustments"),
    LM_ROW(struct lm_bill, "carried_in", AMOUNT, 0, carried_in_nano,
           "what the last bill carried over"),
    LM_ROW(struct lm_bill, "carry", AMOUNT, 0, carry_nano,
           "amount + carried_in - rounded, for the next bill"),
    LM_ROW(struct lm_bill, "currency", CURRENCY, 0, currency, "of the amounts"),
    LM_ROW(struct lm_bill, "difference", AMOUNT, LM_OPTIONAL, difference_nano,
           "amount - without_market; + favours the user"),
    LM_OBJECT_ROW(struct lm_bill, "items", LM_OPTIONAL | LM_LIST, items, lm_settlement_item_members,
                  "what the amount is made of, by item and price"),
    LM_ROW(struct lm_bill, "month", MONTH, 0, month, "local month in the tariff's zone"),
    LM_ROW(struct lm_bill, "proof", DIGEST, LM_OPTIONAL, proof,
           "private mode: digest of the proof that takes the place of the items"),
    LM_ROW(struct lm_bill, "rounded", AMOUNT, 0, rounded_nano,
           "amount + carried_in, half-even to cents: what is paid"),
    LM_ROW(struct lm_bill, "supplier", ID, 0, supplier, "who bills"),
    LM_ROW(struct lm_bill, "user", ID, 0, user, "who is billed"),
    LM_ROW(struct lm_bill, "without_market", AMOUNT, LM_OPTIONAL, without_market_nano,
           "what it would have been without the market"),
};
static const struct lm_members lm_bill_members = LM_MEMBERS(bill_rows, struct lm_bill);

const struct lm_schema lm_bill_schema = {
    .name = "bill", .members = &lm_bill_members, .check = check_bill, .meaning = "A user's month."};
