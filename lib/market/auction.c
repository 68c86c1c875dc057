#include "lib/market/auction.h"

#include <stdlib.h>

#include "lib/base/checked.h"
#include "lib/base/limits.h"

static int compare_prices(const void *a, const void *b) {
    const struct lm_level *x = a;
    const struct lm_level *y = b;
    return (x->price_micro > y->price_micro) - (x->price_micro < y->price_micro);
}

static int add_total(int64_t *total_wh, int64_t energy_wh, struct lm_error *error) {
    if (!lm_add_i64(*total_wh, energy_wh, total_wh) || *total_wh > LM_INTEGER_MAX)
        return lm_fail(error, LM_TOTAL, "a side of the auction exceeds 2^53-1 Wh");
    return 0;
}

int lm_levels_build(const struct lm_auction_order *orders, size_t count, struct lm_levels *levels,
                    struct lm_error *error) {
    *levels = (struct lm_levels){.items = calloc(count + 1, sizeof *levels->items)};
    if (!levels->items)
        return lm_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        bool offer = orders[i].side == LM_SIDE_OFFER;
        int64_t energy_wh = orders[i].energy_wh;
        if (add_total(offer ? &levels->offered_wh : &levels->demanded_wh, energy_wh, error) < 0) {
            lm_levels_free(levels);
            return -1;
        }
        *(offer ? &levels->offers : &levels->bids) += 1;
        levels->items[i] = (struct lm_level){
            orders[i].price_micro,
            offer ? energy_wh : 0,
            offer ? 0 : energy_wh,
        };
    }
    qsort(levels->items, count, sizeof *levels->items, compare_prices);
    for (size_t i = 0; i < count; i++) {
        struct lm_level *last = levels->count ? &levels->items[levels->count - 1] : NULL;
        const struct lm_level *level = &levels->items[i];
        if (last && last->price_micro == level->price_micro) {
            last->offered_wh += level->offered_wh;
            last->demanded_wh += level->demanded_wh;
        } else {
            levels->items[levels->count++] = *level;
        }
    }
    return 0;
}

void lm_levels_free(struct lm_levels *levels) {
    free(levels->items);
    *levels = (struct lm_levels){0};
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

void lm_auction_price(const struct lm_levels *levels, struct lm_price_rule rule,
                      struct lm_auction_result *result) {
    *result = (struct lm_auction_result){0};
    int64_t offered_below = 0;                   /* S(p-) */
    int64_t demanded_from = levels->demanded_wh; /* D(p) */
    for (size_t i = 0; i < levels->count; i++) {
        const struct lm_level *level = &levels->items[i];
        int64_t offered_to = offered_below + level->offered_wh;      /* S(p) */
        int64_t demanded_above = demanded_from - level->demanded_wh; /* D(p+) */
        bool meet = offered_below <= demanded_from && demanded_above <= offered_to;
        if (meet && offered_to > 0 && demanded_from > 0) {
            if (!result->crossed)
                result->price_low_micro = level->price_micro;
            result->crossed = true;
            result->price_high_micro = level->price_micro;
            /* Where several prices clear, all of them clear the same energy. */
            result->energy_wh = smaller(offered_to, demanded_from);
        }
        offered_below = offered_to;
        demanded_from = demanded_above;
    }
    if (result->crossed)
        result->price_micro =
            lm_price_rule_apply(rule, result->price_low_micro, result->price_high_micro);
}

/* An order at the price, and what its pro rata share leaves over when cut to whole Wh. */
struct share {
    lm_i128 remainder;
    size_t order;
};

static int compare_shares(const void *a, const void *b) {
    const struct share *x = a;
    const struct share *y = b;
    if (x->remainder != y->remainder)
        return x->remainder > y->remainder ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* LEFT_WH shared among the orders of SIDE at the price, which have GROUP_WH together. */
static void share_out(const struct lm_auction_order *orders, size_t count, enum lm_side side,
                      int64_t price_micro, int64_t left_wh, int64_t group_wh, int64_t *traded_wh,
                      struct share *shares) {
    size_t sharers = 0;
    int64_t given_wh = 0;
    for (size_t i = 0; i < count; i++) {
        if (orders[i].side != side || orders[i].price_micro != price_micro)
            continue;
        /* Both factors are below 2^53. */
        lm_i128 product = (lm_i128)orders[i].energy_wh * left_wh;
        traded_wh[i] = (int64_t)(product / group_wh);
        given_wh += traded_wh[i];
        shares[sharers++] = (struct share){product % group_wh, i};
    }
    qsort(shares, sharers, sizeof *shares, compare_shares);
    for (size_t i = 0; i < sharers && given_wh < left_wh; i++, given_wh++)
        traded_wh[shares[i].order]++;
}

int lm_auction_allocate(const struct lm_auction_order *orders, size_t count,
                        const struct lm_auction_result *result, int64_t *traded_wh,
                        struct lm_error *error) {
    int64_t better_wh[2] = {0};
    int64_t group_wh[2] = {0};
    for (size_t i = 0; i < count; i++) {
        const struct lm_auction_order *order = &orders[i];
        bool at = order->price_micro == result->price_micro;
        bool better = order->side == LM_SIDE_OFFER ? order->price_micro < result->price_micro
                                                   : order->price_micro > result->price_micro;
        traded_wh[i] = result->crossed && better ? order->energy_wh : 0;
        better_wh[order->side] += traded_wh[i];
        group_wh[order->side] += at ? order->energy_wh : 0;
    }
    if (!result->crossed)
        return 0;
    struct share *shares = calloc(count + 1, sizeof *shares);
    if (!shares)
        return lm_fail_memory(error);
    for (int side = LM_SIDE_OFFER; side <= LM_SIDE_BID; side++) {
        int64_t left_wh = result->energy_wh - better_wh[side];
        if (left_wh < 0 || left_wh > group_wh[side]) {
            free(shares);
            return lm_fail(error, LM_DEFECT, "%s at the price cannot share %lld Wh",
                           lm_side_words[side], (long long)left_wh);
        }
        if (left_wh > 0)
            share_out(orders, count, (enum lm_side)side, result->price_micro, left_wh,
                      group_wh[side], traded_wh, shares);
    }
    free(shares);
    return 0;
}
