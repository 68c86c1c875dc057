/*
 * The double auction of the paper's section III-C 2: one price for one market and period.
 *
 * S(p) is the energy offered at p or less, D(p) the energy bid at p or more; S(p-) and D(p+) leave
 * out p itself. The clearing prices are the p where [S(p-), S(p)] and [D(p+), D(p)] meet and both
 * S(p) and D(p) are positive: where the two step curves intersect, their vertical and horizontal
 * parts included. They form a closed interval whose ends are submitted prices.
 */
#ifndef LM_MARKET_AUCTION_H
#define LM_MARKET_AUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/record/price_rule.h"
#include "lib/record/types.h"

/* What the auction sees of an order. */
struct lm_auction_order {
    int64_t price_micro;
    int64_t energy_wh; /* > 0 */
    enum lm_side side;
};

/* Equal prices grouped: the paper's virtual participant, on each side. */
struct lm_level {
    int64_t price_micro;
    int64_t offered_wh;  /* at this price; 0 where only bids have it */
    int64_t demanded_wh; /* at this price */
};

struct lm_levels {
    struct lm_level *items; /* by price, ascending; owned */
    size_t count;
    int64_t offered_wh; /* the sums */
    int64_t demanded_wh;
    int64_t offers; /* the number of orders */
    int64_t bids;
};

struct lm_auction_result {
    bool crossed; /* without a crossing there is no price and no energy */
    int64_t price_micro;
    int64_t price_low_micro;
    int64_t price_high_micro;
    int64_t energy_wh;
};

/* Groups ORDERS by price. The energy of a side may not exceed 2^53-1 Wh (LM_TOTAL). */
int lm_levels_build(const struct lm_auction_order *orders, size_t count, struct lm_levels *levels,
                    struct lm_error *error) LM_NONNULL_AT(3, 4) LM_MUST_CHECK;
void lm_levels_free(struct lm_levels *levels) LM_NONNULL;

/* The interval of clearing prices, by RULE the price in it, and the energy traded there, which is
 * the largest that any price could trade. */
void lm_auction_price(const struct lm_levels *levels, struct lm_price_rule rule,
                      struct lm_auction_result *result) LM_NONNULL;

/*
 * What each order trades, into traded_wh[i]: all of it where it is strictly better than the price,
 * nothing where it is worse; orders at the price itself share what is left of their side pro rata
 * to their energy, in whole Wh by largest remainder. Equal remainders are served in the order in
 * which ORDERS stand. So the sums of both sides are result->energy_wh.
 */
int lm_auction_allocate(const struct lm_auction_order *orders, size_t count,
                        const struct lm_auction_result *result, int64_t *traded_wh,
                        struct lm_error *error) LM_NONNULL_AT(3, 5) LM_MUST_CHECK;

#endif
