#include <sodium.h>
#include <stdlib.h>

#include "lib/market/auction.h"
#include "lib/market/books_rows.h"

/* 32 bytes as base64url, and a NUL. */
#define DIGEST_SIZE 44

/* One auction: the orders that entered it, in (from, id) order, and what comes of them. */
struct auction {
    const struct lm_books *books;
    const struct lm_group *group;
    const struct lm_books_visitor *visitor;
    struct lm_auction_order *orders;
    int64_t *traded_wh;
    struct lm_levels levels;
    struct lm_auction_result result;
};

static const struct lm_order_row *entered(const struct auction *auction, size_t i) {
    const struct lm_books *books = auction->books;
    return &books->rows[books->keys[books->entered[auction->group->first + i]].row];
}

static const char *name(const struct auction *auction, uint32_t number) {
    return lm_names_text(&auction->books->names, number);
}

static struct lm_price_rule rule_of(const struct auction *auction) {
    static const struct lm_price_rule midpoint = {500000};
    const struct lm_books_options *options = &auction->books->options;
    if (auction->group->rules)
        return auction->group->rules->price_rule;
    if (auction->group->price_rule_given)
        return auction->group->price_rule;
    return options->price_rule_given ? options->price_rule : midpoint;
}

static void orders_root(const struct auction *auction, char text[DIGEST_SIZE]) {
    struct lm_merkle tree = {0};
    uint8_t root[LM_HASH_SIZE];
    for (size_t i = 0; i < auction->group->count; i++)
        lm_merkle_add(&tree, entered(auction, i)->leaf);
    lm_merkle_root(&tree, root);
    (void)sodium_bin2base64(text, DIGEST_SIZE, root, sizeof root,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static int tell_clearing(const struct auction *auction, struct lm_error *error) {
    const struct lm_auction_result *result = &auction->result;
    char rule[LM_PRICE_RULE_SIZE];
    char root[DIGEST_SIZE];
    struct lm_clearing clearing;
    if (!auction->visitor->clearing)
        return 0;
    lm_price_rule_format(rule_of(auction), rule);
    orders_root(auction, root);
    lm_record_clear(LM_TYPE_CLEARING, &clearing);
    clearing.bids = auction->levels.bids;
    clearing.demanded_wh = auction->levels.demanded_wh;
    clearing.energy_wh = result->energy_wh;
    clearing.market = name(auction, auction->group->market);
    clearing.mechanism = LM_MECHANISM_DOUBLE_AUCTION;
    clearing.offered_wh = auction->levels.offered_wh;
    clearing.offers = auction->levels.offers;
    clearing.orders_root = root;
    clearing.period = auction->group->period;
    if (result->crossed) {
        clearing.price_micro = result->price_micro;
        clearing.price_high_micro = result->price_high_micro;
        clearing.price_low_micro = result->price_low_micro;
    }
    clearing.price_rule = rule;
    return auction->visitor->clearing(auction->visitor->context, &clearing, error);
}

static int tell_trades(const struct auction *auction, struct lm_error *error) {
    struct lm_trade trade;
    if (!auction->visitor->trade)
        return 0;
    lm_record_clear(LM_TYPE_TRADE, &trade);
    trade.market = name(auction, auction->group->market);
    trade.period = auction->group->period;
    if (auction->result.crossed)
        trade.price_micro = auction->result.price_micro;
    for (size_t i = 0; i < auction->group->count; i++) {
        const struct lm_order_row *row = entered(auction, i);
        trade.energy_wh = auction->traded_wh[i];
        trade.from = name(auction, row->from);
        trade.order = name(auction, row->id);
        trade.side = row->side;
        if (auction->visitor->trade(auction->visitor->context, &trade, error) < 0)
            return -1;
    }
    return 0;
}

static int tell_curves(const struct auction *auction, struct lm_error *error) {
    const struct lm_levels *levels = &auction->levels;
    struct lm_curve curve;
    if (!auction->visitor->curve)
        return 0;
    lm_record_clear(LM_TYPE_CURVE, &curve);
    curve.market = name(auction, auction->group->market);
    curve.period = auction->group->period;
    for (int side = LM_SIDE_OFFER; side <= LM_SIDE_BID; side++) {
        curve.side = side;
        curve.cumulative_wh = 0;
        for (size_t i = 0; i < levels->count; i++) {
            bool offer = side == LM_SIDE_OFFER;
            const struct lm_level *level = &levels->items[offer ? i : levels->count - 1 - i];
            int64_t energy_wh = offer ? level->offered_wh : level->demanded_wh;
            if (energy_wh == 0)
                continue;
            curve.cumulative_wh += energy_wh; /* at most the side's total */
            curve.price_micro = level->price_micro;
            if (auction->visitor->curve(auction->visitor->context, &curve, error) < 0)
                return -1;
        }
    }
    return 0;
}

static int hold(struct auction *auction, struct lm_error *error) {
    size_t count = auction->group->count;
    auction->orders = calloc(count + 1, sizeof *auction->orders);
    auction->traded_wh = calloc(count + 1, sizeof *auction->traded_wh);
    if (!auction->orders || !auction->traded_wh)
        return lm_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        const struct lm_order_row *row = entered(auction, i);
        auction->orders[i] = (struct lm_auction_order){
            .price_micro = row->price_micro,
            .energy_wh = row->energy_wh,
            .side = (enum lm_side)row->side,
        };
    }
    if (lm_levels_build(auction->orders, count, &auction->levels, error) < 0)
        return -1;
    lm_auction_price(&auction->levels, rule_of(auction), &auction->result);
    return lm_auction_allocate(auction->orders, count, &auction->result, auction->traded_wh, error);
}

static bool is_cleared(const struct lm_group *group) {
    if (group->ambiguous || (group->rules && group->rules->period_minutes != group->period.minutes))
        return false;
    return group->received || group->wanted;
}

int lm_books_clear(struct lm_books *books, const struct lm_books_visitor *visitor,
                   struct lm_error *error) {
    int status = 0;
    for (size_t i = 0; i < books->group_count && status == 0; i++) {
        struct auction auction = {
            .books = books,
            .group = &books->groups[books->group_order[i]],
            .visitor = visitor,
        };
        if (!is_cleared(auction.group))
            continue;
        if (hold(&auction, error) < 0 || tell_clearing(&auction, error) < 0 ||
            tell_trades(&auction, error) < 0 || tell_curves(&auction, error) < 0)
            status = -1;
        free(auction.orders);
        free(auction.traded_wh);
        lm_levels_free(&auction.levels);
    }
    return status;
}
