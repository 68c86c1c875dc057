#include "lib/record/schemas.h"

const char *const lm_side_words[] = {"offer", "bid", NULL};

static const struct lm_member order_rows[] = {
    LM_ROW(struct lm_order, "at", INSTANT, 0, at_s, "when it was written, by its own clock"),
    LM_ROW(struct lm_order, "energy_wh", ENERGY, 0, energy_wh,
           "offered or bid; 0 withdraws the order"),
    LM_ROW(struct lm_order, "from", ID, 0, from, "who offers or bids"),
    LM_ROW(struct lm_order, "id", ID, 0, id,
           "names the order among those of its market, period and from"),
    LM_ROW(struct lm_order, "market", ID, 0, market, "where it is meant to be traded"),
    LM_ROW(struct lm_order, "period", PERIOD, 0, period, "when the energy is to flow"),
    LM_ROW(struct lm_order, "price", PRICE, 0, price_micro,
           "lowest for an offer, highest for a bid"),
    LM_OBJECT_ROW(struct lm_order, "seal", LM_OPTIONAL, seal, lm_jwk_members,
                  "a key to seal the notice to"),
    LM_ROW(struct lm_order, "seq", COUNT, 0, seq,
           "of several orders of one name the highest counts"),
    LM_WORD_ROW(struct lm_order, "side", 0, side, lm_side_words,
                "whether energy is sold or bought"),
};
static const struct lm_members lm_order_members = LM_MEMBERS(order_rows, struct lm_order);

const struct lm_schema lm_order_schema = {.name = "order",
                                          .members = &lm_order_members,
                                          .meaning = "An offer or a bid, before gate closure."};

static const struct lm_member clearing_rows[] = {
    LM_ROW(struct lm_clearing, "bids", COUNT, 0, bids, "bids that entered the auction"),
    LM_ROW(struct lm_clearing, "demanded_wh", ENERGY, 0, demanded_wh, "their energy"),
    LM_ROW(struct lm_clearing, "energy_wh", ENERGY, 0, energy_wh, "energy traded"),
    LM_ROW(struct lm_clearing, "market", ID, 0, market, "the market"),
    LM_WORD_ROW(struct lm_clearing, "mechanism", 0, mechanism, lm_mechanism_words,
                "how it cleared"),
    LM_ROW(struct lm_clearing, "offered_wh", ENERGY, 0, offered_wh,
           "energy of the offers that entered"),
    LM_ROW(struct lm_clearing, "offers", COUNT, 0, offers, "offers that entered the auction"),
    LM_ROW(struct lm_clearing, "orders_root", DIGEST, 0, orders_root,
           "RFC 6962 root over the orders that entered, by (from, id)"),
    LM_ROW(struct lm_clearing, "period", PERIOD, 0, period, "the period"),
    LM_ROW(struct lm_clearing, "price", PRICE, LM_NULLABLE, price_micro,
           "the trading price; null without a crossing"),
    LM_ROW(struct lm_clearing, "price_high", PRICE, LM_NULLABLE, price_high_micro,
           "the highest clearing price"),
    LM_ROW(struct lm_clearing, "price_low", PRICE, LM_NULLABLE, price_low_micro,
           "the lowest clearing price"),
    LM_ROW(struct lm_clearing, "price_rule", PRICE_RULE, 0, price_rule,
           "where between the two the price was taken"),
};
static const struct lm_members lm_clearing_members = LM_MEMBERS(clearing_rows, struct lm_clearing);

const struct lm_schema lm_clearing_schema = {
    .name = "clearing", .members = &lm_clearing_members, .meaning = "The result of one auction."};

