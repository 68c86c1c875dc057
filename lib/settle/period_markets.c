/* Whether the trades of a period's markets are all there. */
#include <stdlib.h>

#include "lib/base/array.h"
#include "lib/settle/period_work.h"

static int compare_tradings(const void *a, const void *b, void *context) {
    const struct lm_settle *settle = context;
    uint32_t x = settle->ranks[((const struct lm_trading *)a)->market];
    uint32_t y = settle->ranks[((const struct lm_trading *)b)->market];
    return (x > y) - (x < y);
}

/* One supplier's work knows only its customers' trades, perhaps: it goes on without transfers.
 * Else the period is refused. */
static int trades_missing(struct lm_period_work *work, struct lm_trading *trading,
                          struct lm_error *why, struct lm_error *error) {
    if (work->settle->only == LM_NOBODY) {
        lm_hint(why, "all trades of a market are needed, but with --supplier its own suffice");
        return lm_period_refuse(work, &trading->where, why, error);
    }
    trading->unknown = true;
    lm_hint(why, "its settlements are complete, who pays whom between suppliers takes all trades");
    return lm_period_reject(work, &trading->where, why, error);
}

static int check_clearing(struct lm_period_work *work, const struct lm_clearing_row *clearing,
                          struct lm_error *error) {
    struct lm_error why;
    const char *market = lm_period_text(work, clearing->market);
    if (clearing->conflict) {
        lm_fail(&why, LM_CONFLICT, "two different clearings of market %s", market);
        return lm_period_refuse(work, &clearing->where, &why, error);
    }
    uint32_t at = work->trading_at[clearing->market];
    struct lm_trading none = {.market = clearing->market, .where = clearing->where};
    struct lm_trading *trading = at ? &work->tradings[at - 1] : &none;
    if (trading->sold_wh == clearing->energy_wh && trading->bought_wh == clearing->energy_wh)
        return 0;
    /* A supplier whose customers did not trade has nothing to settle with others. */
    if (work->settle->only != LM_NOBODY && !at)
        return 0;
    if (trading->sold_wh > clearing->energy_wh || trading->bought_wh > clearing->energy_wh) {
        lm_fail(&why, LM_CONFLICT, "the trades of market %s are more than was cleared", market);
        return lm_period_refuse(work, &clearing->where, &why, error);
    }
    if (trading->unknown)
        return 0;
    lm_fail(&why, LM_MISSING_RECORD,
            "trades of market %s in %s are missing: %lld Wh sold, %lld Wh bought, %lld Wh cleared",
            market, work->label, (long long)trading->sold_wh, (long long)trading->bought_wh,
            (long long)clearing->energy_wh);
    return trades_missing(work, trading, &why, error);
}

/* A double auction has one price. */
static int check_prices(struct lm_period_work *work, struct lm_error *error) {
    size_t end = work->period->trades + work->period->trade_count;
    for (size_t i = work->period->trades; i < end && !work->refused; i++) {
        const struct lm_trade_row *trade = &work->settle->trades[i];
        const struct lm_trading *trading = &work->tradings[work->trading_at[trade->market] - 1];
        struct lm_error why;
        if (!trading->clearing || trade->energy_wh == 0 ||
            trade->price_micro == trading->clearing->price_micro)
            continue;
        lm_fail(&why, LM_CONFLICT, "the price of this trade of %s is not that of the clearing",
                lm_period_text(work, trade->from));
        if (lm_period_refuse(work, &trade->where, &why, error) < 0)
            return -1;
    }
    return 0;
}

int lm_period_markets(struct lm_period_work *work, struct lm_error *error) {
    struct lm_settle *settle = work->settle;
    for (size_t i = 0; i < work->trading_count; i++) {
        struct lm_trading *trading = &work->tradings[i];
        struct lm_error why;
        if (trading->value_nano == 0 && trading->sold_wh == trading->bought_wh)
            continue;
        lm_fail(&why, LM_MISSING_RECORD,
                "the trades of market %s in %s do not balance: %lld Wh sold, %lld Wh bought",
                lm_period_text(work, trading->market), work->label, (long long)trading->sold_wh,
                (long long)trading->bought_wh);
        if (trades_missing(work, trading, &why, error) < 0)
            return -1;
    }
    size_t end = work->period->clearings + work->period->clearing_count;
    for (size_t i = work->period->clearings; i < end && !work->refused; i++) {
        const struct lm_clearing_row *clearing = &settle->clearings[settle->clearing_order[i]];
        uint32_t at = work->trading_at[clearing->market];
        if (at)
            work->tradings[at - 1].clearing = clearing;
        if (check_clearing(work, clearing, error) < 0)
            return -1;
    }
    if (!work->refused && check_prices(work, error) < 0)
        return -1;
    /* From here on they are in order, and no longer found by name. */
    for (size_t i = 0; i < work->trading_count; i++)
        work->trading_at[work->tradings[i].market] = 0;
    if (work->trading_count > 0)
        qsort_r(work->tradings, work->trading_count, sizeof *work->tradings, compare_tradings,
                settle);
    return 0;
}