static const struct lm_member trade_rows[] = {
    LM_ROW(struct lm_trade, "energy_wh", ENERGY, 0, energy_wh, "energy traded"),
    LM_ROW(struct lm_trade, "from", ID, 0, from, "whose order it was"),
    LM_ROW(struct lm_trade, "market", ID, 0, market, "the market"),
    LM_ROW(struct lm_trade, "n", COUNT, LM_OPTIONAL, n,
           "which of several trades of one order; 0 without it"),
    LM_ROW(struct lm_trade, "order", ID, 0, order, "the id of the order"),
    LM_ROW(struct lm_trade, "period", PERIOD, 0, period, "the period"),
    LM_ROW(struct lm_trade, "price", PRICE, LM_NULLABLE, price_micro,
           "the price; null where nothing was traded for want of one"),
    LM_WORD_ROW(struct lm_trade, "side", 0, side, lm_side_words, "sold (offer) or bought (bid)"),
};
static const struct lm_members lm_trade_members = LM_MEMBERS(trade_rows, struct lm_trade);

const struct lm_schema lm_trade_schema = {
    .name = "trade", .members = &lm_trade_members, .meaning = "What of an order was traded."};

static const struct lm_member curve_rows[] = {
    LM_ROW(struct lm_curve, "cumulative_wh", ENERGY, 0, cumulative_wh,
           "energy offered at this price or less, or bid at this price or more"),
    LM_ROW(struct lm_curve, "market", ID, 0, market, "the market"),
    LM_ROW(struct lm_curve, "period", PERIOD, 0, period, "the period"),
    LM_ROW(struct lm_curve, "price", PRICE, 0, price_micro, "a submitted price"),
    LM_WORD_ROW(struct lm_curve, "side", 0, side, lm_side_words, "which of the two curves"),
};
static const struct lm_members lm_curve_members = LM_MEMBERS(curve_rows, struct lm_curve);

const struct lm_schema lm_curve_schema = {
    .name = "curve",
    .members = &lm_curve_members,
    .meaning = "A step of the supply or the demand curve, to be plotted."};

static const struct lm_member notice_order_rows[] = {
    LM_ROW(struct lm_notice_order, "energy_wh", ENERGY, 0, energy_wh,
           "energy traded, zero included"),
    LM_ROW(struct lm_notice_order, "id", ID, 0, id, "the order"),
    LM_WORD_ROW(struct lm_notice_order, "side", 0, side, lm_side_words, "sold or bought"),
};
const struct lm_members lm_notice_order_members =
    LM_MEMBERS(notice_order_rows, struct lm_notice_order);

static int check_notice(const union lm_body *body, struct lm_error *error) {
    const struct lm_notice *notice = &body->notice;
    bool totals = notice->bought_wh != LM_ABSENT && notice->sold_wh != LM_ABSENT;
    bool none = notice->bought_wh == LM_ABSENT && notice->sold_wh == LM_ABSENT;
    if (notice->orders ? !none && !totals : !totals)
        return lm_fail(error, LM_MISSING_MEMBER,
                       "a notice has orders, or bought_wh and sold_wh, or all three");
    return 0;
}

static const struct lm_member notice_rows[] = {
    LM_ROW(struct lm_notice, "bought_wh", ENERGY, LM_OPTIONAL, bought_wh,
           "to a supplier: what its customers bought"),
    LM_ROW(struct lm_notice, "market", ID, 0, market, "the market"),
    LM_OBJECT_ROW(struct lm_notice, "orders", LM_OPTIONAL | LM_LIST, orders,
                  lm_notice_order_members,
                  "the orders of who is told, and what of each was traded"),
    LM_ROW(struct lm_notice, "period", PERIOD, 0, period, "the period"),
    LM_ROW(struct lm_notice, "price", PRICE, LM_NULLABLE, price_micro,
           "the trading price; null without a crossing"),
    LM_ROW(struct lm_notice, "sold_wh", ENERGY, LM_OPTIONAL, sold_wh,
           "to a supplier: what its customers sold"),
    LM_ROW(struct lm_notice, "to", ID, 0, to, "who is told"),
};
static const struct lm_members lm_notice_members = LM_MEMBERS(notice_rows, struct lm_notice);

const struct lm_schema lm_notice_schema = {.name = "notice",
                                           .members = &lm_notice_members,
                                           .check = check_notice,
                                           .meaning = "What somebody is told of an auction."};
